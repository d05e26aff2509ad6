// Two components against each other at the cursor's time.
import { Heat, enclosingLevels, softened, traceLevel } from "../lib/density.js";
import { sized, text, ticks } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";
import { alike, fitted } from "./geometry.js";
import { drawn } from "./layers.js";
import { Panel } from "./panel.js";

/** @typedef {import("./panel.js").Context} Context */
/** @typedef {import("./panel.js").Scene} Scene */
/** How a field of arrows looks; half: the length at which they are half as long as they can get; dots: their heads are dots.
 * @typedef {{colour: string, alpha: number, width: number, half: number, dots: boolean}} Arrows */

const LAW_ENCLOSED = [0.3, 0.6, 0.9]; // of a guided run's reference laws

/** @extends {Panel<import("./panel.js").FlatSpec>} */
class Plane extends Panel {
  /** @param {import("./panel.js").FlatSpec} spec */
  constructor(spec) {
    super(spec);
    /** Blends of the laws that guidance is compared with, by layer. @type {Record<string, Heat>} */
    this.laws = {};
    /** @type {Float32Array} */
    this.soft = new Float32Array(0);
  }

  // the panel's own range fits into the rectangle; two components of a kind share one scale
  frame() {
    const { a, b } = this.spec, { rect } = this;
    const free = { x: rect.x, y: rect.y, w: rect.w, h: rect.h }, same = alike(a, b);
    if (!same || this.clear) {
      // room for the legend above, for tick labels at the left and below
      free.y += this.clear;
      free.h -= this.clear;
    }
    if (!same) Object.assign(free, { x: free.x + 30, w: free.w - 44, h: free.h - 26 });
    return fitted(a, b, free, same);
  }

  // beside other panels a plane keeps to its box; alone it shows whatever strays beyond
  inside() {
    return this.alone ? this.rect : this.box;
  }

