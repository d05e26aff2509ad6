// What is said of a task, in words. No DOM.
import { say } from "./controls.js";

/** @typedef {import("../../python.js").TaskDone} TaskDone */
/** @typedef {import("../../python.js").TaskStep} TaskStep */

const SOON = 0.7; // seconds: what ends sooner needs no word of it
const EARLY = 0.05; // of a task: before it nothing is known of how long it takes

/**
 * How far a task is. Not for a picture that is there already.
 * @param {TaskStep} step
 * @param {number} spent  seconds since it began
 */
export function progress({ word, step, steps, done = 0 }, spent) {
  const left = done > EARLY ? (spent / done) * (1 - done) : 0;
  return [word, `step ${step} of ${steps}`, left > SOON ? `about ${Math.ceil(left)} s left` : ""].filter(Boolean).join(" · ");
}

/** @param {TaskDone} done */
export const spentOn = ({ calls, asked, ms }) => `${calls.toLocaleString("en")} model calls${asked ? ` and ${asked} for the last x̂₀` : ""}, ${(ms / 1000).toFixed(1)} s`;

/** RePaint's variants beside the exact law, in one sentence. @param {NonNullable<TaskDone["exact"]>} exact */
export const besideExact = ({ draws, mean, floor, spread, exact }) =>
  `Mean of ${draws === 1 ? "one variant" : `the ${draws} variants`}: ${say(mean)} from the exact mean (RMS of the painted pixels), where ${draws === 1 ? "one exact draw has" : `${draws} exact draws have`} ${say(floor)} on average`
  + (spread == null ? "." : `; spread ${say(spread)}, exactly ${say(exact)}.`);

/** @param {number[]} ends  RMS of a pixel between the pictures and what they become */
export const besideGiven = (ends) =>
  `λ 0 and 1 are the two pictures encoded and decoded, ${ends.map(say).join(" and ")} (RMS of a pixel) from those that were given: inversion is exact only as the steps grow in number.`;
