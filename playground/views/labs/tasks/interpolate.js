// Interpolation: the noises of two pictures, or of two seeds, are mixed and what lies between is decoded.
import { Canvas } from "./canvas.js";
import { NumberBox, Select, box } from "./controls.js";
import { besideGiven } from "./said.js";
import { Task } from "./task.js";

const SEEDS = "seeds";

export class Interpolate extends Task {
  /** @param {import("./lab.js").Tasks} lab */
  constructor(lab) {
    const a = new Canvas(lab, "first picture"), b = new Canvas(lab, "second picture"), pair = box("div", "pg-task-pair", a.box, b.box);
    const { lo, hi } = lab.seed, seed = { min: String(lo), max: String(hi), step: "1", inputMode: "numeric" };
    const one = new NumberBox("seed", "Noise of the first end", 1, seed, () => lab.ready()), two = new NumberBox("and", "Noise of the last end", 2, seed, () => lab.ready());
    const seeds = box("div", "pg-task-two", one.row, two.row);
    const between = new Select("between", "Pictures are first encoded into noise; seeds are noise", [["pictures", "two pictures"], [SEEDS, "two seeds"]], () => this.turn());
    super(lab, {
      key: "interpolate", word: "interpolate", tip: "Mix the noises of two pictures or seeds, and decode what lies between.",
      empty: "Click two images above, one for each place; then run.",
      note: "‖z‖: the noise’s size over the prior’s. Slerp keeps it; the straight line falls to √((1 − λ)² + λ²), off the shell where noise lives.",
    }, [between.row, pair, seeds]);
    Object.assign(seeds, { hidden: true });
    this.a = a;
    this.b = b;
    this.pair = pair;
    this.one = one;
    this.two = two;
    this.seeds = seeds;
    this.between = between;
    this.next = a; // that takes the image which is picked next
    for (const place of [a, b]) place.pad.addEventListener("click", () => this._mark(place));
    this._mark(a);
  }

  /** @param {Canvas} next */
  _mark(next) {
    this.next = next;
    for (const place of [this.a, this.b]) place.pad.classList.toggle("next", place === next);
  }
  get ofSeeds() {
    return this.between.value === SEEDS;
  }
  turn() {
    this.seeds.hidden = !this.ofSeeds;
    this.pair.hidden = this.ofSeeds;
    this.lab.ready();
  }

  why() {
    if (this.ofSeeds) return "";
    if (this.lab.noCode) return `${this.lab.noCode}, or two seeds`;
    return this.a.filled && this.b.filled ? "" : "pick two images above";
  }
  /** @returns {import("./ask.js").Params} */
  params() {
    return this.ofSeeds ? { seeds: `${this.one.value},${this.two.value}` } : {};
  }
  async files() {
    return this.ofSeeds ? [] : [await this.a.image(), await this.b.image()];
  }

  /** @param {import("./task.js").Picture} image */
  picked(image) {
    this.next.put(image);
    this._mark(this.next === this.a ? this.b : this.a);
    return true;
  }
  start() {
    [this.a, this.b].forEach((place, n) => {
      const image = this.lab.final(n);
      if (image) place.put(image);
    });
  }
  /** @param {import("../../python.js").TaskDone} done */
  numbers({ ends }) {
    return ends?.length ? besideGiven(ends) : "";
  }

  /** @returns {Promise<import("./task.js").Told>} */
  async link() {
    return this.ofSeeds ? { seeds: `${this.one.value},${this.two.value}` } : { image: (await this.a.imageWords()) || "0", image2: await this.b.imageWords() };
  }
  /** @param {Record<string, string>} said */
  async restore({ seeds = "", image, image2 }) {
    const told = /^(\d{1,10}),(\d{1,10})$/.exec(seeds);
    if (told) {
      [this.one.input.value, this.two.input.value] = told.slice(1);
      this.between.value = SEEDS;
      this.turn();
    }
    return (!image || (await this.a.loadImage(image))) && (!image2 || (await this.b.loadImage(image2)));
  }
}
