// Samples of the data.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { still: [30, (panel, ctx, scene) => panel.reference(ctx, scene, "data", scene.theme.data)] },
  spacetime: { still: [30, (panel, ctx, scene) => panel.reference(ctx, scene, "data", scene.theme.data, panel.box.x + panel.box.w - 5)] },
  shares: { over: [30, (panel, ctx, scene) => panel.steps(ctx, scene, panel.law(scene, -1), scene.theme.data, 1.4)] },
  symbols: { still: [20, (panel, ctx, scene) => panel.reference(ctx, scene, "data", scene.theme.data, panel.box.x + panel.box.w - 5)] },
};
