import { aborted, messageOf } from "../../form/transport.js";
import { drawImage } from "../../images/draw.js";
import { el } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { across, chart, clockAt, overImages, stateAt } from "./lines.js";
import { poolWords, rmsWords, verdict } from "./words.js";

/** @typedef {import("../../page.js").LabPart} LabPart */
/** @typedef {import("../../lib/packet.js").Packet<import("../../python.js").LabHeaders["free"]>} Part */
/** @typedef {"ideal" | "wiener" | "local" | "equivariant"} Kind of denoiser */

const KINDS = /** @type {Kind[]} */ (["ideal", "wiener", "local", "equivariant"]); // what is quick first
const LINES = "At the states of this run, from which its steps start: the root mean square over images and pixels of x̂₀ minus the denoiser’s x̂₀. Pixels go from −1 to 1. "
  + "Each image is compared with what was asked of it: the denoiser of its class or of all, blended as the run’s own guidance blends.";
const THRESHOLD = "The threshold is a third of the median distance between nearest ones of these training images. All numbers: root mean square over pixels, which go from −1 to 1.";

/** @implements {LabPart} */
export class Free {
  clock = 0;
  /** Of the run that is shown. */
  key = "";
  /** Run and state whose images are shown. */
  shown = "";
  /** What has come of it. @type {Partial<Record<Kind | "nearest", Part>>} */
  parts = {};
  /** What the chart is as wide as; 0 before there is one. */
  width = 0;

  /** @param {HTMLElement} root @param {import("../../page.js").Host} host */
  constructor(root, host) {
    this.root = root;
    this.host = host;
    this.line = el("i", { className: "pg-free-cursor" });
    this.plot = el("div", { className: "pg-free-plot" });
    this.legend = el("div", { className: "pg-free-legend" });
    this.title = el("span", { className: "pg-free-title", textContent: "x̂₀ of this run against denoisers" });
    this.about = el("span", { className: "pg-free-title" });
    this.at = el("span", { className: "pg-free-word" });
    this.row = el("div", { className: "pg-free-row" });
    this.says = el("p", { className: "pg-free-says" });
    const unit = el("span", { className: "pg-free-word", textContent: "RMS per pixel" });
    root.replaceChildren(el("div", { className: "pg-free" },
      el("section", { className: "pg-free-lines" }, el("header", {}, this.title, unit), this.plot, this.legend),
      el("section", { className: "pg-free-images" }, el("header", {}, this.about, this.at), this.row, this.says)));
    this.plot.addEventListener("pointerdown", (e) => host.seek(clockAt(e.offsetX, this.plot.clientWidth)));
    new ResizeObserver(() => this.paint()).observe(this.plot);
    addEventListener("pg-picked", () => this.images());
  }

  /** @param {import("../../lib/packet.js").Packet<import("../../python.js").RunHeader>} run */
  setRun({ header }) {
    if (!header.set || header.key === this.key) return;
    this.key = header.key;
    this.parts = {};
    delete this.root.dataset.shown;
    this.ask(this.key);
  }

  /** @param {boolean} on */
  show(on) {
    if (on) this.paint();
  }

  /** @param {import("../../stage/run.js").Facts} info */
  cursor(info) {
    this.clock = info.clock;
    if (!this.parts.nearest) return;
    this.place();
    const of = `${this.key}|${stateAt(this.parts.nearest.arrays.clock.data, this.clock)}`;
    if (of === this.shown) return;
    this.shown = of;
    this.images();
  }

  /** One denoiser after the other: what is quick is there while the score machines still work. @param {string} key */
  async ask(key) {
    this.root.classList.add("pg-free-busy");
    for (const of of /** @type {const} */ (["nearest", ...KINDS])) {
      try {
        const packet = await this.host.fetch("free", { of });
        if (key !== this.key || packet.header.key !== key) return;
        this.parts[of] = packet;
      } catch (error) {
        if (aborted(error) || key !== this.key) return;
        this.says.textContent = messageOf(error);
        break;
      }
      this.paint();
      this.images();
    }
    this.root.classList.remove("pg-free-busy");
    this.root.dataset.shown = key;
  }

