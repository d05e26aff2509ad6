// How the page's clock is the clock of a run, and where it stands on the time bar. A stage alone: the clock is the run's own, and on the bar every step is
// as wide as the others. Stages beside each other share one clock (compare/clock.js).
import { time } from "../lib/time.js";

/** @typedef {import("./run.js").Clock} Clock */
/** Where the page's clock stands: 1 where a run begins to become data, 0 where all is done. @typedef {number} Hand */
/** A round value on the time bar. @typedef {{x: number, text: string}} Tick */

/** @typedef {object} Course
 * @property {import("./clock.js").Motion | null} motion  what the clock must know; null: nothing moves yet
 * @property {(hand: Hand) => Clock} own  the run's clock
 * @property {(own: Clock) => Hand} hand  the reverse; where several are right, the first of them
 * @property {(hand: Hand) => number} bar  the place on the time bar, 0 to 1 from left to right
 * @property {(at: number) => Hand} onBar  the reverse
 * @property {readonly number[]} marks  where the run's steps stand on the bar
 * @property {(room: number) => Tick[]} ticks  round values there, at least `room` apart
 * @property {(hand: Hand) => number} short  in as few digits as give the very same moment */

/** Before there is a run. @type {Course} */
export const STILL = { motion: null, own: (hand) => hand, hand: (own) => own, bar: (hand) => 1 - hand, onBar: (at) => 1 - at, marks: [], ticks: () => [], short: (hand) => Number(hand.toFixed(6)) };

/** Of a stage alone.
 * @param {import("./run.js").Run} run
 * @returns {Course} */
export function alone(run) {
  const { moments } = run, { grid } = moments, last = grid.length - 1;
  return {
    motion: run,
    own: (hand) => hand,
    hand: (own) => own,
    bar: (hand) => moments.barOf(hand),
    onBar: (at) => moments.clockOf(at),
    marks: Array.from(grid, (clock, j) => (run.forward ? 1 - clock : j / last)),
    ticks: (room) => time.ticks((u) => moments.timeAt(moments.clockOf(u)), 0, 1, room),
    short: (hand) => moments.short(hand),
  };
}
