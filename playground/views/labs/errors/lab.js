// The lab "errors": where a run's distance to the data comes from, and what each step adds. Numbers: playground/views/errors.py.
import { el } from "../../lib/dom.js";
import { significant, subscripts } from "../../lib/numbers.js";
import { arrayOf } from "../../lib/packet.js";
import { momentsOf } from "../../stage/run.js";

const BUSY_AFTER = 300; // ms
const LOW = -5, HIGH = 0; // decades of the map's colours: the same for every sampler, so that pictures can be compared
const PALE = [1e-4, 1e-2]; // p_t over its peak: below the first hardly any particle comes by
const EXACT = 1e-9; // errors below this are rounding
const KNEE = 0.7; // share of the colours up to the sampler's own, from there to ink
const DECADES = 6; // that the curve shows at most
const MARGIN = { l: 34, r: 10, t: 6, b: 18 };

const PARTS = [
  { name: "stop", word: "early stop", role: "data",
    tip: "p_stop against p_0: the exact flow to the run's last time, everything else switched off.", none: "none: the run ends at t = 0" },
  { name: "steps", word: "discretisation", role: "sampler",
    tip: "The sampler's own steps from the exact p_T with the exact score, against the exact reversal." },
  { name: "score", word: "score error", role: "learned",
    tip: "The run's model (guided or learned) in place of the exact score, from the exact p_T.", none: "none: the score is exact" },
  { name: "prior", word: "prior mismatch", role: "noise",
    tip: "The run's own start in place of the exact p_T, carried through the same steps: what the sampler forgets does not count." },
];
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const T = (t) => (t === 0 ? "0" : significant(t, 3));
const S = (v) => significant(v, 2);
/** Numbers of one column: as many decimals as the largest needs for three digits. */
const column = (largest) => {
  const digits = clamp(2 - Math.floor(Math.log10(Math.max(largest, 1e-12))), 1, 8);
  return (v) => (digits > 6 ? S(v) : v.toFixed(digits)).replace(/^-(0\.?0*)$/, "$1").replace(/^-/, "−");
};
const power = (n) => (n === 0 ? "1" : `10${String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])}`);
const node = (tag, className, text = "", title = "") => el(tag, { className, textContent: text, title });
const svg = (inner, box) => `<svg viewBox="${box}" preserveAspectRatio="none">${inner}</svg>`;
const array = (packet, name) => packet.arrays[name]?.floats();

/** A section with a title, a line of words on its right, and a thin progress line while it waits. */
class Section {
  constructor(name, title, tip) {
    this.box = node("section", `pg-err pg-err-${name}`);
    this.head = node("header", "");
    this.title = node("span", "pg-err-title", title, tip);
    this.word = node("span", "pg-err-word");
    this.head.append(this.title, this.word);
    this.body = node("div", "pg-err-body");
    this.foot = node("p", "pg-err-foot");
    this.box.append(this.head, this.body, this.foot);
  }

  busy(on) {
    clearTimeout(this.timer);
    if (on) this.timer = setTimeout(() => this.box.classList.add("pg-err-busy"), BUSY_AFTER);
    else this.box.classList.remove("pg-err-busy");
  }

  /** Words in place of the picture: what cannot be shown, and why. */
  say(words) {
    this.box.classList.toggle("pg-err-none", Boolean(words));
    this.body.dataset.why = words || "";
  }
}

// ---- the budget: a waterfall ---------------------------------------------------------------------------------------------------
class BudgetView extends Section {
  constructor() {
    super("budget", "error budget",
      "From exact to real, one change a row. Laws are compared as quantile functions; a bar is the change's part along the whole error.");
  }

