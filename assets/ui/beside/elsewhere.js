// What sampler and grid are called in other libraries: one line beneath the formula, which opens.
import { copy } from "../lib/clipboard.js";
import { el, must } from "../lib/dom.js";

/** @typedef {NonNullable<import("../python.js").RunHeader["sampler"]["elsewhere"]>} Told */

export class Elsewhere {
  /** @param {HTMLElement} root  a <details> with summary, dl, p and button */
  constructor(root) {
    this.root = root;
    this.shown = "";
    this.line = must(root, "summary");
    this.rows = must(root, "dl");
    this.near = must(root, "p");
    this.button = must(root, "button");
    this.code = "";
    this.button.addEventListener("click", () => void copy(this.code, this.button));
  }

  /** @param {Told | null} told */
  show(told) {
    this.root.hidden = !told;
    const key = JSON.stringify(told);
    if (!told || key === this.shown) return;
    this.shown = key;
    this.code = told.code;
    const short = [...new Set(told.names.map(({ sampler }) => sampler))].sort((a, b) => a.length - b.length);
    this.line.textContent = `elsewhere: ${short[0]}${short.length > 1 ? " …" : ""}`;
    this.rows.replaceChildren(...told.names.flatMap(({ where, sampler, grid }) => [el("dt", {}, where), el("dd", {}, grid ? `${sampler} · ${grid}` : sampler)]));
    this.near.textContent = told.near;
    this.near.hidden = !told.near;
    this.button.textContent = told.exact ? "Copy for diffusers" : "Copy for diffusers (near)";
    this.button.title = told.code;
    this.button.hidden = !told.code;
  }
}
