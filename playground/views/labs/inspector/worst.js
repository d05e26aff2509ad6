// The worst step of T: the mean KL of q(x_s | x_t) to its best Gaussian, over the number of steps of a uniform grid.
import { power } from "../axes.js";
import { clamp } from "../../lib/numbers.js";
import { PAD, dot, segment } from "./shapes.js";

/** @typedef {import("./packets.js").Worst} Worst */

export const STEPS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 50, 100, 250, 1000];
const LABELLED = [1000, 100, 16, 8, 4, 2];
const LO = -7, HI = 1; // decades of nats

/** Above the picture: what is measured, and from which number of steps on not every step was looked at. @param {Worst[]} found */
export function heading(found) {
  const searched = found.filter((f) => f.kl != null && !f.every).map((f) => f.steps);
  return ["nats, worst step of T", ...(searched.length ? [`from ${Math.min(...searched)} on by search`] : [])];
}

/**
 * @param {Worst[]} found
 * @param {string} doing how far it is, "" when it is done
 * @returns {import("./shapes.js").Draw}
 */
export function worst(found, doing) {
  return (ctx, width, height, theme) => {
    const left = 40, right = width - PAD, top = 18, bottom = height - 20;
    /** @param {number} steps */
    const X = (steps) => left + (1 - Math.log(steps / 2) / Math.log(500)) * (right - left);
    /** @param {number} nats */
    const Y = (nats) => bottom - ((clamp(Math.log10(Math.max(nats, 1e-9)), LO, HI) - LO) / (HI - LO)) * (bottom - top);
    ctx.font = theme.small;
    ctx.strokeStyle = theme.line;
    ctx.fillStyle = theme.soft;
    ctx.lineWidth = 1;
    ctx.textAlign = "right";
    for (let e = LO + 1; e <= HI; e += 2) {
      const y = Y(10 ** e);
      segment(ctx, left, Math.round(y) + 0.5, right, Math.round(y) + 0.5);
      ctx.fillText(e === 1 ? "10" : power(e), left - 5, y + 4);
    }
    ctx.textAlign = "center";
    for (const steps of LABELLED) ctx.fillText(String(steps), clamp(X(steps), left + 10, right - 4), bottom + 14);
    ctx.textAlign = "left";
    const words = heading(found);
    if (ctx.measureText(words.join("; ")).width < right - left) words.splice(0, 2, words.join("; "));
    words.forEach((text, n) => ctx.fillText(text, left + 4, top - 3 + 14 * n));
    ctx.strokeStyle = ctx.fillStyle = theme.exact;
    ctx.lineWidth = 1.8;
    ctx.beginPath();
    for (const { steps, kl } of found) if (kl != null) ctx.lineTo(X(steps), Y(kl));
    ctx.stroke();
    for (const { steps, kl, error } of found) {
      if (kl == null) continue;
      ctx.globalAlpha = kl < 3 * error ? 0.35 : 1;
      dot(ctx, X(steps), Y(kl), 2.8);
    }
    ctx.globalAlpha = 1;
    if (doing) {
      ctx.fillStyle = theme.soft;
      ctx.fillText(doing, left + 4, top - 3 + 14 * (words.length + 0.3));
    }
  };
}