  show(h) {
    const known = new Map(h.parts.map((p) => [p.name, p]));
    let sum = 0;
    const rows = PARTS.map((part) => {
      const p = known.get(part.name), from = sum;
      sum += p ? p.share : 0;
      return { ...part, p, from, to: sum };
    });
    const ends = rows.flatMap((r) => [r.from, r.to]);
    let top = Math.max(...ends, h.total, 0) + Math.max(h.total_se, 0), low = Math.min(0, ...ends);
    // the floor is drawn where it does not squeeze the bars to nothing
    if (h.floor < 2.5 * top) top = Math.max(top, h.floor);
    if (h.direct < 2.5 * top) top = Math.max(top, h.direct);
    if (!(top > 0)) top = 1e-9;
    low -= low < 0 ? 0.04 * (top - low) : 0;
    top += 0.04 * (top - low);
    const say = column(Math.max(...ends.map(Math.abs), Math.abs(h.total), h.direct));
    const at = (v) => `${(100 * clamp((v - low) / (top - low), -0.01, 1.01)).toFixed(2)}%`;
    this.rows = [];
    const lines = [];
    const line = (className, word, tip, bar, number, error) => {
      const track = node("span", "pg-err-track");
      track.append(...bar);
      const value = node("b", "", number);
      if (error) value.append(node("small", "", ` ±${error}`));
      const row = node("div", `pg-err-row ${className}`, "", tip);
      row.append(node("span", "pg-err-name", word), track, value);
      lines.push(row);
      return row;
    };
    const piece = (className, from, to, role) => {
      const bar = node("i", className);
      const [a, b] = from < to ? [from, to] : [to, from];
      bar.style.left = at(a);
      bar.style.right = `calc(100% - ${at(b)})`;
      bar.style.setProperty("--role", `var(--pg-${role})`);
      return bar;
    };
    const whisker = (v, e) => piece("pg-err-whisker", v - e, v + e, "exact");
    for (const r of rows) {
      const nothing = !r.p || (r.p.share === 0 && r.p.se === 0);
      const bar = nothing ? [] : [piece(`pg-err-bar${r.to < r.from ? " pg-err-undoes" : ""}`, r.from, r.to, r.role)];
      if (!nothing && r.p.se > 0) bar.push(whisker(r.to, r.p.se));
      const alone = nothing ? "" : ` Alone it moves the law by ${S(r.p.alone)}.` + (r.to < r.from ? " It undoes part of the others' error." : "");
      const row = line(nothing ? "pg-err-nil" : "", r.word, r.tip + alone, bar, nothing ? "0" : say(r.p.share), nothing ? "" : say(r.p.se));
      row.dataset.part = r.name;
      if (nothing && r.none) row.title = `${r.tip} Here ${r.none}.`;
    }
    line("pg-err-total", "total", `The sum of the bars: ${h.distance} between the run and the data p_0, sampling noise taken out.`,
      [piece("pg-err-sum", 0, h.total, "exact"), whisker(h.total, h.total_se)], say(h.total), say(h.total_se)).dataset.part = "total";
    const dot = node("i", "pg-err-dot");
    dot.style.left = at(h.direct);
    line("pg-err-direct", "measured directly", `${h.distance} between ${h.stochastic ? "the particles of another seed" : "the run's particles"} and the exact law of the data p_0, extrapolated from n and n/2 to many particles.`,
      [whisker(h.direct, h.direct_se), dot], say(h.direct), say(h.direct_se)).dataset.part = "direct";
    if (h.floor <= top) {
      for (const row of lines) {
        const mark = node("i", "pg-err-floor");
        mark.style.left = at(h.floor);
        row.children[1].append(mark);
      }
    }
    this.body.replaceChildren(...lines);
    const points = h.points.toLocaleString("en").replaceAll(",", "\u2009");
    this.word.textContent = `${h.distance} to the data, ${points} particles`;
    this.word.title = "Distances to p_0 in the data's units, of particles of this lab's own. The status line and the chart compare the stage's particles with p_t at their own time, and leave sampling noise in: there the floor says how much.";
    const foot = [];
    if (h.lost) foot.push(`${h.lost.toLocaleString("en")} of ${points} particles are lost: they count as if at 1000.`);
    else if (!h.resolved) foot.push("The total is within its sampling error: these bars are noise.");
    else foot.push(rows.some((r) => r.to < r.from) ? "Each row makes one thing real. Bars add up along the whole error; hatched ones undo." : "Each row makes one more thing real; bars are measured along the whole error, so they add up.");
    foot.push(`Floor ${S(h.floor)}${h.floor <= top ? " (dotted)" : ""}.`);
    this.foot.textContent = foot.join(" ");
    this.foot.title = `Two independent exact samples of ${points} points are ${S(h.floor)} apart. ` + (h.stochastic
      ? "A sampler that draws noise ends at independent points: they are compared with the exact law itself, and what is left of their noise is extrapolated away from n and n/2 particles."
      : "A deterministic sampler and the exact flow move the same points: their noise cancels, and errors below the floor are seen.");
  }
}

