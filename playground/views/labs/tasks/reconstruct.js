// Reconstruction: a picture is encoded into noise and decoded again.
import { Canvas } from "./canvas.js";
import { box } from "./controls.js";
import { curve } from "./drawings.js";
import { Task } from "./task.js";

export class Reconstruct extends Task {
  /** @param {import("./lab.js").Tasks} lab */
  constructor(lab) {
    const picture = new Canvas(lab, "the picture"), drawn = box("div", "pg-task-beside");
    super(lab, {
      key: "reconstruct", word: "reconstruct", tip: "Encode a picture into noise and decode it again: the error falls with the steps.",
      empty: "Click an image above or upload one; then run.",
      note: "Inversion asks the model at the other end of each step: it is exact only as the steps grow in number.",
    }, [picture.box], [drawn]);
    this.picture = picture;
    this.drawn = drawn;
  }

  get never() {
    return this.lab.noCode;
  }
  why() {
    return this.never || (this.picture.filled ? "" : "pick an image above");
  }
  async files() {
    return [await this.picture.image()];
  }

  /** @param {import("./task.js").Picture} image */
  picked(image) {
    this.picture.put(image);
    return true;
  }
  /** @param {{steps: number, rms: number}[]} [points] */
  points(points) {
    if (points) this.drawn.innerHTML = curve(points);
  }

  async link() {
    return { image: await this.picture.imageWords() };
  }
  /** @param {Record<string, string>} said */
  async restore({ image }) {
    return !image || this.picture.loadImage(image);
  }
}
