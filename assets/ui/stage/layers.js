// The layers of the stage. What there are, their words and what a run's packet brings for them come from Python (playground/views/layers);
// how one is drawn stands in layers/<key>.js: {kind of panel: {band: [at, draw] or a list of these}}.
import { config } from "../lib/start.js";

/** @type {import("../python.js").LayerInfo[]} */
const TOLD = config.layers;
const LAYERS = TOLD.map((layer) => ({ ...layer, mark: `<svg viewBox="0 0 14 10" width="14" height="10" aria-hidden="true">${layer.mark}</svg>` }));
const LAYER_KEYS = LAYERS.map((l) => l.key);
const DEFAULT_LAYERS = LAYERS.filter((l) => l.shown).map((l) => l.key);

/** From below: "ground" (fields as pictures), "still" (painted once for all times), "under" (below the axes of a plane), "over" (above).
 * @typedef {"ground" | "still" | "under" | "over"} Band */
/** What is drawn in a band; what has a smaller `at` comes first.
 * @template Draw
 * @typedef {[at: number, draw: Draw]} Ranked */
/** Paints a layer into a panel of a kind.
 * @template P
 * @typedef {(panel: P, ctx: CanvasRenderingContext2D, scene: import("./panel.js").Scene) => void} Drawing */
/** @template Draw
 * @typedef {Ranked<Draw> | Ranked<Draw>[]} Some */
/** @template P
 * @typedef {Partial<Record<Band, Some<Drawing<P>>>>} Bands */
/** What stands beside the picture of a space–time panel. bars: histograms of the particles at both ends. ends: curves of an exact law there, of
 * the noise (row 0) and of the data (row 1).
 * @typedef {object} Beside
 * @property {Some<(panel: Spacetime, ctx: CanvasRenderingContext2D, scene: import("./panel.js").Scene, of: Bars) => void>} [bars]
 * @property {Some<(panel: Spacetime, scene: import("./panel.js").Scene, row: number) => Curve[]>} [ends] */
/** Densities of the bars from below, where they stand, and pixels for one of density (negative: to the left).
 * @typedef {{bars: Float32Array, x: number, k: number}} Bars */
/** @typedef {{colour: string, values: ArrayLike<number>}} Curve */
/** @typedef {import("./spacetime.js").Spacetime} Spacetime */
/** How panels of each kind are drawn into; what is drawn on a plane is drawn on a torus.
 * @typedef {object} Kinds
 * @property {Bands<import("./plane.js").Plane>} plane
 * @property {Bands<Spacetime> & Beside} spacetime
 * @property {Bands<import("./shares.js").Shares>} shares
 * @property {Bands<import("./symbols.js").Symbols>} symbols */
/** What a script of layers/ says. @typedef {Partial<Kinds>} Drawings */
/** @template Draw
 * @typedef {{key: string, at: number, draw: Draw}} Part */

/** @type {Map<string, Part<unknown>[]>} */
const parts = new Map(); // by "kind band"
/** Makes known how a layer is drawn.
 * @param {string} key
 * @param {Drawings} kinds */
export const layer = (key, kinds) => {
  for (const [kind, bands] of Object.entries(kinds)) {
    for (const [band, given] of Object.entries(bands)) {
      const name = `${kind} ${band}`, list = parts.get(name) || [];
      const ranked = /** @type {Ranked<unknown>[]} */ (Array.isArray(given[0]) ? given : [given]);
      for (const [at, draw] of ranked) list.push({ key, at, draw });
      parts.set(name, list.sort((a, b) => a.at - b.at));
    }
  }
};

/** @type {Part<unknown>[]} */
const NOTHING = [];
/** What the shown layers draw in a band of a kind of panel, in order.
 * @template {keyof Kinds} K
 * @template {keyof Kinds[K]} B
 * @param {K} kind
 * @param {B & string} band
 * @param {Set<string>} shown
 * @returns {Part<Kinds[K][B] extends Some<infer Draw> | undefined ? Draw : never>[]} */
function drawn(kind, band, shown) {
  const found = (parts.get(`${kind} ${band}`) || NOTHING).filter((part) => shown.has(part.key));
  return /** @type {Part<Kinds[K][B] extends Some<infer Draw> | undefined ? Draw : never>[]} */ (found);
}

/** The names by which a packet is asked for the arrays of layers.
 * @param {"run" | "fields"} packet
 * @param {string[]} keys
 * @returns {string[]} */
const asked = (packet, keys) => [...new Set(LAYERS.filter((l) => l.arrays && l.packet === packet && keys.includes(l.key)).map((l) => l.arrays))];

export { LAYERS, LAYER_KEYS, DEFAULT_LAYERS, drawn, asked };