// ---- the map -------------------------------------------------------------------------------------------------------------------
class MapView extends Section {
  constructor(host) {
    super("map", "one step's error", "");
    this.host = host;
    this.plot = node("div", "pg-err-plot");
    this.canvas = el("canvas", {});
    this.line = node("div", "pg-err-cursor");
    this.axis = node("span", "pg-err-axis");
    this.side = node("span", "pg-err-axis pg-err-axis-b");
    this.plot.append(this.canvas, this.line, this.axis, this.side);
    this.legend = node("span", "pg-err-legend", "", `log₁₀ of the error in the axes' units. Pale: p_t is below ${PALE[1]} of its peak, few particles come by.`);
    this.legend.innerHTML = `<span>${power(LOW)}</span><i></i><span>${power(HIGH)}</span>`;
    this.which = node("span", "pg-err-which");
    this.which.setAttribute("role", "radiogroup");
    this.which.setAttribute("aria-label", "error of the step's");
    for (const [key, word, tip] of [["mean", "mean", "|m − m*|: the mean of the step against that of the exact q(x_s | x_t)."],
      ["spread", "covariance", "W₂ of N(0, C) and N(0, C*): the covariance of the step against that of the exact q(x_s | x_t)."]]) {
      const b = el("button", { type: "button", textContent: word, title: tip });
      b.setAttribute("role", "radio");
      b.setAttribute("aria-checked", "false");
      b.dataset.key = key;
      b.addEventListener("click", () => this.choose(key));
      this.which.append(b);
    }
    this.head.append(this.which);
    this.body.append(this.plot);
    this.foot.replaceWith((this.foot = node("div", "pg-err-foot pg-err-maplegend")));
    this.caption = node("span", "pg-err-caption");
    this.foot.append(this.caption, this.legend);
    this.chosen = host.view.errors_of || "";
    this.plot.addEventListener("pointermove", (e) => this.hover(e));
    this.plot.addEventListener("pointerleave", () => this.hover(null));
    this.plot.addEventListener("pointerdown", (e) => this.packet?.header.over === "x,t" && host.seek(1 - clamp(e.offsetX / this.plot.clientWidth, 0, 1)));
  }

  choose(key) {
    this.chosen = key;
    this.host.setView("errors_of", key);
    this.paint();
  }

  show(packet, stochastic) {
    const h = packet.header;
    this.packet = h.reason ? null : packet;
    this.stochastic = stochastic;
    this.say(h.reason ? `No map: ${h.reason}.` : "");
    this.which.hidden = !stochastic || Boolean(h.reason);
    this.title.title = stochastic
      ? "One step from x_t with the exact score, against the exact q(x_s | x_t). Samplers with another amount of noise (η, λ, churn, Langevin) reach p_s on other paths: for them this is a distance, not a fault."
      : "One step from x_t with the exact score, |x_s − exact flow|. Multistep samplers remember three exact states before it.";
    if (h.reason) return;
    this.exactMean = stochastic && Math.max(...array(packet, "mean")) < EXACT;
    this.paint();
  }

  /** What of a step is drawn: as chosen, else the mean, or the covariance where the mean is exact. */
  get shown() {
    if (!this.stochastic) return "mean";
    if (this.chosen === "mean" || this.chosen === "spread") return this.chosen;
    return this.exactMean ? "spread" : "mean";
  }

  colours() {
    const css = getComputedStyle(document.documentElement);
    const parse = (name) => {
      const hex = css.getPropertyValue(`--pg-${name}`).trim().slice(1);
      const six = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
      return [0, 2, 4].map((i) => parseInt(six.slice(i, i + 2), 16));
    };
    return { stops: [parse("panel"), parse("sampler"), parse("exact")], panel: parse("panel") };
  }

