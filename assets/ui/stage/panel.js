// A panel of the stage: what all kinds (plane.js, torus.js, spacetime.js, shares.js, symbols.js) have in common, above all the particles.
// Panels know nothing of the page: they get a scene and a context.
import { Heat } from "../lib/density.js";
import { Sheet, Splat, ring, sized, sprite } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";
import { CLOCK, across, upwards } from "./geometry.js";

/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./run.js").Clock} Clock */
/** @typedef {import("./run.js").Group} Group */
/** @typedef {import("./geometry.js").Rect} Rect */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("../lib/draw.js").Theme} Theme */

/** What Python says of a panel (docs/packet.md): a is horizontal (absent: there stands the clock), b vertical; pins: can a point be pinned?
 * weight: its share of the stage.
 * @typedef {import("../python.js").Panel} Spec */
/** A component along an axis; lo and hi: the range that is plotted; names: of symbols, in the order of their numbers.
 * @typedef {Spec["b"]} Axis */
/** Of a panel with two components. @typedef {Spec & {a: Axis}} FlatSpec */

/** Draws over the particles of every panel, for a lab.
 * @callback Overlay
 * @param {Context} ctx
 * @param {import("./panels.js").AnyPanel} panel
 * @param {Scene} scene */

/** All that is shown at one moment.
 * @typedef {object} Scene
 * @property {Run} run
 * @property {import("./run.js").Fields | null} fields
 * @property {boolean} faded  the fields are of another run, and are drawn in half strength
 * @property {Set<string>} shown  keys of the layers
 * @property {boolean} byClass  are particles in the colours of their classes?
 * @property {Clock} cursor  where the hand of time stands
 * @property {import("./run.js").Facts} moment  what is known there
 * @property {Clock} clock  of what is shown: the cursor, or the time at which a held state stands
 * @property {import("./run.js").Place} at  its place among the run's frames
 * @property {import("./run.js").Place} fieldAt  and among those of the fields
 * @property {Theme} theme
 * @property {number} version  counts whatever makes still pictures out of date
 * @property {number} scale  pixels of the canvas for a CSS pixel
 * @property {number} hover  the particle under the pointer; −1: none
 * @property {import("../page.js").PinPoint | null} pin
 * @property {Overlay | null} twins  another run's particles
 * @property {Overlay | null} overlay */

const SPLAT_FROM = 6000; // with more particles than this, dots are written into pixels directly
/** @type {Float32Array} */
const NONE = new Float32Array(0);

/** @template {Spec} [S=Spec] */
class Panel {
  /** @param {S} spec */
  constructor(spec) {
    this.spec = spec;
    this.sheet = new Sheet();
    this.front = new Sheet();
    this.splat = new Splat();
    this.heat = new Heat();
    // screen positions of all particles, CSS pixels
    this.xs = this.ys = NONE;
    this.sx = this.sy = NONE; // the same in pixels of the canvas, of many
    const nowhere = { x: 0, y: 0, w: 0, h: 0 };
    /** What it may paint. @type {Rect} */
    this.rect = nowhere;
    /** Where its axes are. @type {Rect} */
    this.box = nowhere;
    /** Where particles are drawn. @type {Rect} */
    this.bounds = nowhere;
    this.clear = this.covered = 0;
    this.full = this.alone = false;
  }

  // from components to pixels; across there may be the clock
  get toX() {
    return across(this.spec.a ?? CLOCK, this.box);
  }

  get toY() {
    return upwards(this.spec.b, this.box);
  }

  /** @param {import("./arrange.js").Standing} standing */
  place({ rect, clear, covered, full, alone }) {
    Object.assign(this, { rect, clear, covered, full, alone });
    this.box = this.frame();
    this.bounds = this.inside();
  }

  /** Where the axes are. */
  frame() {
    return this.rect;
  }

  /** Where particles are drawn. */
  inside() {
    return this.rect;
  }

  /** What layers may paint. */
  get clipping() {
    return this.rect;
  }

  get dotSize() {
    return 1;
  }

  /** Does the pointer move the time here? */
  get scrubs() {
    return !this.spec.a;
  }

  /** The pixel of a clock, where it runs across.
   * @param {Clock} clock */
  x(clock) {
    return this.box.x + (1 - clock) * this.box.w;
  }

  /** @param {number} x */
  clockAt(x) {
    return clamp(1 - (x - this.box.x) / this.box.w, 0, 1);
  }

  /** Where a point and its time stand in the picture: [x, y].
   * @param {import("../page.js").PinPoint} point */
  pixel({ clock, a, b }) {
    const { toX, toY } = this;
    return [toX.o + toX.k * (a ?? clock), toY.o + toY.k * b];
  }

  /** What a lab draws over the particles, and the pin.
   * @this {import("./panels.js").AnyPanel}
   * @param {Context} ctx
   * @param {Scene} scene */
  pinned(ctx, scene) {
    for (const draw of [scene.twins, scene.overlay]) {
      if (!draw) continue;
      this.clip(ctx); // as far as the particles go
      draw(ctx, this, scene);
      ctx.restore();
    }
    const { pin } = scene;
    if (!pin || pin.panel !== this.spec.id) return;
    const [x, y] = this.pixel(pin);
    ring(ctx, x, y, 6, scene.theme.stage, 4);
    ring(ctx, x, y, 6, scene.theme.pin, 2.2);
  }

  /** An exact field of a layer under this panel, or null.
   * @param {Scene} scene
   * @param {string} layer */
  field(scene, layer) {
    const { fields } = scene;
    return (fields && fields.geometry === scene.run.geometry && fields.arrays[`${layer}:${this.spec.id}`]) || null;
  }

