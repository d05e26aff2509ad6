// The map's colours: the same for every sampler, so that pictures can be compared. Numbers only.
import { blended } from "../colours.js";
import { clamp } from "../../lib/numbers.js";

/** @typedef {import("../colours.js").Channels} Channels */
/** @typedef {{panel: Channels, sampler: Channels, exact: Channels}} Palette */

export const LOW = -5, HIGH = 0; // decades of the colours
export const PALE = /** @type {const} */ ([1e-4, 1e-2]); // p_t over its peak: below the first hardly any particle comes by
const KNEE = 0.7; // share of the colours up to the sampler's own, from there to ink

/** From 0, no error to be seen, to 1. @param {number} error */
export const share = (error) => clamp((Math.log10(Math.max(error, 1e-12)) - LOW) / (HIGH - LOW), 0, 1);
/** How much is seen of a place where p_t is this share of its peak. @param {number} density */
export const seen = (density) => 0.2 + 0.8 * clamp(Math.log(density / PALE[0]) / Math.log(PALE[1] / PALE[0]), 0, 1);

/** @param {number} error @param {number} density @param {Palette} palette @returns {Channels} */
export function tone(error, density, { panel, sampler, exact }) {
  const u = share(error);
  return blended(panel, u < KNEE ? blended(panel, sampler, u / KNEE) : blended(sampler, exact, (u - KNEE) / (1 - KNEE)), seen(density));
}

/** Which step a place of the map belongs to: the steps' edges are clocks that fall; u goes from 0 on the left, noise, to 1. @param {ArrayLike<number>} edges @param {number} u */
export function stepUnder(edges, u) {
  let step = 0;
  while (step < edges.length - 2 && 1 - edges[step + 1] <= u) step++;
  return step;
}
