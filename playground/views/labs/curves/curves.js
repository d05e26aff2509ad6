// Three small plots under the stage that share one cursor: log-SNR and the grid, distance to the truth, the schedule.
// Plotly draws the curves when something changes; the cursor and its dots are plain elements moved sixty times a second.
import { measured } from "../../beside/status.js";
import { unit } from "../../lib/draw.js";
import { loadPlotly } from "../../lib/lazy.js";
import { significant, subscripts, whole } from "../../lib/numbers.js";
import { arrayOf } from "../../lib/packet.js";
import { time } from "../../lib/time.js";
import { momentsOf } from "../../stage/run.js";

const type = () => Math.min(14, Math.max(11.5, 11 * unit())); // px

// ---- small things ----------------------------------------------------------------------------------------------------------
const MARGIN = { l: 44, r: 14, t: 5, b: 19 };
const AIR = 0.07;
const FALLBACK = { ink: "#1b1d21", soft: "#6b7078", line: "#e3e3df", panel: "#ffffff", accent: "#0072B2",
  data: "#0072B2", noise: "#8a8f98", exact: "#1b1d21", sampler: "#009E73", learned: "#D55E00" };
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const alpha = (hex, a) => {
  const m = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex.trim());
  return m ? `rgba(${m.slice(1).map((v) => parseInt(v, 16)).join(",")},${a})` : hex;
};
const finite = (values) => Array.from(values, (v) => (Number.isFinite(v) ? v : null));
/** Points by rising x. */
const sorted = (x, ...rest) => {
  const order = Array.from(x.keys()).sort((i, j) => x[i] - x[j]);
  return [x, ...rest].map((values) => values && order.map((i) => values[i]));
};
/** The smallest range of whole multiples of `unit` that holds `least` and the values, and a little air: one range for most runs,
 * so that axes rest. */
const roomy = (values, least, unit, limit = Infinity) => {
  let [lo, hi] = least;
  for (const v of values) if (v != null && Math.abs(v) <= limit) (lo = Math.min(lo, v)), (hi = Math.max(hi, v));
  lo = Math.floor(lo / unit + 0.05) * unit;
  hi = Math.ceil(hi / unit - 0.05) * unit;
  return [lo - AIR * (hi - lo), hi + AIR * (hi - lo)];
};
/** Linear interpolation; x rises. */
export const interpolate = (x, y, at) => {
  const n = x.length;
  if (!n || at < x[0] - 1e-6 || at > x[n - 1] + 1e-6) return NaN;
  let lo = 0, hi = n - 1;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (x[mid] <= at) lo = mid;
    else hi = mid;
  }
  if (y[lo] == null || y[hi] == null) return y[lo] ?? y[hi] ?? NaN;
  const w = hi > lo && x[hi] > x[lo] ? clamp((at - x[lo]) / (x[hi] - x[lo]), 0, 1) : 0;
  return y[lo] + (y[hi] - y[lo]) * w;
};

/** Of values that stand still between their points: the last one that was reached; hv: towards the data, vh: towards noise. */
const heldAt = (x, y, at, shape) => {
  const n = x.length;
  if (!n || at < x[0] - 1e-6 || at > x[n - 1] + 1e-6) return NaN;
  let i = shape === "hv" ? n - 1 : 0;
  if (shape === "hv") while (i > 0 && x[i] > at + 1e-6) i--;
  else while (i < n - 1 && x[i] < at - 1e-6) i++;
  return y[i] ?? NaN;
};

// ---- one panel ---------------------------------------------------------------------------------------------------------------
// A series: {key, label, role, x, y, width, dash, mode "lines"|"markers", value(x) → text in the legend, dot on the cursor, quiet}
class Panel {
  constructor(owner, name, title) {
    this.owner = owner;
    this.name = name;
    this.series = [];
    this.off = new Set();
    this.range = [0, 1];
    this.log = false;
    this.axis = title; // what the numbers are, for a picture of this panel alone
    this.view = { x: [0, 1], y: [0, 1] };
    this.tool = this.zoomed = false; // Plotly's drag tool; whether the ranges are the user's
    this.box = document.createElement("section");
    this.box.className = `pg-curve pg-curve-${name}`;
    this.box.innerHTML = `<header><span class="pg-curve-title"></span><span class="pg-curve-legend"></span></header>
      <div class="pg-curve-plot"><svg class="pg-curve-sketch" aria-hidden="true"></svg><div class="pg-curve-plotly"></div>
      <div class="pg-curve-over"><span class="pg-curve-unit"></span><div class="pg-curve-guide" hidden><span></span></div><div class="pg-curve-line" role="slider" tabindex="0" aria-label="time: noise left, data right"
        aria-valuemin="0" aria-valuemax="1" aria-valuenow="1"></div></div></div>`;
    [this.header, this.plot] = this.box.children;
    [this.titleBox, this.legend] = this.header.children;
    [this.sketchBox, this.gd, this.over] = this.plot.children;
    [this.unitBox, this.guide, this.line] = this.over.children;
    this.dots = [];
    this.title(title, title);
    this.titleBox.addEventListener("click", (e) => {
      const choice = e.target.closest("[data-measure]");
      if (choice && !choice.hasAttribute("aria-disabled")) {
        owner.choose(choice.dataset.measure);
        this.titleBox.querySelector(`[data-measure="${choice.dataset.measure}"]`)?.focus({ preventScroll: true }); // the words are new ones
      }
    });
    this.bind();
  }

