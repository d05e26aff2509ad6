import { el } from "../../lib/dom.js";
import { subscripts } from "../../lib/numbers.js";
import { colourOf } from "./theme.js";

/** @typedef {import("./series.js").Series} Series */

/** The words of a panel's curves, with their values; a click hides a curve or shows it. */
export class Legend {
  /** @type {Set<string>} keys of what is hidden */
  off = new Set();
  /** @type {({node: HTMLElement, said: string} | null)[]} where each series says its value */
  readouts = [];
  words = "";

  /** @param {HTMLElement} root @param {() => void} changed */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
  }

  /** Words are made anew only when they differ; true if they were. @param {Series[]} series */
  show(series) {
    const words = JSON.stringify(series.map((s) => [s.key, s.label, s.of, s.role, s.dash]));
    if (words === this.words) return false;
    this.words = words;
    this.root.replaceChildren();
    this.readouts = series.map((s) => (s.label ? this.add(s) : null));
    return true;
  }

  /** @param {Series} s */
  add(s) {
    const mark = el("i"), word = el("button", { type: "button", className: "pg-curve-word" }, mark);
    word.dataset.term = s.term ?? `curve.${s.key}`;
    word.dataset.tip = s.tip ? `${s.tip} Click to hide or show.` : "Click to hide or show.";
    word.setAttribute("aria-pressed", String(!this.off.has(s.key)));
    word.style.setProperty("--role", colourOf(s.role));
    word.style.order = s.dot || s.mode ? "0" : "1";
    mark.dataset.mark = s.mode === "markers" ? "dots" : s.dash || "solid";
    mark.insertAdjacentHTML("afterend", subscripts(s.label));
    if (s.of) word.append(el("span", { className: "pg-curve-of", textContent: s.of }));
    word.addEventListener("click", () => {
      if (!this.off.delete(s.key)) this.off.add(s.key);
      word.setAttribute("aria-pressed", String(!this.off.has(s.key)));
      this.changed();
    });
    this.root.append(word);
    if (!s.value) return null;
    const node = el("b");
    node.style.minWidth = `${s.room ?? 5}ch`;
    word.append(node);
    return { node, said: "" };
  }

  /** @param {number} n of the series @param {string} text */
  say(n, text) {
    const readout = this.readouts[n];
    if (readout && readout.said !== text) readout.node.textContent = readout.said = text;
  }
}
