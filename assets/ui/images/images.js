// The images of a run, on the left of the stage: as they form step by step, and afterwards under the stage's cursor.
import { Compare } from "./compare.js";
import { blankImage, drawImage, edges, frameAt, imageAt, reveal, sizeOf } from "./draw.js";
import { el } from "../lib/dom.js";

const KINDS = {
  x: { word: "x<sub>t</sub>", plain: "x_t", tip: "The sampler’s states: noise that becomes an image." },
  x0: { word: "x̂<sub>0</sub>", plain: "x̂_0", tip: "x̂₀, the image that the model expects behind each state." },
  v: { word: "v<sub>t</sub>", plain: "v_t", tip: "The velocities of critically damped Langevin diffusion; grey is rest." },
};
const SAID = { x: "the state x_t", x0: "what the model expects", v: "the velocity v_t" };
const GAP = 3;

class Images {
  /** stage: its view holds the pane. host: {stop()} and what Compare asks for. */
  constructor(stage, host) {
    this.stage = stage;
    this.kind = "x";
    this.run = null; // the whole run's packet, once there is one
    this.steps = []; // of the run that is forming
    this.picked = -1;
    const pane = (this.pane = el("div", { className: "pg-images", hidden: true }));
    this.bar = el("div", { className: "pg-images-bar" });
    this.words = el("div", { className: "pg-images-kinds" });
    this.words.setAttribute("role", "group");
    this.words.setAttribute("aria-label", "What the images show");
    this.buttons = {};
    for (const [kind, { word, tip }] of Object.entries(KINDS)) {
      const b = (this.buttons[kind] = el("button", { type: "button", className: "pg-chip", innerHTML: word, title: tip }));
      b.addEventListener("click", () => this.show(kind));
      this.words.append(b);
    }
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
      const n = this.cells.indexOf(e.target.closest("canvas"));
      if (n >= 0 && !this.pick(n)) this.one.open(true);
    });
    this.grid.addEventListener("dblclick", (e) => this.cells.includes(e.target.closest("canvas")) && this.one.open(true));
    this.compare.hold(this.grid, (e) => document.elementsFromPoint(e.clientX, e.clientY).find((c) => c.classList.contains("pg-images-cell")));
    this.grid.addEventListener("keydown", (e) => this._keys(e));
    this.one = new OneImage(this);
    pane.append(this.bar, this.compare.row, this.grid, this.one.box);
    this.cells = [];
    stage.ui.view.append(pane);
    stage.on("layout", () => this.place());
  }

  /** A run begins to form. */
  begin() {
    this.steps = [];
    this.forming = true;
    this.stop.hidden = false;
    this.goOn.hidden = true;
    this._open(true);
  }

  /** One step of the run that is forming. */
  step(packet) {
    const { header } = packet;
    this.steps.push(packet);
    this.said.textContent = this.said.title = `step ${header.step} of ${header.steps}`;
    this.pane.style.setProperty("--done", header.step / header.steps);
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

  setRun(run) {
    const image = run.header.image;
    this.end();
    this.run = image ? run : null;
    this._open(Boolean(image));
    if (!image) return;
    this.steps = [];
    const { batch, shown } = image;
    const many = batch > shown ? `${shown} of ${batch}` : `${shown}`, noun = el("span", { className: "pg-images-noun", textContent: batch > 1 ? " images" : " image" });
    this.said.replaceChildren(many, noun, image.done ? "" : ` · paused at step ${image.at} of ${run.header.steps}`);
    this.said.title = this.said.textContent;
    this.goOn.hidden = image.done;
    this.pane.style.setProperty("--done", image.done ? 0 : image.at / run.header.steps);
    this._cells(shown, image.event);
    this.event = image.event;
    this.buttons.v.hidden = !image.velocity;
    if (!image.velocity && this.kind === "v") this.kind = "x";
    this.one.setRun(run);
    this.compare.tell();
    this._draw();
  }

  cursor(info) {
    this.clock = info.clock;
    if (this.run && !this.forming) this._draw();
  }

  show(kind) {
    this.kind = kind;
    this.one.setRun(this.run);
    this.redraw();
  }

  redraw() {
    this.drawn = null;
    this._draw();
  }

  /** True if a lab has picked it for itself: then it is not to be enlarged. */
  pick(n) {
    this.picked = n;
    const taken = !dispatchEvent(new Event("pg-picked", { cancelable: true }));
    this.cells.forEach((c, i) => c.setAttribute("aria-selected", String(i === n)));
    this.one.setRun(this.run);
    this.redraw();
    return taken;
  }

  /** The grid at a frame, with what it is compared with, as a canvas; of a run that is forming as it is shown. */
  sheet(frame) {
    const [, h, w] = this.event, k = Math.max(1, Math.floor(640 / (this.columns * w))), rows = Math.ceil(this.cells.length / this.columns);
    const sheet = el("canvas", { width: this.columns * (k * w + GAP) - GAP, height: rows * (k * h + GAP) - GAP }), ctx = sheet.getContext("2d");
    ctx.fillStyle = "#fff";
    ctx.fillRect(0, 0, sheet.width, sheet.height);
    ctx.imageSmoothingEnabled = false;
    const one = el("canvas"), live = this.forming || !this.run;
    this.cells.forEach((shown, n) => {
      if (!live) {
        const told = imageAt(this.run, this.kind, frame, n);
        if (told) drawImage(one, ...told);
        else blankImage(one, this.event);
        this.compare.paint(one, n, this.kind, this.run.arrays.log_snr.data[frame]);
      }
      ctx.drawImage(live ? shown : one, (n % this.columns) * (k * w + GAP), Math.floor(n / this.columns) * (k * h + GAP), k * w, k * h);
    });
    return sheet;
  }

  /** The same with title, moment and settings around it, at a frame of the run. */
  picture(frame = frameAt(this.run, this.clock)) {
    return this.stage.framed(this.sheet(frame), this.run.arrays.clock.data[frame], KINDS[this.kind].plain, this.compare.run ? this.compare.a.title : "");
  }

  /** What is shown, as a PNG. */
  toBlob() {
    const canvas = this.run && !this.forming ? this.picture() : this.sheet(0);
    return new Promise((done) => canvas.toBlob(done));
  }

  _keys(e) {
    const at = this.cells.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[e.key];
    if (at < 0 || (!step && e.key !== "Enter" && e.key !== " ")) return;
    e.preventDefault();
    e.stopPropagation();
    if (step) return this.cells[Math.min(this.cells.length - 1, Math.max(0, at + step))].focus();
    if (!this.pick(at) || e.key === " ") this.one.open(true); // the space bar enlarges also what a lab has taken
  }

  _open(on) {
    if (this.pane.hidden === !on && this.stage.images === on) return;
    this.pane.hidden = !on;
    this.stage.setImages(on);
  }

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
    if (!r || !this.event) return;
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
    for (const [kind, b] of Object.entries(this.buttons)) b.setAttribute("aria-pressed", String(kind === this.kind));
    if (live) {
      this.drawn = null;
      const array = live.arrays[this.kind], size = sizeOf(this.event); // nothing is expected before the first step
      const snr = live.header.log_snr ?? Infinity;
      this._each((n) => array && [array.data, n * size, this.event], snr);
    } else if (this.run) {
      const frame = frameAt(this.run, this.clock), key = `${this.run.header.key}|${this.kind}|${frame}`;
      if (key === this.drawn) return;
      this.drawn = key;
      this._each((n) => imageAt(this.run, this.kind, frame, n), this.run.arrays.log_snr.data[frame]);
      this.one.mark(frame);
    }
  }

  /** Paints every image, and over it what it is compared with at this log-SNR. */
  _each(image, snr) {
    const draw = (canvas, n) => {
      const told = image(n);
      if (told) drawImage(canvas, ...told);
      else blankImage(canvas, this.event);
      this.compare.paint(canvas, n, this.kind, snr);
    };
    if (this.one.is) draw(this.one.canvas, Math.min(Math.max(0, this.picked), this.cells.length - 1));
    else this.cells.forEach(draw);
    this.compare.say(this.kind, snr);
  }
}
export { Images };

