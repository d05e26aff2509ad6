// "This step": the sampler's update in symbols and in the current step's numbers, the process, and what the picture leaves out.
import { Elsewhere } from "./elsewhere.js";
import { fill, width } from "./formula.js";
import { must } from "../lib/dom.js";
import { loadKatex } from "../lib/lazy.js";
import { significant, subscripts } from "../lib/numbers.js";
import { arrayOf } from "../lib/packet.js";
import { time } from "../lib/time.js";
import { texLines } from "../lib/tip.js";
import { momentsOf } from "../stage/run.js";

/** The innermost element: KaTeX sets the size of what stands in an exponent there. @param {Element} node @returns {HTMLElement} */
const leaf = (node) => (node.firstElementChild ? leaf(node.firstElementChild) : /** @type {HTMLElement} */ (node));

/**
 * @typedef {import("../lib/packet.js").Packet<import("../python.js").RunHeader>} RunPacket
 * @typedef {import("../stage/run.js").Facts} Facts
 * @typedef {{paper?: string, arxiv?: string}} Source  of a formula
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [words]
 */
const make = (tag, className = "", words = "") => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.textContent = words;
  return node;
};
/** @param {Element} node @param {string} text */
const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

class StepPanel {
  /** @param {HTMLElement} root  the element to fill */
  constructor(root) {
    root.classList.add("pg-step");
    this.root = root;
    /** @type {import("../lib/lazy.js").Katex | null} */
    this.katex = null;
    this.asked = false; // for KaTeX
    /** Formulas that were set before. @type {Map<string, string>} */
    this.made = new Map();
    /** Which of them a node shows. @type {WeakMap<Element, string>} */
    this.shows = new WeakMap();
    /** @type {RunPacket | null} */
    this.run = null;
    /** @type {import("../stage/run.js").Moments | null} */
    this.moments = null;
    /** The moment of the stage. @type {Facts | null} */
    this.info = null;
    this.forward = false;
    /** Symbols of the update whose values are known, the words of each at every step, and where they stand in the filled-in line. @type {string[]} */
    this.symbols = [];
    /** @type {string[][]} */
    this.values = [];
    /** @type {HTMLElement[][]} */
    this.places = [];
    /** Where the other values stand: [symbol, node]. @type {[number, HTMLElement][]} */
    this.rows = [];
    this.formulas = this.shown = this.said = ""; // keys of what is on the page
    root.innerHTML = `
      <h2 data-term="number.formula">This step</h2>
      <div class="pg-eq" data-part="formula"></div>
      <div class="pg-eq pg-eq-numbers" data-part="numbers"></div>
      <p class="pg-step-says" data-part="says"></p>
      <div class="pg-rows" data-part="terms"></div>
      <div class="pg-rows">
        <span data-part="times-name" data-term="number.times">t → s</span><b data-part="times">–</b>
        <span data-part="gap-name" data-term="number.gap">step in log-SNR</span><b data-part="gap">–</b>
        <span data-part="calls-name" data-term="number.sofar">model calls so far</span><b data-part="calls">–</b>
      </div>
      <p class="pg-ref" data-part="ref"></p>
      <details class="pg-elsewhere pg-ref" data-part="elsewhere" hidden><summary data-term="number.elsewhere"></summary><dl></dl><p></p><button type="button"></button></details>
      <h2 data-part="guidance-title" hidden></h2>
      <div class="pg-eq" data-part="guidance" hidden></div>
      <p class="pg-ref" data-part="guidance-ref" hidden></p>
      <h2 data-part="process-title"></h2>
      <div class="pg-eq" data-part="process"></div>
      <p class="pg-ref" data-part="process-ref"></p>
      <h2 data-part="notes-title" hidden>Worth knowing</h2>
      <ul class="pg-notes" data-part="notes"></ul>`;
    /** @param {string} name */
    const part = (name) => must(root, `[data-part="${name}"]`);
    this.at = {
      formula: part("formula"), numbers: part("numbers"), says: part("says"), terms: part("terms"),
      timesName: part("times-name"), times: part("times"), gapName: part("gap-name"), gap: part("gap"), callsName: part("calls-name"), calls: part("calls"),
      ref: part("ref"), guidanceTitle: part("guidance-title"), guidance: part("guidance"), guidanceRef: part("guidance-ref"),
      processTitle: part("process-title"), process: part("process"), processRef: part("process-ref"), notesTitle: part("notes-title"), notes: part("notes"),
    };
    this.elsewhere = new Elsewhere(part("elsewhere"));
    // a formula that is too wide is set smaller; again when the panel's width changes
    new ResizeObserver(() => this.fit()).observe(root);
  }

