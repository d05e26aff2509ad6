// How the experiment is looked at: what stands as "view." in links, for the stage, the labs and the form.
import { labKeys } from "../beside/labs.js";
import { config } from "../lib/start.js";
import { time } from "../lib/time.js";
import { SPEEDS } from "../stage/clock.js";
import { LAYER_KEYS } from "../stage/layers.js";
import { misread, viewIn } from "./address.js";

/** @param {readonly string[]} list @returns {(value: string) => string} */
const one = (list) => (v) => (list.includes(v) ? "" : `one of ${list.join(", ")}`);
/** What is wrong with a value, by name. @type {() => Record<string, (value: string) => string>} */
const rules = () => {
  const layers = [...LAYER_KEYS, "none"];
  return {
    at: (v) => (v !== "" && Number(v) >= 0 && Number(v) <= 1 ? "" : "a number from 0 to 1"),
    lab: one(labKeys()), time: one(Object.keys(time.scales)), clock: one(config.compare.units.map(({ key }) => key)), selected: one(STAGES), overlay: one([...STAGES, "flow"]), color: one(["class"]), keep: one(["calls"]), loop: one(["off"]),
    board: one([...config.board.presets.map(({ key }) => key), "own"]),
    speed: one(SPEEDS.map(String)),
    layers: (v) => (v.split(",").every((name) => layers.includes(name)) ? "" : `names of ${layers.join(", ")}`),
  };
};
const STAGES = Array.from({ length: config.compare.most }, (_, n) => String(n + 1));
// here, and in the labs
const NAMES = new Set([..."at lab time color keep loop speed layers pin compare selected clock overlay example board".split(" "), ...config.labs.flatMap((lab) => lab.view)]);

export class View {
  /** By name; "" is what nothing is said of. @type {import("./address.js").ViewWords} */
  said = viewIn(location.search);

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    if ((this.said[name] ?? "") === value) return;
    this.said[name] = value;
    this.changed();
  }

  /** The view of another link. The record stays the same: labs hold it.
   * @param {string} search */
  read(search) {
    for (const k of Object.keys(this.said)) delete this.said[k];
    Object.assign(this.said, viewIn(search));
  }

  /** What cannot be used is left out, and told in a sentence. */
  check() {
    const told = misread(this.said, rules(), NAMES).map(([name, no]) => {
      const words = `view.${name} = ${this.said[name].slice(0, 40)} (${no})`;
      delete this.said[name];
      return words;
    });
    return told.length ? `Not readable in this link: ${told.slice(0, 3).join("; ")}.` : "";
  }
}
