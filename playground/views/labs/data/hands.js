// What can be held: handles of the mixture on a canvas over the stage, and what pointer, wheel and touch do with them.
import { el, penOf, targetOf } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { data, ends, inside, isPlane, near, place, polar } from "./geometry.js";
import { components, painted } from "./picture.js";

/** @typedef {import("./changes.js").Part} Part */
/** @typedef {import("./geometry.js").Hit} Hit */
/** @typedef {import("./geometry.js").Spot} Spot */
/**
 * A component, or an axis of it, in a hand: at, where it was taken; grip, from there to the centre (or length and angle of the axis); before, to go back to.
 * @typedef {{id: number, paints: false, at: Spot, moved: boolean, before: import("./own.js").State, centre: Spot, grip: [number, number]} & Hit} Held
 */
/** @typedef {{id: number, paints: true}} Stroke */

const REACH = 10, TOUCH = 22; // pixels
const STILL = 3; // pixels that a pointer may move before it drags
const REST_MS = 250; // after the wheel's last turn the change is written
const FAR = 0.02; // of the clock: further from the data than this the hands step back

export class Hands {
  /** @type {HTMLElement | null} the stage's view, once the lab was open */
  view = null;
  /** @type {Held | Stroke | null} */
  drag = null;
  /** @type {Hit | null} under the pointer */
  hot = null;
  /** @type {Spot | null} */
  pointer = null;
  frame = 0;
  rolling = 0;
  byHand = false;

  /** @param {import("./own.js").Own} own */
  constructor(own) {
    this.own = own;
    this.canvas = Object.assign(el("canvas", { className: "pg-own-hands", tabIndex: 0 }), { pg: own });
    this.canvas.setAttribute("role", "application");
    this.canvas.addEventListener("keydown", (e) => own.key(e));
    this.canvas.addEventListener("focus", () => {
      this.canvas.classList.toggle("pg-own-keyed", !this.byHand);
      if (own.index < 0 && !this.byHand) own.select(0);
    });
  }

  /** The stage's panel of x, in the plane or over time. */
  get panel() {
    return this.own.host.stage?.panels.find((p) => p.spec.id === "x");
  }
  /** The mixture's components, where the panel shows as many dimensions. */
  get parts() {
    const { panel, own: { mix } } = this;
    return panel && mix && mix.dim === (isPlane(panel) ? 2 : 1) ? mix.parts : null;
  }
  /** The panel of a picture that is there. Events come from it only. */
  get ground() {
    return /** @type {NonNullable<Hands["panel"]>} */ (this.panel);
  }

  /** Keys go to the component that the pointer has taken. */
  focus() {
    this.byHand = true;
    this.canvas.focus({ preventScroll: true });
    this.byHand = false;
  }

  /** @param {import("../../stage/stage.js").Stage} stage */
  open(stage) {
    const { view, canvas } = stage.ui;
    if (this.view !== view) {
      this.view = view;
      canvas.after(this.canvas);
      this._watch(view);
    }
    this.canvas.hidden = false;
    this.draw();
  }
  /** @param {HTMLElement} view */
  _watch(view) {
    /**
     * @template {keyof HTMLElementEventMap} Name
     * @param {Name} name
     * @param {(e: HTMLElementEventMap[Name]) => void} fn
     */
    const on = (name, fn, options = {}) => view.addEventListener(name, (e) => !this.canvas.hidden && fn(e), { capture: true, ...options });
    on("pointerdown", (e) => this.down(e));
    on("pointermove", (e) => this.move(e));
    on("pointerup", (e) => this.up(e, true));
    on("pointercancel", (e) => this.up(e, false));
    on("pointerleave", () => this.point(null));
    on("dblclick", (e) => this.twice(e));
    on("wheel", (e) => this.wheel(e), { passive: false });
    // a finger on a handle drags it; elsewhere it may scroll the page
    on("touchstart", (e) => this.drag && e.preventDefault(), { passive: false });
    on("dragover", (e) => this.drop(e));
    on("drop", (e) => this.drop(e));
    new ResizeObserver(() => this.draw()).observe(view);
  }
  close() {
    this.canvas.hidden = true;
    this.cancel();
  }

  /** Lets go, and back to where it was. Whether something had moved. */
  cancel() {
    const d = this.drag;
    this.drag = null;
    if (!d || d.paints || !d.moved) return false;
    this.own.undo(d.before);
    return true;
  }

  // ---- between data and pixels: of the panel ----
  /** @param {number[]} m */
  place(m) {
    return place(this.ground, m);
  }
  /** @param {Part} part */
  ends(part) {
    return ends(this.ground, part);
  }
  /**
   * @param {MouseEvent} e
   * @returns {Spot}
   */
  spot(e) {
    const { x, y } = /** @type {HTMLElement} */ (this.view).getBoundingClientRect();
    return [e.clientX - x, e.clientY - y];
  }
  /** @param {Spot} spot */
  inside(spot) {
    return Boolean(this.panel) && inside(this.ground, spot);
  }
  /**
   * What a hand would take here.
   * @param {MouseEvent & {pointerType?: string}} e
   */
  near(e) {
    const { parts } = this;
    return parts && near(this.ground, parts, this.own.index, this.spot(e), e.pointerType === "touch" ? TOUCH : REACH);
  }

