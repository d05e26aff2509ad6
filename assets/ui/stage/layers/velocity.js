// The exact flow: strokes that end in a dot.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { under: [20, (panel, ctx, scene) => panel.arrows(ctx, scene, "velocity", { colour: scene.theme.exact, alpha: 0.5, width: 1.5, half: 1.2, dots: true })] },
};
