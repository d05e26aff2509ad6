// The particles: dots at their places, over the histograms of both ends.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { over: [20, (panel, ctx, scene) => panel.dots(ctx, scene)] },
  spacetime: { over: [30, (panel, ctx, scene) => panel.dots(ctx, scene)], bars: [10, histogram] },
  shares: { over: [10, (panel, ctx, scene) => panel.bars(ctx, scene)] },
  symbols: { over: [30, (panel, ctx, scene) => panel.dots(ctx, scene)] },
};

/** @param {import("../spacetime.js").Spacetime} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene
 * @param {import("../layers.js").Bars} ends */
function histogram({ box }, ctx, { theme }, { bars, x, k }) {
  ctx.fillStyle = theme.sampler;
  ctx.globalAlpha = 0.42;
  const h = box.h / bars.length;
  bars.forEach((v, j) => ctx.fillRect(Math.min(x, x + k * v), box.y + box.h - (j + 1) * h + 0.5, Math.abs(k * v), h - 1));
}
