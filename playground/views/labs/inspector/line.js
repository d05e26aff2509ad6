// A pin over one component. Above: p_t at five times, data left, noise right. Below: q(x_s | x_t) for several step sizes, each scaled to its
// peak; the chosen one is filled, with its best Gaussian and the sampler's law over it.
import { faded, mixed } from "../colours.js";
import { clamp } from "../../lib/numbers.js";
import { significant } from "../../lib/numbers.js";
import { sizeColour, sizeWidth } from "./colours.js";
import { bell, most, rowsOf } from "./laws.js";
import { PAD, axis, curve, dot, segment } from "./shapes.js";

/** @typedef {import("./shapes.js").Theme} Theme */
/** @typedef {import("./shapes.js").Scale} Scale */
/** @typedef {import("./packets.js").OnLine} OnLine */

const STRIP = 0.27; // share of the height that p_t's row takes
const STEM = 40; // px, of a law that is a point

/**
 * @param {import("../../lib/packet.js").Packet<OnLine>} packet
 * @param {(sizes: import("./words.js").Coloured[]) => void} told of the step sizes' colours
 * @returns {import("./shapes.js").Draw}
 */
export function line(packet, told) {
  const { header: h, arrays } = packet, x = arrays.x.floats(), q = arrays.q.floats(), p = rowsOf(arrays.p.floats(), x.length), sizes = rowsOf(arrays.sizes.floats(), x.length);
  return (ctx, width, height, theme) => {
    const top = Math.round(STRIP * height), right = width - PAD;
    strips(ctx, h, x, p, right, top, theme);
    laws(ctx, h, x, q, sizes, right, top, height - 18, theme);
    told(h.sizes.map((s, i) => ({ ...s, colour: sizeColour(theme, i, h.sizes.length) })));
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {OnLine} h
 * @param {Float32Array} x
 * @param {Float32Array[]} p
 * @param {number} right
 * @param {number} top
 * @param {Theme} theme
 */
function strips(ctx, h, x, p, right, top, theme) {
  const { lo, hi } = h.view, cell = (right - PAD) / p.length;
  /** @param {number} i @param {number} v */
  const at = (i, v) => PAD + i * cell + 3 + ((v - lo) / (hi - lo)) * (cell - 6);
  h.strips.forEach(({ clock, t, pin }, i) => {
    const peak = most(p[i]), colours = /** @type {const} */ ([theme.data, theme.noise, clock]);
    curve(ctx, x, p[i], (v) => at(i, v), (v) => top - 3 - (v / peak) * (top - 19), { colour: mixed(...colours), width: 1.4, fill: mixed(...colours, 0.16) });
    ctx.font = theme.small;
    ctx.textAlign = "left";
    ctx.fillStyle = pin ? theme.ink : theme.soft;
    ctx.fillText(`t = ${significant(t, 2)}`, PAD + i * cell + 4, 11);
  });
  const px = at(h.strips.findIndex((s) => s.pin), h.z[0] * h.view.t);
  ctx.strokeStyle = theme.pin;
  ctx.lineWidth = 1.4;
  segment(ctx, px, 17, px, top - 3);
  ctx.strokeStyle = theme.line;
  segment(ctx, PAD, top + 0.5, right, top + 0.5);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {OnLine} h
 * @param {Float32Array} x
 * @param {Float32Array} q
 * @param {Float32Array[]} sizes
 * @param {number} right
 * @param {number} top
 * @param {number} bottom
 * @param {Theme} theme
 */
function laws(ctx, h, x, q, sizes, right, top, bottom, theme) {
  const { lo, hi } = h.view, room = bottom - top - 12, value = h.z[0] * h.view.t;
  /** @type {Scale} */
  const X = (v) => PAD + ((v - lo) / (hi - lo)) * (right - PAD);
  ctx.save();
  ctx.beginPath();
  ctx.rect(PAD, top + 2, right - PAD, bottom - top - 1);
  ctx.clip();
  // room for the Gaussians too, unless they are needles
  const high = [h.best, h.step].map((g) => ("mean" in g && g.cov[0][0] > 0 ? 1 / Math.sqrt(2 * Math.PI * g.cov[0][0]) / h.view.s : 0)), own = most(q);
  const peak = clamp(Math.max(...high), own, 2.2 * own);
  /** @type {Scale} */
  const Y = (v) => bottom - (v / peak) * room;
  curve(ctx, x, q, X, Y, { colour: theme.pin, width: 0.1, fill: faded(theme.pin, 0.2) });
  sizes.forEach((y, i) => {
    const s = most(y);
    curve(ctx, x, y, X, (v) => bottom - (v / s) * room * (own / peak), { colour: sizeColour(theme, i, sizes.length), width: sizeWidth(i, sizes.length) });
  });
  curve(ctx, x, q, X, Y, { colour: theme.pin, width: 2.4 });
  overlay(ctx, h.best, h.view.s, X, Y, bottom, theme.learned, [5, 3]);
  if (h.step.kind !== "none" && h.step.kind !== "exact") overlay(ctx, h.step, h.view.s, X, Y, bottom, theme.sampler, h.step.kind === "other" ? [2, 3] : null);
  ctx.strokeStyle = theme.pin;
  ctx.setLineDash([2, 3]);
  segment(ctx, X(value), top + 6, X(value), bottom);
  ctx.setLineDash([]);
  ctx.restore();
  axis(ctx, lo, hi, X, bottom, theme);
}

/**
 * A Gaussian over a curve, or a stem for a point.
 * @param {CanvasRenderingContext2D} ctx
 * @param {{mean: number[], cov: number[][]}} law
 * @param {number} scale from the state's units to the picture's
 * @param {Scale} X
 * @param {Scale} Y
 * @param {number} bottom
 * @param {string} colour
 * @param {number[] | null} dash
 */
function overlay(ctx, law, scale, X, Y, bottom, colour, dash) {
  const m = law.mean[0] * scale, v = law.cov[0][0] * scale * scale;
  ctx.strokeStyle = colour;
  if (v < 1e-12) {
    ctx.lineWidth = 2;
    ctx.fillStyle = colour;
    segment(ctx, X(m), bottom, X(m), bottom - STEM);
    return dot(ctx, X(m), bottom - STEM, 3.5);
  }
  const { xs, ys } = bell(m, v);
  curve(ctx, xs, ys, X, Y, { colour, width: 1.8, dash });
}
