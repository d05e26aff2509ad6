// How often each symbol is at the cursor's time: bars, with the exact law over them. Its names stand in the axis (`names`).
import { text, ticks } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";
import { named } from "./geometry.js";
import { drawn } from "./layers.js";
import { Panel } from "./panel.js";
import { lawAt, shares } from "./tally.js";

/** @typedef {import("./panel.js").Context} Context */
/** @typedef {import("./panel.js").Scene} Scene */

const CELL = 0.86; // of a column that is painted

/** @extends {Panel<import("./panel.js").FlatSpec>} */
class Shares extends Panel {
  frame() {
    const { rect } = this, top = rect.y + this.clear + 24;
    return { x: rect.x + 46, y: top, w: rect.w - 62, h: rect.y + rect.h - 30 - top };
  }

  inside() {
    return this.box;
  }

  nearest() {
    return -1;
  }

  get names() {
    return this.spec.a.names ?? [];
  }

  /** What the layers that are shown draw in a band.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {import("./layers.js").Band} band */
  layers(ctx, scene, band) {
    for (const part of drawn("shares", band, scene.shown)) part.draw(this, ctx, scene);
  }

  /** The exact law at a frame of the fields, 0 the noise's and −1 the data's; without one, at the moment that is shown. Null where it was not sent.
   * @param {Scene} scene
   * @param {number | null} frame */
  law(scene, frame = null) {
    const array = this.field(scene, "density");
    if (!array) return null;
    return lawAt(array, frame === null ? scene.fieldAt : { i: frame < 0 ? array.shape[0] + frame : frame, f: 0 });
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  draw(ctx, scene) {
    this.clip(ctx);
    this.still(ctx, scene, this.sheet, (c) => this.axes(c, scene));
    this.layers(ctx, scene, "over");
    ctx.restore();
  }

  /** Shares of the particles, of each colour on top of the one before.
   * @param {Context} ctx
   * @param {Scene} scene */
  bars(ctx, scene) {
    const { run, moment } = scene, { a } = this.spec, { toX, toY, names } = this, base = toY.o, wide = CELL * toX.k;
    const below = new Float32Array(names.length), most = this.spec.b.hi;
    ctx.globalAlpha = 0.75;
    for (const group of this.colours(scene)) {
      ctx.fillStyle = this.colour(scene, group);
      shares(run, moment.frame, a.component, names.length, group.members).forEach((p, k) => {
        const low = base + toY.k * Math.min(below[k], most), high = base + toY.k * Math.min((below[k] += p), most);
        ctx.fillRect(toX.o + toX.k * k - wide / 2, high, wide, low - high);
      });
    }
    ctx.globalAlpha = 1;
    // what does not fit says how much it is: under masking nearly all are the mask at first
    ctx.font = scene.theme.small;
    ctx.fillStyle = scene.theme.ink;
    below.forEach((p, k) => {
      if (p <= most) return;
      const x = toX.o + toX.k * k, { box } = this;
      text(ctx, `${(100 * p).toFixed(0)} %`, Math.min(x, box.x + box.w - 14), box.y - 3, "center", "alphabetic", scene.theme.stage);
    });
  }

  /** A law as steps over its symbols; within: so many standard deviations wide is the band in which n independent draws of it would lie.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {number[] | null} law
   * @param {string} colour
   * @param {number} width
   * @param {number} within */
  steps(ctx, scene, law, colour, width, within = 0) {
    if (!law) return;
    const { toX, toY } = this, wide = CELL * toX.k, { count } = scene.run;
    /** @param {number} p */
    const y = (p) => toY.o + toY.k * clamp(p, 0, this.spec.b.hi);
    const fade = scene.faded ? 0.5 : 1;
    ctx.strokeStyle = ctx.fillStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
    law.forEach((p, k) => {
      const x = toX.o + toX.k * k - wide / 2, sd = within * Math.sqrt((p * (1 - p)) / count);
      if (within) {
        ctx.globalAlpha = 0.22 * fade;
        ctx.fillRect(x, y(p + sd), wide, y(p - sd) - y(p + sd));
      }
      ctx.moveTo(x, y(p));
      ctx.lineTo(x + wide, y(p));
    });
    ctx.globalAlpha = fade;
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  axes(ctx, { theme }) {
    const { box, toX, toY, names } = this, { b, title } = this.spec, base = box.y + box.h;
    ctx.strokeStyle = theme.line;
    ctx.fillStyle = theme.soft;
    ctx.font = theme.small;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const tick of ticks(b.lo, b.hi, Math.max(2, box.h / 60))) {
      const y = Math.round(toY.o + toY.k * tick.value) + 0.5;
      ctx.moveTo(box.x, y);
      ctx.lineTo(box.x + box.w, y);
      text(ctx, tick.text, box.x - 6, y, "right", "middle");
    }
    ctx.stroke();
    const wide = Math.max(...names.map((name) => ctx.measureText(name).width)), every = Math.max(1, Math.ceil((wide + 3) / toX.k));
    names.forEach((name, k) => named(k, names.length, every) && text(ctx, name, toX.o + toX.k * k, base + 14, "center"));
    ctx.fillStyle = theme.ink;
    ctx.font = theme.label;
    text(ctx, b.label, box.x - 38, box.y - 10);
    ctx.fillStyle = theme.soft;
    if (title) text(ctx, title, box.x + box.w / 2, box.y - 10, "center");
  }
}

export { Shares };
