// What is counted at a moment, and the exact numbers that it is held against.

/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./run.js").PacketArray} PacketArray */

/** Density of values[from … from + count) over equal bins from lo upwards.
 * @param {Float32Array} values
 * @param {number} from
 * @param {number} count
 * @param {number} lo
 * @param {number} hi
 * @param {number} bins */
export function histogram(values, from, count, lo, hi, bins) {
  const out = new Float32Array(bins), k = bins / (hi - lo);
  for (let n = from; n < from + count; n++) {
    const j = Math.floor((values[n] - lo) * k);
    if (j >= 0 && j < bins) out[j] += k / count;
  }
  return out;
}

/** Share of all particles that are at each symbol in a frame: of every particle, or of the members of a group.
 * @param {Run} run
 * @param {number} frame
 * @param {number} component
 * @param {number} symbols
 * @param {Uint32Array | null} members */
export function shares(run, frame, component, symbols, members = null) {
  const out = new Float32Array(symbols), from = run.at(frame, component), count = members ? members.length : run.count;
  for (let m = 0; m < count; m++) {
    const k = Math.round(run.z[from + (members ? members[m] : m)]);
    if (k >= 0 && k < symbols) out[k] += 1 / run.count;
  }
  return out;
}

/** p_t of each symbol at a place among the field frames (docs/packet.md: density, f4 (frames, symbols)).
 * @param {Pick<PacketArray, "shape" | "data">} array
 * @param {import("./run.js").Place} place */
export function lawAt({ shape: [frames, symbols], data }, { i, f }) {
  const near = i * symbols, far = Math.min(i + 1, frames - 1) * symbols;
  return Array.from({ length: symbols }, (_, k) => data[near + k] * (1 - f) + data[far + k] * f);
}
