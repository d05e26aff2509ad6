// Numbers of the picture's geometry: from components to pixels and back, angles that close, which names of an axis have room.

/** @typedef {import("./panel.js").Axis} Axis */
/** From the top left corner of the picture. @typedef {import("../lib/draw.js").Rect} Rect */
/** From values to pixels: k · value + o. @typedef {{k: number, o: number}} Scale */

const TURN = 2 * Math.PI;

/** Where no component stands across, the clock does: noise at the left. @type {Axis} */
export const CLOCK = { component: -1, label: "clock", lo: 1, hi: 0 };

/** An axis from the left edge of a box to its right one.
 * @param {Axis} axis
 * @param {Rect} box
 * @returns {Scale} */
export function across({ lo, hi }, box) {
  const k = box.w / (hi - lo);
  return { k, o: box.x - lo * k };
}

/** An axis from the lower edge of a box to its upper one.
 * @param {Axis} axis
 * @param {Rect} box
 * @returns {Scale} */
export function upwards({ lo, hi }, box) {
  const k = -box.h / (hi - lo);
  return { k, o: box.y - hi * k };
}

/** The same with the lowest value on top.
 * @param {Axis} axis
 * @param {Rect} box
 * @returns {Scale} */
export function downwards({ lo, hi }, box) {
  const k = box.h / (hi - lo);
  return { k, o: box.y - lo * k };
}

/** The largest box of two axes in the middle of a rectangle; alike: they share one scale.
 * @param {Axis} a
 * @param {Axis} b
 * @param {Rect} free
 * @param {boolean} alike
 * @returns {Rect} */
export function fitted(a, b, free, alike) {
  const scale = Math.min(free.w / (a.hi - a.lo), free.h / (b.hi - b.lo));
  const w = alike ? scale * (a.hi - a.lo) : free.w, h = alike ? scale * (b.hi - b.lo) : free.h;
  return { x: free.x + (free.w - w) / 2, y: free.y + (free.h - h) / 2, w, h };
}

/** Are two components of one kind (x₁ and x₂, but not x and v)?
 * @param {Axis} a
 * @param {Axis} b */
export const alike = (a, b) => a.label[0] === b.label[0];

/** The shorter way around between two angles, from their difference.
 * @param {number} difference */
export const around = (difference) => difference - TURN * Math.round(difference / TURN);

/** An angle in [−π, π).
 * @param {number} value */
export const wrapped = (value) => value - TURN * Math.floor((value + Math.PI) / TURN);

/** The shorter way between two places of a picture whose opposite edges, `side` apart, are one.
 * @param {number} difference
 * @param {number} side */
export const acrossEdge = (difference, side) => difference - side * Math.round(difference / side);

/** Has name k of count its place, where every how manyth has one? The last has it always: it may be the mask.
 * @param {number} k
 * @param {number} count
 * @param {number} every */
export const named = (k, count, every) => k === count - 1 || (k % every === 0 && count - 1 - k >= every);
