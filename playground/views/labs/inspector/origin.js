// p(x_0 | x_t): where the pinned state came from, and what each component's weight has become.
import { faded } from "../colours.js";
import { significant } from "../../lib/numbers.js";
import { most } from "./laws.js";
import { Heat, PAD, axis, cross, curve, segment } from "./shapes.js";

/** @typedef {import("./shapes.js").Theme} Theme */
/** @typedef {import("./shapes.js").Scale} Scale */
/** @typedef {import("./packets.js").Told} Told */
/** @typedef {(ctx: CanvasRenderingContext2D, width: number, bottom: number, theme: Theme) => void} Density */
/** @template H @typedef {import("../../lib/packet.js").Packet<H>} Packet */

const BARS = 48; // px, of the components below

/** @param {Packet<Told>} packet @returns {import("./shapes.js").Draw} */
export function origin(packet) {
  const { header: h, arrays } = packet, r = arrays.r.floats(), prior = arrays.prior.floats();
  const density = h.plane ? overPlane(/** @type {Packet<import("./packets.js").OnPlane>} */ (packet)) : overLine(/** @type {Packet<import("./packets.js").OnLine>} */ (packet));
  return (ctx, width, height, theme) => {
    density(ctx, width, height - BARS - 18, theme);
    components(ctx, r, prior, h.components.of, width, height, theme);
  };
}

/** @param {Packet<import("./packets.js").OnLine>} packet @returns {Density} */
function overLine(packet) {
  const { header: h, arrays } = packet, x0 = arrays.x0.floats(), x = arrays.x.floats(), data = arrays.data.floats(), { lo, hi } = h.view;
  return (ctx, width, bottom, theme) => {
    const peak = most(x0), peakData = most(data);
    /** @type {Scale} */
    const X = (v) => PAD + ((v - lo) / (hi - lo)) * (width - 2 * PAD);
    curve(ctx, x, data, X, (v) => bottom - (v / peakData) * (bottom - 8), { colour: theme.data, width: 1.2, fill: faded(theme.data, 0.1) });
    curve(ctx, x, x0, X, (v) => bottom - (v / peak) * (bottom - 8), { colour: theme.pin, width: 2, fill: faded(theme.pin, 0.2) });
    const m = X(h.x0.mean[0]);
    ctx.strokeStyle = theme.exact;
    ctx.lineWidth = 1.4;
    segment(ctx, m, bottom, m, bottom - 22);
    ctx.fillStyle = theme.exact;
    ctx.font = theme.small;
    ctx.textAlign = "center";
    ctx.fillText("x̂₀", m, bottom - 26);
    axis(ctx, lo, hi, X, bottom, theme);
  };
}

/** @param {Packet<import("./packets.js").OnPlane>} packet @returns {Density} */
function overPlane(packet) {
  const { wide: { centre, half }, x0: { mean: [mx, my = 0] } } = packet.header, heat = new Heat(packet.arrays.x0);
  return (ctx, width, bottom, theme) => {
    const k = Math.min((width - 2 * PAD) / (2 * half[0]), (bottom - 4) / (2 * half[1])), wide = 2 * half[0] * k, high = 2 * half[1] * k, left = 0.5 * (width - wide);
    const x = left + (mx - centre[0] + half[0]) * k, y = bottom - (my - centre[1] + half[1]) * k;
    ctx.strokeStyle = theme.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(left + 0.5, bottom - high + 0.5, wide, high);
    ctx.drawImage(heat.in(theme.pin), left, bottom - high, wide, high);
    ctx.strokeStyle = theme.exact;
    ctx.lineWidth = 1.6;
    cross(ctx, x, y, 4);
    ctx.fillStyle = theme.exact;
    ctx.font = theme.small;
    ctx.textAlign = "left";
    ctx.fillText("x̂₀", x + 7, y + 4);
  };
}

/**
 * Responsibilities: bars of p(k | x_t), with a line at the prior weight.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Float32Array} r
 * @param {Float32Array} prior
 * @param {number} of how many components there are
 * @param {number} width
 * @param {number} height
 * @param {Theme} theme
 */
function components(ctx, r, prior, of, width, height, theme) {
  const n = r.length, y = height - 4, gap = Math.min(64, (width - 2 * PAD) / n), wide = Math.max(2, Math.min(26, gap - 4)), tall = BARS - 20, peak = Math.max(most(r), most(prior));
  ctx.font = theme.small;
  ctx.textAlign = "left";
  ctx.fillStyle = theme.soft;
  ctx.fillText(`${of > n ? `${n} of ${of}` : n} component${of > 1 ? "s" : ""} (line: weight)`, PAD, height - BARS + 9);
  for (let i = 0; i < n; i++) {
    const x = PAD + i * gap;
    ctx.fillStyle = theme.pin;
    ctx.fillRect(x, y - (r[i] / peak) * tall, wide, Math.max(0.5, (r[i] / peak) * tall));
    ctx.fillStyle = theme.exact;
    ctx.fillRect(x, y - (prior[i] / peak) * tall - 0.5, wide, 1);
    if (gap >= 56) ctx.fillText(significant(r[i], 2), x + wide + 3, y - 2);
  }
  ctx.strokeStyle = theme.line;
  segment(ctx, PAD, y + 0.5, width - PAD, y + 0.5);
}
