// What panels draw with: numbers and words, dots, rings and sheets, the colours. Nothing here knows of runs or of the page.
import { penOf } from "./dom.js";

/**
 * @typedef {"bg" | "panel" | "ink" | "soft" | "line" | "stage" | "data" | "noise" | "exact" | "sampler" | "learned" | "pin" | "accent"} Role  a colour of style.css
 * @typedef {Record<Role, string> & {small: string, label: string, family: string, dark: boolean, classes: string[]}} Theme
 *   colours as #rrggbb; small, label: fonts as a canvas takes them; classes: the colours of classes
 * @typedef {{x: number, y: number, w: number, h: number}} Rect  in CSS pixels
 * @typedef {{value: number, text: string}} Tick
 */

/** Finite: neither NaN nor ∞, nor anything else. @type {(x: unknown) => x is number} */
const isNumber = /** @type {(x: unknown) => x is number} */ (Number.isFinite);

/** @param {string} digits */
const minus = (digits) => digits.replace("-", "−");

/**
 * With so many digits after the point; "–" for what is no number.
 * @param {number | null | undefined} x
 * @param {number} digits
 */
function number(x, digits) {
  if (!isNumber(x)) return "–";
  return minus(x.toFixed(digits).replace(/^-(0\.?0*)$/, "$1"));
}

/**
 * Round numbers inside [lo, hi], about `count` of them.
 * @param {number} lo
 * @param {number} hi
 * @param {number} count
 */
function ticks(lo, hi, count) {
  const rough = (hi - lo) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999) ?? 10 * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  /** @type {Tick[]} */
  const out = [];
  for (let v = Math.ceil(lo / step) * step; v <= hi + 1e-9; v += step) out.push({ value: v, text: number(v, digits) });
  return out;
}

/** A fixed, even spread in [0, 1): the same particle always gets the same jitter. @param {number} n */
const spread = (n) => ((n * 2654435761) >>> 0) / 4294967296;

/** @param {string} colour  #rrggbb */
function rgbOf(colour) {
  const n = parseInt(colour.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** The same array if it has this length, else a new one. @param {Float32Array | null | undefined} array @param {number} count */
const sized = (array, count) => (array && array.length === count ? array : new Float32Array(count));

/** An offscreen canvas that is painted again only when its key changes. */
class Sheet {
  constructor() {
    this.canvas = document.createElement("canvas");
    /** @type {string | null} */
    this.key = null;
  }

  /**
   * The canvas for this key, painted if it was not.
   * @param {string} key
   * @param {number} width  in CSS pixels
   * @param {number} height
   * @param {number} scale  device pixels a CSS pixel
   * @param {(ctx: CanvasRenderingContext2D) => void} paint
   */
  fresh(key, width, height, scale, paint) {
    const full = `${key}|${width}|${height}|${scale}`;
    if (full === this.key) return this.canvas;
    this.key = full;
    this.canvas.width = Math.max(1, Math.round(width * scale));
    this.canvas.height = Math.max(1, Math.round(height * scale));
    const ctx = penOf(this.canvas);
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    paint(ctx);
    return this.canvas;
  }
}

/** @typedef {{canvas: HTMLCanvasElement, size: number}} Sprite  size: of its canvas, in CSS pixels */
/** @type {Map<string, Sprite>} */
const sprites = new Map();
/**
 * A dot or a ring, drawn once for each colour, size and resolution.
 * @param {string} colour
 * @param {number} radius  in CSS pixels
 * @param {number} scale
 * @param {boolean} [hollow]
 */
function sprite(colour, radius, scale, hollow) {
  const key = `${colour}|${radius}|${scale}|${hollow}`, found = sprites.get(key);
  if (found) return found;
  const canvas = document.createElement("canvas");
  const size = Math.ceil((2 * radius + 3) * scale);
  canvas.width = canvas.height = size;
  const ctx = penOf(canvas);
  ctx.beginPath();
  ctx.arc(size / 2, size / 2, radius * scale, 0, 7);
  ctx.fillStyle = ctx.strokeStyle = colour;
  ctx.lineWidth = 1.1 * scale;
  if (hollow) ctx.stroke();
  else ctx.fill();
  const made = { canvas, size: size / scale };
  sprites.set(key, made);
  return made;
}

/** Many particles: dots are written straight into pixels, and overlap makes them denser. */
class Splat {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.ctx = penOf(this.canvas);
    this.image = this.ctx.createImageData(1, 1);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** @param {number} width  in device pixels @param {number} height */
  begin(width, height) {
    if (this.image.width !== width || this.image.height !== height) {
      Object.assign(this.canvas, { width, height });
      this.image = this.ctx.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(0);
  }

  /**
   * Particles in device pixels of this picture, side × side pixels each.
   * @param {Float32Array} xs
   * @param {Float32Array} ys
   * @param {Uint32Array | null} members  which of them; null: the first `count`
   * @param {number} count
   * @param {string} colour
   * @param {number} alpha
   * @param {number} side
   */
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

/** @param {Rect} r @param {number} x @param {number} y */
function contains(r, x, y) {
  return x >= r.x && x <= r.x + r.w && y >= r.y && y <= r.y + r.h;
}

/**
 * Words at a point. With a halo they stay readable over arrows.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {CanvasTextAlign} [align]
 * @param {CanvasTextBaseline} [baseline]
 * @param {string | null} [halo]  its colour
 */
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

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} colour
 * @param {number} width
 */
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
/** @type {Role[]} */
const ROLES = ["bg", "panel", "ink", "soft", "line", "stage", "data", "noise", "exact", "sampler", "learned", "pin", "accent"];

/** How much larger type is than at 1440×900, as style.css has it (--pg-u). */
const unit = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--pg-u")) || 1;

/**
 * The page's colours as a canvas takes them (style.css), and its fonts.
 * @param {Element} root
 * @param {CanvasRenderingContext2D} probe  any 2D context
 * @returns {Theme}
 */
function themeOf(root, probe) {
  const style = getComputedStyle(root);
  /** @param {Role} role */
  const hex = (role) => {
    probe.fillStyle = "#888888";
    probe.fillStyle = style.getPropertyValue(`--pg-${role}`).trim() || "#888888";
    return String(probe.fillStyle);
  };
  const colours = /** @type {Record<Role, string>} */ (Object.fromEntries(ROLES.map((role) => [role, hex(role)])));
  const family = style.fontFamily || "system-ui, sans-serif";
  const [r, g, b] = rgbOf(colours.stage), dark = r + g + b < 384;
  return {
    ...colours,
    small: `${Math.max(11.5, 10.5 * unit())}px ${family}`,
    label: `${12 * unit()}px ${family}`,
    family,
    dark,
    classes: CLASS_COLOURS[dark ? "dark" : "light"],
  };
}

export { isNumber, number, ticks, spread, rgbOf, sized, contains, text, ring, sprite, Sheet, Splat, themeOf, unit };
