import { el } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { time } from "../../lib/time.js";
import { batchChart } from "./batch.js";
import { WAITING, distanceChart } from "./distance.js";
import { Painter } from "./painter.js";
import { Panel } from "./panel.js";
import { scheduleChart } from "./schedule.js";
import { snrChart } from "./snr.js";
import { FALLBACK, themeOf } from "./theme.js";
import { finite, fromNoise, inOrder, interpolate, risingOrder } from "./values.js";

/** @typedef {import("./snr.js").RunPacket} RunPacket */
/** @typedef {import("../../lib/packet.js").Packet<import("../../python.js").MetricsHeader>} MetricsPacket */
/** @typedef {object} Told what hands ask for
 * @property {(clock: number) => void} seek
 * @property {(name: string) => void} measure  "": the first of them
 * @property {(names: string) => void} hide  see `hidden`
 * @property {(what: Blob, name: string) => void} save */

const OF_IMAGES = "images"; // in place of a run's key: the distances' panel shows a batch
const TICK_ROOM = 30; // px between times under the plots

/** Three small plots that share one cursor: log-SNR and the grid, distance to the truth, the process's coefficients. They stack below 520 px, 150 px each. */
export class Curves {
  /** @type {RunPacket | null} */
  run = null;
  /** @type {MetricsPacket | null} */
  metrics = null;
  /** @type {import("./series.js").Times} */
  times = { x: [0, 1], t: [1, 0], logSnr: [null, null] };
  /** The run whose distances are shown, or OF_IMAGES. */
  farKey = "";
  /** Of what the stage shows; 1: noise. */
  clock = 1;
  /** Of its cursor: between two held states another one. */
  cursorAt = 1;
  /** Whether the cursor stands where it should. */
  placed = false;
  /** @type {number | null} x under the pointer */
  pointed = null;
  pointing = 0; // of the frame that shows it
  colours = FALLBACK;
  theme = ""; // colours and font as one text
  font = "";
  /** Stages beside each other. @type {import("../../page.js").Beside[]} */
  beside = [];
  /** The measure that is asked for. */
  wanted = "";

