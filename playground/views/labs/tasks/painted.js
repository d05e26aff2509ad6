// A picture with a brush: what a mask and a drawing have in common.
import { penOf } from "../../lib/dom.js";
import { Canvas, FINE } from "./canvas.js";
import { Slider, button, group } from "./controls.js";

/** @typedef {[x: number, y: number]} Point of the canvas */

export class Painted extends Canvas {
  erases = false;
  /** @type {Point | null} where the stroke has come to */
  from = null;

  /**
   * @param {import("./lab.js").Tasks} lab
   * @param {string} label
   * @param {string} kind
   * @param {{brush: string, clear: string}} titles
   */
  constructor(lab, label, kind, titles) {
    super(lab, label, kind);
    const erase = (/** @type {boolean} */ on) => {
      this.erases = on;
      brush.setAttribute("aria-pressed", String(!on));
      rubber.setAttribute("aria-pressed", String(on));
    };
    const brush = button("brush", titles.brush, () => erase(false));
    const rubber = button("eraser", "Take paint away", () => erase(true));
    const choice = group();
    choice.append(brush, rubber);
    erase(false);
    this.size = new Slider("brush", "Width of the brush in pixels of the model", { lo: 1, hi: 12, step: 0.5, value: 3 }, () => {}, (v) => `${v} px`);
    this.box.append(this.size.row);
    this.tools.prepend(choice, button("clear", titles.clear, () => this.clear()), ...this.more());
    this.pad.addEventListener("pointerdown", (e) => {
      if (e.button) return;
      this.pad.setPointerCapture(e.pointerId);
      this.from = this._at(e);
      this.stroke(this.from, this.from);
      e.preventDefault();
    });
    this.pad.addEventListener("pointermove", (e) => {
      if (!this.from) return;
      for (const one of e.getCoalescedEvents?.() ?? [e]) this.stroke(this.from, (this.from = this._at(one)));
    });
    for (const end of ["pointerup", "pointercancel"]) this.pad.addEventListener(end, () => (this.from = null));
  }

  /** @param {PointerEvent} e @returns {Point} */
  _at(e) {
    const { x, y, width, height } = this.over.getBoundingClientRect();
    return [((e.clientX - x) / width) * this.over.width, ((e.clientY - y) / height) * this.over.height];
  }

  // ---- what is another one in a mask and in a drawing ----
  /** Tools of its own. @returns {HTMLElement[]} */
  more() {
    return [];
  }
  /** The canvas that is painted. */
  get paper() {
    return this.base;
  }
  /** Colour of the brush, or of the eraser. */
  get ink() {
    return "#fff";
  }
  /** Of the eraser, if it takes away what lies over a picture. @returns {GlobalCompositeOperation} */
  get mode() {
    return "source-over";
  }
  /** It was painted on. */
  touched() {}
  /** Nothing is painted any more. */
  wiped() {}

  /** @param {Point} from @param {Point} to */
  stroke([x0, y0], [x1, y1]) {
    const pen = penOf(this.paper);
    pen.globalCompositeOperation = this.mode;
    pen.strokeStyle = this.ink;
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = this.size.value * FINE;
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1 + 0.01, y1);
    pen.stroke();
    pen.globalCompositeOperation = "source-over";
    this.touched();
    this.lab.ready();
  }

  clear() {
    penOf(this.paper).clearRect(0, 0, this.paper.width, this.paper.height);
    this.wiped();
    this.lab.ready();
  }
}
