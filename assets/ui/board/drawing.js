// All that the board shows, drawn from what is known.
import { config } from "../lib/start.js";
import { chosenCell, keeping } from "./cell.js";
import { empty, markOf, replace, switches } from "./frame.js";
import { numberOf } from "./lines.js";
import { legend } from "./legend.js";
import { matrix, sorted } from "./matrix.js";
import { foot, progress, question } from "./question.js";

/** @typedef {import("./page.js").Board} Board */

/** @param {Board} board */
export function draw(board) {
  const { known, said, at, cost: across, shownMeasure: measure } = board, { head } = known, chosen = said["board.cell"] ?? "";
  const asked = { preset: said.board, particles: board.particles, seeds: Number(said["board.seeds"] || head?.seeds.length || 1), measure: said["board.measure"] || measure, running: board.running, computing: board.words };
  drawQuestion(board, asked);
  replace(at.progress, progress(known, asked));
  board.root.classList.toggle("pg-b-begun", known.begun);
  if (!known.begun) replace(at.empty, empty(known, { preset: said.board, words: board.words, running: board.running }));
  const colour = getComputedStyle(board.root).getPropertyValue("--pg-sampler").trim(), picked = board.picked, shown = { measure, cost: across, methods: picked.drawn, chosen, colour };
  if (known.begun) {
    replace(at.legend, legend(known, picked, board.asking, board.many));
    drawPlot(board, picked);
    replace(at.switches, switches(known, { measure, across, look: said["board.look"] || "matrix", picking: board.picking }));
    drawCells(board, shown);
  } else for (const node of [at.legend, at.cells, at.switches]) node.replaceChildren();
  replace(at.cell, chosenCell(known, { ...shown, picking: board.picking }));
  replace(at.keep, keeping(known, head?.measures.some(({ key }) => key === across) ?? false));
  at.foot.replaceChildren(...foot(known, board.first));
}

/** @param {Board} board @param {import("./question.js").Asked} asked */
function drawQuestion({ known, at: { question: root } }, asked) {
  const told = JSON.stringify([asked, known.head?.key, known.plan?.left_out.length, known.head?.measures.length]);
  if (root.dataset.told === told) return;
  const more = root.querySelector("details")?.open ?? false;
  replace(root, question(known, asked));
  const details = root.querySelector("details");
  if (details) details.open = more;
  root.dataset.told = told;
}

/** @param {Board} board @param {import("./legend.js").Picked} picked */
function drawPlot({ known, said, plot, cost, shownMeasure }, { drawn, lit }) {
  const m = known.head?.measures.find(({ key }) => key === shownMeasure), other = known.head?.measures.find(({ key }) => key === cost);
  const up = { key: shownMeasure, title: m?.title ?? "", linear: m?.scale === "linear", floor: m?.floor ?? "" };
  const across = other ? { key: cost, title: `${other.title}, ${other.better}`, linear: other.scale === "linear", floor: other.floor }
    : { key: cost, title: config.board.costs.find(({ key }) => key === cost)?.title ?? "", linear: false, floor: "" };
  plot.root.dataset.axis = across.title;
  const none = known.begun && ![...known.rows.values()].some(({ values }) => Number.isFinite(numberOf(values[shownMeasure]?.[0])));
  const why = none ? [...known.rows.values()].map((row) => row.why[shownMeasure]).find(Boolean) ?? "" : "";
  plot.draw(known, { up, across, plane: Boolean(other), methods: drawn, lit, chosen: said["board.cell"] ?? "", title: m ? [m.title, m.unit, m.better, "mean and 95 % interval over the seeds"].filter(Boolean).join(" · ") : "" }, why);
}

/** @param {Board} board @param {import("./matrix.js").Shown} shown */
function drawCells({ known, said, sort, at: { cells } }, shown) {
  const active = document.activeElement, mark = active && cells.contains(active) ? markOf(active) : "", { scrollTop, scrollLeft } = cells;
  if (said["board.look"] === "table") sorted(cells, known, shown, sort);
  else matrix(cells, known, shown);
  cells.scrollTo(scrollLeft, scrollTop);
  if (mark) /** @type {HTMLElement | null} */ (cells.querySelector(mark))?.focus();
}