  /** @param {HTMLElement} root the element to fill @param {Told} told */
  constructor(root, told) {
    root.classList.add("pg-curves");
    this.root = root;
    this.told = told;
    this.painter = new Painter(this);
    this.snr = new Panel(this, "snr", "log-SNR");
    this.far = new Panel(this, "distance", WAITING.title);
    this.sched = new Panel(this, "schedule", "schedule");
    this.panels = [this.snr, this.far, this.sched];
    const row = el("div", { className: "pg-curves-row" }, ...this.panels.map((p) => p.box));
    root.replaceChildren(row);
    new ResizeObserver(() => {
      for (const p of this.panels) if (p.plot.clientWidth !== p.width || p.plot.clientHeight !== p.height) this.painter.paint(p, 0);
    }).observe(row);
    const look = () => this.readTheme() && this.repaint(), watch = new MutationObserver(look);
    for (const node of [document.documentElement, document.body]) watch.observe(node, { attributes: true, attributeFilter: ["class", "style", "data-pg-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
    this.readTheme();
    addEventListener("pg-time", () => this.repaint());
  }

  repaint() {
    for (const p of this.panels) this.painter.paint(p, 0);
  }

  /** True if colours or font are others now. */
  readTheme() {
    const { colours, font } = themeOf(this.root), now = JSON.stringify([colours, font]);
    if (now === this.theme) return false;
    this.theme = now;
    this.colours = colours;
    this.font = font;
    return true;
  }

  /** The curves that are hidden, as a link says it: "snr.step,schedule.beta". */
  get hidden() { return this.panels.flatMap((p) => [...p.off].map((key) => `${p.name}.${key}`)).join(","); }
  set hidden(names) {
    for (const p of this.panels) p.off = new Set(names.split(",").filter((n) => n.startsWith(`${p.name}.`)).map((n) => n.slice(p.name.length + 1)));
  }

  // ---- the cursor -----------------------------------------------------------------------------------------------------------------
  /** The clock in [0, 1], 1 = noise, of what the stage shows, and its cursor; cheap enough for every frame. @param {number} clock @param {number} [asked] */
  cursor(clock, asked = clock) {
    if (!Number.isFinite(clock) || (clock === this.clock && asked === this.cursorAt && this.placed)) return;
    this.cursorAt = asked;
    this.clock = clock;
    this.placed = true;
    for (const panel of this.panels) panel.place(clock);
  }

  /** What the pointer is over (x = 1 − clock), or null: the same guide in all three panels. @param {number | null} x */
  point(x) {
    if (x === this.pointed) return;
    this.pointed = x;
    this.pointing ||= requestAnimationFrame(() => {
      this.pointing = 0;
      for (const panel of this.panels) panel.point(this.pointed);
    });
  }

  /** t and log-SNR at x = 1 − clock. @param {number} x */
  momentAt(x) {
    const at = clamp(x, 0, 1), { x: xs, t, logSnr } = this.times;
    return { t: interpolate(xs, t, at), logSnr: interpolate(xs, logSnr, at) };
  }

  /** @param {number} x */
  timeAt(x) {
    return time.said(this.momentAt(x));
  }

  /** Times under a plot: where they stand, and what the process calls them. @param {import("./series.js").Range} range @param {number} width px @returns {[number[], string[]]} */
  timeTicks([lo, hi], width) {
    const ticks = time.ticks((x) => this.momentAt(x), Math.max(0, lo), Math.min(1, hi), Math.max(0.15, TICK_ROOM / width)), { symbol } = time.words(this.momentAt(0.5));
    const text = ticks.map((tick) => tick.text);
    if (text.length && symbol.length < 3) text[0] = `${symbol} = ${text[0]}`; // a longer name has no room
    return [ticks.map((tick) => tick.x), text];
  }

  // ---- what there is to show ---------------------------------------------------------------------------------------------------------
  /** @param {RunPacket} run */
  setRun(run) {
    const { header: h, arrays } = run, x = fromNoise(arrays["curves/clock"].data), order = risingOrder(x);
    this.run = run;
    this.placed = false;
    this.times = { x: inOrder(x, order), t: inOrder(arrays["curves/t"].data, order), logSnr: inOrder(finite(arrays["curves/log_snr"].data), order) };
    this.showLevels(run);
    this.sched.show(scheduleChart(run));
    // the old distances stay, faded, until the new ones are there
    this.far.box.classList.toggle("pg-stale", !h.image && this.farKey !== h.key);
    if (h.image) {
      this.far.show(batchChart(run));
      this.farKey = OF_IMAGES;
    } else if (!this.far.series.length || this.farKey === OF_IMAGES) this.far.show(WAITING);
    this.painter.load();
  }

  /** @param {RunPacket} run */
  showLevels(run) {
    this.snr.show(snrChart(run, this.times, (at) => (this.pointed == null ? this.cursorAt : 1 - at), this.beside));
  }

  /** All stages: each has a line of its own. @param {import("../../page.js").Beside[]} stages */
  setBeside(stages) {
    this.beside = stages;
    if (!this.run) return;
    this.showLevels(this.run);
    if (this.metrics && this.farKey === this.run.header.key) this.far.show(distanceChart(this.metrics, this.run, this.wanted, stages));
  }

  /** Distances of a run; of another run than the shown one they are ignored. @param {MetricsPacket} metrics */
  setMetrics(metrics) {
    if (this.run && metrics.header.key !== this.run.header.key) return;
    this.farKey = metrics.header.key;
    this.metrics = metrics;
    this.far.show(distanceChart(metrics, this.run, this.wanted, this.beside));
    this.far.box.classList.remove("pg-stale");
  }

  /** Which measure the chart shows, "": the first; another one that this run has not leaves the chart as it is. */
  get measure() { return this.wanted; }
  set measure(name) {
    if (name === this.wanted) return;
    this.wanted = name;
    if (this.metrics && this.farKey === this.metrics.header.key) this.far.show(distanceChart(this.metrics, this.run, name, this.beside));
  }

  /** A measure as a click on its name asks for it. @param {string} name */
  choose(name) {
    this.measure = name;
    this.told.measure(name === this.metrics?.header.metrics[0].name ? "" : name);
  }
}
