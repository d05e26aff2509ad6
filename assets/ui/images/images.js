// The images of a run, on the left of the stage: as they form step by step, and afterwards under the stage's cursor.
import { Compare } from "./compare.js";
import { blankImage, drawImage, frameAt, imageAt, ofImages, sizeOf } from "./draw.js";
import { KINDS, kinds } from "./kinds.js";
import { OneImage } from "./one.js";
import { el, penOf, targetOf } from "../lib/dom.js";

/**
 * @typedef {import("../lib/packet.js").Packet<import("../python.js").RunHeader>} RunPacket
 * @typedef {import("../lib/packet.js").Packet<import("../python.js").StepHeader>} StepPacket
 * @typedef {import("./draw.js").ImageRun} ImageRun
 * @typedef {import("./kinds.js").Kind} Kind
 *
 * @typedef {object} ImagesHost  what the images may use of the page
 * @property {() => void} stop  pauses the run that is forming
 * @property {() => void} goOn  asks for the rest of it
 * @property {() => Query} query  of the run that is shown
 * @property {(query: Query) => Promise<RunPacket>} fetchRun
 * @property {(a: Query, b: Query) => string[]} difference  words of either side
 * @property {(name: string, value: string) => void} setView
 * @property {(notice: import("../page.js").Notice) => void} notice
 * @typedef {import("../python.js").Query} Query
 */

const GAP = 3;

class Images {
  /**
   * @param {import("../stage/stage.js").Stage} stage  whose view holds the pane
   * @param {ImagesHost} host
   */
  constructor(stage, host) {
    this.stage = stage;
    /** @type {Kind} */
    this.kind = "x";
    /** The whole run's packet, once there is one. @type {ImageRun | null} */
    this.run = null;
    /** Of the run that is forming. @type {StepPacket[]} */
    this.steps = [];
    this.forming = false;
    this.picked = -1;
    /** Channels, height and width of an image. @type {number[]} */
    this.event = [];
    /** @type {HTMLCanvasElement[]} */
    this.cells = [];
    this.columns = 1;
    /** The stage's cursor. @type {number | undefined} */
    this.clock = undefined;
    /** What the cells show, as a key. @type {string | null} */
    this.drawn = null;
    const pane = (this.pane = el("div", { className: "pg-images", hidden: true }));
    this.bar = el("div", { className: "pg-images-bar" });
    this.words = el("div", { className: "pg-images-kinds" });
    this.words.setAttribute("role", "group");
    this.words.setAttribute("aria-label", "What the images show");
    /** @param {Kind} kind */
    const button = (kind) => {
      const { word, tip } = KINDS[kind], b = el("button", { type: "button", className: "pg-chip", innerHTML: word, title: tip });
      b.addEventListener("click", () => this.show(kind));
      return b;
    };
    this.buttons = { x: button("x"), x0: button("x0"), v: button("v") };
    this.words.append(...kinds.map((kind) => this.buttons[kind]));
    this.said = el("span", { className: "pg-images-said" });
    this.said.setAttribute("role", "status");
    this.stop = el("button", { type: "button", className: "pg-chip pg-images-stop", textContent: "pause", title: "Pauses this run after the present step: what has formed can be replayed, and it can go on. Key Esc.", hidden: true });
    this.stop.addEventListener("click", () => host.stop());
    this.goOn = el("button", { type: "button", className: "pg-chip pg-images-go", textContent: "go on", title: "Computes the rest of this run: the same images as without the pause.", hidden: true });
    this.goOn.addEventListener("click", () => host.goOn());
    this.compare = new Compare(this, host);
    this.bar.append(this.words, this.said, this.compare.button, this.stop, this.goOn);
    this.grid = el("div", { className: "pg-images-grid" });
    this.grid.setAttribute("role", "listbox");
    this.grid.setAttribute("aria-label", "Images of the batch");
    this.grid.addEventListener("click", (e) => {
      const n = this._cellOf(e);
      if (n >= 0 && !this.pick(n)) this.one.open(true);
    });
    this.grid.addEventListener("dblclick", (e) => this._cellOf(e) >= 0 && this.one.open(true));
    this.compare.hold(this.grid, (e) => document.elementsFromPoint(e.clientX, e.clientY).find((c) => c.classList.contains("pg-images-cell")) ?? null);
    this.grid.addEventListener("keydown", (e) => this._keys(e));
    this.one = new OneImage(this);
    pane.append(this.bar, this.compare.row, this.grid, this.one.box);
    stage.ui.view.append(pane);
    stage.on("layout", () => this.place());
  }

