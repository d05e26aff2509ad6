// Pictures of all stages that are seen, beside each other on one sheet.
import { el, penOf } from "../lib/dom.js";

/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("../images/images.js").Images} Images */
/** A stage that is seen, and the pane of its images. @typedef {{stage: Stage, images: Images}} Seen */

/** How many columns so many stages stand in on a sheet. @param {number} count */
export const columnsOf = (count) => (count < 4 ? count : count === 4 ? 2 : 3);

/** Joins pictures to one, row by row; a single one is the sheet itself. The same sheet every time: frames of a film. @param {string} ground its colour */
export function sheetOn(ground) {
  const sheet = el("canvas");
  /** @param {HTMLCanvasElement[]} pictures */
  return (pictures) => {
    if (pictures.length === 1) return pictures[0];
    const columns = columnsOf(pictures.length), rows = Math.ceil(pictures.length / columns), wide = Math.max(...pictures.map(({ width }) => width)), tall = Math.max(...pictures.map(({ height }) => height));
    const width = columns * wide + (columns * wide) % 2, height = rows * tall + (rows * tall) % 2; // even sides: films need them
    if (sheet.width !== width || sheet.height !== height) Object.assign(sheet, { width, height });
    const ctx = penOf(sheet);
    ctx.fillStyle = ground;
    ctx.fillRect(0, 0, width, height);
    pictures.forEach((picture, n) => ctx.drawImage(picture, (n % columns) * wide, Math.floor(n / columns) * tall));
    return sheet;
  };
}
