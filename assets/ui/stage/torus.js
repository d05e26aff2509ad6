// Two angles against each other: a plane whose opposite edges are one. What leaves at an edge comes in at the other.
import { text } from "../lib/draw.js";
import { acrossEdge, around, wrapped } from "./geometry.js";
import { Plane } from "./plane.js";

/** @typedef {import("./panel.js").Context} Context */
const TICKS = [{ word: "−π", value: -Math.PI }, { word: "−π/2", value: -Math.PI / 2 }, { word: "0", value: 0 }, { word: "π/2", value: Math.PI / 2 }, { word: "π", value: Math.PI }];

class Torus extends Plane {
  // a square of its own, with room for ticks and words around it
  frame() {
    const { rect } = this, top = rect.y + this.clear + 22;
    const side = Math.min(rect.w - 84, rect.y + rect.h - 34 - top);
    return { x: rect.x + (rect.w - side) / 2, y: top, w: side, h: side };
  }

  inside() {
    return this.box;
  }

  /** The shorter way around.
   * @param {number} difference */
  gap(difference) {
    return around(difference);
  }

  /** @param {number} value */
  wrap(value) {
    return wrapped(value);
  }

  /** A stroke that is shorter across an edge is drawn from both sides of it.
   * @param {Context} ctx
   * @param {number} x
   * @param {number} y
   * @param {number} toX
   * @param {number} toY */
  stroke(ctx, x, y, toX, toY) {
    const wide = this.box.w, dx = toX - x, dy = toY - y;
    const ex = acrossEdge(dx, wide), ey = acrossEdge(dy, wide);
    ctx.moveTo(x, y);
    ctx.lineTo(x + ex, y + ey);
    if (Math.abs(ex - dx) + Math.abs(ey - dy) < 1) return;
    ctx.moveTo(toX - ex, toY - ey);
    ctx.lineTo(toX, toY);
  }

  /** @param {Context} ctx
   * @param {import("./panel.js").Theme} theme */
  axes(ctx, theme) {
    const { box, toX, toY } = this, { a, b } = this.spec, bottom = box.y + box.h;
    ctx.font = theme.small;
    ctx.strokeStyle = theme.soft;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]); // edges that are no ends
    ctx.strokeRect(Math.round(box.x) + 0.5, Math.round(box.y) + 0.5, Math.round(box.w) - 1, Math.round(box.h) - 1);
    ctx.setLineDash([]);
    ctx.fillStyle = theme.soft;
    for (const { word, value } of TICKS) {
      const x = toX.o + toX.k * value, y = toY.o + toY.k * value;
      ctx.fillRect(Math.round(x), bottom, 1, 4);
      ctx.fillRect(box.x - 4, Math.round(y), 4, 1);
      text(ctx, word, x, bottom + 16, "center");
      text(ctx, word, box.x - 8, y, "right", "middle");
    }
    ctx.fillStyle = theme.ink;
    ctx.font = theme.label;
    text(ctx, a.label, box.x + box.w + 10, bottom + 4, "left");
    text(ctx, b.label, box.x, box.y - 7, "center"); // at its left there is no room on a phone
  }
}

export { Torus };
