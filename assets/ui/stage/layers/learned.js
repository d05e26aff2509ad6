// The score that the network tells: thin arrows beside the exact ones.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { under: [11, (panel, ctx, scene) => panel.arrows(ctx, scene, "learned", { colour: scene.theme.learned, alpha: 0.75, width: 1.2, half: 0.7, dots: false })] },
};
