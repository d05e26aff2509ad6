// What the model expects behind each particle: rings, and threads to some of them.
import { spread, sprite } from "../../lib/draw.js";

const RING_PARTICLES = 240, THREAD_PARTICLES = 60; // whose x̂₀ has a ring, and a thread to it

/** @type {import("../layers.js").Drawings} */
export default { plane: { over: [50, plane] }, spacetime: { over: [20, time] } };

/** Rings at E[x₀ | x_t] and threads to them.
 * @param {import("../plane.js").Plane} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene */
function plane(panel, ctx, scene) {
  const { run, at, theme } = scene, { a, b } = panel.spec;
  const { x0 } = run;
  if (!x0 || a.component >= run.dim || b.component >= run.dim) return;
  const next = Math.min(at.i + 1, run.frames - 1), count = Math.min(RING_PARTICLES, run.count);
  /** @param {number} component
   * @param {import("../geometry.js").Scale} to */
  const read = (component, to) => {
    const p = run.atX0(at.i, component), q = run.atX0(next, component), out = new Float32Array(count);
    for (let n = 0; n < count; n++) out[n] = to.o + to.k * (x0[p + n] + (x0[q + n] - x0[p + n]) * at.f);
    return out;
  };
  const xs = read(a.component, panel.toX), ys = read(b.component, panel.toY);
  threads(panel, ctx, scene, xs, ys, count, 0.35);
  ctx.globalAlpha = 0.6;
  panel.stamp(ctx, sprite(theme.exact, 2.4, scene.scale, true), xs, ys, null, count);
  ctx.globalAlpha = 1;
}

/** Lines from the first particles to where each is expected.
 * @param {import("../panel.js").Panel} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene
 * @param {Float32Array} xs
 * @param {Float32Array} ys
 * @param {number} count
 * @param {number} alpha */
function threads(panel, ctx, { theme }, xs, ys, count, alpha) {
  ctx.strokeStyle = theme.exact;
  ctx.lineWidth = 0.9;
  ctx.globalAlpha = alpha;
  ctx.beginPath();
  for (let n = 0; n < Math.min(THREAD_PARTICLES, count); n++) {
    ctx.moveTo(panel.xs[n], panel.ys[n]);
    ctx.lineTo(xs[n], ys[n]);
  }
  ctx.stroke();
}

/** Where the model expects each particle to have come from: on the data's side.
 * @param {import("../spacetime.js").Spacetime} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene */
function time(panel, ctx, scene) {
  const { run, at, theme } = scene, c = panel.spec.b.component;
  const { x0 } = run;
  if (!x0 || c >= run.dim) return;
  const { o, k } = panel.toY, next = Math.min(at.i + 1, run.frames - 1), count = Math.min(RING_PARTICLES / 2, run.count);
  const p = run.atX0(at.i, c), q = run.atX0(next, c), right = panel.box.x + panel.box.w;
  const xs = new Float32Array(count), ys = new Float32Array(count);
  for (let n = 0; n < count; n++) {
    xs[n] = right - 4 - 18 * spread(n + 1);
    ys[n] = o + k * (x0[p + n] + (x0[q + n] - x0[p + n]) * at.f);
  }
  threads(panel, ctx, scene, xs, ys, count, 0.22);
  ctx.globalAlpha = 0.45;
  panel.stamp(ctx, sprite(theme.exact, 2, scene.scale, true), xs, ys, null, count);
  ctx.globalAlpha = 1;
}
