// The stage: particles, exact fields and one cursor in time, drawn on a Canvas2D from the packets of docs/packet.md.
//
// Reading order: what can be shown (LAYERS) → what was sent (Run, Fields) → how a panel draws itself (Plane, Spacetime) →
// the controls around it and the loop that owns time (Stage). Panels know nothing of the page: they get a `scene` and a context.
(function () {
  "use strict";
  const PG = (window.PG = window.PG || {});

  // ---- constants -------------------------------------------------------------------------------------------------------------

  const PASS_SECONDS = 6; // one run from end to end at speed 1×
  const REST_MS = 900; // the rest before a loop starts again
  const BUSY_AFTER_MS = 300; // shorter waits show nothing
  const FADE_MS = 400; // so long may the fields of the run before be shown in full strength
  const SLOW_MS = 28; // a longer interval between pictures than this counts as slow
  const SPEEDS = [0.25, 0.5, 1, 2, 4];
  const NARROW = 700; // a stage below this width has its legend in one scrolling row
  const WINDOW_NARROW = 820; // in a window below this width panels are stacked
  const TRAIL_FRAMES = 10, TRAIL_CLOCK = 0.2, TRAIL_PARTICLES = 150, PATH_PARTICLES = 80;
  const RING_PARTICLES = 240, THREAD_PARTICLES = 60;
  const SWARM_BINS = 72; // of the swarm of dots along the cursor of a space–time panel
  const SPLAT_FROM = 6000; // with more particles than this, dots are written into pixels directly
  const ENCLOSED = [0.2, 0.4, 0.6, 0.8, 0.95]; // probability inside each contour
  const HEAT_ALPHA = 0.62, HEAT_KNEE = 0.22;
  // the class colours of views/export.py: Okabe–Ito, with a yellow dark enough for a white page
  const CLASS_COLOURS = {
    light: ["#009E73", "#D55E00", "#0072B2", "#CC79A7", "#E69F00", "#56B4E9", "#8a6d00", "#1b1d21"],
    dark: ["#2fc79a", "#f0894a", "#56B4E9", "#e39ac6", "#E69F00", "#9ad0f2", "#F0E442", "#e9eaec"],
  };
  const ROLES = ["bg", "panel", "ink", "soft", "line", "stage", "data", "noise", "exact", "sampler", "learned", "pin", "accent"];

  // ---- layers: the words of the legend ---------------------------------------------------------------------------------------
  // needs: the server layer that carries the data · phase: its word stands only where the process has a velocity · why(run): reason why this run cannot show it, or ""

  const noPlane = (run) => (run.planes ? "" : "needs a plane; one-dimensional data are drawn over time");
  const noPhase = (run) => (run.phase ? "" : run.header.process.title === "CLD" ? "needs the x–v plane of one-dimensional data" : "needs a velocity: choose the process CLD");
  const svg = (inner) => `<svg viewBox="0 0 14 10" width="14" height="10" aria-hidden="true">${inner}</svg>`;
  const LAYERS = [
    {
      id: "particles", word: "particles", role: "sampler",
      mark: svg('<circle cx="7" cy="5" r="3.6" fill="currentColor"/>'),
      tip: (run) => (run.forward ? "x_t ~ p(x_t | x₀): true noising paths, one dot a particle." : "The sampler’s states x_t, one dot a particle; straight between its steps."),
    },
    {
      id: "trails", word: "trails", role: "sampler",
      mark: svg('<path d="M1 8C5 8 6 3 13 2" fill="none" stroke="currentColor" stroke-width="1.8"/>'),
      tip: () => "Where 150 particles came from: x_s over the last fifth of the clock; over time, the whole path of 80.",
    },
    {
      id: "density", word: "density p<sub>t</sub>", name: "density", role: "data", needs: "density",
      mark: svg('<rect x="1" y="0.5" width="12" height="9" rx="3" fill="currentColor" opacity=".55"/>'),
      tip: () => "Exact density p_t(x) = ∫ p(x_t | x₀) p₀(x₀) dx₀, shaded relative to its peak at this time.",
    },
    {
      id: "contours", word: "contours", role: "data", needs: "density",
      mark: svg('<ellipse cx="7" cy="5" rx="6" ry="4.2" fill="none" stroke="currentColor"/><ellipse cx="7" cy="5" rx="3" ry="1.8" fill="none" stroke="currentColor"/>'),
      tip: () => "Lines {p_t = c} that enclose 20, 40, 60, 80 and 95 % of the probability shown.",
      why: noPlane,
    },
    {
      id: "score", word: "score", role: "exact", needs: "score",
      mark: svg('<path d="M1 5h11M9 2.4 12.4 5 9 7.6" fill="none" stroke="currentColor" stroke-width="1.3"/>'),
      tip: (run) => (run.phase ? "∇_v log p_t(x, v): in phase space noise enters by v alone, so only this part drives the sampler." : "Score ∇ log p_t(x), in units of p_t’s width: uphill in log-density; long arrows are shortened."),
      why: noPlane,
    },
    {
      id: "velocity", word: "velocity", role: "exact", needs: "velocity",
      mark: svg('<path d="M1 5h9" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="10.6" cy="5" r="2.4" fill="currentColor"/>'),
      tip: () => "Exact flow dx/dt = f(x, t) − ½ g(t)² ∇ log p_t(x): where a noiseless particle goes next, towards the dot.",
      why: (run) => noPlane(run) || (run.components.length > 2 ? "four components: the flow of (x, v) is no field on a plane of two" : ""),
    },
    {
      id: "x0", word: "x̂<sub>0</sub>", name: "x̂₀", role: "exact", needs: "x0",
      mark: svg('<path d="M1 9 6 5.6" stroke="currentColor"/><circle cx="8.4" cy="4.4" r="3.2" fill="none" stroke="currentColor" stroke-width="1.3"/>'),
      tip: () => "x̂₀ = E[x₀ | x_t]: the data point that the model expects behind each particle; threads for 60 of them.",
    },
    {
      id: "prior", word: "prior", role: "noise",
      mark: svg('<g fill="currentColor"><circle cx="3" cy="6.6" r="1.5"/><circle cx="7" cy="2.8" r="1.5"/><circle cx="11" cy="6" r="1.5"/></g>'),
      tip: () => "600 samples of the prior p_T, from which sampling starts.",
    },
    {
      id: "data", word: "data", role: "data",
      mark: svg('<g fill="currentColor"><circle cx="3" cy="3.4" r="1.5"/><circle cx="7" cy="7" r="1.5"/><circle cx="11" cy="3.4" r="1.5"/></g>'),
      tip: () => "600 samples of the data p₀, which sampling should reach.",
    },
    {
      id: "hamiltonian", word: "Hamiltonian", role: "exact", needs: "hamiltonian", phase: true,
      mark: svg('<path d="M12 6.5A5 4 0 1 1 9 1.4" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="9.4" cy="1.6" r="1.6" fill="currentColor"/>'),
      tip: () => "Hamiltonian part of the flow, ±β(v/M, −x): it turns data into velocity and back and keeps the energy x²/2 + v²/2M.",
      why: noPhase,
    },
    {
      id: "ou", word: "OU", name: "Ornstein–Uhlenbeck", role: "noise", needs: "ou", phase: true,
      mark: svg('<path d="M7 1v7" stroke="currentColor" stroke-width="1.5"/><circle cx="7" cy="8" r="2" fill="currentColor"/>'),
      tip: () => "Ornstein–Uhlenbeck part of the flow, ∓βΓ(v/M + ∇_v log p_t): friction and noise, on the velocity only. With the Hamiltonian part: velocity.",
      why: noPhase,
    },
  ];
  const LAYER_IDS = LAYERS.map((l) => l.id);
  const FLOWS = ["velocity", "hamiltonian", "ou"];
  const DEFAULT_LAYERS = ["particles", "trails", "density", "score"];

  // ---- small helpers ---------------------------------------------------------------------------------------------------------

  const clamp = (x, lo, hi) => Math.min(hi, Math.max(lo, x));
  const isNumber = Number.isFinite;

  function make(tag, className, attributes = {}, html = "") {
    const node = document.createElement(tag);
    if (className) node.className = className;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (html) node.innerHTML = html;
    return node;
  }

  const SUBSCRIPT = /(?<=\p{L})_([\p{L}\d]+)/u;

  // "p_T" in words from the server becomes p with a subscript
  function withSubscripts(words) {
    return words.split(SUBSCRIPT).map((part, n) => (n % 2 ? Object.assign(make("sub"), { textContent: part }) : part));
  }

  const minus = (text) => text.replace("-", "−");

  function number(x, digits) {
    if (!isNumber(x)) return "–";
    return minus(x.toFixed(digits).replace(/^-(0\.?0*)$/, "$1"));
  }

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

  // round numbers inside [lo, hi], about `count` of them
  function ticks(lo, hi, count) {
    const rough = (hi - lo) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const out = [];
    for (let v = Math.ceil(lo / step) * step; v <= hi + 1e-9; v += step) out.push({ value: v, text: number(v, digits) });
    return out;
  }

  // a fixed, even spread in [0, 1): the same particle always gets the same jitter
  const spread = (n) => ((n * 2654435761) >>> 0) / 4294967296;

  function rgbOf(colour) {
    const n = parseInt(colour.slice(1), 16);
    return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
  }

  // ---- what was sent ---------------------------------------------------------------------------------------------------------

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
      const curve = (name) => this.curve(name, c);
      const t = curve("curves/t");
      const step = this.arrays.step ? Math.round(this.arrays.step.data[near]) : near;
      return {
        c, clock: c, frame: near, step: this.forward ? near : this._step(c, step),
        t: isNumber(t) ? t : readCurve(this.clock, this.arrays.time.data, c),
        logSnr: curve("curves/log_snr"),
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

  // ---- pieces that panels draw with ------------------------------------------------------------------------------------------

  // An offscreen canvas that is painted again only when its key changes.
  class Sheet {
    constructor() {
      this.canvas = document.createElement("canvas");
      this.key = null;
    }

    fresh(key, width, height, scale, paint) {
      const full = `${key}|${width}|${height}|${scale}`;
      if (full === this.key) return this.canvas;
      this.key = full;
      this.canvas.width = Math.max(1, Math.round(width * scale));
      this.canvas.height = Math.max(1, Math.round(height * scale));
      const ctx = this.canvas.getContext("2d");
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      paint(ctx);
      return this.canvas;
    }
  }

  // Density codes → a small picture in one colour whose opacity is the tone map. Opacity (1 + k)·d / (d + k) rises like a root
  // but with a finite slope at zero; half a code of fixed noise hides that there are only 256 of them in the tails.
  class Heat {
    constructor() {
      this.sheet = document.createElement("canvas");
      this.key = null;
      this.mix = null; // codes blended between two field frames; contours read it too
    }

    paint(array, at, colour) {
      const [, height, width] = array.shape;
      const key = `${array.uid}|${at.i}|${at.f.toFixed(4)}|${colour}`;
      if (key === this.key) return this.sheet;
      this.key = key;
      this._size(width, height);
      this._blend(array.data, at, width * height);
      doubled(this.mix, width, height, this.half, this.fine);
      const table = heatTable(colour), { pixels, fine, grain } = this;
      for (let p = 0; p < fine.length; p++) pixels[p] = fine[p] < 0.25 ? 0 : table[clamp(4 * (fine[p] + grain[p]), 0, 1023) | 0];
      this.ctx.putImageData(this.image, 0, 0);
      return this.sheet;
    }

    _size(width, height) {
      if (this.mix && this.sheet.width === 2 * width && this.sheet.height === 2 * height) return;
      Object.assign(this.sheet, { width: 2 * width, height: 2 * height });
      this.ctx = this.sheet.getContext("2d");
      this.image = this.ctx.createImageData(2 * width, 2 * height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.mix = new Float32Array(width * height);
      this.half = new Float32Array(2 * width * height);
      this.fine = new Float32Array(4 * width * height);
      this.grain = Float32Array.from(this.fine, (_, p) => spread(p + 1 + (p >> 5)) - 0.5);
    }

    _blend(codes, { i, f }, size) {
      const a = i * size, b = f > 0 ? a + size : a, mix = this.mix;
      for (let p = 0; p < size; p++) mix[p] = codes[a + p] + (codes[b + p] - codes[a + p]) * f;
    }
  }

  // Linear interpolation to twice as many cells both ways. The tone map comes after it, so its steep start leaves no facets.
  function doubled(values, width, height, half, out) {
    for (let r = 0; r < height; r++) {
      for (let k = 0; k < width; k++) {
        const p = r * width + k, here = 0.75 * values[p];
        half[2 * p] = here + 0.25 * values[k ? p - 1 : p];
        half[2 * p + 1] = here + 0.25 * values[k + 1 < width ? p + 1 : p];
      }
    }
    const row = 2 * width;
    for (let r = 0; r < height; r++) {
      const up = r ? -row : 0, down = r + 1 < height ? row : 0;
      for (let p = r * row, to = 2 * p, stop = p + row; p < stop; p++, to++) {
        const here = 0.75 * half[p];
        out[to] = here + 0.25 * half[p + up];
        out[to + row] = here + 0.25 * half[p + down];
      }
    }
  }

  const heatTables = new Map();
  function heatTable(colour) {
    if (!heatTables.has(colour)) {
      const [r, g, b] = rgbOf(colour);
      const opacity = (d) => (HEAT_ALPHA * (1 + HEAT_KNEE) * d) / (d + HEAT_KNEE);
      const word = (_, code) => ((Math.round(255 * opacity(code / 1023)) << 24) | (b << 16) | (g << 8) | r) >>> 0;
      heatTables.set(colour, Uint32Array.from({ length: 1024 }, word));
    }
    return heatTables.get(colour);
  }

  // Levels that enclose given shares of the field's mass (highest-density regions).
  function enclosingLevels(mix, shares) {
    const bins = new Float64Array(1024);
    let total = 0;
    for (let p = 0; p < mix.length; p++) {
      bins[(mix[p] * 4) | 0] += mix[p];
      total += mix[p];
    }
    const levels = [];
    let inside = 0, bin = 1023;
    for (const share of shares) {
      while (bin > 0 && inside + bins[bin] < share * total) inside += bins[bin--];
      levels.push((bin + 0.5) / 4);
    }
    return levels;
  }

  // Neighbours averaged with weights 1 2 1 both ways: where codes are small, whole numbers would make a contour jagged.
  function softened(mix, width, height, out) {
    out.set(mix);
    for (let r = 1; r + 1 < height; r++) {
      for (let p = r * width + 1, stop = p + width - 2; p < stop; p++) {
        const above = mix[p - width - 1] + 2 * mix[p - width] + mix[p - width + 1];
        const beside = 2 * mix[p - 1] + 4 * mix[p] + 2 * mix[p + 1];
        const below = mix[p + width - 1] + 2 * mix[p + width] + mix[p + width + 1];
        out[p] = (above + beside + below) / 16;
      }
    }
    return out;
  }

  // Marching squares. The sixteen cases by which corners lie above the level (1 top left, 2 top right, 4 bottom right, 8 bottom
  // left); entries are pairs of edges to join (0 top, 1 right, 2 bottom, 3 left).
  const CASES = [[], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2], [2, 3], [2, 0], [0, 1, 2, 3], [2, 1], [1, 3], [1, 0], [0, 3], []];

  function traceLevel(path, mix, width, height, level, toX, toY) {
    for (let r = 0; r + 1 < height; r++) {
      for (let k = 0; k + 1 < width; k++) {
        const p = r * width + k;
        const a = mix[p], b = mix[p + 1], c = mix[p + width + 1], d = mix[p + width];
        const edges = CASES[(a > level) | ((b > level) << 1) | ((c > level) << 2) | ((d > level) << 3)];
        for (let e = 0; e < edges.length; e++) {
          const edge = edges[e];
          let x = k, y = r;
          if (edge === 0) x += (level - a) / (b - a);
          else if (edge === 1) (x += 1), (y += (level - b) / (c - b));
          else if (edge === 2) (x += (level - d) / (c - d)), (y += 1);
          else y += (level - a) / (d - a);
          if (e & 1) path.lineTo(toX(x), toY(y));
          else path.moveTo(toX(x), toY(y));
        }
      }
    }
  }

  const sprites = new Map();
  // a dot or a ring, drawn once for each colour, size and resolution
  function sprite(colour, radius, scale, ring) {
    const key = `${colour}|${radius}|${scale}|${ring}`;
    if (!sprites.has(key)) {
      const canvas = document.createElement("canvas");
      const size = Math.ceil((2 * radius + 3) * scale);
      canvas.width = canvas.height = size;
      const ctx = canvas.getContext("2d");
      ctx.beginPath();
      ctx.arc(size / 2, size / 2, radius * scale, 0, 7);
      ctx.fillStyle = ctx.strokeStyle = colour;
      ctx.lineWidth = 1.1 * scale;
      if (ring) ctx.stroke();
      else ctx.fill();
      sprites.set(key, { canvas, size: size / scale });
    }
    return sprites.get(key);
  }

  // Many particles: dots are written straight into pixels, and overlap makes them denser.
  class Splat {
    constructor() {
      this.canvas = document.createElement("canvas");
    }

    begin(width, height) {
      if (this.canvas.width !== width || this.canvas.height !== height || !this.image) {
        Object.assign(this.canvas, { width, height });
        this.ctx = this.canvas.getContext("2d");
        this.image = this.ctx.createImageData(width, height);
        this.pixels = new Uint32Array(this.image.data.buffer);
      }
      this.pixels.fill(0);
    }

    // xs, ys in device pixels of this picture; side × side pixels each
    add(xs, ys, members, count, colour, alpha, side) {
      const [r, g, b] = rgbOf(colour), rgb = (b << 16) | (g << 8) | r;
      const { pixels } = this, { width, height } = this.canvas;
      const gain = Math.round(alpha * 256);
      for (let k = 0; k < count; k++) {
        const n = members ? members[k] : k;
        const x = Math.round(xs[n] - side / 2), y = Math.round(ys[n] - side / 2);
        if (x < 0 || y < 0 || x + side > width || y + side > height) continue;
        for (let v = y; v < y + side; v++) {
          for (let p = v * width + x, stop = p + side; p < stop; p++) {
            const was = pixels[p] >>> 24;
            pixels[p] = ((was + (((255 - was) * gain) >> 8)) << 24) | rgb;
          }
        }
      }
    }

    end() {
      this.ctx.putImageData(this.image, 0, 0);
      return this.canvas;
    }
  }

  function contains(r, x, y) {
    return x >= r.x && x <= r.x + r.w && y >= r.y && y <= r.y + r.h;
  }

  // with a halo, words stay readable over arrows
  function text(ctx, words, x, y, align = "left", baseline = "alphabetic", halo = null) {
    ctx.textAlign = align;
    ctx.textBaseline = baseline;
    if (halo) {
      ctx.save();
      ctx.strokeStyle = halo;
      ctx.lineWidth = 3;
      ctx.lineJoin = "round";
      ctx.globalAlpha = 0.75;
      ctx.strokeText(words, x, y);
      ctx.restore();
    }
    ctx.fillText(words, x, y);
  }

  function ring(ctx, x, y, radius, colour, width) {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 7);
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.stroke();
  }

  // ---- panels ----------------------------------------------------------------------------------------------------------------
  // scene: {run, fields, theme, shown: Set, byClass, clock, at, fieldAt, version, hover, pin, scale}

  class Panel {
    constructor(spec) {
      this.spec = spec;
      this.sheet = new Sheet();
      this.front = new Sheet();
      this.splat = new Splat();
      this.heat = new Heat();
      this.xs = this.ys = new Float32Array(0);
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
      scene.overlay?.(ctx, this, scene);
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

  const sized = (array, count) => (array && array.length === count ? array : new Float32Array(count));

  // Two components against each other at the cursor's time.
  class Plane extends Panel {
    // the panel's own range fits into the rectangle; two components of a kind share one scale
    frame() {
      const { a, b } = this.spec, { rect } = this;
      const free = { x: rect.x, y: rect.y, w: rect.w, h: rect.h };
      const alike = a.label[0] === b.label[0];
      if (!alike || this.clear) {
        // room for the legend above, for tick labels at the left and below
        free.y += this.clear;
        free.h -= this.clear;
      }
      if (!alike) Object.assign(free, { x: free.x + 30, w: free.w - 44, h: free.h - 26 });
      let w = free.w, h = free.h;
      if (alike) {
        const scale = Math.min(free.w / (a.hi - a.lo), free.h / (b.hi - b.lo));
        (w = scale * (a.hi - a.lo)), (h = scale * (b.hi - b.lo));
      }
      return { x: free.x + (free.w - w) / 2, y: free.y + (free.h - h) / 2, w, h };
    }

    // beside other panels a plane keeps to its box; alone it shows whatever strays beyond
    inside() {
      this.clipped = this.alone ? null : this.box;
      return this.clipped || this.rect;
    }

    get toX() {
      const { a } = this.spec, { box } = this, k = box.w / (a.hi - a.lo);
      return { k, o: box.x - a.lo * k };
    }

    get toY() {
      const { b } = this.spec, { box } = this, k = -box.h / (b.hi - b.lo);
      return { k, o: box.y - b.hi * k };
    }

    draw(ctx, scene) {
      const { shown } = scene;
      this.locate(scene);
      this.clip(ctx);
      if (shown.has("density") || shown.has("contours")) this.density(ctx, scene);
      if (shown.has("prior") || shown.has("data")) this.still(ctx, scene, this.sheet, (c) => this.references(c, scene));
      if (shown.has("score")) this.arrows(ctx, scene, "score");
      for (const flow of FLOWS) if (shown.has(flow)) this.arrows(ctx, scene, flow);
      ctx.restore();
      this.still(ctx, scene, this.front, (c) => this.axes(c, scene.theme));
      this.clip(ctx);
      if (shown.has("trails")) this.trails(ctx, scene);
      if (shown.has("particles")) this.dots(ctx, scene);
      if (shown.has("x0")) this.expected(ctx, scene);
      this.mark(ctx, scene);
      this.pinned(ctx, scene);
      ctx.restore();
    }

    // screen positions of all particles, linear in the clock between two frames
    locate({ run, at }) {
      const { i, f } = at, { count, z } = run, next = Math.min(i + 1, run.frames - 1);
      this.xs = sized(this.xs, count);
      this.ys = sized(this.ys, count);
      for (const [component, to, out] of [[this.spec.a.component, this.toX, this.xs], [this.spec.b.component, this.toY, this.ys]]) {
        const p = run.at(i, component), q = run.at(next, component);
        for (let n = 0; n < count; n++) out[n] = to.o + to.k * (z[p + n] + (z[q + n] - z[p + n]) * f);
      }
    }

    density(ctx, scene) {
      const array = this.field(scene, "density");
      if (!array) return;
      const { box } = this, { theme, fields, fieldAt } = scene;
      const picture = this.heat.paint(array, fieldAt, theme.data);
      ctx.globalAlpha = fields.faded ? 0.5 : 1;
      if (scene.shown.has("density")) {
        ctx.imageSmoothingQuality = "low"; // bilinear: the picture is already twice as fine as the field
        ctx.drawImage(picture, box.x, box.y, box.w, box.h);
      }
      if (scene.shown.has("contours")) this.contours(ctx, array, theme);
      ctx.globalAlpha = 1;
    }

    contours(ctx, array, theme) {
      const [, height, width] = array.shape, { box } = this, { mix } = this.heat;
      const kx = box.w / width, ky = box.h / height;
      const toX = (k) => box.x + (k + 0.5) * kx, toY = (r) => box.y + (r + 0.5) * ky;
      const fade = ctx.globalAlpha;
      const soft = softened(mix, width, height, (this.soft = sized(this.soft, mix.length)));
      ctx.strokeStyle = theme.data;
      ctx.lineWidth = 1.1;
      enclosingLevels(mix, ENCLOSED).forEach((level, n) => {
        ctx.globalAlpha = fade * (0.9 - 0.12 * n);
        ctx.beginPath();
        traceLevel(ctx, level < 26 ? soft : mix, width, height, level, toX, toY);
        ctx.stroke();
      });
    }

    arrows(ctx, scene, layer) {
      const array = this.field(scene, layer);
      if (!array) return;
      const [columns, rows] = scene.fields.header.grid.arrows, { box } = this, { i, f } = scene.fieldAt;
      const values = array.floats(), count = columns * rows;
      const p = 2 * count * i, q = Math.min(p + 2 * count, values.length - 2 * count);
      const cellX = box.w / columns, cellY = box.h / rows;
      const longest = clamp(0.72 * Math.min(cellX, cellY), 6, 19), half = layer === "score" ? 0.7 : 1.2;
      // directions as they look on the screen, where the two axes may have different scales
      const skew = -this.toY.k / this.toX.k;
      const heads = [];
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
        ctx.moveTo(x - ex / 2, y - ey / 2);
        ctx.lineTo(tipX, tipY);
        if (layer !== "score") heads.push(tipX, tipY);
        else barbs(ctx, tipX, tipY, ex / length, ey / length, Math.min(3.2, 0.34 * length));
      }
      const { theme, fields } = scene;
      ctx.globalAlpha = (layer === "score" ? 0.4 : layer === "ou" ? 0.9 : 0.5) * (fields.faded ? 0.5 : 1);
      ctx.strokeStyle = ctx.fillStyle = layer === "ou" ? theme.noise : theme.exact;
      ctx.lineWidth = layer === "score" ? 1 : 1.5;
      ctx.stroke();
      for (let k = 0; k < heads.length; k += 2) ctx.fillRect(heads[k] - 1.3, heads[k + 1] - 1.3, 2.6, 2.6);
      ctx.globalAlpha = 1;
    }

    // the recent past, older parts fainter: one path for each age and colour. The tail's end moves with the clock too.
    trails(ctx, scene) {
      const { run, at, clock } = scene, tail = locate(run.clock, clock + (run.forward ? -TRAIL_CLOCK : TRAIL_CLOCK));
      const first = Math.max(tail.i, at.i - TRAIL_FRAMES + 1), cut = first === tail.i ? tail.f : 0;
      ctx.lineWidth = 1;
      for (const group of this.colours(scene)) {
        ctx.strokeStyle = this.colour(scene, group);
        for (let i = first; i <= at.i; i++) {
          ctx.globalAlpha = (0.4 * (i - first + 1)) / (at.i - first + 1);
          this.trailPart(ctx, run, group, i, i === first ? cut : 0, i === at.i);
        }
      }
      ctx.globalAlpha = 1;
    }

    // from frame i (and a fraction) to the next one, or to where the particles are now
    trailPart(ctx, run, group, i, cut, last) {
      const { z } = run, { toX, toY, xs, ys } = this, { a, b } = this.spec, next = Math.min(i + 1, run.frames - 1);
      const ax = run.at(i, a.component), ay = run.at(i, b.component), bx = run.at(next, a.component), by = run.at(next, b.component);
      const count = run.share(group, TRAIL_PARTICLES);
      ctx.beginPath();
      for (let k = 0; k < count; k++) {
        const n = group.members ? group.members[k] : k;
        ctx.moveTo(toX.o + toX.k * (z[ax + n] + (z[bx + n] - z[ax + n]) * cut), toY.o + toY.k * (z[ay + n] + (z[by + n] - z[ay + n]) * cut));
        if (last) ctx.lineTo(xs[n], ys[n]);
        else ctx.lineTo(toX.o + toX.k * z[bx + n], toY.o + toY.k * z[by + n]);
      }
      ctx.stroke();
    }

    // rings at E[x₀ | x_t] and threads to them
    expected(ctx, scene) {
      const { run, at, theme } = scene, { a, b } = this.spec;
      if (!run.x0 || a.component >= run.dim || b.component >= run.dim) return;
      const next = Math.min(at.i + 1, run.frames - 1), count = Math.min(RING_PARTICLES, run.count);
      const read = (component, to) => {
        const p = run.atX0(at.i, component), q = run.atX0(next, component), out = new Float32Array(count);
        for (let n = 0; n < count; n++) out[n] = to.o + to.k * (run.x0[p + n] + (run.x0[q + n] - run.x0[p + n]) * at.f);
        return out;
      };
      const xs = read(a.component, this.toX), ys = read(b.component, this.toY);
      ctx.strokeStyle = theme.exact;
      ctx.lineWidth = 0.9;
      ctx.globalAlpha = 0.35;
      ctx.beginPath();
      for (let n = 0; n < Math.min(THREAD_PARTICLES, count); n++) {
        ctx.moveTo(this.xs[n], this.ys[n]);
        ctx.lineTo(xs[n], ys[n]);
      }
      ctx.stroke();
      ctx.globalAlpha = 0.6;
      this.stamp(ctx, sprite(theme.exact, 2.4, scene.scale, true), xs, ys, null, count);
      ctx.globalAlpha = 1;
    }

    references(ctx, scene) {
      for (const name of ["prior", "data"]) {
        if (scene.shown.has(name)) this.reference(ctx, scene, name);
      }
    }

    reference(ctx, scene, name) {
      const array = scene.run.arrays[name];
      if (!array) return;
      const values = array.floats(), count = array.shape[1], { toX, toY } = this, { a, b } = this.spec;
      ctx.fillStyle = name === "data" ? scene.theme.data : scene.theme.noise;
      ctx.globalAlpha = 0.6;
      for (let n = 0; n < count; n++) {
        const x = toX.o + toX.k * values[a.component * count + n], y = toY.o + toY.k * values[b.component * count + n];
        ctx.fillRect(x - 1, y - 1, 2, 2);
      }
      ctx.globalAlpha = 1;
    }

    axes(ctx, theme) {
      const { box, toX, toY } = this, { a, b, title } = this.spec;
      const covered = this.full ? 46 : 0; // the legend floats over the top of a picture that fills the stage
      const bottom = box.y + box.h, left = box.x;
      ctx.font = theme.small;
      ctx.strokeStyle = theme.line;
      ctx.lineWidth = 1;
      if (!this.full) ctx.strokeRect(Math.round(left) + 0.5, Math.round(box.y) + 0.5, Math.round(box.w) - 1, Math.round(box.h) - 1);
      ctx.fillStyle = ctx.strokeStyle = theme.soft;
      ctx.globalAlpha = 0.85;
      ctx.beginPath();
      const below = this.rect.y + this.rect.h - bottom > 16, aside = left - this.rect.x > 22;
      for (const tick of ticks(a.lo, a.hi, box.w / 90)) {
        const x = toX.o + toX.k * tick.value;
        if (x < left + 24 || x > left + box.w - 12) continue;
        ctx.moveTo(x, bottom);
        ctx.lineTo(x, bottom - 4);
        text(ctx, tick.text, x, below ? bottom + 12 : bottom - 7, "center", "alphabetic", theme.stage);
      }
      for (const tick of ticks(b.lo, b.hi, box.h / 80)) {
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
      text(ctx, a.label, left + box.w - 8, bottom - (below ? 6 : 20), "right", "alphabetic", theme.stage);
      text(ctx, b.label, left + 8, box.y + covered + 16, "left", "alphabetic", theme.stage);
      if (title) {
        ctx.fillStyle = theme.soft;
        text(ctx, title, left + box.w - 8, box.y + 16, "right", "alphabetic", theme.stage);
      }

    }

    toData(x, y) {
      return { a: (x - this.toX.o) / this.toX.k, b: (y - this.toY.o) / this.toY.k };
    }
  }

  // the two strokes of an arrow's head; (dx, dy) is its direction
  function barbs(ctx, x, y, dx, dy, size) {
    ctx.moveTo(x - size * (dx + 0.6 * dy), y - size * (dy - 0.6 * dx));
    ctx.lineTo(x, y);
    ctx.lineTo(x - size * (dx - 0.6 * dy), y - size * (dy + 0.6 * dx));
  }

  // One component over the clock: noise at the left, data at the right, histograms of both ends beside it.
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
    outline(ctx, scene) {
      const density = this.field(scene, "density"), peaks = this.field(scene, "peak");
      if (!density || !peaks) return;
      const [rows, columns] = density.shape, { i, f } = scene.fieldAt, { box } = this, x = this.x(scene.clock);
      const next = Math.min(i + 1, columns - 1), k = this.reach / this.peak / 255;
      const near = peaks.data[i] * (1 - f), far = peaks.data[next] * f;
      ctx.strokeStyle = scene.theme.exact;
      ctx.globalAlpha = scene.fields.faded ? 0.4 : 0.8;
      ctx.lineWidth = 1;
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
          for (let j = 0; j < run.frames; j++) {
            const x = this.x(run.clock[j]), y = o + k * run.z[run.at(j, c) + n];
            if (j) ctx.lineTo(x, y);
            else ctx.moveTo(x, y);
          }
        }
        ctx.stroke();
      }
      ctx.restore();
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
      const x = this.x(scene.clock);
      const from = scene.run.forward ? x : box.x, to = scene.run.forward ? box.x + box.w : x;
      const sx = Math.round((from - rect.x) * scale), width = Math.round((to - rect.x) * scale) - sx;
      if (width < 1) return;
      ctx.drawImage(sheet, sx, 0, width, sheet.height, rect.x + sx / scale, rect.y, width / scale, rect.h);
    }

    path(ctx, scene, n) {
      const { run, theme } = scene;
      if (n < 0 || n >= run.count) return;
      const { o, k } = this.toY, c = this.spec.b.component;
      ctx.beginPath();
      for (let j = 0; j < run.frames; j++) ctx.lineTo(this.x(run.clock[j]), o + k * run.z[run.at(j, c) + n]);
      ctx.strokeStyle = theme.ink;
      ctx.lineWidth = 1.3;
      ctx.stroke();
    }

    cursor(ctx, scene) {
      const { box } = this, x = Math.round(this.x(scene.clock)) + 0.5;
      ctx.strokeStyle = ctx.fillStyle = scene.theme.accent;
      ctx.globalAlpha = 0.75;
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
      for (const { x, grow, frame, row } of sides) {
        const bars = histogram(run.z, run.at(frame, this.spec.b.component), run.count, lo, hi, bins);
        const exact = curves ? curves.data.subarray(row * curves.shape[1], (row + 1) * curves.shape[1]) : [];
        let most = 0;
        for (const v of bars) most = Math.max(most, v);
        for (const v of exact) most = Math.max(most, v);
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
      for (const tick of ticks(b.lo, b.hi, box.h / 56)) text(ctx, tick.text, left, toY.o + toY.k * tick.value, "right", "middle");
      const foot = box.y + box.h + 14;
      for (const clock of box.w > 320 ? [1, 0.75, 0.5, 0.25, 0] : [1, 0.5, 0]) {
        const { symbol, text: words } = PG.time.words(run.facts(clock));
        const edge = clock === 1 ? "left" : clock === 0 ? "right" : "center";
        text(ctx, clock === 1 && box.w > 200 ? `${symbol} = ${words}` : words, this.x(clock), foot, edge);
      }
      if (strip >= 30) text(ctx, "prior", box.x - 0.55 * strip, foot, "center");
      if (strip >= 30) text(ctx, "data", box.x + box.w + 0.55 * strip, foot, "center");
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

  // First panel at the left with its share of the width, the others above each other at its right; narrow: all stacked.
  function arrange(specs, width, height, head, stacked, images) {
    const panels = specs.map((spec) => (spec.kind === "plane" ? new Plane(spec) : new Spacetime(spec)));
    const alone = panels.length === 1;
    // a lone plane fills the stage and the legend floats over it, unless there is room to spare above
    const plane = alone && specs[0].kind === "plane" && specs[0];
    if (plane && images) {
      panels[0].place({ x: images.w >= width ? 0 : images.w, y: head, w: images.w >= width ? width : width - images.w, h: height - head }, 0);
      return panels;
    }
    if (plane) {
      const spare = height - (width * (plane.b.hi - plane.b.lo)) / (plane.a.hi - plane.a.lo);
      panels[0].full = spare < head;
      panels[0].alone = true;
      panels[0].place({ x: 0, y: 0, w: width, h: height }, spare < head ? 0 : head);
      return panels;
    }
    const total = specs.reduce((sum, s) => sum + s.weight, 0);
    if (alone || stacked) {
      let y = head;
      panels.forEach((panel, n) => {
        const h = ((height - head) * naturalHeight(specs[n])) / specs.reduce((sum, s) => sum + naturalHeight(s), 0);
        panel.place({ x: 0, y, w: width, h }, 0);
        y += h;
      });
      return panels;
    }
    const left = (width * specs[0].weight) / total, rest = total - specs[0].weight;
    panels[0].place({ x: 0, y: 0, w: left, h: height }, head);
    let y = head;
    panels.slice(1).forEach((panel, n) => {
      const h = ((height - head) * specs[n + 1].weight) / rest;
      panel.place({ x: left, y, w: width - left, h }, 0);
      y += h;
    });
    return panels;
  }

  // height over width that a panel wants when panels are stacked
  function naturalHeight(spec) {
    if (spec.kind !== "plane") return 0.62;
    return spec.a.label[0] === spec.b.label[0] ? (spec.b.hi - spec.b.lo) / (spec.a.hi - spec.a.lo) : 0.78;
  }

  // ---- the stage -------------------------------------------------------------------------------------------------------------

  const ICONS = {
    play: '<path d="M4 2.5v11l9-5.5z"/>',
    pause: '<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z"/>',
    back: '<path d="M11.5 3v10L5 8zM3 3h1.8v10H3z"/>',
    forth: '<path d="M4.5 3v10L11 8zM11.2 3H13v10h-1.8z"/>',
    loop: '<path d="M11.2 1.6 14 4.2l-2.8 2.6V5H5.4A2.6 2.6 0 0 0 2.8 7.6v.6H1.2v-.6A4.2 4.2 0 0 1 5.4 3.4h5.8zM4.8 9.2V11h5.8a2.6 2.6 0 0 0 2.6-2.6v-.6h1.6v.6a4.2 4.2 0 0 1-4.2 4.2H4.8v1.8L2 11.8z"/>',
    help: '<path d="M5.2 5.6C5.3 4 6.4 3 8.1 3c1.7 0 2.9 1 2.9 2.5 0 1.1-.5 1.7-1.5 2.4-.8.6-1 .9-1 1.6v.3H7v-.5c0-1.100.4-1.700 1.400-2.400.8-.6 1-.9 1-1.400 0-.7-.5-1.100-1.300-1.100-.9 0-1.400.4-1.500 1.300zM6.900 11h1.800v1.800H6.900z"/>',
  };
  const icon = (name) => `<svg viewBox="0 0 16 16" width="14" height="14" fill="currentColor" aria-hidden="true">${ICONS[name]}</svg>`;

  const KEYS = [
    ["space", "play or pause"],
    ["← →", "one sampler step back or forth"],
    ["shift ← →", "to the noise end, to the data end"],
    ["[ ]", "slower, faster"],
    ["L", "loop on or off"],
    ["1 – 9", "layers, in the legend’s order"],
    ["C", "colour by class"],
    ["R", "forward or reverse"],
    ["?", "this list"],
    ["esc", "close"],
  ];

  class Stage {
    constructor(root, options = {}) {
      this.root = root;
      this.options = options;
      this.listeners = {};
      this.run = this.fields = null;
      this.panels = [];
      this.painted = { key: null, seq: null, count: 0, at: 0 };
      this.paints = []; // times of recent paints, for fps()
      this._on = new Set(options.layers || DEFAULT_LAYERS);
      this._colour = "sampler";
      this._clock = null; // null: not yet placed, the first run places it
      this._mode = options.mode || "reverse";
      this._speed = 1;
      this._loop = true;
      this._pin = null;
      this.overlay = null; // (ctx, panel, scene): a lab's own layer
      this.hover = -1;
      this.version = 0; // counts whatever makes still pictures out of date
      this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.playing = options.autoplay !== undefined ? options.autoplay : !this.calm;
      this.restUntil = 0;
      this._build();
      this._readTheme();
      this._watch();
      window.__pgStage = this;
      this.hand = PG.Pin ? new PG.Pin(this) : null;
      this._tick = this._tick.bind(this);
      requestAnimationFrame(this._tick);
    }

    // -- events --

    on(name, fn) {
      (this.listeners[name] = this.listeners[name] || []).push(fn);
      return () => (this.listeners[name] = this.listeners[name].filter((f) => f !== fn));
    }

    emit(name, value) {
      (this.listeners[name] || []).forEach((fn) => fn(value));
    }

    // -- data --

    setRun(decoded) {
      const run = new Run(decoded);
      const first = !this.run, sameGeometry = this.run && this.run.geometry === run.geometry;
      this.run = run;
      this.root.classList.toggle("pg-forming", Boolean(this.images && !run.header.image));
      this._mode = run.forward ? "forward" : "reverse";
      if (this.fields && !sameGeometry && this.fields.geometry !== run.geometry) this.fields = null;
      if (this.fields) this._age(this.fields, run);
      if (this.hover >= run.count) this.hover = -1;
      if (this._clock === null) this._clock = this.calm ? Math.min(run.start, run.end) : run.start;
      if (first) this.root.classList.remove("pg-waiting");
      const panels = JSON.stringify(run.panels);
      if (panels !== this.laid) (this.laid = panels), this._layout();
      this.hand?.settle();
      this._showControls();
      this._showDivergence();
      this._touch(true);
      this._describe();
    }

    // fields of another run fade, but not at once: while a hand moves something they come a moment after each run
    _age(fields, run) {
      fields.stale = !fields.fits(run);
      if (!fields.stale) fields.faded = false;
      else if (!fields.faded) fields.fading ||= setTimeout(() => {
        fields.fading = 0;
        fields.faded = fields.stale;
        this._touch(true);
      }, FADE_MS);
    }

    setFields(decoded) {
      const fields = new Fields(decoded);
      if (!this.run || !fields.fits(this.run)) return false;
      const old = this.fields;
      const joins = old && !old.stale && old.fits(this.run) && old.clock.length === fields.clock.length && old.geometry === fields.geometry;
      if (joins) old.merge(decoded);
      else this.fields = fields;
      this._touch(true);
      return true;
    }

    clearFields() {
      this.fields = null;
      this._touch(true);
    }

    // server layers that the visible layers need; the host puts them into its requests
    get wanted() {
      const names = LAYERS.filter((l) => l.needs && this._on.has(l.id) && !this._why(l)).map((l) => l.needs);
      return new Set(names);
    }

    wants() {
      return this.wanted;
    }

    _has(server) {
      if (server === "x0") return Boolean(this.run && this.run.x0);
      return Boolean(this.fields && !this.fields.stale && this.fields.has(server));
    }

    // -- time --

    get cursor() {
      return this._clock === null ? 1 : this._clock;
    }

    set cursor(clock) {
      if (!isNumber(clock)) return;
      this._clock = clamp(clock, 0, 1);
      this.restUntil = 0;
      this._touch();
    }

    // place the cursor and stay there, as a link or another view asks for
    seek(clock) {
      this.cursor = clock;
      this.pause();
    }

    get mode() {
      return this._mode;
    }

    set mode(mode) {
      this._mode = mode === "forward" ? "forward" : "reverse";
      this._showControls();
    }

    get start() {
      return this.run ? this.run.start : this._mode === "forward" ? 0 : 1;
    }

    get end() {
      return this.run ? this.run.end : this._mode === "forward" ? 1 : 0;
    }

    _atEnd() {
      return this.run && (this.run.forward ? this.cursor >= this.end - 1e-6 : this.cursor <= this.end + 1e-6);
    }

    play() {
      if (this._atEnd()) this._clock = this.start;
      this.playing = true;
      this.restUntil = 0;
      this.last = 0;
      this._showControls();
      this._touch();
    }

    pause() {
      const was = this.playing;
      this.playing = false;
      this._showControls();
      if (was || this.run) this._settle();
    }

    toggle() {
      if (this.playing) this.pause();
      else this.play();
    }

    // to the next (+1) or previous (−1) step of the sampler, in the direction in which the run goes
    step(by) {
      if (!this.run) return;
      const sign = (this.run.forward ? 1 : -1) * by;
      const ahead = this.run.stops.filter((c) => (c - this.cursor) * sign > 1e-5);
      if (ahead.length) this.cursor = ahead.reduce((a, b) => (Math.abs(b - this.cursor) < Math.abs(a - this.cursor) ? b : a));
      this.pause();
    }

    // by = +1: to the right, which is towards the data; −1: to the left
    stepRight(by) {
      this.step(this._mode === "forward" ? -by : by);
    }

    get speed() {
      return this._speed;
    }

    set speed(speed) {
      this._speed = clamp(speed, SPEEDS[0], SPEEDS[SPEEDS.length - 1]);
      this._showControls();
    }

    get loop() {
      return this._loop;
    }

    set loop(on) {
      this._loop = Boolean(on);
      this._showControls();
    }

    // -- what is shown --

    get layers() {
      return LAYER_IDS.filter((id) => this._on.has(id));
    }

    set layers(names) {
      this._on = new Set([...names].filter((id) => LAYER_IDS.includes(id)));
      this._layersChanged();
    }

    setLayers(names) {
      this.layers = names;
    }

    toggleLayer(id) {
      const layer = LAYERS.find((l) => l.id === id);
      if (!layer || this._why(layer)) return;
      if (!this._on.delete(id)) this._on.add(id);
      this._layersChanged();
      if (this._on.has(id) && layer.needs && !this._has(layer.needs)) this.emit("want", this.wanted);
    }

    _layersChanged() {
      this._showLegend();
      this._touch(true);
      this.emit("layers", this.layers);
    }

    get colour() {
      return this._colour;
    }

    set colour(how) {
      this._colour = how === "class" ? "class" : "sampler";
      this._showLegend();
      this._touch(true);
      this.emit("color", this._colour === "class" ? "class" : "");
    }

    setColor(how) {
      this.colour = how;
    }

    get pin() {
      return this._pin;
    }

    /** Words for the link, or a pin to come from a link; what is wrong with them is said in a notice. */
    setPin(text) {
      const complaint = this.hand ? this.hand.want(text) : "";
      if (complaint) this.notice({ kind: "warning", message: complaint });
    }

    _pinChanged(pin) {
      if (!pin && !this._pin) return;
      this._pin = pin;
      this.emit("pin", pin);
      this._touch();
    }

    // why the current run cannot show a layer, or ""
    _why(layer) {
      if (!this.run) return "";
      const declared = this.run.header.unavailable && this.run.header.unavailable[layer.id];
      return declared || (layer.why ? layer.why(this.run) : "");
    }

    _whyNoClasses() {
      return this.run && this.run.groups === this.run.one ? "this distribution has one class" : "";
    }

    // -- messages --

    setBusy(on) {
      clearTimeout(this.busyTimer);
      if (on) this.busyTimer = setTimeout(() => this.root.classList.add("pg-busy"), BUSY_AFTER_MS);
      else this.root.classList.remove("pg-busy");
      this.root.setAttribute("aria-busy", String(Boolean(on)));
    }

    notice({ message, kind = "info", action = null, detail = "" }) {
      this.toastOwner = null;
      const { toast } = this.ui;
      toast.className = `pg-toast pg-${kind}`;
      toast.replaceChildren(make("span", "pg-toast-mark", { "aria-hidden": "true" }, kind === "error" ? "!" : "i"));
      const words = make("div", "pg-toast-text");
      words.append(make("p"));
      words.firstChild.textContent = message;
      if (detail) words.append(Object.assign(make("p", "pg-soft"), { textContent: detail }));
      toast.append(words);
      if (action) {
        const button = make("button", "pg-btn pg-action", { type: "button" });
        button.textContent = action.label;
        button.addEventListener("click", () => (this.clearNotice(), (action.run || action.onClick)()));
        toast.append(button);
      }
      const close = make("button", "pg-btn pg-close", { type: "button", "aria-label": "Dismiss this message" }, "×");
      close.addEventListener("click", () => this.clearNotice());
      toast.append(close);
      toast.hidden = false;
    }

    clearNotice() {
      this.ui.toast.hidden = true;
      this.toastOwner = null;
    }

    _showDivergence() {
      const { diverged } = this.run.header;
      if (!diverged) return this.toastOwner === "diverged" ? this.clearNotice() : undefined;
      this.notice({ kind: "error", message: diverged.message || `The run left the plotted range at step ${diverged.step}.` });
      this.toastOwner = "diverged";
    }

    showHelp() {
      const { help } = this.ui;
      if (!help.hidden) return this.hideHelp();
      this.helpFrom = document.activeElement;
      help.hidden = false;
      help.querySelector("button").focus();
    }

    hideHelp() {
      this.ui.help.hidden = true;
      if (this.helpFrom && this.helpFrom.isConnected) this.helpFrom.focus({ preventScroll: true });
    }

    // -- building the page's part --

    _build() {
      const { root } = this;
      root.classList.add("pg-stage", "pg-waiting");
      root.replaceChildren();
      const ui = (this.ui = {});
      ui.view = make("div", "pg-view");
      ui.canvas = make("canvas", "pg-canvas", { role: "img", "aria-label": "Diffusion stage, preparing the first run" });
      ui.head = make("div", "pg-head");
      ui.legend = make("div", "pg-legend", { role: "group", "aria-label": "Layers" });
      ui.cap = make("div", "pg-cap", {}, '<b>t = –</b><span class="pg-cap-more"></span>');
      ui.head.append(ui.legend, ui.cap);
      ui.notes = make("div", "pg-notes");
      ui.empty = make("div", "pg-empty", { role: "status" }, "<p>Preparing the first run…</p>");
      ui.toast = make("div", "pg-toast", { role: "alert" });
      ui.toast.hidden = true;
      ui.tip = make("div", "pg-tip", { role: "tooltip" });
      ui.tip.hidden = true;
      ui.view.append(ui.canvas, ui.empty, ui.head, ui.notes, ui.toast);
      root.append(ui.view, this._buildTime(), this._buildHelp(), ui.tip);
      this.ctx = ui.canvas.getContext("2d");
      this._buildLegend();
      this._showControls();
    }

    _buildLegend() {
      const { ui } = this;
      ui.layer = {};
      LAYERS.forEach((layer, n) => {
        const button = make("button", `pg-chip pg-role-${layer.role}`, { type: "button", "data-layer": layer.id, "aria-keyshortcuts": String(n + 1) }, `${layer.mark}<span>${layer.word}</span>`);
        button.addEventListener("click", () => this.toggleLayer(layer.id));
        this._tipOn(button, () => this._layerTip(layer, n + 1));
        ui.layer[layer.id] = button;
        ui.legend.append(button);
      });
      ui.colour = make("button", "pg-chip pg-by-class", { type: "button", "aria-keyshortcuts": "C" }, '<i class="pg-wheel" aria-hidden="true"></i><span>by class</span>');
      ui.colour.addEventListener("click", () => this.toggleColour());
      this._tipOn(ui.colour, () => {
        const why = this._whyNoClasses();
        return why ? `Not available: ${why}.` : `Colour each particle by its class: the component k that it ${this._mode === "forward" ? "came from" : "most probably arrived at, argmax p(k | x₀)"}. Key C.`;
      });
      ui.legend.append(ui.colour);
      this._showLegend();
    }

    toggleColour() {
      if (!this._whyNoClasses()) this.colour = this._colour === "class" ? "sampler" : "class";
    }

    _layerTip(layer, key) {
      const why = this._why(layer);
      if (why) return `Not available: ${why}.`;
      const run = this.run || { components: [], planes: 1 };
      return `${layer.tip(run)} Key ${key}.`;
    }

    _buildTime() {
      const { ui } = this;
      ui.time = make("div", "pg-time", { role: "group", "aria-label": "Time" });
      const button = (name, label, html, fn, tip) => {
        const node = make("button", `pg-btn pg-${name}`, { type: "button", "aria-label": label }, html);
        node.addEventListener("click", fn);
        this._tipOn(node, () => tip || label);
        return (ui[name] = node);
      };
      button("play", "Play", icon("play"), () => this.toggle(), "Play or pause. Key space.");
      button("back", "Step left", icon("back"), () => this.stepRight(-1), "One sampler step to the left, towards noise. Key ←.");
      button("forth", "Step right", icon("forth"), () => this.stepRight(1), "One sampler step to the right, towards data. Key →.");
      ui.scrub = make("div", "pg-scrub");
      ui.ticks = make("canvas", "pg-ticks", { "aria-hidden": "true" });
      ui.range = make("input", "pg-range", { type: "range", min: 0, max: 1, step: 0.001, value: 0, "aria-label": "Time, from noise to data" });
      ui.scrub.append(make("span", "pg-end", {}, "noise"), make("div", "pg-track"), make("span", "pg-end", {}, "data"));
      ui.scrub.children[1].append(ui.ticks, ui.range);
      ui.range.addEventListener("input", () => this._scrub(1 - Number(ui.range.value)));
      ui.range.addEventListener("change", () => this._settle());
      ui.tools = make("div", "pg-tools");
      ui.direction = make("div", "pg-direction", { role: "group", "aria-label": "Direction" });
      button("forward", "Forward: noising", "<span>◂</span> forward", () => this._askMode("forward"), "Forward: data become noise, x_t ~ p(x_t | x₀). Key R.");
      button("reverse", "Reverse: sampling", "reverse <span>▸</span>", () => this._askMode("reverse"), "Reverse: the sampler turns noise into data. Key R.");
      ui.direction.append(ui.forward, ui.reverse);
      ui.speed = make("select", "pg-speed", { "aria-label": "Speed" }, SPEEDS.map((s) => `<option value="${s}">${s}×</option>`).join(""));
      ui.speed.addEventListener("change", () => (this.speed = Number(ui.speed.value)));
      this._tipOn(ui.speed, () => "Speed of the clock. Keys [ and ].");
      button("loop", "Loop", icon("loop"), () => (this.loop = !this.loop), "Start again after a short rest at the end. Key L.");
      button("keys", "Keyboard", icon("help"), () => this.showHelp(), "What the keyboard does. Key ?.");
      ui.scale = make("select", "pg-speed pg-scale", { "aria-label": "Time is told as" },
        Object.entries(PG.time.scales).map(([key, scale]) => `<option value="${key}">${scale.word}</option>`).join(""));
      ui.scale.addEventListener("change", () => (PG.time.choose(ui.scale.value), this.emit("time", PG.time.name)));
      this._tipOn(ui.scale, () => `Time is told as: ${PG.time.scales[PG.time.name].tip}`);
      addEventListener("pg-time", () => {
        ui.scale.value = PG.time.name;
        if (!this.run) return;
        this._showTime(this.run.facts(this.cursor));
        this._touch(true);
      });
      ui.tools.append(ui.direction, ui.speed, ui.scale, ui.loop, ui.keys);
      const steps = make("div", "pg-steps");
      steps.append(ui.back, ui.forth);
      ui.time.append(ui.play, steps, ui.scrub, ui.tools, make("div", "pg-progress", { "aria-hidden": "true" }));
      return ui.time;
    }

    _buildHelp() {
      const rows = KEYS.map(([key, what]) => `<dt>${key.split(" ").map((k) => (k === "–" ? k : `<kbd>${k}</kbd>`)).join(" ")}</dt><dd>${what}</dd>`).join("");
      const help = make("div", "pg-help", { role: "dialog", "aria-modal": "true", "aria-label": "Keyboard" });
      help.innerHTML = `<div class="pg-sheet"><header><b>Keyboard</b><button type="button" class="pg-btn pg-close" aria-label="Close">×</button></header><dl>${rows}</dl></div>`;
      help.hidden = true;
      help.addEventListener("click", (e) => (e.target === help || e.target.closest(".pg-close")) && this.hideHelp());
      help.addEventListener("keydown", (e) => e.key === "Tab" && e.preventDefault());
      return (this.ui.help = help);
    }

    // one tooltip for the whole stage: after a short hover, or at once for the keyboard
    _tipOn(node, words) {
      let timer = 0;
      const show = () => {
        const { tip } = this.ui, { root } = this;
        tip.textContent = words();
        tip.hidden = false;
        const at = node.getBoundingClientRect(), home = root.getBoundingClientRect(), own = tip.getBoundingClientRect();
        const above = at.top - home.top > home.height / 2;
        tip.style.left = `${clamp(at.left - home.left, 8, Math.max(8, home.width - own.width - 8))}px`;
        tip.style.top = `${above ? at.top - home.top - own.height - 6 : at.bottom - home.top + 6}px`;
      };
      const hide = () => {
        clearTimeout(timer);
        this.ui.tip.hidden = true;
      };
      node.addEventListener("pointerenter", (e) => e.pointerType === "mouse" && (timer = setTimeout(show, 280)));
      node.addEventListener("focus", () => node.matches(":focus-visible") && show());
      for (const gone of ["pointerleave", "blur", "click"]) node.addEventListener(gone, hide);
      node.describe = () => node.setAttribute("aria-description", words());
      node.describe();
    }

    _askMode(mode) {
      if (mode !== this._mode) this.emit("toggle-mode", mode);
    }

    // -- listening --

    _watch() {
      const sized = new ResizeObserver(() => this._layout());
      sized.observe(this.ui.view);
      // the theme is a class on <body> or any ancestor
      const observer = new MutationObserver(() => this._readTheme());
      const above = new Set([document.body, document.documentElement]);
      for (let node = this.root.parentElement; node; node = node.parentElement) above.add(node);
      for (const node of above) {
        observer.observe(node, { attributes: true, attributeFilter: ["class", "data-pg-theme", "data-theme"] });
      }
      const resized = new ResizeObserver(() => this._drawTicks());
      resized.observe(this.ui.ticks.parentNode);
      this.leaving = new AbortController();
      this.leaving.signal.addEventListener("abort", () => [sized, resized, observer].forEach((o) => o.disconnect()));
      document.addEventListener("keydown", (e) => this._key(e), { signal: this.leaving.signal });
      this._watchCanvas();
    }

    _readTheme() {
      const style = getComputedStyle(this.root);
      const probe = this.ctx;
      const hex = (name) => {
        probe.fillStyle = "#888888";
        probe.fillStyle = style.getPropertyValue(`--pg-${name}`).trim() || "#888888";
        return probe.fillStyle;
      };
      const theme = Object.fromEntries(ROLES.map((role) => [role, hex(role)]));
      const family = style.fontFamily || "system-ui, sans-serif";
      theme.small = `10.5px ${family}`;
      theme.label = `12px ${family}`;
      theme.family = family;
      const [r, g, b] = rgbOf(theme.stage);
      theme.dark = r + g + b < 384;
      theme.classes = CLASS_COLOURS[theme.dark ? "dark" : "light"];
      const same = JSON.stringify(theme) === JSON.stringify(this.theme);
      this.theme = theme;
      if (!same) this._drawTicks(), this._touch(true);
    }

    _watchCanvas() {
      const { canvas } = this.ui;
      let down = null; // {panel, x, y, scrubs}
      const at = (e) => {
        const box = canvas.getBoundingClientRect();
        return [e.clientX - box.left, e.clientY - box.top];
      };
      const panelAt = (x, y) => this.panels.find((p) => contains(p.rect, x, y)) || null;
      canvas.addEventListener("pointerdown", (e) => {
        if (e.button) return;
        const [x, y] = at(e), panel = panelAt(x, y);
        if (!panel || !this.run) return;
        down = { panel, x, y, scrubs: panel instanceof Spacetime };
        canvas.setPointerCapture(e.pointerId);
        if (down.scrubs && e.pointerType === "mouse") this._scrub(panel.clockAt(x));
      });
      canvas.addEventListener("pointermove", (e) => {
        const [x, y] = at(e);
        if (down && down.scrubs) return this._scrub(down.panel.clockAt(x));
        if (!down && e.pointerType === "mouse") this._hoverAt(panelAt(x, y), x, y);
      });
      canvas.addEventListener("pointerup", (e) => {
        const [x, y] = at(e), was = down;
        down = null;
        if (!was) return;
        if (was.scrubs) this._scrub(was.panel.clockAt(x)), this._settle();
        if (Math.hypot(x - was.x, y - was.y) < 6) this._pinAt(was.panel, x, y);
      });
      canvas.addEventListener("pointercancel", () => (down = null));
      canvas.addEventListener("pointerleave", () => this._hoverAt(null));
    }

    _hoverAt(panel, x, y) {
      const n = panel && this._on.has("particles") ? panel.nearest(x, y, 9) : -1;
      this.ui.canvas.style.cursor = !panel ? "" : panel instanceof Spacetime ? "ew-resize" : "crosshair";
      if (n === this.hover) return;
      this.hover = n;
      this._touch();
    }

    // a click near the pin takes it away: pin.js
    _pinAt(panel, x, y) {
      if (contains(panel.box, x, y) && this.hand) this._pinChanged(this.hand.under(panel, x, y, this.cursor));
    }

    _scrub(clock) {
      if (this.playing) {
        this.playing = false;
        this._showControls();
      }
      this.cursor = clock;
    }

    _settle() {
      this._setCoarse(false);
      this._describe();
      if (this.run) this.emit("settle", this.run.facts(this.cursor));
    }

    _key(e) {
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || !this.root.getClientRects().length) return;
      if (e.key === "Escape") return this._escape(e);
      if (!this.ui.help.hidden) return e.key === "?" ? this.hideHelp() : undefined;
      const target = e.target instanceof Element ? e.target : document.body;
      const field = target.closest("input, textarea, select, [role=slider], [contenteditable], [role=tablist], [role=listbox], [role=menu], [role=radiogroup], dialog, [role=dialog]");
      if (field && field !== this.ui.range) return;
      if (e.key === " " && target.closest("button, a, summary, [role=button], [role=checkbox], [role=switch]")) return;
      const act = this._action(e.key, e.shiftKey);
      if (!act) return;
      e.preventDefault();
      act();
    }

    _escape(e) {
      if (!this.ui.help.hidden) this.hideHelp();
      else if (!this.ui.toast.hidden) this.clearNotice();
      else if (this._pin) this._pinChanged(null);
      else return;
      e.preventDefault();
    }

    _action(key, shift) {
      if (/^[1-9]$/.test(key)) return () => this.toggleLayer(LAYER_IDS[key - 1]);
      const jump = (clock) => () => this.seek(clock);
      const faster = (by) => () => (this.speed = SPEEDS[clamp(SPEEDS.indexOf(this._speed) + by, 0, SPEEDS.length - 1)]);
      const actions = {
        " ": () => this.toggle(),
        ArrowLeft: shift ? jump(Math.max(this.start, this.end)) : () => this.stepRight(-1),
        ArrowRight: shift ? jump(Math.min(this.start, this.end)) : () => this.stepRight(1),
        "[": faster(-1), "]": faster(1),
        l: () => (this.loop = !this._loop), c: () => this.toggleColour(),
        r: () => this._askMode(this._mode === "forward" ? "reverse" : "forward"),
        "?": () => this.showHelp(),
      };
      return actions[key] || actions[key.toLowerCase()];
    }

    // -- showing state in the controls --

    _showLegend() {
      const { ui } = this;
      for (const layer of LAYERS) {
        const button = ui.layer[layer.id], why = this._why(layer);
        button.hidden = Boolean(layer.phase && this.run && this.run.header.process.title !== "CLD");
        button.setAttribute("aria-pressed", String(this._on.has(layer.id) && !why));
        button.setAttribute("aria-disabled", String(Boolean(why)));
        button.describe();
      }
      const why = this._whyNoClasses(), on = this._colour === "class" && !why;
      ui.colour.setAttribute("aria-pressed", String(on));
      ui.colour.setAttribute("aria-disabled", String(Boolean(why)));
      ui.colour.describe();
      this.root.classList.toggle("pg-classes", on);
    }

    _showControls() {
      const { ui, run } = this;
      if (!ui.range) return;
      ui.play.innerHTML = icon(this.playing ? "pause" : "play");
      ui.play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
      ui.loop.setAttribute("aria-pressed", String(this._loop));
      ui.speed.value = String(this._speed);
      ui.forward.setAttribute("aria-pressed", String(this._mode === "forward"));
      ui.reverse.setAttribute("aria-pressed", String(this._mode !== "forward"));
      ui.scrub.classList.toggle("pg-leftwards", this._mode === "forward");
      if (!run) return;
      this._showLegend();
      this._drawTicks();
      const notes = (run.header.notes || []).filter(Boolean);
      ui.notes.replaceChildren(...withSubscripts(notes.join(" · ")));
    }

    _showTime(info) {
      const { ui, run } = this;
      const value = 1 - info.clock;
      ui.range.value = String(value);
      ui.range.style.setProperty("--at", value);
      ui.cap.firstChild.textContent = PG.time.said(info);
      ui.cap.lastChild.textContent = this._captionMore(info, run);
    }

    _captionMore(info, run) {
      const steps = run.forward ? "noising" : `step ${info.step}/${run.header.steps}`;
      return isNumber(info.logSnr) && PG.time.name !== "snr" ? `log-SNR ${number(info.logSnr, 1)} · ${steps}` : steps;
    }

    // the sampler's own steps as marks under the bar; too many of them become a band
    _drawTicks() {
      const { ticks: canvas } = this.ui, { run, theme } = this;
      const width = canvas.clientWidth, height = canvas.clientHeight;
      if (!run || !width || !theme) return;
      const scale = Math.min(2, window.devicePixelRatio || 1);
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      const ctx = canvas.getContext("2d");
      ctx.scale(scale, scale);
      ctx.fillStyle = run.forward ? theme.noise : theme.sampler;
      ctx.globalAlpha = clamp((width / run.stops.length - 1) / 6, 0.18, 0.8);
      for (const clock of run.stops) ctx.fillRect(Math.round((1 - clock) * (width - 1)), height - 5, 1, 5);
    }

    _describe() {
      const { run } = this;
      if (!run) return;
      const { data, process, sampler } = run.header.title, info = run.facts(this.cursor);
      this.ui.range.setAttribute("aria-valuetext", PG.time.said(info));
      const what = run.forward ? `${data} noised by ${process}` : `${data} sampled with ${sampler} from ${process}`;
      this.ui.canvas.setAttribute("aria-label", `${what}: ${run.count} particles at ${PG.time.said(info)}, ${this._captionMore(info, run)}. Shown: ${this.layers.join(", ")}.`);
    }

    // -- drawing --

    _touch(still = false) {
      if (still) this.version++;
      this.dirty = true;
    }

    _layout() {
      const { view, canvas, head } = this.ui, { run } = this;
      const narrow = view.clientWidth < NARROW;
      this.root.classList.toggle("pg-narrow", narrow);
      // one row of words: the last one gives way to its mark where letters are wide
      this.root.classList.remove("pg-tight");
      if (!narrow && this.ui.legend.offsetHeight > 1.6 * this.ui.colour.offsetHeight) this.root.classList.add("pg-tight");
      const stacked = (this.stacked = Boolean(narrow && run && run.panels.length > 1 && (window.innerWidth < WINDOW_NARROW || view.clientWidth < 420)));
      this.root.classList.toggle("pg-stacked", stacked);
      view.style.minHeight = stacked ? `${Math.round(head.offsetHeight + view.clientWidth * run.panels.reduce((sum, p) => sum + naturalHeight(p), 0))}px` : "";
      const width = view.clientWidth, height = view.clientHeight;
      if (!width || !height) return;
      this.imagesRect = this.images ? this._imagesRect(width, height, head.offsetHeight + 8, narrow) : null;
      this.emit("layout");
      this.scale = this.coarse ? 1 : clamp(window.devicePixelRatio || 1, 1, 2);
      canvas.width = Math.round(width * this.scale);
      canvas.height = Math.round(height * this.scale);
      this.size = { width, height };
      if (run) this.panels = arrange(run.panels, width, height - this._foot(), head.offsetHeight + 8, stacked, run.header.image ? this.imagesRect : null);
      this.hand?.place();
      this._touch(true);
      if (run) this._paint(performance.now()); // a resized canvas is empty: fill it before it is seen
    }

    /** Images stand on the left of the plane, or above it where there is little room. */
    setImages(on) {
      this.images = on;
      this.root.classList.toggle("pg-with-images", on);
      this.root.classList.toggle("pg-forming", on && !(this.run && this.run.header.image));
      this._layout();
    }

    _imagesRect(width, height, head, narrow) {
      if (narrow) return { x: 0, y: head, w: width, h: height - head }; // no room for the plane
      return { x: 0, y: head, w: Math.round(Math.min(0.64 * width, height - head + 20)), h: height - head };
    }

    // a line below the panels for the notes; a lone plane has them in a corner of the picture
    _foot() {
      const { panels } = this.run, alone = panels.length === 1 && panels[0].kind === "plane";
      this.root.classList.toggle("pg-alone", alone);
      return alone ? 0 : 20;
    }

    _scene(scale) {
      const { run, fields } = this, clock = this.cursor;
      const shown = new Set(LAYERS.filter((l) => this._on.has(l.id) && !this._why(l)).map((l) => l.id));
      return {
        run, fields, shown, scale, clock, theme: this.theme, version: this.version, hover: this.hover, pin: this._pin, overlay: this.overlay,
        byClass: this._colour === "class", at: locate(run.clock, clock), fieldAt: fields ? locate(fields.clock, clock) : null,
      };
    }

    // for a page that throws the stage away
    destroy() {
      this.leaving.abort();
      clearTimeout(this.busyTimer);
      this.root.replaceChildren();
      if (window.__pgStage === this) window.__pgStage = null;
    }

    _tick(now) {
      if (this.leaving.signal.aborted) return;
      requestAnimationFrame(this._tick);
      const dt = this.last ? Math.min(now - this.last, 100) : 0;
      this.last = now;
      if (this.run && this.playing) this._advance(dt, now);
      if (this.dirty && this.run && this.size) this._paint(now);
    }

    _advance(dt, now) {
      if (this.restUntil) {
        if (now < this.restUntil) return;
        this.restUntil = 0;
        this._clock = this.start;
        return this._touch();
      }
      const sign = this.run.forward ? 1 : -1, { end } = this;
      const pace = this.run.pace(this._clock); // slower where the picture changes, so that nothing rushes by near the data
      const next = this._clock + (sign * dt * this._speed * pace) / (1000 * PASS_SECONDS);
      const over = (next - end) * sign >= 0;
      this._clock = over ? end : clamp(next, 0, 1);
      this._touch();
      if (over && this._loop) this.restUntil = now + REST_MS;
      if (over && !this._loop) this.pause();
    }

    _paint(now) {
      this.dirty = false;
      const { ctx, scale, size, run } = this;
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      ctx.clearRect(0, 0, size.width, size.height);
      const began = performance.now();
      const scene = this._scene(scale);
      this.panels.forEach((panel) => panel.draw(ctx, scene));
      this.drawMs = performance.now() - began;
      const info = run.facts(scene.clock);
      this._showTime(info);
      this._count(now);
      const news = `${run.key}|${run.header.seq}|${scene.clock}`;
      if (news === this.told) return;
      this.told = news;
      this.emit("cursor", info);
    }

    // A machine that cannot keep up with fine pixels gets plain ones while the picture moves, and fine ones again at rest.
    _pace() {
      if (this.coarse || !this.playing || this.scale <= 1 || this.paints.length < 40) return;
      const recent = this.paints.slice(-30);
      if (recent[29] - recent[0] < 29 * SLOW_MS || recent[29] - recent[0] > 29 * 200) return;
      this._setCoarse(true);
    }

    _setCoarse(coarse) {
      if (Boolean(this.coarse) === coarse) return;
      this.coarse = coarse;
      this.paints.length = 0;
      this._layout();
    }

    _count(now) {
      const { painted, paints, run } = this;
      painted.key = run.key;
      painted.seq = run.header.seq;
      painted.fieldsKey = this.fields && !this.fields.stale ? run.key : null;
      painted.count++;
      painted.at = now;
      paints.push(now);
      if (paints.length > 120) paints.shift();
      this._pace();
    }

    // frames per second over the paints of the last two seconds
    fps() {
      const recent = this.paints.filter((t) => t > performance.now() - 2000);
      return recent.length < 2 ? 0 : (1000 * (recent.length - 1)) / (recent[recent.length - 1] - recent[0]);
    }

    // -- picture --

    // all panels at twice the size, with title, caption and notes, on the theme's ground
    toPNG() {
      const { run, size, theme } = this;
      if (!run || !size) return Promise.reject(new Error("nothing to draw yet"));
      const head = 44, foot = 22, canvas = document.createElement("canvas");
      canvas.width = 2 * size.width;
      canvas.height = 2 * (size.height + head + foot);
      const ctx = canvas.getContext("2d");
      ctx.fillStyle = theme.stage;
      ctx.fillRect(0, 0, canvas.width, canvas.height);
      ctx.setTransform(2, 0, 0, 2, 0, 2 * head);
      const scene = { ...this._scene(2), hover: -1 };
      arrange(run.panels, size.width, size.height - 6, 8, this.stacked).forEach((panel) => panel.draw(ctx, scene));
      ctx.setTransform(2, 0, 0, 2, 0, 0);
      this._pngWords(ctx, size, head);
      return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"));
    }

    toBlob() {
      return this.toPNG();
    }

    _pngWords(ctx, size, head) {
      const { run, theme } = this, info = run.facts(this.cursor), { data, process, sampler } = run.header.title;
      ctx.fillStyle = theme.ink;
      ctx.font = `600 15px ${theme.family}`;
      text(ctx, [data, process, run.forward ? "noising" : sampler].join(" · "), 14, 27);
      text(ctx, PG.time.said(info), size.width - 14, 22, "right");
      ctx.font = theme.small;
      ctx.fillStyle = theme.soft;
      text(ctx, this._captionMore(info, run), size.width - 14, 37, "right");
      let x = 14; // "p_T" with its subscript, as in the page
      (run.header.notes || []).filter(Boolean).join(" · ").split(SUBSCRIPT).forEach((part, n) => {
        ctx.font = n % 2 ? `8px ${theme.family}` : theme.small;
        text(ctx, part, x, head + size.height + (n % 2 ? 16 : 14));
        x += ctx.measureText(part).width;
      });
    }
  }

  PG.Stage = Stage;
  PG.LAYERS = LAYER_IDS;
})();
