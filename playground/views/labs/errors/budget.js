import { el } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { whole } from "../../lib/numbers.js";
import { Section } from "./section.js";
import { barsOf, rangeOf } from "./waterfall.js";
import { column, errorWords } from "./words.js";
import { Words } from "./stages.js";

/** @typedef {import("./packets.js").Budget} Budget */
/** @typedef {import("./waterfall.js").Bar} Bar */
/** A stage's budget. @typedef {{stage: import("../../page.js").Beside, budget: Budget}} Known */
/** @typedef {{className: string, word: string, tip: string, part: string, marks: HTMLElement[], number: string, error: string}} Row */

/** The error budget: a waterfall. */
export class BudgetView extends Section {
  constructor() {
    super("budget", "error budget",
      "From exact to real, one change a row. Laws are compared as quantile functions; a bar is the change's part along the whole error.");
    /** Of the selected stage. @type {Budget | null} */
    this.own = null;
    /** Of all stages, where there are several. @type {Known[]} */
    this.known = [];
    this.words = new Words(() => this.own && this.show(this.own, this.known));
    this.title.after(this.words.box);
  }

  /** @param {Budget} h of the selected stage @param {Known[]} known of all stages that have one; fewer than two: the selected one alone */
  show(h, known) {
    this.own = h;
    this.known = known;
    this.words.show(known.length > 1 ? known.map(({ stage }) => stage) : []);
    if (known.length > 1) return this.together(h, known);
    const bars = barsOf(h.parts), [low, top] = rangeOf(h, bars), scale = new Track(low, top);
    const say = column(Math.max(...bars.flatMap((r) => [Math.abs(r.from), Math.abs(r.to)]), Math.abs(h.total), h.direct));
    const rows = bars.map((bar) => rowOf(barRow(bar, scale, say)));
    rows.push(rowOf({ className: "pg-err-total", word: "total", part: "total",
      tip: `The sum of the bars: ${h.distance} between the run and the data p_0, sampling noise taken out.`,
      marks: [scale.piece("pg-err-sum", 0, h.total, "exact"), scale.whisker(h.total, h.total_se)], number: say(h.total), error: say(h.total_se) }));
    rows.push(rowOf({ className: "pg-err-direct", word: "measured directly", part: "direct",
      tip: `${h.distance} between ${h.stochastic ? "the particles of another seed" : "the run's particles"} and the exact law of the data p_0, extrapolated from n and n/2 to many particles.`,
      marks: [scale.whisker(h.direct, h.direct_se), scale.mark("pg-err-dot", h.direct)], number: say(h.direct), error: say(h.direct_se) }));
    const floored = h.floor <= top;
    if (floored) for (const row of rows) row.children[1].append(scale.mark("pg-err-floor", h.floor));
    this.body.replaceChildren(...rows);
    this.tell(h, bars, floored);
  }

