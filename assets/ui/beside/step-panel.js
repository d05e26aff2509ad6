// "This step": the sampler's update in symbols and in the current step's numbers, the process, and what the picture leaves out.
import { loadKatex } from "../lib/lazy.js";
import { significant, subscripts } from "../lib/numbers.js";
import { arrayOf } from "../lib/packet.js";
import { time } from "../lib/time.js";
import { texLines } from "../lib/tip.js";
import { momentsOf } from "../stage/run.js";

// ---- LaTeX as tokens: just enough to put numbers in the places of symbols ------------------------------------------------------
const IGNORED = /^(\s+|\\[,;:! ]|\\(text|display|script)style)$/;
const tokens = (tex) => tex.match(/\\[a-zA-Z]+\s*|\\.|\s+|[^\\\s]/g) || [];
const bare = (token) => (token.startsWith("\\") ? token.trim() : token);
const ignored = (token) => IGNORED.test(bare(token)) || /^\s+$/.test(token);
const slot = (j) => `{\\htmlClass{pg-slot pg-slot-${j}}{0}}`;

/** `tex` with every symbol replaced by a slot, the longest first. Returns [text, set of the indices that occur]. */
function fill(tex, symbols) {
  let list = tokens(tex);
  const used = new Set();
  const order = symbols.map((s, j) => [tokens(s).map(bare).filter((t) => !ignored(t)), j]).sort((a, b) => b[0].length - a[0].length);
  for (const [symbol, j] of order) {
    if (!symbol.length) continue;
    for (let i = 0; i < list.length; i++) {
      let k = i, m = 0;
      while (m < symbol.length && k < list.length) {
        if (m > 0 && ignored(list[k])) k++;
        else if (bare(list[k]) === symbol[m]) k++, m++;
        else break;
      }
      if (m < symbol.length) continue;
      // b in b_i is another symbol, and the matrices in G Gᵀ are not numbers in a row
      let next = k;
      while (next < list.length && ignored(list[next])) next++;
      const alone = symbol.length > 1 || (list[i - 1] !== "_" && bare(list[i - 1] ?? "") !== symbol[0] && bare(list[next] ?? "") !== symbol[0]);
      if (!alone || list[next] === "_" || list[next] === "^") continue;
      list.splice(i, k - i, slot(j));
      used.add(j);
    }
  }
  return [list.join(""), used];
}

const WIDTH = { ".": 0.278, "−": 0.778, e: 0.444, "–": 0.5, "0": 0.5 };
const width = (text) => [...text].reduce((sum, ch) => sum + (WIDTH[ch] ?? 0.5), 0);

const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text != null) node.textContent = text;
  return node;
};
const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

