// A menu (schedule, sampler, grid): a combobox whose listbox stands over the page, with a search box where there is much to choose.
import { el, must } from "../lib/dom.js";
import { tip } from "../lib/tip.js";
import { Picker, plain } from "./picker.js";
import { thumb } from "./thumbs.js";

/** @typedef {import("./picker.js").Choice} Choice */

const MANY = 12; // entries, from which on they can be searched

/** @param {Element} node @param {Record<string, string>} told */
const attributes = (node, told) => {
  for (const [name, value] of Object.entries(told)) node.setAttribute(name, value);
};

export class Menu extends Picker {
  /** What stands over the page while it is open. @type {HTMLElement | null} */
  list = null;
  /** The entries that are listed, and which of them is marked. */
  visible = this.choices;
  active = -1;
  /** Where the button stood when the list was placed, in pixels from the top. */
  stood = 0;
  /** The entry whose picture stands beside the word. @type {string | null} */
  pictured = null;

  /** @param {import("../page.js").Component} component @param {import("./pickers.js").Pickers} all */
  constructor(component, all) {
    super(component, all);
    this.declared = this.choices;
    this.id = `pg-list-${this.slot.replace(/\W/g, "-")}`;
    this.words = el("span", { className: "pg-shown" });
    this.picture = el("span", { className: "pg-mini" });
    this.button = el("button", { type: "button", className: "pg-combo" }, this.picture, this.words);
    attributes(this.button, { role: "combobox", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": this.id, "aria-label": this.label });
    this.root = el("div", { className: "pg-menu-row" }, el("span", { className: "pg-label", textContent: this.label }), this.button);
    this.place.replaceChildren(this.root);
    this.button.addEventListener("click", () => (this.list ? this.close() : this.open()));
    this.button.addEventListener("keydown", (e) => this._key(e));
  }

  refresh() {
    const more = this.all.rules.more(this.slot); // what can be chosen here beside the declared entries
    this.choices = [...this.declared, ...more.filter((m) => !this.declared.some((x) => x.key === m.key))];
    const c = this.choices.find((x) => x.key === this.value), rests = this.all.rules.idle(this.slot);
    this.words.textContent = c ? c.title : /^[{[]|^mix\d/.test(this.value) ? "own mixture" : String(this.value ?? "");
    this.button.dataset.tip = rests ? `${this.label} does nothing now: ${rests}` : c ? this.tipOf(c) : "";
    this.button.setAttribute("aria-disabled", String(Boolean(rests)));
    if (c && this.pictured !== c.key) {
      const small = c.kind === "curve" ? thumb(c, "pg-thumb pg-inline") : null;
      this.picture.replaceChildren(...(small ? [small] : []));
      this.pictured = c.key;
    }
    if (this.list) this._fill(this.list);
  }

  /** Lists the entries that have the searched letters in their words. @param {HTMLElement} list */
  _fill(list, filter = "") {
    const want = plain(filter), box = must(list, "[role=listbox]");
    this.visible = this.choices.filter((c) => this.here(c) && plain(c.title + c.group + c.hint).includes(want));
    box.replaceChildren();
    /** @type {string | null} */
    let group = null;
    /** @type {HTMLElement} */
    let node = box;
    this.visible.forEach((c, i) => {
      if (c.group !== group) {
        group = c.group;
        node = group ? this._group(group, `${this.id}-g${i}`) : box;
        if (node !== box) box.append(node);
      }
      node.append(this._option(c, i));
    });
    if (!this.visible.length) box.append(el("div", { className: "pg-none", textContent: "nothing by this name" }));
    this._mark(Math.max(0, this.visible.findIndex((c) => (want ? plain(c.title).startsWith(want) : c.key === this.value))));
  }

  /** @param {string} title @param {string} id */
  _group(title, id) {
    const node = el("div", { className: "pg-options" }, el("div", { className: "pg-options-title", textContent: title, id }));
    attributes(node, { role: "group", "aria-labelledby": id });
    return node;
  }

  /** @param {Choice} c @param {number} i */
  _option(c, i) {
    const no = this.why(c.key), picture = thumb(c), option = el("div", { className: "pg-option", id: `${this.id}-${i}` });
    attributes(option, { role: "option", "aria-selected": String(c.key === this.value), "aria-disabled": String(Boolean(no)) });
    option.dataset.key = c.key;
    option.dataset.tip = this.tipOf(c);
    if (picture) option.append(picture);
    option.append(el("span", { className: "pg-option-title", textContent: c.title }), el("span", { className: "pg-hint", textContent: c.hint }));
    if (no) option.append(el("span", { className: "pg-why", textContent: no }));
    option.addEventListener("pointermove", () => this._mark(i, false));
    option.addEventListener("click", () => this._pick(i));
    return option;
  }

  /** @param {number} i */
  _mark(i, scroll = true) {
    if (!this.list) return;
    this.active = Math.max(0, Math.min(this.visible.length - 1, i));
    this.list.querySelectorAll(".pg-option").forEach((o, j) => o.classList.toggle("active", j === this.active));
    const marked = this.list.querySelector(`#${CSS.escape(`${this.id}-${this.active}`)}`);
    if (!marked) return;
    this.button.setAttribute("aria-activedescendant", marked.id);
    this.list.querySelector("input")?.setAttribute("aria-activedescendant", marked.id);
    if (scroll) marked.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} i */
  _pick(i) {
    const c = this.visible[i];
    if (c && this.choose(c.key)) this.close();
  }

  open() {
    if (this.list || this.button.ariaDisabled === "true") return;
    const list = (this.list = el("div", { className: "pg-pop" }));
    attributes(list, { role: "region", "aria-label": `${this.label}: what there is` }); // it stands outside of the page's own parts
    const box = el("div", { className: "pg-listbox", id: this.id, tabIndex: -1 });
    attributes(box, { role: "listbox", "aria-label": this.label });
    if (this.choices.length > MANY) {
      const search = el("input", { type: "search", className: "pg-search", placeholder: "search", autocomplete: "off" });
      search.setAttribute("aria-controls", this.id);
      search.addEventListener("input", () => this._fill(list, search.value));
      search.addEventListener("keydown", (e) => this._key(e));
      list.append(search);
    }
    list.append(box);
    document.body.append(list); // outside the scrolling column, so that nothing cuts it off
    this._fill(list);
    this._place(list);
    this.button.setAttribute("aria-expanded", "true");
    this._mark(this.active);
    list.querySelector("input")?.focus();
    document.addEventListener("pointerdown", this._outside, true);
    addEventListener("resize", this.close);
    document.addEventListener("scroll", this._scrolled, true);
  }

  /** @param {HTMLElement} list */
  _place(list) {
    const r = this.button.getBoundingClientRect(), h = Math.min(420, innerHeight - 24);
    this.stood = r.top;
    list.style.maxHeight = `${h}px`;
    list.style.minWidth = `${Math.max(r.width, 236)}px`;
    const b = list.getBoundingClientRect();
    list.style.left = `${Math.max(8, Math.min(r.left, innerWidth - b.width - 8))}px`;
    list.style.top = `${Math.max(8, Math.min(r.bottom + 4, innerHeight - b.height - 8))}px`;
  }

  close = () => {
    if (!this.list) return;
    this.list.remove();
    this.list = null;
    this.button.setAttribute("aria-expanded", "false");
    this.button.removeAttribute("aria-activedescendant");
    document.removeEventListener("pointerdown", this._outside, true);
    removeEventListener("resize", this.close);
    document.removeEventListener("scroll", this._scrolled, true);
    this.button.focus({ preventScroll: true });
  };

  /** @param {Event} e */
  _outside = (e) => {
    if (!this._within(e) && !this.button.contains(/** @type {Node} */ (e.target))) this.close();
  };
  /** @param {Event} e */
  _scrolled = (e) => {
    if (!this._within(e) && this.button.getBoundingClientRect().top !== this.stood) this.close(); // a scroll from before it opened may be told late
  };
  /** @param {Event} e */
  _within(e) { return Boolean(this.list?.contains(/** @type {Node} */ (e.target))); }

  /** @param {KeyboardEvent} e */
  _key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (!this.list) return this._closedKey(e);
    const searching = e.target instanceof HTMLInputElement;
    if (e.key === "ArrowDown") this._mark(this.active + 1);
    else if (e.key === "ArrowUp") this._mark(this.active - 1);
    else if (e.key === "Home" && !searching) this._mark(0);
    else if (e.key === "End" && !searching) this._mark(this.visible.length - 1);
    else if (e.key === "Enter" || (e.key === " " && !searching)) this._pick(this.active);
    else if (e.key === "Escape" || e.key === "Tab") {
      this.close();
      if (e.key === "Tab") return;
    } else {
      if (searching) return;
      const to = this.typeAhead(e.key, this.visible, this.active);
      if (to < 0) return;
      this._mark(to);
    }
    e.preventDefault();
    e.stopPropagation();
    const marked = this.list?.querySelector(".pg-option.active");
    if (marked instanceof HTMLElement) tip.show(marked); // the focus stays where it is
  }

  /** @param {KeyboardEvent} e */
  _closedKey(e) {
    if (this.button.ariaDisabled === "true") return;
    if (["ArrowDown", "ArrowUp", "Enter", " "].includes(e.key)) this.open();
    else {
      const to = this.typeAhead(e.key, this.choices, this.choices.findIndex((c) => c.key === this.value));
      if (to < 0) return;
      this.choose(this.choices[to].key);
    }
    e.preventDefault();
  }
}
