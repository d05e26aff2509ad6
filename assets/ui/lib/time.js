// One moment, in the words of each paper. Every scale is a function of log-SNR = ln(α²/σ²) alone, but for the process's own t; of symbols and angles, whose
// log-SNR is something else, there are only these two.

/**
 * @typedef {{t: number, logSnr: number}} Instant  the process's own time, and ln(α²/σ²) or what the process has in its place; NaN: it has none
 * @typedef {Instant & {from?: Instant, to?: Instant}} Told  with the ends of the step that it lies in
 * @typedef {{words: string, shared: boolean}} Level  what a run's log-SNR is, and whether other papers' scales have a meaning
 * @typedef {{x: number, value: number, text: string}} TimeTick
 * @typedef {{value: number, text: string}} Round
 *
 * @typedef {object} Scale
 * @property {string} symbol
 * @property {string} word
 * @property {string} tip
 * @property {boolean} [own]  it has a meaning for every process
 * @property {(moment: Instant) => number} value
 * @property {(value: number, gap?: number) => string} say
 */

/** @param {string} text */
const minus = (text) => text.replace("e-", "e−").replace(/^-/, "−");
/**
 * A number with three significant digits, or as many as tell two values that are `gap` apart.
 * @param {number} v
 */
const short = (v, gap = 0) => {
  if (!Number.isFinite(v)) return "–";
  if (v === 0) return "0";
  const size = Math.abs(v), more = gap > 0 ? Math.ceil(Math.log10(size / gap)) + 1 : 0;
  const text = size >= 999.5 ? v.toFixed(0) : v.toPrecision(Math.min(7, Math.max(3, more)));
  return minus(size < 1e-4 || text.includes("e") ? v.toExponential(2).replace(/(\.\d*?)0+e/, "$1e").replace(".e", "e") : text);
};
/** The same with two decimals or more: for what crosses zero. @param {number} v */
const even = (v, gap = 0) => (Number.isFinite(v) ? minus(v.toFixed(Math.min(6, Math.max(2, gap > 0 ? Math.ceil(-Math.log10(gap)) : 0))).replace(/^-(0\.?0*)$/, "$1")) : "–");
/** DDPM: 1 + σ²/α² = e^B with B(u) = 0.1 u + 9.95 u², the integral of its linear β from 0.1 to 20; index = 1000 u − 1. @param {number} snr */
const index = (snr) => {
  const B = snr > 30 ? Math.exp(-snr) : snr < -30 ? -snr : Math.log1p(Math.exp(-snr));
  return Math.round(1000 * ((Math.sqrt(0.01 + 39.8 * B) - 0.1) / 19.9) - 1);
};

/** @param {number} v */
const whole = (v) => (Number.isFinite(v) ? String(v) : "–");
/** @type {Record<string, Scale>} */
const scales = {
  t: { symbol: "t", word: "t", tip: "The process's own time.", own: true, value: (f) => f.t, say: short },
  snr: { symbol: "log-SNR", word: "log-SNR", get tip() { return `${time.level.words}${time.level.shared ? ": the same for every process" : ""}.`; }, own: true, value: (f) => f.logSnr, say: even },
  sigma: { symbol: "σ", word: "σ (EDM)", tip: "EDM's noise level: the σ/α of this moment.", value: (f) => Math.exp(-f.logSnr / 2), say: short },
  flow: { symbol: "τ", word: "flow time", tip: "Flow matching's time from data (0) to noise (1): σ/(α + σ) of this moment.", value: (f) => 1 / (1 + Math.exp(f.logSnr / 2)), say: short },
  ddpm: { symbol: "n", word: "DDPM index", tip: "The index (0 … 999) at which DDPM's linear β has this log-SNR; beyond its range at very high noise.",
    value: (f) => (f.logSnr === Infinity ? 0 : Number.isFinite(f.logSnr) ? Math.max(0, index(f.logSnr)) : NaN), say: whole },
};

const SAMPLES = 240;
/**
 * Round numbers inside [lo, hi] at even distances, about `count` of them.
 * @param {number} lo
 * @param {number} hi
 * @param {number} count
 */
const steps = (lo, hi, count) => {
  const rough = (hi - lo) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999) ?? 10 * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (Math.abs(step / power - 2.5) < 1e-9 ? 1 : 0));
  /** @type {Round[]} */
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + 1e-9 * step; k++) out.push({ value: k * step, text: minus((k * step).toFixed(digits).replace(/^-(0\.?0*)$/, "$1")) });
  return out;
};
/** Powers of ten inside [lo, hi]. @param {number} lo @param {number} hi */
const decades = (lo, hi) => {
  /** @type {Round[]} */
  const out = [];
  for (let n = Math.ceil(Math.log10(lo) - 1e-9); n <= Math.log10(hi) + 1e-9; n++) out.push({ value: 10 ** n, text: n > -4 && n < 5 ? String(Number((10 ** n).toPrecision(1))) : minus(`1e${n}`) });
  return out;
};

