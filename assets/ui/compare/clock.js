// One clock for several runs. It tells the process's time, steps, model calls or computed milliseconds: each run is shown where it is after so much of
// it, and one that is done waits. In calls it is a race in which guidance and Heun visibly pay double.
import { ticks } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";
import { config } from "../lib/start.js";
import { time } from "../lib/time.js";

/** @typedef {import("../stage/run.js").Moments} Moments */
/** @typedef {import("../stage/course.js").Course} Course */
/** @typedef {import("../stage/course.js").Hand} Hand */
/** What must be known of a run.
 * @typedef {{start: number, end: number, forward: boolean, moments: Moments, pace: (clock: number) => number, header: Pick<import("../python.js").RunHeader, "compute_ms">}} Runner */

/** What the clock counts; its words come from Python. @typedef {"time" | "steps" | "calls" | "ms"} Unit */

/** What a run has spent when each of its steps is done, from before the first one on; NaN-free and never falling.
 * @param {Exclude<Unit, "time">} unit @param {Pick<Runner, "moments" | "header">} run @returns {Float64Array} */
export function spent(unit, { moments, header }) {
  const { steps, gridCalls } = moments, calls = gridCalls && Number(gridCalls[steps]);
  const out = Float64Array.from({ length: steps + 1 }, (_, j) => j);
  if (unit === "steps") return out;
  if (unit === "calls") return calls && gridCalls ? out.map((j) => gridCalls[j]) : out.fill(0);
  return out.map((j) => header.compute_ms * (calls && gridCalls ? gridCalls[j] / calls : j / steps));
}

export class Race {
  /** @param {Runner[]} runs in the order of their stages @param {Unit} unit noising has only its time @param {number} [lead] whose pace is played in process time */
  constructor(runs, unit, lead = 0) {
    this.runs = runs;
    this.forward = runs.some((run) => run.forward);
    /** @type {Unit} */
    this.unit = this.forward ? "time" : unit;
    this.tables = this.unit === "time" ? [] : runs.map((run) => spent(/** @type {Exclude<Unit, "time">} */ (this.unit), run));
    /** What the dearest run spends. */
    this.most = Math.max(...this.tables.map((table) => table[table.length - 1]), 0) || 1;
    this.lead = lead;
  }

  /** What the clock tells, of counted units. @param {Hand} hand */
  value(hand) { return (1 - hand) * this.most; }
  /** @param {number} value @returns {Hand} */
  hand(value) { return clamp(1 - value / this.most, 0, 1); }

  /** The clock of run n. @param {number} n @param {Hand} hand */
  own(n, hand) {
    const { start, end, moments: { grid } } = this.runs[n], table = this.tables[n];
    if (!table) return clamp(hand, Math.min(start, end), Math.max(start, end));
    const value = this.value(hand) + 1e-9 * this.most, last = table.length - 1;
    let j = 0;
    while (j < last && table[j + 1] <= value) j++;
    return j === last ? grid[last] : grid[j] + (grid[j + 1] - grid[j]) * clamp((value - 1e-9 * this.most - table[j]) / (table[j + 1] - table[j]), 0, 1);
  }

  /** Where the page's clock first stands when run n stands at a clock of its own. @param {number} n @param {number} own @returns {Hand} */
  handOf(n, own) {
    const { moments } = this.runs[n], table = this.tables[n];
    if (!table) return clamp(own, 0, 1);
    const at = moments.barOf(own) * (table.length - 1), j = Math.min(table.length - 2, Math.floor(at + 1e-9));
    return j < 0 ? 1 : this.hand(table[j] + (table[j + 1] - table[j]) * clamp(at - j, 0, 1));
  }

  /** What plays. @returns {import("../stage/clock.js").Motion} */
  get motion() {
    const { runs, forward, tables } = this;
    if (!tables.length) {
      const starts = runs.map((run) => run.start), ends = runs.map((run) => run.end), [first, last] = forward ? [Math.min, Math.max] : [Math.max, Math.min];
      return { start: first(...starts), end: last(...ends), forward, stops: stopsOf(runs.flatMap((run) => Array.from(run.moments.clock))), pace: (hand) => runs[this.lead].pace(hand) };
    }
    return { start: 1, end: 0, forward: false, stops: stopsOf(tables.flatMap((table) => Array.from(table, (value) => this.hand(value)))), pace: () => 1 };
  }

  /** How the page's clock is that of run n. @param {number} n @returns {Course} */
  course(n) {
    const table = this.tables[n], { moments } = this.runs[n];
    return {
      motion: this.motion,
      own: (hand) => this.own(n, hand),
      hand: (own) => this.handOf(n, own),
      bar: (hand) => 1 - hand,
      onBar: (at) => 1 - at,
      marks: table ? Array.from(table, (value) => value / this.most) : Array.from(moments.grid, (clock) => 1 - clock),
      ticks: (room) => (table ? ticks(0, this.most, Math.min(9, 1 / room)).map(({ value, text }) => ({ x: value / this.most, text })) : time.ticks((u) => moments.timeAt(1 - u), 0, 1, room)),
      short: (hand) => Number(hand.toFixed(6)),
    };
  }

  /** What the clock tells, in words; "": the stages tell it. @param {Hand} hand */
  said(hand) {
    if (!this.tables.length) return "";
    const value = this.value(hand), { most, unit } = this, digits = most < 10 && unit === "ms" ? 1 : 0;
    return `${value.toFixed(digits)} of ${most.toFixed(digits)} ${config.compare.units.find(({ key }) => key === unit)?.of}`;
  }
}

/** Places in falling order, each once. @param {number[]} places */
const stopsOf = (places) => [...new Set(places)].sort((a, b) => b - a);
