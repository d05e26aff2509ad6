// Where the components of a mixture stand on the stage: between data and pixels, and what a pointer is near to. No DOM.

/** @typedef {import("./changes.js").Mixture} Mixture */
/** @typedef {import("./changes.js").Part} Part */
/** @typedef {[x: number, y: number]} Spot in CSS pixels of the stage */
/** @typedef {{index: number, axis: number}} Hit a component, and which of its handles: −1 its centre, 0 and 1 its axes */
/**
 * The panel of x (assets/ui/stage/panel.js): pixels = k · value + o. On the line there is no horizontal component, components stand at the data's end.
 * @typedef {{spec: {kind: string}, box: {x: number, y: number, w: number, h: number}, toX: Scale, toY: Scale}} Ground
 */
/** @typedef {{k: number, o: number}} Scale */

export const SIGMAS = 2; // ellipses and bars reach so far: 86 % of a component in the plane, 95 % on the line
const CLEAR = 14; // pixels that a handle keeps from its centre, however narrow the component is
const BESIDE = 90; // pixels beside the data's end of the line that belong to it
const FAVOURS = { handle: 3, held: 2 }; // pixels by which what is held already counts as nearer

/** @param {Ground} ground */
export const isPlane = (ground) => ground.spec.kind === "plane";

/**
 * @param {Ground} ground
 * @param {number[]} m
 * @returns {Spot}
 */
export const place = (ground, m) =>
  isPlane(ground) ? [ground.toX.o + ground.toX.k * m[0], ground.toY.o + ground.toY.k * m[1]] : [ground.box.x + ground.box.w, ground.toY.o + ground.toY.k * m[0]];

/**
 * The point of the data at a spot.
 * @param {Ground} ground
 * @param {Spot} spot
 */
export const data = (ground, [x, y]) => {
  const b = (y - ground.toY.o) / ground.toY.k;
  return isPlane(ground) ? [(x - ground.toX.o) / ground.toX.k, b] : [b];
};

/**
 * Where the handles of the axes of a part stand: from its centre by SIGMAS deviations, at least CLEAR pixels.
 * @param {Ground} ground
 * @param {Part} part
 * @returns {Spot[]}
 */
export function ends(ground, part) {
  const k = Math.abs(ground.toY.k), [x, y] = place(ground, part.m);
  const reach = (/** @type {number} */ a) => Math.max(CLEAR, SIGMAS * a * k);
  if (!isPlane(ground)) return [[x, y - reach(part.axes[0])]];
  const c = Math.cos(part.angle), s = Math.sin(part.angle), [a, b] = part.axes.map(reach);
  return [[x + a * c, y - a * s], [x - b * s, y - b * c]];
}

/**
 * Distance and angle (anticlockwise from the right) of a spot from a centre.
 * @param {Spot} spot
 * @param {Spot} centre
 */
export const polar = ([x, y], [cx, cy]) => /** @type {[length: number, angle: number]} */ ([Math.hypot(x - cx, y - cy), Math.atan2(cy - y, x - cx)]);

/**
 * @param {Ground} ground
 * @param {Spot} spot
 */
export const inside = (ground, [x, y]) => {
  const { box } = ground;
  return x >= box.x && x <= box.x + box.w + (isPlane(ground) ? 0 : BESIDE) && y >= box.y && y <= box.y + box.h;
};

/**
 * The handle or centre nearest to a spot, null beyond `reach` pixels. `held`: the component that is held, −1 for none; only its axes have handles.
 * @param {Ground} ground
 * @param {Part[]} parts
 * @param {number} held
 * @param {Spot} spot
 * @param {number} reach
 * @returns {Hit | null}
 */
export function near(ground, parts, held, [x, y], reach) {
  let least = reach, best = null;
  const look = (/** @type {Spot} */ at, /** @type {number} */ index, /** @type {number} */ axis, /** @type {number} */ bonus) => {
    const d = Math.hypot(at[0] - x, at[1] - y) - bonus;
    if (d < least) (least = d), (best = { index, axis });
  };
  if (parts[held]) ends(ground, parts[held]).forEach((at, axis) => look(at, held, axis, FAVOURS.handle));
  parts.forEach((p, index) => look(place(ground, p.m), index, -1, index === held ? FAVOURS.held : 0));
  return best;
}

/**
 * Off the centre of a part, `by` pixels to the side where no handle stands.
 * @param {Ground} ground
 * @param {Part} part
 * @param {number} by
 * @returns {Spot}
 */
export function away(ground, part, by) {
  const centre = place(ground, part.m);
  if (!isPlane(ground)) return [-by - 2, 0];
  let [x, y] = [0, 0];
  for (const end of ends(ground, part)) {
    const d = Math.hypot(end[0] - centre[0], end[1] - centre[1]);
    x += (centre[0] - end[0]) / d;
    y += (centre[1] - end[1]) / d;
  }
  const length = Math.hypot(x, y);
  return [(by * x) / length, (by * y) / length];
}
