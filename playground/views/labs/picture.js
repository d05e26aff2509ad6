// A canvas that fills its box, at the device's scale.
import { el, penOf } from "../lib/dom.js";

/** @typedef {(ctx: CanvasRenderingContext2D, width: number, height: number) => void} Draw on an empty canvas, in CSS pixels */

/** Device pixels to a CSS pixel. */
export const deviceScale = () => window.devicePixelRatio || 1;

/** A canvas that is drawn anew when its box changes its size and when it is asked to. */
export class Picture {
  /** @type {Draw} */
  draw = () => {};

  /** @param {string} className @param {() => number} [scale] pixels of the canvas to a CSS pixel */
  constructor(className, scale = deviceScale) {
    this.canvas = el("canvas", { className });
    this.ctx = penOf(this.canvas);
    this.scale = scale;
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  /** What it shows, for who cannot see it. @param {string} words */
  say(words) {
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", words);
  }

  /** Shows this from now on. @param {Draw} draw */
  show(draw) {
    this.draw = draw;
    this.paint();
  }

  paint() {
    const { canvas, ctx } = this, { clientWidth: w, clientHeight: h } = canvas;
    if (!w || !h) return;
    const scale = this.scale(), width = Math.round(w * scale), height = Math.round(h * scale);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, w, h);
    this.draw(ctx, w, h);
  }
}