  get clipping() {
    return this.bounds;
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  draw(ctx, scene) {
    this.locate(scene);
    this.clip(ctx);
    this.layers(ctx, scene, "ground");
    if (drawn("plane", "still", scene.shown).length) this.still(ctx, scene, this.sheet, (c) => this.layers(c, scene, "still"));
    this.layers(ctx, scene, "under");
    ctx.restore();
    this.still(ctx, scene, this.front, (c) => this.axes(c, scene.theme));
    this.clip(ctx);
    this.layers(ctx, scene, "over");
    this.mark(ctx, scene);
    this.pinned(ctx, scene);
    ctx.restore();
  }

  /** What the layers that are shown draw in a band.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {import("./layers.js").Band} band */
  layers(ctx, scene, band) {
    for (const part of drawn("plane", band, scene.shown)) part.draw(this, ctx, scene);
  }

  /** The way between two values of a component, from their difference.
   * @param {number} difference */
  gap(difference) {
    return difference;
  }

  /** The value that is shown.
   * @param {number} value */
  wrap(value) {
    return value;
  }

  /** A stroke between two places: of a plane, a straight one.
   * @param {Context} ctx
   * @param {number} x
   * @param {number} y
   * @param {number} toX
   * @param {number} toY */
  stroke(ctx, x, y, toX, toY) {
    ctx.moveTo(x, y);
    ctx.lineTo(toX, toY);
  }

  /** Screen positions of all particles, linear in the clock between two frames of a step without noise.
   * @param {Scene} scene */
  locate({ run, at }) {
    const { i, f } = at, { count, z } = run, next = Math.min(i + 1, run.frames - 1);
    this.xs = sized(this.xs, count);
    this.ys = sized(this.ys, count);
    for (const { axis: { component }, to, out } of [{ axis: this.spec.a, to: this.toX, out: this.xs }, { axis: this.spec.b, to: this.toY, out: this.ys }]) {
      const p = run.at(i, component), q = run.at(next, component);
      for (let n = 0; n < count; n++) out[n] = to.o + to.k * this.wrap(z[p + n] + this.gap(z[q + n] - z[p + n]) * f);
    }
  }

  /** Contours of a law that guidance is compared with.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {string} layer
   * @param {string} colour */
  law(ctx, scene, layer, colour) {
    const array = this.field(scene, layer);
    if (!array) return;
    const heat = (this.laws[layer] ??= new Heat());
    ctx.globalAlpha = scene.faded ? 0.5 : 1;
    this.contours(ctx, array, heat.blended(array, scene.fieldAt), LAW_ENCLOSED, colour, 1.7);
    ctx.globalAlpha = 1;
  }

  /** Lines that enclose shares of a density's mass.
   * @param {Context} ctx
   * @param {import("./run.js").PacketArray} array
   * @param {Float32Array} mix  its codes at this moment
   * @param {number[]} shares
   * @param {string} colour
   * @param {number} lineWidth */
  contours(ctx, array, mix, shares, colour, lineWidth) {
    const [, height, width] = array.shape, { box } = this;
    const kx = box.w / width, ky = box.h / height;
    /** @param {number} k */
    const toX = (k) => box.x + (k + 0.5) * kx;
    /** @param {number} r */
    const toY = (r) => box.y + (r + 0.5) * ky;
    const fade = ctx.globalAlpha;
    const soft = softened(mix, width, height, (this.soft = sized(this.soft, mix.length)));
    ctx.strokeStyle = colour;
    ctx.lineWidth = lineWidth;
    enclosingLevels(mix, shares).forEach((level, n) => {
      ctx.globalAlpha = fade * (0.9 - 0.12 * n);
      ctx.beginPath();
      traceLevel(ctx, level < 26 ? soft : mix, width, height, level, toX, toY);
      ctx.stroke();
    });
  }

  /** A field of arrows.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {string} layer
   * @param {Arrows} look */
  arrows(ctx, scene, layer, { colour, alpha, width, half, dots }) {
    const array = this.field(scene, layer), { fields } = scene;
    if (!array || !fields) return;
    const [columns, rows] = fields.header.grid.arrows, { box } = this, { i, f } = scene.fieldAt;
    const values = array.floats(), count = columns * rows;
    const p = 2 * count * i, q = Math.min(p + 2 * count, values.length - 2 * count);
    const cellX = box.w / columns, cellY = box.h / rows;
    const longest = clamp(0.72 * Math.min(cellX, cellY), 6, 19);
    // directions as they look on the screen, where the two axes may have different scales
    const skew = -this.toY.k / this.toX.k;
    const heads = [], room = this.room();
    ctx.beginPath();
    for (let m = 0; m < count; m++) {
      const u = values[p + m] + (values[q + m] - values[p + m]) * f;
      const v = values[p + count + m] + (values[q + count + m] - values[p + count + m]) * f;
      const size = Math.hypot(u, v), dx = u, dy = -v * skew, on = Math.hypot(dx, dy);
      const length = (longest * size) / (size + half);
      if (length < 1) continue;
      const x = box.x + ((m % columns) + 0.5) * cellX, y = box.y + (Math.floor(m / columns) + 0.5) * cellY;
      const ex = (dx / on) * length, ey = (dy / on) * length;
      // centred on its lattice point: arrows that part leave no hole between them
      const tipX = x + ex / 2, tipY = y + ey / 2;
      if (Math.min(x - ex / 2, tipX) < room.left || Math.max(x - ex / 2, tipX) > room.right || Math.min(y - ey / 2, tipY) < room.top || Math.max(y - ey / 2, tipY) > room.bottom) continue;
      ctx.moveTo(x - ex / 2, y - ey / 2);
      ctx.lineTo(tipX, tipY);
      if (dots) heads.push(tipX, tipY);
      else barbs(ctx, tipX, tipY, ex / length, ey / length, Math.min(3.2, 0.34 * length));
    }
    ctx.globalAlpha = alpha * (scene.faded ? 0.5 : 1);
    ctx.strokeStyle = ctx.fillStyle = colour;
    ctx.lineWidth = width;
    ctx.stroke();
    for (let k = 0; k < heads.length; k += 2) ctx.fillRect(heads[k] - 1.3, heads[k + 1] - 1.3, 2.6, 2.6);
    ctx.globalAlpha = 1;
  }

  // where arrows may be: inside of the ticks and their numbers, clear of the words of legend and caption
  room() {
    const { box, rect } = this, right = box.x + box.w, bottom = box.y + box.h;
    const below = rect.y + rect.h - bottom > 16, aside = box.x - rect.x > 22;
    return { left: box.x + (aside ? 3 : 26), right: right - 3, top: Math.max(box.y + 3, rect.y + this.covered), bottom: bottom - (below ? 5 : 22) };
  }

  /** Samples that every run's packet has.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {string} name
   * @param {string} colour */
  reference(ctx, scene, name, colour) {
    const array = scene.run.arrays[name];
    if (!array) return;
    const values = array.floats(), count = array.shape[1], { toX, toY } = this, { a, b } = this.spec;
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.6;
    for (let n = 0; n < count; n++) {
      const x = toX.o + toX.k * values[a.component * count + n], y = toY.o + toY.k * values[b.component * count + n];
      ctx.fillRect(x - 1, y - 1, 2, 2);
    }
    ctx.globalAlpha = 1;
  }

  /** @param {Context} ctx
   * @param {import("./panel.js").Theme} theme */
  axes(ctx, theme) {
    const { box, toX, toY } = this, { a, b, title } = this.spec;
    const covered = this.covered ? Math.max(0, this.rect.y + this.covered - box.y) : 0; // the legend floats over the top of a picture that fills the stage
    const bottom = box.y + box.h, left = box.x;
    ctx.font = theme.small;
    ctx.strokeStyle = theme.line;
    ctx.lineWidth = 1;
    if (!this.full) ctx.strokeRect(Math.round(left) + 0.5, Math.round(box.y) + 0.5, Math.round(box.w) - 1, Math.round(box.h) - 1);
    ctx.fillStyle = ctx.strokeStyle = theme.soft;
    ctx.globalAlpha = 0.85;
    ctx.beginPath();
    const below = this.rect.y + this.rect.h - bottom > 16, aside = left - this.rect.x > 22;
    for (const tick of ticks(a.lo, a.hi, Math.max(4, box.w / 90))) {
      const x = toX.o + toX.k * tick.value;
      if (x < left + 24 || x > left + box.w - 12) continue;
      ctx.moveTo(x, bottom);
      ctx.lineTo(x, bottom - 4);
      text(ctx, tick.text, x, below ? bottom + 12 : bottom - 7, "center", "alphabetic", theme.stage);
    }
    for (const tick of ticks(b.lo, b.hi, Math.max(4, box.h / 80))) {
      const y = toY.o + toY.k * tick.value;
      if (y < box.y + covered + 20 || y > bottom - 18) continue;
      ctx.moveTo(left, y);
      ctx.lineTo(left + 4, y);
      text(ctx, tick.text, aside ? left - 4 : left + 8, y, aside ? "right" : "left", "middle", theme.stage);
    }
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.ink;
    ctx.font = theme.label;
    text(ctx, a.label, left + box.w - 8, bottom - (below ? 6 : this.alone ? 38 : 20), "right", "alphabetic", theme.stage);
    text(ctx, b.label, left + 8, box.y + covered + 16, "left", "alphabetic", theme.stage);
    if (title) {
      ctx.fillStyle = theme.soft;
      text(ctx, title, left + box.w - 8, box.y + 16, "right", "alphabetic", theme.stage);
    }
  }
}

/** The two strokes of an arrow's head; (dx, dy) is its direction.
 * @param {Context} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} dx
 * @param {number} dy
 * @param {number} size */
function barbs(ctx, x, y, dx, dy, size) {
  ctx.moveTo(x - size * (dx + 0.6 * dy), y - size * (dy - 0.6 * dx));
  ctx.lineTo(x, y);
  ctx.lineTo(x - size * (dx - 0.6 * dy), y - size * (dy + 0.6 * dx));
}

export { Plane };
