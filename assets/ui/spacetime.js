// One component over the clock: noise at the left, data at the right, histograms of both ends beside it.
(() => {
  "use strict";
  const PG = (window.PG = window.PG || {});
  const { clamp, ticks, spread, sized, text, sprite, Sheet } = PG.draw;
  const { LAWS } = PG.layers;
  const { Panel, RING_PARTICLES, THREAD_PARTICLES } = PG;
  const PATH_PARTICLES = 80;
  const MANY = 40; // with more states than this, those that are held are joined by upright strokes
  const SWARM_BINS = 72; // of the swarm of dots along the cursor of a space–time panel

  class Spacetime extends Panel {
    constructor(spec) {
      super(spec);
      this.past = new Sheet(); // the same paths in full strength; only its part up to the cursor is shown
    }

    frame() {
      const { rect } = this;
      const strip = clamp(0.1 * rect.w, 26, 84);
      const small = rect.h < 240;
      const top = rect.y + this.clear + (this.spec.title ? 20 : 10), foot = small ? 20 : 26, edge = 30;
      this.strip = strip;
      return { x: rect.x + edge + strip, y: top, w: rect.w - edge - 2 * strip - 14, h: rect.y + rect.h - foot - top };
    }

    get toY() {
      const { b } = this.spec, { box } = this, k = -box.h / (b.hi - b.lo);
      return { k, o: box.y - b.hi * k };
    }

    x(clock) {
      return this.box.x + (1 - clock) * this.box.w;
    }

    clockAt(x) {
      return clamp(1 - (x - this.box.x) / this.box.w, 0, 1);
    }

    draw(ctx, scene) {
      const { shown } = scene;
      this.locate(scene);
      this.clip(ctx);
      this.still(ctx, scene, this.sheet, (c) => this.backdrop(c, scene));
      if (shown.has("trails")) this.travelled(ctx, scene);
      if (shown.has("x0")) this.expected(ctx, scene);
      if (shown.has("particles")) this.dots(ctx, scene);
      if (shown.has("density")) this.outline(ctx, scene);
      for (const [layer, role] of LAWS) if (shown.has(layer)) this.outline(ctx, scene, layer, `${layer}/peak`, scene.theme[role]);
      this.cursor(ctx, scene);
      this.path(ctx, scene, scene.hover);
      this.mark(ctx, scene);
      this.pinned(ctx, scene);
      ctx.restore();
    }

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
        const at = ((this.ys[n] - lo) / (hi - lo)) * SWARM_BINS - 0.5, j = Math.floor(at);
        const here = bars[clamp(j, 0, SWARM_BINS - 1)], there = bars[clamp(j + 1, 0, SWARM_BINS - 1)];
        const width = (here + (there - here) * (at - j)) / this.peak;
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

    // the exact p_t around the cursor, on the scale of the swarm: dots should fill it evenly
    outline(ctx, scene, layer = "density", peak = "peak", colour = scene.theme.exact) {
      const density = this.field(scene, layer), peaks = this.field(scene, peak);
      if (!density || !peaks) return;
      const [rows, columns] = density.shape, { i, f } = scene.fieldAt, { box } = this, x = this.x(scene.clock);
      const next = Math.min(i + 1, columns - 1), k = this.reach / this.peak / 255;
      const near = peaks.data[i] * (1 - f), far = peaks.data[next] * f;
      ctx.strokeStyle = colour;
      ctx.globalAlpha = scene.fields.faded ? 0.4 : 0.8;
      ctx.lineWidth = layer === "density" ? 1 : 1.6;
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

    backdrop(ctx, scene) {
      const { box } = this;
      if (scene.shown.has("density")) this.density(ctx, scene);
      this.axes(ctx, scene);
      if (scene.shown.has("trails")) this.paths(ctx, scene, 0.13);
      this.ends(ctx, scene);
      for (const [name, x] of [["prior", box.x + 5], ["data", box.x + box.w - 5]]) {
        if (scene.shown.has(name)) this.reference(ctx, scene, name, x);
      }
    }

    // columns of p_t, one for each field clock; half a column overhangs at both ends
    density(ctx, scene) {
      const array = this.field(scene, "density");
      if (!array) return;
      const [rows, columns] = array.shape, { box } = this;
      const picture = this.heat.paint({ ...array, uid: array.uid, shape: [1, rows, columns], data: array.data }, { i: 0, f: 0 }, scene.theme.data);
      ctx.globalAlpha = scene.fields.faded ? 0.5 : 1;
      ctx.imageSmoothingQuality = "high";
      ctx.drawImage(picture, 1, 0, 2 * columns - 2, 2 * rows, box.x, box.y, box.w, box.h);
      ctx.globalAlpha = 1;
    }

    paths(ctx, scene, alpha) {
      const { run } = scene, { o, k } = this.toY, c = this.spec.b.component;
      ctx.save();
      this.clipBox(ctx);
      ctx.globalAlpha = alpha;
      ctx.lineWidth = 1;
      for (const group of this.colours(scene)) {
        ctx.strokeStyle = this.colour(scene, group);
        const count = run.share(group, PATH_PARTICLES);
        ctx.beginPath();
        for (let m = 0; m < count; m++) {
          const n = group.members ? group.members[m] : m;
          this.line(ctx, run, c, n, run.frames > MANY);
        }
        ctx.stroke();
      }
      ctx.restore();
    }

    // a particle's states over the clock: joined where the picture moves between them, else held as it holds them
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

    clipBox(ctx) {
      const { box } = this;
      ctx.beginPath();
      ctx.rect(box.x, box.y, box.w, box.h);
      ctx.clip();
    }

    // the same paths in full strength: only what lies behind the cursor is copied
    travelled(ctx, scene) {
      const { rect, box } = this, { scale } = scene;
      const sheet = this.past.fresh(scene.version, rect.w, rect.h, scale, (c) => {
        c.translate(-rect.x, -rect.y);
        this.paths(c, scene, 0.45);
      });
      const x = this.x(scene.cursor);
      const from = scene.run.forward ? x : box.x, to = scene.run.forward ? box.x + box.w : x;
      const sx = Math.round((from - rect.x) * scale), width = Math.round((to - rect.x) * scale) - sx;
      if (width < 1) return;
      ctx.drawImage(sheet, sx, 0, width, sheet.height, rect.x + sx / scale, rect.y, width / scale, rect.h);
    }

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

    // where the model expects each particle to have come from: on the data's side
    expected(ctx, scene) {
      const { run, at, theme } = scene, c = this.spec.b.component;
      if (!run.x0 || c >= run.dim) return;
      const { o, k } = this.toY, next = Math.min(at.i + 1, run.frames - 1), count = Math.min(RING_PARTICLES / 2, run.count);
      const p = run.atX0(at.i, c), q = run.atX0(next, c), right = this.box.x + this.box.w;
      const xs = new Float32Array(count), ys = new Float32Array(count);
      for (let n = 0; n < count; n++) {
        xs[n] = right - 4 - 18 * spread(n + 1);
        ys[n] = o + k * (run.x0[p + n] + (run.x0[q + n] - run.x0[p + n]) * at.f);
      }
      ctx.strokeStyle = theme.exact;
      ctx.lineWidth = 0.9;
      ctx.globalAlpha = 0.22;
      ctx.beginPath();
      for (let n = 0; n < Math.min(THREAD_PARTICLES, count); n++) {
        ctx.moveTo(this.xs[n], this.ys[n]);
        ctx.lineTo(xs[n], ys[n]);
      }
      ctx.stroke();
      ctx.globalAlpha = 0.45;
      this.stamp(ctx, sprite(theme.exact, 2, scene.scale, true), xs, ys, null, count);
      ctx.globalAlpha = 1;
    }

    reference(ctx, scene, name, middle) {
      const array = scene.run.arrays[name];
      if (!array) return;
      const values = array.floats(), count = array.shape[1], { o, k } = this.toY, c = this.spec.b.component;
      ctx.fillStyle = name === "data" ? scene.theme.data : scene.theme.noise;
      ctx.globalAlpha = 0.6;
      for (let n = 0; n < count; n++) ctx.fillRect(middle - 1 + 10 * (spread(n + 1) - 0.5), o + k * values[c * count + n] - 1, 2, 2);
      ctx.globalAlpha = 1;
    }

    // histograms of the particles at both ends with the exact curves over them; each strip has its own scale
    ends(ctx, scene) {
      const { run, theme } = scene, { box, strip } = this, { lo, hi } = this.spec.b;
      const curves = this.field(scene, "edge");
      const noiseFrame = run.forward ? run.frames - 1 : 0;
      const bins = clamp(Math.round(box.h / 7), 16, 64);
      const sides = [
        { x: box.x - 3, grow: -1, frame: noiseFrame, row: 0 },
        { x: box.x + box.w + 3, grow: 1, frame: run.frames - 1 - noiseFrame, row: 1 },
      ];
      const laws = [0, 1].map((row) => LAWS.filter(([layer]) => scene.shown.has(layer)).flatMap(([layer, role]) => {
        const ends = this.field(scene, `${layer}/edge`);
        return ends ? [{ colour: theme[role], values: ends.data.subarray(row * ends.shape[1], (row + 1) * ends.shape[1]) }] : [];
      }));
      for (const { x, grow, frame, row } of sides) {
        const bars = histogram(run.z, run.at(frame, this.spec.b.component), run.count, lo, hi, bins);
        const exact = curves ? curves.data.subarray(row * curves.shape[1], (row + 1) * curves.shape[1]) : [];
        let most = 0;
        for (const v of bars) most = Math.max(most, v);
        for (const v of exact) most = Math.max(most, v);
        for (const { values } of laws[row]) for (const v of values) most = Math.max(most, v);
        const k = (grow * (strip - 6)) / (most || 1);
        if (scene.shown.has("particles")) {
          ctx.fillStyle = theme.sampler;
          ctx.globalAlpha = 0.42;
          const h = box.h / bins;
          bars.forEach((v, j) => ctx.fillRect(Math.min(x, x + k * v), box.y + box.h - (j + 1) * h + 0.5, Math.abs(k * v), h - 1));
        }
        ctx.globalAlpha = scene.fields && scene.fields.faded ? 0.5 : 1;
        ctx.strokeStyle = theme.exact;
        ctx.lineWidth = 1.3;
        ctx.beginPath();
        exact.forEach((v, j) => ctx.lineTo(x + k * v, box.y + ((j + 0.5) / exact.length) * box.h));
        ctx.stroke();
        for (const { colour, values } of laws[row]) {
          ctx.strokeStyle = colour;
          ctx.lineWidth = 1.6;
          ctx.beginPath();
          values.forEach((v, j) => ctx.lineTo(x + k * v, box.y + ((j + 0.5) / values.length) * box.h));
          ctx.stroke();
        }
        ctx.globalAlpha = 1;
      }
    }

    axes(ctx, scene) {
      const { theme, run } = scene, { box, strip, rect, toY } = this, { b, title } = this.spec;
      ctx.strokeStyle = theme.line;
      ctx.lineWidth = 1;
      ctx.strokeRect(Math.round(box.x) + 0.5, Math.round(box.y) + 0.5, Math.round(box.w) - 1, Math.round(box.h) - 1);
      ctx.font = theme.small;
      ctx.fillStyle = theme.soft;
      const left = box.x - strip - 4;
      for (const tick of ticks(b.lo, b.hi, Math.max(3, box.h / 56))) text(ctx, tick.text, left, toY.o + toY.k * tick.value, "right", "middle");
      const foot = box.y + box.h + 14;
      const times = PG.time.ticks((u) => run.moments.timeAt(1 - u), 0, 1, clamp(46 / box.w, 0.05, 0.5)), { symbol } = PG.time.words(run.moments.timeAt(0.5));
      times.forEach(({ x: u, text: words }, n) => {
        const x = box.x + u * box.w;
        ctx.fillRect(Math.round(x), box.y + box.h, 1, 3);
        ctx.textAlign = "left";
        const said = n || box.w < 200 || (times[1]?.x - times[0].x) * box.w < 24 + ctx.measureText(`${symbol} = ${words}`).width ? words : `${symbol} = ${words}`, wide = ctx.measureText(said).width;
        text(ctx, said, clamp(x - wide / 2, box.x - 4, box.x + box.w + 4 - wide), foot);
      });
      // the marginals' words, clear of the first and last time
      ctx.textAlign = "left"; // of the measured times
      for (const [word, side] of [["prior", -1], ["data", 1]]) {
        const half = ctx.measureText(word).width / 2, off = Math.max(0.55 * strip, half + 10);
        if (strip >= 30 && off + half < strip + 14) text(ctx, word, side < 0 ? box.x - off : box.x + box.w + off, foot, "center");
      }
      ctx.fillStyle = theme.ink;
      ctx.font = theme.label;
      text(ctx, b.label, rect.x + 8, box.y + 4, "left", "middle");
      ctx.fillStyle = theme.soft;
      if (title) text(ctx, title, box.x, box.y - 7);
    }
  }

  // density of values[from … from + count) over equal bins from lo upwards
  function histogram(values, from, count, lo, hi, bins) {
    const out = new Float32Array(bins), k = bins / (hi - lo);
    for (let n = from; n < from + count; n++) {
      const j = Math.floor((values[n] - lo) * k);
      if (j >= 0 && j < bins) out[j] += k / count;
    }
    return out;
  }

  PG.Spacetime = Spacetime;
})();
