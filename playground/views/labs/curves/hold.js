// Handles on the log-SNR curve: the grid's steps (dots) and the knots of a drawn schedule (diamonds) can be dragged, removed, inserted.
// What a hand does is written into the form: link, back button and Copy as Python carry it, and one drag is one history entry.
import { form, why } from "../../form/form.js";
import { interpolate } from "./curves.js";
import { el } from "../../lib/dom.js";
import { significant } from "../../lib/numbers.js";
import { arrayOf } from "../../lib/packet.js";

const MARGIN = { l: 38, r: 14, t: 5, b: 19 }; // that of the curves
const REACH = 9, TOUCH = 18, MOST = 128, LEAST = 1e-4;
const MOST_KNOTS = 64, T_LEAST = 1e-3, L_LEAST = 0.01, L_MOST = 40; // playground/schedules/drawn.py
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
/** A number as the server writes it, so that a link that is opened says the same. */
const say = (v, digits) => { const n = Number(v.toPrecision(digits)); return Number.isInteger(n) ? `${n}.0` : String(n); };

class Hold {
  constructor(curves, host) {
    this.curves = curves;
    this.host = host;
    this.panel = curves.snr;
    this.box = el("div", { className: "pg-handles" });
    this.panel.over.after(this.box);
    this.words = el("span", { className: "pg-hold-words" });
    this.panel.header.append(this.words);
    this.handles = [];
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
  setRun(run) {
    this.run = run;
    if (this.drag) return;
    const clocks = Array.from(arrayOf(run, "grid/clock") || []);
    const held = run.header.mode !== "forward" && clocks.length <= MOST && !why("grid", "Custom");
    this.ends = form.value("pg-grid-denoise") === true; // then the last step leads to 0 and is not ours to move
    this.steps = held ? (this.ends ? clocks.slice(0, -1) : clocks) : [];
    const drawn = form.value("pg-process") === "VP" && form.value("pg-schedule") === "Drawn" && this.at("process.schedule.axis", "Drawn") === "log-SNR";
    this.knots = [];
    if (drawn) try { this.knots = JSON.parse(this.at("process.schedule.knots", "Drawn")); } catch { /* what is being typed the server judges */ }
    this.build();
    this.tell();
  }

  at(path, kind) {
    const c = form.controls.find((x) => x.path === path && x.kind === kind);
    return c && form.value(c.id);
  }

  build() {
    const count = this.steps.length + this.knots.length;
    while (this.handles.length > count) this.handles.pop().remove();
    while (this.handles.length < count) {
      const b = el("button", { type: "button", className: "pg-handle" });
      b.setAttribute("role", "slider");
      b.addEventListener("keydown", (e) => this.key(e, b));
      this.handles.push(b);
      this.box.append(b);
    }
    this.handles.forEach((b, n) => {
      b.pg = n < this.steps.length ? { kind: "step", i: n } : { kind: "knot", i: n - this.steps.length };
      b.dataset.kind = b.pg.kind;
      b.tabIndex = b.pg.i ? -1 : 0; // arrows up and down go on to the others
    });
    this.placed = "";
    this.place();
  }

  /** Where a handle stands: x = 1 − clock, y = log-SNR. */
  spot({ kind, i }) {
    if (kind === "knot") return [1 - this.knots[i][0], this.knots[i][1]];
    const x = 1 - this.steps[i];
    return [x, this.level(x)];
  }
  level(x) {
    const s = this.panel.series.find((v) => v.key === "snr");
    return s ? interpolate(s.x, s.y, x) : NaN;
  }
  pixel([x, y]) {
    const { view: v, width, height } = this.panel;
    return [MARGIN.l + ((x - v.x[0]) / (v.x[1] - v.x[0])) * (width - MARGIN.l - MARGIN.r),
      MARGIN.t + (1 - (y - v.y[0]) / (v.y[1] - v.y[0])) * (height - MARGIN.t - MARGIN.b)];
  }
  value(e) {
    const { view: v, plot } = this.panel, r = plot.getBoundingClientRect();
    return [v.x[0] + ((e.clientX - r.left - MARGIN.l) / (r.width - MARGIN.l - MARGIN.r)) * (v.x[1] - v.x[0]),
      v.y[0] + (1 - (e.clientY - r.top - MARGIN.t) / (r.height - MARGIN.t - MARGIN.b)) * (v.y[1] - v.y[0])];
  }

  place() {
    const p = this.panel, key = JSON.stringify([p.view, p.width, p.height]);
    if (key === this.placed || !(p.width > 0)) return;
    this.placed = key;
    for (const b of this.handles) {
      const at = this.spot(b.pg), [x, y] = this.pixel(at);
      b.hidden = !(x > MARGIN.l - 6 && x < p.width - MARGIN.r + 6 && y > -6 && y < p.height - MARGIN.b + 8);
      if (!b.hidden) b.style.transform = `translate(${x.toFixed(1)}px,${y.toFixed(1)}px)`;
      const words = b.pg.kind === "step" ? `step ${b.pg.i}, ${this.curves.timeAt(at[0])}` : `knot ${b.pg.i + 1}, t = ${significant(1 - at[0])}, log-SNR ${at[1].toFixed(2)}`;
      b.setAttribute("aria-label", words);
      b.setAttribute("aria-valuenow", (1 - at[0]).toFixed(4));
      b.setAttribute("aria-valuetext", words);
    }
  }

  // ---- the pointer -------------------------------------------------------------------------------------------------------------
  near(e) {
    const r = this.panel.plot.getBoundingClientRect(), x = e.clientX - r.left, y = e.clientY - r.top;
    let best = null, least = e.pointerType === "touch" ? TOUCH : REACH;
    for (const b of this.handles) {
      if (b.hidden) continue;
      const [hx, hy] = this.pixel(this.spot(b.pg)), d = Math.hypot(hx - x, hy - y) - (b.pg.kind === "knot" ? 2 : 0);
      if (d < least) (least = d), (best = b);
    }
    return best;
  }
  hover(e) {
    const b = e.buttons ? null : this.near(e);
    if (b === this.hot) return;
    this.hot?.classList.remove("pg-hot");
    (this.hot = b)?.classList.add("pg-hot");
    this.panel.plot.classList.toggle("pg-holds", Boolean(b));
    this.panel.plot.title = b ? `Drag this ${b.pg.kind}; a double click removes it.` : "";
  }
  /** True if the pointer has taken hold of something. */
  down(e) {
    const b = this.near(e);
    if (!b) return false;
    this.drag = { b, id: e.pointerId, x: e.clientX, y: e.clientY, moved: false, steps: [...this.steps], knots: this.knots.map((k) => [...k]) };
    this.panel.plot.setPointerCapture(e.pointerId);
    b.classList.add("pg-hot");
    return true;
  }
  move(e) {
    const d = this.drag;
    if (e.pointerId !== d.id || (!d.moved && Math.hypot(e.clientX - d.x, e.clientY - d.y) < 3)) return;
    d.moved = true;
    this.put(d.b.pg, ...this.value(e));
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (this.drag?.moved) this.write(this.drag.b.pg.kind, false);
    });
  }
  up(e, done) {
    const d = this.drag;
    if (d?.id !== e.pointerId) return;
    this.drag = null;
    d.b.classList.remove("pg-hot");
    if (!d.moved) return this.host.seek(clamp(1 - this.spot(d.b.pg)[0], 0, 1));
    if (!done) Object.assign(this, { steps: d.steps, knots: d.knots });
    this.write(d.b.pg.kind, true);
  }
  twice(e) {
    const b = this.near(e);
    e.preventDefault();
    if (b) return this.remove(b.pg);
    const [x, y] = this.value(e), on = this.pixel([x, this.level(x)]), here = this.pixel([x, y]);
    if (!(Math.abs(on[1] - here[1]) < 14)) return;
    e.stopPropagation();
    this.insert(this.knots.length && !e.altKey ? "knot" : "step", x);
  }

  // ---- the keyboard ------------------------------------------------------------------------------------------------------------
  key(e, b) {
    const { kind, i } = b.pg, [x, y] = this.spot(b.pg), by = e.shiftKey ? 0.05 : 0.01;
    const side = { ArrowLeft: -by, ArrowRight: by }[e.key], lift = kind === "knot" && { ArrowUp: by * 20, ArrowDown: -by * 20 }[e.key];
    const next = { PageDown: 1, PageUp: -1 }[e.key] ?? (kind === "step" && { ArrowDown: 1, ArrowUp: -1 }[e.key]);
    if (e.key === "Delete" || e.key === "Backspace") this.remove(b.pg);
    else if (next) this.handles.find((h) => h.pg.kind === kind && h.pg.i === i + next)?.focus();
    else if (side || lift) {
      this.put(b.pg, x + (side || 0), y + (lift || 0));
      this.write(kind, true);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  }

  // ---- changes: strictly monotone always ----------------------------------------------------------------------------------------
  put({ kind, i }, x, y) {
    if (kind === "step") {
      const s = this.steps, hi = i ? s[i - 1] : 1, lo = i < s.length - 1 ? s[i + 1] : 0;
      const gap = Math.min(LEAST, (hi - lo) / 4);
      s[i] = clamp(1 - x, lo + gap, i ? hi - gap : 1);
    } else {
      const k = this.knots, last = k.length - 1, gap = (a, b, g) => Math.min(g, Math.abs(a - b) / 4);
      if (i && i < last) {
        const g = gap(k[i - 1][0], k[i + 1][0], T_LEAST);
        k[i][0] = clamp(1 - x, k[i - 1][0] + g, k[i + 1][0] - g);
      }
      const top = i ? k[i - 1][1] : L_MOST, low = i < last ? k[i + 1][1] : -L_MOST, g = gap(top, low, L_LEAST);
      k[i][1] = clamp(y, i < last ? low + g : low, i ? top - g : top);
    }
    this.placed = "";
    this.place();
  }
  remove({ kind, i }) {
    if (kind === "step") {
      if (this.steps.length < (this.ends ? 2 : 3)) return;
      this.steps.splice(i, 1);
    } else if (i && i < this.knots.length - 1) this.knots.splice(i, 1);
    else return; // the ends of a schedule stay
    this.build();
    this.write(kind, true);
  }
  insert(kind, x) {
    const c = 1 - x, list = kind === "step" ? this.steps : this.knots;
    if (!(c > LEAST && c < 1) || list.length >= (kind === "step" ? MOST : MOST_KNOTS)) return;
    if (kind === "step") {
      const i = list.findIndex((v) => v < c);
      list.splice(i < 0 ? list.length : i, 0, c);
    } else list.splice(list.findIndex((k) => k[0] > c), 0, [c, this.level(x)]);
    this.build();
    this.write(kind, true);
  }

  write(kind, done) {
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
    const before = form.value("pg-schedule");
    try {
      const { header } = await this.host.fetch("knots");
      this.scheduleBefore = [["process.schedule", "", before]];
      const knots = `[${header.knots.map(([t, v]) => `[${say(t, 6)},${say(v, 6)}]`).join(",")}]`;
      form.write([["process.schedule", "", "Drawn"], ["process.schedule.axis", "Drawn", "log-SNR"], ["process.schedule.knots", "Drawn", knots]], true);
      this.host.notice({ kind: "info", message: header.note });
    } catch (error) {
      if (error.name !== "AbortError") this.host.notice({ kind: "error", message: error.message });
    }
  }

  tell() {
    const custom = form.value("pg-grid") === "Custom", drawn = form.value("pg-schedule") === "Drawn", vp = form.value("pg-process") === "VP";
    const words = [];
    if (custom && this.gridBefore) words.push(["reset steps", "Back to the grid from before", () => form.write(this.gridBefore, true)]);
    if (vp && drawn && this.scheduleBefore) words.push(["reset schedule", "Back to the schedule from before", () => form.write(this.scheduleBefore, true)]);
    if (vp && !drawn) words.push(["draw it yourself", "Turns this schedule into knots that you can drag", () => this.draw()]);
    const told = words.map(([w]) => w).join();
    if (told === this.told) return;
    this.told = told;
    this.words.replaceChildren(...words.map(([word, title, fn]) => {
      const b = el("button", { type: "button", className: "pg-hold-word", textContent: word, title });
      b.onclick = fn;
      return b;
    }));
  }
}
export { Hold };
