import { aborted, messageOf } from "../../form/transport.js";
import { el } from "../../lib/dom.js";
import { momentsOf } from "../../stage/run.js";
import { BudgetView } from "./budget.js";
import { MapView } from "./map.js";
import { StepsView } from "./steps.js";

/** @typedef {import("../../page.js").LabPart} LabPart */
/** @typedef {import("../../lib/packet.js").Packet<import("../../python.js").RunHeader>} RunPacket */

/** @implements {LabPart} */
export class Errors {
  clock = 1;
  /** @type {RunPacket | null} */
  run = null;
  /** Of the run that is shown. */
  key = "";
  /** By runs. @type {Map<string, import("./packets.js").Budget>} */
  budgets = new Map();
  /** @type {import("../../page.js").Beside[]} */
  beside = [];
  /** The run and step that the map was asked for. */
  mapOf = "";

  /** @param {HTMLElement} root @param {import("../../page.js").Host} host */
  constructor(root, host) {
    this.root = root;
    this.host = host;
    this.budget = new BudgetView();
    this.map = new MapView(host);
    this.steps = new StepsView(host);
    const row = el("div", { className: "pg-errors" }, this.budget.box, this.map.box, this.steps.box);
    root.replaceChildren(row);
    new ResizeObserver(() => this.repaint()).observe(row);
    new MutationObserver(() => this.repaint()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-pg-theme"] });
  }

  repaint() {
    this.map.paint();
    this.steps.paint();
  }

  /** @param {RunPacket} run */
  setRun(run) {
    this.run = run;
    if (run.header.key === this.key) return;
    this.key = run.header.key;
    this.mapOf = "";
    this.ask();
    this.askMap(run);
  }

  async ask() {
    const { key } = this, views = [this.budget, this.steps];
    for (const v of views) v.busy(true);
    try {
      const packet = await this.host.fetch("errors");
      if (packet.header.key !== this.key) return;
      this.budget.say("");
      if (!this.beside.length) this.budgets.clear();
      this.budgets.set(packet.header.key, packet.header);
      this.showBudget();
      this.steps.show(packet);
      this.root.dataset.shown = packet.header.key;
    } catch (error) {
      if (aborted(error) || key !== this.key) return;
      for (const v of views) v.say(messageOf(error));
      this.root.dataset.shown = key;
    }
    for (const v of views) v.busy(false);
  }

  /** Of the stage that is shown, and of those beside it whose budgets are there. */
  showBudget() {
    const own = this.budgets.get(this.key);
    if (!own) return;
    this.budget.show(own, this.beside.flatMap((stage) => {
      const budget = this.budgets.get(stage.run.header.key);
      return budget ? [{ stage, budget }] : [];
    }));
  }

  /** All stages: their budgets come one after the other. @param {import("../../page.js").Beside[]} stages */
  async setBeside(stages) {
    this.beside = stages;
    const there = new Set([this.key, ...stages.map(({ run }) => run.header.key)]);
    for (const key of this.budgets.keys()) if (!there.has(key)) this.budgets.delete(key);
    this.showBudget();
    for (const stage of stages) {
      const { key } = stage.run.header;
      if (stage.selected || this.budgets.has(key)) continue;
      try {
        const { header } = await this.host.fetch("errors", {}, stage);
        this.budgets.set(header.key, header);
      } catch { // what has no budget has no bars here; its own lab says why
        continue;
      }
      if (this.beside !== stages) return;
      this.showBudget();
    }
  }

  /** The map of the step that the cursor is in; over (x, t) there is one map for all of them. @param {RunPacket} run */
  async askMap(run) {
    const grid = run.arrays["grid/clock"];
    if (!grid || grid.data.length < 2) return;
    const step = run.header.components.length === 1 ? 0 : Math.max(0, momentsOf(run).interval(this.clock) - 1), of = `${this.key}|${step}`;
    if (of === this.mapOf) return;
    this.mapOf = of;
    this.map.busy(true);
    try {
      const packet = /** @type {import("./map.js").MapPacket} */ (await this.host.fetch("errors-map", { step: step + 1 }));
      if (packet.header.key !== this.key) return;
      this.map.show(packet);
      this.map.box.dataset.shown = of;
    } catch (error) {
      if (aborted(error) || of !== this.mapOf) return;
      this.map.say(messageOf(error));
    }
    if (of === this.mapOf) this.map.busy(false);
  }

  /** @param {import("../../stage/run.js").Facts} info */
  cursor(info) {
    this.clock = info.c;
    this.map.place(info.c);
    this.steps.place(info.c, info.step);
    if (this.run) this.askMap(this.run);
  }
}
