// The pin: a point of the picture and its time, held by the pointer or the arrow keys, kept in the link as view.pin = panel,clock,[a,]b.
// The stage draws it and tells of it; labs say what is known there.
import { el } from "../lib/dom.js";

const REACH = 11, TOUCH = 22;
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const round = (v) => Number(v.toFixed(4)); // what a link holds: it then shows the very same

class Pin {
  constructor(stage) {
    this.stage = stage;
    this.wanted = null; // of a link, until there is a run
    const { view } = stage.ui;
    this.knob = el("span", { className: "pg-pin", tabIndex: 0, hidden: true });
    this.knob.setAttribute("role", "slider");
    this.knob.setAttribute("aria-label", "pinned point");
    this.knob.addEventListener("keydown", (e) => this.key(e));
    // outside of the lab that tells of it the pin says where it speaks
    this.word = el("div", { className: "pg-pin-word", hidden: true });
    this.open = el("button", { type: "button", textContent: "denoising" });
    this.open.addEventListener("click", () => dispatchEvent(new CustomEvent("pg-open-lab", { detail: "inspector" })));
    this.word.append("pinned: ", this.open, " tells what is known here");
    this.heard = true;
    addEventListener("pg-lab", (e) => ((this.heard = e.detail), this.place()));
    view.append(this.knob, this.word);
    const on = (name, fn, options) => view.addEventListener(name, fn, { capture: true, ...options });
    on("pointerdown", (e) => this.down(e));
    on("pointermove", (e) => this.move(e));
    on("pointerup", (e) => this.up(e));
    on("pointercancel", () => (this.drag = null));
    on("touchstart", (e) => this.drag && e.preventDefault(), { passive: false });
    stage.on("pin", () => this.place());
  }

  panel(id) { return this.stage.panels.find((p) => p.spec.id === id); }

  /** A pin at these numbers, clamped to the panel's axes; a is of planes only. */
  made(panel, clock, a, b) {
    const { spec } = panel, plane = spec.kind === "plane";
    const at = { panel: spec.id, clock: round(clamp(clock, 0, 1)), a: plane ? round(clamp(a, spec.a.lo, spec.a.hi)) : null, b: round(clamp(b, spec.b.lo, spec.b.hi)) };
    at.components = plane ? [spec.a.component, spec.b.component] : [spec.b.component];
    return at;
  }
  /** Where it stands in the picture. */
  pixel(pin) {
    const p = this.panel(pin.panel);
    if (!p) return null;
    return [pin.a == null ? p.x(pin.clock) : p.toX.o + p.toX.k * pin.a, p.toY.o + p.toY.k * pin.b];
  }
  /** The pin under a point of the picture; in a plane its time is `clock`. */
  under(panel, x, y, clock) {
    const b = (y - panel.toY.o) / panel.toY.k;
    if (panel.spec.kind !== "plane") return this.made(panel, panel.clockAt(x), null, b);
    return this.made(panel, clock, (x - panel.toX.o) / panel.toX.k, b);
  }

  set(pin) { this.stage._pinChanged(pin); }

  // ---- the link ------------------------------------------------------------------------------------------------------------------
  static text(pin) {
    return pin ? [pin.panel, String(pin.clock), ...(pin.a == null ? [] : [String(pin.a)]), String(pin.b)].join(",") : "";
  }
  /** Sets what a link says; resolves to a complaint, or "". */
  want(text) {
    if (text === Pin.text(this.stage.pin)) return "";
    if (!this.stage.run) return (this.wanted = text), "";
    this.wanted = null;
    if (!text) return this.set(null), "";
    const [id, ...numbers] = text.split(","), panel = this.panel(id), v = numbers.map((n) => (n.trim() === "" ? NaN : Number(n)));
    const need = panel && (panel.spec.kind === "plane" ? 3 : 2);
    if (!panel || panel.spec.pins === false || v.length !== need || !v.every(Number.isFinite)) {
      const ids = this.stage.panels.map((p) => p.spec.id).join(" or ");
      return `view.pin = ${text.slice(0, 60)} cannot be used; allowed: ${ids}, then the clock from 0 to 1 and ${need === 2 ? "one number" : "two numbers"}`;
    }
    const pin = this.made(panel, v[0], need === 3 ? v[1] : null, v[need - 1]);
    this.set(pin);
    const same = [pin.clock, pin.a, pin.b].filter((n) => n != null).every((n, i) => Math.abs(n - v[i]) < 1e-3);
    return same ? "" : "The pin was outside of the axes and stands at their edge.";
  }
  /** A new run: the pin stays where a panel of its kind is still there. */
  settle() {
    if (this.wanted != null) {
      const complaint = this.want(this.wanted);
      if (complaint) this.stage.notice?.({ kind: "warning", message: complaint });
      return;
    }
    const pin = this.stage.pin, panel = pin && this.panel(pin.panel);
    if (!pin) return;
    if (!panel || (panel.spec.kind === "plane") !== (pin.a != null)) return this.set(null);
    const kept = this.made(panel, pin.clock, pin.a, pin.b);
    if (Pin.text(kept) !== Pin.text(pin) || String(kept.components) !== String(pin.components)) this.set(kept);
    else this.place();
  }

