// The errors of all steps as a chart: the median of each with a band from 10 to 90 %, over decades. Numbers and SVG only.
import { decades, timeEnds } from "../axes.js";
import { clamp } from "../../lib/numbers.js";

/** @typedef {{from: ArrayLike<number>, to: ArrayLike<number>, low: Float32Array, median: Float32Array, high: Float32Array, spread: Float32Array | null}} Errors
 * of every step: clocks at which it begins and ends, quantiles of its error, error of its covariance (null where it draws nothing) */

export const MARGIN = { l: 34, r: 10, t: 6, b: 18 };
const MOST = 6; // decades that the chart shows

/** The decades [bottom, top] that hold what is to be seen. @param {Errors} errors @returns {[number, number]} */
export function decadesOf({ median, high, spread }) {
  const seen = [...median, ...high, ...(spread ?? [])].filter((v) => v > 1e-12).map(Math.log10);
  if (!seen.length) return [-1, 0];
  const top = Math.ceil(Math.max(...seen) - 0.02);
  return [Math.max(top - MOST, Math.min(top - 1, Math.floor(Math.min(...seen)))), top];
}

/** Where a clock stands. @param {number} clock @param {number} width */
export const across = (clock, width) => MARGIN.l + (width - MARGIN.l - MARGIN.r) * (1 - clock);
/** The clock there. @param {number} x @param {number} width */
export const clockAt = (x, width) => 1 - clamp((x - MARGIN.l) / (width - MARGIN.l - MARGIN.r), 0, 1);

/** The chart. @param {Errors} errors @param {number} width @param {number} height */
export function chart(errors, width, height) {
  const { from, to, low, median, high, spread } = errors, [bottom, top] = decadesOf(errors);
  const right = width - MARGIN.r, tall = height - MARGIN.t - MARGIN.b;
  /** @param {number} v */
  const Y = (v) => MARGIN.t + tall * clamp((top - Math.log10(Math.max(v, 1e-30))) / (top - bottom), 0, 1);
  const band = [], path = [], other = [];
  for (let i = 0; i < median.length; i++) {
    const a = across(from[i], width).toFixed(1), b = across(i + 1 < median.length ? from[i + 1] : to[i], width).toFixed(1);
    band.push(`<rect class="band" x="${a}" y="${Y(high[i]).toFixed(1)}" width="${Math.max(0.5, Number(b) - Number(a))}" height="${Math.max(0, Y(low[i]) - Y(high[i])).toFixed(1)}"/>`);
    path.push(`${i ? "L" : "M"}${a} ${Y(median[i]).toFixed(1)}H${b}`);
    if (spread) other.push(`${i ? "L" : "M"}${a} ${Y(spread[i]).toFixed(1)}H${b}`);
  }
  const grid = decades({ left: MARGIN.l, right, bottom, top, y: (n) => MARGIN.t + (tall * (top - n)) / (top - bottom), gap: 5 });
  const lines = [...band, `<path class="mean" d="${path.join("")}"/>`, ...(spread ? [`<path class="spread" d="${other.join("")}"/>`] : [])].join("");
  return `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${grid}${lines}${timeEnds(MARGIN.l, right, height - 4)}</svg>`;
}