  /** What does not move is painted once and then copied.
   * @param {Context} ctx
   * @param {Scene} scene
   * @param {Sheet} sheet
   * @param {(ctx: Context) => void} paint */
  still(ctx, scene, sheet, paint) {
    const { rect } = this;
    const picture = sheet.fresh(String(scene.version), rect.w, rect.h, scene.scale, (c) => {
      c.translate(-rect.x, -rect.y);
      paint(c);
    });
    ctx.drawImage(picture, rect.x, rect.y, rect.w, rect.h);
    return picture;
  }

  /** @param {Scene} scene */
  colours(scene) {
    return scene.byClass ? scene.run.groups : scene.run.one;
  }

  /** @param {Scene} scene
   * @param {Group} group */
  colour(scene, group) {
    const { theme } = scene;
    return scene.byClass && group.members ? theme.classes[group.colour % theme.classes.length] : theme.sampler;
  }

  /** @param {Context} ctx */
  clip(ctx) {
    ctx.save();
    ctx.beginPath();
    const { x, y, w, h } = this.clipping;
    ctx.rect(x, y, w, h);
    ctx.clip();
  }

  /** Dots at xs, ys.
   * @param {Context} ctx
   * @param {Scene} scene */
  dots(ctx, scene) {
    const { count } = scene.run;
    if (count > SPLAT_FROM) return this.manyDots(ctx, scene);
    const room = clamp(Math.sqrt((this.box.w * this.box.h) / 420000), 0.72, 1.1);
    const radius = Math.round(10 * room * (count <= 400 ? 2.3 : count <= 2500 ? 1.55 : 1.25) * this.dotSize) / 10;
    ctx.globalAlpha = count <= 400 ? 0.9 : 0.78;
    for (const group of this.colours(scene)) {
      const members = group.members, size = members ? members.length : count, colour = this.colour(scene, group);
      if (count <= 400) this.stamp(ctx, sprite(colour, radius, scene.scale, false), this.xs, this.ys, members, size);
      else this.rects(ctx, colour, 0.9 * radius, scene.scale, members, size);
    }
    ctx.globalAlpha = 1;
  }

  /** Small squares cost a tenth of sprites where pictures are rastered by the processor; where pixels are fine enough to
   * show corners, three bars make them octagons.
   * @param {Context} ctx
   * @param {string} colour
   * @param {number} half  of their side
   * @param {number} scale
   * @param {Uint32Array | null} members
   * @param {number} count */
  rects(ctx, colour, half, scale, members, count) {
    const { xs, ys } = this, { x, y, w, h } = this.bounds, fine = scale > 1.25, cut = 0.56 * half;
    ctx.fillStyle = colour;
    for (let k = 0; k < count; k++) {
      const n = members ? members[k] : k, px = xs[n], py = ys[n];
      if (!(px > x && px < x + w && py > y && py < y + h)) continue;
      if (!fine) ctx.fillRect(px - half, py - half, 2 * half, 2 * half);
      else {
        ctx.fillRect(px - half, py - cut, 2 * half, 2 * cut);
        ctx.fillRect(px - cut, py - half, 2 * cut, half - cut);
        ctx.fillRect(px - cut, py + cut, 2 * cut, half - cut);
      }
    }
  }

  /** @param {Context} ctx
   * @param {ReturnType<typeof sprite>} dot
   * @param {Float32Array} xs
   * @param {Float32Array} ys
   * @param {Uint32Array | null} members
   * @param {number} count */
  stamp(ctx, dot, xs, ys, members, count) {
    const { x, y, w, h } = this.bounds, half = dot.size / 2;
    for (let k = 0; k < count; k++) {
      const n = members ? members[k] : k, px = xs[n], py = ys[n];
      if (px > x && px < x + w && py > y && py < y + h) ctx.drawImage(dot.canvas, px - half, py - half, dot.size, dot.size);
    }
  }

  /** @param {Context} ctx
   * @param {Scene} scene */
  manyDots(ctx, scene) {
    const { rect, splat } = this, { scale, run } = scene;
    splat.begin(Math.round(rect.w * scale), Math.round(rect.h * scale));
    const xs = (this.sx = sized(this.sx, run.count)), ys = (this.sy = sized(this.sy, run.count));
    for (let n = 0; n < run.count; n++) {
      xs[n] = (this.xs[n] - rect.x) * scale;
      ys[n] = (this.ys[n] - rect.y) * scale;
    }
    const side = Math.max(1, Math.round(1.6 * scale)), alpha = run.count > 20000 ? 0.34 : 0.55;
    for (const group of this.colours(scene)) {
      splat.add(xs, ys, group.members, group.members ? group.members.length : run.count, this.colour(scene, group), alpha, side);
    }
    ctx.drawImage(splat.end(), rect.x, rect.y, rect.w, rect.h);
  }

  /** The particle that is nearest to a place of the picture and not farther than `within`; −1: none.
   * @param {number} x
   * @param {number} y
   * @param {number} within */
  nearest(x, y, within) {
    let best = -1, least = within * within;
    for (let n = 0; n < this.xs.length; n++) {
      const d = (this.xs[n] - x) ** 2 + (this.ys[n] - y) ** 2;
      if (d < least) (least = d), (best = n);
    }
    return best;
  }

  /** The particle under the pointer.
   * @param {Context} ctx
   * @param {Scene} scene */
  mark(ctx, scene) {
    const n = scene.hover;
    if (n < 0 || n >= this.xs.length) return;
    ring(ctx, this.xs[n], this.ys[n], 5.5, scene.theme.ink, 1.6);
  }
}

export { Panel };
