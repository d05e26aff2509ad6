// What was sent, by docs/packet.md: a run (its frames, clock and numbers) and the exact fields under it.
import { isNumber } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";

/** @typedef {import("../lib/packet.js").PacketArray} PacketArray */
/** @typedef {import("../lib/packet.js").Packet<import("../python.js").RunHeader>} RunPacket */
/** @typedef {import("../lib/packet.js").Packet<import("../python.js").FieldsHeader>} FieldsPacket */
/** A number of the run's motion: 1 = noise (t = T), 0 = data (t = 0). @typedef {number} Clock */
/** Numbers as they were sent. @typedef {ArrayLike<number>} Numbers */

/** A place among frames: the value there is (1 − f)·frame[i] + f·frame[i + 1].
 * @typedef {{i: number, f: number}} Place */

/** A time in the process's own units, and ln(α²/σ²) there (NaN where the run has none).
 * @typedef {import("../lib/time.js").Instant} Time */

/** What is known of a moment.
 * @typedef {object} Facts
 * @property {Clock} c  the cursor that was asked for
 * @property {Clock} clock  of what is shown
 * @property {number} t  of what is shown
 * @property {number} logSnr  of what is shown
 * @property {number} i  the state is (1 − f)·frame[i] + f·frame[i + 1]
 * @property {number} f
 * @property {number} frame  the last one that was reached
 * @property {number} step  whose interval (from → to] holds the cursor; 0 only exactly at the start
 * @property {number} steps  of the whole run
 * @property {Time} from
 * @property {Time} to
 * @property {number} calls  model calls made when that step is done; NaN of a run that made none
 * @property {number} state  the step after which the shown state stands
 * @property {boolean} held  the shown state stands still here
 * @property {boolean} between  it is held, and the cursor is past it
 * @property {number} stride  every how manyth state was kept */

/** Particles of one colour; members: which they are, null: all.
 * @typedef {{colour: number, members: Uint32Array | null}} Group */

/** Where a clock lies among frames, which rise or fall.
 * @param {Numbers} clocks
 * @param {Clock} c
 * @returns {Place} */
function locate(clocks, c) {
  const last = clocks.length - 1;
  if (last < 1) return { i: 0, f: 0 };
  const falling = clocks[0] > clocks[last];
  let lo = 0, hi = last - 1;
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if (falling ? clocks[mid] >= c : clocks[mid] <= c) lo = mid;
    else hi = mid - 1;
  }
  const gap = clocks[lo + 1] - clocks[lo];
  return { i: lo, f: gap ? clamp((c - clocks[lo]) / gap, 0, 1) : 0 };
}

/** A curve's value at a clock, linear between its points; where one of the two is not finite, the other.
 * @param {Numbers} clocks
 * @param {Numbers} values
 * @param {Clock} c */
function readCurve(clocks, values, c) {
  const { i, f } = locate(clocks, c);
  if (clocks.length < 2) return values[0];
  const a = values[i], b = values[i + 1];
  if (!isNumber(a)) return b;
  return isNumber(b) ? a + (b - a) * f : a;
}

/** What must agree so that fields of one run can stay under another: ranges, not words.
 * @param {import("./panel.js").Spec[]} panels */
function geometryOf(panels) {
  /** @param {import("./panel.js").Axis | undefined} axis */
  const range = (axis) => axis && [axis.component, axis.lo, axis.hi];
  return JSON.stringify(panels.map((p) => [p.id, p.kind, range(p.a), range(p.b)]));
}

const EPS = 1.5e-6; // clocks closer than this are one: links hold six digits

/** The moments of a run, told by its packet: what is shown at a cursor, and which step the cursor is in. Stage, "this step", labs, curves and
 * images all ask here. Between two states that are joined by one step without noise the picture moves straight, which is a way of
 * drawing; everywhere else the last state is held: nothing is known of what lies between two draws, or behind steps that were not kept. */
class Moments {
  /** @param {RunPacket} packet */
  constructor({ header, arrays }) {
    /** @param {string} name
     * @returns {Numbers | null} */
    const of = (name) => arrays[name]?.data ?? null;
    this.header = header;
    /** @type {Numbers} */
    this.clock = arrays.clock.data;
    /** @type {Numbers} */
    this.time = arrays.time.data;
    this.last = this.clock.length - 1;
    this.forward = header.mode === "forward";
    this.sign = this.forward ? -1 : 1; // clocks fall while a sampler runs
    /** The step after which each state stands. */
    this.after = of("step") || Float32Array.from(this.clock, (_, i) => i);
    this.curves = { clock: of("curves/clock"), t: of("curves/t"), logSnr: of("curves/log_snr") };
    const grid = this.forward ? null : of("grid/clock");
    this.grid = grid || this.clock;
    this.gridTime = (grid && of("grid/t")) || this.time;
    this.gridSnr = grid ? of("grid/log_snr") : null;
    this.gridCalls = grid ? of("grid/calls") : null;
    this.steps = this.forward ? Math.round(this.after[this.last]) : this.grid.length - 1;
    this.made = grid ? Math.round(this.after[this.last]) : this.last; // fewer than steps where a run was paused
    const noise = of("noise");
    this.stride = 1;
    this.holds = new Uint8Array(Math.max(1, this.last));
    for (let i = 0; i < this.last; i++) {
      const gap = this.after[i + 1] - this.after[i];
      this.stride = Math.max(this.stride, gap);
      this.holds[i] = header.image || (gap > 1 && !this.forward) || (noise && noise[i + 1]) ? 1 : 0;
    }
  }

