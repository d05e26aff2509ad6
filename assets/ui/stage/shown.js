// What of a run is shown: which layers are on, which of them it can show, and the colours of its particles.
import { DEFAULT_LAYERS, LAYERS, LAYER_KEYS, asked } from "./layers.js";

/** What must be known of a run. @typedef {{header: Pick<import("../python.js").RunHeader, "unavailable">}} Able */

class Shown {
  /** @param {() => void} changed  is told that other layers are on, or other colours */
  constructor(changed) {
    this.changed = changed;
    this.on = new Set(DEFAULT_LAYERS);
    /** @type {"sampler" | "class"} */
    this.colour = "sampler";
    /** @type {Able | null} */
    this.run = null;
  }

  /** Keys of the layers that are on, in the legend's order. */
  get layers() {
    return LAYER_KEYS.filter((key) => this.on.has(key));
  }

  /** @param {Iterable<string>} names */
  set(names) {
    this.on = new Set([...names].filter((key) => LAYER_KEYS.includes(key)));
    this.changed();
  }

  /** Turns a layer on or off, if the run can show it.
   * @param {string} key
   * @returns {boolean} whether it is on now and was not */
  toggle(key) {
    if (!LAYER_KEYS.includes(key) || this.why(key)) return false;
    const off = this.on.delete(key);
    if (!off) this.on.add(key);
    this.changed();
    return !off;
  }

  /** @param {string} how  "class": particles in the colours of their classes */
  setColour(how) {
    this.colour = how === "class" ? "class" : "sampler";
    this.changed();
  }

  /** Why the run cannot show a layer ("classes": colours by class), or "".
   * @param {string} key */
  why(key) {
    return this.run?.header.unavailable[key] || "";
  }

  /** Keys of the layers that are on and can be shown. */
  visible() {
    const out = new Set();
    for (const { key } of LAYERS) if (this.on.has(key) && !this.why(key)) out.add(key);
    return out;
  }

  /** Arrays of the server that these need. */
  wants() {
    const keys = [...this.visible()];
    return new Set([...asked("run", keys), ...asked("fields", keys)]);
  }
}

export { Shown };
