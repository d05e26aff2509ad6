// Points that a brush paints and an eraser takes. No DOM.

/** @typedef {import("./changes.js").Mixture} Mixture */
/** @typedef {number[] & {aside?: number}} Dot a point of the data; on the line it stands `aside` pixels beside the axis, so that points can be told apart */

export const POINTS_MOST = 8000;
export const DRAWS = 2000; // that stand for data which were not painted, when the eraser comes
const DAB = 16; // points of one dab, and of a radius of path

const aside = () => -4 - 40 * Math.random();
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/**
 * Points drawn from a mixture.
 * @param {Mixture} mix
 * @param {number} count
 * @returns {Dot[]}
 */
export function draws({ parts }, count) {
  return Array.from({ length: count }, () => {
    let u = Math.random(), k = 0;
    while (k < parts.length - 1 && (u -= parts[k].w) > 0) k++;
    const { m, axes, angle } = parts[k], e = axes.map((a) => a * normal()), c = Math.cos(angle), s = Math.sin(angle);
    return Object.assign(m.length === 2 ? [m[0] + c * e[0] - s * e[1], m[1] + s * e[0] + c * e[1]] : [m[0] + e[0]], { aside: aside() });
  });
}

export class Brush {
  /** @type {Dot[]} */
  points = [];
  /** Of brush and eraser, data units. */
  radius = 0.25;
  /** @type {number[]} where the stroke has come to */
  last = [];

  /** @param {number[]} at */
  begin(at) {
    this.last = at;
  }

  /**
   * A dab where a stroke begins, then as many points as the way is long.
   * @param {number[]} at
   * @param {boolean} first
   */
  paint(at, first) {
    const { radius, last } = this, way = Math.hypot(...at.map((v, i) => v - last[i]));
    const count = first ? DAB : (DAB * way) / radius, whole = Math.floor(count + Math.random());
    for (let n = 0; n < whole; n++) {
      const u = Math.random(), r = radius * Math.sqrt(Math.random()), turn = 2 * Math.PI * Math.random();
      const from = last.map((v, i) => v + (at[i] - v) * u);
      this.dot(at.length === 2 ? [from[0] + r * Math.cos(turn), from[1] + r * Math.sin(turn)] : [from[0] + radius * (2 * Math.random() - 1)]);
    }
    this.last = at;
  }

  /**
   * Takes the points within the radius, as long as two are left.
   * @param {number[]} at
   */
  erase(at) {
    const { radius } = this;
    const gone = (/** @type {Dot} */ p) => p.every((_, i) => Math.abs(p[i] - at[i]) <= radius) && Math.hypot(...at.map((v, i) => v - p[i])) <= radius;
    const left = this.points.filter((p) => !gone(p));
    if (left.length >= 2) this.points = left;
    this.last = at;
  }

  /** @param {Dot} p */
  dot(p) {
    p.aside = aside();
    if (this.points.length < POINTS_MOST) this.points.push(p);
    else this.points[Math.floor(Math.random() * POINTS_MOST)] = p;
  }

  /** Two points that differ are the least that a mixture can be fitted to. */
  get fits() {
    return new Set(this.points.map(String)).size >= 2;
  }

  /** The points as a table. */
  table() {
    return this.points.map((p) => p.map((v) => v.toFixed(4)).join(",")).join("\n");
  }
}
