// Numbers of this lab as words.
import { clamp } from "../../lib/numbers.js";
import { significant } from "../../lib/numbers.js";

export const EXACT = 1e-9; // errors below this are rounding

/** A time. @param {number} t */
export const timeWords = (t) => significant(t, 3);
/** An error. @param {number} v */
export const errorWords = (v) => significant(v, 2);

/**
 * How the numbers of one column are written: with as many decimals as the largest needs for three digits.
 * @param {number} largest
 * @returns {(v: number) => string}
 */
export const column = (largest) => {
  const digits = clamp(2 - Math.floor(Math.log10(Math.max(largest, 1e-12))), 1, 8);
  return (v) => (digits > 6 ? errorWords(v) : v.toFixed(digits)).replace(/^-(0\.?0*)$/, "$1").replace(/^-/, "−");
};
