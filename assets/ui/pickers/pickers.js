// The pickers of the form (tiles and pills, menus) and the logarithmic rails, by what they set; and what every picker does. What cannot be chosen stays
// visible and says why.
import { Menu } from "./menu.js";
import { Radios } from "./radios.js";
import { Rail } from "./rail.js";

/** @typedef {import("../page.js").Component} Component */
/** @typedef {import("./picker.js").Picker} Picker */
/** @typedef {import("./picker.js").Rules} Rules */

export class Pickers {
  /** @type {Map<string, Picker>} */
  bySlot = new Map();
  /** @type {Rail[]} */
  rails = [];
  /** What else goes by what can be chosen. @type {(() => void)[]} */
  followers = [];

  /** @param {Rules} rules */
  constructor(rules) {
    this.rules = rules;
  }

  /** @param {string} slot a field, with the kind that it belongs to where there are several ("VP:process.schedule") */
  of(slot) { return this.bySlot.get(slot); }

  /** The tiles of the data, which the page cannot be without. */
  get data() { return /** @type {Radios} */ (this.bySlot.get("data")); }
  /** The pills of who predicts. */
  get model() { return /** @type {Radios} */ (this.bySlot.get("model")); }

  /** The worlds of the data that are chosen (Choice.world of playground/ui/picker.py); data of one's own are of the first one's. */
  worlds() {
    const data = this.bySlot.get("data");
    if (!data) return [];
    return (data.choices.find((c) => c.key === data.value) ?? data.choices[0])?.world?.split(" ") ?? [];
  }

  /** Called when Gradio mounts a picker. @param {Component} component */
  mount(component) {
    const made = component.props.payload.layout === "menu" ? new Menu(component, this) : new Radios(component, this);
    this.bySlot.set(made.slot, made);
    made.refresh();
    component.watch("value", () => made.heard());
  }

  /** Called when Gradio mounts a rail. @param {Component} component @param {(id: string) => unknown} valueOf */
  mountRail(component, valueOf) { this.rails.push(new Rail(component, valueOf)); }

  refresh() {
    for (const picker of this.bySlot.values()) picker.refresh();
    for (const follow of this.followers) follow();
  }

  /** @param {import("../form/query.js").Values} values */
  show(values) {
    this.refresh();
    for (const rail of this.rails) rail.show(values[rail.target]);
  }
}
