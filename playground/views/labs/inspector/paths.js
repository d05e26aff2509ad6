// Over the stage: paths through the pin, and at a pin in a plane x̂_0 and the directions of score and velocity.
import { dot, segment } from "./shapes.js";

/** @typedef {import("../../stage/panel.js").Panel} Panel */
/** @typedef {import("../../stage/panel.js").Scene} Scene */
/** @typedef {import("./packets.js").Row} Row */
/** @typedef {import("../../lib/packet.js").Packet<unknown>} Paths */
/** @typedef {CanvasRenderingContext2D} Ctx */

/** @param {Ctx} ctx @param {Panel} panel @param {Scene} scene @param {Paths} paths */
export function drawPaths(ctx, panel, scene, paths) {
  const { theme } = scene, flat = panel.spec.kind === "plane";
  bundle(ctx, panel, paths, "forth", theme.noise, 0.8, flat ? 0.3 : 0.5);
  bundle(ctx, panel, paths, "back", theme.pin, 1.2, 0.75);
  bundle(ctx, panel, paths, "ode/back", theme.exact, 1.8, 0.95);
  bundle(ctx, panel, paths, "ode/forth", theme.exact, 1.8, 0.95);
}

/** @param {Ctx} ctx @param {Panel} panel @param {Paths} paths @param {string} name @param {string} colour @param {number} width @param {number} opacity */
function bundle(ctx, panel, paths, name, colour, width, opacity) {
  const array = paths.arrays[name], clock = paths.arrays[`${name}/clock`].floats(), { a, b } = panel.spec;
  const [times, components, count] = array.shape, z = array.floats();
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.globalAlpha = opacity;
  ctx.setLineDash([]);
  ctx.beginPath();
  for (let p = 0; p < count; p++) for (let i = 0; i < times; i++) {
    const from = i * components;
    const x = a ? panel.toX.o + panel.toX.k * z[(from + a.component) * count + p] : panel.x(clock[i]), y = panel.toY.o + panel.toY.k * z[(from + b.component) * count + p];
    if (i) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/** @param {Ctx} ctx @param {Panel} panel a plane @param {Scene} scene @param {Row[]} rows of parameterisations at the pin */
export function drawArrows(ctx, panel, { pin, theme }, rows) {
  const { a, b } = panel.spec;
  if (!a || pin?.a == null) return;
  const x = panel.toX.o + panel.toX.k * pin.a, y = panel.toY.o + panel.toY.k * pin.b;
  /** @param {string} name */
  const of = (name) => rows.find((r) => r.name === name)?.values;
  /** @param {string} words @param {number} px @param {number} py @param {string} colour */
  const say = (words, px, py, colour) => {
    ctx.lineWidth = 3;
    ctx.strokeStyle = theme.stage;
    ctx.strokeText(words, px, py);
    ctx.fillStyle = colour;
    ctx.fillText(words, px, py);
  };
  ctx.font = theme.small;
  ctx.textAlign = "left";
  for (const [name, colour, length] of /** @type {const} */ ([["score", theme.exact, 44], ["u", theme.accent, 78]])) {
    const v = of(name), [vx, vy] = v ? [v[a.component], v[b.component]] : [0, 0], size = Math.hypot(vx, vy);
    if (!(size > 1e-9)) continue;
    const dx = vx / size, dy = -vy / size;
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2;
    arrow(ctx, x, y, dx, dy, length);
    say(name, x + length * dx + 5 + 9 * Math.abs(dy), y + length * dy + 4 + 6 * dy, colour);
  }
  const x0 = of("x̂₀");
  if (a.component !== 0 || b.component !== 1 || !x0 || x0.length < 2) return;
  const px = panel.toX.o + panel.toX.k * x0[0], py = panel.toY.o + panel.toY.k * x0[1];
  ctx.strokeStyle = ctx.fillStyle = theme.exact;
  ctx.setLineDash([2, 3]);
  ctx.lineWidth = 1.4;
  segment(ctx, x, y, px, py);
  ctx.setLineDash([]);
  dot(ctx, px, py, 3);
  if (Math.hypot(px - x, py - y) > 26) say("x̂₀", px - 20, py - 4, theme.exact);
}

/** From just beside (x, y), whose ring stays free, to `length` px in the direction (dx, dy). @param {Ctx} ctx @param {number} x @param {number} y @param {number} dx @param {number} dy @param {number} length */
function arrow(ctx, x, y, dx, dy, length) {
  const ex = x + length * dx, ey = y + length * dy, turn = Math.atan2(dy, dx);
  ctx.beginPath();
  ctx.moveTo(x + 8 * dx, y + 8 * dy);
  ctx.lineTo(ex, ey);
  for (const side of [-2.6, 2.6]) (ctx.moveTo(ex, ey), ctx.lineTo(ex + 7 * Math.cos(turn + side), ey + 7 * Math.sin(turn + side)));
  ctx.stroke();
}