  /** @param {RunPacket} run */
  setRun(run) {
    const h = run.header, s = h.sampler;
    this.run = run;
    this.forward = h.mode === "forward";
    this.moments = momentsOf(run);
    this.symbols = this.forward ? [] : s.terms.map((term) => term.symbol);
    const raw = arrayOf(run, "terms"), columns = this.moments.steps + 1;
    this.values = this.symbols.map((symbol, j) => Array.from({ length: columns }, (_, step) => significant(raw?.[j * columns + step])));
    this.facts();
    const formulas = JSON.stringify([h.mode, s.formula, this.symbols, h.guidance?.formula, h.process.formula]);
    if (formulas !== this.formulas) {
      this.formulas = formulas;
      this.render();
    } else this.slots();
    this.shown = "";
    this.cursor(this.info ?? this.moments.at(run.arrays.clock.data[0]));
    if (!this.asked) {
      this.asked = true;
      // after the first picture: mathematics can wait, particles cannot
      requestAnimationFrame(() => setTimeout(() => loadKatex().then(
        (katex) => {
          this.katex = katex;
          this.render();
          if (this.info) this.cursor(this.info, true);
          document.fonts?.ready.then(() => this.fit());
        },
        () => (this.asked = false), // the source stays readable; the next run tries again
      ), 0));
    }
  }

  /** The formulas; only when they have changed. */
  render() {
    if (!this.run) return;
    const h = this.run.header, process = h.process.formula;
    const step = this.forward ? "" : h.sampler.formula;
    this.tex(this.at.formula, step);
    const lines = step.split(/,\s*\\q?quad\s*/);
    const [filled, used] = fill(lines[0], this.symbols);
    // mathematics in symbols is for reading, the same line in numbers for the eye only: rows below name every number
    this.tex(this.at.numbers, used.size ? filled : "", true);
    this.at.formula.hidden = !step;
    this.at.numbers.hidden = !used.size || !this.katex;
    this.at.terms.replaceChildren();
    this.rows = [];
    // a number that is not in the formula gets a row; all do where one of them would be too small to read there
    const tiny = [...this.at.numbers.querySelectorAll(".pg-slot")].some((place) => parseFloat(getComputedStyle(leaf(place)).fontSize) < 9);
    if (tiny) this.at.numbers.hidden = true;
    this.symbols.forEach((symbol, j) => {
      if (this.katex && !tiny && this.at.numbers.querySelector(`.pg-slot-${j}`)) return;
      const name = make("span");
      this.tex(name, symbol);
      const value = make("b");
      this.at.terms.append(name, value);
      this.rows.push([j, value]);
    });
    this.at.terms.hidden = !this.rows.length;
    this.tex(this.at.guidance, h.guidance?.formula || "");
    this.at.guidance.hidden = !h.guidance;
    this.tex(this.at.process, process);
    this.at.process.hidden = !process;
    this.slots();
  }

  /**
   * A formula set by KaTeX, or its source until that is there.
   * @param {HTMLElement} node
   * @param {string} source
   * @param {boolean} [quiet]  for the eye only
   */
  tex(node, source, quiet = false) {
    const { katex } = this;
    if (!source) {
      this.shows.delete(node);
      return node.replaceChildren();
    }
    node.classList.toggle("pg-tex-source", !katex);
    if (!katex) return set(node, source);
    if (quiet) node.setAttribute("aria-hidden", "true");
    const key = `${quiet} ${node.className} ${source}`;
    let html = this.made.get(key);
    if (html === undefined) {
      /** @type {import("../lib/lazy.js").KatexOptions} */
      const options = { throwOnError: false, output: quiet ? "html" : "htmlAndMathml", strict: "ignore", trust: (c) => c.command === "\\htmlClass" };
      const style = node.classList.contains("pg-eq") ? "\\displaystyle " : "";
      const lines = texLines(source).map((line) => `<div>${katex.renderToString(style + line, options)}</div>`);
      this.made.set(key, (html = lines.join("")));
    }
    if (this.shows.get(node) !== key || quiet) node.innerHTML = html;
    this.shows.set(node, key);
  }

  /** Where the numbers of the filled-in line go, each as wide as it usually is. */
  slots() {
    const slots = this.symbols.map((_, j) => [.../** @type {NodeListOf<HTMLElement>} */ (this.at.numbers.querySelectorAll(`.pg-slot-${j}`))]);
    this.places = slots.map((places) => places.map(leaf));
    slots.forEach((places, j) => {
      const widths = this.values[j].map(width).sort((a, b) => a - b);
      const most = widths[widths.length >> 1]; // the usual one: the few longer ones may push
      for (const place of places) place.style.minWidth = most.toFixed(2) + "em";
    });
    this.fit(); // numbers may have become longer
  }

