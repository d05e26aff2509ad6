// One of several stages: its experiment, its cell on the page with its words and numbers, and what shows it.
import { el } from "../lib/dom.js";
import { tip } from "../lib/tip.js";
import { significant, subscripts, whole } from "../lib/numbers.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("../lib/packet.js").Packet<import("../python.js").MetricsHeader>} MetricsPacket */

export class Place {
  /** @param {Query} q @param {{select: (place: Place) => void, remove: (place: Place) => void, table: (place: Place) => string[]}} asked */
  constructor(q, { select, remove, table }) {
    /** What is asked for. */
    this.q = q;
    /** Its number in the link that it is of. */
    this.told = 0;
    /** What is shown, and what made it. @type {import("../form/loop.js").Shown | null} */
    this.shown = null;
    /** @type {MetricsPacket | null} */
    this.metrics = null;
    /** Why it cannot be shown as it is asked for. */
    this.why = "";
    /** What its number does. */
    this.does = "";
    /** What draws it: the page's own stage where it is selected. @type {Stage | null} */
    this.stage = null;
    /** Asks for it, where it is not. @type {import("./further.js").Further | null} */
    this.further = null;

    this.number = el("button", { type: "button", className: "pg-place-no" });
    this.number.addEventListener("click", () => select(this));
    this.words = el("span", { className: "pg-place-words" });
    tip.on(this.number, () => [this.does, ...table(this)].join("\n"));
    tip.on(this.words, () => [this.words.textContent, ...table(this), ...(this.shown?.run.header.notes ?? [])].join("\n"));
    this.said = el("div", { className: "pg-place-said" });
    this.moment = el("div", { className: "pg-place-moment" });
    this.far = el("b");
    this.cost = el("span");
    const numbers = el("div", { className: "pg-place-far" }, this.far, this.cost), away = el("button", { type: "button", className: "pg-place-away", textContent: "×" });
    numbers.dataset.term = "word.stages";
    this.numbers = numbers;
    this.away = away;
    away.addEventListener("click", (e) => {
      e.stopPropagation();
      remove(this);
    });
    this.head = el("header", { className: "pg-place-head" }, this.number, el("div", { className: "pg-place-what" }, this.words, this.moment, this.said), numbers, away);
    this.cell = el("section", { className: "pg-place" }, this.head);
    // what is not selected is selected by a click anywhere, which does nothing else there
    const other = () => this.further !== null;
    this.cell.addEventListener("pointerdown", (e) => other() && !this.head.contains(/** @type {Node} */ (e.target)) && e.stopPropagation(), true);
    this.cell.addEventListener("click", () => other() && select(this));
  }

  /** Its words and numbers. @param {number} n from 0 @param {boolean} selected @param {string} words what differs @param {string} colour */
  show(n, selected, words, colour) {
    const { cell, number } = this, label = `Stage ${n + 1}: ${words}`;
    number.textContent = String(n + 1);
    number.setAttribute("aria-pressed", String(selected));
    number.setAttribute("aria-label", `${selected ? "Selected stage" : "Select stage"} ${n + 1}`);
    this.does = selected ? `This stage is selected: the controls are its own. Key ${n + 1}.` : `Selects this stage: the controls become its own. Key ${n + 1}.`;
    this.away.setAttribute("aria-label", `Take stage ${n + 1} away`);
    this.away.title = "Takes this stage away.";
    this.words.textContent = words;
    this.said.textContent = this.why;
    this.said.hidden = !this.why;
    cell.setAttribute("aria-label", label);
    cell.classList.toggle("pg-selected", selected);
    cell.classList.toggle("pg-failed", this.why !== "");
    cell.style.setProperty("--pg-place", colour);
    this.showNumbers();
  }

  showNumbers() {
    const h = this.shown?.run.header, told = this.metrics?.header, mine = told?.key === h?.key ? told : null, m = mine?.metrics[0];
    const calls = h && h.mode !== "forward" ? `${whole(h.model_calls)} call${h.model_calls === 1 ? "" : "s"}` : "";
    this.far.textContent = h?.image ? "" : m ? significant(m.final) : h && told && told !== mine ? "…" : "–";
    this.cost.innerHTML = [m ? subscripts(m.label.split(",")[0]) : "", calls].filter(Boolean).join(" · ");
    this.numbers.title = m && mine ? `${m.label} of the last particles to ${mine.end}: ${significant(m.final)} ± ${significant(m.final_se, 1)}, floor ${significant(m.floor)} ± ${significant(m.floor_sd, 1)}.` : "";
    this.numbers.classList.toggle("pg-at-floor", Boolean(m && m.final <= m.floor + 2 * m.floor_sd));
  }
}
