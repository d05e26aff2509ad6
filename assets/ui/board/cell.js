// The chosen cell in numbers, what can be done with it, and how the board is kept.
import { el } from "../lib/dom.js";
import { significant } from "../lib/numbers.js";
import { config } from "../lib/start.js";
import { keyOf, numberOf } from "./lines.js";
import { draw } from "./thumb.js";
import { halfOf, meanOf, plain } from "./words.js";

/** @typedef {import("./lines.js").Known} Known */

const WIDTH = 190, HEIGHT = 132; // px

/** @param {string} words @param {string} name @param {string} [tip] */
function button(words, name, tip = "") {
  const b = el("button", { type: "button", textContent: words });
  b.dataset.do = name;
  if (tip) b.dataset.tip = tip;
  return b;
}
/** @param {string} words */
const note = (words) => el("p", { className: "pg-b-note", textContent: words });

/** @param {Known} known @param {{chosen: string, measure: string, cost: string, colour: string, picking: boolean}} shown @returns {Node[]} */
export function chosenCell(known, { chosen, measure, cost, colour, picking }) {
  const { head } = known, row = known.rows.get(chosen);
  /** @type {Node[]} */
  const out = [el("h2", { textContent: "Chosen cell" })];
  if (!head || !row) return [...out, note("Click a point or a small picture: its numbers stand here, and it can be opened on the stage.")];
  const value = known.value(chosen, measure), told = head.measures.find(({ key }) => key === measure), seeds = known.seedsOf(chosen);
  const list = el("dl", { className: "pg-b-numbers" });
  const add = (/** @type {string} */ term, /** @type {string} */ words) => list.append(el("dt", { textContent: term }), el("dd", { textContent: words }));
  head.axes.forEach((axis, i) => axis.labels.length > 1 && add(axis.title, axis.labels[Number(chosen.split(".")[i])] ?? ""));
  if (head.axes[known.across]?.title !== "model calls") add("model calls", plain(numberOf(row.calls)));
  add("steps", plain(numberOf(row.steps)));
  add(told?.title ?? measure, `${meanOf(value)} ${halfOf(value)}`);
  if (value && value.floor > 0) add("floor", significant(value.floor));
  if (head.measures.some(({ key }) => key === cost)) add(head.measures.find(({ key }) => key === cost)?.title ?? cost, `${meanOf(known.value(chosen, cost))} ${halfOf(known.value(chosen, cost))}`);
  if (known.frontOf(measure, cost)) add("on the front", known.onFront(chosen, measure, cost) ? "yes" : "no");
  const line = chosen.split(".").map((i, axis) => (axis === known.across ? "-1" : i)).join("."), order = known.front?.orders[measure]?.find(({ at }) => keyOf(at) === line);
  if (order?.fit) add("order of its line", `${significant(numberOf(order.fit[0]), 2)} (${significant(numberOf(order.fit[1]), 2)} … ${significant(numberOf(order.fit[2]), 2)})`);
  add("computing", `${significant(numberOf(row.ms), 3)} ms`);
  if (row.diverged) add("diverged", `${row.diverged} of ${row.seeds}`);
  const each = el("dl", { className: "pg-b-numbers pg-b-seeds" });
  for (const cell of seeds) each.append(el("dt", { textContent: `seed ${cell.seed}` }), el("dd", { textContent: cell.failed ?? (cell.values[measure] ? significant(numberOf(cell.values[measure][0]), 4) : cell.refused?.[measure] ?? "–") }));
  const canvas = el("canvas", { className: "pg-b-picture" }), why = known.why(chosen, measure);
  draw(canvas, seeds.find((cell) => cell.picture)?.picture, head.pictures, WIDTH, HEIGHT, colour);
  out.push(list, canvas, el("div", { className: "pg-b-buttons" }, button("Open on the stage", "open"), button(picking ? "Choose the other…" : "Compare with…", "compare", "Choose a second cell: both open on the stage, side by side")), each);
  const by = known.beaten(chosen, measure, cost);
  if (by) out.push(note(`Not on the front: ${by} costs no more, and its whole interval is better.`));
  if (why) out.push(note(why));
  if (order?.why) out.push(note(`No order of its line: ${order.why}.`));
  return out;
}

/** @param {Known} known @param {boolean} plane does a measure stand across? @returns {Node[]} */
export function keeping(known, plane) {
  const there = known.begun ? [button("CSV", "csv", "Every cell and measure as a table"), button("Parquet", "parquet", "The same for pandas, polars, DuckDB"), button("SVG", "svg", "The plot, as a paper prints it"), button("PNG", "png", "The plot, 300 dots an inch"),
    button("results.json", "results", "All of it: dropped here, it shows this board again without computing")] : [];
  return [el("h2", { textContent: "The front" }), note(plane ? config.board.rule_of_both : config.board.rule), el("h2", { textContent: "Keep" }),
    el("div", { className: "pg-b-buttons" }, ...there, ...(known.head ? [button("sweep.json", "sweep", "The question alone, for python -m playground.sweeps"), button("Copy link", "link", "The address of exactly this board")] : []), button("Open a file…", "file", "A results.json or sweep.json. It can be dropped anywhere on this page, too."))];
}
