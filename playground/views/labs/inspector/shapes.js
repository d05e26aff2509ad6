// What the pictures of this lab are drawn with.
import { roundValues } from "../axes.js";
import { channels } from "../colours.js";
import { el, penOf } from "../../lib/dom.js";
import { minus } from "./words.js";

/** @typedef {import("../../lib/draw.js").Theme} Theme */
/** @typedef {(value: number) => number} Scale from a value to CSS pixels */
/** @typedef {(ctx: CanvasRenderingContext2D, width: number, height: number, theme: Theme) => void} Draw a picture, in CSS pixels */
/** @typedef {{colour: string, width: number, dash?: number[] | null, fill?: string}} Stroke */

export const PAD = 10; // px, left and right of every picture

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
export function segment(ctx, x1, y1, x2, y2) {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

/** A line through (xs, ys); filled down to 0 if that is asked for. @param {CanvasRenderingContext2D} ctx @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys @param {Scale} X @param {Scale} Y @param {Stroke} stroke */
export function curve(ctx, xs, ys, X, Y, { colour, width, dash, fill }) {
  ctx.beginPath();
  for (let i = 0; i < xs.length; i++) ctx.lineTo(X(xs[i]), Y(ys[i]));
  ctx.setLineDash(dash || []);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
  ctx.setLineDash([]);
  if (!fill) return;
  ctx.lineTo(X(xs[xs.length - 1]), Y(0));
  ctx.lineTo(X(xs[0]), Y(0));
  ctx.fillStyle = fill;
  ctx.fill();
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} radius */
export function dot(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 7);
  ctx.fill();
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} reach */
export function cross(ctx, x, y, reach) {
  ctx.beginPath();
  for (const s of [-1, 1]) (ctx.moveTo(x - reach, y - reach * s), ctx.lineTo(x + reach, y + reach * s));
  ctx.stroke();
}

/** The axis under a picture. @param {CanvasRenderingContext2D} ctx @param {number} lo @param {number} hi @param {Scale} X @param {number} y @param {Theme} theme @param {string} [label] */
export function axis(ctx, lo, hi, X, y, theme, label) {
  ctx.fillStyle = theme.soft;
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.font = theme.small;
  ctx.textAlign = "center";
  ctx.beginPath();
  ctx.moveTo(X(lo), y + 0.5);
  ctx.lineTo(X(hi), y + 0.5);
  for (const v of roundValues(lo, hi)) {
    ctx.moveTo(X(v), y);
    ctx.lineTo(X(v), y + 3);
    ctx.fillText(minus(String(Number(v.toFixed(2)))), X(v), y + 14);
  }
  ctx.stroke();
  if (label) {
    ctx.textAlign = "right";
    ctx.fillText(label, X(hi), y - 4);
  }
}

/** A density over a plane as a picture: the first row below, the more opaque the higher. It is painted anew only in another colour. */
export class Heat {
  /** @param {import("../../lib/packet.js").PacketArray} array shares of the peak, (rows, columns) */
  constructor(array) {
    const [height, width] = array.shape;
    this.values = array.floats();
    this.canvas = el("canvas", { width, height });
    this.colour = "";
  }

  /** @param {string} colour */
  in(colour) {
    if (colour !== this.colour) this.paint((this.colour = colour));
    return this.canvas;
  }

  /** @param {string} colour */
  paint(colour) {
    const { width: columns, height: rows } = this.canvas, [r, g, b] = channels(colour);
    const ctx = penOf(this.canvas), image = ctx.createImageData(columns, rows);
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) {
      image.data.set([r, g, b, 235 * Math.pow(this.values[y * columns + x], 0.55)], 4 * ((rows - 1 - y) * columns + x));
    }
    ctx.putImageData(image, 0, 0);
  }
}
