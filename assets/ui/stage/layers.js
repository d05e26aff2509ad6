// The layers of the stage. What there are, their words and what a run's packet brings for them come from Python (playground/views/layers);
// how one is drawn stands in layers/<key>.js, which calls layer(key, {kind of panel: {band: [at, draw] or a list of these}}).
// Bands, from below: "ground" (fields as pictures), "still" (painted once for all times), "under" (below the axes of a plane), "over" (above). Within a
// band a smaller `at` comes first. draw(panel, ctx, scene). Of space–time panels also "bars" and "ends", beside the picture: see spacetime.js.
import { config } from "../lib/start.js";

const LAYERS = config.layers.map((layer) => ({ ...layer, mark: `<svg viewBox="0 0 14 10" width="14" height="10" aria-hidden="true">${layer.mark}</svg>` }));
const LAYER_KEYS = LAYERS.map((l) => l.key);
const DEFAULT_LAYERS = LAYERS.filter((l) => l.shown).map((l) => l.key);

const parts = new Map(); // "kind band" → [{key, at, draw}]
export const layer = (key, kinds) => {
  for (const [kind, bands] of Object.entries(kinds)) {
    for (const [band, given] of Object.entries(bands)) {
      const name = `${kind} ${band}`, list = parts.get(name) || [];
      for (const [at, draw] of Array.isArray(given[0]) ? given : [given]) list.push({ key, at, draw });
      parts.set(name, list.sort((a, b) => a.at - b.at));
    }
  }
};
/** What the shown layers draw in a band of a kind of panel, in order. */
const drawn = (kind, band, shown) => (parts.get(`${kind} ${band}`) || []).filter((part) => shown.has(part.key));
/** The names by which a packet is asked for the arrays of layers: packet "run" or "fields". */
const asked = (packet, keys) => [...new Set(LAYERS.filter((l) => l.arrays && l.packet === packet && keys.includes(l.key)).map((l) => l.arrays))];

export { LAYERS, LAYER_KEYS, DEFAULT_LAYERS, drawn, asked };
