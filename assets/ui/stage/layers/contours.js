// Lines of equal exact density.

const ENCLOSED = [0.2, 0.4, 0.6, 0.8, 0.95]; // probability inside each contour

/** @type {import("../layers.js").Drawings} */
export default { plane: { ground: [20, contours] } };

/** @param {import("../plane.js").Plane} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene */
function contours(panel, ctx, scene) {
  const array = panel.field(scene, "density");
  if (!array) return;
  panel.heat.paint(array, scene.fieldAt, scene.theme.data); // known already where the density is shown
  ctx.globalAlpha = scene.faded ? 0.5 : 1;
  panel.contours(ctx, array, panel.heat.mix, ENCLOSED, scene.theme.data, 1.1);
  ctx.globalAlpha = 1;
}
