// What panels draw with: numbers and words, dots, rings and sheets, the colours. Nothing here knows of runs or of the page.
const clamp = (x, lo, hi) => Math.min(hi, Math.max(lo, x));
const isNumber = Number.isFinite;

const minus = (text) => text.replace("-", "−");

function number(x, digits) {
  if (!isNumber(x)) return "–";
  return minus(x.toFixed(digits).replace(/^-(0\.?0*)$/, "$1"));
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

const sized = (array, count) => (array && array.length === count ? array : new Float32Array(count));

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

// the class colours of views/export.py: Okabe–Ito, with a yellow dark enough for a white page
const CLASS_COLOURS = {
  light: ["#009E73", "#D55E00", "#0072B2", "#CC79A7", "#E69F00", "#56B4E9", "#8a6d00", "#1b1d21"],
  dark: ["#2fc79a", "#f0894a", "#56B4E9", "#e39ac6", "#E69F00", "#9ad0f2", "#F0E442", "#e9eaec"],
};
const ROLES = ["bg", "panel", "ink", "soft", "line", "stage", "data", "noise", "exact", "sampler", "learned", "pin", "accent"];

// how much larger type is than at 1440×900, as style.css has it (--pg-u)
const unit = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--pg-u")) || 1;

// the page's colours as a canvas takes them (style.css), and its fonts; probe: any 2D context
function themeOf(root, probe) {
  const style = getComputedStyle(root);
  const hex = (name) => {
    probe.fillStyle = "#888888";
    probe.fillStyle = style.getPropertyValue(`--pg-${name}`).trim() || "#888888";
    return probe.fillStyle;
  };
  const theme = Object.fromEntries(ROLES.map((role) => [role, hex(role)]));
  const family = style.fontFamily || "system-ui, sans-serif";
  theme.small = `${Math.max(11.5, 10.5 * unit())}px ${family}`;
  theme.label = `${12 * unit()}px ${family}`;
  theme.family = family;
  const [r, g, b] = rgbOf(theme.stage);
  theme.dark = r + g + b < 384;
  theme.classes = CLASS_COLOURS[theme.dark ? "dark" : "light"];
  return theme;
}

export { clamp, isNumber, number, ticks, spread, rgbOf, sized, contains, text, ring, sprite, Sheet, Splat, themeOf, unit };
