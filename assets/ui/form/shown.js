// What is shown of the form: the parameters of what is chosen, what is dim because it does nothing now, what is refused, and the same in a few chips.
import { el } from "../lib/dom.js";
import { drawer } from "./drawer.js";

/** @typedef {import("./query.js").Control} Control */

/** @param {HTMLElement} node @param {string} name @param {string} words "" takes it away */
const describe = (node, name, words) => (words ? node.setAttribute(name, words) : node.removeAttribute(name));

/** Marks the control that was refused; none: all are well. @param {string} [id] */
export const mark = (id) => {
  for (const node of document.querySelectorAll(".pg-refused")) node.classList.remove("pg-refused");
  if (id) document.getElementById(id)?.classList.add("pg-refused");
};

export class FormShown {
  // one style element, which survives whatever Svelte renders anew
  sheet = document.head.appendChild(document.createElement("style"));

  /** @param {import("./chosen.js").Chosen} chosen @param {import("./judge.js").Judge} judge @param {import("../pickers/pickers.js").Pickers} pickers
   * @param {import("./titles.js").Titles} titles @param {() => boolean} board is the board shown, and not the stage? */
  constructor(chosen, judge, pickers, titles, board) {
    this.board = board;
    this.chosen = chosen;
    this.judge = judge;
    this.pickers = pickers;
    this.titles = titles;
    const { controls } = chosen.grammar;
    this.choices = controls.filter((c) => c.type === "choice");
    this.maybeIdle = controls.filter((c) => (c.when || c.path.includes(".")) && c.id !== "pg-mode");
    for (const name of ["keydown", "beforeinput"]) document.addEventListener(name, (e) => this.tie(e), true);
  }

  show() {
    const { chosen } = this;
    this.judge.hear();
    this.parameters();
    this.pickers.show(chosen.values);
    this.dim();
    this.refuse();
    document.body.dataset.page = chosen.pictures ? "images" : "toys";
    this.page();
    const unit = document.querySelector('#pg-particles [data-testid="block-info"]');
    if (unit) unit.textContent = this.titles.unit;
    this.chips();
  }

  /** Which page's name in the header is on. */
  page() {
    const page = this.board() ? "board" : document.body.dataset.page;
    for (const a of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("nav a[data-page]"))) {
      a.classList.toggle("on", a.dataset.page === page);
      a.ariaCurrent = a.dataset.page === page ? "page" : null;
    }
  }

  /** The verdict has changed. */
  judged() {
    this.pickers.refresh();
    this.refuse();
  }

  /** Of every choice the parameters, and no others'. */
  parameters() {
    const { chosen } = this, { grammar, process } = chosen, { config } = grammar;
    const on = ["process", "sampler", "grid", "guidance"].map((slot) => `#pg-${slot}-${chosen.of(slot)}`);
    if (config.families.processes[process]?.schedule) on.push("#pg-process-schedule-row", `#pg-schedule-${chosen.of("schedule")}`);
    for (const slot of Object.keys(config.nested)) { // a choice within a choice: its group stands in that of the outer one, which hides it
      const [kind, path] = slot.split(":"), found = grammar.control(path, kind);
      if (found) on.push(`#${found.id}-${chosen.values[found.id]}`);
    }
    const css = `${on.join(",")}{display:flex!important}`;
    if (this.sheet.textContent !== css) this.sheet.textContent = css;
  }

  /** Of a few words those that the judge refuses cannot be chosen, and say why. */
  refuse() {
    for (const c of this.choices) {
      for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(`#${c.id} input[type=radio]`))) {
        const no = this.judge.why(c.path, input.value), label = input.closest("label");
        if (label) {
          if ((label.dataset.tip ?? "") !== no) describe(label, "data-tip", no);
          label.classList.toggle("pg-no", Boolean(no));
        }
        input.disabled = Boolean(no) && !input.checked;
      }
    }
  }

  /** What does nothing now is dim and says why; its hands are tied, but the keyboard still comes by to hear it. */
  dim() {
    const { help } = this.chosen.grammar.config;
    for (const c of this.maybeIdle) {
      const box = document.getElementById(c.id);
      if (!box) continue;
      const why = this.judge.idleOf(c), words = why && `Does nothing now: ${why}.${help[c.id] ? `\n${help[c.id]}` : ""}`;
      for (const node of [box, document.getElementById(`${c.id}-row`)]) {
        if (!node || (node.dataset.idle ?? "") === words) continue;
        node.dataset.idle = words;
        node.classList.toggle("pg-idle", Boolean(why));
        describe(node, "data-tip", words);
        for (const part of /** @type {NodeListOf<HTMLElement>} */ (node.querySelectorAll("input, textarea"))) {
          describe(part, "data-tip", words);
          describe(part, "aria-disabled", why && "true");
          describe(part, "aria-description", words);
        }
      }
    }
  }

  /** @param {Event} e */
  tie(e) {
    if (!(e.target instanceof Element) || !e.target.matches(".pg-idle :is(input, textarea)")) return;
    if (e instanceof KeyboardEvent && (["Tab", "Escape"].includes(e.key) || e.ctrlKey || e.metaKey)) return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** The summary above the stage on a phone, each a way into the drawer. */
  chips() {
    const box = /** @type {HTMLElement | null} */ (document.querySelector(".pg-chips"));
    if (!box) return;
    const words = this.titles.summary(), told = words.join();
    if (box.dataset.told === told) return;
    box.dataset.told = told;
    box.replaceChildren(...words.map(([section, text]) => {
      const b = el("button", { type: "button", className: "pg-chip", textContent: text });
      b.addEventListener("click", () => drawer.show(true, section));
      return b;
    }));
  }
}
