// Who owns time: where the cursor stands, whether it runs, how fast, and what happens at the end. It knows nothing of the page.
import { isNumber } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";

/** What the clock must know of a run. @typedef {Pick<import("./run.js").Run, "start" | "end" | "forward" | "stops" | "pace">} Motion */
/** Whom it tells.
 * @typedef {object} Told
 * @property {() => void} moved  the cursor stands elsewhere
 * @property {() => void} changed  it plays or rests, or its speed, loop or direction is another
 * @property {() => void} settled  the hand has let go of the cursor, or playing has ended
 * @property {(speed: number) => void} speed
 * @property {(on: boolean) => void} loop */

const SPEEDS = [0.25, 0.5, 1, 2, 4];
const PASS_SECONDS = 6; // one run from end to end at speed 1×
const REST_MS = 900; // the rest before a loop starts again
const LONGEST_MS = 100; // a longer interval between two pictures counts as this
const MOST_FRAMES = 280; // of a film

class Clock {
  /** @param {Told} told
   * @param {boolean} calm  less motion is asked for: it neither plays by itself nor starts at the noise */
  constructor(told, calm) {
    this.told = told;
    this.calm = calm;
    /** @type {Motion | null} */
    this.run = null;
    this.playing = !calm;
    /** @type {"forward" | "reverse"} */
    this.mode = "reverse";
    /** Null: not yet placed, the first run places it. @type {import("./run.js").Clock | null} */
    this.placed = null;
    this.restUntil = 0;
    this.last = 0; // time of the last tick, ms
    this._speed = 1;
    this._loop = true;
  }

  /** @param {Motion} run */
  setRun(run) {
    this.run = run;
    this.mode = run.forward ? "forward" : "reverse";
    if (this.placed === null) this.placed = this.calm ? Math.min(run.start, run.end) : run.start;
  }

  get cursor() {
    return this.placed === null ? 1 : this.placed;
  }

  set cursor(clock) {
    if (!isNumber(clock)) return;
    this.placed = clamp(clock, 0, 1);
    this.restUntil = 0;
    this.told.moved();
  }

  get start() {
    return this.run ? this.run.start : this.mode === "forward" ? 0 : 1;
  }

  get end() {
    return this.run ? this.run.end : this.mode === "forward" ? 1 : 0;
  }

  get atEnd() {
    const { run } = this;
    return run !== null && (run.forward ? this.cursor >= run.end - 1e-6 : this.cursor <= run.end + 1e-6);
  }

  get speed() {
    return this._speed;
  }

  set speed(speed) {
    this._speed = clamp(speed, SPEEDS[0], SPEEDS[SPEEDS.length - 1]);
    this.told.changed();
    this.told.speed(this._speed);
  }

  /** To the next of SPEEDS (+1) or the one before (−1).
   * @param {number} by */
  faster(by) {
    this.speed = SPEEDS[clamp(SPEEDS.indexOf(this._speed) + by, 0, SPEEDS.length - 1)];
  }

  get loop() {
    return this._loop;
  }

  set loop(on) {
    this._loop = Boolean(on);
    this.told.changed();
    this.told.loop(this._loop);
  }

  play() {
    if (this.atEnd) this.placed = this.start;
    this.playing = true;
    this.restUntil = 0;
    this.last = 0;
    this.told.changed();
    this.told.moved();
  }

  pause() {
    const was = this.playing;
    this.playing = false;
    this.told.changed();
    if (was || this.run) this.told.settled();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Places the cursor and stays there, as a link or another view asks for.
   * @param {number} clock */
  seek(clock) {
    this.cursor = clock;
    this.pause();
  }

  /** The hand holds the cursor: it settles when it lets go.
   * @param {number} clock */
  scrub(clock) {
    if (this.playing) {
      this.playing = false;
      this.told.changed();
    }
    this.cursor = clock;
  }

  /** To the next (+1) or previous (−1) step of the sampler, in the direction in which the run goes.
   * @param {number} by */
  step(by) {
    const { run, cursor } = this;
    if (!run) return;
    const sign = (run.forward ? 1 : -1) * by;
    const ahead = run.stops.filter((c) => (c - cursor) * sign > 1e-5);
    if (ahead.length) this.cursor = ahead.reduce((a, b) => (Math.abs(b - cursor) < Math.abs(a - cursor) ? b : a));
    this.pause();
  }

  /** by = +1: to the right, which is towards the data; −1: to the left.
   * @param {number} by */
  stepRight(by) {
    this.step(this.mode === "forward" ? -by : by);
  }

  /** Called before each picture.
   * @param {number} now  ms */
  tick(now) {
    const dt = this.last ? Math.min(now - this.last, LONGEST_MS) : 0;
    this.last = now;
    if (this.run && this.playing) this._advance(this.run, dt, now);
  }

  /** @param {Motion} run
   * @param {number} dt
   * @param {number} now */
  _advance(run, dt, now) {
    if (this.restUntil) {
      if (now < this.restUntil) return;
      this.restUntil = 0;
      this.placed = run.start;
      return this.told.moved();
    }
    const sign = run.forward ? 1 : -1, { end } = run, at = this.cursor;
    // slower where the picture changes, so that nothing rushes by near the data
    const next = at + (sign * dt * this._speed * run.pace(at)) / (1000 * PASS_SECONDS);
    const over = (next - end) * sign >= 0;
    this.placed = over ? end : clamp(next, 0, 1);
    this.told.moved();
    if (over && this._loop) this.restUntil = now + REST_MS;
    if (over && !this._loop) this.pause();
  }
}

/** Clocks of one pass at the page's pace, a frame every `ms` milliseconds, from the start to the end.
 * @param {Motion} run
 * @param {number} ms
 * @returns {number[]} */
function passage(run, ms) {
  const sign = run.forward ? 1 : -1, out = [run.start];
  for (let c = run.start; out.length < MOST_FRAMES; ) {
    c = clamp(c + (sign * ms * run.pace(c)) / (1000 * PASS_SECONDS), 0, 1);
    if ((c - run.end) * sign >= 0) break;
    out.push(c);
  }
  return [...out, run.end];
}

export { Clock, SPEEDS, passage };
