// Thumbnails of choices: points of a distribution, its density or table, a curve, a grid of times. Python sends them as bytes.
import { el, penOf } from "../lib/dom.js";
import { theme } from "../lib/start.js";

/** @typedef {import("./picker.js").Choice} Choice */
/** @typedef {{kind: string, data: Uint8Array}} Drawing kind: points, density, bars, dots or curve; data: values from 0 to 255 */

/** @param {string} text */
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
/** @param {string} name */
const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim() || "#0072B2";
/** @type {Set<HTMLCanvasElement>} */
const thumbs = new Set();
/** @type {WeakMap<Element, Drawing>} */
const drawings = new WeakMap();

/** @param {HTMLCanvasElement} canvas */
function draw(canvas) {
  const r = canvas.getBoundingClientRect(), drawing = drawings.get(canvas);
  if (!r.width || !drawing) return;
  const { kind, data } = drawing;
  const d = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = Math.round(r.width * d);
  canvas.height = Math.round(r.height * d);
  const g = penOf(canvas), w = canvas.width, h = canvas.height, pad = 3 * d;
  const X = (/** @type {number} */ v) => pad + (v / 255) * (w - 2 * pad), Y = (/** @type {number} */ v) => h - pad - (v / 255) * (h - 2 * pad);
  g.fillStyle = g.strokeStyle = colour(["points", "density", "bars"].includes(kind) ? "--pg-data" : kind === "dots" ? "--pg-sampler" : "--pg-exact");
  if (kind === "points") {
    const side = Math.min(w, h), dx = (w - side) / 2, dy = (h - side) / 2, size = 1.15 * d;
    g.globalAlpha = 0.6;
    for (let i = 0; i < data.length; i += 2) {
      g.fillRect(dx + pad + (data[i] / 255) * (side - 2 * pad) - size / 2, dy + side - pad - (data[i + 1] / 255) * (side - 2 * pad) - size / 2, size, size);
    }
  } else if (kind === "bars") {
    const wide = (w - 2 * pad) / data.length;
    g.globalAlpha = 0.75;
    data.forEach((v, i) => g.fillRect(pad + i * wide, Y(v), Math.max(1, wide - d), h - pad - Y(v)));
  } else if (kind === "dots") {
    g.globalAlpha = 0.35;
    g.fillRect(pad, h / 2 - d / 2, w - 2 * pad, d);
    g.globalAlpha = 1;
    for (const v of data) {
      g.beginPath();
      g.arc(X(v), h / 2, 1.5 * d, 0, 7);
      g.fill();
    }
  } else {
    g.beginPath();
    data.forEach((v, i) => g[i ? "lineTo" : "moveTo"](X((255 * i) / (data.length - 1)), Y(v)));
    g.lineWidth = 1.3 * d;
    g.lineJoin = "round";
    g.stroke();
    if (kind === "density") {
      g.lineTo(w - pad, h - pad);
      g.lineTo(pad, h - pad);
      g.globalAlpha = 0.22;
      g.fill();
    }
  }
}
const redraw = () => {
  for (const canvas of thumbs) {
    if (canvas.isConnected) draw(canvas);
    else thumbs.delete(canvas);
  }
};
theme.on(() => requestAnimationFrame(redraw));
const resized = new ResizeObserver((entries) => entries.forEach((e) => draw(/** @type {HTMLCanvasElement} */ (e.target))));

/** The picture of a choice; null of one that has none. @param {Choice} choice */
export function thumb(choice, className = "pg-thumb") {
  if (!choice.thumb) return null;
  const canvas = el("canvas", { className });
  canvas.setAttribute("aria-hidden", "true");
  thumbs.add(canvas);
  drawings.set(canvas, { kind: choice.kind, data: bytes(choice.thumb) });
  resized.observe(canvas);
  return canvas;
}
