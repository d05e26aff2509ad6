// Handles on the log-SNR curve: the grid's steps (dots) and the knots of a drawn schedule (diamonds) can be dragged, removed, inserted.
// What a hand does is written into the form: link, back button and Copy as Python carry it, and one drag is one history entry.
import { aborted, messageOf } from "../../form/transport.js";
import { el } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { significant } from "../../lib/numbers.js";
import { MARGIN, across, down, xAt, yAt } from "./frame.js";
import { MOST_STEPS, insertKnot, insertStep, moveKnot, moveStep, removeKnot, removeStep, say } from "./monotone.js";
import { interpolate } from "./values.js";

/** @typedef {import("./monotone.js").Knot} Knot */
/** @typedef {"step" | "knot"} Kind */
/** @typedef {{node: HTMLButtonElement, kind: Kind, i: number}} Handle of step or knot i */
/** @typedef {Parameters<import("../../page.js").Host["form"]["write"]>[0]} Changes */

const REACH = 9, TOUCH = 18; // px
const ON_CURVE = 14; // px from the curve within which a double click inserts
/** @type {Record<string, number>} along x */
const SIDES = { ArrowLeft: -1, ArrowRight: 1 };
/** @type {Record<string, number>} of a knot's log-SNR */
const LIFTS = { ArrowUp: 20, ArrowDown: -20 };
/** @type {Record<string, number>} to other handles */
const PAGES = { PageDown: 1, PageUp: -1 };
/** @type {Record<string, number>} to other steps, which have no height of their own */
const ROWS = { ArrowDown: 1, ArrowUp: -1 };

export class Hold {
  /** @type {number[]} clocks of the steps that are ours to move */
  steps = [];
  /** @type {Knot[]} */
  knots = [];
  /** Whether the grid's last step leads to 0: then it is not ours to move. */
  ends = false;
  /** @type {Handle[]} */
  handles = [];
  /** @type {Handle | null} under the pointer */
  hot = null;
  /** @type {{handle: Handle, id: number, x: number, y: number, moved: boolean, steps: number[], knots: Knot[]} | null} */
  drag = null;
  frame = 0;
  /** @type {import("./series.js").View | null} the view, and the size, that the handles stand in */
  placed = null;
  width = 0;
  height = 0;
  /** @type {Changes | null} */
  gridBefore = null;
  /** @type {Changes | null} */
  scheduleBefore = null;
  told = "";

  /** @param {import("./curves.js").Curves} curves @param {import("../../page.js").Host} host */
  constructor(curves, host) {
    this.curves = curves;
    this.host = host;
    this.form = host.form;
    this.panel = curves.snr;
    this.box = el("div", { className: "pg-handles" });
    this.panel.over.after(this.box);
    this.words = el("span", { className: "pg-hold-words" });
    this.panel.header.append(this.words);
    this.panel.held = this;
    const { plot } = this.panel;
    plot.addEventListener("pointermove", (e) => (this.drag ? this.move(e) : this.hover(e)));
    plot.addEventListener("pointerup", (e) => this.up(e, true));
    plot.addEventListener("pointercancel", (e) => this.up(e, false));
    plot.addEventListener("dblclick", (e) => this.twice(e), true);
    // a finger on a dot drags it; elsewhere it may scroll the page
    plot.addEventListener("touchstart", (e) => { if (this.drag) e.preventDefault(); }, { passive: false });
  }

  // ---- what there is to hold ---------------------------------------------------------------------------------------------------
  /** @param {import("./snr.js").RunPacket} run */
  setRun(run) {
    if (this.drag) return;
    const clocks = Array.from(run.arrays["grid/clock"]?.data ?? []);
    const held = run.header.mode !== "forward" && clocks.length <= MOST_STEPS && !this.form.why("grid", "Custom");
    this.ends = this.form.value("pg-grid-denoise") === true;
    this.steps = held ? (this.ends ? clocks.slice(0, -1) : clocks) : [];
    this.knots = this.drawn();
    this.build();
    this.tell();
  }

  /** The knots of a drawn schedule. @returns {Knot[]} */
  drawn() {
    const { form } = this;
    if (form.value("pg-process") !== "VP" || form.value("pg-schedule") !== "Drawn" || this.at("process.schedule.axis", "Drawn") !== "log-SNR") return [];
    try {
      return JSON.parse(String(this.at("process.schedule.knots", "Drawn")));
    } catch { // what is being typed the server judges
      return [];
    }
  }

  /** A control's value. @param {string} path @param {string} kind */
  at(path, kind) {
    const c = this.form.controls.find((/** @type {import("../../python.js").Control} */ x) => x.path === path && x.kind === kind);
    return c && this.form.value(c.id);
  }

  build() {
    const count = this.steps.length + this.knots.length;
    while (this.handles.length > count) this.handles.pop()?.node.remove();
    while (this.handles.length < count) this.handles.push(this.made());
    this.handles.forEach((h, n) => {
      const step = n < this.steps.length;
      h.kind = h.node.dataset.kind = step ? "step" : "knot";
      h.i = step ? n : n - this.steps.length;
      h.node.tabIndex = h.i ? -1 : 0; // arrows up and down go on to the others
    });
    this.placed = null;
    this.place();
  }