  /** Which cell an event happened at; −1: none. @param {Event} e */
  _cellOf(e) {
    const node = targetOf(e, "canvas");
    return this.cells.findIndex((cell) => cell === node);
  }

  /** A run begins to form. */
  begin() {
    this.steps = [];
    this.forming = true;
    this.stop.hidden = false;
    this.goOn.hidden = true;
    this._open(true);
  }

  /** One step of the run that is forming. @param {StepPacket} packet */
  step(packet) {
    const { header } = packet;
    this.steps.push(packet);
    this.said.textContent = this.said.title = `step ${header.step} of ${header.steps}`;
    this.pane.style.setProperty("--done", String(header.step / header.steps));
    if (this.kind === "v" && !packet.arrays.v) this.kind = "x";
    this._cells(header.images, header.event);
    this.stage.setForming(header);
    this._draw();
  }

  end() {
    this.forming = false;
    this.stop.hidden = true;
    this.stage.setForming(null);
  }

  /** What has formed gives way to the run before. */
  back() {
    if (this.run) this.setRun(this.run);
    else this.end();
  }

  /** @param {import("./draw.js").AnyRun} told */
  setRun(told) {
    this.end();
    const run = (this.run = ofImages(told));
    this._open(run !== null);
    if (!run) return;
    this.steps = [];
    const { image } = run.header, { batch, shown } = image;
    const many = batch > shown ? `${shown} of ${batch}` : `${shown}`, noun = el("span", { className: "pg-images-noun", textContent: batch > 1 ? " images" : " image" });
    this.said.replaceChildren(many, noun, image.done ? "" : ` · paused at step ${image.at} of ${run.header.steps}`);
    this.said.title = this.said.textContent;
    this.goOn.hidden = image.done;
    this.pane.style.setProperty("--done", String(image.done ? 0 : image.at / run.header.steps));
    this._cells(shown, image.event);
    this.buttons.v.hidden = !image.velocity;
    if (!image.velocity && this.kind === "v") this.kind = "x";
    this.one.setRun(run);
    this.compare.tell();
    this._draw();
  }

  /** @param {import("../stage/run.js").Facts} info */
  cursor(info) {
    this.clock = info.clock;
    if (this.run && !this.forming) this._draw();
  }

  /** @param {Kind} kind */
  show(kind) {
    this.kind = kind;
    this.one.setRun(this.run);
    this.redraw();
  }

  redraw() {
    this.drawn = null;
    this._draw();
  }

  /** True if a lab has picked it for itself: then it is not to be enlarged. @param {number} n */
  pick(n) {
    this.picked = n;
    const taken = !dispatchEvent(new Event("pg-picked", { cancelable: true }));
    this.cells.forEach((c, i) => c.setAttribute("aria-selected", String(i === n)));
    this.one.setRun(this.run);
    this.redraw();
    return taken;
  }

  /** The grid at a frame, with what it is compared with, as a canvas; of a run that is forming as it is shown. @param {number} frame */
  sheet(frame) {
    const [, h, w] = this.event, k = Math.max(1, Math.floor(640 / (this.columns * w))), rows = Math.ceil(this.cells.length / this.columns);
    const sheet = el("canvas", { width: this.columns * (k * w + GAP) - GAP, height: rows * (k * h + GAP) - GAP }), ctx = penOf(sheet);
    ctx.fillStyle = "#fff";
    ctx.fillRect(0, 0, sheet.width, sheet.height);
    ctx.imageSmoothingEnabled = false;
    const one = el("canvas"), run = this.forming ? null : this.run;
    this.cells.forEach((shown, n) => {
      if (run) this._paint(one, imageAt(run, this.kind, frame, n), n, run.arrays.log_snr.data[frame]);
      ctx.drawImage(run ? one : shown, (n % this.columns) * (k * w + GAP), Math.floor(n / this.columns) * (k * h + GAP), k * w, k * h);
    });
    return sheet;
  }

  /** The same with title, moment and settings around it, at a frame of the run. @param {number} [at]  the one under the cursor */
  picture(at) {
    const { run } = this;
    if (!run) throw new Error("There is no run of images.");
    const frame = at ?? frameAt(run, this.clock);
    return this.stage.framed(this.sheet(frame), run.arrays.clock.data[frame], KINDS[this.kind].plain, this.compare.run ? this.compare.a.side.title : "");
  }

