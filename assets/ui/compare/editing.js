// Which stage the controls belong to, above them: one by its number, or all.
import { el } from "../lib/dom.js";

export class Editing {
  /** @param {{select: (n: number) => void, all: (on: boolean) => void}} asked */
  constructor(asked) {
    this.asked = asked;
    this.buttons = el("div", { className: "pg-editing-which" });
    this.buttons.setAttribute("role", "group");
    this.buttons.setAttribute("aria-label", "Which stage the controls edit");
    const head = el("h2", { textContent: "Editing" });
    head.dataset.term = "word.stages";
    this.box = el("section", { className: "pg-editing", hidden: true }, head, this.buttons, el("p", { textContent: "Data, seed, particles and noise are shared by all." }));
  }

  /** @param {HTMLElement} root */
  mount(root) { root.append(this.box); }

  /** @param {number} count of the stages @param {number} at which is selected @param {boolean} all does every change go to all? */
  show(count, at, all) {
    this.box.hidden = count < 2;
    if (count < 2) return this.buttons.replaceChildren();
    while (this.buttons.children.length > count + 1) this.buttons.children[0].remove();
    while (this.buttons.children.length < count + 1) this.buttons.append(el("button", { type: "button" }));
    [.../** @type {HTMLCollectionOf<HTMLButtonElement>} */ (this.buttons.children)].forEach((button, n) => {
      const every = n === count;
      button.textContent = every ? "all" : String(n + 1);
      button.title = every ? "Every change goes to all stages; choices that a stage cannot have it says." : `The controls are those of stage ${n + 1}. Key ${n + 1}.`;
      button.setAttribute("aria-pressed", String(every ? all : !all && n === at));
      button.onclick = () => {
        this.asked.all(every);
        if (!every) this.asked.select(n);
      };
    });
  }
}
