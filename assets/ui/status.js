// The status line: what the picture cost and how far it is from the truth. Every number has a fixed width, so nothing jumps.
(() => {
  const PG = (window.PG = window.PG || {});

  /** A number with `digits` significant digits: 0.0512, 12.3, 1.2e−5; "–" for what is not a number. */
  PG.significant = (value, digits = 3) => {
    if (value == null || !Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size < 1e-12) return "0";
    let text = value.toPrecision(digits);
    if (size < 1e-4 || size >= 1e6) text = value.toExponential(Math.max(0, digits - 2));
    else if (text.includes("e")) text = value.toFixed(0);
    return text.replace("e+", "e").replaceAll("-", "−");
  };

  /** Plain text as HTML with its subscripts: p_T, z_t, √Σ_xx. */
  PG.subscripts = (text) =>
    text.replace(/[&<>"]/g, (ch) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[ch]).replace(/_(\w{1,3})\b/g, "<sub>$1</sub>");

  /** An array of a decoded packet by name, flat; null where there is none. */
  PG.arrayOf = (packet, name) => {
    const found = packet?.arrays?.[name] ?? packet?.get?.(name) ?? packet?.[name];
    if (found == null || ArrayBuffer.isView(found) || Array.isArray(found)) return found ?? null;
    return found.data ?? found.values ?? null;
  };

  const whole = (PG.whole = (v) => (Number.isFinite(v) ? Math.round(v).toLocaleString("en").replaceAll(",", "\u2009") : "–"));
  const time = (ms) => (!Number.isFinite(ms) ? "–" : ms < 9.95 ? ms.toFixed(1) : ms < 9999 ? String(Math.round(ms)) : (ms / 1000).toFixed(1) + "k");

  const ITEMS = [
    // name (also in the glossary), digits that are kept free, words after the number
    ["calls", 2, "model calls"],
    ["steps", 2, "steps"],
    ["compute", 3, "ms compute"],
    ["screen", 3, "ms to screen"],
  ];

  const { measures } = window.PG_CONFIG;
  /** How a measure was taken ("how"), or what its floor is of ("floor"): its own words, with the numbers of the packet. */
  PG.measured = (measure, what, h) => measures[measure.name][what].replace("{draws}", h.draws).replace("{points}", whole(h.points));
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
      const sig = PG.significant;
      label.innerHTML = m ? PG.subscripts(`${m.label.split(",")[0]} to ${header.end}`) : "distance";
      b.textContent = m ? sig(m.final) : "–";
      sd.textContent = m ? ` ± ${sig(m.final_se, 1)}` : "";
      floor.textContent = m ? ` · floor ${sig(m.floor)} ± ${sig(m.floor_sd, 1)}${header.tilted ? ` · to the tilted law ${sig(header.tilted.final)}` : ""}` : "";
      item.classList.remove("pg-stale");
      item.classList.toggle("pg-at-floor", !!m && m.final <= m.floor + 2 * m.floor_sd);
      item.title = m ? this.distanceTip(header, m) : "Distance of the last particles to the exact law; computed when the controls rest.";
    }

    distanceTip(h, m) {
      const sig = PG.significant;
      return [
        `${m.label} of the last ${whole(h.points)} particles to ${h.end}${h.about ? ` (${h.about})` : ""}: ${PG.measured(m, "how", h)}.`,
        `Floor: what ${PG.measured(m, "floor", h)} show, ± its standard deviation.`,
        m.final <= m.floor + 2 * m.floor_sd ? "The run is at its floor: with these particles its error cannot be seen. More particles lower the floor." : m.beyond == null ? "" : `Beyond the floor, √(d² − floor²): ${sig(m.beyond, 2)}.`,
        m.why || "",
        h.tilted ? `To the tilted law ${h.tilted.label}: ${sig(h.tilted.final)} ± ${sig(h.tilted.final_se, 1)}, floor ${sig(h.tilted.floor)} ± ${sig(h.tilted.floor_sd, 1)}.` : "",
        this.state.budget ? "The lab “errors” compares with the data p_0 instead, with particles of its own, and takes their sampling noise out." : "",
      ].filter(Boolean).join(" ");
    }
  }
  PG.Status = Status;
})();