  title(html, tip) {
    if (this.titleHtml === html) return;
    this.titleHtml = html;
    this.titleBox.innerHTML = html;
    this.titleBox.title = tip;
  }

  /** The vertical axis's unit, as HTML. */
  unit(html) {
    if (this.unitHtml !== html) this.unitBox.innerHTML = this.unitHtml = html;
  }

  /** New series; the legend is rebuilt only when its words change. */
  show(series, range, log) {
    this.series = series;
    this.range = range;
    this.log = log;
    const words = JSON.stringify(series.map((s) => [s.key, s.label, s.role, s.dash, s.quiet]));
    if (words !== this.words) {
      this.words = words;
      this.legend.replaceChildren();
      for (const dot of this.dots) dot?.remove();
      this.readouts = [];
      this.dots = [];
      for (const s of series) this.addWord(s);
    }
    if (!this.drawn) this.view = { x: [0, 1], y: range };
    const content = JSON.stringify([series, range]);
    if (content !== this.content) {
      this.content = content;
      this.owner.paint(this);
    }
    this.place(this.owner.clock);
  }

  addWord(s) {
    const n = this.dots.length;
    if (s.dot) {
      const dot = document.createElement("i");
      dot.className = "pg-curve-dot";
      dot.style.setProperty("--role", `var(--pg-${s.role}, ${FALLBACK[s.role]})`);
      this.over.append(dot);
      this.dots[n] = dot;
    } else this.dots[n] = null;
    this.readouts[n] = null;
    if (!s.label) return;
    const word = document.createElement("button");
    word.type = "button";
    word.className = "pg-curve-word";
    word.dataset.term = `curve.${s.key}`;
    word.dataset.tip = s.tip ? `${s.tip} Click to hide or show.` : "Click to hide or show.";
    word.setAttribute("aria-pressed", String(!this.off.has(s.key)));
    word.style.setProperty("--role", `var(--pg-${s.role}, ${FALLBACK[s.role]})`);
    word.style.order = s.dot || s.mode ? 0 : 1;
    word.innerHTML = `<i data-mark="${s.mode === "markers" ? "dots" : s.quiet ? "thin" : s.dash || "solid"}"></i>${subscripts(s.label)}`;
    if (s.value) {
      const b = document.createElement("b");
      b.style.minWidth = `${s.room ?? 5}ch`;
      word.append(b);
      this.readouts[n] = b;
    }
    word.onclick = () => {
      const off = !this.off.has(s.key);
      this.off[off ? "add" : "delete"](s.key);
      word.setAttribute("aria-pressed", String(!off));
      this.owner.paint(this);
      this.place(this.owner.clock);
      this.owner.emit("hide", this.owner.hidden);
    };
    this.legend.append(word);
  }

  /** Moves the cursor: no layout is read, no Plotly is called. */
  place(clock) {
    const x = 1 - clock, v = this.view, w = this.width - MARGIN.l - MARGIN.r, h = this.height - MARGIN.t - MARGIN.b;
    if (!(w > 0) || !Number.isFinite(x)) return;
    this.held?.place();
    const u = (x - v.x[0]) / (v.x[1] - v.x[0]);
    const inside = u > -1e-4 && u < 1.0001;
    if (inside !== this.inside) this.over.classList.toggle("pg-out", !(this.inside = inside));
    const px = MARGIN.l + u * w;
    this.line.style.transform = `translateX(${px.toFixed(2)}px)`;
    for (let n = 0; n < this.series.length; n++) {
      const s = this.series[n], dot = this.dots[n], word = this.readouts[n];
      const off = this.off.has(s.key);
      if (dot) {
        const y = off ? NaN : (s.shape ? heldAt : interpolate)(s.x, s.y, x, s.shape);
        const q = ((this.log ? Math.log10(y) : y) - v.y[0]) / (v.y[1] - v.y[0]);
        const seen = q >= -0.01 && q <= 1.01;
        if (seen) dot.style.transform = `translate(${px.toFixed(2)}px,${(MARGIN.t + (1 - q) * h).toFixed(2)}px)`;
        if (dot.seen !== seen) dot.hidden = !(dot.seen = seen);
      }
      if (word) {
        const text = off ? "" : s.value(this.owner.pointed ?? x);
        if (word.said !== text) word.textContent = word.said = text;
      }
    }
    if (document.activeElement === this.line) this.line.setAttribute("aria-valuenow", clock.toFixed(3));
  }

