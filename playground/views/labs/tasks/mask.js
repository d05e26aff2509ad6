// A picture and what of it is to be drawn anew, painted over it.
import { el, penOf } from "../../lib/dom.js";
import { FINE, colour, pixels, png } from "./canvas.js";
import { button } from "./controls.js";
import { bitsOf, isSet, means, pack, unpack } from "./letters.js";
import { Painted } from "./painted.js";

export class Mask extends Painted {
  /** Is anything masked? */
  painted = false;

  /** @param {import("./lab.js").Tasks} lab @param {string} label */
  constructor(lab, label) {
    super(lab, label, "mask", { brush: "Paint what is to be drawn anew", clear: "Removes the mask" });
  }

  more() {
    return [button("lower half", "Masks the lower half: a mask without a pointer", () => this.half())];
  }
  get paper() {
    return this.over;
  }
  get ink() {
    return colour("learned");
  }
  get mode() {
    return this.erases ? "destination-out" : "source-over";
  }
  touched() {
    this.painted = true;
  }
  wiped() {
    this.painted = false;
  }

  half() {
    const pen = penOf(this.over), { width, height } = this.over;
    pen.fillStyle = this.ink;
    pen.fillRect(0, height / 2, width, height / 2);
    this.painted = true;
    this.lab.ready();
  }

  /** White where it is painted. */
  mask() {
    const flat = el("canvas", { width: this.over.width, height: this.over.height }), paint = pixels(this.over), d = paint.data;
    for (let i = 0; i < d.length; i += 4) d[i] = d[i + 1] = d[i + 2] = d[i + 3] > 127 ? 255 : 0, (d[i + 3] = 255);
    penOf(flat).putImageData(paint, 0, 0);
    return png(flat);
  }

  /** What a link says of the mask: a bit for each pixel of the model. */
  async maskWords() {
    if (!this.painted) return "";
    const bits = bitsOf(means(pixels(this.over).data, this.lab.event, FINE, 1, (d, i) => (d[i + 3] > 127 ? 1 : 0)));
    return bits.some(Boolean) ? pack(bits) : "";
  }
  /** Such a mask again. False if the words are none of this model. @param {string} words */
  async loadMask(words) {
    const [, h, w] = this.lab.event, bits = await unpack(words, Math.ceil((h * w) / 8)), pen = penOf(this.over);
    if (!bits) return false;
    this.fit(this.lab.event);
    pen.clearRect(0, 0, this.over.width, this.over.height);
    pen.fillStyle = this.ink;
    for (let i = 0; i < h * w; i++) if (isSet(bits, i)) pen.fillRect((i % w) * FINE, Math.floor(i / w) * FINE, FINE, FINE);
    this.painted = true;
    this.lab.ready();
    return true;
  }
}
