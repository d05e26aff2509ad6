// Buttons, and rows of a control with its word.
import { el } from "../../lib/dom.js";

/** @typedef {{lo: number, hi: number, step: number, value: number}} Range */

/** A number in three digits. @param {number} v */
export const say = (v) => Number(v.toPrecision(3)).toString();

/**
 * An element with a class.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
export const box = (tag, className, ...children) => {
  const made = el(tag);
  made.className = className;
  made.append(...children);
  return made;
};

/**
 * @param {string} word
 * @param {string} title
 * @param {() => void} run
 */
export function button(word, title, run, className = "pg-task-button") {
  const b = el("button", { className, type: "button", textContent: word, title });
  b.addEventListener("click", run);
  return b;
}

/** Buttons of which one is pressed. @param {string} [label] */
export function group(label = "") {
  const made = box("div", "pg-task-switch");
  made.setAttribute("role", "group");
  if (label) made.setAttribute("aria-label", label);
  return made;
}

/**
 * @param {string} word
 * @param {string} title
 * @param {...HTMLElement} controls
 */
const labelled = (word, title, ...controls) => el("label", { className: "pg-task-row", title }, el("span", { textContent: word }), ...controls);

/** A slider with its word and value. */
export class Slider {
  /**
   * @param {string} word
   * @param {string} title
   * @param {Range} range
   * @param {(value: number) => void} change  while it moves
   */
  constructor(word, title, { lo, hi, step, value }, change, format = say) {
    this.format = format;
    this.out = el("output");
    this.input = el("input", { type: "range", min: String(lo), max: String(hi), step: String(step), value: String(value) });
    this.input.addEventListener("input", () => {
      this._show();
      change(this.value);
    });
    this.row = labelled(word, title, this.input, this.out);
    this._show();
  }
  get value() {
    return +this.input.value;
  }
  set value(v) {
    this.input.value = String(v);
    this._show();
  }
  /** Where it ends. @param {number} hi */
  set end(hi) {
    this.input.max = String(hi);
    this._show();
  }
  _show() {
    this.out.textContent = this.format(this.value);
  }
}

/** A box for a number. */
export class NumberBox {
  /**
   * @param {string} word
   * @param {string} title
   * @param {number} value
   * @param {Partial<HTMLInputElement>} more
   * @param {() => void} change
   */
  constructor(word, title, value, more, change) {
    this.input = el("input", { type: "number", ...more, value: String(value) });
    this.input.addEventListener("input", change);
    this.row = labelled(word, title, this.input);
  }
  get value() {
    return +this.input.value;
  }
}

/** A choice of few. */
export class Select {
  /**
   * @param {string} word
   * @param {string} title
   * @param {[value: string, text: string][]} options
   * @param {(value: string) => void} change
   */
  constructor(word, title, options, change) {
    this.input = el("select");
    this.input.addEventListener("change", () => change(this.input.value));
    this.row = labelled(word, title, this.input);
    this.fill(options);
  }
  get value() {
    return this.input.value;
  }
  set value(v) {
    this.input.value = v;
  }
  /** @param {[value: string, text: string][]} options */
  fill(options) {
    this.input.replaceChildren(...options.map(([value, text]) => el("option", { value, textContent: text })));
  }
  /** @param {string} value */
  has(value) {
    return [...this.input.options].some((o) => o.value === value);
  }
}