  // -- the lines alone, in a millisecond: until Plotly is there, and while a control is being dragged (over Plotly's axes)
  sketch(colors) {
    const w = this.width, h = this.height, iw = w - MARGIN.l - MARGIN.r, ih = h - MARGIN.t - MARGIN.b, v = this.view;
    const X = (x) => (MARGIN.l + (iw * (x - v.x[0])) / (v.x[1] - v.x[0])).toFixed(1);
    const Y = (y) => (MARGIN.t + ih * (1 - ((this.log ? Math.log10(Math.max(y, 1e-12)) : y) - v.y[0]) / (v.y[1] - v.y[0]))).toFixed(1);
    const parts = [];
    let under = null;
    for (const s of this.series) {
      if (this.off.has(s.key)) continue;
      if (s.base) { under = s; continue; }
      if (s.fill && under) {
        const around = [...s.x.map((x, i) => [x, s.y[i]]), ...under.x.map((x, i) => [x, under.y[i]]).reverse()].filter((p) => p[1] != null);
        parts.push(`<polygon points="${around.map(([x, y]) => `${X(x)},${Y(y)}`).join(" ")}" fill="${colors[s.role]}" opacity="0.2"/>`);
        if (!s.width) continue;
      }
      const flat = (i) => (s.shape === "hv" ? [s.x[i + 1], s.y[i]] : [s.x[i], s.y[i + 1]]); // the corner of a step
      const points = s.x.flatMap((x, i) => (s.y[i] == null ? [] : [[X(x), Y(s.y[i])], ...(s.shape && i + 1 < s.x.length && s.y[i + 1] != null ? [flat(i)].map(([u, v]) => [X(u), Y(v)]) : [])]));
      const color = colors[s.role];
      if (s.mode === "markers") parts.push(...points.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="2.5" fill="${color}"/>`));
      else parts.push(`<polyline points="${points.map((p) => p.join(",")).join(" ")}" fill="none" stroke="${color}" stroke-width="${s.width}"` +
        ` stroke-dasharray="${s.dash === "dot" ? "1.5 3" : s.dash === "dash" ? "6 4" : "none"}" opacity="${s.quiet ? 0.6 : 1}"/>`);
    }
    this.sketchBox.setAttribute("viewBox", `0 0 ${w} ${h}`);
    const l = MARGIN.l - 4, frame = `x="${l}" y="0" width="${iw + 8}" height="${MARGIN.t + ih + 2}" viewBox="${l} 0 ${iw + 8} ${MARGIN.t + ih + 2}"`;
    this.sketchBox.innerHTML = `<svg ${frame}>${parts.join("")}</svg>`;
    this.box.classList.add("pg-live");
  }

  /** The pointer's own line: the legend says the values there, the foot says when that is. */
  point(x) {
    const v = this.view, w = this.width - MARGIN.l - MARGIN.r;
    const u = x == null ? -1 : (x - v.x[0]) / (v.x[1] - v.x[0]);
    const seen = u >= -1e-6 && u <= 1 + 1e-6;
    this.guide.hidden = !seen;
    if (seen) {
      this.guide.style.transform = `translateX(${(MARGIN.l + u * w).toFixed(1)}px)`;
      const tag = this.guide.firstElementChild;
      tag.textContent = this.owner.timeAt(x);
      tag.style.transform = `translateX(${(-50 - 50 * clamp((u * w - (w - 22)) / 22, 0, 1) + 30 * clamp((22 - u * w) / 22, 0, 1)).toFixed(0)}%)`;
    }
    this.box.classList.toggle("pg-pointed", x != null);
    this.place(this.owner.clock);
  }

  // -- Plotly
  figure(c, font) {
    const off = this.off, owner = this.owner;
    const data = this.series.map((s) => {
      const color = s.quiet ? alpha(c[s.role], 0.55) : c[s.role];
      const trace = { type: "scatter", x: s.x, y: s.y, mode: s.mode || "lines", visible: !off.has(s.key), name: s.label || "", cliponaxis: s.mode !== "markers" };
      if (s.mode === "markers") trace.marker = { color, size: s.size || 5.5, line: { width: 0 } };
      else trace.line = { color, width: s.width, dash: s.dash || "solid", shape: s.shape || "linear" };
      if (s.base || !s.width) Object.assign(trace, { line: { width: 0 } });
      if (s.fill) Object.assign(trace, { fill: "tonexty", fillcolor: alpha(c[s.role], 0.2) });
      if (s.error) trace.error_y = { type: "data", array: s.error[0], arrayminus: s.error[1], symmetric: false, color, thickness: 1.5, width: 3 };
      return trace;
    });
    const axis = { ticklabelstandoff: 2, ticklabeloverflow: "allow", showline: false, zeroline: false, ticks: "", tickfont: { size: type(), color: c.soft }, fixedrange: false, automargin: false };
    const [tickvals, ticktext] = owner.timeTicks(this.view.x, this.width - MARGIN.l - MARGIN.r);
    const layout = {
      uirevision: "pg", margin: { ...MARGIN, pad: 0 }, showlegend: false, autosize: false, width: this.width, height: this.height,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: font, size: type(), color: c.soft },
      hovermode: false, dragmode: this.tool,
      modebar: { bgcolor: "rgba(0,0,0,0)", color: c.soft, activecolor: c.accent, orientation: "h" },
      xaxis: { ...axis, range: this.zoomed ? this.view.x.slice() : [0, 1], showgrid: false, tickangle: 0, tickvals, ticktext, showline: true, linecolor: c.line, linewidth: 1 },
      yaxis: { ...axis, range: this.zoomed ? this.view.y.slice() : this.range.slice(), type: this.log ? "log" : "linear", gridcolor: alpha(c.line, 0.8), gridwidth: 1, nticks: 5, ticklabelstandoff: 7, ...this.yTicks },
    };
    const config = { displayModeBar: "hover", displaylogo: false, responsive: false, doubleClick: false, showTips: false,
      modeBarButtons: [["zoom2d", "pan2d", { name: "everything", title: "Show everything (double click)", icon: owner.plotly.Icons.home, click: () => this.all() },
        { name: "svg", title: "Save as SVG, with title, legend and axes", icon: owner.plotly.Icons.camera, click: () => this.export() }]] };
    return [data, layout, config];
  }

  /** The panel as a picture by itself: with title, legend, names of the axes and what the run is. */
  async export() {
    const { plotly, run, colors: c, font } = this.owner, { header: h } = run, box = document.createElement("i");
    box.innerHTML = this.titleHtml;
    for (const control of box.querySelectorAll(".pg-measures")) control.remove();
    const [data, layout] = this.figure(c, font), subs = (label) => subscripts(label);
    data.forEach((trace, n) => Object.assign(trace, { name: subs(this.series[n].label || ""), showlegend: Boolean(this.series[n].label) && trace.visible !== false, cliponaxis: true }));
    const { title } = h, of = [title.data, title.process, h.mode === "forward" ? "noising" : `${title.sampler}, ${h.steps} steps`, `seed ${h.seed}`].join(" · ");
    const words = box.innerHTML.trim(), word = time.scale.word;
    Object.assign(layout, {
      width: 900, height: 520, margin: { l: 76, r: 30, t: 92, b: 62 }, paper_bgcolor: c.panel, plot_bgcolor: c.panel, showlegend: true, font: { family: font, size: 13, color: c.ink },
      title: { text: `${words}<br><span style="font-size:12px">${of}</span>`, x: 0.5, font: { size: 16, color: c.ink } }, legend: { orientation: "h", x: 0, y: 1.09, font: { size: 12 } },
      xaxis: { ...layout.xaxis, tickfont: { size: 12, color: c.soft }, title: { text: `${word}: noise on the left, data on the right` } },
      yaxis: { ...layout.yaxis, tickfont: { size: 12, color: c.soft }, title: { text: subs(this.axis) } },
    });
    const svg = await plotly.toImage({ data, layout }, { format: "svg", width: 900, height: 520 });
    const text = decodeURIComponent(svg.slice(svg.indexOf(",") + 1));
    this.owner.emit("save", { blob: new Blob([text], { type: "image/svg+xml" }), name: `${h.name}-${this.name}.svg` });
  }

  get visible() {
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
    return this.width > 60 && this.height > 40 && this.series.length > 0;
  }

  async draw(plotly, colors, font) {
    if (!this.visible) return;
    const [data, layout, config] = this.figure(colors, font);
    await plotly.react(this.gd, data, layout, config);
    this.box.classList.remove("pg-live");
    if (!this.drawn) {
      this.drawn = true;
      this.box.classList.add("pg-plotted");
      this.gd.on("plotly_relayout", (change) => {
        // a tool that is chosen again is put away: dragging moves the cursor again
        if (change.dragmode && change.dragmode === this.tool) return plotly.relayout(this.gd, { dragmode: (this.tool = false) });
        if ("dragmode" in change) this.tool = change.dragmode;
        if (Object.keys(change).some((key) => key.includes(".range"))) this.zoomed = true;
        this.look();
        const [tickvals, ticktext] = this.owner.timeTicks(this.view.x, this.width - MARGIN.l - MARGIN.r);
        const now = this.gd.layout.xaxis;
        if (String(now.ticktext) !== String(ticktext)) plotly.relayout(this.gd, { "xaxis.tickvals": tickvals, "xaxis.ticktext": ticktext });
      });
      this.gd.on("plotly_relayouting", () => this.look());
      this.gd.on("plotly_doubleclick", () => this.all()); // with a tool chosen Plotly takes the clicks
      this.plot.addEventListener("dblclick", (e) => {
        if (!e.target.closest(".modebar")) this.all();
      });
    }
    this.look();
  }

  all() {
    const done = () => (this.zoomed = this.tool = false);
    done();
    this.owner.plotly.relayout(this.gd, { "xaxis.range": [0, 1], "yaxis.range": this.range.slice(), dragmode: false }).then(done);
  }

  /** The axes' ranges as they are drawn now. */
  look() {
    const full = this.gd._fullLayout;
    if (!full?.xaxis) return;
    this.view = { x: full.xaxis.range.slice(), y: full.yaxis.range.slice() };
    this.place(this.owner.clock);
  }

  // -- dragging: anywhere in the plot, unless a zoom or pan tool is chosen; the line itself always
  bind() {
    let dragging = null, asked = null;
    const clockAt = (e) => {
      const r = this.plot.getBoundingClientRect();
      const u = (e.clientX - r.left - MARGIN.l) / (r.width - MARGIN.l - MARGIN.r);
      return clamp(1 - (this.view.x[0] + clamp(u, 0, 1) * (this.view.x[1] - this.view.x[0])), 0, 1);
    };
    const send = (e) => {
      const first = asked == null;
      asked = clockAt(e);
      if (first) requestAnimationFrame(() => {
        const c = asked;
        asked = null;
        this.owner.emit("cursor", c); // whose answer may be another moment: a state is held until the next
      });
    };
    this.plot.addEventListener("pointerdown", (e) => {
      if (e.button || e.target.closest(".modebar")) return;
      const tool = this.gd._fullLayout?.dragmode;
      if (tool && e.target !== this.line) return;
      if (this.held?.down(e)) return this.owner.point(null);
      dragging = { id: e.pointerId, touch: e.pointerType === "touch", x: e.clientX };
      // a finger may be about to scroll the page: it decides with its first move sideways, or by lifting
      this.owner.point(null);
      if (!dragging.touch) {
        this.plot.setPointerCapture(e.pointerId);
        this.owner.root.classList.add("pg-scrub");
        send(e);
      }
    });
    this.plot.addEventListener("pointerleave", () => this.owner.point(null));
    this.plot.addEventListener("pointermove", (e) => {
      if (!dragging) this.owner.point(e.pointerType === "touch" || e.buttons || e.target.closest(".modebar") ? null : 1 - clockAt(e));
      if (dragging?.id !== e.pointerId) return;
      if (dragging.touch && Math.abs(e.clientX - dragging.x) < 4) return;
      dragging.touch = false;
      send(e);
    });
    const end = (e) => {
      if (dragging?.id !== e.pointerId) return;
      if (dragging.touch && e.type === "pointerup") send(e);
      dragging = null;
      this.owner.root.classList.remove("pg-scrub");
    };
    this.plot.addEventListener("pointerup", end);
    this.plot.addEventListener("pointercancel", end);
    this.line.addEventListener("keydown", (e) => {
      const by = { ArrowLeft: 0.01, ArrowRight: -0.01, PageDown: 0.1, PageUp: -0.1 }[e.key];
      const c = e.key === "Home" ? 1 : e.key === "End" ? 0 : by && clamp(this.owner.cursorAt + by, 0, 1);
      if (c == null) return;
      e.preventDefault();
      e.stopPropagation();
      this.owner.emit("cursor", c);
    });
  }
}

// ---- the row -------------------------------------------------------------------------------------------------------------------
class Curves {
  /** root: the element to fill; its height is the row's height (panels stack below 520 px, 150 px each). */
  constructor(root, { plotlyUrl = "live/plotly.js" } = {}) {
    root.classList.add("pg-curves");
    this.root = root;
    this.plotlyUrl = plotlyUrl;
    this.listeners = {};
    this.clock = this.cursorAt = 1;
    this.dirty = new Set();
    const row = document.createElement("div");
    row.className = "pg-curves-row";
    this.snr = new Panel(this, "snr", "log-SNR");
    this.far = new Panel(this, "distance", "distance to the truth");
    this.sched = new Panel(this, "schedule", "schedule");
    this.panels = [this.snr, this.far, this.sched];
    this.sched.axis = "coefficient";
    row.append(...this.panels.map((p) => p.box));
    root.replaceChildren(row);
    new ResizeObserver(() => this.panels.forEach((p) => {
      if (p.plot.clientWidth !== p.width || p.plot.clientHeight !== p.height) this.paint(p, 0);
    })).observe(row);
    const look = () => {
      if (this.readTheme()) this.panels.forEach((p) => this.paint(p, 0));
    };
    const watch = new MutationObserver(look);
    for (const node of [document.documentElement, document.body]) {
      watch.observe(node, { attributes: true, attributeFilter: ["class", "style", "data-pg-theme"] });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
    this.readTheme();
    addEventListener("pg-time", () => this.panels.forEach((p) => this.paint(p, 0)));
  }

  /** The curves that are hidden, as a link says it: "snr.step,schedule.beta". */
  get hidden() { return this.panels.flatMap((p) => [...p.off].map((key) => `${p.name}.${key}`)).join(","); }
  set hidden(names) {
    for (const p of this.panels) p.off = new Set(names.split(",").filter((n) => n.startsWith(`${p.name}.`)).map((n) => n.slice(p.name.length + 1)));
  }

  /** A measure as a click on its name asks for it. */
  choose(name) {
    this.measure = name;
    this.emit("measure", name === this.metrics?.header.metrics[0].name ? "" : name);
  }

  on(name, fn) { (this.listeners[name] ||= []).push(fn); return this; }
  emit(name, value) { this.listeners[name]?.forEach((fn) => fn(value)); }

  /** The clock in [0, 1], 1 = noise, of what the stage shows, and its cursor; cheap enough for every frame. */
  cursor(clock, asked = clock) {
    if (!Number.isFinite(clock) || (clock === this.clock && asked === this.cursorAt && this.placed)) return;
    this.cursorAt = asked;
    this.clock = clock;
    this.placed = true;
    for (const panel of this.panels) panel.place(clock);
  }

  /** What the pointer is over (x = 1 − clock), or null: the same guide in all three panels. */
  point(x) {
    if (x === this.pointed || (x == null && this.pointed == null)) return;
    this.pointed = x;
    this.pointing ||= requestAnimationFrame(() => {
      this.pointing = 0;
      for (const panel of this.panels) panel.point(this.pointed);
    });
  }

  timeAt(x) {
    return time.said(this.momentAt(x));
  }

  /** t and log-SNR at x = 1 − clock. */
  momentAt(x) {
    const at = clamp(x, 0, 1);
    return { t: interpolate(this.x || [0, 1], this.t || [1, 0], at), logSnr: this.snrs ? interpolate(this.x, this.snrs, at) : NaN };
  }

  setRun(run) {
    const h = run.header, array = (name) => arrayOf(run, name);
    this.run = run;
    this.placed = false;
    const [x, t, snr] = sorted(Array.from(array("curves/clock"), (c) => 1 - c), array("curves/t"), finite(array("curves/log_snr")));
    this.x = x;
    this.t = t;
    this.snrs = snr;
    this.showSnr(h, x, snr);
    this.showSchedule(h, x);
    // the old distances stay, faded, until the new ones are there
    this.far.box.classList.toggle("pg-stale", this.farKey !== h.key);
    if (h.image) this.showBatch();
    else if (!this.far.series.length || this.farKey === "images") this.far.show([this.waiting()], [-2.14, 0.14], true);
    if (!this.asked) {
      this.asked = true;
      this.loadLater();
    }
  }

  /** Images have no exact samples to be compared with: how large the states are, and how much the expected image still changes. */
  showBatch() {
    const x = Array.from(arrayOf(this.run, "clock"), (c) => 1 - c), sig = significant;
    const norm = finite(arrayOf(this.run, "image/norm")), change = finite(arrayOf(this.run, "image/change"));
    const bottom = 1e-3, raise = (v) => (v == null ? null : Math.max(v, bottom));
    const read = (y) => (at) => { const v = heldAt(x, y, at, "hv"); return Number.isFinite(v) ? sig(v, 2) : "–"; };
    this.far.yTicks = { dtick: 1, minor: { dtick: "D1", showgrid: false }, tickformat: "~g" };
    this.far.unit("norm over pixels");
    this.far.axis = "norm over pixels, mean over the batch";
    this.far.title("the batch", "Means over the batch; norms over all pixels, pixels in [−1, 1].");
    this.far.show([
      { key: "norm", label: "‖x_t‖", role: "sampler", x, y: norm.map(raise), width: 2, dot: true, room: 5, shape: "hv", value: read(norm) },
      { key: "change", label: "step of x̂_0", role: "learned", x, y: change.map(raise), width: 1.6, dash: "dash", dot: true, room: 5, shape: "hv", value: read(change) },
    ], roomy([...norm, ...change].filter((v) => v > 1e-3).map(Math.log10), [-1, 2], 1, 6), true);
    this.farKey = "images";
    this.far.box.classList.remove("pg-stale");
  }

  waiting() {
    return { key: "none", label: "", x: [0, 1], y: [null, null], width: 1, role: "noise" };
  }

  showSnr(h, x, snr) {
    const series = [{ key: "snr", label: "log-SNR", role: "exact", x, y: snr, width: 1.6, dot: true, room: 5,
      value: (at) => interpolate(x, snr, at).toFixed(2).replace("-", "−").replace("NaN", "–") }];
    const clocks = arrayOf(this.run, "grid/clock");
    if (clocks?.length && h.mode !== "forward") {
      const levels = finite(arrayOf(this.run, "grid/log_snr"));
      const gx = Array.from(clocks, (c) => 1 - c), last = gx.length - 1;
      const many = gx.length > 60;
      series.push({ key: "grid", label: "step", role: "sampler", mode: "markers", size: many ? 3.5 : 5.5, x: gx, y: levels,
        room: 2 * String(last).length + 1,
        value: (at) => `${momentsOf(this.run).at(this.pointed == null ? this.cursorAt : 1 - at).step}/${last}` });
    }
    this.snr.axis = `log-SNR = ${h.level.words}`;
    this.snr.title("log-SNR", `log-SNR = ${h.level.words} from noise (left) to data (right)`);
    this.snr.show(series, roomy(snr, [-10, 10], 5, 40), false);
  }

  showSchedule(h, x) {
    const curves = h.curves || [];
    // a scale that several labels share is said once, in the title
    const marks = curves.map((c) => c.label.match(/ \/ .*√.*$/)?.[0]);
    const mark = marks.filter(Boolean).length > 1 ? marks.find(Boolean) : null;
    const label = (c, i) => (marks[i] === mark && mark ? c.label.slice(0, -mark.length) : c.label);
    const style = { data: { width: 1.8 }, noise: { width: 1.8 }, learned: { width: 1.6, dash: "dash" }, exact: { width: 1.6 }, sampler: { width: 1.6 } };
    const all = [];
    const series = curves.map((c, i) => {
      const [, y] = sorted(Array.from(arrayOf(this.run, "curves/clock"), (v) => 1 - v), finite(arrayOf(this.run, `curves/${c.name}`)));
      if (!c.leaves) all.push(...y); // one that runs away leaves the frame at its top: to its scale the others would lie flat at 0
      return { key: c.name, label: label(c, i), role: c.role, x, y, ...(style[c.role] || style.exact), dot: true, room: 4,
        value: (at) => { const v = interpolate(x, y, at); return Number.isFinite(v) ? v.toFixed(2) : "–"; } };
    });
    this.sched.title("the process’s coefficients" + (mark ? subscripts(mark) : ""), curves.map((c) => c.label).join(", "));
    const [lo, hi] = roomy(all, [0, 1], 0.25, 1e3);
    this.sched.yTicks = hi - lo < 1.2 ? { tickvals: [0, 0.5, 1] } : {};
    this.sched.show(series, [lo, hi], false);
  }

  /** Distances of a run; of another run than the shown one they are ignored. */
  setMetrics(metrics) {
    const h = metrics.header;
    if (this.run && h.key && this.run.header.key && h.key !== this.run.header.key) return false;
    this.farKey = h.key ?? this.run?.header.key;
    this.metrics = metrics;
    this.showDistance();
    this.far.box.classList.remove("pg-stale");
    return true;
  }

  /** Which measure the chart shows; another one that this run has not leaves the choice as it is. */
  get measure() { return this._measure || ""; }
  set measure(name) {
    if (name === this._measure) return;
    this._measure = name;
    if (this.metrics && this.farKey === this.metrics.header.key) this.showDistance();
  }

  /** One measure at a time, with its own floor: two of them have two units. */
  showDistance() {
    const { header: h } = this.metrics, sig = significant, array = (name) => finite(arrayOf(this.metrics, name) || []);
    const all = [...h.metrics, ...(h.missing || [])];
    const m = h.metrics.find((one) => one.name === this._measure) || h.metrics[0];
    const clocks = Array.from(arrayOf(this.metrics, "clock"), (c) => 1 - c);
    const [x, y, floor, sd] = sorted(clocks, array(m.name), array(`${m.name}/floor`), array(`${m.name}/floor_sd`));
    const low = floor.map((v, i) => v - sd[i]), high = floor.map((v, i) => v + sd[i]);
    // decades: [0.01, 1] holds most runs
    const range = roomy([...y, ...floor].filter((v) => v > 1e-3).map(Math.log10), [-2, 0], 1, 6);
    const bottom = 10 ** (range[0] + 0.02), raise = (values) => values.map((v) => (v == null ? null : Math.max(v, bottom)));
    // a distance is of a state: between states that are held it is too
    const shape = this.run && momentsOf(this.run).holds.some(Boolean) ? (this.run.header.mode === "forward" ? "vh" : "hv") : "";
    const read = (values) => (at) => { const v = (shape ? heldAt : interpolate)(x, values, at, shape); return Number.isFinite(v) ? sig(v, 2) : "–"; };
    const end = this.run?.header.mode === "forward" ? x[0] : x[x.length - 1];
    this.far.yTicks = { dtick: 1, minor: { dtick: "D1", showgrid: false }, tickformat: "~g" };
    const [name, scaled] = m.label.split(/,(.*)/);
    const choices = all.map((one) => {
      const tip = one.reason ? `${one.label}: ${one.reason}.` : `${one.label}${one.unit ? `, in ${one.unit}` : ""}.`;
      return `<button type="button" class="pg-measure" data-measure="${one.name}" aria-pressed="${one === m}" title="${tip}"${one.reason ? ' aria-disabled="true"' : ""}>${one.short}</button>`;
    });
    this.far.title(`distance to ${subscripts(h.law)} <span class="pg-measures" role="group" aria-label="which distance">${choices.join("")}</span>`,
      `${m.label} between the particles and ${h.law} at the same time${h.about ? ` (${h.about})` : ""}.`);
    this.far.axis = m.unit ? `${m.label}, ${m.unit}` : m.label;
    this.far.unit(m.unit + (scaled ? `,${subscripts(scaled)}` : ""));
    this.far.show([
      { key: "floor", label: "", role: "noise", x, y: raise(low), base: true, width: 0 },
      { key: "floor", label: "", role: "noise", x, y: raise(high), width: 0, fill: true },
      { key: "floor", label: "floor", role: "noise", x, y: raise(floor), width: 1.4, dash: "dot", value: read(floor), room: h.tilted ? 4 : 5,
        tip: `What ${measured(m, "floor", h)} show: ${sig(m.floor, 2)} ± ${sig(m.floor_sd, 2)} at the end (mean and standard deviation, the band). A value within the band cannot be told from a perfect sampler’s.` },
      { key: m.name, label: "particles", role: "sampler", x, y: raise(y), width: 2, dot: true, value: read(y), room: h.tilted ? 4 : 5, shape,
        tip: `${name} of all ${whole(h.points)} particles: ${measured(m, "how", h)}. To ${h.end}: ${sig(m.final)} ± ${sig(m.final_se, 2)}${m.why ? `. ${m.why}` : ""}.` },
      { key: m.name, label: "", role: "sampler", mode: "markers", size: 5, x: [end], y: [Math.max(m.final, bottom)], width: 1,
        error: [[m.final_se], [Math.min(m.final_se, 0.9 * m.final)]] },
      ...this.tiltedMark(h, m, end, bottom),
    ], range, true);
  }

  /** Of a guided run: its end against the tilted law, which it is often taken to sample. */
  tiltedMark(h, m, end, bottom) {
    const one = h.tilted, sig = significant;
    if (!one || m !== h.metrics[0]) return [];
    const verdict = one.final > one.floor + 2 * one.floor_sd ? "not a sample of it" : "at its floor";
    return [{ key: "tilted", label: "tilted", role: "learned", mode: "markers", size: 6, x: [end], y: [Math.max(one.final, bottom)], width: 1, room: 3,
      value: () => sig(one.final, 2), error: [[one.final_se], [Math.min(one.final_se, 0.9 * one.final)]],
      tip: `The last particles to exact samples of ${one.label}: ${sig(one.final)} ± ${sig(one.final_se, 2)}, floor ${sig(one.floor, 2)} ± ${sig(one.floor_sd, 2)}: ${verdict}.` }];
  }

  /** Times under the plot: where they stand, and what the process calls them. */
  timeTicks([lo, hi], width) {
    const ticks = time.ticks((x) => this.momentAt(x), Math.max(0, lo), Math.min(1, hi), Math.max(0.15, 30 / width)), { symbol } = time.words(this.momentAt(0.5));
    const text = ticks.map((tick) => tick.text);
    if (text.length && symbol.length < 3) text[0] = `${symbol} = ${text[0]}`; // a longer name has no room
    return [ticks.map((tick) => tick.x), text];
  }

  readTheme() {
    const style = getComputedStyle(this.root);
    const colors = {};
    for (const name in FALLBACK) colors[name] = style.getPropertyValue(`--pg-${name}`).trim() || FALLBACK[name];
    const now = JSON.stringify(colors) + style.fontFamily;
    if (now === this.theme) return false;
    this.theme = now;
    this.colors = colors;
    this.font = style.fontFamily;
    return true;
  }

  /** Draws a panel: its lines at the next frame, all of it by Plotly (tens of milliseconds) when nothing has changed for a while. */
  paint(panel, wait = 160) {
    if (!panel.drawn || wait) {
      this.rough ||= requestAnimationFrame(() => {
        this.rough = 0;
        for (const p of this.dirty) if ((!p.drawn || p.due > performance.now()) && p.visible) p.sketch(this.colors), p.place(this.clock);
      });
    }
    panel.due = performance.now() + (panel.drawn ? wait : 0);
    this.dirty.add(panel);
    if (this.plotly) this.later();
  }

  later() {
    if (this.painting) return;
    const wait = Math.max(0, Math.min(...Array.from(this.dirty, (p) => p.due)) - performance.now());
    // one panel a frame, so that the stage keeps its own
    this.painting = setTimeout(() => requestAnimationFrame(async () => {
      const panel = Array.from(this.dirty).find((p) => p.due <= performance.now());
      if (panel) {
        this.dirty.delete(panel);
        try {
          await panel.draw(this.plotly, this.colors, this.font);
        } catch (error) {
          console.error(error);
        }
      }
      this.painting = 0;
      if (this.dirty.size) this.later();
    }), wait);
  }

  /** After the first picture has been painted, and when the browser has a moment. */
  loadLater() {
    const soon = window.requestIdleCallback || ((fn) => setTimeout(fn, 50));
    requestAnimationFrame(() => requestAnimationFrame(() => soon(() => loadPlotly(this.plotlyUrl).then(
      (plotly) => {
        this.plotly = plotly;
        this.panels.forEach((p) => this.paint(p, 0));
      },
      () => (this.asked = false), // the sketch stays; the next run tries again
    ), { timeout: 1500 })));
  }
}
export { Curves };