  // ---- the pointer ---------------------------------------------------------------------------------------------------------------
  at(e) {
    const box = this.stage.ui.canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  }
  down(e) {
    const { pin } = this.stage, here = pin && this.pixel(pin);
    if (e.button || !here || (e.target !== this.stage.ui.canvas && e.target !== this.knob)) return;
    const [x, y] = this.at(e);
    if (Math.hypot(x - here[0], y - here[1]) > (e.pointerType === "touch" ? TOUCH : REACH)) return;
    this.drag = { id: e.pointerId, x, y, panel: this.panel(pin.panel), clock: pin.clock, dx: here[0] - x, dy: here[1] - y, moved: false };
    this.stage.ui.canvas.setPointerCapture(e.pointerId);
    this.byHand = true;
    this.knob.focus({ preventScroll: true });
    this.byHand = false;
    e.preventDefault();
    e.stopPropagation();
  }
  move(e) {
    const d = this.drag;
    if (!d || e.pointerId !== d.id) return;
    e.stopPropagation();
    const [x, y] = this.at(e);
    if (!d.moved && Math.hypot(x - d.x, y - d.y) < 3) return;
    d.moved = true;
    this.set(this.under(d.panel, x + d.dx, y + d.dy, d.clock));
  }
  up(e) {
    const d = this.drag;
    if (!d || e.pointerId !== d.id) return;
    this.drag = null;
    e.stopPropagation();
    if (!d.moved) this.set(null);
  }

  // ---- the keyboard --------------------------------------------------------------------------------------------------------------
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
      if (x == null) clock -= side * by;
      else x += (side * (a.hi - a.lo) * by * b.hi) / a.hi;
    } else if (e.key === "Delete" || e.key === "Backspace") return e.preventDefault(), this.set(null);
    else return;
    e.preventDefault();
    e.stopPropagation();
    this.set(this.made(panel, clock, x, y));
  }

  /** The knob that keys and screen readers find stands where the pin is drawn. */
  place() {
    const { pin } = this.stage, here = pin && this.pixel(pin);
    this.knob.hidden = !here;
    this.word.hidden = !here || this.heard;
    if (!here) return;
    const { canvas, view } = this.stage.ui;
    if (!this.word.hidden) {
      const w = this.word.offsetWidth, h = this.word.offsetHeight, x = canvas.offsetLeft + here[0], y = canvas.offsetTop + here[1];
      const left = clamp(x + 12 + w > view.clientWidth - 4 ? x - 12 - w : x + 12, 4, Math.max(4, view.clientWidth - w - 4));
      this.word.style.transform = `translate(${left.toFixed(0)}px,${clamp(y - h / 2, 4, Math.max(4, view.clientHeight - h - 4)).toFixed(0)}px)`;
    }
    this.knob.style.transform = `translate(${(canvas.offsetLeft + here[0]).toFixed(1)}px,${(canvas.offsetTop + here[1]).toFixed(1)}px)`;
    const words = `${pin.a == null ? "" : `${String(pin.a)}, `}${String(pin.b)} at clock ${String(pin.clock)}`;
    this.knob.setAttribute("aria-valuetext", words);
    this.knob.setAttribute("aria-valuenow", String(pin.b));
  }
}
export { Pin };
