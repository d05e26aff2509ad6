// How rough paths are, and how far the score is from a Gaussian's: the part "numbers".
import { clamp } from "../../lib/numbers.js";
import { say } from "./friction.js";
import { frame, timeline } from "./plots.js";

/** @typedef {import("./plots.js").Ctx} Ctx */
/** @typedef {import("./plots.js").Rect} Rect */
/** @typedef {import("./plots.js").Theme} Theme */
/** @typedef {import("./packets.js").Numbers} Numbers */
/** @typedef {{y: Float32Array, role: string, dots?: boolean, word?: string, place?: number, before?: boolean}} Line
 * word: what stands at it, `place` of the way from noise to data; before: on its left */
/** @typedef {{title: string, clock: Float32Array, lines: Line[], least: number}} Plot least: the bottom of a logarithmic axis; 0: the axis is linear */

const NARROW = 480; // px; below it the plots stand one under the other
const ROLES = { vp: "noise", cld: "exact" };

/** Where the two plots stand. @param {number} width @param {number} height @returns {[Rect, Rect]} */
export function boxesOf(width, height) {
  const narrow = width < NARROW, gap = narrow ? 44 : 62, x = 36, y = 18;
  const w = narrow ? width - x - 10 : (width - x - gap - 10) / 2, h = narrow ? (height - 18 - gap - 16) / 2 : height - 34;
  return [{ x, y, w, h }, narrow ? { x, y: y + h + gap, w, h } : { x: x + w + gap, y, w, h }];
}

/** Shares of the height for an axis from 0, or from `least` on a logarithmic one, to `most` with some air. @param {number} most @param {number} least @returns {(v: number) => number} */
export const shareOf = (most, least) => (v) => (least ? Math.log(Math.max(v, least) / least) / Math.log(most / least) : v / most) / 1.08;

/** What the picture says, in words. @param {Numbers} h */
export function numbersWords(h) {
  const [vp, cld] = h.items;
  return `Lines: exact expectation; dots: ${h.paths} paths (VP ${say(vp.measured)} ± ${say(vp.measured_se)}, CLD ${say(cld.measured)} ± ${say(cld.measured_se)}). `
    + `With ever finer steps: VP ${say(vp.limit)} = ∫β dt, CLD 0. s_G: score of the Gaussian with pₜ’s mean and covariance, of CLD the velocity part; ${h.score_by}, error ≤ ${Math.max(vp.score_error, cld.score_error).toPrecision(1)}.`;
}

/**
 * @param {import("../../lib/packet.js").Packet<Numbers>} packet
 * @param {() => number | null} cursor
 * @returns {import("./plots.js").Draw}
 */
export function drawNumbers({ header, arrays }, cursor) {
  /** @param {string} name */
  const of = (name) => arrays[name].floats();
  /** @type {[Plot, Plot]} */
  const plots = [
    { title: `roughness: Σ (Δx)² from the data on, ${header.steps} steps`, clock: of("clock"), least: 0, lines: header.items.flatMap((item) => [
      { y: of(`rough/${item.id}`), role: ROLES[item.id], word: `${item.title} ${say(item.expected)}`, place: 0.1 },
      { y: of(`measured/${item.id}`), role: "sampler", dots: true },
    ]) },
    { title: "score against a Gaussian’s: E‖s − s_G‖² / E‖s_G‖²", clock: of("score/clock"), least: 1e-3, lines: header.items.map((item) => (
      { y: of(`score/${item.id}`), role: ROLES[item.id], word: item.title, place: item.id === "vp" ? 0.75 : 0.84, before: item.id === "vp" })) },
  ];
  return (ctx, width, height, theme) => boxesOf(width, height).forEach((box, n) => {
    drawPlot(ctx, box, theme, plots[n]);
    timeline(ctx, box, theme, cursor(), true);
  });
}

/** @param {Ctx} ctx @param {Rect} box @param {Theme} theme @param {Plot} plot */
function drawPlot(ctx, box, theme, { title, clock, lines, least }) {
  const most = Math.max(1e-6, ...lines.flatMap((s) => Array.from(s.y))), share = shareOf(most, least);
  frame(ctx, box, theme);
  ctx.fillStyle = theme("ink");
  ctx.fillText(title, box.x, box.y - 6);
  ctx.fillStyle = theme("soft");
  ctx.textAlign = "right";
  for (const v of least ? [least, 1e-2, 1e-1, 1, 10, 100].filter((p) => p <= most) : [0, most]) {
    ctx.fillText(least && v === least ? `≤${v}` : say(v), box.x - 4, box.y + box.h - share(v) * box.h + 4);
  }
  ctx.textAlign = "left";
  for (const line of lines) drawLine(ctx, box, theme(line.role), clock, line, share);
}

/** @param {Ctx} ctx @param {Rect} box @param {string} colour @param {Float32Array} clock @param {Line} line @param {(v: number) => number} share */
function drawLine(ctx, box, colour, clock, { y, dots, word, place = 0, before }, share) {
  /** @param {number} i */
  const X = (i) => box.x + (1 - clock[i]) * box.w;
  /** @param {number} i */
  const Y = (i) => box.y + box.h - share(y[i]) * box.h;
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 1.8;
  ctx.beginPath();
  if (dots) {
    for (let i = 0; i < clock.length; i += 10) ctx.rect(X(i) - 1.5, Y(i) - 1.5, 3, 3);
    ctx.fill();
  } else {
    for (let i = 0; i < clock.length; i++) ctx.lineTo(X(i), Y(i));
    ctx.stroke();
  }
  if (!word) return;
  const i = clock.findIndex((c) => c >= 1 - place);
  ctx.textAlign = before ? "right" : "left";
  ctx.fillText(word, X(i) + (before ? -6 : 6), clamp(Y(i) - 7, box.y + 12, box.y + box.h - 6));
  ctx.textAlign = "left";
}