  /** @returns {Handle} */
  made() {
    const node = el("button", { type: "button", className: "pg-handle" }), handle = { node, kind: /** @type {Kind} */ ("step"), i: 0 };
    node.setAttribute("role", "slider");
    node.addEventListener("keydown", (e) => this.key(e, handle));
    this.box.append(node);
    return handle;
  }

  /** Where a handle stands: x = 1 − clock, log-SNR. @param {Handle} handle @returns {[number, number]} */
  spot({ kind, i }) {
    if (kind === "knot") return [1 - this.knots[i][0], this.knots[i][1]];
    const x = 1 - this.steps[i];
    return [x, this.level(x)];
  }

  /** @param {number} x */
  level(x) {
    const s = this.panel.series.find((v) => v.key === "snr");
    return s ? interpolate(s.x, s.y, x) : NaN;
  }

  /** @param {[number, number]} at @returns {[number, number]} */
  pixel([x, y]) {
    const { view, width, height } = this.panel;
    return [across(view, width, x), down(view, height, y)];
  }

  /** What the pointer is over: x, log-SNR. @param {MouseEvent} e @returns {[number, number]} */
  value(e) {
    const { view, plot } = this.panel, r = plot.getBoundingClientRect();
    return [xAt(view, r.width, e.clientX - r.left), yAt(view, r.height, e.clientY - r.top)];
  }

  place() {
    const { view, width, height } = this.panel;
    if ((view === this.placed && width === this.width && height === this.height) || !(width > 0)) return;
    Object.assign(this, { placed: view, width, height });
    for (const handle of this.handles) {
      const { node, kind, i } = handle, at = this.spot(handle), [x, y] = this.pixel(at);
      node.hidden = !(x > MARGIN.l - 6 && x < width - MARGIN.r + 6 && y > -6 && y < height - MARGIN.b + 8);
      if (!node.hidden) node.style.transform = `translate(${x.toFixed(1)}px,${y.toFixed(1)}px)`;
      const words = kind === "step" ? `step ${i}, ${this.curves.timeAt(at[0])}` : `knot ${i + 1}, t = ${significant(1 - at[0])}, log-SNR ${at[1].toFixed(2)}`;
      node.setAttribute("aria-label", words);
      node.setAttribute("aria-valuenow", (1 - at[0]).toFixed(4));
      node.setAttribute("aria-valuetext", words);
    }
  }

  // ---- the pointer -------------------------------------------------------------------------------------------------------------
  /** The handle within reach. @param {MouseEvent} e */
  near(e) {
    const r = this.panel.plot.getBoundingClientRect(), x = e.clientX - r.left, y = e.clientY - r.top;
    /** @type {Handle | null} */
    let best = null;
    let least = e instanceof PointerEvent && e.pointerType === "touch" ? TOUCH : REACH;
    for (const handle of this.handles) {
      if (handle.node.hidden) continue;
      const [hx, hy] = this.pixel(this.spot(handle)), d = Math.hypot(hx - x, hy - y) - (handle.kind === "knot" ? 2 : 0);
      if (d < least) (least = d), (best = handle);
    }
    return best;
  }

  /** @param {PointerEvent} e */
  hover(e) {
    const handle = e.buttons ? null : this.near(e);
    if (handle === this.hot) return;
    this.hot?.node.classList.remove("pg-hot");
    this.hot = handle;
    handle?.node.classList.add("pg-hot");
    this.panel.plot.classList.toggle("pg-holds", Boolean(handle));
    this.panel.plot.title = handle ? `Drag this ${handle.kind}; a double click removes it.` : "";
  }

  /** True if the pointer has taken hold of something. @param {PointerEvent} e */
  down(e) {
    const handle = this.near(e);
    if (!handle) return false;
    this.drag = { handle, id: e.pointerId, x: e.clientX, y: e.clientY, moved: false, steps: [...this.steps], knots: this.knots.map(([t, v]) => [t, v]) };
    this.panel.plot.setPointerCapture(e.pointerId);
    handle.node.classList.add("pg-hot");
    return true;
  }

