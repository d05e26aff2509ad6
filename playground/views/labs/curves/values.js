// Values over x = 1 − clock: put in order, read between their points, given room. Numbers only.
import { clamp } from "../../lib/numbers.js";

/** @typedef {import("./series.js").Values} Values */
/** @typedef {import("./series.js").Range} Range */

const AIR = 0.07; // of a range, above and below
const EPS = 1e-6; // of x: places closer than this are one

/** Left to right. @param {ArrayLike<number>} clocks */
export const fromNoise = (clocks) => Array.from(clocks, (c) => 1 - c);

/** What is no number becomes a gap. @param {ArrayLike<number>} values @returns {Values} */
export const finite = (values) => Array.from(values, (v) => (Number.isFinite(v) ? v : null));

/** The order in which x rises. @param {number[]} x */
export const risingOrder = (x) => Array.from(x.keys()).sort((i, j) => x[i] - x[j]);

/** @template T @param {ArrayLike<T>} values @param {number[]} order @returns {T[]} */
export const inOrder = (values, order) => order.map((i) => values[i]);

/**
 * The smallest range of whole multiples of `unit` that holds `least` and the values, and a little air: one range for most runs, so that axes rest.
 * @param {Values} values
 * @param {Range} least
 * @param {number} unit
 * @param {number} [limit] what is larger leaves the frame
 * @returns {Range}
 */
export const roomy = (values, least, unit, limit = Infinity) => {
  let [lo, hi] = least;
  for (const v of values) if (v != null && Math.abs(v) <= limit) (lo = Math.min(lo, v)), (hi = Math.max(hi, v));
  lo = Math.floor(lo / unit + 0.05) * unit;
  hi = Math.ceil(hi / unit - 0.05) * unit;
  return [lo - AIR * (hi - lo), hi + AIR * (hi - lo)];
};

/** The exponents of distances that can be told from 0. @param {Values} values */
export const exponents = (values) => values.filter((v) => v != null && v > 1e-3).map((v) => Math.log10(Number(v)));

/** Linear interpolation; x rises; NaN outside. @param {number[]} x @param {Values} y @param {number} at */
export const interpolate = (x, y, at) => {
  const n = x.length;
  if (!n || at < x[0] - EPS || at > x[n - 1] + EPS) return NaN;
  let lo = 0, hi = n - 1;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (x[mid] <= at) lo = mid;
    else hi = mid;
  }
  const a = y[lo], b = y[hi];
  if (a == null || b == null) return a ?? b ?? NaN;
  const w = hi > lo && x[hi] > x[lo] ? clamp((at - x[lo]) / (x[hi] - x[lo]), 0, 1) : 0;
  return a + (b - a) * w;
};

/** Of values that stand still between their points: the last one that was reached; "hv": towards the data, else towards noise. @param {number[]} x @param {Values} y @param {number} at @param {import("./series.js").Shape} shape */
export const heldAt = (x, y, at, shape) => {
  const n = x.length;
  if (!n || at < x[0] - EPS || at > x[n - 1] + EPS) return NaN;
  let i = shape === "hv" ? n - 1 : 0;
  if (shape === "hv") while (i > 0 && x[i] > at + EPS) i--;
  else while (i < n - 1 && x[i] < at - EPS) i++;
  return y[i] ?? NaN;
};

/** A value of a curve of this shape. @param {number[]} x @param {Values} y @param {number} at @param {import("./series.js").Shape} [shape] */
export const valueAt = (x, y, at, shape) => (shape ? heldAt(x, y, at, shape) : interpolate(x, y, at));
