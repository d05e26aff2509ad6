// Friction Γ and mass M of CLD: what is critical, and where they stand on a map with two logarithmic axes, on which Γ² = 4M is a straight line.
import { clamp } from "../../lib/numbers.js";
import { config } from "../../lib/start.js";

/** @typedef {[number, number]} Damped Γ and M */

/** From where to where the slider of one of CLD's numbers goes. @param {string} name @returns {readonly [lo: number, hi: number]} */
const range = (name) => {
  const { lo = 0, hi = 0 } = config.controls.find((c) => c.path === `process.${name}` && c.kind === "CLD") ?? {};
  return [lo, hi];
};
export const FRICTION = range("friction"), MASS = range("mass");
const NEAR = 7; // px within which the critical line holds the point

/** A number of this lab. @param {number} v */
export const say = (v) => Number(v.toPrecision(3)).toString();

/** The nearest exact point of Γ² = 4M inside the sliders. @param {number} g @returns {Damped} */
export const critical = (g) => {
  const m = clamp((g * g) / 4, ...MASS);
  return m === (g * g) / 4 ? [g, m] : [2 * Math.sqrt(m), m];
};

/** @param {number} g @param {number} m */
export const regime = (g, m) => (Math.abs(g * g - 4 * m) < 1e-9 ? "critically damped" : g * g > 4 * m ? "overdamped" : "underdamped");

/** @param {Damped} at @param {number} width @param {number} height @returns {[number, number]} px from the left and from the top */
export const pixelOf = ([g, m], width, height) => [
  (width * Math.log(g / FRICTION[0])) / Math.log(FRICTION[1] / FRICTION[0]),
  height - (height * Math.log(m / MASS[0])) / Math.log(MASS[1] / MASS[0]),
];

/** Γ and M at shares of the map from its left and its foot, in three digits; close to the critical line exactly on it. @param {number} u @param {number} v @param {number} width @param {number} height @returns {Damped} */
export function dampedAt(u, v, width, height) {
  const g = Number((FRICTION[0] * (FRICTION[1] / FRICTION[0]) ** u).toPrecision(3)), m = Number((MASS[0] * (MASS[1] / MASS[0]) ** v).toPrecision(3));
  const on = critical(g), y = pixelOf(on, width, height)[1];
  return on[0] === g && Math.abs(y - pixelOf([g, m], width, height)[1]) < NEAR ? on : [g, m];
}

/** A step of the arrow keys, as [Γ, M] in steps of 0.05 and 0.01. @param {Damped} at @param {number} dg @param {number} dm @returns {Damped} */
export const stepped = ([g, m], dg, dm) => [clamp(Number((g + 0.05 * dg).toFixed(6)), ...FRICTION), clamp(Number((m + 0.01 * dm).toFixed(6)), ...MASS)];