class StepPanel {
  /** root: the element to fill. katexBase: where the vendored KaTeX lies. */
  constructor(root, { katexBase = "live/assets/vendor/katex/" } = {}) {
    root.classList.add("pg-step");
    this.root = root;
    this.katexBase = katexBase;
    this.katex = null;
    this.asked = false;
    this.made = new Map(); // formulas that were set before
    this.shown = "";
    this.info = null;
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
      <h2 data-part="guidance-title" hidden></h2>
      <div class="pg-eq" data-part="guidance" hidden></div>
      <p class="pg-ref" data-part="guidance-ref" hidden></p>
      <h2 data-part="process-title"></h2>
      <div class="pg-eq" data-part="process"></div>
      <p class="pg-ref" data-part="process-ref"></p>
      <h2 data-part="notes-title" hidden>Worth knowing</h2>
      <ul class="pg-notes" data-part="notes"></ul>`;
    this.at = {};
    for (const node of root.querySelectorAll("[data-part]")) this.at[node.dataset.part] = node;
    // a formula that is too wide is set smaller; again when the panel's width changes
    new ResizeObserver(() => this.fit()).observe(root);
  }

  setRun(run) {
    const h = run.header, s = h.sampler || {};
    this.run = run;
    this.forward = h.mode === "forward";
    this.moments = momentsOf(run);
    this.symbols = this.forward ? [] : (s.terms || []).map((term) => term.symbol);
    const raw = arrayOf(run, "terms"), columns = this.moments.steps + 1;
    this.values = this.symbols.map((_, j) => Array.from({ length: columns }, (_, step) => significant(raw?.[j * columns + step])));
    this.facts();
    const formulas = JSON.stringify([h.mode, s.formula, this.symbols, h.guidance?.formula, h.process?.formula ?? h.process_formula]);
    if (formulas !== this.formulas) {
      this.formulas = formulas;
      this.render();
    } else this.slots();
    this.shown = "";
    this.cursor(this.info ?? { c: run.arrays.clock.data[0] });
    if (!this.asked) {
      this.asked = true;
      // after the first picture: mathematics can wait, particles cannot
      requestAnimationFrame(() => setTimeout(() => loadKatex(this.katexBase).then(
        (katex) => {
          this.katex = katex;
          this.render();
          this.cursor(this.info, true);
          document.fonts?.ready.then(() => this.fit());
        },
        () => (this.asked = false), // the source stays readable; the next run tries again
      ), 0));
    }
  }

  /** The formulas; only when they have changed. */
  render() {
    const h = this.run.header, s = h.sampler || {};
    const process = h.process?.formula ?? h.process_formula;
    const step = this.forward ? "" : s.formula || "";
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
    const tiny = [...this.at.numbers.querySelectorAll(".pg-slot")].some((place) => parseFloat(getComputedStyle(place).fontSize) < 9);
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
    this.tex(this.at.process, process || "");
    this.at.process.hidden = !process;
    this.slots();
  }

  tex(node, source, quiet = false) {
    if (!source) return node.replaceChildren((node.made = ""));
    node.classList.toggle("pg-tex-source", !this.katex);
    if (!this.katex) return set(node, source);
    if (quiet) node.setAttribute("aria-hidden", "true");
    const key = `${quiet} ${node.className} ${source}`;
    if (!this.made.has(key)) {
      const options = { throwOnError: false, output: quiet ? "html" : "htmlAndMathml", strict: "ignore", trust: (c) => c.command === "\\htmlClass" };
      const style = node.classList.contains("pg-eq") ? "\\displaystyle " : "";
      const lines = texLines(source).map((line) => `<div>${this.katex.renderToString(style + line, options)}</div>`);
      this.made.set(key, lines.join(""));
    }
    if (node.made !== key || quiet) node.innerHTML = this.made.get(key);
    node.made = key;
  }

  /** Where the numbers of the filled-in line go, each as wide as it usually is. */
  slots() {
    this.places = this.symbols.map((_, j) => [...this.at.numbers.querySelectorAll(`.pg-slot-${j}`)]);
    this.places.forEach((places, j) => {
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
    const h = this.run.header, s = h.sampler || {}, p = h.process || {};
    const source = (node, { paper, arxiv }, more = []) => {
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
    for (const name of ["gap", "gap-name", "calls", "calls-name"]) this.at[name].hidden = this.forward;
    if (this.forward) source(this.at.ref, {});
    else source(this.at.ref, s, more);
    set(this.at["process-title"], `Forward process: ${p.title ?? h.title?.process ?? ""}`);
    source(this.at["process-ref"], p);
    set(this.at["guidance-title"], h.guidance ? `Guidance: ${h.guidance.title}` : "");
    source(this.at["guidance-ref"], h.guidance ?? {});
    for (const name of ["guidance-title", "guidance-ref"]) this.at[name].hidden = !h.guidance;
    this.at.guidance.title = h.guidance?.tip || "";
    this.at.ref.title = s.tip || "";
    this.at.process.title = p.tip || "";
    const notes = (h.notes || []).filter(Boolean).map((note) => make("li", "", note));
    if (h.diverged) notes.unshift(make("li", "pg-warn", h.diverged.message));
    for (const note of notes) {
      note.classList.toggle("pg-of-plane", Boolean(h.image) && note.textContent === h.image.of_plane); // where there is no room for the plane
      note.innerHTML = subscripts(note.textContent);
    }
    this.at.notes.replaceChildren(...notes);
    this.at["notes-title"].hidden = !notes.length;
  }

  /** A moment of the stage; 60 times a second: touches the page only when another step or state is reached. */
  cursor(info, force = false) {
    this.info = info;
    if (!this.moments) return;
    const m = this.moments.at(info.c), key = `${m.step} ${m.between} ${m.frame === this.moments.last}`;
    if (key === this.shown && !force) return;
    this.shown = key;
    const sig = significant, at = this.at, { step } = m;
    // noising goes from s to the later t
    set(at["times-name"], this.forward ? "s → t" : "t → s");
    const [from, to] = [m.from, m.to].map((end) => time.scales.t.say(end.t, Math.abs(m.from.t - m.to.t)));
    set(at.times, step === 0 ? to : `${from} → ${to}`);
    set(at.gap, sig(step > 0 && m.to.t > 0 ? m.to.logSnr - m.from.logSnr : NaN));
    set(at.calls, this.forward ? "–" : `${Math.round(m.calls || 0)} / ${this.run.header.model_calls}`);
    const says = this.saying(m);
    if (says !== this.said) at.says.innerHTML = subscripts((this.said = says));
    for (let n = 0; n < this.symbols.length; n++) for (const place of this.places[n]) set(place, this.values[n][step]);
    for (const [n, value] of this.rows) set(value, this.values[n][step]);
    at.numbers.classList.toggle("pg-idle", this.values.length > 0 && this.values.every((v) => v[step] === "–"));
  }

  saying(m) {
    if (this.forward) return m.step === 0 ? "start: data" : `noising, ${m.step} of ${m.steps} times`; // what its states are stands among the notes
    if (m.step === 0) return `start: ${this.run.header.start}`;
    const text = `step ${m.step} of ${m.steps}`;
    if (m.to.t <= 0) return `${text}: to t = 0 at once, ${this.run.header.ending}`;
    if (!m.between || m.state === m.step) return text;
    return m.stride > 1 ? `${text}; shown: the state after step ${m.state}` : `${text}; shown: the state that it starts from`;
  }
}
export { StepPanel };
