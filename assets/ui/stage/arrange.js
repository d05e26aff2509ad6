// Where each panel of a run stands on the stage.
import { alike } from "./geometry.js";

/** @typedef {import("./panel.js").Spec} Spec */
/** @typedef {import("./geometry.js").Rect} Rect */

/** Where a panel stands: rect is what it may paint. Words of the legend lie over the top of it: `clear` pixels are left to them, or
 * (`covered`) the picture goes on below them.
 * @typedef {object} Standing
 * @property {Rect} rect
 * @property {number} clear
 * @property {number} covered
 * @property {boolean} full  its picture fills the stage, without a frame
 * @property {boolean} alone  nothing stands beside it: what strays beyond its box is shown */

/** @param {Rect} rect
 * @param {number} clear
 * @returns {Standing} */
const standing = (rect, clear) => ({ rect, clear, covered: 0, full: false, alone: false });

/** First panel at the left with its share of the width, the others above each other at its right; narrow: all stacked.
 * @param {Spec[]} specs
 * @param {number} width
 * @param {number} height
 * @param {number} head  height of the legend's words
 * @param {boolean} stacked
 * @param {Rect | null} images  where images stand
 * @returns {Standing[]} in the order of the panels */
function arrange(specs, width, height, head, stacked, images) {
  const [first, ...others] = specs, one = others.length === 0;
  // a lone plane fills the stage and the legend floats over it, unless there is room to spare above
  if (one && first.kind === "plane" && first.a) {
    if (images) {
      const beside = images.w >= width ? 0 : images.w;
      return [standing({ x: beside, y: head, w: width - beside - 12, h: height - head - 4 }, 0)];
    }
    const spare = height - (width * (first.b.hi - first.b.lo)) / (first.a.hi - first.a.lo), full = spare < head;
    return [{ rect: { x: 0, y: 0, w: width, h: height }, clear: full ? 0 : head, covered: full ? head : 0, full, alone: true }];
  }
  if (one || stacked) {
    const whole = specs.reduce((sum, spec) => sum + naturalHeight(spec), 0);
    return column(specs.map((spec) => ((height - head) * naturalHeight(spec)) / whole), 0, head, width);
  }
  const total = specs.reduce((sum, spec) => sum + spec.weight, 0), rest = total - first.weight, left = (width * first.weight) / total;
  const beside = column(others.map((spec) => ((height - head) * spec.weight) / rest), left, head, width - left);
  return [standing({ x: 0, y: 0, w: left, h: height }, head), ...beside];
}

/** Rectangles of these heights below each other.
 * @param {number[]} heights
 * @param {number} x
 * @param {number} top
 * @param {number} w */
function column(heights, x, top, w) {
  let y = top;
  return heights.map((h) => {
    const at = standing({ x, y, w, h }, 0);
    y += h;
    return at;
  });
}

/** Height over width that a panel wants when panels are stacked.
 * @param {Spec} spec */
function naturalHeight({ kind, a, b }) {
  if (kind === "torus") return 1;
  if (kind !== "plane" || !a) return 0.62;
  return alike(a, b) ? (b.hi - b.lo) / (a.hi - a.lo) : 0.78;
}

export { arrange, naturalHeight };
