import { el, must, targetOf } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { across, down, innerHeight, innerWidth } from "./frame.js";
import { Legend } from "./legend.js";
import { Plot } from "./plot.js";
import { Scrub } from "./scrub.js";
import { sketch } from "./sketch.js";
import { colourOf } from "./theme.js";
import { valueAt } from "./values.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./series.js").Chart} Chart */
/** @typedef {import("./series.js").View} View */
/** @typedef {import("./series.js").Colours} Colours */
/** @typedef {{place(): void, down(e: PointerEvent): boolean}} Held handles on a curve; down: whether the pointer has taken hold of one */

const HTML = `<header><span class="pg-curve-title"></span><span class="pg-curve-legend"></span></header>
      <div class="pg-curve-plot"><svg class="pg-curve-sketch" aria-hidden="true"></svg><div class="pg-curve-plotly"></div>
      <div class="pg-curve-over"><span class="pg-curve-unit"></span><div class="pg-curve-guide" hidden><span></span></div><div class="pg-curve-line" role="slider" tabindex="0" aria-label="time: noise left, data right"
        aria-valuemin="0" aria-valuemax="1" aria-valuenow="1"></div></div></div>`;

/** One small plot: title and legend, its curves, and over them the cursor and its dots, plain elements that are moved sixty times a second. */
export class Panel {
  /** @type {Series[]} */
  series = [];
  /** @type {import("./series.js").Range} of the values, when everything is shown */
  range = [0, 1];
  log = false;
  /** @type {object} */
  yTicks = {};
  /** @type {View} */
  view = { x: [0, 1], y: [0, 1] };
  width = 0;
  height = 0;
  /** @type {({node: HTMLElement, seen: boolean} | null)[]} of each series where the cursor is */
  dots = [];
  /** @type {Held | null} */
  held = null;
  /** When Plotly is to draw what is new, on performance.now()'s clock. */
  due = 0;
  inside = true;
  titleHtml = "";
  unitHtml = "";
  content = "";

  /** @param {import("./curves.js").Curves} owner @param {string} name @param {string} title */
  constructor(owner, name, title) {
    this.owner = owner;
    this.name = name;
    this.axis = title; // what the numbers are, for a picture of this panel alone
    this.box = el("section", { className: `pg-curve pg-curve-${name}` });
    this.box.innerHTML = HTML;
    this.header = must(this.box, "header");
    this.titleBox = must(this.box, ".pg-curve-title");
    this.plot = must(this.box, ".pg-curve-plot");
    this.sketchBox = must(this.box, ".pg-curve-sketch", SVGSVGElement);
    this.over = must(this.box, ".pg-curve-over");
    this.unitBox = must(this.box, ".pg-curve-unit");
    this.guide = must(this.box, ".pg-curve-guide");
    this.tag = must(this.guide, "span");
    this.line = must(this.box, ".pg-curve-line");
    this.legend = new Legend(must(this.box, ".pg-curve-legend"), () => {
      owner.painter.paint(this);
      this.place(owner.clock);
      owner.told.hide(owner.hidden);
    });
    this.figure = new Plot(this, must(this.box, ".pg-curve-plotly"));
    this.title(title, title);
    this.titleBox.addEventListener("click", (e) => {
      const choice = targetOf(e, "[data-measure]"), measure = choice?.dataset.measure;
      if (!measure || choice.hasAttribute("aria-disabled")) return;
      owner.choose(measure);
      /** @type {HTMLElement | null} */ (this.titleBox.querySelector(`[data-measure="${measure}"]`))?.focus({ preventScroll: true }); // the words are new ones
    });
    this.plot.addEventListener("dblclick", (e) => {
      if (this.figure.drawn && !targetOf(e, ".modebar")) this.figure.all();
    });
    this.scrub = new Scrub(this);
  }

  /** Keys of the curves that are hidden. */
  get off() { return this.legend.off; }
  set off(keys) { this.legend.off = keys; }

  /** The title without its controls, as HTML. */
  get heading() {
    const box = el("i");
    box.innerHTML = this.titleHtml;
    for (const control of box.querySelectorAll(".pg-measures")) control.remove();
    return box.innerHTML.trim();
  }

  /** @param {string} html @param {string} tip */
  title(html, tip) {
    if (this.titleHtml === html) return;
    this.titleHtml = html;
    this.titleBox.innerHTML = html;
    this.titleBox.title = tip;
  }

