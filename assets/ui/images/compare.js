// Two runs of image models in one pane: A, which was kept, on the left of a line through every image, B, the present one, on its right.
import { blankImage, drawImage, imageAt } from "./draw.js";
import { el } from "../lib/dom.js";

const TIP = "Keeps these images as A. Change any control: the new images are B, from the same seed, on the right of a line that you drag.";

class Compare {
  /** images: the pane. host: {query(): of the run that is shown, fetchRun(query), difference(a, b): words of either side, setView, notice}. */
  constructor(images, host) {
    Object.assign(this, { images, host, run: null, share: 0.5 });
    this.button = el("button", { type: "button", className: "pg-chip pg-compare-button", textContent: "compare", title: TIP });
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", () => (this.run ? this.end() : this.keep(images.run, host.query())));
    this.row = el("div", { className: "pg-compare", hidden: true });
    const side = (name) => {
      const words = el("span", { className: "pg-compare-words" }), level = el("b", { className: "pg-compare-level" });
      this[name] = el("span", { className: `pg-compare-${name}` }, ...(name === "a" ? [words, level] : [level, words]));
      Object.assign(this[name], { words, level });
    };
    side("a");
    side("b");
    this.slider = el("input", { type: "range", min: 0, max: 100, value: 50, title: "Where the line between A and B stands" });
    this.slider.setAttribute("aria-label", "Line between A and B");
    this.slider.addEventListener("input", () => this.move(this.slider.value / 100));
    this.row.append(this.a, this.slider, this.b);
  }

  /** A run's packet as A, with the query that made it. */
  keep(run, query) {
    if (!run) return;
    if (!run.header.image.done) return this.host.notice({ kind: "info", message: "Only a whole run can be compared: let it go on first." });
    Object.assign(this, { run, query });
    this.host.setView("compare", new URLSearchParams(query).toString());
    this.tell();
  }

  end() {
    this.run = this.query = null;
    this.host.setView("compare", "");
    this.tell();
  }

  /** From a link: A is computed anew. */
  async restore(words) {
    if (words === (this.query ? new URLSearchParams(this.query).toString() : "")) return;
    if (!words) return this.end();
    const query = Object.fromEntries(new URLSearchParams(words));
    try {
      const run = await this.host.fetchRun(query);
      if (run.header.image) this.keep(run, query);
    } catch (error) {
      this.host.notice({ kind: "warning", message: `The other side of the comparison could not be computed: ${error.message}` });
    }
  }

  /** After a new B, or a new A. */
  tell() {
    const on = Boolean(this.run), { run } = this.images;
    this.button.setAttribute("aria-pressed", String(on));
    this.row.hidden = !on;
    this.images.pane.classList.toggle("pg-comparing", on);
    if (on && run && String(run.header.image.event) !== String(this.run.header.image.event)) {
      this.host.notice({ kind: "info", message: "The comparison has ended: these images have another size." });
      return this.end();
    }
    if (on && run && this.query.seed !== this.host.query().seed) this.host.notice({ kind: "warning", message: "A and B start from different noise now: their images do not belong together. Give both the same seed to compare." });
    if (on) {
      const [a, b] = this.host.difference(this.query, this.host.query());
      this.a.words.textContent = `A ${a}`;
      this.b.words.textContent = a || b ? `${b} B` : "now change B";
      this.a.title = this.b.title = `A: ${a || "the same"} · B: ${b || "the same"}. A is shown at the state whose log-SNR is nearest to that of B’s.`;
    }
    this.images.place(); // the words of A and B take a line
    this.move(this.share);
  }

  move(share) {
    this.share = Math.min(1, Math.max(0, share));
    this.slider.value = Math.round(100 * this.share);
    this.images.pane.style.setProperty("--line", this.share);
    this.images.redraw();
  }

  /** A's state that is as noisy as B's: by log-SNR, since one clock means another noise level in another process. */
  frame(snr) {
    const levels = this.run.arrays.log_snr.data, last = levels.length - 1;
    if (snr === Infinity) return last;
    let best = 0;
    for (let i = 1; i <= last; i++) if (Math.abs(levels[i] - snr) <= Math.abs(levels[best] - snr)) best = i;
    return best;
  }

  /** A's part of image n at B's log-SNR: the columns of its pixels on the left of the line, grey where A has no such images. */
  paint(canvas, n, kind, snr) {
    if (!this.run || n >= this.run.header.image.shown) return;
    const image = imageAt(this.run, kind, this.frame(snr), n);
    const [, h, w] = image?.[2] ?? [];
    if (image && (w !== canvas.width || h !== canvas.height)) { // a decoder's last picture beside one on the way
      drawImage((this.held ??= el("canvas")), ...image);
      canvas.getContext("2d").drawImage(this.held, 0, 0, this.share * w, h, 0, 0, this.share * canvas.width, canvas.height);
    } else if (image) drawImage(canvas, ...image, this.share);
    else blankImage(canvas, this.run.header.image.event, this.share);
  }

  /** The noise levels of both sides, as far as they show images. */
  say(kind, snr) {
    if (!this.run) return;
    const has = this.run.arrays[`image/${kind}`], level = (v) => `log-SNR ${v === Infinity ? "∞" : v.toFixed(2).replace("-", "−")}`;
    const told = [has ? level(this.run.arrays.log_snr.data[this.frame(snr)]) : "no velocity", level(snr)];
    if ([this.a, this.b].every((side, i) => side.level.textContent === told[i])) return;
    [this.a, this.b].forEach((side, i) => (side.level.textContent = told[i]));
    if (this.row.offsetHeight !== this.high) (this.high = this.row.offsetHeight), this.images.place(); // in a narrow pane they take a second line
  }

  /** The line is dragged on any image; a click is not a drag. Returns what tells that a drag has just ended. */
  hold(element, cellOf) {
    let from = null, dragged = false;
    element.addEventListener("pointerdown", (e) => {
      dragged = false;
      if (this.run && cellOf(e)) from = e.clientX;
    });
    element.addEventListener("pointermove", (e) => {
      if (from === null || (!dragged && Math.abs(e.clientX - from) < 4)) return;
      const cell = cellOf(e);
      if (!dragged) element.setPointerCapture(e.pointerId);
      dragged = true;
      const r = (cell || this.cell).getBoundingClientRect();
      this.cell = cell || this.cell;
      this.move((e.clientX - r.left) / r.width);
    });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (from = null));
    element.addEventListener("click", (e) => dragged && (e.stopImmediatePropagation(), (dragged = false)), true);
  }
}
export { Compare };
