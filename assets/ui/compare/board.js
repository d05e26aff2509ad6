// Where several stages stand: a row with the words of the layers above them, the cells, and what the time bar has more.
import { el } from "../lib/dom.js";
import { config } from "../lib/start.js";
import { tip } from "../lib/tip.js";
import { columnsFor } from "./rules.js";

/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("./clock.js").Unit} Unit */

const PHONE = 820; // in a window of at most this width stages are swiped
const HEAD = 48; // of a cell, about

/** What the glossary says of a unit of the clock. @param {string} unit */
const entry = (unit) => config.glossary[`clock.${unit}`];

export class Board {
  /** @param {Stage} lead @param {{add: () => void, unit: (unit: Unit) => void, overlay: () => void, flow: () => void}} asked */
  constructor(lead, asked) {
    this.lead = lead;
    this.on = false;
    this.alone = false; // is only the selected stage seen?
    this.top = el("div", { className: "pg-stages-top" });
    this.grid = el("div", { className: "pg-stages" });
    this.grid.setAttribute("role", "group");
    this.grid.setAttribute("aria-label", "Stages beside each other");
    this.box = el("div", { className: "pg-stages-box" }, this.top, this.grid);
    this.more = el("button", { type: "button", className: "pg-btn pg-stage-more", textContent: "+" });
    this.more.setAttribute("aria-label", "Add a stage");
    this.more.addEventListener("click", asked.add);
    tip.on(this.more, () => `A further stage, which begins as a copy of the selected one. ${config.compare.most} at most.`);
    this.overlay = el("button", { type: "button", className: "pg-btn pg-stage-over", innerHTML: '<svg viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" stroke-width="1.6" aria-hidden="true"><circle cx="6" cy="8" r="4"/><circle cx="10" cy="8" r="4"/></svg><span>overlay</span>' });
    this.overlay.setAttribute("aria-label", "overlay");
    this.overlay.dataset.term = "word.twins";
    this.overlay.addEventListener("click", asked.overlay);
    this.flow = el("button", { type: "button", className: "pg-btn pg-flow-over", innerHTML: '<svg viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" stroke-width="1.6" aria-hidden="true"><path d="M2 13C6 13 6 4 14 3"/><path d="M2 13 8 10 14 8" stroke-dasharray="2 2"/></svg>' });
    this.flow.setAttribute("aria-label", "exact flow");
    this.flow.setAttribute("aria-pressed", "false");
    this.flow.dataset.term = "word.flow";
    this.flow.addEventListener("click", asked.flow);
    this.compare = el("button", { type: "button", className: "pg-btn pg-compare-stages", innerHTML: '<svg viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" stroke-width="1.6" aria-hidden="true"><path d="M2 3h5v10H2zM9 3h5v10H9z"/></svg>' });
    this.compare.setAttribute("aria-label", "Compare");
    this.compare.dataset.term = "word.stages";
    this.compare.addEventListener("click", asked.add);
    lead.frame.bar.tools.prepend(this.compare, this.flow);
    const unit = (this.unit = el("select", { className: "pg-speed pg-unit", hidden: true, innerHTML: config.compare.units.map(({ key }) => `<option value="${key}">${entry(key).name}</option>`).join("") }));
    unit.setAttribute("aria-label", "The clock counts");
    unit.addEventListener("change", () => asked.unit(/** @type {Unit} */ (unit.value)));
    tip.on(unit, () => `The clock of all stages counts: ${entry(unit.value).text}`);
    this.said = el("span", { className: "pg-unit-said", hidden: true });
    lead.frame.bar.scrub.before(unit, this.said);
    this.sized = new ResizeObserver(() => this.arrange());
  }

  /** Several stages in the place of one, or one again. @param {boolean} on */
  show(on) {
    const { lead: { ui, root, frame } } = this;
    if (on === this.on) return;
    this.on = on;
    root.classList.toggle("pg-several", on);
    this.unit.hidden = !on;
    this.compare.hidden = on;
    if (on) {
      root.prepend(this.box);
      this.top.append(frame.legend.box, this.overlay, this.flow, this.more);
      this.box.prepend(frame.toast.box);
      this.sized.observe(this.grid);
    } else {
      this.sized.disconnect();
      this.compare.after(this.flow);
      this.said.hidden = true;
      root.prepend(ui.view);
      ui.head.prepend(frame.legend.box);
      ui.head.append(frame.caption.box);
      ui.view.append(frame.toast.box);
      this.box.remove();
    }
  }

  /** @param {Place[]} places in their order, each with what draws it */
  fill(places) {
    const { grid, lead } = this, cells = places.map(({ cell }) => cell);
    if (cells.some((cell, n) => grid.children[n] !== cell) || grid.children.length !== cells.length) grid.replaceChildren(...cells);
    for (const { stage, cell, moment } of places) {
      if (!stage) continue;
      const view = stage === lead ? stage.ui.view : stage.root;
      if (view.parentElement !== cell) cell.append(view);
      if (stage.frame.caption.box.parentElement !== moment) moment.replaceChildren(stage.frame.caption.box);
    }
    for (const { stage, cell } of places) for (const child of [...cell.children]) if (child !== cell.firstElementChild && child !== (stage === lead ? lead.ui.view : stage?.root)) child.remove();
    this.arrange();
  }

  arrange() {
    const { grid } = this, count = grid.children.length, [main] = this.lead.run?.panels ?? [];
    const columns = grid.classList.contains("pg-over") ? 1 : columnsFor(count, grid.clientWidth, grid.clientHeight, HEAD, main?.a ? 1.25 : 2);
    grid.style.setProperty("--columns", String(columns));
    grid.style.setProperty("--rows", String(grid.classList.contains("pg-over") ? 1 : Math.ceil(count / columns)));
  }

  /** What lies over the selected stage: with another one nothing else is there. @param {boolean} on another stage @param {boolean} flow the exact flow */
  over(on, flow) {
    this.alone = on;
    this.overlay.setAttribute("aria-pressed", String(on));
    this.flow.setAttribute("aria-pressed", String(flow));
    if (this.grid.classList.toggle("pg-over", on) === on) this.arrange();
  }

  /** The clock's unit, and what it says. @param {Unit} unit @param {boolean} only can nothing else be counted? @param {string} words */
  tell(unit, only, words) {
    this.unit.value = unit;
    for (const option of this.unit.options) option.disabled = only && option.value !== "time";
    this.said.textContent = words;
    this.said.hidden = !words;
  }

  /** On a phone the selected stage is brought into sight. @param {Place} place */
  reveal(place) {
    if (window.innerWidth <= PHONE) this.grid.scrollTo({ left: place.cell.offsetLeft - this.grid.offsetLeft - 12 });
  }
}
