// What a hand may do to a mixture: it stays whole, its weights sum to one. No DOM.
import { mixture } from "../../lib/mixture.js";
import { clamp } from "../../lib/numbers.js";

/** @typedef {NonNullable<ReturnType<typeof mixture.decode>>} Mixture */
/** @typedef {Mixture["parts"][number]} Part a Gaussian: w weight, m centre, axes standard deviations, angle of the first axis (anticlockwise from the right), label class */

const AXES = [0.12, 0.6]; // of a new component: those of the one beside it, within these

/**
 * @param {Mixture} mix
 * @returns {Mixture}
 */
export const copy = (mix) => ({ dim: mix.dim, parts: mix.parts.map((p) => ({ ...p, m: [...p.m], axes: [...p.axes] })) });

/**
 * An axis as long as a link can say.
 * @param {number} value
 */
export const axis = (value) => clamp(value, mixture.LEAST_AXIS, mixture.LIMIT);

/**
 * Gives a component a weight; the others keep their proportions, and each its least.
 * @param {Part[]} parts at least two
 * @param {Part} part
 * @param {number} value
 */
export function weigh(parts, part, value) {
  const w = clamp(value, mixture.LEAST_WEIGHT, 1 - mixture.LEAST_WEIGHT * (parts.length - 1)), rest = (1 - w) / (1 - part.w);
  for (const p of parts) p.w = p === part ? w : p.w * rest;
}

/**
 * Adds a component at m with the shape of the one nearest to it. All have their share of its weight, 1/n.
 * @param {Part[]} parts
 * @param {number[]} m
 */
export function add(parts, m) {
  const far = (/** @type {Part} */ p) => Math.hypot(...p.m.map((v, i) => v - m[i]));
  const near = parts.reduce((a, b) => (far(b) < far(a) ? b : a)), w = 1 / (parts.length + 1);
  for (const p of parts) p.w *= 1 - w;
  parts.push({ w, m: [...m], axes: near.axes.map((a) => clamp(a, AXES[0], AXES[1])), angle: near.angle, label: near.label });
}

/**
 * Takes a component away; what remains sums to one again.
 * @param {Part[]} parts at least two
 * @param {number} index
 */
export function remove(parts, index) {
  parts.splice(index, 1);
  const total = parts.reduce((sum, p) => sum + p.w, 0);
  for (const p of parts) p.w /= total;
}

/**
 * What the key of an arrow moves a centre by; null for any other key.
 * @param {string} key
 * @param {number} by
 * @returns {[right: number, up: number] | null}
 */
export function arrow(key, by) {
  switch (key) {
    case "ArrowLeft": return [-by, 0];
    case "ArrowRight": return [by, 0];
    case "ArrowUp": return [0, by];
    case "ArrowDown": return [0, -by];
    default: return null;
  }
}
