// The error budget as a waterfall: where each bar begins and ends, and how far the axis goes. Numbers only.

/** @typedef {import("./packets.js").Budget} Budget */
/** @typedef {{name: string, word: string, role: string, tip: string, none?: string}} Change what is made real in a row; none: why it may be nothing */
/** @typedef {Change & {part: import("./packets.js").Part | null, from: number, to: number}} Bar part: null where it is nothing at all */

/** @type {Change[]} */
export const CHANGES = [
  { name: "stop", word: "early stop", role: "data",
    tip: "p_stop against p_0: the exact flow to the run's last time, everything else switched off.", none: "none: the run ends at t = 0" },
  { name: "steps", word: "discretisation", role: "sampler",
    tip: "The sampler's own steps from the exact p_T with the exact score, against the exact reversal." },
  { name: "score", word: "score error", role: "learned",
    tip: "The run's model (guided or learned) in place of the exact score, from the exact p_T.", none: "none: the score is exact" },
  { name: "prior", word: "prior mismatch", role: "noise",
    tip: "The run's own start in place of the exact p_T, carried through the same steps: what the sampler forgets does not count." },
];

/** The bars from exact to real: each begins where the one before ends. @param {Budget["parts"]} parts @returns {Bar[]} */
export function barsOf(parts) {
  const known = new Map(parts.map((p) => [p.name, p]));
  let sum = 0;
  return CHANGES.map((change) => {
    const p = known.get(change.name), from = sum;
    sum += p?.share ?? 0;
    return { ...change, part: p && (p.share !== 0 || p.se !== 0) ? p : null, from, to: sum };
  });
}

/** [low, top] of the axis. @param {Budget} h @param {Bar[]} bars */
export function rangeOf(h, bars) {
  const ends = bars.flatMap((r) => [r.from, r.to]);
  let top = Math.max(...ends, h.total, 0) + Math.max(h.total_se, 0), low = Math.min(0, ...ends);
  // the floor is drawn where it does not squeeze the bars to nothing
  if (h.floor < 2.5 * top) top = Math.max(top, h.floor);
  if (h.direct < 2.5 * top) top = Math.max(top, h.direct);
  if (!(top > 0)) top = 1e-9;
  low -= low < 0 ? 0.04 * (top - low) : 0;
  top += 0.04 * (top - low);
  return [low, top];
}