  // ---- the lines -------------------------------------------------------------------------------------------------------------------
  paint() {
    const width = this.plot.clientWidth, height = this.plot.clientHeight, { nearest: near } = this.parts;
    if (!near || width < 60 || height < 40) return;
    const { header: h, arrays } = near;
    this.title.textContent = `x̂₀ of this run against denoisers ${h.with}`;
    this.title.title = LINES;
    const lines = KINDS.flatMap((kind) => {
      const rms = kind === h.self ? null : this.parts[kind]?.arrays.rms;
      return rms ? [{ kind, values: overImages(rms.data, rms.shape) }] : [];
    });
    this.width = width;
    this.plot.innerHTML = chart(lines, arrays.clock.data, width, height);
    this.plot.append(this.line);
    this.legend.replaceChildren(...h.kinds.map(({ kind, word, tip }) => {
      const key = el("span", { className: `pg-free-key pg-free-${kind}`, title: tip });
      key.innerHTML = '<svg viewBox="0 0 22 8"><path d="M0 4H22"/></svg>';
      key.append(kind === h.self ? `${word}: this run` : this.parts[/** @type {Kind} */ (kind)] ? word : `${word} …`);
      return key;
    }));
    this.place();
  }

  place() {
    if (this.width) this.line.style.left = `${across(clamp(this.clock, 0, 1), this.width).toFixed(1)}px`;
  }

  // ---- the images ------------------------------------------------------------------------------------------------------------------
  images() {
    const { nearest: near } = this.parts;
    if (!near) return;
    const { header: h, arrays } = near, i = stateAt(arrays.clock.data, this.clock), n = Math.max(0, this.host.images?.picked ?? -1), step = arrays.state.data[i];
    this.about.textContent = `x̂₀ of image ${n + 1}`;
    this.about.title = "Pick another image of the batch above.";
    this.at.textContent = step < h.steps ? `before step ${step + 1}` : `after step ${step}, the last`;
    if (n >= h.images) {
      this.row.replaceChildren();
      this.says.textContent = `The first ${h.images} images of the batch are compared; pick one of them.`;
      return;
    }
    const at = i * h.images + n, far = arrays.distance.data[at], pool = poolWords(arrays.count.data[n], arrays.class.data[n]);
    /** @param {string} name @param {string} word @param {string} tip @param {Part | undefined} part @param {string} array @param {string} number */
    const cell = (name, word, tip, part, array, number) => cellOf(name, word, tip, part && { array: part.arrays[array], at, event: h.event }, number);
    this.row.replaceChildren(
      cell("own", "this run", "What the run’s own model expects at this state.", near, "own", " "),
      ...h.kinds.filter((k) => k.kind !== h.self).map(({ kind, word, tip }) => {
        const part = this.parts[/** @type {Kind} */ (kind)];
        return cell(kind, word, tip, part, "x0", part ? rmsWords(part.arrays.rms.data[at]) : "…");
      }),
      cell("nearest", "nearest", `The training image nearest to this run’s x̂₀, of ${pool}.`, near, "x0", rmsWords(far)),
    );
    this.says.innerHTML = verdict(far, arrays.close.data[n], pool);
    this.says.title = THRESHOLD;
  }
}

/**
 * An image with its name and number; grey while there is none.
 * @param {string} name
 * @param {string} word
 * @param {string} tip
 * @param {{array: import("../../lib/packet.js").PacketArray, at: number, event: number[]} | undefined} image the at-th of an array
 * @param {string} number
 */
function cellOf(name, word, tip, image, number) {
  const canvas = el("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", word);
  if (image) drawImage(canvas, image.array.data, image.at * image.event.reduce((a, b) => a * b, 1), /** @type {[number, number, number]} */ (image.event));
  const under = el("figcaption", {}, el("b", { textContent: word }), el("small", { textContent: number }));
  return el("figure", { className: `pg-free-cell pg-free-of-${name}`, title: tip }, canvas, under);
}
