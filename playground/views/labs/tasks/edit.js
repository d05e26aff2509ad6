// Editing by SDEdit: a drawing is noised to a chosen level and sampled from there.
import { clamp } from "../../lib/numbers.js";
import { Slider, button } from "./controls.js";
import { Drawing } from "./drawing.js";
import { Task } from "./task.js";

export class Edit extends Task {
  /** @param {import("./lab.js").Tasks} lab */
  constructor(lab) {
    const { lo, hi, default: usual } = lab.asks.strength, drawing = new Drawing(lab, "your drawing");
    const strength = new Slider("strength t₀", "Share of the clock up to which the drawing is noised: little keeps it, 1 forgets it (SDEdit).",
      { lo, hi, step: 0.05, value: clamp(Number(lab.host.view.strength) || usual, lo, hi) }, () => lab.ready());
    super(lab, {
      key: "edit", word: "edit", tip: "Noise a drawing to a chosen level and sample from there (SDEdit).",
      empty: "Draw a digit, roughly; then run. The strip shows strengths from 0.2 to 0.9.",
    }, [drawing.box, strength.row]);
    this.drawing = drawing;
    this.strength = strength;
    drawing.tools.append(button("from the run", "Takes the image that is picked above, or the first", () => {
      const image = lab.final();
      if (image) drawing.put(image);
    }));
  }

  why() {
    return this.drawing.filled ? "" : "draw or upload something";
  }
  params() {
    return { strength: this.strength.value };
  }
  async files() {
    return [await this.drawing.image()];
  }

  /** @param {number[]} event */
  fit(event) {
    this.drawing.fit(event);
  }

  async link() {
    return { image: await this.drawing.imageWords(), strength: this.strength.value === this.lab.asks.strength.default ? "" : this.strength.value };
  }
  /** @param {Record<string, string>} said */
  async restore({ image }) {
    return !image || this.drawing.loadImage(image);
  }
}
