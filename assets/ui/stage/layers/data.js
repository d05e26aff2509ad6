// Samples of the data.

export default {
  plane: { still: [30, (panel, ctx, scene) => panel.reference(ctx, scene, "data", scene.theme.data)] },
  spacetime: { still: [30, (panel, ctx, scene) => panel.reference(ctx, scene, "data", scene.theme.data, panel.box.x + panel.box.w - 5)] },
};
