// Paths of symbols over the clock, as jumps from row to row. Their names stand in the axis (`names`).
import { sized, spread } from "../lib/draw.js";
import { downwards, named } from "./geometry.js";
import { drawn } from "./layers.js";
import { Spacetime } from "./spacetime.js";
import { lawAt, shares } from "./tally.js";

/** @typedef {import("./panel.js").Context} Context */
/** @typedef {import("./panel.js").Scene} Scene */

const CELL = 0.86; // of a row that is painted

class Symbols extends Spacetime {
  get toY() {
    return downwards(this.spec.b, this.box); // the first symbol on top
  }

  get names() {
    return this.spec.b.names ?? [];
  }

  /** What the layers that are shown draw in a band.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {import("./layers.js").Band} band */
  layers(ctx, scene, band) {
    for (const part of drawn("symbols", band, scene.shown)) part.draw(this, ctx, scene);
  }

  /** Particles of one symbol share its row: each keeps its own height there.
   * @param {number} n */
  lift(n) {
    return 0.8 * (spread(7 * n + 3) - 0.5);
  }

  /** @param {Scene} scene */
  locate({ run, moment, clock }) {
    const { count } = run, { o, k } = this.toY, x = this.x(clock), { component } = this.spec.b, from = run.at(moment.frame, component);
    const here = shares(run, moment.frame, component, this.names.length);
    this.peak = Math.max(...here) || 1;
    this.xs = sized(this.xs, count);
    this.ys = sized(this.ys, count);
    for (let n = 0; n < count; n++) {
      const symbol = Math.round(run.z[from + n]);
      this.xs[n] = x + (2 * spread(n + 1) - 1) * this.reach * (0.06 + 0.94 * (here[symbol] / this.peak));
      this.ys[n] = o + k * (symbol + this.lift(n));
    }
  }

  /** @param {Context} ctx
   * @param {import("./run.js").Run} run
   * @param {number} c  component
   * @param {number} n  particle */
  line(ctx, run, c, n) {
    const { o, k } = this.toY, up = this.lift(n);
    for (let j = 0; j < run.frames; j++) {
      const x = this.x(run.clock[j]), y = o + k * (Math.round(run.z[run.at(j, c) + n]) + up);
      if (j) ctx.lineTo(x, o + k * (Math.round(run.z[run.at(j - 1, c) + n]) + up));
      if (j) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
    }
  }

  /** Every symbol's probability over time as a ribbon in its row, as thick as it is likely, on one scale.
   * @param {Context} ctx
   * @param {Scene} scene */
  ribbons(ctx, scene) {
    const array = this.field(scene, "density"), { fields } = scene;
    if (!array || !fields) return;
    const [frames, symbols] = array.shape, { o, k } = this.toY, { clock } = fields, { data } = array;
    let highest = 0;
    for (const p of data) highest = Math.max(highest, p);
    ctx.fillStyle = scene.theme.data;
    ctx.globalAlpha = (scene.theme.dark ? 0.4 : 0.3) * (scene.faded ? 0.5 : 1);
    for (let s = 0; s < symbols; s++) {
      /** @param {number} f */
      const thick = (f) => 0.5 * CELL * k * Math.sqrt(data[f * symbols + s] / highest);
      ctx.beginPath();
      for (let f = 0; f < frames; f++) ctx.lineTo(this.x(clock[f]), o + k * s - thick(f));
      for (let f = frames - 1; f >= 0; f--) ctx.lineTo(this.x(clock[f]), o + k * s + thick(f));
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }

  /** Exact p_t around the cursor, on the scale of the swarm.
   * @param {Context} ctx
   * @param {Scene} scene */
  outline(ctx, scene) {
    const array = this.field(scene, "density"), law = array && lawAt(array, scene.fieldAt);
    if (!law) return;
    const { o, k } = this.toY, x = this.x(scene.clock), half = 0.5 * CELL * k;
    ctx.strokeStyle = scene.theme.exact;
    ctx.globalAlpha = scene.faded ? 0.4 : 0.9;
    ctx.lineWidth = 1;
    ctx.beginPath();
    law.forEach((p, s) => {
      const wide = (this.reach * p) / this.peak, y = o + k * s;
      if (wide > 0.4) ctx.rect(x - wide, y - half, 2 * wide, 2 * half);
    });
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  /** @param {Context} ctx
   * @param {Scene} scene
   * @param {string} name
   * @param {string} colour
   * @param {number} middle */
  reference(ctx, scene, name, colour, middle) {
    const array = scene.run.arrays[name];
    if (!array) return;
    const values = array.floats(), { o, k } = this.toY;
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.6;
    for (let n = 0; n < array.shape[1]; n++) ctx.fillRect(middle - 1 + 10 * (spread(n + 1) - 0.5), o + k * (Math.round(values[n]) + this.lift(n)) - 1, 2, 2);
    ctx.globalAlpha = 1;
  }

  /** Bars of both ends, beside the picture, with the exact law over them.
   * @param {Context} ctx
   * @param {Scene} scene */
  ends(ctx, scene) {
    const { run, theme } = scene, { box, strip, names } = this, { o, k } = this.toY, { component } = this.spec.b, half = 0.5 * CELL * k;
    const noiseFrame = run.forward ? run.frames - 1 : 0, array = this.field(scene, "density");
    for (const { x, grow, frame, i } of [
      { x: box.x - 3, grow: -1, frame: noiseFrame, i: 0 },
      { x: box.x + box.w + 3, grow: 1, frame: run.frames - 1 - noiseFrame, i: array ? array.shape[0] - 1 : 0 },
    ]) {
      const bars = shares(run, frame, component, names.length), law = array ? lawAt(array, { i, f: 0 }) : [];
      const by = (grow * (strip - 6)) / Math.max(...bars, ...law, 1e-9);
      if (scene.shown.has("particles")) {
        ctx.fillStyle = theme.sampler;
        ctx.globalAlpha = 0.42;
        bars.forEach((p, s) => ctx.fillRect(Math.min(x, x + by * p), o + k * s - half, Math.abs(by * p), 2 * half));
      }
      ctx.globalAlpha = scene.faded ? 0.5 : 1;
      ctx.strokeStyle = theme.exact;
      ctx.lineWidth = 1.3;
      ctx.beginPath();
      law.forEach((p, s) => (ctx.moveTo(x + by * p, o + k * s - half), ctx.lineTo(x + by * p, o + k * s + half)));
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
  }

  rows() {
    const { names } = this, { o, k } = this.toY, every = Math.max(1, Math.ceil(12 / k));
    return names.map((name, s) => ({ text: name, y: o + k * s })).filter((_, s) => named(s, names.length, every));
  }

  get word() {
    return -12;
  }

  // the axis's own word stands where a title would: names begin at the top
  frame() {
    const box = super.frame();
    return { ...box, y: box.y + 14, h: box.h - 14 };
  }
}

export { Symbols };
