// Tiles (distributions) and pills (processes, models): one radiogroup with a roving tabindex.
import { el } from "../lib/dom.js";
import { Picker } from "./picker.js";
import { thumb } from "./thumbs.js";

/** @typedef {import("./picker.js").Choice} Choice */
/** @typedef {{button: HTMLButtonElement, choice: Choice}} Item */

/** The item below (step 1) or above (step −1) another one. @param {readonly Item[]} items @param {number} at @param {number} step */
function vertical(items, at, step) {
  const from = items[at].button.getBoundingClientRect(), x = from.left + from.width / 2;
  let best = -1, cost = Infinity;
  items.forEach(({ button }, i) => {
    const r = button.getBoundingClientRect(), dy = (r.top - from.top) * step;
    if (dy < 4) return;
    const c = dy * 10 + Math.abs(r.left + r.width / 2 - x);
    if (c < cost) [cost, best] = [c, i];
  });
  return best < 0 ? at : best;
}

export class Radios extends Picker {
  /** @type {Item[]} */
  items = [];
  /** By group. @type {Map<string, HTMLElement>} */
  boxes = new Map();

  /** @param {import("../page.js").Component} component @param {import("./pickers.js").Pickers} all */
  constructor(component, all) {
    super(component, all);
    /** The picker whose value says which group is offered; "": all are. @type {string} */
    this.outer = this.props.payload.of;
    this.root.className = "pg-radios";
    this.root.setAttribute("role", "radiogroup");
    this.root.setAttribute("aria-label", this.label);
    this.grouped = new Set(this.choices.map((c) => c.group)).size > 1;
    for (const c of this.choices) this._item(c);
    this.root.addEventListener("keydown", (e) => this._key(e));
    this.place.replaceChildren(this.root);
  }

  /** @param {Choice} c */
  _box({ group, page }) {
    const had = this.boxes.get(group);
    if (had) return had;
    const box = el("div", { className: "pg-group" }), last = [...this.boxes.values()].at(-1);
    if (this.grouped) box.dataset.group = group;
    if (page) box.dataset.page = page;
    if (last) last.after(box);
    else this.root.append(box);
    this.boxes.set(group, box);
    return box;
  }

  /** @param {Choice} choice */
  _item(choice) {
    const button = el("button", { type: "button", className: `pg-item pg-kind-${choice.kind || "word"}` });
    button.setAttribute("role", "radio");
    button.dataset.key = choice.key;
    button.append(thumb(choice) || choice.title);
    if (button.textContent !== choice.title) button.setAttribute("aria-label", choice.title);
    if (!choice.thumb && choice.hint) button.append(el("span", { className: "pg-hint", textContent: choice.hint }));
    button.addEventListener("click", () => this.choose(choice.key));
    this.items.push({ button, choice });
    this._box(choice).append(button);
  }

  /** Another entry, in the last place or in its group. @param {Choice} c */
  add(c) {
    if (this.items.some(({ choice }) => choice.key === c.key && choice.group === c.group)) return;
    this.choices.push(c);
    this._item(c);
    this.refresh();
  }

  /** Takes a group off the page. @param {string} group */
  drop(group) {
    this.items = this.items.filter(({ choice }) => choice.group !== group);
    this.choices = this.choices.filter((c) => c.group !== group);
    this.boxes.get(group)?.remove();
    this.boxes.delete(group);
    this.refresh();
  }

  /** The group that is offered for the outer picker's value, "" where there is none of its own; null: all groups are. */
  _group() {
    if (!this.outer) return null;
    const value = this.all.of(this.outer)?.value;
    return value !== undefined && this.boxes.has(value) ? value : "";
  }

  refresh() {
    const group = this._group(), current = this.items.find(({ choice }) => choice.key === this.value && (group === null || choice.group === group));
    for (const [name, box] of this.boxes) {
      box.hidden = group !== null && name !== group;
      box.classList.toggle("pg-alone", box.childElementCount === 1);
    }
    for (const item of this.items) {
      const { button, choice } = item, on = item === current;
      button.setAttribute("aria-checked", String(on));
      button.setAttribute("aria-disabled", String(Boolean(this.why(choice.key))));
      button.tabIndex = on || (!current && item === this.items[0]) ? 0 : -1;
      button.dataset.tip = this.tipOf(choice);
      button.hidden = !this.here(choice);
    }
  }

  /** @param {KeyboardEvent} e */
  _key(e) {
    const items = this.items.filter(({ button }) => button.offsetParent); // toys and images hide each other
    const at = items.findIndex(({ button }) => button === document.activeElement);
    if (at < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
    let to = -1;
    if (e.key === "ArrowRight") to = (at + 1) % items.length;
    else if (e.key === "ArrowLeft") to = (at - 1 + items.length) % items.length;
    else if (e.key === "ArrowDown" || e.key === "ArrowUp") to = vertical(items, at, e.key === "ArrowDown" ? 1 : -1);
    else if (e.key === "Home") to = 0;
    else if (e.key === "End") to = items.length - 1;
    else if (e.key === "Enter" || e.key === " ") to = at;
    else to = this.typeAhead(e.key, items.map(({ choice }) => choice), at);
    if (to < 0) return;
    e.preventDefault();
    for (const item of this.items) item.button.tabIndex = item === items[to] ? 0 : -1;
    items[to].button.focus();
    this.choose(items[to].choice.key);
  }
}
