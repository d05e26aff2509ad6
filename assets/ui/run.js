// What was sent, by docs/packet.md: a run (its frames, clock and numbers) and the exact fields under it.
(() => {
  "use strict";
  const PG = (window.PG = window.PG || {});
  const { clamp, isNumber } = PG.draw;

  // where a clock lies among frames: {i, f} with value ≈ (1 − f)·frame[i] + f·frame[i + 1]; frames rise or fall
  function locate(clocks, c) {
    const last = clocks.length - 1;
    if (last < 1) return { i: 0, f: 0 };
    const falling = clocks[0] > clocks[last];
    let lo = 0, hi = last - 1;
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1;
      if (falling ? clocks[mid] >= c : clocks[mid] <= c) lo = mid;
      else hi = mid - 1;
    }
    const gap = clocks[lo + 1] - clocks[lo];
    return { i: lo, f: gap ? clamp((c - clocks[lo]) / gap, 0, 1) : 0 };
  }

  function readCurve(clocks, values, c) {
    const { i, f } = locate(clocks, c);
    if (clocks.length < 2) return values[0];
    const a = values[i], b = values[i + 1];
    if (!isNumber(a)) return b;
    return isNumber(b) ? a + (b - a) * f : a;
  }

  // what must agree so that fields of one run can stay under another: ranges, not words
  function geometryOf(panels) {
    const range = (axis) => axis && [axis.component, axis.lo, axis.hi];
    return JSON.stringify(panels.map((p) => [p.id, p.kind, range(p.a), range(p.b)]));
  }

  class Run {
    constructor({ header, arrays }) {
      this.header = header;
      this.arrays = arrays;
      this.key = header.key;
      this.forward = header.mode === "forward";
      this.components = header.components;
      this.panels = header.panels;
      this.geometry = geometryOf(header.panels);
      this.planes = header.panels.filter((p) => p.kind === "plane").length;
      this.phase = header.components.length === 2 && header.components[1] === "v";
      this.clock = arrays.clock.data;
      const [frames, width, count] = arrays.z.shape;
      Object.assign(this, { frames, width, count, z: arrays.z.floats() });
      this.x0 = arrays.x0 ? arrays.x0.floats() : null;
      this.dim = header.dim;
      // the ends of the run's own motion: it may stop before the clock reaches 0
      this.start = this.clock[0];
      this.end = this.clock[frames - 1];
      this.stops = this._stops();
      this.one = [{ colour: 0, members: null }];
      this.groups = this._groups();
    }

    // offset of component c of frame i in z
    at(i, c) {
      return (i * this.width + c) * this.count;
    }

    atX0(i, c) {
      return (i * this.dim + c) * this.count;
    }


    // clocks at which a step button stops, in the order of the run
    _stops() {
      const grid = this.arrays["grid/clock"];
      return Array.from(grid && !this.forward ? grid.data : this.clock);
    }

    _groups() {
      const classes = this.header.classes ? this.header.classes.length : 1;
      const label = this.arrays.label && this.arrays.label.data;
      if (classes < 2 || !label) return this.one;
      const members = Array.from({ length: classes }, () => []);
      for (let n = 0; n < this.count; n++) members[Math.min(label[n], classes - 1)].push(n);
      return members.map((list, colour) => ({ colour, members: Uint32Array.from(list) })).filter((g) => g.members.length);
    }

    // the first `limit` particles of a group, in the same proportion for each
    share(group, limit) {
      if (!group.members) return Math.min(limit, this.count);
      return Math.min(group.members.length, Math.ceil((limit * group.members.length) / this.count));
    }

    curve(name, c) {
      const { "curves/clock": clock, [name]: values } = this.arrays;
      return clock && values ? readCurve(clock.data, values.data, c) : NaN;
    }

    // how fast the clock may run at c, on average 1
    pace(c) {
      const pace = this.curve("curves/pace", c);
      return pace > 0 ? pace : 1;
    }

    facts(c) {
      const { i, f } = locate(this.clock, c);
      const near = f >= 0.999 ? Math.min(i + 1, this.frames - 1) : i;
      const curve = (name) => this.curve(name, this.header.image ? this.clock[near] : c); // images are states, not paths: the moment of the one that is shown
      const t = curve("curves/t");
      const step = this.arrays.step ? Math.round(this.arrays.step.data[near]) : near;
      // the step that denoises at the end goes from the smallest t to 0: both stand at the clock's end
      const clean = !this.forward && near === this.frames - 1 && this.arrays.time.data[near] === 0;
      return {
        c, clock: c, frame: near, step: this.forward ? near : this._step(c, step),
        t: clean ? 0 : isNumber(t) ? t : readCurve(this.clock, this.arrays.time.data, c),
        logSnr: clean ? Infinity : curve("curves/log_snr"),
      };
    }

    // frames may be thinned, the grid is not: count the steps that are done
    _step(c, fallback) {
      if (!this.arrays["grid/clock"]) return fallback;
      let done = 0;
      while (done + 1 < this.stops.length && this.stops[done + 1] >= c - 1e-5) done++;
      return done;
    }
  }

  // Exact fields on their own clock. Packets of the same key add their arrays to each other.
  class Fields {
    constructor(decoded) {
      this.header = decoded.header;
      this.arrays = { ...decoded.arrays };
      this.clock = decoded.arrays.clock.data;
      this.geometry = geometryOf(decoded.header.panels);
      this.stale = this.faded = false;
    }

    merge(decoded) {
      Object.assign(this.arrays, decoded.arrays);
    }

    has(layer) {
      return Object.keys(this.arrays).some((name) => name.startsWith(layer + ":"));
    }

    fits(run) {
      const { key, fields_key } = this.header;
      return key === run.key || (fields_key !== undefined && fields_key === run.header.fields_key);
    }
  }

  Object.assign(PG, { Run, Fields, locate });
})();
