// What every picker is: a component of Gradio whose value is the key of the chosen entry.

/** @typedef {import("../page.js").Component} Component */
/**
 * @typedef {object} Choice An entry (Choice of playground/ui/picker.py).
 * @property {string} key
 * @property {string} title
 * @property {string} tip
 * @property {string} group
 * @property {string} hint a few words on its right
 * @property {string} kind of its picture
 * @property {string} [thumb] its picture, as base64
 * @property {string} [page] "toys" or "images": where its group is shown
 * @property {string} [world] of data the capabilities of their space, of a choice those that it is made for
 */
/**
 * @typedef {object} Rules
 * @property {(slot: string, key: string) => string} why an entry cannot be chosen now, or ""
 * @property {(slot: string) => string} idle why a picker does nothing now, or ""
 * @property {(slot: string) => Choice[]} more what can be chosen beside the declared entries
 */

/** Letters and digits alone, for what is typed and searched. @param {string} words */
export const plain = (words) => words.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "");

const TYPING = 700; // ms between letters of one word

export class Picker {
  typed = "";
  typedAt = 0;
  /** What the page shows of it. @type {HTMLElement} */
  root;

  /** @param {Component} component @param {import("./pickers.js").Pickers} all */
  constructor({ element, props }, all) {
    const { slot, label, choices } = props.payload;
    this.element = element;
    this.props = props;
    this.all = all;
    /** @type {string} The field that it sets. */
    this.slot = slot;
    /** @type {string} */
    this.label = label;
    /** @type {Choice[]} */
    this.choices = choices;
    this.root = document.createElement("div");
  }

  /** The key that is chosen, for Python and for the API too.
   * @returns {string} */
  get value() { return this.props.value; }

  get place() { return this.element.querySelector(".pg-picker") ?? this.element; }

  /** The component has another value. The template is constant, but Gradio may have rendered it anew. */
  heard() {
    if (!this.element.contains(this.root)) this.place.replaceChildren(this.root);
    this.refresh();
  }

  /** Shows what is chosen, and what can be. */
  refresh() {}

  /** False: it says so already, and reports nothing. @param {string} key */
  set(key) {
    const news = key !== this.value;
    if (news) this.props.value = key; // fires the component's change event
    this.refresh();
    return news;
  }

  /** A hand chooses. False: it cannot. @param {string} key */
  choose(key) {
    if (this.why(key)) return false;
    if (key !== this.value) this.set(key);
    return true;
  }

  /** @param {string} key */
  why(key) { return this.all.rules.why(this.slot, key); }

  /** Is an entry of the world of the data that are chosen? What is of none, or chosen itself, is of all. @param {Choice} c */
  here(c) {
    if (this.slot === "data" || !c.world || c.key === this.value) return true;
    const of = c.world.split(" ");
    return this.all.worlds().some((word) => of.includes(word));
  }

  /** @param {Choice} c */
  tipOf(c) {
    const no = this.why(c.key);
    return no ? `${c.title}: ${no}\n${c.tip}` : c.tip.startsWith(c.title) ? c.tip : `${c.title}: ${c.tip}`;
  }

  /** Index of the next entry that starts with what is being typed; -1: none, or no letter.
   * @param {string} key @param {readonly Choice[]} list @param {number} from */
  typeAhead(key, list, from) {
    if (key.length !== 1 || key === " ") return -1;
    const now = performance.now();
    this.typed = now - this.typedAt > TYPING ? key : this.typed + key;
    this.typedAt = now;
    const want = plain(this.typed), start = this.typed.length > 1 ? from : from + 1;
    for (let i = 0; i < list.length; i++) {
      const at = (start + i) % list.length;
      if (plain(list[at].title).startsWith(want)) return at;
    }
    return -1;
  }
}

