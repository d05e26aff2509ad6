// The panels of a run, each of the kind that Python says.
import { arrange } from "./arrange.js";
import { Plane } from "./plane.js";
import { Shares } from "./shares.js";
import { Spacetime } from "./spacetime.js";
import { Symbols } from "./symbols.js";
import { Torus } from "./torus.js";

/** @typedef {Plane | Torus | Spacetime | Shares | Symbols} AnyPanel */

/** @type {Record<string, new (spec: import("./panel.js").FlatSpec) => AnyPanel>} */
const KINDS = { plane: Plane, torus: Torus, spacetime: Spacetime, shares: Shares, symbols: Symbols };

/** The panels of a run in their places; what is asked for as in `arrange`.
 * @param {import("./panel.js").Spec[]} specs
 * @param {number} width
 * @param {number} height
 * @param {number} head
 * @param {boolean} stacked
 * @param {import("./geometry.js").Rect | null} images */
export function panelsOf(specs, width, height, head, stacked, images = null) {
  const places = arrange(specs, width, height, head, stacked, images);
  return specs.map((spec, n) => {
    const panel = new KINDS[spec.kind](/** @type {import("./panel.js").FlatSpec} */ (spec)); // an axis a has every kind that needs one
    panel.place(places[n]);
    return panel;
  });
}
