import { el } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { whole } from "../../lib/numbers.js";
import { Section } from "./section.js";
import { barsOf, rangeOf } from "./waterfall.js";
import { column, errorWords } from "./words.js";

/** @typedef {import("./packets.js").Budget} Budget */
/** @typedef {import("./waterfall.js").Bar} Bar */
/** @typedef {{className: string, word: string, tip: string, part: string, marks: HTMLElement[], number: string, error: string}} Row */

/** The error budget: a waterfall. */
export class BudgetView extends Section {
  constructor() {
    super("budget", "error budget",
      "From exact to real, one change a row. Laws are compared as quantile functions; a bar is the change's part along the whole error.");
  }

  /** @param {Budget} h */
  show(h) {
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
