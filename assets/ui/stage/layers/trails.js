// Where particles came from: on a plane their recent past, over time their whole paths.
import { Sheet } from "../../lib/draw.js";
import { locate } from "../run.js";

const TRAIL_FRAMES = 10, TRAIL_CLOCK = 0.2, TRAIL_PARTICLES = 150;
const PATH_PARTICLES = 80;
const MANY = 40; // with more states than this, those that are held are joined by upright strokes

/** @type {import("../layers.js").Bands<import("../spacetime.js").Spacetime>} */
const overTime = { still: [10, (panel, ctx, scene) => paths(panel, ctx, scene, 0.13)], over: [10, travelled] };
/** @type {import("../layers.js").Drawings} */
export default { plane: { over: [10, trails] }, spacetime: overTime, symbols: overTime };

/** The recent past, older parts fainter: one path for each age and colour, whose end moves with the clock too. Where states are held
 * there is no path: small dots stand where the particles were.
 * @param {import("../plane.js").Plane} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene */
function trails(panel, ctx, scene) {
  const { run, at, clock, moment } = scene, tail = locate(run.clock, clock + (run.forward ? -TRAIL_CLOCK : TRAIL_CLOCK));
  const first = Math.max(tail.i, at.i - TRAIL_FRAMES + 1), cut = first === tail.i ? tail.f : 0;
  ctx.lineWidth = 1;
  for (const group of panel.colours(scene)) {
    ctx.strokeStyle = ctx.fillStyle = panel.colour(scene, group);
    for (let i = first; i <= at.i; i++) {
      ctx.globalAlpha = (0.4 * (i - first + 1)) / (at.i - first + 1);
      if (run.holds(i)) i < moment.frame && dots(panel, ctx, run, group, i);
      else part(panel, ctx, run, group, i, i === first ? cut : 0, i === at.i);
    }
  }
  ctx.globalAlpha = 1;
}

/** From frame i and a fraction of the way (cut) to the next one, or (last) to where the particles are now.
 * @param {import("../plane.js").Plane} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../run.js").Run} run
 * @param {import("../run.js").Group} group
 * @param {number} i
 * @param {number} cut
 * @param {boolean} last */
function part(panel, ctx, run, group, i, cut, last) {
  const { z } = run, { toX, toY, xs, ys } = panel, { a, b } = panel.spec, next = Math.min(i + 1, run.frames - 1);
  const ax = run.at(i, a.component), ay = run.at(i, b.component), bx = run.at(next, a.component), by = run.at(next, b.component);
  const count = run.share(group, TRAIL_PARTICLES);
  ctx.beginPath();
  for (let k = 0; k < count; k++) {
    const n = group.members ? group.members[k] : k;
    const x = toX.o + toX.k * (z[ax + n] + panel.gap(z[bx + n] - z[ax + n]) * cut), y = toY.o + toY.k * (z[ay + n] + panel.gap(z[by + n] - z[ay + n]) * cut);
    if (last) panel.stroke(ctx, x, y, xs[n], ys[n]);
    else panel.stroke(ctx, x, y, toX.o + toX.k * z[bx + n], toY.o + toY.k * z[by + n]);
  }
  ctx.stroke();
}

/** Where particles were in frame i.
 * @param {import("../plane.js").Plane} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../run.js").Run} run
 * @param {import("../run.js").Group} group
 * @param {number} i */
function dots(panel, ctx, run, group, i) {
  const { z } = run, { toX, toY } = panel, { a, b } = panel.spec, ax = run.at(i, a.component), ay = run.at(i, b.component);
  const count = run.share(group, TRAIL_PARTICLES);
  for (let k = 0; k < count; k++) {
    const n = group.members ? group.members[k] : k;
    ctx.fillRect(toX.o + toX.k * z[ax + n] - 0.8, toY.o + toY.k * z[ay + n] - 0.8, 1.6, 1.6);
  }
}

/** @param {import("../spacetime.js").Spacetime} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene
 * @param {number} alpha */
function paths(panel, ctx, scene, alpha) {
  const { run } = scene, c = panel.spec.b.component;
  ctx.save();
  panel.clipBox(ctx);
  ctx.globalAlpha = alpha;
  ctx.lineWidth = 1;
  for (const group of panel.colours(scene)) {
    ctx.strokeStyle = panel.colour(scene, group);
    const count = run.share(group, PATH_PARTICLES);
    ctx.beginPath();
    for (let m = 0; m < count; m++) {
      const n = group.members ? group.members[m] : m;
      panel.line(ctx, run, c, n, run.frames > MANY);
    }
    ctx.stroke();
  }
  ctx.restore();
}

/** The same paths in full strength: only what lies behind the cursor is copied.
 * @param {import("../spacetime.js").Spacetime} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene */
function travelled(panel, ctx, scene) {
  const { rect, box } = panel, { scale } = scene;
  const sheet = (panel.past ??= new Sheet()).fresh(String(scene.version), rect.w, rect.h, scale, (c) => {
    c.translate(-rect.x, -rect.y);
    paths(panel, c, scene, 0.45);
  });
  const x = panel.x(scene.cursor);
  const from = scene.run.forward ? x : box.x, to = scene.run.forward ? box.x + box.w : x;
  const sx = Math.round((from - rect.x) * scale), width = Math.round((to - rect.x) * scale) - sx;
  if (width < 1) return;
  ctx.drawImage(sheet, sx, 0, width, sheet.height, rect.x + sx / scale, rect.y, width / scale, rect.h);
}
