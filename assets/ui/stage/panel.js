// A panel of the stage: what the plane (plane.js) and space–time (spacetime.js) have in common, above all the particles. Panels know
// nothing of the page: they get a `scene` and a context.
// scene: {run, fields, theme, shown: Set, byClass, clock, at, fieldAt, version, hover, pin, scale}
import { Heat } from "../lib/density.js";
import { Sheet, Splat, clamp, ring, sized, sprite } from "../lib/draw.js";
import { drawn } from "./layers.js";

/** A component along an axis; lo and hi: the range that is plotted; names: of symbols, in the order of their numbers.
 * @typedef {{component: number, label: string, lo: number, hi: number, names?: string[]}} Axis */
/** What Python says of a panel (docs/packet.md): a is horizontal (absent: there stands the clock), b vertical; pins: can a point be pinned?
 * weight: its share of the stage.
 * @typedef {{id: string, kind: "plane" | "torus" | "spacetime" | "shares" | "symbols", a?: Axis, b: Axis, title: string, weight: number, pins?: boolean}} Spec */

const SPLAT_FROM = 6000; // with more particles than this, dots are written into pixels directly

class Panel {
  constructor(spec) {
    this.spec = spec;
    this.sheet = new Sheet();
    this.front = new Sheet();
    this.splat = new Splat();
    this.heat = new Heat();
    this.xs = this.ys = new Float32Array(0);
  }

  // from components to pixels: k · value + o; across only where there is a horizontal component (`spec.a`), else there stands the clock
  get toX() {
    const { a } = this.spec, { box } = this, k = box.w / (a.hi - a.lo);
    return { k, o: box.x - a.lo * k };
  }

  get toY() {
    const { b } = this.spec, { box } = this, k = -box.h / (b.hi - b.lo);
    return { k, o: box.y - b.hi * k };
  }

  // rect: what the panel may paint; clear: height at its top that words of the legend cover
  place(rect, clear) {
    this.rect = rect;
    this.clear = clear;
    this.box = this.frame();
    this.bounds = this.inside();
  }

  // where particles are drawn
  inside() {
    return this.rect;
  }

  get dotSize() {
    return 1;
  }

  // what a lab draws over the particles, and the pin
  pinned(ctx, scene) {
    if (scene.overlay) {
      const { x, y, w, h } = this.box;
      ctx.save();
      ctx.beginPath();
      ctx.rect(x, y, w, h);
      ctx.clip();
      scene.overlay(ctx, this, scene);
      ctx.restore();
    }
    const { pin } = scene;
    if (!pin || pin.panel !== this.spec.id) return;
    const x = pin.a == null ? this.x(pin.clock) : this.toX.o + this.toX.k * pin.a, y = this.toY.o + this.toY.k * pin.b;
    ring(ctx, x, y, 6, scene.theme.stage, 4);
    ring(ctx, x, y, 6, scene.theme.pin, 2.2);
  }

  field(scene, layer) {
    const fields = scene.fields;
    return (fields && fields.geometry === scene.run.geometry && fields.arrays[`${layer}:${this.spec.id}`]) || null;
  }

  // what the layers that are shown draw in a band (layers.js)
  layers(ctx, scene, band) {
    for (const part of drawn(this.spec.kind, band, scene.shown)) part.draw(this, ctx, scene);
  }

  // what does not move is painted once and then copied
  still(ctx, scene, sheet, paint) {
    const { rect } = this;
    const picture = sheet.fresh(scene.version, rect.w, rect.h, scene.scale, (c) => {
      c.translate(-rect.x, -rect.y);
      paint(c);
    });
    ctx.drawImage(picture, rect.x, rect.y, rect.w, rect.h);
    return picture;
  }

  colours(scene) {
    return scene.byClass ? scene.run.groups : scene.run.one;
  }

  colour(scene, group) {
    const { theme } = scene;
    return scene.byClass && group.members ? theme.classes[group.colour % theme.classes.length] : theme.sampler;
  }

  clip(ctx) {
    ctx.save();
    ctx.beginPath();
    const { x, y, w, h } = this.clipped || this.rect;
    ctx.rect(x, y, w, h);
    ctx.clip();
  }

  // dots at xs, ys (CSS pixels)
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

  // Small squares cost a tenth of sprites where pictures are rastered by the processor; where pixels are fine enough to
  // show corners, three bars make them octagons.
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

  stamp(ctx, dot, xs, ys, members, count) {
    const { x, y, w, h } = this.bounds, half = dot.size / 2;
    for (let k = 0; k < count; k++) {
      const n = members ? members[k] : k, px = xs[n], py = ys[n];
      if (px > x && px < x + w && py > y && py < y + h) ctx.drawImage(dot.canvas, px - half, py - half, dot.size, dot.size);
    }
  }

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

  nearest(x, y, within) {
    let best = -1, least = within * within;
    for (let n = 0; n < this.xs.length; n++) {
      const d = (this.xs[n] - x) ** 2 + (this.ys[n] - y) ** 2;
      if (d < least) (least = d), (best = n);
    }
    return best;
  }

  mark(ctx, scene) {
    const n = scene.hover;
    if (n < 0 || n >= this.xs.length) return;
    ring(ctx, this.xs[n], this.ys[n], 5.5, scene.theme.ink, 1.6);
  }
}

export { Panel };
