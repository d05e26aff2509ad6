// The score: thin arrows up the density.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { under: [10, (panel, ctx, scene) => panel.arrows(ctx, scene, "score", { colour: scene.theme.exact, alpha: 0.4, width: 1, half: 0.7, dots: false })] },
};
