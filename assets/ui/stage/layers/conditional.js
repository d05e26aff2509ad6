// p_t(x | c): contours, and over time an outline and the curves at both ends.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { over: [30, (panel, ctx, scene) => panel.law(ctx, scene, "conditional", scene.theme.data)] },
  spacetime: {
    over: [50, (panel, ctx, scene) => panel.law(ctx, scene, "conditional", scene.theme.data)],
    ends: [30, (panel, scene, row) => panel.lawAt(scene, "conditional", scene.theme.data, row)],
  },
};