  fit() {
    if (!this.root.clientWidth) return;
    const boxes = [this.at.formula, this.at.numbers, this.at.guidance, this.at.process].filter((b) => !b.hidden && !b.classList.contains("pg-tex-source"));
    for (const box of boxes) box.style.fontSize = "";
    const wide = boxes.map((box) => Math.max(...[...box.children].map((row) => row.scrollWidth / row.clientWidth || 0)));
    boxes.forEach((box, i) => {
      if (wide[i] > 1.001) box.style.fontSize = Math.max(11, 14 / wide[i]).toFixed(2) + "px";
    });
  }

  facts() {
    if (!this.run) return;
    const h = this.run.header, s = h.sampler, p = h.process;
    /** @param {HTMLElement} node @param {Source} of @param {string[]} [more] */
    const source = (node, { paper, arxiv }, more = []) => {
      /** @type {(string | Node)[]} */
      const parts = [];
      if (paper) parts.push(paper);
      if (arxiv) {
        const a = make("a", "", arxiv);
        Object.assign(a, { href: `https://arxiv.org/abs/${arxiv}`, target: "_blank", rel: "noopener", title: "the paper on arXiv" });
        parts.push(a);
      }
      parts.push(...more);
      node.replaceChildren(...parts.flatMap((part, i) => (i ? [" · ", part] : [part])));
      node.hidden = !parts.length;
    };
    const more = [];
    if (s.order != null) more.push(`order ${s.order}`);
    if (s.nfe != null) more.push(`${s.nfe} call${s.nfe === 1 ? "" : "s"} a step${h.guidance ? " without guidance" : ""}`);
    for (const node of [this.at.gap, this.at.gapName, this.at.calls, this.at.callsName]) node.hidden = this.forward;
    if (this.forward) source(this.at.ref, {});
    else source(this.at.ref, s, more);
    this.elsewhere.show(s.elsewhere);
    set(this.at.processTitle, `Forward process: ${p.title}`);
    source(this.at.processRef, p);
    set(this.at.guidanceTitle, h.guidance ? `Guidance: ${h.guidance.title}` : "");
    source(this.at.guidanceRef, h.guidance ?? {});
    for (const node of [this.at.guidanceTitle, this.at.guidanceRef]) node.hidden = !h.guidance;
    this.at.guidance.title = h.guidance?.tip || "";
    this.at.ref.title = s.tip;
    this.at.process.title = p.tip;
    const notes = h.notes.filter(Boolean).map((note) => make("li", "", note));
    if (h.diverged) notes.unshift(make("li", "pg-warn", h.diverged.message));
    for (const note of notes) {
      const words = note.textContent ?? "";
      note.classList.toggle("pg-of-plane", words === h.image?.of_plane); // where there is no room for the plane
      note.innerHTML = subscripts(words);
    }
    this.at.notes.replaceChildren(...notes);
    this.at.notesTitle.hidden = !notes.length;
  }

  /**
   * A moment of the stage; 60 times a second: touches the page only when another step or state is reached.
   * @param {Facts} info
   * @param {boolean} [force]
   */
  cursor(info, force = false) {
    this.info = info;
    if (!this.moments || !this.run) return;
    const m = this.moments.at(info.c), key = `${m.step} ${m.between} ${m.frame === this.moments.last}`;
    if (key === this.shown && !force) return;
    this.shown = key;
    const sig = significant, at = this.at, { step } = m;
    // noising goes from s to the later t
    set(at.timesName, this.forward ? "s → t" : "t → s");
    const [from, to] = [m.from, m.to].map((end) => time.scales.t.say(end.t, Math.abs(m.from.t - m.to.t)));
    set(at.times, step === 0 ? to : `${from} → ${to}`);
    set(at.gap, sig(step > 0 && m.to.t > 0 ? m.to.logSnr - m.from.logSnr : NaN));
    set(at.calls, this.forward ? "–" : `${Math.round(m.calls || 0)} / ${this.run.header.model_calls}`);
    const says = this.saying(m, this.run.header);
    if (says !== this.said) at.says.innerHTML = subscripts((this.said = says));
    for (let n = 0; n < this.symbols.length; n++) for (const place of this.places[n]) set(place, this.values[n][step]);
    for (const [n, value] of this.rows) set(value, this.values[n][step]);
    at.numbers.classList.toggle("pg-idle", this.values.length > 0 && this.values.every((v) => v[step] === "–"));
  }

  /** The step in words. @param {Facts} m @param {import("../python.js").RunHeader} header */
  saying(m, header) {
    if (this.forward) return m.step === 0 ? "start: data" : `noising, ${m.step} of ${m.steps} times`; // what its states are stands among the notes
    if (m.step === 0) return `start: ${header.start}`;
    const text = `step ${m.step} of ${m.steps}`;
    if (m.to.t <= 0) return `${text}: to t = 0 at once, ${header.ending}`;
    if (!m.between || m.state === m.step) return text;
    return m.stride > 1 ? `${text}; shown: the state after step ${m.state}` : `${text}; shown: the state that it starts from`;
  }
}

export { StepPanel };