  paint() {
    const { packet } = this;
    if (!packet) return;
    const h = packet.header, name = this.shown;
    for (const b of this.which.children) b.setAttribute("aria-checked", String(b.dataset.key === name));
    const cells = packet.arrays[name], values = cells.floats(), density = array(packet, "density");
    const [rows, columns] = cells.shape;
    const { stops, panel } = this.colours();
    const image = new ImageData(columns, rows);
    for (let i = 0; i < values.length; i++) {
      const u = clamp((Math.log10(Math.max(values[i], 1e-12)) - LOW) / (HIGH - LOW), 0, 1);
      const [a, b, w] = u < KNEE ? [stops[0], stops[1], u / KNEE] : [stops[1], stops[2], (u - KNEE) / (1 - KNEE)];
      const seen = 0.2 + 0.8 * clamp(Math.log(density[i] / PALE[0]) / Math.log(PALE[1] / PALE[0]), 0, 1);
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = panel[k] + seen * (a[k] + (b[k] - a[k]) * w - panel[k]);
      image.data[4 * i + 3] = 255;
    }
    const small = el("canvas", { width: columns, height: rows });
    small.getContext("2d").putImageData(image, 0, 0);
    // what stands above and below may take another line, so it is said before the room is measured
    this.axis.innerHTML = h.over === "plane" ? subscripts(h.labels[0]) : "data";
    this.side.innerHTML = subscripts(h.labels[h.over === "plane" ? 1 : 0]);
    this.plot.dataset.over = h.over;
    this.line.hidden = h.over !== "x,t";
    this.place(this.clock ?? 1);
    this.hover(null);
    // the plane keeps its proportions
    const room = this.body.getBoundingClientRect(), [ra, rb] = h.ranges;
    const shape = h.over === "plane" ? (ra[1] - ra[0]) / (rb[1] - rb[0]) : room.width / room.height;
    const wide = Math.min(room.width, room.height * shape);
    Object.assign(this.plot.style, { width: `${wide}px`, height: `${wide / shape}px` });
    const width = Math.max(1, Math.round(this.plot.clientWidth * devicePixelRatio)), height = Math.max(1, Math.round(this.plot.clientHeight * devicePixelRatio));
    Object.assign(this.canvas, { width, height });
    const ctx = this.canvas.getContext("2d");
    if (h.over === "plane") ctx.drawImage(small, 0, 0, width, height);
    else {
      // columns are steps: as wide as the clock says, with hard edges; smooth along x
      const edges = array(packet, "edges"), strip = el("canvas", { width: 1, height: rows });
      for (let c = 0; c < columns; c++) {
        const left = Math.round(width * (1 - edges[c])), right = Math.round(width * (1 - edges[c + 1]));
        if (right <= left) continue;
        strip.getContext("2d").putImageData(image, -c, 0);
        ctx.drawImage(strip, left, 0, right - left, height);
      }
    }
  }

  place(clock) {
    this.clock = clock;
    if (!this.line.hidden) this.line.style.left = `${(100 * (1 - clock)).toFixed(2)}%`;
  }

  /** The number under the pointer; without one, what is shown. */
  hover(e) {
    if (!this.packet) return;
    const h = this.packet.header, [rows, columns] = this.packet.arrays.mean.shape;
    const name = this.shown;
    if (!e) {
      this.caption.textContent = name === "mean" && this.exactMean ? "the step's mean is exact" : h.over === "plane" ? `t = ${T(h.t[0])} → ${T(h.t[1])}` : "over x and time";
      return;
    }
    const u = clamp(e.offsetX / this.plot.clientWidth, 0, 0.9999), v = clamp(e.offsetY / this.plot.clientHeight, 0, 0.9999);
    const row = Math.floor(v * rows);
    let column = Math.floor(u * columns);
    if (h.over === "x,t") {
      const edges = array(this.packet, "edges");
      column = 0;
      while (column < columns - 1 && 1 - edges[column + 1] <= u) column++;
    }
    const along = (range, w) => (range[0] + (range[1] - range[0]) * w).toFixed(2).replace("-", "−");
    const place = h.over === "plane" ? `(${along(h.ranges[0], u)}, ${along(h.ranges[1], 1 - v)})` : `x = ${along(h.ranges[0], 1 - v)}, t = ${T(array(this.packet, "t")[column])}`;
    this.caption.textContent = `${place}: ${S(this.packet.arrays[name].floats()[row * columns + column])}`;
  }
}

