// The part of CLD's flow that is friction and noise.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { under: [40, (panel, ctx, scene) => panel.arrows(ctx, scene, "ou", { colour: scene.theme.noise, alpha: 0.9, width: 1.5, half: 1.2, dots: true })] },
};