  /** How many of the clocks, which are in the order of the run, have been reached at c, less one; −1: none.
   * @param {Numbers} clocks
   * @param {Clock} c */
  reached(clocks, c) {
    let lo = -1, hi = clocks.length - 1;
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1;
      if (this.sign * (clocks[mid] - c) >= -EPS) lo = mid;
      else hi = mid - 1;
    }
    return lo;
  }

  /** t and log-SNR of a clock, whatever the run does there.
   * @param {Clock} c
   * @returns {Time} */
  timeAt(c) {
    const { clock, t, logSnr } = this.curves;
    return { t: clock && t ? readCurve(clock, t, c) : NaN, logSnr: clock && logSnr ? readCurve(clock, logSnr, c) : NaN };
  }

  /** t and log-SNR of time j of the grid.
   * @param {number} j
   * @returns {Time} */
  gridAt(j) {
    const t = this.gridTime[j];
    if (!this.gridSnr) return { ...this.timeAt(this.grid[j]), t };
    return { t, logSnr: t === 0 ? Infinity : this.gridSnr[j] };
  }

  /** The moment at cursor c.
   * @param {Clock} c
   * @returns {Facts} */
  at(c) {
    const frame = Math.max(0, this.reached(this.clock, c)), { last } = this;
    const on = frame === last || Math.abs(this.clock[frame] - c) <= EPS || this.sign * (c - this.clock[0]) > 0;
    const held = Boolean(this.holds[Math.min(frame, Math.max(0, last - 1))]), still = on || held;
    const here = this.clock[frame], next = this.clock[Math.min(frame + 1, last)];
    const i = Math.min(frame, Math.max(0, last - 1)), f = frame === last && last ? 1 : still || next === here ? 0 : (c - here) / (next - here);
    // images are states: the step is the one that led to the state that is shown
    const j = this.header.image ? Math.round(this.after[frame]) : this.interval(c), step = this.forward ? Math.round(this.after[j]) : j;
    const from = this.gridAt(Math.max(0, j - 1)), to = this.gridAt(j);
    const t = still ? this.time[frame] : this.timeAt(c).t;
    const known = still && !this.forward ? this.gridAt(Math.round(this.after[frame])) : this.timeAt(still ? here : c);
    return {
      c, clock: still ? here : c, t, logSnr: known.logSnr, i, f, frame, step, steps: this.steps, from, to,
      calls: this.gridCalls ? this.gridCalls[step] : NaN,
      state: Math.round(this.after[frame]), held, between: held && !on, stride: this.stride,
    };
  }

  /** The number of the grid's interval (j − 1 → j] that holds the cursor.
   * @param {Clock} c */
  interval(c) {
    const { grid, made } = this, steps = grid.length - 1, done = this.reached(grid, c);
    if (done >= steps || (grid[steps] === grid[steps - 1] && done >= steps - 1)) return Math.min(steps, made);
    return Math.min(Math.max(0, Math.abs((grid[done] ?? Infinity) - c) <= EPS || done < 0 ? done : done + 1), made);
  }

  /** Where a clock stands on the time bar, 0 to 1 from left to right: every step has the same width there; noising runs along the clock.
   * @param {Clock} c */
  barOf(c) {
    if (this.forward || this.steps < 1) return 1 - c;
    const j = this.reached(this.grid, c), a = this.grid[j], b = this.grid[j + 1];
    if (j < 0) return 0;
    return j >= this.steps ? 1 : (j + (a === b ? 0 : clamp((a - c) / (a - b), 0, 1))) / this.steps;
  }

  /** The clock at a place of the time bar, 0 to 1.
   * @param {number} u
   * @returns {Clock} */
  clockOf(u) {
    if (this.forward || this.steps < 1) return 1 - u;
    const at = clamp(u, 0, 1) * this.steps, j = Math.min(this.steps - 1, Math.floor(at));
    return this.grid[j] + (this.grid[j + 1] - this.grid[j]) * (at - j);
  }

  /** A cursor in as few digits as give the very same moment.
   * @param {Clock} c */
  short(c) {
    /** @param {Clock} v */
    const of = (v) => { const m = this.at(v); return `${m.frame} ${m.step} ${m.between}`; };
    const same = of(c);
    for (let digits = 3; digits < 6; digits++) {
      const v = Number(c.toFixed(digits));
      if (of(v) === same) return v;
    }
    return Number(c.toFixed(6));
  }
}