// ---- the error of every step ---------------------------------------------------------------------------------------------------
class StepsView extends Section {
  constructor(host) {
    super("steps", "every step's error", "Median over p_t of the error that one step adds from exact states, band: 10 to 90 %. In the view's units.");
    this.plot = node("div", "pg-err-plot pg-err-chart");
    this.line = node("div", "pg-err-cursor");
    this.body.append(this.plot);
    this.plot.addEventListener("pointerdown", (e) => {
      const go = (m) => host.seek(1 - clamp((m.clientX - this.plot.getBoundingClientRect().left - MARGIN.l) / (this.plot.clientWidth - MARGIN.l - MARGIN.r), 0, 1));
      go(e);
      this.plot.setPointerCapture(e.pointerId);
      this.plot.onpointermove = go;
    });
    this.plot.addEventListener("pointerup", () => (this.plot.onpointermove = null));
    this.plot.addEventListener("pointercancel", () => (this.plot.onpointermove = null));
  }

  show(packet) {
    const h = packet.header;
    this.packet = h.reason ? null : packet;
    this.say(h.reason ? `No curve: ${h.reason}.` : "");
    if (!h.reason) this.paint();
  }

  paint() {
    const { packet } = this;
    if (!packet) return;
    const { stochastic } = packet.header;
    const [from, to, low, median, high, spread] = ["from", "to", "low", "median", "high", "spread"].map((n) => array(packet, n));
    const width = this.plot.clientWidth, height = this.plot.clientHeight;
    if (!(width > 60) || !(height > 40)) return;
    const seen = [...median, ...high, ...(stochastic ? spread : [])].filter((v) => v > 1e-12).map(Math.log10);
    const top = seen.length ? Math.ceil(Math.max(...seen) - 0.02) : 0;
    const bottom = seen.length ? Math.max(top - DECADES, Math.min(top - 1, Math.floor(Math.min(...seen)))) : -1;
    const w = width - MARGIN.l - MARGIN.r, ht = height - MARGIN.t - MARGIN.b;
    this.X = (c) => MARGIN.l + w * (1 - c);
    const Y = (v) => MARGIN.t + ht * clamp((top - Math.log10(Math.max(v, 1e-30))) / (top - bottom), 0, 1);
    const parts = [];
    for (let n = bottom; n <= top; n++) {
      const y = (MARGIN.t + (ht * (top - n)) / (top - bottom)).toFixed(1);
      parts.push(`<line class="grid" x1="${MARGIN.l}" x2="${MARGIN.l + w}" y1="${y}" y2="${y}"/><text x="${MARGIN.l - 5}" y="${+y + 4}" text-anchor="end">${power(n)}</text>`);
    }
    const band = [], path = [], other = [];
    for (let i = 0; i < median.length; i++) {
      const a = this.X(from[i]).toFixed(1), b = this.X(i + 1 < median.length ? from[i + 1] : to[i]).toFixed(1);
      band.push(`<rect class="band" x="${a}" y="${Y(high[i]).toFixed(1)}" width="${Math.max(0.5, b - a)}" height="${Math.max(0, Y(low[i]) - Y(high[i])).toFixed(1)}"/>`);
      path.push(`${i ? "L" : "M"}${a} ${Y(median[i]).toFixed(1)}H${b}`);
      other.push(`${i ? "L" : "M"}${a} ${Y(spread[i]).toFixed(1)}H${b}`);
    }
    parts.push(...band, `<path class="mean" d="${path.join("")}"/>`);
    if (stochastic) parts.push(`<path class="spread" d="${other.join("")}"/>`);
    parts.push(`<text x="${MARGIN.l}" y="${height - 4}">noise</text><text x="${MARGIN.l + w}" y="${height - 4}" text-anchor="end">data</text>`);
    this.plot.innerHTML = svg(parts.join(""), `0 0 ${width} ${height}`);
    this.plot.append(this.line);
    const exact = stochastic && Math.max(...median) < EXACT;
    this.foot.innerHTML = stochastic
      ? `<i class="pg-err-key"></i>${exact ? "mean: exact" : "mean"} <i class="pg-err-key pg-err-key-spread"></i>covariance`
      : '<i class="pg-err-key"></i>median over p<sub>t</sub>, band 10–90 %';
    this.foot.title = stochastic
      ? "Medians over p_t of the error of the step's mean (band: 10 to 90 %) and of its covariance, against the exact q(x_s | x_t)."
      : "|one step − exact flow|, in the view's units: median over p_t and its 10th to 90th percentile.";
    this.place(this.clock ?? 1);
  }

