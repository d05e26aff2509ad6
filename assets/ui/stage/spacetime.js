// One component over the clock: noise at the left, data at the right, histograms of both ends beside it.
import { sized, spread, text, ticks } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";
import { time } from "../lib/time.js";
import { drawn } from "./layers.js";
import { Panel } from "./panel.js";
import { histogram } from "./tally.js";

/** @typedef {import("./panel.js").Context} Context */
/** @typedef {import("./panel.js").Scene} Scene */
/** @typedef {import("./layers.js").Curve} Curve */

const NO_CURVE = new Float32Array(0);
const SWARM_BINS = 72; // of the swarm of dots along the cursor of a space–time panel

class Spacetime extends Panel {
  /** @param {import("./panel.js").Spec} spec */
  constructor(spec) {
    super(spec);
    this.strip = 0; // width of the histograms at both ends
    this.peak = 1; // of the swarm of dots, as a density
    /** Whole paths, for what lies behind the cursor (layers/trails.js). @type {import("../lib/draw.js").Sheet | null} */
    this.past = null;
  }

  frame() {
    const { rect } = this;
    const strip = clamp(0.1 * rect.w, 26, 84);
    const small = rect.h < 240;
    const top = rect.y + this.clear + (this.spec.title ? 20 : 10), foot = small ? 20 : 26, edge = 30;
    this.strip = strip;
    return { x: rect.x + edge + strip, y: top, w: rect.w - edge - 2 * strip - 14, h: rect.y + rect.h - foot - top };
  }

