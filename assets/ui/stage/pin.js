// The pin: a point of the picture and its time, held by the pointer or the arrow keys, kept in the link as view.pin = panel,clock,[a,]b.
// The stage draws it and tells of it; labs say what is known there.
import { el } from "../lib/dom.js";
import { clamp } from "../lib/numbers.js";

/** @typedef {import("../page.js").PinPoint} PinPoint */
/** @typedef {import("./panels.js").AnyPanel} AnyPanel */
/** A hand that holds the pin: where it took it, and how far beside its middle.
 * @typedef {{id: number, x: number, y: number, panel: AnyPanel, clock: number, dx: number, dy: number, moved: boolean}} Drag */

const REACH = 11, TOUCH = 22;
/** What a link holds: it then shows the very same.
 * @param {number} v */
const round = (v) => Number(v.toFixed(4));

class Pin {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** Of a link, until there is a run. @type {string | null} */
    this.wanted = null;
    /** @type {Drag | null} */
    this.drag = null;
    const { view } = stage.ui;
    this.knob = el("span", { className: "pg-pin", tabIndex: 0, hidden: true });
    this.knob.setAttribute("role", "slider");
    this.knob.setAttribute("aria-label", "pinned point");
    this.knob.addEventListener("keydown", (e) => this.key(e));
    // outside of the lab that tells of it the pin says where it speaks
    this.word = el("div", { className: "pg-pin-word", hidden: true });
    const open = el("button", { type: "button", textContent: "denoising" });
    open.addEventListener("click", () => dispatchEvent(new CustomEvent("pg-open-lab", { detail: "inspector" })));
    this.word.append("pinned: ", open, " tells what is known here");
    this.heard = true;
    addEventListener("pg-lab", (e) => {
      this.heard = /** @type {CustomEvent<boolean>} */ (e).detail;
      this.place();
    });
    view.append(this.knob, this.word);
    view.addEventListener("pointerdown", (e) => this.down(e), true);
    view.addEventListener("pointermove", (e) => this.move(e), true);
    view.addEventListener("pointerup", (e) => this.up(e), true);
    view.addEventListener("pointercancel", () => (this.drag = null), true);
    view.addEventListener("touchstart", (e) => this.drag && e.preventDefault(), { capture: true, passive: false });
    stage.on("pin", () => this.place());
  }

  /** @param {string} id */
  panel(id) {
    return this.stage.panels.find((p) => p.spec.id === id);
  }

  /** A pin at these numbers, clamped to the panel's axes; a is of panels with two components only.
   * @param {AnyPanel} panel
   * @param {number} clock
   * @param {number | null} across
   * @param {number} up
   * @returns {PinPoint} */
  made({ spec: { id, a, b } }, clock, across, up) {
    const at = { panel: id, clock: round(clamp(clock, 0, 1)), b: round(clamp(up, b.lo, b.hi)) };
    if (!a || across === null) return { ...at, a: null, components: [b.component] };
    return { ...at, a: round(clamp(across, a.lo, a.hi)), components: [a.component, b.component] };
  }

  /** Where it stands in the picture, or null. */
  pixel() {
    const { pin } = this.stage;
    return pin && (this.panel(pin.panel)?.pixel(pin) ?? null);
  }

  /** The pin under a point of the picture; where two components stand against each other its time is `clock`.
   * @param {AnyPanel} panel
   * @param {number} x
   * @param {number} y
   * @param {number} clock */
  under(panel, x, y, clock) {
    const { toX, toY } = panel, across = (x - toX.o) / toX.k, up = (y - toY.o) / toY.k;
    return panel.scrubs ? this.made(panel, across, null, up) : this.made(panel, clock, across, up);
  }

  /** @param {PinPoint | null} pin */
  set(pin) {
    this.stage.pinTo(pin);
  }

  // ---- the link ------------------------------------------------------------------------------------------------------------------
  /** @param {PinPoint | null} pin */
  static text(pin) {
    return pin ? [pin.panel, pin.clock, ...(pin.a === null ? [] : [pin.a]), pin.b].join(",") : "";
  }

  /** Sets what a link says; a complaint, or "".
   * @param {string} text */
  want(text) {
    const { stage } = this;
    if (text === Pin.text(stage.pin)) return "";
    this.wanted = stage.run ? null : text;
    if (!stage.run) return "";
    if (!text) {
      this.set(null);
      return "";
    }
    const [id, ...numbers] = text.split(","), panel = this.panel(id), v = numbers.map((n) => (n.trim() === "" ? NaN : Number(n)));
    const need = panel && (panel.spec.a ? 3 : 2);
    if (!panel || !panel.spec.pins || v.length !== need || !v.every(Number.isFinite)) {
      const ids = stage.panels.map((p) => p.spec.id).join(" or ");
      return `view.pin = ${text.slice(0, 60)} cannot be used; allowed: ${ids}, then the clock from 0 to 1 and ${need === 2 ? "one number" : "two numbers"}`;
    }
    const pin = this.made(panel, v[0], need === 3 ? v[1] : null, v[need - 1]);
    this.set(pin);
    const kept = pin.a === null ? [pin.clock, pin.b] : [pin.clock, pin.a, pin.b];
    return kept.every((n, i) => Math.abs(n - v[i]) < 1e-3) ? "" : "The pin was outside of the axes and stands at their edge.";
  }

  /** A new run: the pin stays where a panel of its kind is still there. */
  settle() {
    const { stage, wanted } = this, { pin } = stage;
    if (wanted !== null) {
      const complaint = this.want(wanted);
      if (complaint) stage.emit("notice", { kind: "warning", message: complaint });
      return;
    }
    const panel = pin && this.panel(pin.panel);
    if (!pin) return;
    if (!panel || panel.scrubs !== (pin.a === null)) return this.set(null);
    const kept = this.made(panel, pin.clock, pin.a, pin.b);
    if (Pin.text(kept) !== Pin.text(pin) || String(kept.components) !== String(pin.components)) this.set(kept);
    else this.place();
  }

  // ---- the pointer ---------------------------------------------------------------------------------------------------------------
  /** @param {PointerEvent} e */
  at(e) {
    const box = this.stage.ui.canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  }

  /** @param {PointerEvent} e */
  down(e) {
    const { pin, ui: { canvas } } = this.stage, here = this.pixel(), panel = pin && this.panel(pin.panel);
    if (e.button || !here || !pin || !panel || (e.target !== canvas && e.target !== this.knob)) return;
    const [x, y] = this.at(e);
    if (Math.hypot(x - here[0], y - here[1]) > (e.pointerType === "touch" ? TOUCH : REACH)) return;
    this.drag = { id: e.pointerId, x, y, panel, clock: pin.clock, dx: here[0] - x, dy: here[1] - y, moved: false };
    canvas.setPointerCapture(e.pointerId);
    this.knob.focus({ preventScroll: true });
    e.preventDefault();
    e.stopPropagation();
  }

  /** @param {PointerEvent} e */
  move(e) {
    const d = this.drag;
    if (!d || e.pointerId !== d.id) return;
    e.stopPropagation();
    const [x, y] = this.at(e);
    if (!d.moved && Math.hypot(x - d.x, y - d.y) < 3) return;
    d.moved = true;
    this.set(this.under(d.panel, x + d.dx, y + d.dy, d.clock));
  }

  /** @param {PointerEvent} e */
  up(e) {
    const d = this.drag;
    if (!d || e.pointerId !== d.id) return;
    this.drag = null;
    e.stopPropagation();
    if (!d.moved) this.set(null);
  }

  // ---- the keyboard --------------------------------------------------------------------------------------------------------------
  /** @param {KeyboardEvent} e */
  key(e) {
    const { pin } = this.stage, panel = pin && this.panel(pin.panel);
    if (!panel || e.ctrlKey || e.metaKey || e.altKey) return;
    const by = e.shiftKey ? 0.05 : 0.01, { a, b } = panel.spec, up = (b.hi - b.lo) * by;
    let { clock, a: x, b: y } = pin;
    if (e.key === "ArrowUp") y += up;
    else if (e.key === "ArrowDown") y -= up;
    else if (e.key === "PageUp") clock += by;
    else if (e.key === "PageDown") clock -= by;
    else if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
      const side = e.key === "ArrowLeft" ? -1 : 1;
      if (!a || x === null) clock -= side * by;
      else x += (side * (a.hi - a.lo) * by * b.hi) / a.hi;
    } else if (e.key === "Delete" || e.key === "Backspace") {
      e.preventDefault();
      return this.set(null);
    } else return;
    e.preventDefault();
    e.stopPropagation();
    this.set(this.made(panel, clock, x, y));
  }

  /** The knob that keys and screen readers find stands where the pin is drawn. */
  place() {
    const { pin, ui: { canvas, view } } = this.stage, here = this.pixel();
    this.knob.hidden = !here;
    this.word.hidden = !here || this.heard;
    if (!here || !pin) return;
    if (!this.word.hidden) {
      const w = this.word.offsetWidth, h = this.word.offsetHeight, x = canvas.offsetLeft + here[0], y = canvas.offsetTop + here[1];
      const left = clamp(x + 12 + w > view.clientWidth - 4 ? x - 12 - w : x + 12, 4, Math.max(4, view.clientWidth - w - 4));
      this.word.style.transform = `translate(${left.toFixed(0)}px,${clamp(y - h / 2, 4, Math.max(4, view.clientHeight - h - 4)).toFixed(0)}px)`;
    }
    this.knob.style.transform = `translate(${(canvas.offsetLeft + here[0]).toFixed(1)}px,${(canvas.offsetTop + here[1]).toFixed(1)}px)`;
    const words = `${pin.a === null ? "" : `${String(pin.a)}, `}${String(pin.b)} at clock ${String(pin.clock)}`;
    this.knob.setAttribute("aria-valuetext", words);
    this.knob.setAttribute("aria-valuenow", String(pin.b));
  }
}

export { Pin };
