// One image of the batch, large.
import { blankImage, drawImage, edges, frameAt, imageAt, reveal } from "./draw.js";
import { SAID } from "./kinds.js";
import { el } from "../lib/dom.js";

/** The image with a strip of its states below. */
class OneImage {
  /** @param {import("./images.js").Images} images */
  constructor(images) {
    this.images = images;
    /** Is it open? */
    this.is = false;
    /** Its states, as buttons. @type {HTMLButtonElement[]} */
    this.parts = [];
    this.at = -1; // the state that is shown
    this.label = "";
    this.box = el("div", { className: "pg-one", hidden: true, tabIndex: -1 });
    this.box.setAttribute("role", "dialog");
    this.canvas = el("canvas", { className: "pg-one-image" });
    this.canvas.setAttribute("role", "img");
    this.words = el("span", { className: "pg-one-words" });
    this.strip = el("div", { className: "pg-one-strip" });
    this.strip.setAttribute("role", "group");
    this.strip.setAttribute("aria-label", "Steps of this image");
    this.edges = edges(this.strip);
    /** @param {string} text @param {string} title @param {() => void} run */
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
      const at = this.parts.findIndex((part) => part === document.activeElement), by = e.key === "ArrowLeft" ? -1 : e.key === "ArrowRight" ? 1 : 0;
      if (e.key === "Escape") this.open(false);
      else if (at >= 0 && by) this.go(at + by); // in the strip the arrows go from step to step
      else if (by) this.step(by);
      else return;
      e.preventDefault();
      e.stopPropagation();
    });
  }

  /** @param {boolean} on */
  open(on) {
    this.is = on;
    this.box.hidden = !on;
    this.images.pane.classList.toggle("pg-with-one", on);
    this.setRun(this.images.run);
    this.images.redraw();
    if (on) this.close.focus({ preventScroll: true });
    else this.images.cells[this.images.picked]?.focus({ preventScroll: true });
  }

  /** To another image. @param {number} by */
  step(by) {
    const { cells, picked } = this.images;
    this.images.pick((picked + by + cells.length) % cells.length);
  }

  /** To a state of this image, by its place in the strip. @param {number} i */
  go(i) {
    const part = this.parts[i], { run, stage } = this.images;
    if (!part || !run) return;
    stage.seek(run.arrays.clock.data[i]);
    part.focus({ preventScroll: true });
  }

  /** @param {import("./draw.js").ImageRun | null} run */
  setRun(run) {
    const { picked, kind, cells } = this.images;
    if (!this.is) return;
    if (!run || picked < 0) return this.open(false);
    const { shown, event } = run.header.image, clocks = run.arrays.clock.data, n = Math.min(picked, shown - 1);
    const held = this.parts.some((part) => part === document.activeElement);
    this.box.setAttribute("aria-label", `Image ${n + 1}`);
    this.label = `image ${n + 1} of ${cells.length}`;
    this.words.textContent = this.label;
    this.parts = Array.from(clocks, (clock, i) => {
      const c = el("canvas"), image = imageAt(run, kind, i, n), number = String(Math.round(run.arrays.step.data[i]));
      const b = el("button", { type: "button", className: "pg-one-step", title: `step ${number}`, tabIndex: -1 });
      if (image) drawImage(c, ...image);
      else blankImage(c, event);
      b.append(c, number);
      b.addEventListener("mousedown", (e) => e.preventDefault()); // the pointer leaves the keyboard where it is: its arrows turn images
      b.addEventListener("click", () => this.images.stage.seek(clock));
      return b;
    });
    this.strip.replaceChildren(...this.parts);
    this.edges();
    this.at = -1;
    this.mark(frameAt(run, this.images.clock));
    if (held) this.parts[this.at].focus({ preventScroll: true });
  }

  /** The state that is shown. @param {number} i  its frame */
  mark(i) {
    const { run, forming, kind } = this.images;
    if (!this.is || !run || forming || !this.parts.length || i === this.at) return;
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
