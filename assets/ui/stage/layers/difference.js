// Learned less exact score: strong arrows where the network is wrong.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { over: [25, (panel, ctx, scene) => panel.arrows(ctx, scene, "difference", { colour: scene.theme.learned, alpha: 0.9, width: 1.6, half: 0.7, dots: false })] },
};
