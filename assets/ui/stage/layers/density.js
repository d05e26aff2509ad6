// The exact density: a shade whose opacity is p_t over its own peak; over time also an outline around the swarm of dots.

const WITHIN = 2; // standard deviations of n independent draws that a bar may be off by chance

/** @type {import("../layers.js").Drawings} */
export default {
  plane: { ground: [10, plane] },
  spacetime: { ground: [10, columns], over: [40, (panel, ctx, scene) => panel.outline(ctx, scene, "density", "peak", scene.theme.exact, 1)] },
  shares: { over: [20, (panel, ctx, scene) => panel.steps(ctx, scene, panel.law(scene), scene.theme.exact, 1.8, WITHIN)] },
  symbols: { ground: [10, (panel, ctx, scene) => panel.ribbons(ctx, scene)], over: [40, (panel, ctx, scene) => panel.outline(ctx, scene)] },
};

/** @param {import("../plane.js").Plane} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene */
function plane(panel, ctx, scene) {
  const array = panel.field(scene, "density");
  if (!array) return;
  const { box } = panel;
  const picture = panel.heat.paint(array, scene.fieldAt, scene.theme.data);
  ctx.globalAlpha = scene.faded ? 0.5 : 1;
  ctx.imageSmoothingQuality = "low"; // bilinear: the picture is already twice as fine as the field
  ctx.drawImage(picture, box.x, box.y, box.w, box.h);
  ctx.globalAlpha = 1;
}

/** Columns of p_t, one for each field clock; half a column overhangs at both ends.
 * @param {import("../spacetime.js").Spacetime} panel
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../panel.js").Scene} scene */
function columns(panel, ctx, scene) {
  const array = panel.field(scene, "density");
  if (!array) return;
  const [rows, count] = array.shape, { box } = panel;
  const picture = panel.heat.paint({ uid: array.uid, shape: [1, rows, count], data: array.data }, { i: 0, f: 0 }, scene.theme.data);
  ctx.globalAlpha = scene.faded ? 0.5 : 1;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(picture, 1, 0, 2 * count - 2, 2 * rows, box.x, box.y, box.w, box.h);
  ctx.globalAlpha = 1;
}
