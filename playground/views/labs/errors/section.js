import { el } from "../../lib/dom.js";

const BUSY_AFTER = 300; // ms

/** A section with a title, a line of words on its right, and a thin progress line while it waits. */
export class Section {
  timer = 0;

  /** @param {string} name @param {string} title @param {string} tip */
  constructor(name, title, tip) {
    this.title = el("span", { className: "pg-err-title", textContent: title, title: tip });
    this.word = el("span", { className: "pg-err-word" });
    this.head = el("header", {}, this.title, this.word);
    this.body = el("div", { className: "pg-err-body" });
    this.foot = el("p", { className: "pg-err-foot" });
    this.box = el("section", { className: `pg-err pg-err-${name}` }, this.head, this.body, this.foot);
  }

  /** @param {boolean} on */
  busy(on) {
    clearTimeout(this.timer);
    if (on) this.timer = setTimeout(() => this.box.classList.add("pg-err-busy"), BUSY_AFTER);
    else this.box.classList.remove("pg-err-busy");
  }

  /** Words in place of the picture: what cannot be shown, and why; "": it is shown. @param {string} words */
  say(words) {
    this.box.classList.toggle("pg-err-none", Boolean(words));
    this.body.dataset.why = words;
  }
}
