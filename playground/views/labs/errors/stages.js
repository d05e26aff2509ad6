import { el } from "../../lib/dom.js";

/** @typedef {import("../../page.js").Beside} Beside */

/** The numbers of stages as toggles: each hides its bars or shows them. */
export class Words {
  /** Of those that are hidden. @type {Set<number>} */
  off = new Set();
  box = el("span", { className: "pg-err-stages", hidden: true });
  said = "";

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", "Stages in this plot");
  }

  /** @param {Beside[]} stages none: one stands alone */
  show(stages) {
    const now = JSON.stringify(stages.map(({ n, words }) => [n, words]));
    if (now === this.said) return;
    this.said = now;
    this.box.hidden = !stages.length;
    this.box.replaceChildren(...stages.map((stage) => this.word(stage)));
  }

  /** @param {Beside} stage */
  word({ n, role, words }) {
    const word = el("button", { type: "button", className: "pg-err-stage", textContent: String(n), title: `Stage ${n}: ${words}. Click to hide or show.` });
    word.style.setProperty("--role", `var(--pg-${role})`);
    word.setAttribute("aria-pressed", String(!this.off.has(n)));
    word.addEventListener("click", () => {
      if (!this.off.delete(n)) this.off.add(n);
      word.setAttribute("aria-pressed", String(!this.off.has(n)));
      this.changed();
    });
    return word;
  }
}