  // ---- the pointer ----
  /** @param {PointerEvent} e */
  down(e) {
    const { mix, tool } = this.own;
    if (e.button || !targetOf(e, "canvas") || !mix) return;
    const at = this.spot(e);
    if (tool.paints) {
      if (!this.inside(at)) return;
      this.drag = { id: e.pointerId, paints: true };
      this.own.stroke(data(this.ground, at), true);
    } else {
      const hit = this.near(e);
      if (!hit) return this.own.select(-1);
      const part = mix.parts[hit.index], centre = this.place(part.m);
      this.own.select(hit.index);
      /** @type {[number, number]} */
      const grip = hit.axis < 0 ? [at[0] - centre[0], at[1] - centre[1]] : polar(this.ends(part)[hit.axis], centre);
      this.drag = { id: e.pointerId, paints: false, ...hit, at, moved: false, before: this.own.state(mix), centre, grip };
    }
    this.focus();
    this.view?.setPointerCapture(e.pointerId);
    e.stopPropagation();
    e.preventDefault();
  }
  /** @param {PointerEvent} e */
  move(e) {
    const at = this.spot(e), d = this.drag;
    this.point(e.pointerType === "touch" && !d ? null : at, e);
    if (!d || d.id !== e.pointerId) {
      if (this.hot || this.own.tool.paints) e.stopPropagation();
      return;
    }
    e.stopPropagation();
    if (d.paints) for (const one of e.getCoalescedEvents?.() ?? [e]) this.own.stroke(data(this.ground, this.spot(one)), false);
    else this.pull(d, at);
  }
  /**
   * What is held follows the pointer.
   * @param {Held} d
   * @param {Spot} at
   */
  pull(d, at) {
    const { own, ground } = this;
    if (!own.mix || (!d.moved && Math.hypot(at[0] - d.at[0], at[1] - d.at[1]) < STILL)) return;
    d.moved = true;
    const part = own.mix.parts[d.index], was = d.before.mix.parts[d.index];
    if (d.axis < 0) {
      const { box } = ground;
      part.m = data(ground, [clamp(at[0] - d.grip[0], box.x, box.x + box.w), clamp(at[1] - d.grip[1], box.y, box.y + box.h)]);
    } else {
      // relative to where it was taken, so that nothing jumps: the handle of a narrow component stands off its end
      const plane = isPlane(ground), [length, turn] = polar(at, d.centre), wide = plane ? length : Math.abs(at[1] - d.centre[1]);
      own.axis(part, d.axis, (was.axes[d.axis] * wide) / d.grip[0]);
      if (plane) part.angle = was.angle + turn - d.grip[1];
    }
    own.moved();
  }
  /**
   * @param {PointerEvent} e
   * @param {boolean} done
   */
  up(e, done) {
    const d = this.drag;
    if (!d || d.id !== e.pointerId) return;
    e.stopPropagation();
    if (!done && !d.paints) this.cancel();
    this.drag = null;
    if (d.paints) this.own.fit(true);
    else if (done && d.moved) this.own.write(true);
    this.draw();
  }
  /**
   * The pointer is at a place, or nowhere.
   * @param {Spot | null} at
   * @param {PointerEvent} [e]
   */
  point(at, e) {
    const { paints } = this.own.tool;
    this.pointer = at;
    const hot = at && e && !this.drag && !paints ? this.near(e) : null;
    if (this.hot?.index !== hot?.index || this.hot?.axis !== hot?.axis || paints) {
      this.hot = hot;
      this.draw();
    }
    this.view?.classList.toggle("pg-own-holds", Boolean(hot));
    this.view?.classList.toggle("pg-own-paints", Boolean(paints && at && this.inside(at)));
  }
  /** @param {MouseEvent} e */
  twice(e) {
    if (this.own.tool.paints || !targetOf(e, "canvas") || !this.inside(this.spot(e))) return;
    e.stopPropagation();
    e.preventDefault();
    this.focus();
    const hit = this.near(e);
    if (hit) this.own.remove(hit.index);
    else this.own.add(data(this.ground, this.spot(e)));
  }
  /** @param {WheelEvent} e */
  wheel(e) {
    const hit = this.own.tool.paints ? null : this.near(e);
    if (!hit || !this.own.mix) return;
    e.preventDefault();
    e.stopPropagation();
    this.own.select(hit.index);
    this.own.weigh(this.own.mix.parts[hit.index].w * Math.exp(-clamp(e.deltaY, -120, 120) / 400), false);
    clearTimeout(this.rolling);
    this.rolling = setTimeout(() => this.own.write(true), REST_MS);
  }
  /** @param {DragEvent} e */
  drop(e) {
    if (!e.dataTransfer?.types.includes("Files")) return;
    e.preventDefault();
    if (e.type === "drop") this.own.upload(e.dataTransfer.files[0]);
  }

  // ---- the picture ----
  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.canvas.hidden) this.paint();
    });
  }
  paint() {
    const { canvas, own, panel, view, parts, drag } = this, { stage } = own.host;
    const width = view?.clientWidth, height = view?.clientHeight ?? 0, scale = clamp(window.devicePixelRatio || 1, 1, 2);
    if (!width || !panel || !stage) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const pen = penOf(canvas), { theme } = stage;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!parts) return;
    const fade = stage.cursor > FAR ? 0.45 : 1, held = drag && !drag.paints ? drag : null; // the hands hold p₀: at other times they step back
    pen.save();
    if (own.tool.paints) painted(pen, theme, panel, own.brush, own.tool.paints, this.pointer, fade);
    else components(pen, theme, panel, parts, { held: held?.index ?? own.index, hot: this.hot, gripped: held?.axis ?? -1, fade });
    pen.restore();
    canvas.setAttribute("aria-label", own.words());
  }
}
