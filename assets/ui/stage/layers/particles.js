// The particles: dots at their places, over the histograms of both ends.

export default {
  plane: { over: [20, (panel, ctx, scene) => panel.dots(ctx, scene)] },
  spacetime: { over: [30, (panel, ctx, scene) => panel.dots(ctx, scene)], bars: [10, histogram] },
};

function histogram({ box }, ctx, { theme }, { bars, x, k }) {
  ctx.fillStyle = theme.sampler;
  ctx.globalAlpha = 0.42;
  const h = box.h / bars.length;
  bars.forEach((v, j) => ctx.fillRect(Math.min(x, x + k * v), box.y + box.h - (j + 1) * h + 0.5, Math.abs(k * v), h - 1));
}
