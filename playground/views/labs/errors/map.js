import { power } from "../axes.js";
import { channels } from "../colours.js";
import { el, penOf } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { subscripts } from "../../lib/numbers.js";
import { Section } from "./section.js";
import { HIGH, LOW, PALE, stepUnder, tone } from "./tones.js";
import { EXACT, errorWords, timeWords } from "./words.js";

/** @typedef {import("../../lib/packet.js").Packet<import("./packets.js").ErrorMap>} MapPacket */
/** @typedef {"mean" | "spread"} Moment of a step: its mean, its covariance */

/** @type {[Moment, string, string][]} */
const MOMENTS = [
  ["mean", "mean", "|m − m*|: the mean of the step against that of the exact q(x_s | x_t)."],
  ["spread", "covariance", "W₂ of N(0, C) and N(0, C*): the covariance of the step against that of the exact q(x_s | x_t)."],
];

/** Where one step errs. */
export class MapView extends Section {
  /** @type {MapPacket | null} */
  packet = null;
  stochastic = false;
  /** Whether the step's mean is that of q everywhere. */
  exactMean = false;
  clock = 1;

  /** @param {import("../../page.js").Host} host */
  constructor(host) {
    super("map", "one step's error", "");
    this.host = host;
    this.canvas = el("canvas");
    this.line = el("div", { className: "pg-err-cursor" });
    this.axis = el("span", { className: "pg-err-axis" });
    this.side = el("span", { className: "pg-err-axis pg-err-axis-b" });
    this.plot = el("div", { className: "pg-err-plot" }, this.canvas, this.line, this.axis, this.side);
    this.body.append(this.plot);
    this.which = el("span", { className: "pg-err-which" });
    this.which.setAttribute("role", "radiogroup");
    this.which.setAttribute("aria-label", "error of the step's");
    this.radios = MOMENTS.map(([moment, word, tip]) => this.radio(moment, word, tip));
    this.which.append(...this.radios);
    this.head.append(this.which);
    this.caption = el("span", { className: "pg-err-caption" });
    const legend = el("span", { className: "pg-err-legend", title: `log₁₀ of the error in the axes' units. Pale: p_t is below ${PALE[1]} of its peak, few particles come by.` });
    legend.innerHTML = `<span>${power(LOW)}</span><i></i><span>${power(HIGH)}</span>`;
    this.foot.replaceWith(el("div", { className: "pg-err-foot pg-err-maplegend" }, this.caption, legend));
    this.chosen = host.view.errors_of || "";
    this.plot.addEventListener("pointermove", (e) => this.hover(e));
    this.plot.addEventListener("pointerleave", () => this.hover(null));
    this.plot.addEventListener("pointerdown", (e) => this.packet?.header.over === "x,t" && host.seek(1 - clamp(e.offsetX / this.plot.clientWidth, 0, 1)));
  }

  /** @param {Moment} moment @param {string} word @param {string} tip */
  radio(moment, word, tip) {
    const b = el("button", { type: "button", textContent: word, title: tip });
    b.setAttribute("role", "radio");
    b.setAttribute("aria-checked", "false");
    b.dataset.key = moment;
    b.addEventListener("click", () => {
      this.chosen = moment;
      this.host.setView("errors_of", moment);
      this.paint();
    });
    return b;
  }

  /** @param {MapPacket} packet */
  show(packet) {
    const { reason, stochastic } = packet.header;
    this.packet = reason ? null : packet;
    this.stochastic = stochastic;
    this.say(reason ? `No map: ${reason}.` : "");
    this.which.hidden = !stochastic || Boolean(reason);
    this.title.title = stochastic
      ? "One step from x_t with the exact score, against the exact q(x_s | x_t). Samplers with another amount of noise (η, λ, churn, Langevin) reach p_s on other paths: for them this is a distance, not a fault."
      : "One step from x_t with the exact score, |x_s − exact flow|. Multistep samplers remember three exact states before it.";
    if (reason) return;
    this.exactMean = stochastic && Math.max(...packet.arrays.mean.floats()) < EXACT;
    this.paint();
  }

  /** What of a step is drawn: as chosen, else the mean, or the covariance where the mean is exact. @returns {Moment} */
  get shown() {
    if (!this.stochastic) return "mean";
    if (this.chosen === "mean" || this.chosen === "spread") return this.chosen;
    return this.exactMean ? "spread" : "mean";
  }

