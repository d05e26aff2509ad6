// The status line: what the picture cost and how far it is from the truth. Every number has a fixed width, so nothing jumps.
import { el, must } from "../lib/dom.js";
import { significant, subscripts, whole } from "../lib/numbers.js";
import { config } from "../lib/start.js";

/**
 * @typedef {import("../lib/packet.js").Packet<import("../python.js").RunHeader>} RunPacket
 * @typedef {import("../python.js").MetricsHeader} MetricsHeader
 * @typedef {import("../lib/packet.js").Packet<MetricsHeader>} MetricsPacket
 * @typedef {MetricsHeader["metrics"][number]} Metric
 *
 * @typedef {object} Cost  of the picture; NaN: not known
 * @property {number} calls  of the model
 * @property {number} steps  that the run makes
 * @property {number} compute  ms
 * @property {number} screen  ms from the control to the screen
 * @property {string} device
 * @property {string} dtype
 */

/** @param {number} ms */
const words = (ms) => (!Number.isFinite(ms) ? "–" : ms < 9.95 ? ms.toFixed(1) : ms < 9999 ? String(Math.round(ms)) : (ms / 1000).toFixed(1) + "k");

/** @typedef {"calls" | "steps" | "compute" | "screen"} Count */
/** @type {[name: Count, width: number, after: string, afterOne: string][]} */
const ITEMS = [
  // name (also in the glossary), digits that are kept free, words after the number and after a single one
  ["calls", 2, "model calls", "model call"],
  ["steps", 2, "steps", "step"],
  ["compute", 3, "ms compute", "ms compute"],
  ["screen", 3, "ms to screen", "ms to screen"],
];

const { measures } = config;
/**
 * How a measure was taken, or what its floor is of: its own words, with the numbers of the packet.
 * @param {{name: string}} measure
 * @param {"how" | "floor"} what
 * @param {MetricsHeader} h
 */
export const measured = (measure, what, h) => measures[measure.name][what].replace("{draws}", String(h.draws)).replace("{points}", whole(h.points));

class Status {
  /** @param {HTMLElement} root  becomes the line */
  constructor(root) {
    root.classList.add("pg-status");
    this.root = root;
    /** @param {string} name @param {string} html */
    const add = (name, html) => {
      const node = el("span", { className: "pg-status-item", innerHTML: html });
      node.dataset.item = name;
      node.dataset.term = `number.${name}`;
      return node;
    };
    const counts = ITEMS.map(([name, width, after]) => add(name, `<b style="min-width:${width}ch">–</b> <span>${after}</span>`));
    /** Where each number of ITEMS stands. */
    this.numbers = new Map(ITEMS.map(([name, , many, one], i) => [name, { b: must(counts[i], "b"), after: must(counts[i], "b + span"), many, one }]));
    this.steps = counts[1];
    this.away = add("distance", '<span class="pg-status-label">distance</span> <b style="min-width:5ch">–</b><span class="pg-status-sd"></span>' +
      '<span class="pg-status-floor"></span>');
    this.where = el("span");
    const device = add("device", "");
    device.append(this.where);
    root.replaceChildren(...counts, this.away, device);
    /** @type {Cost} */
    this.cost = { calls: NaN, steps: NaN, compute: NaN, screen: NaN, device: "", dtype: "" };
    this.key = ""; // of the run
    this.planned = 0; // steps on its grid, where it makes fewer
    this.budget = false; // the lab of errors has something to say of it
    this.distance(null);
  }

  /** A run, its metrics, milliseconds that it took to the screen; while images form what their steps have cost so far.
   * @param {{run?: RunPacket, metrics?: MetricsPacket, toScreen?: number, calls?: number, compute?: number}} change */
  update({ run, metrics, toScreen, calls, compute }) {
    const { cost } = this;
    if (run) this._run(run.header);
    if (calls !== undefined) cost.calls = calls;
    if (compute !== undefined) cost.compute = compute;
    if (toScreen !== undefined) cost.screen = toScreen || NaN;
    if (metrics && (!this.key || metrics.header.key === this.key)) this.distance(metrics.header);
    this._number("calls", whole(cost.calls));
    this._number("steps", `${whole(cost.steps)}${this.planned ? ` of ${whole(this.planned)}` : ""}`);
    this._number("compute", words(cost.compute));
    this._number("screen", words(cost.screen));
    const where = [cost.device, cost.dtype].filter(Boolean).join(" · ");
    if (this.where.textContent !== where) this.where.textContent = where;
  }

  /** @param {RunPacket["header"]} h */
  _run(h) {
    const fresh = h.key !== this.key, forward = h.mode === "forward";
    this.key = h.key;
    this.budget = !h.labs.errors;
    Object.assign(this.cost, { calls: forward ? NaN : h.model_calls, steps: h.steps, compute: h.compute_ms, device: h.device, dtype: h.dtype });
    // a run that starts late or stops early makes fewer steps than its grid has
    this.planned = !forward && h.planned !== h.steps ? h.planned : 0;
    this.steps.title = this.planned ? `${h.planned} steps on the grid, of which this run makes ${h.steps}: it starts late or stops early.` : "";
    if (fresh) this.away.classList.add("pg-stale");
    this.away.hidden = Boolean(h.image); // no exact samples to be compared with
  }

  /** @param {Count} name @param {string} text */
  _number(name, text) {
    const number = this.numbers.get(name);
    if (!number || number.b.textContent === text) return;
    number.b.textContent = text;
    number.after.textContent = text === "1" ? number.one : number.many;
  }

  /** How far the last particles are from the law. @param {MetricsHeader | null} header */
  distance(header) {
    const item = this.away;
    const m = header?.metrics[0];
    const [label, b, sd, floor] = item.children;
    const sig = significant;
    label.innerHTML = header && m ? subscripts(`${m.label.split(",")[0]} to ${header.end}`) : "distance";
    b.textContent = m ? sig(m.final) : "–";
    sd.textContent = m ? ` ± ${sig(m.final_se, 1)}` : "";
    floor.textContent = header && m ? ` · floor ${sig(m.floor)} ± ${sig(m.floor_sd, 1)}${header.tilted ? ` · to the tilted law ${sig(header.tilted.final)}` : ""}` : "";
    item.classList.remove("pg-stale");
    item.classList.toggle("pg-at-floor", !!m && m.final <= m.floor + 2 * m.floor_sd);
    item.title = header && m ? this.distanceTip(header, m) : "Distance of the last particles to the exact law; computed when the controls rest.";
  }

  /** @param {MetricsHeader} h @param {Metric} m */
  distanceTip(h, m) {
    const sig = significant;
    return [
      `${m.label} of the last ${whole(h.points)} particles to ${h.end}${h.about ? ` (${h.about})` : ""}: ${measured(m, "how", h)}.`,
      `Floor: what ${measured(m, "floor", h)} show, ± its standard deviation.`,
      m.final <= m.floor + 2 * m.floor_sd ? "The run is at its floor: with these particles its error cannot be seen. More particles lower the floor." : m.beyond == null ? "" : `Beyond the floor, √(d² − floor²): ${sig(m.beyond, 2)}.`,
      m.why || "",
      h.tilted ? `To the tilted law ${h.tilted.label}: ${sig(h.tilted.final)} ± ${sig(h.tilted.final_se, 1)}, floor ${sig(h.tilted.floor)} ± ${sig(h.tilted.floor_sd, 1)}.` : "",
      this.budget ? "The lab “errors” compares with the data p_0 instead, with particles of its own, and takes their sampling noise out." : "",
    ].filter(Boolean).join(" ");
  }
}

export { Status };
