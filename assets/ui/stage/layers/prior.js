// Samples of what sampling starts from.

export default {
  plane: { still: [20, (panel, ctx, scene) => panel.reference(ctx, scene, "prior", scene.theme.noise)] },
  spacetime: { still: [20, (panel, ctx, scene) => panel.reference(ctx, scene, "prior", scene.theme.noise, panel.box.x + 5)] },
};
