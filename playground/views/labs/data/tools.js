// What the pointer does on the stage: holds components, paints points, erases them.
import { DRAWS, draws } from "./brush.js";

/** @typedef {import("./brush.js").Brush} Brush */
/** @typedef {import("./changes.js").Mixture} Mixture */
/**
 * @typedef {object} Paints
 * @property {(brush: Brush, mix: Mixture) => void} begin  before a stroke
 * @property {(brush: Brush, at: number[], first: boolean) => void} go
 * @property {"data" | "ink"} rim  colour of the ring that shows the radius
 * @property {number[]} dash
 */
/** @typedef {{key: string, word: string, tip: string, paints: Paints | null}} Tool paints: null for the one that holds components */

export const FINGER = matchMedia("(pointer: coarse)").matches;

/** @type {Tool} */
export const HOLD = {
  key: "move", word: "Hold", paints: null,
  tip: FINGER ? "Drag centres and axes; a double tap adds and removes." : "Drag centres and axes; the wheel changes a weight; double click adds and removes.",
};
/** @type {Tool[]} */
export const TOOLS = [
  HOLD,
  {
    key: "paint", word: "Paint", tip: "Paint points with the pointer; a mixture is fitted to them as you paint.",
    paints: { begin() {}, go: (brush, at, first) => brush.paint(at, first), rim: "data", dash: [] },
  },
  {
    key: "erase", word: "Erase", tip: `Take points away; of data that were not painted, ${DRAWS.toLocaleString("en")} draws.`,
    paints: {
      begin(brush, mix) {
        if (!brush.points.length) brush.points = draws(mix, DRAWS);
      },
      go: (brush, at) => brush.erase(at), rim: "ink", dash: [4, 3],
    },
  },
];
