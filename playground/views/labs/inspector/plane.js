// A pin over two components: q(x_s | x_t) as a density with its marginals, its best Gaussian and the sampler's law as ellipses of one and two
// standard deviations, its modes as dots.
import { faded } from "../colours.js";
import { Flat, gauss, most, places } from "./laws.js";
import { Heat, PAD, axis, cross, curve, dot } from "./shapes.js";

/** @typedef {import("./shapes.js").Scale} Scale */
/** @typedef {{mean: number[], cov: number[][]}} Moments */

/**
 * @param {import("../../lib/packet.js").Packet<import("./packets.js").OnPlane>} packet
 * @returns {import("./shapes.js").Draw}
 */
export function plane(packet) {
  const { header: h, arrays } = packet, { centre, half, axes, labels, scale } = h.plane;
  const along = arrays["q/a"].floats(), up = arrays["q/b"].floats(), modes = arrays.modes.floats(), heat = new Heat(arrays.q);
  const xs = places(along.length, centre[0], half[0]), ys = places(up.length, centre[1], half[1]);
  /** The best Gaussian's marginal of one of the axes. @param {number} i @param {number[]} values */
  const normal = (i, values) => {
    const c = axes[i], m = h.best.mean[c] * scale, v = Math.max(1e-12, h.best.cov[c][c] * scale ** 2);
    return values.map((x) => gauss(x, m, v));
  };
  return (ctx, width, height, theme) => {
    const side = Math.round(Math.min(46, 0.2 * height)), bottom = height - 18, top = side + 4, right = width - side - PAD;
    const k = Math.min((right - PAD) / (2 * half[0]), (bottom - top) / (2 * half[1])); // one scale for both axes
    const wide = 2 * half[0] * k, high = 2 * half[1] * k, ox = PAD + 0.5 * (right - PAD - wide), oy = bottom;
    /** @type {Scale} */
    const X = (v) => ox + (v - centre[0] + half[0]) * k;
    /** @type {Scale} */
    const Y = (v) => oy - (v - centre[1] + half[1]) * k;
    ctx.strokeStyle = theme.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(ox + 0.5, oy - high + 0.5, wide, high);
    ctx.drawImage(heat.in(theme.pin), ox, oy - high, wide, high);
    ctx.save();
    ctx.beginPath();
    ctx.rect(ox, oy - high, wide, high);
    ctx.clip();
    ellipses(ctx, new Flat(h.best, axes, scale), X, Y, theme.learned, [5, 3]);
    if (h.step.kind !== "none" && h.step.kind !== "exact") ellipses(ctx, new Flat(h.step, axes, scale), X, Y, theme.sampler, h.step.kind === "other" ? [2, 3] : []);
    ctx.fillStyle = theme.exact;
    for (let i = 0; i + 1 < modes.length; i += 2) dot(ctx, X(modes[i]), Y(modes[i + 1]), 2);
    ctx.restore();
    // marginals: above and on the right; the best Gaussian's beside them
    const peakA = most(along), peakB = most(up);
    /** @type {Scale} */
    const above = (v) => oy - high - 3 - (v / peakA) * (side - 8);
    /** @type {Scale} */
    const beside = (v) => ox + wide + 4 + (v / peakB) * (side - 8);
    curve(ctx, xs, along, X, above, { colour: theme.pin, width: 1.6, fill: faded(theme.pin, 0.2) });
    curve(ctx, xs, normal(0, xs), X, above, { colour: theme.learned, width: 1.2, dash: [4, 3] });
    curve(ctx, up, ys, beside, Y, { colour: theme.pin, width: 1.6 });
    curve(ctx, normal(1, ys), ys, beside, Y, { colour: theme.learned, width: 1.2, dash: [4, 3] });
    axis(ctx, centre[0] - half[0], centre[0] + half[0], X, oy, theme, labels[0]);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.soft;
    ctx.fillText(labels[1], ox + 4, oy - high + 12);
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Flat} law
 * @param {Scale} X
 * @param {Scale} Y
 * @param {string} colour
 * @param {number[]} dash
 */
function ellipses(ctx, law, X, Y, colour, dash) {
  ctx.strokeStyle = ctx.fillStyle = colour;
  if (law.point) {
    ctx.lineWidth = 2;
    return cross(ctx, X(law.x), Y(law.y), 5);
  }
  ctx.lineWidth = 1.8;
  ctx.setLineDash(dash);
  for (const r of [1, 2]) {
    ctx.beginPath();
    for (const [x, y] of law.ellipse(r)) ctx.lineTo(X(x), Y(y));
    ctx.stroke();
  }
  ctx.setLineDash([]);
}