  /** All stages in one plot: a lane each in every row, in its colour; the numbers are the selected one's. What is hidden counts for the scale. @param {Budget} h @param {Known[]} known */
  together(h, known) {
    const all = known.map(({ stage, budget }) => ({ stage, budget, bars: barsOf(budget.parts) })), ranges = all.map(({ budget, bars }) => rangeOf(budget, bars));
    const scale = new Track(Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, top]) => top))), seen = all.map(({ stage }) => !this.words.off.has(stage.n));
    const own = barsOf(h.parts), say = column(Math.max(scale.top, -scale.low));
    /** @param {string} name @param {string} word @param {string} tip @param {(one: typeof all[number]) => [from: number, to: number, error: number] | null} of @param {string} number @param {string} error */
    const row = (name, word, tip, of, number, error) => {
      const marks = all.flatMap((one, n) => {
        const told = seen[n] ? of(one) : null;
        if (!told) return [];
        const [from, to, se] = told, mark = scale.piece(`pg-err-bar pg-err-lane${to < from ? " pg-err-undoes" : ""}`, from, to, one.stage.role);
        mark.style.setProperty("--lane", String(n));
        mark.style.setProperty("--lanes", String(all.length));
        mark.title = `Stage ${one.stage.n} (${one.stage.words}): ${say(to - from)}${se > 0 ? ` ± ${say(se)}` : ""}`;
        return [mark];
      });
      return rowOf({ className: "", word, part: name, tip, marks, number, error });
    };
    const rows = own.map(({ name, word, tip, part }, k) => row(name, word, tip, ({ bars }) => (bars[k].part ? [bars[k].from, bars[k].to, bars[k].part.se] : null), part ? say(part.share) : "0", part?.se ? say(part.se) : ""));
    rows.push(row("total", "total", "The sum of each stage's bars.", ({ budget }) => [0, budget.total, budget.total_se], say(h.total), say(h.total_se)));
    this.body.replaceChildren(...rows);
    this.tell(h, own, false);
  }

  /** The words above and below. @param {Budget} h @param {Bar[]} bars @param {boolean} floored */
  tell(h, bars, floored) {
    const points = whole(h.points), floor = errorWords(h.floor);
    this.word.textContent = `${h.distance} to the data, ${points} particles`;
    this.word.title = "Distances to p_0 in the data's units, of particles of this lab's own. The status line and the chart compare the stage's particles with p_t at their own time, and leave sampling noise in: there the floor says how much.";
    this.foot.textContent = `${verdict(h, bars, points)} Floor ${floor}${floored ? " (dotted)" : ""}.`;
    this.foot.title = `Two independent exact samples of ${points} points are ${floor} apart. ` + (h.stochastic
      ? "A sampler that draws noise ends at independent points: they are compared with the exact law itself, and what is left of their noise is extrapolated away from n and n/2 particles."
      : "A deterministic sampler and the exact flow move the same points: their noise cancels, and errors below the floor are seen.");
  }
}

/** @param {Budget} h @param {Bar[]} bars @param {string} points */
function verdict(h, bars, points) {
  if (h.lost) return `${h.lost.toLocaleString("en")} of ${points} particles are lost: they count as if at 1000.`;
  if (!h.resolved) return "The total is within its sampling error: these bars are noise.";
  if (bars.some((r) => r.to < r.from)) return "Each row makes one thing real. Bars add up along the whole error; hatched ones undo.";
  return "Each row makes one more thing real; bars are measured along the whole error, so they add up.";
}

/** @param {Bar} bar @param {Track} scale @param {(v: number) => string} say @returns {Row} */
function barRow({ name, word, tip, none, role, part, from, to }, scale, say) {
  if (!part) return { className: "pg-err-nil", word, tip: none ? `${tip} Here ${none}.` : tip, part: name, marks: [], number: "0", error: "" };
  const undoes = to < from, marks = [scale.piece(`pg-err-bar${undoes ? " pg-err-undoes" : ""}`, from, to, role)];
  if (part.se > 0) marks.push(scale.whisker(to, part.se));
  const alone = ` Alone it moves the law by ${errorWords(part.alone)}.${undoes ? " It undoes part of the others' error." : ""}`;
  return { className: "", word, tip: tip + alone, part: name, marks, number: say(part.share), error: say(part.se) };
}

/** @param {Row} row */
function rowOf({ className, word, tip, part, marks, number, error }) {
  const value = el("b", { textContent: number });
  if (error) value.append(el("small", { textContent: ` ±${error}` }));
  const row = el("div", { className: `pg-err-row ${className}`, title: tip },
    el("span", { className: "pg-err-name", textContent: word }), el("span", { className: "pg-err-track" }, ...marks), value);
  row.dataset.part = part;
  return row;
}

/** What a row's marks stand on: values from low to top over its width. */
class Track {
  /** @param {number} low @param {number} top */
  constructor(low, top) {
    this.low = low;
    this.top = top;
  }

  /** @param {number} v */
  at(v) {
    return `${(100 * clamp((v - this.low) / (this.top - this.low), -0.01, 1.01)).toFixed(2)}%`;
  }

  /** @param {string} className @param {number} v */
  mark(className, v) {
    const made = el("i", { className });
    made.style.left = this.at(v);
    return made;
  }

  /** @param {string} className @param {number} from @param {number} to @param {string} role */
  piece(className, from, to, role) {
    const made = this.mark(className, Math.min(from, to));
    made.style.right = `calc(100% - ${this.at(Math.max(from, to))})`;
    made.style.setProperty("--role", `var(--pg-${role})`);
    return made;
  }

  /** @param {number} v @param {number} error */
  whisker(v, error) {
    return this.piece("pg-err-whisker", v - error, v + error, "exact");
  }
}
