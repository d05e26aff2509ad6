// SSCS against Euler–Maruyama over the number of steps: the part "solvers".
import { say } from "./friction.js";
import { frame } from "./plots.js";

/** @typedef {import("./packets.js").Solvers} Solvers */

export const STEPS = [5, 8, 12, 20, 30, 50, 80, 120, 200];
const LAST = STEPS[STEPS.length - 1];
const KEY = [["sampler", "━ SSCS"], ["learned", "╍ Euler–Maruyama"], ["noise", "┈ floor: two exact samples"]];

/** The ends of the axis of errors, as powers of ten. @param {Solvers[]} found */
export function decadesOf(found) {
  const values = found.flatMap((f) => [f.error.sscs, f.error.em, f.floor]);
  return [Math.log10(Math.min(...values)) - 0.25, Math.min(2, Math.log10(Math.max(...values)) + 0.15)];
}

/** What the picture says, in words. @param {Solvers[]} found */
export function solversWords(found) {
  const f = found.at(-1);
  if (!f) return "Running SSCS and Euler–Maruyama …";
  const told = `${f.label}, ${f.points.toLocaleString("en")} particles from the same exact draw of the law at noise, uniform steps. `;
  if (found.length < STEPS.length) return `${told}${found.length} of ${STEPS.length} …`;
  if (Math.abs(f.error.sscs - f.error.em) < 3 * f.floor_sd) return `${told}At ${f.steps} steps the two are equal within the floor’s spread: SSCS wins at few steps only.`;
  return `${told}At ${f.steps} steps they still differ: SSCS ${say(f.error.sscs)}, Euler–Maruyama ${say(f.error.em)}.`;
}

/** @param {Solvers[]} found @returns {import("./plots.js").Draw} */
export const drawSolvers = (found) => (ctx, width, height, theme) => {
  const box = { x: 44, y: 18, w: width - 58, h: height - 36 };
  frame(ctx, box, theme);
  if (!found.length) return;
  const first = Math.log(STEPS[0]), last = Math.log(LAST), [lo, hi] = decadesOf(found);
  /** @param {number} steps */
  const X = (steps) => box.x + 8 + ((Math.log(steps) - first) / (last - first)) * (box.w - 16);
  /** @param {number} error */
  const Y = (error) => box.y + ((hi - Math.log10(error)) / (hi - lo)) * box.h;
  ctx.fillStyle = theme("soft");
  ctx.textAlign = "center";
  for (const n of STEPS) ctx.fillText(n === LAST ? `${n} steps` : String(n), n === LAST ? X(n) - 14 : X(n), box.y + box.h + 13);
  ctx.textAlign = "right";
  for (let p = Math.ceil(lo); p <= hi; p++) ctx.fillText(String(10 ** p), box.x - 5, Y(10 ** p) + 4);
  ctx.textAlign = "left";
  /** @param {string} role @param {(f: Solvers) => number} value @param {number[]} dash @param {boolean} dots */
  const line = (role, value, dash, dots) => {
    ctx.strokeStyle = ctx.fillStyle = theme(role);
    ctx.setLineDash(dash);
    ctx.lineWidth = 1.8;
    ctx.beginPath();
    for (const f of found) ctx.lineTo(X(f.steps), Y(value(f)));
    ctx.stroke();
    ctx.setLineDash([]);
    if (dots) for (const f of found) ctx.fillRect(X(f.steps) - 2, Y(value(f)) - 2, 4, 4);
  };
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.x, box.y, box.w, box.h);
  ctx.clip();
  line("noise", (f) => f.floor, [2, 3], false);
  line("learned", (f) => f.error.em, [6, 4], true);
  line("sampler", (f) => f.error.sscs, [], true);
  ctx.restore();
  let { x } = box;
  for (const [role, word] of KEY) {
    ctx.fillStyle = theme(role);
    ctx.fillText(word, x, 12);
    x += ctx.measureText(word).width + 14;
  }
};
