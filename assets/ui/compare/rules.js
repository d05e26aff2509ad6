// What stages have in common, and how they stand beside each other.
import { equal } from "../form/query.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("../form/query.js").Grammar} Grammar */

/** What all stages share, always: the data, how many particles, which noise and how it is drawn, and whether they noise or sample. */
export const SHARED = ["data", "seed", "particles", "noise", "mode"];

/** Another stage's experiment after the selected one has changed from `was` to `now`: what is shared follows, and with `all` every change.
 * @param {Grammar} grammar @param {Query} was @param {Query} now @param {Query} other @param {boolean} all @returns {Query} */
export function follow(grammar, was, now, other, all) {
  const out = { ...other }, names = [...new Set([...Object.keys(was), ...Object.keys(now)])].filter((name) => was[name] !== now[name]);
  for (const name of names) {
    const [slot, ...inner] = name.split(".");
    if (!all && !SHARED.includes(name)) continue;
    if (inner.length && !grammar.declared(out, name)) continue; // a number of a choice that the other has not made
    if (!inner.length && grammar.top[slot]?.family) { // a whole choice, with its numbers
      for (const own of Object.keys(out)) if (own.startsWith(`${slot}.`)) delete out[own];
      for (const [own, value] of Object.entries(now)) if (own.startsWith(`${slot}.`)) out[own] = value;
    }
    if (name in now) out[name] = now[name];
    else delete out[name];
  }
  if (was.data !== now.data && out.model && !grammar.models(now.data ?? "").includes(out.model)) delete out.model;
  return out;
}

/** A link's further stages with what all share as the first has it. @param {Query} first @param {Query} other @returns {Query} */
export function shared(first, other) {
  const out = { ...other };
  for (const name of SHARED) {
    if (name in first) out[name] = first[name];
    else delete out[name];
  }
  return equal(out, other) ? other : out;
}

/** Which is the same one when the n-th is gone; the first in place of itself. @param {number} which @param {number} n */
export const after = (which, n) => (which === n ? 0 : which > n ? which - 1 : which);

/** How many columns give `count` pictures of this aspect (width over height) the largest size; words of `head` pixels stand above each.
 * @param {number} count @param {number} width @param {number} height @param {number} head @param {number} aspect */
export function columnsFor(count, width, height, head, aspect) {
  let best = 1, most = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns), size = Math.min(width / columns, Math.max(1, height / rows - head) * aspect);
    if (size > most * 1.001) [best, most] = [columns, size];
  }
  return best;
}
