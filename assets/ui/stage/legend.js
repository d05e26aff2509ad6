// The legend: a word for each layer, which turns it on and off, and one for the colours of the particles.
import { tip } from "../lib/tip.js";
import { make } from "./controls.js";
import { LAYERS } from "./layers.js";

/** The glossary's entry of a layer, and what else is to be said of it here.
 * @param {string} key
 * @param {string} also */
function told(key, also) {
  const entry = tip.term(`layer.${key}`);
  return entry ? { ...entry, text: also ? `${entry.text} ${also}` : entry.text } : also;
}

/** A button whose words tip.js tells. @typedef {HTMLButtonElement & {describe(): void}} Button */

class Legend {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.box = make("div", "pg-legend", { role: "group", "aria-label": "Layers" });
    /** The word of each layer. @type {Record<string, Button>} */
    this.layer = {};
    LAYERS.forEach((layer, n) => {
      const button = make("button", `pg-chip pg-role-${layer.role}`, { type: "button", "data-layer": layer.key, ...(n < 9 && { "aria-keyshortcuts": String(n + 1) }) }, `${layer.mark}<span>${layer.word}</span>`);
      button.addEventListener("click", () => stage.toggleLayer(layer.key));
      this.layer[layer.key] = tip.on(button, () => this._tip(layer, n + 1));
      this.box.append(button);
    });
    const colour = make("button", "pg-chip pg-by-class", { type: "button", "aria-keyshortcuts": "C" }, '<i class="pg-wheel" aria-hidden="true"></i><span>by class</span>');
    colour.addEventListener("click", () => stage.toggleColour());
    this.colour = tip.on(colour, () => {
      const why = stage.shown.why("classes");
      return why ? `Not available: ${why}.` : told("class", "Key C.");
    });
    this.box.append(this.colour);
    this.show();
  }

  /** @param {import("../python.js").LayerInfo} layer
   * @param {number} key */
  _tip(layer, key) {
    const { stage } = this;
    const why = stage.shown.why(layer.key);
    if (why) return `Not available: ${why}.`;
    const here = stage.run?.header.here[layer.key];
    return told(layer.key, [here, key <= 9 && key > stage.keysTaken && `Key ${key}.`].filter(Boolean).join(" "));
  }

  show() {
    const { stage, stage: { shown } } = this;
    for (const layer of LAYERS) {
      const button = this.layer[layer.key], why = shown.why(layer.key);
      const other = stage.run?.header.pointless.includes(layer.key) && !(layer.stays && shown.on.has(layer.key));
      button.hidden = Boolean(other || (stage.run?.header.image && why)); // images have no layers but their paths
      button.setAttribute("aria-pressed", String(shown.on.has(layer.key) && !why));
      button.setAttribute("aria-disabled", String(Boolean(why)));
      button.describe();
    }
    const why = shown.why("classes"), on = shown.colour === "class" && !why;
    this.colour.setAttribute("aria-pressed", String(on));
    this.colour.setAttribute("aria-disabled", String(Boolean(why)));
    this.colour.describe();
    stage.root.classList.toggle("pg-classes", on);
  }
}

export { Legend };
