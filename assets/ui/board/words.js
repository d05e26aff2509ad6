// Numbers of the board as people read them.
import { significant } from "../lib/numbers.js";
import { look, markPath } from "./scales.js";

/** @typedef {import("./lines.js").Value} Value */

/** A number with no more digits than it has. @param {number} x */
export const plain = (x) => (Number.isFinite(x) ? String(Number(x.toPrecision(4))) : "–");

/** A mean. @param {Value | null} value */
export const meanOf = (value) => (!value ? "" : value.mean === Infinity ? "diverged" : significant(value.mean));

/** Half of its interval, with "±"; "" where there is none. @param {Value | null} value */
export const halfOf = (value) => (value && Number.isFinite(value.high) && Number.isFinite(value.low) ? `±${significant((value.high - value.low) / 2, 2)}` : "");

/** Seconds that are left. @param {number} s */
export const leftOf = (s) => (!Number.isFinite(s) ? "" : s < 90 ? `${Math.ceil(s)} s left` : `${Math.ceil(s / 60)} min left`);

/** @param {number} n @param {string} one @param {string} [many] */
export const counted = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** Some of a list in words. @param {string[]} list @param {number} most */
export const some = (list, most) => (list.length <= most ? list.join(", ") : `${list.slice(0, most).join(", ")} and ${list.length - most} more`);

/** A piece of a method's line, as a picture for legends. @param {number} n which method @param {string} [other] a colour that is not its own */
export function swatch(n, other = "") {
  const { colour: own, dash, mark } = look(n), colour = other || own, dashes = dash ? ` stroke-dasharray="${dash}"` : "";
  return `<svg class="pg-b-swatch" viewBox="0 0 22 10" width="22" height="10" aria-hidden="true"><path d="M0 5H22" stroke="${colour}" stroke-width="1.8"${dashes}/><path d="${markPath(mark, 11, 5, 3)}" fill="${colour}"/></svg>`;
}
