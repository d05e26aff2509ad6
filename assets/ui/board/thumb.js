// Small pictures of cells: some of a run's last particles, a histogram of those on a line, or images.
import { penOf } from "../lib/dom.js";

/**
 * @typedef {{shape: number[], data: string}} Picture  as playground/sweeps/picture.py tells it
 * @typedef {import("../python.js").BoardHead["head"]["pictures"]} Axes
 */

const MARGIN = 0.12; // beside the exact points

/** @param {string} text base64 */
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Points as shares of their axes; those outside are left out. @param {Picture} picture @param {number} away @returns {number[][]} */
export function pointsOf({ shape, data }, away) {
  const raw = bytesOf(data), numbers = new Uint16Array(raw.buffer), [n, dim] = shape, out = [];
  for (let i = 0; i < n; i++) {
    const point = Array.from({ length: dim }, (_, k) => numbers[i * dim + k]);
    if (!point.includes(away)) out.push(point.map((x) => x / (away - 1)));
  }
  return out;
}

/** What of the axes is shown: where exact points are, and a margin. @param {Axes} axes @returns {[number, number][]} in shares of the axes */
export function windowOf({ truth, away }) {
  if (!truth || truth.shape.length !== 2) return [];
  const points = pointsOf(truth, away);
  return Array.from({ length: truth.shape[1] }, (_, k) => {
    const some = points.map((p) => p[k]), lo = Math.min(...some), hi = Math.max(...some), more = Math.max((hi - lo) * MARGIN, 0.01);
    return [Math.max(0, lo - more), Math.min(1, hi + more)];
  });
}

/** @param {HTMLCanvasElement} canvas @param {Picture | null | undefined} picture @param {Axes} axes @param {number} width @param {number} height in CSS pixels @param {string} colour */
export function draw(canvas, picture, axes, width, height, colour) {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = penOf(canvas);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  if (!picture) return;
  if (picture.shape.length === 4) return images(pen, picture, width, height);
  pen.fillStyle = colour;
  const shown = windowOf(axes), points = pointsOf(picture, axes.away);
  const seen = points.filter((p) => shown.every(([lo, hi], k) => p[k] >= lo && p[k] <= hi)).length;
  if (!seen && shown.length) return outside(pen, width, height);
  if (picture.shape[1] === 1) return bars(pen, points.map(([x]) => x), axes.names.length ? [0, 1] : shown[0] ?? [0, 1], axes.names.length || 24, width, height);
  const [[x0, x1], [y0, y1]] = shown, units = axes.ranges.map(([lo, hi]) => hi - lo);
  const fit = Math.min(width / ((x1 - x0) * units[0]), height / ((y1 - y0) * units[1])); // pixels a unit: shapes stay what they are
  const side = width > 100 ? 2 : 1.5;
  pen.globalAlpha = 0.85;
  for (const [x, y] of points) pen.fillRect(width / 2 + (x - (x0 + x1) / 2) * units[0] * fit - side / 2, height / 2 - (y - (y0 + y1) / 2) * units[1] * fit - side / 2, side, side);
}

/** An empty picture says why. @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height */
function outside(pen, width, height) {
  Object.assign(pen, { font: `11.5px ${getComputedStyle(pen.canvas).fontFamily}`, textAlign: "center", textBaseline: "middle" });
  pen.fillText("all outside", width / 2, height / 2, width - 4);
}

/** @param {CanvasRenderingContext2D} pen @param {number[]} xs @param {[number, number]} shown @param {number} count @param {number} width @param {number} height */
function bars(pen, xs, [lo, hi], count, width, height) {
  const heights = new Array(count).fill(0);
  for (const x of xs) if (x >= lo && x <= hi) heights[Math.min(count - 1, Math.floor(((x - lo) / (hi - lo)) * count))]++;
  const most = Math.max(1, ...heights), step = width / count;
  heights.forEach((h, i) => pen.fillRect(i * step + 0.5, height - 1 - ((height - 4) * h) / most, Math.max(1, step - 1), ((height - 4) * h) / most));
}

/** @param {CanvasRenderingContext2D} pen @param {Picture} picture @param {number} width @param {number} height */
function images(pen, { shape: [n, h, w, channels], data }, width, height) {
  const raw = bytesOf(data), sheet = document.createElement("canvas"), ink = penOf(sheet), { columns, side } = tiles(n, width, height), rows = Math.ceil(n / columns);
  Object.assign(sheet, { width: w, height: h });
  pen.imageSmoothingEnabled = false;
  for (let k = 0; k < n; k++) {
    const image = ink.createImageData(w, h);
    for (let i = 0; i < w * h; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = raw[(k * w * h + i) * channels + (channels === 3 ? c : 0)];
      image.data[4 * i + 3] = 255;
    }
    ink.putImageData(image, 0, 0);
    pen.drawImage(sheet, (width - columns * side) / 2 + (k % columns) * side, (height - rows * side) / 2 + Math.floor(k / columns) * side, side - 1, side - 1);
  }
}

/** The columns of n squares that are as large as can be. @param {number} n @param {number} width @param {number} height */
export function tiles(n, width, height) {
  let found = { columns: 1, side: 0 };
  for (let columns = 1; columns <= n; columns++) {
    const side = Math.min(width / columns, height / Math.ceil(n / columns));
    if (side > found.side) found = { columns, side };
  }
  return found;
}
