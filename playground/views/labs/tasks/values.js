// What a sweep goes through. No DOM.
import { clamp } from "../../lib/numbers.js";

/** @typedef {import("../../python.js").LabHeaders["numbers"]["fields"][number]} Swept a number of the experiment: its path and bounds; with: what must be chosen for it */

export const FIRST = ["grid.steps", "guidance.weight"]; // come first in the list
/** @type {Record<string, [number, number]>} what they are swept over, unless a person says otherwise */
const OVER = { "grid.steps": [2, 40], "guidance.weight": [0, 4] };
/** @type {Record<string, string>} */
const WORDS = { "grid.steps": "steps", "guidance.weight": "guidance weight W" };

/** From where to where a number is swept at first. @param {Swept} swept */
export const over = ({ path, lo, hi }) => OVER[path] ?? [lo, hi];

/** Its word in the list. @param {Swept} swept */
export const wordOf = ({ path, word }) => WORDS[path] ?? (path.includes(".") ? `${path.split(".")[0]}: ${word}` : word);

/** @param {Swept[]} list */
export const ordered = (list) => {
  const order = (/** @type {Swept} */ { path }) => (FIRST.includes(path) ? FIRST.indexOf(path) : FIRST.length);
  return [...list].sort((a, b) => order(a) - order(b));
};

/**
 * So many values from a to b within its bounds, of steps at even ratios, of all else at even distances; each once.
 * @param {Swept} swept
 * @param {number} from
 * @param {number} to
 * @param {number} count
 */
export function valuesOf({ path, lo, hi, whole }, from, to, count) {
  const a = clamp(from, lo, hi), b = clamp(to, lo, hi), geometric = path === "grid.steps" && a > 0;
  const list = Array.from({ length: count }, (_, i) => (geometric ? a * (b / a) ** (i / (count - 1)) : a + ((b - a) * i) / (count - 1)));
  return [...new Set(list.map((v) => (whole ? Math.round(v) : Number(v.toPrecision(6)))))];
}