  /** What the layers that are shown draw in a band.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {import("./layers.js").Band} band */
  layers(ctx, scene, band) {
    for (const part of drawn("spacetime", band, scene.shown)) part.draw(this, ctx, scene);
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  draw(ctx, scene) {
    this.locate(scene);
    this.clip(ctx);
    this.still(ctx, scene, this.sheet, (c) => this.backdrop(c, scene));
    this.layers(ctx, scene, "over");
    this.cursor(ctx, scene);
    this.path(ctx, scene, scene.hover);
    this.mark(ctx, scene);
    this.pinned(ctx, scene);
    ctx.restore();
  }

  /** @param {Scene} scene */
  locate({ run, at, clock }) {
    const { i, f } = at, { count, z } = run, next = Math.min(i + 1, run.frames - 1);
    const { o, k } = this.toY, x = this.x(clock), { lo, hi } = this.spec.b;
    this.xs = sized(this.xs, count);
    this.ys = sized(this.ys, count);
    const p = run.at(i, this.spec.b.component), q = run.at(next, this.spec.b.component);
    for (let n = 0; n < count; n++) this.ys[n] = z[p + n] + (z[q + n] - z[p + n]) * f;
    const bars = histogram(this.ys, 0, count, lo, hi, SWARM_BINS);
    this.peak = bars.reduce((a, b) => Math.max(a, b), 0) || 1;
    for (let n = 0; n < count; n++) {
      const bin = ((this.ys[n] - lo) / (hi - lo)) * SWARM_BINS - 0.5, j = Math.floor(bin);
      const here = bars[clamp(j, 0, SWARM_BINS - 1)], there = bars[clamp(j + 1, 0, SWARM_BINS - 1)];
      const width = (here + (there - here) * (bin - j)) / this.peak;
      this.xs[n] = x + (2 * spread(n + 1) - 1) * this.reach * (0.06 + 0.94 * width);
      this.ys[n] = o + k * this.ys[n];
    }
  }

  // half the width of the swarm of dots where it is densest
  get reach() {
    return clamp(0.035 * this.box.w, 7, 26);
  }

  get dotSize() {
    return 0.82;
  }

  inside() {
    return this.box;
  }

  /** An exact law around the cursor, on the scale of the swarm: of p_t, dots should fill it evenly.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {string} layer  name of its density
   * @param {string} peak  and of its peaks
   * @param {string} colour
   * @param {number} width */
  outline(ctx, scene, layer, peak, colour, width) {
    const density = this.field(scene, layer), peaks = this.field(scene, peak);
    if (!density || !peaks) return;
    const [rows, columns] = density.shape, { i, f } = scene.fieldAt, { box } = this, x = this.x(scene.clock);
    const next = Math.min(i + 1, columns - 1), k = this.reach / this.peak / 255;
    const near = peaks.data[i] * (1 - f), far = peaks.data[next] * f;
    ctx.strokeStyle = colour;
    ctx.globalAlpha = scene.faded ? 0.4 : 0.8;
    ctx.lineWidth = width;
    for (const side of [-1, 1]) {
      ctx.beginPath();
      for (let r = 0; r < rows; r++) {
        const p = density.data[r * columns + i] * near + density.data[r * columns + next] * far;
        ctx.lineTo(x + side * k * p, box.y + ((r + 0.5) / rows) * box.h);
      }
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  backdrop(ctx, scene) {
    this.layers(ctx, scene, "ground");
    this.axes(ctx, scene);
    this.ends(ctx, scene);
    this.layers(ctx, scene, "still");
  }

  /** A law that guidance is compared with.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {string} layer
   * @param {string} colour */
  law(ctx, scene, layer, colour) {
    this.outline(ctx, scene, layer, `${layer}/peak`, colour, 1.6);
  }

  /** Its curve at an end.
   * @param {Scene} scene
   * @param {string} layer
   * @param {string} colour
   * @param {number} row  0: the noise, 1: the data
   * @returns {Curve[]} */
  lawAt(scene, layer, colour, row) {
    const ends = this.field(scene, `${layer}/edge`);
    return ends ? [{ colour, values: ends.data.subarray(row * ends.shape[1], (row + 1) * ends.shape[1]) }] : [];
  }

  /** A particle's states over the clock: joined where the picture moves between them, else held as it holds them.
   * @param {Context} ctx
   * @param {import("./run.js").Run} run
   * @param {number} c  component
   * @param {number} n  particle
   * @param {boolean} joined  held states are joined by upright strokes */
  line(ctx, run, c, n, joined = false) {
    const { o, k } = this.toY;
    for (let j = 0; j < run.frames; j++) {
      const x = this.x(run.clock[j]), y = o + k * run.z[run.at(j, c) + n];
      if (!j) ctx.moveTo(x, y);
      else if (!run.holds(j - 1)) ctx.lineTo(x, y);
      else {
        ctx.lineTo(x, o + k * run.z[run.at(j - 1, c) + n]);
        if (joined) ctx.lineTo(x, y);
        else ctx.moveTo(x, y);
      }
    }
  }

  /** @param {Context} ctx */
  clipBox(ctx) {
    const { box } = this;
    ctx.beginPath();
    ctx.rect(box.x, box.y, box.w, box.h);
    ctx.clip();
  }

  /** The whole path of particle n.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {number} n */
  path(ctx, scene, n) {
    const { run, theme } = scene;
    if (n < 0 || n >= run.count) return;
    ctx.save();
    this.clipBox(ctx);
    ctx.beginPath();
    this.line(ctx, run, this.spec.b.component, n, true);
    ctx.strokeStyle = theme.ink;
    ctx.lineWidth = 1.3;
    ctx.stroke();
    ctx.restore();
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  cursor(ctx, scene) {
    const { box } = this, x = Math.round(this.x(scene.cursor)) + 0.5;
    ctx.strokeStyle = ctx.fillStyle = scene.theme.accent;
    ctx.globalAlpha = scene.moment.between ? 0.35 : 0.75; // what is held stands at its own time, before the cursor
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(x, box.y);
    ctx.lineTo(x, box.y + box.h);
    ctx.stroke();
    // a grip says that the line can be dragged
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(x - 5, box.y - 6);
    ctx.lineTo(x + 5, box.y - 6);
    ctx.lineTo(x, box.y + 1);
    ctx.fill();
  }

  /** Samples that every run's packet has, around x = middle.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {string} name
   * @param {string} colour
   * @param {number} middle */
  reference(ctx, scene, name, colour, middle) {
    const array = scene.run.arrays[name];
    if (!array) return;
    const values = array.floats(), count = array.shape[1], { o, k } = this.toY, c = this.spec.b.component;
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.6;
    for (let n = 0; n < count; n++) ctx.fillRect(middle - 1 + 10 * (spread(n + 1) - 0.5), o + k * values[c * count + n] - 1, 2, 2);
    ctx.globalAlpha = 1;
  }

  /** Histograms of the particles at both ends with the exact curves over them; each strip has its own scale.
   * @param {Context} ctx
   * @param {Scene} scene */
  ends(ctx, scene) {
    const { run, theme } = scene, { box, strip } = this, { lo, hi } = this.spec.b;
    const curves = this.field(scene, "edge");
    const noiseFrame = run.forward ? run.frames - 1 : 0;
    const bins = clamp(Math.round(box.h / 7), 16, 64);
    const sides = [
      { x: box.x - 3, grow: -1, frame: noiseFrame, row: 0 },
      { x: box.x + box.w + 3, grow: 1, frame: run.frames - 1 - noiseFrame, row: 1 },
    ];
    const lawful = drawn("spacetime", "ends", scene.shown);
    const laws = [0, 1].map((row) => lawful.flatMap((part) => part.draw(this, scene, row)));
    const shown = drawn("spacetime", "bars", scene.shown);
    for (const { x, grow, frame, row } of sides) {
      const bars = histogram(run.z, run.at(frame, this.spec.b.component), run.count, lo, hi, bins);
      const exact = curves ? curves.data.subarray(row * curves.shape[1], (row + 1) * curves.shape[1]) : NO_CURVE;
      let most = 0;
      for (const v of bars) most = Math.max(most, v);
      for (const v of exact) most = Math.max(most, v);
      for (const { values } of laws[row]) for (let j = 0; j < values.length; j++) most = Math.max(most, values[j]);
      const k = (grow * (strip - 6)) / (most || 1);
      for (const part of shown) part.draw(this, ctx, scene, { bars, x, k });
      ctx.globalAlpha = scene.faded ? 0.5 : 1;
      this.upright(ctx, { colour: theme.exact, values: exact }, x, k, 1.3);
      for (const law of laws[row]) this.upright(ctx, law, x, k, 1.6);
      ctx.globalAlpha = 1;
    }
  }

  /** A curve of the component's density, upright beside the picture.
   * @param {Context} ctx
   * @param {Curve} curve
   * @param {number} x
   * @param {number} k  pixels for one of density
   * @param {number} width */
  upright(ctx, { colour, values }, x, k, width) {
    const { box } = this;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
    for (let j = 0; j < values.length; j++) ctx.lineTo(x + k * values[j], box.y + ((j + 0.5) / values.length) * box.h);
    ctx.stroke();
  }

  // how far below the picture's top the axis's word is
  get word() {
    return 4;
  }

  // what stands at the axis of the component
  rows() {
    const { b } = this.spec, { box, toY } = this;
    return ticks(b.lo, b.hi, Math.max(3, box.h / 56)).map((tick) => ({ text: tick.text, y: toY.o + toY.k * tick.value }));
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  axes(ctx, scene) {
    const { theme, run } = scene, { box, strip, rect } = this, { b, title } = this.spec;
    ctx.strokeStyle = theme.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(Math.round(box.x) + 0.5, Math.round(box.y) + 0.5, Math.round(box.w) - 1, Math.round(box.h) - 1);
    ctx.font = theme.small;
    ctx.fillStyle = theme.soft;
    const left = box.x - strip - 4;
    for (const row of this.rows()) text(ctx, row.text, left, row.y, "right", "middle");
    const foot = box.y + box.h + 14;
    const times = time.ticks((u) => run.moments.timeAt(1 - u), 0, 1, clamp(46 / box.w, 0.05, 0.5)), { symbol } = time.words(run.moments.timeAt(0.5));
    times.forEach(({ x: u, text: words }, n) => {
      const x = box.x + u * box.w;
      ctx.fillRect(Math.round(x), box.y + box.h, 1, 3);
      ctx.textAlign = "left";
      const said = n || box.w < 200 || (times[1]?.x - times[0].x) * box.w < 24 + ctx.measureText(`${symbol} = ${words}`).width ? words : `${symbol} = ${words}`, wide = ctx.measureText(said).width;
      text(ctx, said, clamp(x - wide / 2, box.x - 4, box.x + box.w + 4 - wide), foot);
    });
    // the marginals' words, clear of the first and last time
    ctx.textAlign = "left"; // of the measured times
    for (const { word, side } of [{ word: "prior", side: -1 }, { word: "data", side: 1 }]) {
      const half = ctx.measureText(word).width / 2, off = Math.max(0.55 * strip, half + 10);
      if (strip >= 30 && off + half < strip + 14) text(ctx, word, side < 0 ? box.x - off : box.x + box.w + off, foot, "center");
    }
    ctx.fillStyle = theme.ink;
    ctx.font = theme.label;
    text(ctx, b.label, rect.x + 8, box.y + this.word, "left", "middle");
    ctx.fillStyle = theme.soft;
    if (title) text(ctx, title, box.x, box.y - 7);
  }
}

export { Spacetime };
