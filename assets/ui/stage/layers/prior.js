// Samples of what sampling starts from.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { still: [20, (panel, ctx, scene) => panel.reference(ctx, scene, "prior", scene.theme.noise)] },
  spacetime: { still: [20, (panel, ctx, scene) => panel.reference(ctx, scene, "prior", scene.theme.noise, panel.box.x + 5)] },
  shares: { over: [30, (panel, ctx, scene) => panel.steps(ctx, scene, panel.law(scene, 0), scene.theme.noise, 1.4)] },
  symbols: { still: [20, (panel, ctx, scene) => panel.reference(ctx, scene, "prior", scene.theme.noise, panel.box.x + 5)] },
};