  place(clock, step = this.step ?? 1) {
    this.clock = clock;
    this.step = step;
    if (!this.packet || !this.X) return;
    this.line.style.left = `${this.X(clock).toFixed(1)}px`;
    const made = Math.max(1, this.step), numbers = array(this.packet, "step");
    let i = numbers.length - 1; // of many steps some are measured: the last one before
    while (i > 0 && numbers[i] > made) i--;
    const exact = this.packet.header.stochastic && !(array(this.packet, "median")[i] > EXACT);
    const text = (name) => S(array(this.packet, name)[i]);
    const words = `${numbers[i] === made ? "" : `step ${numbers[i]}: `}${T(array(this.packet, "t")[i])} → ${T(array(this.packet, "s")[i])}: ${text(exact ? "spread" : "median")}`;
    if (this.word.textContent !== words) this.word.textContent = words;
  }
}

// ---- the lab -------------------------------------------------------------------------------------------------------------------
class Errors {
  constructor(root, host) {
    this.root = root;
    this.host = host;
    this.budget = new BudgetView();
    this.map = new MapView(host);
    this.steps = new StepsView(host);
    this.views = [this.budget, this.map, this.steps];
    const row = node("div", "pg-errors");
    row.append(...this.views.map((v) => v.box));
    root.replaceChildren(row);
    this.clock = 1;
    new ResizeObserver(() => this.repaint()).observe(row);
    new MutationObserver(() => this.repaint()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-pg-theme"] });
  }

  repaint() {
    this.map.paint();
    this.steps.paint();
  }

  setRun(run) {
    this.run = run;
    if (run.header.key === this.key) return;
    this.key = run.header.key;
    this.grid = Array.from(arrayOf(run, "grid/clock") || []);
    this.mapOf = null;
    this.ask();
    this.askMap();
  }

  async ask() {
    const key = this.key;
    for (const v of [this.budget, this.steps]) v.busy(true);
    try {
      const packet = await this.host.fetch("errors");
      if (packet.header.key !== this.key) return;
      this.budget.say("");
      this.budget.show(packet.header);
      this.steps.show(packet);
      this.root.dataset.shown = packet.header.key;
    } catch (error) {
      if (error.name === "AbortError" || key !== this.key) return;
      for (const v of [this.budget, this.steps]) v.say(error.message);
      this.root.dataset.shown = key;
    }
    for (const v of [this.budget, this.steps]) v.busy(false);
  }

  /** The step that the cursor is in, from 0 on; over (x, t) there is one map for all of them. */
  step() {
    return this.run.header.components.length === 1 ? 0 : Math.max(0, momentsOf(this.run).interval(this.clock) - 1);
  }

  async askMap() {
    if (!this.run || this.grid.length < 2) return;
    const of = `${this.key}|${this.step()}`, step = this.step();
    if (of === this.mapOf) return;
    this.mapOf = of;
    this.map.busy(true);
    try {
      const packet = await this.host.fetch("errors-map", { step: step + 1 });
      if (packet.header.key !== this.key) return;
      this.map.show(packet, packet.header.stochastic);
      this.map.box.dataset.shown = of;
    } catch (error) {
      if (error.name === "AbortError" || of !== this.mapOf) return;
      this.map.say(error.message);
    }
    if (of === this.mapOf) this.map.busy(false);
  }

  cursor(info) {
    this.clock = info.c;
    this.map.place(info.c);
    this.steps.place(info.c, info.step);
    if (this.run) this.askMap();
  }
}

export default {
  mount(root, host) {
    const lab = new Errors(root, host);
    return { setRun: (r) => lab.setRun(r), cursor: (info) => lab.cursor(info), show() {}, lab };
  },
};
