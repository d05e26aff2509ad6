// What this lab says of an image.
import { significant } from "../../lib/numbers.js";

/** A root mean square per pixel. @param {number} v */
export const rmsWords = (v) => significant(v, 2);

/** The images among which the nearest was looked for. @param {number} count @param {number} kind their class; below 0: of all classes */
export const poolWords = (count, kind) => `${count.toLocaleString("en")} training images${kind < 0 ? "" : ` of class ${kind}`}`;

/** Whether x̂_0 is a training image, as HTML. @param {number} far from the nearest of them @param {number} close what would count @param {string} pool */
export const verdict = (far, close, pool) => far < close
  ? `<b class="pg-free-memorised">memorised</b>: x̂₀ is ${rmsWords(far)} from the nearest of ${pool}, closer than ${rmsWords(close)}.`
  : `Not memorised here: x̂₀ is ${rmsWords(far)} from the nearest of ${pool}; closer than ${rmsWords(close)} would count.`;
