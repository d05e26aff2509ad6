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
      this.budget.show(packet.header);
      this.steps.show(packet);
      this.root.dataset.shown = packet.header.key;
    } catch (error) {
      if (aborted(error) || key !== this.key) return;
      for (const v of views) v.say(messageOf(error));
      this.root.dataset.shown = key;
    }
    for (const v of views) v.busy(false);
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