  /** What is shown, as a PNG. @returns {Promise<Blob | null>} */
  toBlob() {
    const canvas = this.run && !this.forming ? this.picture() : this.sheet(0);
    return new Promise((done) => canvas.toBlob(done));
  }

  /** @param {KeyboardEvent} e */
  _keys(e) {
    const at = this.cells.findIndex((cell) => cell === document.activeElement);
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns };
    const step = steps[e.key];
    if (at < 0 || (!step && e.key !== "Enter" && e.key !== " ")) return;
    e.preventDefault();
    e.stopPropagation();
    if (step) return this.cells[Math.min(this.cells.length - 1, Math.max(0, at + step))].focus();
    if (!this.pick(at) || e.key === " ") this.one.open(true); // the space bar enlarges also what a lab has taken
  }

  /** @param {boolean} on */
  _open(on) {
    if (this.pane.hidden === !on && this.stage.images === on) return;
    this.pane.hidden = !on;
    this.stage.setImages(on);
  }

  /** @param {number} count @param {number[]} event */
  _cells(count, event) {
    this.event = event;
    if (this.cells.length === count) return;
    this.picked = -1;
    this.cells = Array.from({ length: count }, (_, n) => {
      const c = el("canvas", { className: "pg-images-cell", tabIndex: n ? -1 : 0 });
      c.setAttribute("role", "option");
      c.setAttribute("aria-label", `image ${n + 1}`);
      c.setAttribute("aria-selected", "false");
      return c;
    });
    this.grid.replaceChildren(...this.cells);
    this.drawn = null;
    this.place();
  }

  place() {
    const r = this.stage.imagesRect;
    if (!r || !this.event.length) return;
    Object.assign(this.pane.style, { left: `${r.x}px`, top: `${r.y}px`, width: `${r.w}px`, height: `${r.h}px` });
    const n = Math.max(1, this.cells.length), w = r.w - 28, row = this.compare.run ? this.compare.row.offsetHeight + 6 : 0, h = r.h - 46 - row, [, ih, iw] = this.event;
    this.pane.style.setProperty("--compare", `${row}px`);
    let best = 0;
    for (let columns = 1; columns <= n; columns++) {
      const rows = Math.ceil(n / columns), side = Math.min((w + GAP) / columns - GAP, (((h + GAP) / rows - GAP) * iw) / ih);
      if (side > best) (best = side), (this.columns = columns);
    }
    this.grid.style.gridTemplateColumns = `repeat(${this.columns}, ${Math.max(4, Math.floor(best))}px)`;
    this.pane.style.setProperty("--side", `${Math.max(4, Math.floor(best))}px`);
  }

  _draw() {
    const live = this.forming && this.steps.at(-1);
    for (const kind of kinds) this.buttons[kind].setAttribute("aria-pressed", String(kind === this.kind));
    if (live) {
      this.drawn = null;
      const array = live.arrays[this.kind], size = sizeOf(this.event); // nothing is expected before the first step
      const snr = live.header.log_snr ?? Infinity;
      this._each((n) => (array ? [array.data, n * size, this.event] : null), snr);
    } else if (this.run) {
      const { run } = this, frame = frameAt(run, this.clock), key = `${run.header.key}|${this.kind}|${frame}`;
      if (key === this.drawn) return;
      this.drawn = key;
      this._each((n) => imageAt(run, this.kind, frame, n), run.arrays.log_snr.data[frame]);
      this.one.mark(frame);
    }
  }

  /**
   * Paints every image that is seen.
   * @param {(n: number) => import("./draw.js").Image | null} image
   * @param {number} snr  log-SNR
   */
  _each(image, snr) {
    const large = Math.min(Math.max(0, this.picked), this.cells.length - 1);
    if (this.one.is) this._paint(this.one.canvas, image(large), large, snr);
    else this.cells.forEach((cell, n) => this._paint(cell, image(n), n, snr));
    this.compare.say(this.kind, snr);
  }

  /**
   * Image n, and over it what it is compared with at this log-SNR.
   * @param {HTMLCanvasElement} canvas
   * @param {import("./draw.js").Image | null} told
   * @param {number} n
   * @param {number} snr
   */
  _paint(canvas, told, n, snr) {
    if (told) drawImage(canvas, ...told);
    else blankImage(canvas, this.event);
    this.compare.paint(canvas, n, this.kind, snr);
  }
}

export { Images };
