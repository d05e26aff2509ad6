// What is drawn over the stage: the components of a mixture with the handles of the one that is held, or painted points and the brush.
import { SIGMAS, away, ends, inside, isPlane, place } from "./geometry.js";

/** @typedef {import("./changes.js").Part} Part */
/** @typedef {import("./geometry.js").Ground} Ground */
/** @typedef {import("./geometry.js").Hit} Hit */
/** @typedef {import("./geometry.js").Spot} Spot */
/** @typedef {{data: string, ink: string, panel: string, stage: string, family: string}} Theme colours of the stage */
/** @typedef {CanvasRenderingContext2D} Pen */

const CROWD = 40; // more components than this are drawn fainter

/** @param {number} w */
export const percent = (w) => `${Number((100 * w).toPrecision(w < 0.1 ? 2 : 3))} %`;

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Ground} ground
 * @param {Part[]} parts
 * @param {{held: number, hot: Hit | null, gripped: number, fade: number}} state held: the component with handles, −1 for none; hot: under the pointer;
 * gripped: the axis that is dragged, −1 for none; fade: opacity
 */
export function components(pen, theme, ground, parts, { held, hot, gripped, fade }) {
  const crowded = parts.length > CROWD;
  pen.strokeStyle = pen.fillStyle = theme.data;
  parts.forEach((p, n) => {
    if (n === held) return;
    const near = hot?.index === n;
    pen.globalAlpha = fade * (near ? 1 : crowded ? 0.35 : 0.75);
    pen.lineWidth = near ? 1.6 : 1;
    outline(pen, ground, p, n);
    pen.globalAlpha = fade * (near ? 1 : 0.85);
    if (near) ringed(pen, theme, place(ground, p.m), 5);
    else dot(pen, theme, place(ground, p.m), crowded ? 2.4 : 3.4);
  });
  const p = parts[held];
  if (!p) return;
  pen.globalAlpha = 1;
  pen.strokeStyle = theme.ink;
  pen.lineWidth = 1.8;
  outline(pen, ground, p, held);
  const centre = place(ground, p.m);
  ends(ground, p).forEach((end, axis) => handle(pen, theme, centre, end, hot?.axis === axis || gripped === axis ? 5 : 4));
  pen.strokeStyle = theme.ink;
  ringed(pen, theme, centre, 5.5);
  weight(pen, theme, ground, p);
}

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Spot} centre
 * @param {Spot} end
 * @param {number} side half of it, pixels
 */
function handle(pen, theme, centre, end, side) {
  pen.lineWidth = 1.2;
  pen.beginPath();
  pen.moveTo(...centre);
  pen.lineTo(...end);
  pen.stroke();
  pen.fillStyle = theme.panel;
  pen.fillRect(end[0] - side, end[1] - side, 2 * side, 2 * side);
  pen.strokeRect(end[0] - side, end[1] - side, 2 * side, 2 * side);
}

/**
 * On the side where no handle stands.
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Ground} ground
 * @param {Part} part
 */
function weight(pen, theme, ground, part) {
  const [x, y] = place(ground, part.m), off = away(ground, part, 22);
  pen.font = `600 11px ${theme.family}`;
  pen.textBaseline = "middle";
  pen.textAlign = "center";
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = theme.stage;
  pen.strokeText(percent(part.w), x + off[0], y + off[1]);
  pen.fillStyle = theme.ink;
  pen.fillText(percent(part.w), x + off[0], y + off[1]);
}

/**
 * A rim of the ground parts it from the particles.
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Spot} spot
 * @param {number} radius
 */
function dot(pen, theme, [x, y], radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.strokeStyle = theme.stage;
  pen.lineWidth = 1;
  pen.fill();
  pen.stroke();
  pen.strokeStyle = theme.data;
}

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Spot} spot
 * @param {number} radius
 */
function ringed(pen, theme, [x, y], radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fillStyle = theme.panel;
  pen.fill();
  pen.lineWidth = 2;
  pen.stroke();
  pen.fillStyle = theme.data;
}

/**
 * In the plane the ellipse of SIGMAS deviations; on the line a bar as long, beside the data's end.
 * @param {Pen} pen
 * @param {Ground} ground
 * @param {Part} part
 * @param {number} n which of them: bars stand beside each other
 */
function outline(pen, ground, part, n) {
  const [x, y] = place(ground, part.m), k = Math.abs(ground.toY.k) * SIGMAS;
  pen.beginPath();
  if (isPlane(ground)) pen.ellipse(x, y, part.axes[0] * k, part.axes[1] * k, -part.angle, 0, 7);
  else {
    const beside = x + 6 + 5 * (n % 5);
    pen.moveTo(beside, y - part.axes[0] * k);
    pen.lineTo(beside, y + part.axes[0] * k);
    pen.moveTo(x, y);
    pen.lineTo(beside, y);
  }
  pen.stroke();
}

/**
 * Points, and the brush where the pointer is.
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {Ground} ground
 * @param {import("./brush.js").Brush} brush
 * @param {import("./tools.js").Paints} paints
 * @param {Spot | null} pointer
 * @param {number} fade
 */
export function painted(pen, theme, ground, { points, radius }, { rim, dash }, pointer, fade) {
  const plane = isPlane(ground);
  pen.fillStyle = theme.data;
  pen.globalAlpha = 0.7 * fade;
  for (const p of points) {
    const [x, y] = place(ground, p);
    pen.fillRect(x - 1 + (plane ? 0 : p.aside ?? 0), y - 1, 2, 2);
  }
  if (!pointer || !inside(ground, pointer)) return;
  pen.globalAlpha = 1;
  pen.strokeStyle = theme[rim];
  pen.lineWidth = 1.5;
  pen.setLineDash(dash);
  const reach = radius * Math.abs(ground.toY.k);
  pen.beginPath();
  if (plane) pen.arc(...pointer, reach, 0, 7);
  else for (const side of [-1, 1]) {
    pen.moveTo(ground.box.x, pointer[1] + side * reach);
    pen.lineTo(ground.box.x + ground.box.w, pointer[1] + side * reach);
  }
  pen.stroke();
}
