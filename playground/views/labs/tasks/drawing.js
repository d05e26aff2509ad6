// A picture that is drawn.
import { el, penOf } from "../../lib/dom.js";
import { Painted } from "./painted.js";

export class Drawing extends Painted {
  /** @param {import("./lab.js").Tasks} lab @param {string} label */
  constructor(lab, label) {
    super(lab, label, "draw", { brush: "Paint in the chosen colour", clear: "An empty picture" });
    this.clear();
  }

  more() {
    this.palette = el("input", { className: "pg-task-ink", type: "color", value: "#ffffff", title: "Colour of the brush" });
    this.palette.setAttribute("aria-label", "colour of the brush");
    return [this.palette];
  }
  get ink() {
    const { palette } = this;
    return this.erases ? "#000" : !palette || palette.hidden ? "#fff" : palette.value;
  }
  touched() {
    this.filled = true;
    this.source = null;
  }
  wiped() {
    const pen = penOf(this.base);
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, this.base.width, this.base.height);
    this.filled = false;
    this.source = null;
  }

  /** @param {number[]} event */
  fit(event) {
    if (this.palette) this.palette.hidden = event[0] === 1;
    const other = super.fit(event);
    if (other) this.clear(); // a canvas of another size is transparent, which is white paper to the server
    return other;
  }
}
