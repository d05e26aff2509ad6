// Two runs of image models in one pane: A, which was kept, on the left of a line through every image, B, the present one, on its right.
import { blankImage, drawImage, imageAt, ofImages } from "./draw.js";
import { read } from "../compare/link.js";
import { el, penOf } from "../lib/dom.js";

/** @typedef {import("./draw.js").ImageRun} ImageRun */
/** @typedef {import("../python.js").Query} Query */

const TIP = "Keeps these images as A. Change any control: the new images are B, from the same seed, on the right of a line that you drag.";

/** Words and noise level of one of the two. @param {"a" | "b"} name */
function sideOf(name) {
  const words = el("span", { className: "pg-compare-words" }), level = el("b", { className: "pg-compare-level" });
  return { side: el("span", { className: `pg-compare-${name}` }, ...(name === "a" ? [words, level] : [level, words])), words, level };
}

/** @param {number} snr */
const levelOf = (snr) => `log-SNR ${snr === Infinity ? "∞" : snr.toFixed(2).replace("-", "−")}`;

class Compare {
  /**
   * @param {import("./images.js").Images} images  the pane
   * @param {import("./images.js").ImagesHost} host
   */
  constructor(images, host) {
    this.images = images;
    this.host = host;
    /** A, and what made it. @type {ImageRun | null} */
    this.run = null;
    /** @type {Query | null} */
    this.query = null;
    this.share = 0.5; // where the line stands, from the left
    this.high = 0; // of the row of words
    /** Where a picture of another size is drawn first. @type {HTMLCanvasElement | null} */
    this.held = null;
    /** The image on which the line is dragged. @type {Element | null} */
    this.cell = null;
    this.button = el("button", { type: "button", className: "pg-chip pg-compare-button", textContent: "compare", title: TIP });
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", () => (this.run ? this.end() : this.keep(images.run, host.query())));
    this.row = el("div", { className: "pg-compare", hidden: true });
    this.a = sideOf("a");
    this.b = sideOf("b");
    this.slider = el("input", { type: "range", min: "0", max: "100", value: "50", title: "Where the line between A and B stands" });
    this.slider.setAttribute("aria-label", "Line between A and B");
    this.slider.addEventListener("input", () => this.move(Number(this.slider.value) / 100));
    this.row.append(this.a.side, this.slider, this.b.side);
  }

  /** A run's packet as A, with the query that made it. @param {ImageRun | null} run @param {Query} query */
  keep(run, query) {
    if (!run) return;
    if (!run.header.image.done) return this.host.notice({ kind: "info", message: "Only a whole run can be compared: let it go on first." });
    this.run = run;
    this.query = query;
    this.host.setView("compare", new URLSearchParams(query).toString());
    this.tell();
  }

  /** Another stage's images on the left of the line; they stand in the link as a stage does. @param {{run: ImageRun, q: Query} | null} shown */
  lay(shown) {
    if (this.run === (shown?.run ?? null)) return;
    this.run = shown?.run ?? null;
    this.query = shown?.q ?? null;
    this.tell();
  }

  end() {
    this.run = this.query = null;
    this.host.setView("compare", "");
    this.tell();
  }

  /** From a link: A is computed anew. @param {string} words  its query */
  async restore(words) {
    if (words === (this.query ? new URLSearchParams(this.query).toString() : "")) return;
    if (!words) return this.lay(null);
    const [query] = read(words, this.host.query());
    if (!query) return;
    try {
      this.keep(ofImages(await this.host.fetchRun(query)), query);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.host.notice({ kind: "warning", message: `The other side of the comparison could not be computed: ${why}` });
    }
  }

