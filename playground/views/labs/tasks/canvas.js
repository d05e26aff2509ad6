// A picture of the model's size on a canvas, its points enlarged: to be looked at, uploaded, sent, and told by a link.
import { drawImage, sizeOf } from "../../images/draw.js";
import { el, penOf } from "../../lib/dom.js";
import { box, button } from "./controls.js";
import { means, pack, unpack } from "./letters.js";

/** @typedef {import("./lab.js").Tasks} Tasks */
/** @typedef {{n: number, key: string}} Source an image of a run: its number, and the run's key */
/** @typedef {{bytes: ArrayLike<number>, from: number, event: number[], source: Source | null}} Picture bytes (channels, h, w) that start at `from` */

export const FINE = 4; // points of the canvas a pixel of the model along each side

/** A colour of the page. @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--pg-${name}`).trim();
/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
export const png = (canvas) => new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("This browser cannot write the picture.")))));
/** @param {HTMLCanvasElement} canvas */
export const pixels = (canvas) => penOf(canvas).getImageData(0, 0, canvas.width, canvas.height);

export class Canvas {
  /** Is there a picture? */
  filled = false;
  /** @type {Source | null} where it is from, unless it was drawn or uploaded */
  source = null;
  /** @type {File | null} that was uploaded */
  file = null;

  /**
   * @param {Tasks} lab
   * @param {string} label
   */
  constructor(lab, label, kind = "show") {
    this.lab = lab;
    this.base = box("canvas", "pg-task-base");
    this.over = box("canvas", "pg-task-over");
    for (const c of [this.base, this.over]) c.width = c.height = 28 * FINE;
    this.over.setAttribute("aria-label", label);
    this.over.setAttribute("role", "img");
    this.pad = box("div", `pg-task-pad pg-task-pad-${kind}`, this.base, this.over);
    this.inverts = button("invert", "Light for dark: for dark ink on light paper", () => {
      this.inverts.setAttribute("aria-pressed", String(!this.isInverted));
      if (this.file) this.upload(this.file);
    });
    this.inverts.setAttribute("aria-pressed", "false");
    this.inverts.hidden = true;
    const file = el("input", { className: "pg-task-file", type: "file", accept: "image/png,image/jpeg,image/gif,image/webp,image/bmp,image/tiff", tabIndex: -1 });
    file.setAttribute("aria-label", "A picture of yours");
    file.addEventListener("change", () => {
      if (file.files?.[0]) this.upload(file.files[0]);
      file.value = "";
    });
    this.pad.addEventListener("dragover", (e) => e.preventDefault());
    this.pad.addEventListener("drop", (e) => {
      e.preventDefault();
      const dropped = e.dataTransfer?.files[0];
      if (dropped) this.upload(dropped);
    });
    const upload = button("upload", "A picture of yours: cropped to the middle and scaled. It is not kept.", () => file.click());
    this.tools = box("div", "pg-task-tools", upload, file, this.inverts);
    this.box = box("div", "pg-task-sketch", this.pad, this.tools);
  }

  get isInverted() {
    return this.inverts.getAttribute("aria-pressed") === "true";
  }

  /** What the server makes of a file is what is shown. @param {File} file */
  async upload(file) {
    const packets = await this.lab.post("picture", { invert: this.isInverted ? 1 : 0 }, [file]);
    if (!packets) return;
    this.file = file;
    this.inverts.hidden = false;
    for (const { arrays } of packets) if (arrays.x) this.put({ bytes: arrays.x.data, from: 0, event: this.lab.event, source: null });
  }

  /** @param {Picture} picture */
  put({ bytes, from, event, source }) {
    const small = el("canvas");
    drawImage(small, bytes, from, event);
    this.fit(event);
    this.source = source;
    const pen = penOf(this.base);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, this.base.width, this.base.height);
    this.filled = true;
    this.lab.ready();
  }

  /** Pictures are of this size now. Whether it is another one. @param {number[]} event */
  fit([, h, w]) {
    if (this.base.width === w * FINE && this.base.height === h * FINE) return false;
    for (const c of [this.base, this.over]) (c.width = w * FINE), (c.height = h * FINE);
    this.pad.style.aspectRatio = `${w} / ${h}`;
    return true;
  }

  image() {
    return png(this.base);
  }

  /** What a link says of the picture: the number of the run's image, or its pixels. */
  async imageWords() {
    if (!this.filled) return "";
    const { source, lab } = this, { event } = lab;
    if (source && source.key === lab.runShown?.header.key) return source.n || lab.picked > 0 ? String(source.n) : ""; // the first is what opens anyway
    return pack(Uint8Array.from(means(pixels(this.base).data, event, FINE, event[0], (d, i, c) => d[i + c]), Math.round));
  }
  /** Such a picture again. False if the words are none of this model. @param {string} words */
  async loadImage(words) {
    const { event } = this.lab;
    if (/^\d{1,4}$/.test(words)) {
      const image = this.lab.final(+words);
      if (image) this.put(image);
      return Boolean(image);
    }
    const bytes = await unpack(words, sizeOf(event));
    if (bytes) this.put({ bytes, from: 0, event, source: null });
    return Boolean(bytes);
  }
}