/** One image of the batch, large, with its own strip of steps below. */
class OneImage {
  constructor(images) {
    this.images = images;
    this.is = false;
    this.box = el("div", { className: "pg-one", hidden: true, tabIndex: -1 });
    this.box.setAttribute("role", "dialog");
    this.canvas = el("canvas", { className: "pg-one-image" });
    this.canvas.setAttribute("role", "img");
    this.words = el("span", { className: "pg-one-words" });
    this.strip = el("div", { className: "pg-one-strip" });
    this.strip.setAttribute("role", "group");
    this.strip.setAttribute("aria-label", "Steps of this image");
    this.edges = edges(this.strip);
    const button = (text, title, run) => {
      const b = el("button", { type: "button", className: "pg-chip", textContent: text, title });
      b.setAttribute("aria-label", title);
      b.addEventListener("click", run);
      return b;
    };
    const head = el("div", { className: "pg-one-head" });
    this.close = button("✕", "Back to all images (Esc)", () => this.open(false));
    head.append(button("‹", "Image before (←)", () => this.step(-1)), this.words, button("›", "Next image (→)", () => this.step(1)), this.close);
    this.frame = el("div", { className: "pg-one-frame" });
    this.frame.append(this.canvas);
    images.compare.hold(this.frame, () => this.canvas);
    this.box.append(head, this.frame, this.strip);
    this.box.addEventListener("keydown", (e) => {
      const at = this.parts?.indexOf(document.activeElement) ?? -1, by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (e.key === "Escape") this.open(false);
      else if (at >= 0 && by) this.go(at + by); // in the strip the arrows go from step to step
      else if (e.key === "ArrowLeft" || e.key === "ArrowRight") this.step(e.key === "ArrowLeft" ? -1 : 1);
      else return;
      e.preventDefault();
      e.stopPropagation();
    });
  }

