// The exact density as a picture: codes → colour (Heat), and the contours that enclose given shares of it.
import { penOf } from "./dom.js";
import { rgbOf, spread } from "./draw.js";
import { clamp } from "./numbers.js";

/**
 * @typedef {import("./packet.js").PacketArray} PacketArray
 * @typedef {{i: number, f: number}} Between  (1 − f)·frame[i] + f·frame[i + 1]
 */

const HEAT_ALPHA = 0.62, HEAT_KNEE = 0.22;

/**
 * Density codes → a small picture in one colour whose opacity is the tone map. Opacity (1 + k)·d / (d + k) rises like a root
 * but with a finite slope at zero; half a code of fixed noise hides that there are only 256 of them in the tails.
 */
class Heat {
  constructor() {
    this.sheet = document.createElement("canvas");
    this.ctx = penOf(this.sheet);
    this.image = this.ctx.createImageData(1, 1);
    this.pixels = new Uint32Array(this.image.data.buffer);
    /** codes blended between two field frames; contours read it too */
    this.mix = new Float32Array(0);
    this.half = this.fine = this.grain = this.mix;
    /** what is painted, and what is blended */
    this.key = this.blendKey = "";
  }

  /**
   * The picture of a density (frames, height, width) between two of its frames.
   * @param {Pick<PacketArray, "uid" | "shape" | "data">} array
   * @param {Between} at
   * @param {string} colour
   */
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

  /**
   * Codes between two field frames, without a picture: what contours need.
   * @param {PacketArray} array
   * @param {Between} at
   */
  blended(array, at) {
    const [, height, width] = array.shape, key = `${array.uid}|${at.i}|${at.f.toFixed(4)}`;
    if (key !== this.blendKey) {
      if (this.mix.length !== width * height) this.mix = new Float32Array(width * height);
      this._blend(array.data, at, width * height);
      this.blendKey = key;
    }
    return this.mix;
  }

  /** @param {number} width @param {number} height */
  _size(width, height) {
    if (this.mix.length === width * height && this.image.width === 2 * width && this.image.height === 2 * height) return;
    Object.assign(this.sheet, { width: 2 * width, height: 2 * height });
    this.image = this.ctx.createImageData(2 * width, 2 * height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.mix = new Float32Array(width * height);
    this.half = new Float32Array(2 * width * height);
    this.fine = new Float32Array(4 * width * height);
    this.grain = Float32Array.from(this.fine, (_, p) => spread(p + 1 + (p >> 5)) - 0.5);
  }

  /** @param {import("./packet.js").Codes} codes @param {Between} at @param {number} size  of a frame */
  _blend(codes, { i, f }, size) {
    const a = i * size, b = f > 0 ? a + size : a, mix = this.mix;
    for (let p = 0; p < size; p++) mix[p] = codes[a + p] + (codes[b + p] - codes[a + p]) * f;
  }
}

/**
 * Linear interpolation to twice as many cells both ways. The tone map comes after it, so its steep start leaves no facets.
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} height
 * @param {Float32Array} half  room for twice as many values
 * @param {Float32Array} out  and for four times as many
 */
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

/** @type {Map<string, Uint32Array>} */
const heatTables = new Map();
/** A pixel for each of 1024 levels of density. @param {string} colour */
function heatTable(colour) {
  const found = heatTables.get(colour);
  if (found) return found;
  const [r, g, b] = rgbOf(colour);
  const made = new Uint32Array(1024);
  for (let code = 0; code < 1024; code++) {
    const d = code / 1023, opacity = (HEAT_ALPHA * (1 + HEAT_KNEE) * d) / (d + HEAT_KNEE);
    made[code] = (Math.round(255 * opacity) << 24) | (b << 16) | (g << 8) | r;
  }
  heatTables.set(colour, made);
  return made;
}

/**
 * Levels that enclose given shares of the field's mass (highest-density regions).
 * @param {Float32Array} mix  codes
 * @param {number[]} shares  rising
 */
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

/**
 * Neighbours averaged with weights 1 2 1 both ways: where codes are small, whole numbers would make a contour jagged.
 * @param {Float32Array} mix
 * @param {number} width
 * @param {number} height
 * @param {Float32Array} out
 */
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
/** @type {number[][]} */
const CASES = [[], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2], [2, 3], [2, 0], [0, 1, 2, 3], [2, 1], [1, 3], [1, 0], [0, 3], []];

/**
 * Adds the contour of one level to a path.
 * @param {CanvasPath} path
 * @param {Float32Array} mix
 * @param {number} width
 * @param {number} height
 * @param {number} level
 * @param {(column: number) => number} toX
 * @param {(row: number) => number} toY
 */
function traceLevel(path, mix, width, height, level, toX, toY) {
  for (let r = 0; r + 1 < height; r++) {
    for (let k = 0; k + 1 < width; k++) {
      const p = r * width + k;
      const a = mix[p], b = mix[p + 1], c = mix[p + width + 1], d = mix[p + width];
      const edges = CASES[(a > level ? 1 : 0) | (b > level ? 2 : 0) | (c > level ? 4 : 0) | (d > level ? 8 : 0)];
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

export { Heat, enclosingLevels, softened, traceLevel };