  /** @param {Chart} chart */
  show({ title, tip, axis, unit, yTicks, series, range, log }) {
    this.title(title, tip);
    if (this.unitHtml !== unit) this.unitBox.innerHTML = this.unitHtml = unit;
    Object.assign(this, { axis, yTicks, series, range, log });
    if (this.legend.show(series)) this.makeDots();
    if (!this.figure.drawn) this.view = { x: [0, 1], y: range };
    const content = JSON.stringify([series, range]);
    if (content !== this.content) {
      this.content = content;
      this.owner.painter.paint(this);
    }
    this.place(this.owner.clock);
  }

  makeDots() {
    for (const dot of this.dots) dot?.node.remove();
    this.dots = this.series.map((s) => {
      if (!s.dot) return null;
      const node = el("i", { className: "pg-curve-dot" });
      node.style.setProperty("--role", colourOf(s.role));
      this.over.append(node);
      return { node, seen: true };
    });
  }

  /** Moves the cursor: no layout is read, no Plotly is called. @param {number} clock */
  place(clock) {
    const { view: v, series, dots, legend, off } = this, x = 1 - clock;
    if (!(innerWidth(this.width) > 0 && innerHeight(this.height) > 0) || !Number.isFinite(x)) return;
    this.held?.place();
    const u = (x - v.x[0]) / (v.x[1] - v.x[0]), inside = u > -1e-4 && u < 1.0001;
    if (inside !== this.inside) this.over.classList.toggle("pg-out", !(this.inside = inside));
    const px = across(v, this.width, x).toFixed(2);
    this.line.style.transform = `translateX(${px}px)`;
    for (let n = 0; n < series.length; n++) {
      const s = series[n], dot = dots[n], hidden = off.has(s.key);
      if (dot) {
        const here = s.at?.() ?? x, along = across(v, this.width, here).toFixed(2), value = hidden ? NaN : valueAt(s.x, s.y, here, s.shape), y = this.log ? Math.log10(value) : value, q = (y - v.y[0]) / (v.y[1] - v.y[0]);
        const seen = q >= -0.01 && q <= 1.01;
        if (seen) dot.node.style.transform = `translate(${along}px,${down(v, this.height, y).toFixed(2)}px)`;
        if (dot.seen !== seen) dot.node.hidden = !(dot.seen = seen);
      }
      if (s.value) legend.say(n, hidden ? "" : s.value(this.owner.pointed ?? s.at?.() ?? x));
    }
    if (document.activeElement === this.line) this.line.setAttribute("aria-valuenow", clock.toFixed(3));
  }

  /** The lines alone, over Plotly's axes. @param {Colours} colours */
  sketch(colours) {
    this.sketchBox.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.sketchBox.innerHTML = sketch(this.series.filter((s) => !this.off.has(s.key)), this.view, this.log, this.width, this.height, colours);
    this.box.classList.add("pg-live");
  }

  /** The pointer's own line: the legend says the values there, the foot says when that is. @param {number | null} x */
  point(x) {
    const v = this.view, w = innerWidth(this.width), u = x == null ? -1 : (x - v.x[0]) / (v.x[1] - v.x[0]), seen = x != null && u >= -1e-6 && u <= 1 + 1e-6;
    this.guide.hidden = !seen;
    if (seen) {
      this.guide.style.transform = `translateX(${across(v, this.width, x).toFixed(1)}px)`;
      this.tag.textContent = this.owner.timeAt(x);
      this.tag.style.transform = `translateX(${(-50 - 50 * clamp((u * w - (w - 22)) / 22, 0, 1) + 30 * clamp((22 - u * w) / 22, 0, 1)).toFixed(0)}%)`;
    }
    this.box.classList.toggle("pg-pointed", x != null);
    this.place(this.owner.clock);
  }

  /** Reads its size; whether there is room for a picture, and something to be shown. */
  measure() {
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
    return this.width > 60 && this.height > 40 && this.series.length > 0;
  }

  /** All of it, by Plotly. @param {import("../../lib/plotly.js").Plotly} plotly @param {Colours} colours @param {string} font */
  async draw(plotly, colours, font) {
    if (!this.measure()) return;
    await this.figure.draw(plotly, colours, font);
    this.box.classList.remove("pg-live");
    this.box.classList.add("pg-plotted");
  }
}
