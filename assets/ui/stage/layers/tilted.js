// The law whose score guidance follows: contours, and over time an outline and the curves at both ends.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { over: [40, (panel, ctx, scene) => panel.law(ctx, scene, "tilted", scene.theme.learned)] },
  spacetime: {
    over: [60, (panel, ctx, scene) => panel.law(ctx, scene, "tilted", scene.theme.learned)],
    ends: [40, (panel, scene, row) => panel.lawAt(scene, "tilted", scene.theme.learned, row)],
  },
};
