// Mixtures as short texts for links: the page's half of playground/laws/compact.py, which describes the form.
import { clamp } from "./numbers.js";

const MOST = 256, CENTRE = 4096, AXIS = 8192, TURN = 65536;
/**
 * @typedef {object} Part  one Gaussian of the mixture
 * @property {number} w  its weight
 * @property {number[]} m  its centre
 * @property {number[]} axes  standard deviations along its own axes
 * @property {number} angle  of the first of them, 0 … π
 * @property {number} label  its class
 *
 * @typedef {{dim: number, parts: Part[]}} Mixture
 */

/** @param {string} text */
const form = (text) => /^mix([12])\.([A-Za-z0-9_-]+)(?:\.([A-Za-z0-9_-]+))?$/.exec(text);
/** @param {string} base64 */
const bytes = (base64) => Uint8Array.from(atob(base64.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
/** @param {Uint8Array} raw */
const letters = (raw) => btoa(String.fromCharCode(...raw)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export const mixture = {
  MOST,
  LIMIT: 7.999, // |centre| and axes that fit
  LEAST_AXIS: 0.01,
  LEAST_WEIGHT: 0.001, // of the whole
  /**
   * [dimension, components], or null for any other text.
   * @param {string} text
   */
  size(text) {
    const found = form(text);
    return found && [Number(found[1]), Math.floor((found[2].length * 3) / 4 / (found[1] === "2" ? 12 : 6))];
  },
  /**
   * The mixture of a text, or null. Weights sum to one.
   * @param {string} text
   * @returns {Mixture | null}
   */
  decode(text) {
    const found = form(text);
    if (!found) return null;
    const dim = Number(found[1]), width = dim === 2 ? 6 : 3, raw = bytes(found[2]), classes = found[3] ? bytes(found[3]) : null;
    const view = new DataView(raw.buffer);
    /** @type {Part[]} */
    const parts = [];
    /** @param {number} n */
    const at = (n) => view.getUint16(2 * n, true);
    for (let n = 0; n + width <= raw.length / 2; n += width) {
      const m = [], axes = [];
      for (let i = 0; i < dim; i++) m.push((at(n + 1 + i) - 32768) / CENTRE), axes.push(at(n + 1 + dim + i) / AXIS);
      parts.push({ w: at(n), m, axes, angle: dim === 2 ? (at(n + 5) / TURN) * Math.PI : 0, label: classes ? classes[parts.length] : 0 });
    }
    const total = parts.reduce((sum, p) => sum + p.w, 0);
    parts.forEach((p) => (p.w /= total));
    return { dim, parts };
  },
  /** The text of a mixture. @param {Mixture} mixture */
  encode({ dim, parts }) {
    const width = dim === 2 ? 6 : 3, view = new DataView(new ArrayBuffer(2 * width * parts.length));
    const top = Math.max(...parts.map((p) => p.w));
    parts.forEach((p, k) => {
      const half = Math.round((p.angle / Math.PI) * TURN);
      const numbers = [Math.max(1, (p.w / top) * 65535), ...p.m.map((v) => v * CENTRE + 32768), ...p.axes.map((v) => Math.max(1, v * AXIS))];
      if (dim === 2) numbers.push(((half % TURN) + TURN) % TURN);
      numbers.forEach((v, i) => view.setUint16(2 * (k * width + i), clamp(Math.round(v), 0, 65535), true));
    });
    const classes = parts.some((p) => p.label) ? `.${letters(Uint8Array.from(parts, (p) => p.label))}` : "";
    return `mix${dim}.${letters(new Uint8Array(view.buffer))}${classes}`;
  },
};
