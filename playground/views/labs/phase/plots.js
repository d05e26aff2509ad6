// What the pictures of this lab are drawn with.
import { el, penOf } from "../../lib/dom.js";
import { unit } from "../../lib/draw.js";
import { channels } from "../colours.js";

/** @typedef {CanvasRenderingContext2D} Ctx */
/** @typedef {import("../../lib/draw.js").Rect} Rect */
/** @typedef {(role: string) => string} Theme the colour of a role */
/** @typedef {(ctx: Ctx, width: number, height: number, theme: Theme) => void} Draw a picture, in CSS pixels, with its type set and words from the left */

/** A picture's own colours and type. @param {Draw} draw @returns {import("../picture.js").Draw} */
export const themed = (draw) => (ctx, width, height) => {
  const style = getComputedStyle(ctx.canvas);
  /** @type {Theme} */
  const theme = (role) => style.getPropertyValue(`--pg-${role}`).trim();
  ctx.textAlign = "left";
  ctx.font = `${Math.max(11.5, 11 * unit())}px ${theme("font")}`;
  draw(ctx, width, height, theme);
};

/** A marginal as a picture: rows × times from data to noise, drawn with noise on the left. @param {import("../../lib/packet.js").PacketArray} array @param {string} colour */
export function heat(array, colour) {
  const [rows, columns] = array.shape, image = new ImageData(columns, rows), [r, g, b] = channels(colour);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) image.data.set([r, g, b, array.data[y * columns + (columns - 1 - x)] * 0.6], 4 * (y * columns + x));
  }
  const canvas = el("canvas", { width: columns, height: rows });
  penOf(canvas).putImageData(image, 0, 0);
  return canvas;
}

/** @param {Ctx} ctx @param {Rect} box @param {Theme} theme */
export function frame(ctx, box, theme) {
  ctx.strokeStyle = theme("line");
  ctx.lineWidth = 1;
  ctx.strokeRect(box.x + 0.5, box.y + 0.5, box.w - 1, box.h - 1);
}

/** The cursor; and, under the lowest box, which end is which. @param {Ctx} ctx @param {Rect} box @param {Theme} theme @param {number | null} clock @param {boolean} ends */
export function timeline(ctx, box, theme, clock, ends) {
  if (ends) {
    ctx.fillStyle = theme("soft");
    ctx.textAlign = "left";
    ctx.fillText("noise", box.x, box.y + box.h + 12);
    ctx.textAlign = "right";
    ctx.fillText("data", box.x + box.w, box.y + box.h + 12);
    ctx.textAlign = "left";
  }
  if (clock == null) return;
  const x = box.x + (1 - clock) * box.w;
  ctx.strokeStyle = theme("soft");
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, box.y);
  ctx.lineTo(x, box.y + box.h);
  ctx.stroke();
}