  paint() {
    const { packet } = this;
    if (!packet) return;
    for (const b of this.radios) b.setAttribute("aria-checked", String(b.dataset.key === this.shown));
    const { header: h, arrays } = packet, image = imageOf(arrays[this.shown], arrays.density.floats()), flat = h.over === "plane";
    // what stands above and below may take another line, so it is said before the room is measured
    this.axis.innerHTML = flat ? subscripts(h.labels[0]) : "data";
    this.side.innerHTML = subscripts(h.labels[flat ? 1 : 0]);
    this.plot.dataset.over = h.over;
    this.line.hidden = flat;
    this.place(this.clock);
    this.hover(null);
    // the plane keeps its proportions
    const room = this.body.getBoundingClientRect(), [ra, rb] = h.ranges;
    const shape = flat ? (ra[1] - ra[0]) / (rb[1] - rb[0]) : room.width / room.height;
    const wide = Math.min(room.width, room.height * shape);
    Object.assign(this.plot.style, { width: `${wide}px`, height: `${wide / shape}px` });
    const width = Math.max(1, Math.round(this.plot.clientWidth * devicePixelRatio)), height = Math.max(1, Math.round(this.plot.clientHeight * devicePixelRatio));
    Object.assign(this.canvas, { width, height });
    if (flat) this.stretch(image);
    else this.columns(image, arrays.edges.floats());
  }

  /** @param {ImageData} image */
  stretch(image) {
    const small = el("canvas", { width: image.width, height: image.height }), { width, height } = this.canvas;
    penOf(small).putImageData(image, 0, 0);
    penOf(this.canvas).drawImage(small, 0, 0, width, height);
  }

  /** Columns are steps: as wide as the clock says, with hard edges; smooth along x. @param {ImageData} image @param {Float32Array} edges */
  columns(image, edges) {
    const strip = el("canvas", { width: 1, height: image.height }), ctx = penOf(this.canvas), one = penOf(strip), { width, height } = this.canvas;
    for (let c = 0; c < image.width; c++) {
      const left = Math.round(width * (1 - edges[c])), right = Math.round(width * (1 - edges[c + 1]));
      if (right <= left) continue;
      one.putImageData(image, -c, 0);
      ctx.drawImage(strip, left, 0, right - left, height);
    }
  }

  /** @param {number} clock */
  place(clock) {
    this.clock = clock;
    if (!this.line.hidden) this.line.style.left = `${(100 * (1 - clock)).toFixed(2)}%`;
  }

  /** The number under the pointer; without one, what is shown. @param {PointerEvent | null} e */
  hover(e) {
    if (!this.packet) return;
    const { header: h } = this.packet;
    if (e) {
      const u = clamp(e.offsetX / this.plot.clientWidth, 0, 0.9999), v = clamp(e.offsetY / this.plot.clientHeight, 0, 0.9999);
      this.caption.textContent = valueUnder(this.packet, this.shown, u, v);
    } else if (this.shown === "mean" && this.exactMean) this.caption.textContent = "the step's mean is exact";
    else this.caption.textContent = h.over === "plane" ? `t = ${timeWords(h.t[0])} → ${timeWords(h.t[1])}` : "over x and time";
  }
}

/** Errors in the page's colours, a pixel a cell. @param {import("../../lib/packet.js").PacketArray} cells (rows, columns) @param {Float32Array} density p_t over its peak */
function imageOf(cells, density) {
  const css = getComputedStyle(document.documentElement);
  /** @param {string} role */
  const colour = (role) => channels(css.getPropertyValue(`--pg-${role}`));
  const palette = { panel: colour("panel"), sampler: colour("sampler"), exact: colour("exact") };
  const [rows, columns] = cells.shape, values = cells.floats(), image = new ImageData(columns, rows);
  for (let i = 0; i < values.length; i++) {
    image.data.set(tone(values[i], density[i], palette), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** What stands at a place of the map, from its left and its top, 0 to 1. @param {MapPacket} packet @param {Moment} moment @param {number} u @param {number} v */
export function valueUnder({ header: h, arrays }, moment, u, v) {
  const [rows, columns] = arrays.mean.shape, row = Math.floor(v * rows), flat = h.over === "plane";
  const column = flat ? Math.floor(u * columns) : stepUnder(arrays.edges.floats(), u);
  /** @param {number[]} range @param {number} w */
  const along = (range, w) => (range[0] + (range[1] - range[0]) * w).toFixed(2).replace("-", "−");
  const place = flat ? `(${along(h.ranges[0], u)}, ${along(h.ranges[1], 1 - v)})` : `x = ${along(h.ranges[0], 1 - v)}, t = ${timeWords(arrays.t.floats()[column])}`;
  return `${place}: ${errorWords(arrays[moment].floats()[row * columns + column])}`;
}
