// What all tasks have: controls on the left, whether they can run, what they ask for, what a link says of them. Each task stands in its own file.
import { Result } from "./result.js";

/** @typedef {import("./canvas.js").Picture} Picture */
/** @typedef {Record<string, string | number>} Told by names of the link (view.…) */
/** @typedef {{key: string, word: string, tip: string, empty: string, note?: string}} Words empty: where there is no result yet; note: below each result */

export class Task {
  /** Was it opened with this model? */
  begun = false;
  /** The run that its result is of. */
  did = "";

  /**
   * @param {import("./lab.js").Tasks} lab
   * @param {Words} words
   * @param {HTMLElement[]} nodes  controls
   * @param {HTMLElement[]} beside  drawings below the result
   */
  constructor(lab, { key, word, tip, empty, note = "" }, nodes, beside = []) {
    this.lab = lab;
    this.key = key;
    this.word = word;
    this.tip = tip;
    this.empty = empty;
    this.note = note;
    this.nodes = nodes;
    this.beside = beside;
    this.result = new Result(this, lab);
  }

  /** Do the rows of its strip have words? */
  get named() {
    return true;
  }
  /** Why it can never run with this model and process, or "". */
  get never() {
    return "";
  }
  /** What is missing before it can run, or "". */
  why() {
    return "";
  }

  // ---- what it asks for ----
  /** Of the experiment, other than what is shown. @returns {Record<string, string>} */
  query() {
    return {};
  }
  /** @returns {import("./ask.js").Params} */
  params() {
    return {};
  }
  /** @returns {Promise<Blob[]>} */
  async files() {
    return [];
  }

  // ---- what it is told ----
  /** An image of the run was picked. Whether the task takes it. @type {(image: Picture) => boolean} */
  picked() {
    return false;
  }
  /** It is opened with a model for the first time. */
  start() {
    const image = this.lab.final();
    if (image) this.picked(image);
  }
  /** Pictures are of this size now. @type {(event: number[]) => void} */
  fit() {}
  /** There is a run, or it was opened. @returns {Promise<void> | void} */
  setRun() {}
  /** Its strip is laid out, and empty as yet. @type {(strip: import("./strip.js").Strip) => void} */
  planned() {}
  /** Errors that are known by now. @type {(points?: {steps: number, rms: number}[]) => void} */
  points() {}
  /** A sentence with the result's numbers, or "". @type {(done: import("../../python.js").TaskDone) => string} */
  numbers() {
    return "";
  }

  // ---- what a link says of it; "" for what is so anyway ----
  /** @returns {Promise<Told>} */
  async link() {
    return {};
  }
  /** Back to what a link says. False if it makes no sense with this model. @type {(said: Record<string, string>) => Promise<boolean>} */
  async restore() {
    return true;
  }
}
