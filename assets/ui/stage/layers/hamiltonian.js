// The part of CLD's flow that keeps the energy.

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { under: [30, (panel, ctx, scene) => panel.arrows(ctx, scene, "hamiltonian", { colour: scene.theme.exact, alpha: 0.5, width: 1.5, half: 1.2, dots: true })] },
};
