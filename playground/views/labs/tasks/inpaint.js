// Inpainting by RePaint, beside the exact answer where there is one.
import { aborted, messageOf } from "../../form/transport.js";
import { clamp } from "../../lib/numbers.js";
import { Slider, box } from "./controls.js";
import { densities } from "./drawings.js";
import { Mask } from "./mask.js";
import { besideExact } from "./said.js";
import { Task } from "./task.js";

/** @typedef {import("../../python.js").TaskDone} TaskDone */

const REST_MS = 300; // after a slider's last move the comparison is made
const MANY = 20; // resamples that the comparison shows beside the chosen ones
const LEAPS = { CLD: 5, other: 1 }; // that are chosen for a process: CLD's noise reaches the picture only through the velocity

export class Inpaint extends Task {
  timer = 0;
  /** What the comparison is of. */
  asked = "";

  /** @param {import("./lab.js").Tasks} lab */
  constructor(lab) {
    const { r, jump, variants } = lab.asks, { view } = lab.host;
    const mask = new Mask(lab, "the picture, painted over where it is to be drawn anew"), exact = box("div", "pg-task-exact");
    const changed = () => {
      lab.ready();
      this.knownLater();
    };
    /** @param {import("./lab.js").Bounds} bounds @param {string} said */
    const range = ({ lo, hi, default: value }, said) => ({ lo, hi, step: 1, value: clamp(Number(said) || value, lo, hi) });
    const resamples = new Slider("resamples r", "Every step is made r times, noised again in between (RePaint). r = 1 ignores what is known too early.", range(r, view.r), changed);
    const leap = new Slider("leap", "Steps that are gone down before the noise comes back. CLD needs about five: its noise reaches the picture only through the velocity.", range(jump, view.leap), () => {
      this.chosen = true;
      changed();
    });
    const count = new Slider("variants", "How many draws side by side", range(variants, view.variants), () => lab.ready());
    super(lab, {
      key: "inpaint", word: "inpaint", tip: "Paint over a part: the model draws it anew, given the rest (RePaint).",
      empty: "Paint over a part of the picture, then run. Click another image above to take it.",
    }, [mask.box, resamples.row, leap.row, count.row], [exact]);
    this.mask = mask;
    this.exact = exact;
    this.r = resamples;
    this.leap = leap;
    this.count = count;
    this.chosen = Boolean(Number(view.leap)); // by a hand or a link, not for the process
  }

  why() {
    return !this.mask.filled ? "pick an image above" : !this.mask.painted ? "paint a mask first" : "";
  }
  params() {
    return { r: this.r.value, jump: this.leap.value, variants: this.count.value };
  }
  async files() {
    return [await this.mask.image(), await this.mask.mask()];
  }

  /** @param {import("./task.js").Picture} image */
  picked(image) {
    this.mask.put(image);
    return true;
  }
  setRun() {
    const { jump } = this.lab.asks, run = this.lab.runShown, own = this.lab.host.query.process === "CLD" ? LEAPS.CLD : LEAPS.other;
    const wanted = this.chosen ? this.leap.value : own;
    this.leap.end = clamp(Math.max(wanted, run?.header.steps ?? jump.hi), jump.lo, jump.hi); // a leap over more than all steps is one over all
    if (!this.chosen) this.leap.value = own;
    this.known();
  }
  /** @param {TaskDone} done */
  numbers({ exact }) {
    return exact ? besideExact(exact) : "";
  }

  async link() {
    const { r, variants } = this.lab.asks;
    return {
      image: await this.mask.imageWords(), mask: await this.mask.maskWords(),
      r: this.r.value === r.default ? "" : this.r.value, leap: this.chosen ? this.leap.value : "", variants: this.count.value === variants.default ? "" : this.count.value,
    };
  }
  /** @param {Record<string, string>} said */
  async restore({ image, mask }) {
    return (!image || (await this.mask.loadImage(image))) && (!mask || (await this.mask.loadMask(mask)));
  }

  knownLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.known(), REST_MS);
  }
  /** The same settings where the answer is known. */
  async known() {
    const { lab, leap, exact } = this, rs = [...new Set([1, this.r.value, MANY])].sort((a, b) => a - b).join(), key = JSON.stringify([rs, leap.value, lab.host.query]);
    if (key === this.asked) return;
    this.asked = key;
    try {
      const { header, arrays } = await lab.host.fetch("repaint", { r: rs, jump: leap.value });
      exact.innerHTML = `<p title="By this process, sampler and grid, ${header.steps} steps, leaps of ${leap.value}.">Where the answer is known: these settings on a Gaussian with correlation 0.9, x₂ given x₁ = 1. Line: exact (mean 0.90, var 0.19); bars: 4,000 draws.</p><div>${densities(header.runs, arrays.x.floats(), arrays.exact.floats(), arrays.drawn.floats())}</div>`;
    } catch (error) {
      if (aborted(error)) return;
      exact.textContent = `No comparison here: ${messageOf(error)}`;
      this.asked = "";
    }
  }
}
