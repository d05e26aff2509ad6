// Symbols: a bar chart of them at the cursor's time, and their paths over the clock, as jumps from row to row. Kinds of panel "shares" and "symbols";
// names of the symbols stand in the axis (`names`). Of the exact law comes density:<id>, f4 (field frames, symbols).
import { clamp, sized, spread, text, ticks } from "../lib/draw.js";
import { layer } from "./layers.js";
import { Panel } from "./panel.js";
import { Spacetime } from "./spacetime.js";

const WITHIN = 2; // standard deviations of n independent draws that a bar may be off by chance
const CELL = 0.86; // of a row or a column that is painted

// p_t(symbol) at the moment that is shown, or of one frame of the fields
function exact(panel, scene, frame = null) {
  const array = panel.field(scene, "density");
  if (!array) return null;
  const [frames, symbols] = array.shape, { i, f } = frame === null ? scene.fieldAt : { i: frame < 0 ? frames - 1 : frame, f: 0 };
  const near = i * symbols, far = Math.min(i + 1, frames - 1) * symbols;
  return Array.from({ length: symbols }, (_, k) => array.data[near + k] * (1 - f) + array.data[far + k] * f);
}

// share of the particles at each symbol in a frame, of all or of a group
function shares(run, frame, component, symbols, members = null) {
  const out = new Float32Array(symbols), from = run.at(frame, component), count = members ? members.length : run.count;
  for (let m = 0; m < count; m++) {
    const k = Math.round(run.z[from + (members ? members[m] : m)]);
    if (k >= 0 && k < symbols) out[k] += 1 / run.count;
  }
  return out;
}

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

  draw(ctx, scene) {
    this.law = exact(this, scene);
    this.clip(ctx);
    this.still(ctx, scene, this.sheet, (c) => this.axes(c, scene));
    this.layers(ctx, scene, "over");
    ctx.restore();
  }

  bars(ctx, scene) {
    const { run, moment } = scene, { a } = this.spec, { toX, toY } = this, base = toY.o, wide = CELL * toX.k, below = new Float32Array(a.names.length), most = this.spec.b.hi;
    ctx.globalAlpha = 0.75;
    for (const group of this.colours(scene)) {
      ctx.fillStyle = this.colour(scene, group);
      shares(run, moment.frame, a.component, a.names.length, group.members).forEach((p, k) => {
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

  // a law as steps over its symbols; within: the band in which n independent draws of it would lie
  steps(ctx, scene, law, colour, width, within = 0) {
    if (!law) return;
    const { toX, toY } = this, wide = CELL * toX.k, { count } = scene.run;
    const y = (p) => toY.o + toY.k * clamp(p, 0, this.spec.b.hi);
    const fade = scene.fields.faded ? 0.5 : 1;
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

  axes(ctx, { theme }) {
    const { box, toX, toY } = this, { a, b, title } = this.spec, base = box.y + box.h;
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
    const wide = Math.max(...a.names.map((name) => ctx.measureText(name).width)), every = Math.max(1, Math.ceil((wide + 3) / toX.k));
    const last = a.names.length - 1; // it has its name always, since it may be the mask
    a.names.forEach((name, k) => (k === last || (k % every === 0 && last - k >= every)) && text(ctx, name, toX.o + toX.k * k, base + 14, "center"));
    ctx.fillStyle = theme.ink;
    ctx.font = theme.label;
    text(ctx, b.label, box.x - 38, box.y - 10);
    ctx.fillStyle = theme.soft;
    if (title) text(ctx, title, box.x + box.w / 2, box.y - 10, "center");
  }
}

class Symbols extends Spacetime {
  get toY() {
    const { b } = this.spec, { box } = this, k = box.h / (b.hi - b.lo); // the first symbol on top
    return { k, o: box.y - b.lo * k };
  }

  // particles of one symbol share its row: each keeps its own height there
  lift(n) {
    return 0.8 * (spread(7 * n + 3) - 0.5);
  }

  locate({ run, moment, clock }) {
    const { count } = run, { o, k } = this.toY, x = this.x(clock), { component, names } = this.spec.b, from = run.at(moment.frame, component);
    const here = shares(run, moment.frame, component, names.length);
    this.peak = Math.max(...here) || 1;
    this.xs = sized(this.xs, count);
    this.ys = sized(this.ys, count);
    for (let n = 0; n < count; n++) {
      const symbol = Math.round(run.z[from + n]);
      this.xs[n] = x + (2 * spread(n + 1) - 1) * this.reach * (0.06 + 0.94 * (here[symbol] / this.peak));
      this.ys[n] = o + k * (symbol + this.lift(n));
    }
  }

  line(ctx, run, c, n) {
    const { o, k } = this.toY, up = this.lift(n);
    for (let j = 0; j < run.frames; j++) {
      const x = this.x(run.clock[j]), y = o + k * (Math.round(run.z[run.at(j, c) + n]) + up);
      if (j) ctx.lineTo(x, o + k * (Math.round(run.z[run.at(j - 1, c) + n]) + up));
      if (j) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
    }
  }

  // every symbol's probability over time as a ribbon in its row, as thick as it is likely, on one scale
  ribbons(ctx, scene) {
    const array = this.field(scene, "density");
    if (!array) return;
    const [frames, symbols] = array.shape, { o, k } = this.toY, { clock } = scene.fields;
    const rows = [...Array(symbols).keys()], highest = Math.max(...rows.map((s) => Math.max(...clock.map((_, f) => array.data[f * symbols + s]))));
    ctx.fillStyle = scene.theme.data;
    ctx.globalAlpha = (scene.theme.dark ? 0.4 : 0.3) * (scene.fields.faded ? 0.5 : 1);
    for (const s of rows) {
      const thick = (f) => 0.5 * CELL * k * Math.sqrt(array.data[f * symbols + s] / highest);
      ctx.beginPath();
      for (let f = 0; f < frames; f++) ctx.lineTo(this.x(clock[f]), o + k * s - thick(f));
      for (let f = frames - 1; f >= 0; f--) ctx.lineTo(this.x(clock[f]), o + k * s + thick(f));
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }

  // exact p_t around the cursor, on the scale of the swarm
  outline(ctx, scene) {
    const law = exact(this, scene);
    if (!law) return;
    const { o, k } = this.toY, x = this.x(scene.clock), half = (0.5 * CELL * k);
    ctx.strokeStyle = scene.theme.exact;
    ctx.globalAlpha = scene.fields.faded ? 0.4 : 0.9;
    ctx.lineWidth = 1;
    ctx.beginPath();
    law.forEach((p, s) => {
      const wide = (this.reach * p) / this.peak, y = o + k * s;
      if (wide > 0.4) ctx.rect(x - wide, y - half, 2 * wide, 2 * half);
    });
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  reference(ctx, scene, name, colour, middle) {
    const array = scene.run.arrays[name];
    if (!array) return;
    const values = array.floats(), { o, k } = this.toY;
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.6;
    for (let n = 0; n < array.shape[1]; n++) ctx.fillRect(middle - 1 + 10 * (spread(n + 1) - 0.5), o + k * (Math.round(values[n]) + this.lift(n)) - 1, 2, 2);
    ctx.globalAlpha = 1;
  }

  // bars of both ends, beside the picture, with the exact law over them
  ends(ctx, scene) {
    const { run, theme } = scene, { box, strip } = this, { o, k } = this.toY, { component, names } = this.spec.b, half = 0.5 * CELL * k;
    const noiseFrame = run.forward ? run.frames - 1 : 0;
    for (const { x, grow, frame, row } of [
      { x: box.x - 3, grow: -1, frame: noiseFrame, row: 0 },
      { x: box.x + box.w + 3, grow: 1, frame: run.frames - 1 - noiseFrame, row: -1 },
    ]) {
      const bars = shares(run, frame, component, names.length), law = exact(this, scene, row) || [], by = (grow * (strip - 6)) / Math.max(...bars, ...law, 1e-9);
      if (scene.shown.has("particles")) {
        ctx.fillStyle = theme.sampler;
        ctx.globalAlpha = 0.42;
        bars.forEach((p, s) => ctx.fillRect(Math.min(x, x + by * p), o + k * s - half, Math.abs(by * p), 2 * half));
      }
      ctx.globalAlpha = scene.fields?.faded ? 0.5 : 1;
      ctx.strokeStyle = theme.exact;
      ctx.lineWidth = 1.3;
      ctx.beginPath();
      law.forEach((p, s) => (ctx.moveTo(x + by * p, o + k * s - half), ctx.lineTo(x + by * p, o + k * s + half)));
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
  }

  rows() {
    const { names } = this.spec.b, { o, k } = this.toY, every = Math.max(1, Math.ceil(12 / k));
    return names.map((name, s) => ({ text: name, y: o + k * s })).filter((_, s) => s === names.length - 1 || (s % every === 0 && names.length - 1 - s >= every));
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

layer("particles", {
  shares: { over: [10, (panel, ctx, scene) => panel.bars(ctx, scene)] },
  symbols: { over: [30, (panel, ctx, scene) => panel.dots(ctx, scene)] },
});
layer("density", {
  shares: { over: [20, (panel, ctx, scene) => panel.steps(ctx, scene, panel.law, scene.theme.exact, 1.8, WITHIN)] },
  symbols: { ground: [10, (panel, ctx, scene) => panel.ribbons(ctx, scene)], over: [40, (panel, ctx, scene) => panel.outline(ctx, scene)] },
});
// laws of both ends: as samples beside the paths, as the exact tables in the chart
for (const [name, role, frame, side] of [["prior", "noise", 0, 0], ["data", "data", -1, 1]]) {
  layer(name, {
    shares: { over: [30, (panel, ctx, scene) => panel.steps(ctx, scene, exact(panel, scene, frame), scene.theme[role], 1.4)] },
    symbols: { still: [20, (panel, ctx, scene) => panel.reference(ctx, scene, name, scene.theme[role], panel.box.x + (side ? panel.box.w - 5 : 5))] },
  });
}

export { Shares, Symbols };
