// Twins: particles of two runs that have the same number, and so the same noise. How far they are apart, at a moment of each.

/** @typedef {import("../stage/run.js").Run} Run */
/** @typedef {Pick<import("../stage/run.js").Facts, "i" | "f">} Moment */
/** States of many particles at several moments, as a run has them. @typedef {Pick<Run, "z" | "frames" | "count"> & {at: (i: number, c: number) => number}} States */
/** Components of the two runs that are one: [of the first, of the second]. @typedef {[number, number][]} Pairs */

/** The components along the axes of a panel that both runs have, or why they cannot be laid over each other.
 * @param {Pick<Run, "panels" | "count">} a @param {Pick<Run, "panels" | "count">} b @param {string} id of the panel @returns {Pairs | string} */
export function pairsOf(a, b, id) {
  const own = a.panels.find((panel) => panel.id === id), other = b.panels.find((panel) => panel.id === id);
  if (!own || !other || !/^(plane|spacetime)$/.test(own.kind) || own.kind !== other.kind) return "these two have no plane in common";
  const axes = [[own.a, other.a], [own.b, other.b]].flatMap(([x, y]) => (x && y ? [/** @type {const} */ ([x, y])] : []));
  if (axes.some(([x, y]) => x.label !== y.label)) return "these two are shown in different coordinates";
  if (a.count !== b.count) return "these two have not as many particles";
  return axes.map(([x, y]) => [x.component, y.component]);
}

/** Where a component of particle n stands.
 * @param {States} run @param {Moment} moment @param {number} c @param {number} n */
export function valueOf(run, { i, f }, c, n) {
  const p = run.z[run.at(i, c) + n], q = run.z[run.at(Math.min(i + 1, run.frames - 1), c) + n];
  return p + (q - p) * f;
}

/** How far each particle is from its twin, and the mean of that; of as many as both have.
 * @param {States} a @param {Moment} at @param {States} b @param {Moment} then @param {Pairs} pairs @param {Float32Array} [out] */
export function apart(a, at, b, then, pairs, out = new Float32Array(Math.min(a.count, b.count))) {
  let sum = 0;
  for (let n = 0; n < out.length; n++) {
    let square = 0;
    for (const [c, d] of pairs) square += (valueOf(a, at, c, n) - valueOf(b, then, d, n)) ** 2;
    sum += out[n] = Math.sqrt(square);
  }
  return { lengths: out, mean: sum / out.length };
}

/** The class of a length among `classes` of equal width up to `most`. @param {number} length @param {number} most @param {number} classes */
export const classOf = (length, most, classes) => Math.min(classes - 1, Math.floor((classes * length) / (most || 1)));
