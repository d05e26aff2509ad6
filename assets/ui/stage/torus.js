// Two angles against each other: a plane whose opposite edges are one. What leaves at an edge comes in at the other.
import { text } from "../lib/draw.js";
import { drawn } from "./layers.js";
import { Plane } from "./plane.js";

const TURN = 2 * Math.PI;
const TICKS = [["−π", -Math.PI], ["−π/2", -Math.PI / 2], ["0", 0], ["π/2", Math.PI / 2], ["π", Math.PI]];

class Torus extends Plane {
  // a square of its own, with room for ticks and words around it
  frame() {
    const { rect } = this, top = rect.y + this.clear + 22;
    const side = Math.min(rect.w - 84, rect.y + rect.h - 34 - top);
    return { x: rect.x + (rect.w - side) / 2, y: top, w: side, h: side };
  }

  inside() {
    this.clipped = this.box;
    return this.box;
  }

  // the shorter way around
  gap(difference) {
    return difference - TURN * Math.round(difference / TURN);
  }

  wrap(value) {
    return value - TURN * Math.floor((value + Math.PI) / TURN);
  }

  // a stroke that is shorter across an edge is drawn from both sides of it
  stroke(ctx, x, y, toX, toY) {
    const wide = this.box.w, dx = toX - x, dy = toY - y;
    const ex = dx - wide * Math.round(dx / wide), ey = dy - wide * Math.round(dy / wide);
    ctx.moveTo(x, y);
    ctx.lineTo(x + ex, y + ey);
    if (Math.abs(ex - dx) + Math.abs(ey - dy) < 1) return;
    ctx.moveTo(toX - ex, toY - ey);
    ctx.lineTo(toX, toY);
  }

  // what is drawn on a plane is drawn here
  layers(ctx, scene, band) {
    for (const part of drawn("plane", band, scene.shown)) part.draw(this, ctx, scene);
  }

  axes(ctx, theme) {
    const { box, toX, toY } = this, { a, b } = this.spec, bottom = box.y + box.h;
    ctx.font = theme.small;
    ctx.strokeStyle = theme.soft;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]); // edges that are no ends
    ctx.strokeRect(Math.round(box.x) + 0.5, Math.round(box.y) + 0.5, Math.round(box.w) - 1, Math.round(box.h) - 1);
    ctx.setLineDash([]);
    ctx.fillStyle = theme.soft;
    for (const [word, value] of TICKS) {
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
