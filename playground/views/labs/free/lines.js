// Differences from the run's x̂_0 over the states of the run, as lines over decades. Numbers and SVG only.
import { clamp } from "../../lib/numbers.js";
import { decades, power, timeEnds } from "../axes.js";

/** @typedef {{kind: string, values: number[]}} Line of a denoiser: root mean squares, one a state */

const MARGIN = { l: 42, r: 12, t: 8, b: 20 };
const LEAST = 1e-4; // per pixel, of a range of two: no axis goes below; what does is drawn on its edge, and the edge says so

/** The root mean square over images at each state. @param {ArrayLike<number>} rms of every state and image @param {number[]} shape states, images */
export const overImages = (rms, [states, images]) => Array.from({ length: states }, (_, i) => {
  let sum = 0;
  for (let n = 0; n < images; n++) sum += rms[i * images + n] ** 2;
  return Math.sqrt(sum / images);
});

/** The number of the last state that was reached at a clock: clocks fall. @param {ArrayLike<number>} clocks @param {number} clock */
export function stateAt(clocks, clock) {
  let i = 0;
  while (i + 1 < clocks.length && clocks[i + 1] >= clock - 1e-6) i++;
  return i;
}

/** Where a clock stands. @param {number} clock @param {number} width */
export const across = (clock, width) => MARGIN.l + (width - MARGIN.l - MARGIN.r) * (1 - clock);
/** The clock there. @param {number} x @param {number} width */
export const clockAt = (x, width) => clamp(1 - (x - MARGIN.l) / (width - MARGIN.l - MARGIN.r), 0, 1);

/** The decades [bottom, top] of the axis. @param {Line[]} lines @returns {[number, number]} */
export function decadesOf(lines) {
  const values = lines.flatMap((l) => l.values).filter((v) => v > LEAST);
  const top = Math.ceil(Math.log10(Math.max(0.1, ...values)) - 1e-9);
  return [Math.min(top - 1, Math.floor(Math.log10(Math.max(LEAST, Math.min(1, ...values))) + 1e-9)), top];
}

/** The chart. @param {Line[]} lines @param {ArrayLike<number>} clocks of the states @param {number} width @param {number} height */
export function chart(lines, clocks, width, height) {
  const [bottom, top] = decadesOf(lines), right = width - MARGIN.r, tall = height - MARGIN.t - MARGIN.b, least = 10 ** bottom;
  /** @param {number} exponent */
  const Y = (exponent) => MARGIN.t + (tall * (top - exponent)) / (top - bottom);
  const grid = decades({ left: MARGIN.l, right, bottom, top, y: Y, gap: 6 });
  const paths = lines.map(({ kind, values }) => {
    const d = values.map((v, i) => `${i ? "L" : "M"}${across(clocks[i], width).toFixed(1)} ${Y(Math.log10(Math.max(v, least))).toFixed(1)}`).join("");
    return `<path class="pg-free-${kind}" d="${d}"/>`;
  });
  const edge = lines.some((l) => l.values.some((v) => v < least * 0.999))
    ? `<text x="${right}" y="${(MARGIN.t + tall - 4).toFixed(1)}" text-anchor="end">on the edge: ≤ ${power(bottom)}</text>` : "";
  return `<svg viewBox="0 0 ${width} ${height}">${grid}${paths.join("")}${edge}${timeEnds(MARGIN.l, right, height - 5)}</svg>`;
}