  /** After a new B, or a new A. */
  tell() {
    const { run: a, query } = this, b = this.images.run, on = Boolean(a);
    this.button.setAttribute("aria-pressed", String(on));
    this.row.hidden = !on;
    this.images.pane.classList.toggle("pg-comparing", on);
    if (a && b && String(b.header.image.event) !== String(a.header.image.event)) {
      this.host.notice({ kind: "info", message: "The comparison has ended: these images have another size." });
      return this.end();
    }
    if (query && b && query.seed !== this.host.query().seed) this.host.notice({ kind: "warning", message: "A and B start from different noise now: their images do not belong together. Give both the same seed to compare." });
    if (query) {
      const [of, to] = this.host.difference(query, this.host.query());
      this.a.words.textContent = `A ${of}`;
      this.b.words.textContent = of || to ? `${to} B` : "now change B";
      this.a.side.title = this.b.side.title = `A: ${of || "the same"} · B: ${to || "the same"}. A is shown at the state whose log-SNR is nearest to that of B’s.`;
    }
    this.images.place(); // the words of A and B take a line
    this.move(this.share);
  }

  /** The line. @param {number} share  from the left */
  move(share) {
    this.share = Math.min(1, Math.max(0, share));
    this.slider.value = String(Math.round(100 * this.share));
    this.images.pane.style.setProperty("--line", String(this.share));
    this.images.redraw();
  }

  /**
   * A's state that is as noisy as B's: by log-SNR, since one clock means another noise level in another process.
   * @param {ImageRun} run  A
   * @param {number} snr
   */
  frame(run, snr) {
    const levels = run.arrays.log_snr.data, last = levels.length - 1;
    if (snr === Infinity) return last;
    let best = 0;
    for (let i = 1; i <= last; i++) if (Math.abs(levels[i] - snr) <= Math.abs(levels[best] - snr)) best = i;
    return best;
  }

  /**
   * A's part of image n at B's log-SNR: the columns of its pixels on the left of the line, grey where A has no such images.
   * @param {HTMLCanvasElement} canvas
   * @param {number} n
   * @param {import("./kinds.js").Kind} kind
   * @param {number} snr
   */
  paint(canvas, n, kind, snr) {
    if (!this.run || n >= this.run.header.image.shown) return;
    const image = imageAt(this.run, kind, this.frame(this.run, snr), n);
    const [, h, w] = image?.[2] ?? [];
    if (image && (w !== canvas.width || h !== canvas.height)) { // a decoder's last picture beside one on the way
      drawImage((this.held ??= el("canvas")), ...image);
      penOf(canvas).drawImage(this.held, 0, 0, this.share * w, h, 0, 0, this.share * canvas.width, canvas.height);
    } else if (image) drawImage(canvas, ...image, this.share);
    else blankImage(canvas, this.run.header.image.event, this.share);
  }

  /** The noise levels of both sides, as far as they show images. @param {import("./kinds.js").Kind} kind @param {number} snr  B's */
  say(kind, snr) {
    if (!this.run) return;
    const { arrays } = this.run, told = [arrays[`image/${kind}`] ? levelOf(arrays.log_snr.data[this.frame(this.run, snr)]) : "no velocity", levelOf(snr)];
    if ([this.a, this.b].every((side, i) => side.level.textContent === told[i])) return;
    [this.a, this.b].forEach((side, i) => (side.level.textContent = told[i]));
    if (this.row.offsetHeight !== this.high) (this.high = this.row.offsetHeight), this.images.place(); // in a narrow pane they take a second line
  }

  /**
   * The line is dragged on any image; a click is not a drag.
   * @param {HTMLElement} element
   * @param {(e: PointerEvent) => Element | null} cellOf
   */
  hold(element, cellOf) {
    /** @type {number | null} */
    let from = null;
    let dragged = false;
    element.addEventListener("pointerdown", (e) => {
      dragged = false;
      if (this.run && cellOf(e)) from = e.clientX;
    });
    element.addEventListener("pointermove", (e) => {
      if (from === null || (!dragged && Math.abs(e.clientX - from) < 4)) return;
      const cell = cellOf(e);
      if (!dragged) element.setPointerCapture(e.pointerId);
      dragged = true;
      this.cell = cell ?? this.cell;
      const r = this.cell?.getBoundingClientRect();
      if (r) this.move((e.clientX - r.left) / r.width);
    });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (from = null));
    element.addEventListener("click", (e) => {
      if (!dragged) return;
      e.stopImmediatePropagation();
      dragged = false;
    }, true);
  }
}
export { Compare };