  /** @param {PointerEvent} e */
  move(e) {
    const d = this.drag;
    if (!d || e.pointerId !== d.id || (!d.moved && Math.hypot(e.clientX - d.x, e.clientY - d.y) < 3)) return;
    d.moved = true;
    this.put(d.handle, ...this.value(e));
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (this.drag?.moved) this.write(this.drag.handle.kind, false);
    });
  }

  /** @param {PointerEvent} e @param {boolean} done */
  up(e, done) {
    const d = this.drag;
    if (d?.id !== e.pointerId) return;
    this.drag = null;
    d.handle.node.classList.remove("pg-hot");
    if (!d.moved) return this.host.seek(clamp(1 - this.spot(d.handle)[0], 0, 1));
    if (!done) Object.assign(this, { steps: d.steps, knots: d.knots });
    this.write(d.handle.kind, true);
  }

  /** @param {MouseEvent} e */
  twice(e) {
    const handle = this.near(e);
    e.preventDefault();
    if (handle) return this.remove(handle);
    const [x, y] = this.value(e), on = this.pixel([x, this.level(x)]), here = this.pixel([x, y]);
    if (!(Math.abs(on[1] - here[1]) < ON_CURVE)) return;
    e.stopPropagation();
    this.insert(this.knots.length && !e.altKey ? "knot" : "step", x);
  }

  // ---- the keyboard ------------------------------------------------------------------------------------------------------------
  /** @param {KeyboardEvent} e @param {Handle} handle */
  key(e, handle) {
    const { kind, i } = handle, [x, y] = this.spot(handle), by = e.shiftKey ? 0.05 : 0.01;
    const side = SIDES[e.key], lift = kind === "knot" ? LIFTS[e.key] : 0, next = PAGES[e.key] ?? (kind === "step" ? ROWS[e.key] : 0);
    if (e.key === "Delete" || e.key === "Backspace") this.remove(handle);
    else if (next) this.handles.find((h) => h.kind === kind && h.i === i + next)?.node.focus();
    else if (side || lift) {
      this.put(handle, x + by * (side || 0), y + by * (lift || 0));
      this.write(kind, true);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  }

  // ---- changes -----------------------------------------------------------------------------------------------------------------
  /** @param {Handle} handle @param {number} x @param {number} y */
  put({ kind, i }, x, y) {
    if (kind === "step") moveStep(this.steps, i, 1 - x);
    else moveKnot(this.knots, i, 1 - x, y);
    this.placed = null;
    this.place();
  }

  /** @param {Handle} handle */
  remove({ kind, i }) {
    if (!(kind === "step" ? removeStep(this.steps, i, this.ends ? 1 : 2) : removeKnot(this.knots, i))) return;
    this.build();
    this.write(kind, true);
  }

  /** @param {Kind} kind @param {number} x */
  insert(kind, x) {
    if (!(kind === "step" ? insertStep(this.steps, 1 - x) : insertKnot(this.knots, 1 - x, this.level(x)))) return;
    this.build();
    this.write(kind, true);
  }

  /** @param {Kind} kind @param {boolean} done */
  write(kind, done) {
    const { form } = this;
    if (kind === "step") {
      if (form.value("pg-grid") !== "Custom") this.gridBefore = [["grid", "", form.value("pg-grid")], ["grid.steps", "", form.value("pg-grid-steps")]];
      const levels = this.steps.map((c) => say(c, 5));
      form.write([["grid", "", "Custom"], ["grid.unit", "Custom", "clock"], ["grid.levels", "Custom", `[${levels.join(",")}]`],
        ["grid.steps", "", levels.length - (this.ends ? 0 : 1)]], done);
    } else {
      form.write([["process.schedule.knots", "Drawn", `[${this.knots.map(([t, v]) => `[${say(t, 4)},${say(v, 4)}]`).join(",")}]`]], done);
    }
    if (done) this.tell();
  }

  /** The present schedule as knots; how close they come is said. */
  async draw() {
    const { form } = this, before = form.value("pg-schedule");
    try {
      const { header } = await this.host.fetch("knots");
      this.scheduleBefore = [["process.schedule", "", before]];
      const knots = `[${header.knots.map(([t, v]) => `[${say(t, 6)},${say(v, 6)}]`).join(",")}]`;
      form.write([["process.schedule", "", "Drawn"], ["process.schedule.axis", "Drawn", "log-SNR"], ["process.schedule.knots", "Drawn", knots]], true);
      this.host.notice({ kind: "info", message: header.note });
    } catch (error) {
      if (!aborted(error)) this.host.notice({ kind: "error", message: messageOf(error) });
    }
  }

  /** The words beside the title: what can be taken back, and how a schedule is drawn. */
  tell() {
    const { form, gridBefore, scheduleBefore } = this, drawn = form.value("pg-schedule") === "Drawn", vp = form.value("pg-process") === "VP";
    /** @type {[string, string, () => void][]} */
    const words = [];
    if (form.value("pg-grid") === "Custom" && gridBefore) words.push(["reset steps", "Back to the grid from before", () => form.write(gridBefore, true)]);
    if (vp && drawn && scheduleBefore) words.push(["reset schedule", "Back to the schedule from before", () => form.write(scheduleBefore, true)]);
    if (vp && !drawn) words.push(["draw it yourself", "Turns this schedule into knots that you can drag", () => this.draw()]);
    const told = words.map(([word]) => word).join();
    if (told === this.told) return;
    this.told = told;
    this.words.replaceChildren(...words.map(([textContent, title, fn]) => {
      const b = el("button", { type: "button", className: "pg-hold-word", textContent, title });
      b.addEventListener("click", fn);
      return b;
    }));
  }
}
