// The exact density: a shade whose opacity is p_t over its own peak; over time also an outline around the swarm of dots.

export default {
  plane: { ground: [10, plane] },
  spacetime: { ground: [10, columns], over: [40, (panel, ctx, scene) => panel.outline(ctx, scene, "density", "peak", scene.theme.exact, 1)] },
};

function plane(panel, ctx, scene) {
  const array = panel.field(scene, "density");
  if (!array) return;
  const { box } = panel;
  const picture = panel.heat.paint(array, scene.fieldAt, scene.theme.data);
  ctx.globalAlpha = scene.fields.faded ? 0.5 : 1;
  ctx.imageSmoothingQuality = "low"; // bilinear: the picture is already twice as fine as the field
  ctx.drawImage(picture, box.x, box.y, box.w, box.h);
  ctx.globalAlpha = 1;
}

// columns of p_t, one for each field clock; half a column overhangs at both ends
function columns(panel, ctx, scene) {
  const array = panel.field(scene, "density");
  if (!array) return;
  const [rows, columns] = array.shape, { box } = panel;
  const picture = panel.heat.paint({ ...array, uid: array.uid, shape: [1, rows, columns], data: array.data }, { i: 0, f: 0 }, scene.theme.data);
  ctx.globalAlpha = scene.fields.faded ? 0.5 : 1;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(picture, 1, 0, 2 * columns - 2, 2 * rows, box.x, box.y, box.w, box.h);
  ctx.globalAlpha = 1;
}