  open(on) {
    this.is = on;
    this.box.hidden = !on;
    this.images.pane.classList.toggle("pg-with-one", on);
    this.setRun(this.images.run);
    this.images.redraw();
    if (on) this.close.focus({ preventScroll: true });
    else this.images.cells[this.images.picked]?.focus({ preventScroll: true });
  }

  step(by) {
    const { cells, picked } = this.images;
    this.images.pick((picked + by + cells.length) % cells.length);
  }

  /** To a state of this image, by its place in the strip. */
  go(i) {
    const part = this.parts[i];
    if (!part) return;
    this.images.stage.seek(this.images.run.arrays.clock.data[i]);
    part.focus({ preventScroll: true });
  }

  setRun(run) {
    const { picked, kind, cells } = this.images;
    if (!this.is) return;
    if (!run || picked < 0) return this.open(false);
    const { shown, event } = run.header.image, clocks = run.arrays.clock.data, n = Math.min(picked, shown - 1);
    const held = this.parts?.includes(document.activeElement);
    this.box.setAttribute("aria-label", `Image ${n + 1}`);
    this.label = `image ${n + 1} of ${cells.length}`;
    this.words.textContent = this.label;
    this.parts = Array.from(clocks, (_, i) => {
      const c = el("canvas"), image = imageAt(run, kind, i, n), number = String(Math.round(run.arrays.step.data[i]));
      const b = el("button", { type: "button", className: "pg-one-step", title: `step ${number}`, tabIndex: -1 });
      if (image) drawImage(c, ...image);
      else blankImage(c, event);
      b.append(c, number);
      b.addEventListener("mousedown", (e) => e.preventDefault()); // the pointer leaves the keyboard where it is: its arrows turn images
      b.addEventListener("click", () => this.images.stage.seek(clocks[i]));
      return b;
    });
    this.strip.replaceChildren(...this.parts);
    this.edges();
    this.at = -1;
    this.mark(frameAt(run, this.images.clock));
    if (held) this.parts[this.at].focus({ preventScroll: true });
  }

  mark(i) {
    const { run, forming, kind } = this.images;
    if (!this.is || !run || forming || !this.parts || i === this.at) return;
    const before = this.parts[this.at], part = this.parts[(this.at = i)], words = `${this.label} · step ${run.arrays.step.data[i]}`;
    if (before) before.classList.remove("on"), (before.tabIndex = -1), before.removeAttribute("aria-current");
    part.classList.add("on");
    part.tabIndex = 0;
    part.setAttribute("aria-current", "step");
    reveal(this.strip, part);
    this.words.textContent = words;
    this.canvas.setAttribute("aria-label", `${words}, ${SAID[kind]}`);
  }
}
export { OneImage };
export { KINDS, SAID };
