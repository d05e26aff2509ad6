// Steps of a grid and knots of a schedule, moved by a hand: strictly monotone always. Numbers only.
import { clamp } from "../../lib/numbers.js";

/** @typedef {[number, number]} Knot t, which rises, and log-SNR, which falls */

export const MOST_STEPS = 128, MOST_KNOTS = 64; // the latter: playground/schedules/drawn.py
const LEAST = 1e-4; // between two steps, of the clock
const T_LEAST = 1e-3, L_LEAST = 0.01, L_MOST = 40; // between two knots, playground/schedules/drawn.py

/** A number as the server writes it, so that a link that is opened says the same. @param {number} v @param {number} digits */
export const say = (v, digits) => {
  const n = Number(v.toPrecision(digits));
  return Number.isInteger(n) ? `${n}.0` : String(n);
};

/** What stays between two neighbours: a quarter of their distance where that is less. @param {number} a @param {number} b @param {number} least */
const gap = (a, b, least) => Math.min(least, Math.abs(a - b) / 4);

/** Step i at a clock, or as near as its neighbours let it. @param {number[]} steps clocks, which fall @param {number} i @param {number} clock */
export function moveStep(steps, i, clock) {
  const hi = i ? steps[i - 1] : 1, lo = i < steps.length - 1 ? steps[i + 1] : 0, between = gap(hi, lo, LEAST);
  steps[i] = clamp(clock, lo + between, i ? hi - between : 1);
}

/** Knot i at a time and level, or as near as its neighbours let it; the first and last keep their time. @param {Knot[]} knots @param {number} i @param {number} t @param {number} level */
export function moveKnot(knots, i, t, level) {
  const last = knots.length - 1;
  if (i && i < last) {
    const between = gap(knots[i - 1][0], knots[i + 1][0], T_LEAST);
    knots[i][0] = clamp(t, knots[i - 1][0] + between, knots[i + 1][0] - between);
  }
  const top = i ? knots[i - 1][1] : L_MOST, low = i < last ? knots[i + 1][1] : -L_MOST, between = gap(top, low, L_LEAST);
  knots[i][1] = clamp(level, i < last ? low + between : low, i ? top - between : top);
}

/** @param {number} clock */
const inside = (clock) => clock > LEAST && clock < 1;

/** Whether there is room for another one. @param {number[]} steps @param {number} clock */
export function insertStep(steps, clock) {
  if (!inside(clock) || steps.length >= MOST_STEPS) return false;
  const i = steps.findIndex((v) => v < clock);
  steps.splice(i < 0 ? steps.length : i, 0, clock);
  return true;
}

/** @param {Knot[]} knots @param {number} t @param {number} level */
export function insertKnot(knots, t, level) {
  if (!inside(t) || knots.length >= MOST_KNOTS) return false;
  knots.splice(knots.findIndex((k) => k[0] > t), 0, [t, level]);
  return true;
}

/** Whether step i may go; `least` are left. @param {number[]} steps @param {number} i @param {number} least */
export function removeStep(steps, i, least) {
  if (steps.length <= least) return false;
  steps.splice(i, 1);
  return true;
}

/** The ends of a schedule stay. @param {Knot[]} knots @param {number} i */
export function removeKnot(knots, i) {
  if (!i || i >= knots.length - 1) return false;
  knots.splice(i, 1);
  return true;
}
