// The status line: what the picture cost and how far it is from the truth. Every number has a fixed width, so nothing jumps.
import { significant, subscripts, whole } from "../lib/numbers.js";
import { config } from "../lib/start.js";

const time = (ms) => (!Number.isFinite(ms) ? "–" : ms < 9.95 ? ms.toFixed(1) : ms < 9999 ? String(Math.round(ms)) : (ms / 1000).toFixed(1) + "k");

const ITEMS = [
  // name (also in the glossary), digits that are kept free, words after the number
  ["calls", 2, "model calls"],
  ["steps", 2, "steps"],
  ["compute", 3, "ms compute"],
  ["screen", 3, "ms to screen"],
];

const { measures } = config;
/** How a measure was taken ("how"), or what its floor is of ("floor"): its own words, with the numbers of the packet. */
export const measured = (measure, what, h) => measures[measure.name][what].replace("{draws}", h.draws).replace("{points}", whole(h.points));
class Status {
  /** root: an element that becomes the line. */
  constructor(root) {
    root.classList.add("pg-status");
    this.root = root;
    this.parts = {};
    const add = (name, html) => {
      const item = document.createElement("span");
      item.className = "pg-status-item";
      item.dataset.item = name;
      item.dataset.term = `number.${name}`;
      item.innerHTML = html;
      this.parts[name] = item;
      return item;
    };
    const items = ITEMS.map(([name, width, words]) => add(name, `<b style="min-width:${width}ch">–</b> <span>${words}</span>`));
    items.push(add("distance", '<span class="pg-status-label">distance</span> <b style="min-width:5ch">–</b><span class="pg-status-sd"></span>' +
      '<span class="pg-status-floor"></span>'));
    items.push(add("device", "<span></span>"));
    root.replaceChildren(...items);
    this.state = {};
    this.distance(null);
  }

  /** Any of {run, metrics, toScreen} (decoded packets, milliseconds) or {calls, steps, compute, screen, device, dtype} directly. */
  update(partial) {
    const s = this.state;
    if (partial.run) {
      const h = partial.run.header;
      const fresh = h.key !== s.key;
      const forward = h.mode === "forward";
      Object.assign(s, { key: h.key, calls: forward ? NaN : h.model_calls, steps: h.steps, compute: h.compute_ms, device: h.device, dtype: h.dtype, budget: !h.labs?.errors });
      // a run that starts late or stops early makes fewer steps than its grid has
      s.planned = !forward && h.planned !== h.steps ? h.planned : 0;
      this.parts.steps.title = s.planned ? `${h.planned} steps on the grid, of which this run makes ${h.steps}: it starts late or stops early.` : "";
      if (fresh) this.parts.distance.classList.add("pg-stale");
      this.parts.distance.hidden = Boolean(h.image); // no exact samples to be compared with
    }
    for (const name of ["calls", "steps", "compute", "screen", "device", "dtype"]) if (name in partial) s[name] = partial[name];
    if ("toScreen" in partial) s.screen = partial.toScreen || NaN;
    if (partial.metrics && (!s.key || partial.metrics.header.key === s.key)) this.distance(partial.metrics.header);
    this.number("calls", whole(s.calls));
    this.number("steps", `${whole(s.steps)}${s.planned ? ` of ${whole(s.planned)}` : ""}`);
    this.number("compute", time(s.compute));
    this.number("screen", time(s.screen));
    const where = [s.device, s.dtype].filter(Boolean).join(" · ");
    const text = this.parts.device.firstChild;
    if (text.textContent !== where) text.textContent = where;
  }

  setRun(run) { this.update({ run }); }
  setMetrics(metrics) { this.update({ metrics }); }

  number(name, text) {
    const b = this.parts[name].querySelector("b");
    if (b.textContent !== text) b.textContent = text;
  }

  distance(header) {
    const item = this.parts.distance;
    const m = header?.metrics?.[0];
    const [label, b, sd, floor] = item.children;
    const sig = significant;
    label.innerHTML = m ? subscripts(`${m.label.split(",")[0]} to ${header.end}`) : "distance";
    b.textContent = m ? sig(m.final) : "–";
    sd.textContent = m ? ` ± ${sig(m.final_se, 1)}` : "";
    floor.textContent = m ? ` · floor ${sig(m.floor)} ± ${sig(m.floor_sd, 1)}${header.tilted ? ` · to the tilted law ${sig(header.tilted.final)}` : ""}` : "";
    item.classList.remove("pg-stale");
    item.classList.toggle("pg-at-floor", !!m && m.final <= m.floor + 2 * m.floor_sd);
    item.title = m ? this.distanceTip(header, m) : "Distance of the last particles to the exact law; computed when the controls rest.";
  }

  distanceTip(h, m) {
    const sig = significant;
    return [
      `${m.label} of the last ${whole(h.points)} particles to ${h.end}${h.about ? ` (${h.about})` : ""}: ${measured(m, "how", h)}.`,
      `Floor: what ${measured(m, "floor", h)} show, ± its standard deviation.`,
      m.final <= m.floor + 2 * m.floor_sd ? "The run is at its floor: with these particles its error cannot be seen. More particles lower the floor." : m.beyond == null ? "" : `Beyond the floor, √(d² − floor²): ${sig(m.beyond, 2)}.`,
      m.why || "",
      h.tilted ? `To the tilted law ${h.tilted.label}: ${sig(h.tilted.final)} ± ${sig(h.tilted.final_se, 1)}, floor ${sig(h.tilted.floor)} ± ${sig(h.tilted.floor_sd, 1)}.` : "",
      this.state.budget ? "The lab “errors” compares with the data p_0 instead, with particles of its own, and takes their sampling noise out." : "",
    ].filter(Boolean).join(" ");
  }
}
export { Status };