/** @type {WeakMap<RunPacket["arrays"], Moments>} */
const known = new WeakMap();
/** The Moments of a run's packet.
 * @param {RunPacket} decoded */
export const momentsOf = (decoded) => {
  const found = known.get(decoded.arrays) || new Moments(decoded);
  known.set(decoded.arrays, found);
  return found;
};

/** A run as the stage draws it: what its packet holds, read once. */
class Run {
  /** @param {RunPacket} packet */
  constructor({ header, arrays }) {
    this.header = header;
    this.arrays = arrays;
    /** @type {string} */
    this.key = header.key;
    this.forward = header.mode === "forward";
    /** @type {string[]} */
    this.components = header.components;
    /** @type {import("./panel.js").Spec[]} */
    this.panels = header.panels;
    this.geometry = geometryOf(header.panels);
    /** @type {Numbers} */
    this.clock = arrays.clock.data;
    const [frames, width, count] = arrays.z.shape;
    this.frames = frames;
    /** How many components a state has. */
    this.width = width;
    /** How many particles there are. */
    this.count = count;
    /** States: (frames, width, count), see `at`. */
    this.z = arrays.z.floats();
    /** What the model expected of each particle: (frames, dim, count), see `atX0`; null: it was not asked for. */
    this.x0 = arrays.x0 ? arrays.x0.floats() : null;
    /** @type {number} */
    this.dim = header.dim;
    // the ends of the run's own motion: it may stop before the clock reaches 0
    this.start = this.clock[0];
    this.end = this.clock[frames - 1];
    this.moments = momentsOf(this);
    /** All particles as one group. @type {Group[]} */
    this.one = [{ colour: 0, members: null }];
    /** Particles by class. @type {Group[]} */
    this.groups = this._groups();
  }

  /** Offset of component c of frame i in z.
   * @param {number} i
   * @param {number} c */
  at(i, c) {
    return (i * this.width + c) * this.count;
  }

  /** The same in x0.
   * @param {number} i
   * @param {number} c */
  atX0(i, c) {
    return (i * this.dim + c) * this.count;
  }

  /** Clocks at which a step button stops: the states that were kept, in the order of the run. */
  get stops() {
    return Array.from(this.clock);
  }

  /** Whether the picture stands still between frame i and the next: no line is drawn there.
   * @param {number} i */
  holds(i) {
    return this.moments.holds[i] === 1;
  }

  /** @returns {Group[]} */
  _groups() {
    const classes = this.header.classes ? this.header.classes.length : 1;
    const label = this.arrays.label && this.arrays.label.data;
    if (classes < 2 || !label) return this.one;
    const members = Array.from({ length: classes }, () => /** @type {number[]} */ ([]));
    for (let n = 0; n < this.count; n++) members[Math.min(label[n], classes - 1)].push(n);
    return members.map((list, colour) => ({ colour, members: Uint32Array.from(list) })).filter((g) => g.members.length);
  }

  /** How many are a group's part of the first `limit` particles: the same proportion of each.
   * @param {Group} group
   * @param {number} limit */
  share(group, limit) {
    if (!group.members) return Math.min(limit, this.count);
    return Math.min(group.members.length, Math.ceil((limit * group.members.length) / this.count));
  }

  /** A curve of the packet at a clock; NaN: it has none of that name.
   * @param {string} name
   * @param {Clock} c */
  curve(name, c) {
    const { "curves/clock": clock, [name]: values } = this.arrays;
    return clock && values ? readCurve(clock.data, values.data, c) : NaN;
  }

  /** How fast the clock may run at c, on average 1.
   * @param {Clock} c */
  pace(c) {
    const pace = this.curve("curves/pace", c);
    return pace > 0 ? pace : 1;
  }

  /** The moment at cursor c.
   * @param {Clock} c */
  facts(c) {
    return this.moments.at(c);
  }
}

/** Exact fields on their own clock. Packets of the same key add their arrays to each other. */
class Fields {
  /** @param {FieldsPacket} decoded */
  constructor(decoded) {
    this.header = decoded.header;
    this.arrays = { ...decoded.arrays };
    /** @type {Numbers} */
    this.clock = decoded.arrays.clock.data;
    this.geometry = geometryOf(decoded.header.panels);
    this.stale = false; // they are of another run than the one that is shown
    this.faded = false; // and have been for a while: they are drawn in half strength
    this.fading = 0; // the timer of that
  }

  /** @param {FieldsPacket} decoded */
  merge(decoded) {
    Object.assign(this.arrays, decoded.arrays);
  }

  /** Are there arrays of a layer?
   * @param {string} layer */
  has(layer) {
    return Object.keys(this.arrays).some((name) => name.startsWith(layer + ":"));
  }

  /** Are these the exact fields of that run?
   * @param {Run} run */
  fits(run) {
    const { key, fields_key } = this.header;
    return key === run.key || (fields_key !== undefined && fields_key === run.header.fields_key);
  }
}

export { Fields, Moments, Run, geometryOf, locate, readCurve };