export const time = {
  scales,
  name: "t",
  /** The shown run's. @type {Level} */
  level: { words: "ln(α²/σ²)", shared: true },
  /** What time is told as: what was chosen, or t where that has no meaning. */
  get scale() { return this.has(this.name) ? scales[this.name] : scales.t; },
  /** @param {string} name */
  has(name) { return this.level.shared || Boolean(scales[name].own); },
  /** What this moment can be told as. @param {Instant} facts @returns {Scale} */
  scaleOf(facts) { return Number.isFinite(facts.logSnr) || facts.logSnr === Infinity ? this.scale : scales.t; },
  /**
   * {symbol, text} of a moment; the process's own t where it has no log-SNR. With the ends of its step: in as many digits as tell them apart.
   * @param {Told} facts
   */
  words(facts) {
    const scale = this.scaleOf(facts), { value } = scale;
    if (facts.logSnr === Infinity && scale === scales.snr) return { symbol: scale.symbol, text: "∞" };
    const gap = facts.from && facts.to ? Math.abs(value(facts.from) - value(facts.to)) : 0;
    return { symbol: scale.symbol, text: scale.say(value(facts), Number.isFinite(gap) ? gap : 0) };
  },
  /** The same in one: t = 0.5. @param {Told} facts */
  said(facts) {
    const { symbol, text } = this.words(facts);
    return `${symbol} = ${text}`;
  },
  /**
   * Round values of the told time at even distances (or decades, where these are spread better) over x from lo to hi.
   * @param {(x: number) => Instant} of
   * @param {number} lo
   * @param {number} hi
   * @param {number} room  the least distance of two labels as a share of the axis
   */
  ticks(of, lo, hi, room = 0.12) {
    const moments = Array.from({ length: SAMPLES + 1 }, (_, k) => of(lo + ((hi - lo) * k) / SAMPLES));
    const scale = moments.every((m) => this.scaleOf(m) === this.scale) ? this.scale : scales.t;
    const values = moments.map(scale.value), seen = values.filter(Number.isFinite);
    if (seen.length < 2) return [];
    const [least, most] = [Math.min(...seen), Math.max(...seen)];
    if (!(most > least)) return [];
    /** @param {Round[]} list @param {number} near */
    const placed = (list, near) => {
      /** @type {TimeTick[]} */
      const found = [];
      for (const { value, text } of list) {
        // a round value that the curve all but reaches (t = 0 behind t_min) stands at its end
        for (const [k, x] of [[0, lo], [SAMPLES, hi]]) if (Math.abs(values[k] - value) < near) found.push({ x, value, text });
        if (found.at(-1)?.value === value) continue;
        for (let k = 0; k < SAMPLES; k++) {
          const a = values[k] - value, b = values[k + 1] - value;
          if (!(a * b <= 0)) continue;
          found.push({ x: lo + ((hi - lo) * (k + (a === b ? 0 : a / (a - b)))) / SAMPLES, value, text });
          break;
        }
      }
      found.sort((p, q) => p.x - q.x);
      /** @type {TimeTick[]} */
      const kept = [];
      for (const tick of found) if (tick.x - (kept.at(-1)?.x ?? -Infinity) >= room * (hi - lo)) kept.push(tick);
      return kept;
    };
    const count = Math.max(2, Math.min(6, Math.floor(1 / room)));
    const near = 0.01 * (most - least), choices = [placed(steps(least - near, most + near, count), near), ...(least > 0 && most / least > 20 ? [placed(decades(least, most), 0)] : [])];
    /** @param {TimeTick[]} list */
    const widest = (list) => Math.max(...[lo, ...list.map((t) => t.x), hi].map((x, i, all) => (i ? x - all[i - 1] : 0)));
    return choices.reduce((a, b) => (widest(b) < widest(a) ? b : a)); // which leaves the smaller gaps
  },
  /** Another run is shown. @param {Level} level */
  of(level) {
    const same = level.words === this.level.words;
    this.level = level;
    if (!same) dispatchEvent(new Event("pg-time"));
  },
  /** @param {string} name  of a scale; t for any other */
  choose(name) {
    const to = Object.hasOwn(scales, name) ? name : "t";
    if (to === this.name) return;
    this.name = to;
    dispatchEvent(new Event("pg-time"));
  },
};
