// What is chosen: what every control says, or will say as soon as its component has heard of it.
import { same } from "./query.js";

/** @typedef {import("./query.js").Control} Control */
/** @typedef {import("./query.js").Value} Value */

export class Chosen {
  /** Has Python put the link's values into the components? What they say before is their defaults. */
  ready = false;
  /** Values that the page has written, until their components report them. @type {Map<string, Value>} */
  forced = new Map();
  /** What is heard of these components until then, and differs, is older news. @type {Map<string, {value: Value, until: number}>} */
  ahead = new Map();

  /** @param {import("./query.js").Grammar} grammar
   * @param {(control: Control, value: Value) => boolean} write into a component; false: it says so already, and reports nothing */
  constructor(grammar, write) {
    this.grammar = grammar;
    this.write = write;
    /** @type {import("./query.js").Values} */
    this.values = Object.fromEntries(grammar.controls.map((c) => [c.id, c.default]));
  }

  query() { return this.grammar.query(this.values); }
  /** What is chosen of a slot: "process", "sampler", …
   * @param {string} slot */
  of(slot) { return String(this.values[`pg-${slot}`]); }
  get data() { return this.of("data"); }
  get process() { return this.of("process"); }
  get pictures() { return this.grammar.pictures(this.data); }
  get who() { return this.grammar.who(this.values); }

  /** Chosen by the page, which tells the component.
   * @param {string} id @param {Value} value */
  force(id, value) {
    const control = this.grammar.byId.get(id);
    if (!control) throw new Error(`no control ${id}`);
    const awaited = same(this.forced.get(id), value); // it has been written before, and its report is still on its way
    this.values[id] = value;
    this.forced.set(id, value); // before it is written: a component may report at once
    if (!this.write(control, value) && !awaited) this.forced.delete(id);
  }

  /** What a component says; false if that is no news: a number that is being typed, or older than what the page already knows.
   * @param {Control} c @param {Value | null | undefined} v @param {number} now ms */
  take(c, v, now) {
    if (v == null || (v === "" && c.default !== "")) return false;
    if (this.forced.has(c.id)) {
      if (!same(this.forced.get(c.id), v)) return false;
      this.forced.delete(c.id);
    }
    const seen = this.ahead.get(c.id);
    if (seen && !same(seen.value, v) && now < seen.until) return false;
    this.ahead.delete(c.id);
    this.values[c.id] = v;
    return true;
  }
}
