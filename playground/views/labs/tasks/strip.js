// The cells of a task's result, which fill while its runs are computed.
import { drawImage, edges, sizeOf } from "../../images/draw.js";
import { el, penOf } from "../../lib/dom.js";
import { png } from "./canvas.js";
import { box } from "./controls.js";

/** @typedef {import("../../lib/packet.js").Codes} Codes */
/** @typedef {import("../../python.js").TaskPlan} TaskPlan */
/** @typedef {import("../../python.js").TaskStep} TaskStep */
/** @typedef {"x" | "x0"} Kind the states, or what the model expects behind them */
/** @typedef {{canvas: HTMLCanvasElement, words: HTMLElement, x: Codes | null, x0: Codes | null}} Cell */

const LEAST = { two: 42, other: 46 }, MOST = { many: 53, two: 62, one: 96 }; // pixels of a column, by the number of rows
const SAVED = 96; // pixels of a cell in a file, about

export class Strip {
  /** @type {string[]} */
  rows = [];
  /** @type {string[]} */
  columns = [];
  /** @type {number[]} channels, h, w */
  event = [];
  /** @type {Map<string, Cell>} by "row,column" */
  cells = new Map();
  /** @type {HTMLElement[]} the words over the columns */
  heads = [];
  /** @type {Kind} */
  kind = "x";

  constructor() {
    this.grid = box("div", "pg-task-grid");
    this.box = box("div", "pg-task-scroll", this.grid);
    this.edges = edges(this.box, "cells of the task");
  }

  /** @param {TaskPlan} plan @param {boolean} named  do its rows have words? */
  plan({ rows, columns, event, chosen }, named) {
    Object.assign(this, { rows, columns, event });
    this.cells = new Map();
    const least = rows.length === 2 ? LEAST.two : LEAST.other, most = rows.length > 2 ? MOST.many : rows.length > 1 ? MOST.two : MOST.one;
    this.grid.style.gridTemplateColumns = `${named ? "auto " : ""}repeat(${columns.length}, minmax(${least}px, 1fr))`;
    this.grid.style.maxWidth = `${columns.length * (most + 6) + (named ? 62 : 0)}px`;
    this.heads = columns.map((word, c) => el("span", { className: `pg-task-head${c === chosen ? " on" : ""}`, textContent: word }));
    /** @type {HTMLElement[]} */
    const nodes = [...(named ? [el("span")] : []), ...this.heads];
    rows.forEach((row, r) => {
      if (named) nodes.push(el("span", { className: "pg-task-rowword", textContent: row }));
      columns.forEach((column, c) => nodes.push(this._cell(r, c, [row, column].filter(Boolean).join(", "))));
    });
    this.grid.replaceChildren(...nodes);
    this.edges();
  }
  /** @param {number} r @param {number} c @param {string} label */
  _cell(r, c, label) {
    const canvas = box("canvas", "pg-task-cell"), words = box("span", "pg-task-caption");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    canvas.style.aspectRatio = `${this.event[2]} / ${this.event[1]}`;
    this.cells.set(`${r},${c}`, { canvas, words, x: null, x0: null });
    return box("figure", "pg-task-figure", canvas, words);
  }

  /** @param {import("../../lib/packet.js").Packet<TaskStep>} packet */
  step({ header, arrays: { x, x0 } }) {
    const size = sizeOf(this.event);
    header.cells.forEach(([r, c], i) => {
      const cell = this.cells.get(`${r},${c}`);
      if (!cell) return;
      cell.x = x.data.subarray(i * size, (i + 1) * size);
      if (x0) cell.x0 = x0.data.subarray(i * size, (i + 1) * size);
      else if (header.done == null) cell.x0 = cell.x; // a picture that was there already
      this.draw(cell);
    });
  }
  /** Everything has ended: what no run has filled is no cell. */
  settle() {
    for (const cell of this.cells.values()) cell.canvas.style.visibility = cell.x ? "" : "hidden";
  }
  /** Before a run's first step nothing is expected yet: the cell waits. @param {Cell} cell */
  draw(cell) {
    const bytes = cell[this.kind];
    if (bytes) drawImage(cell.canvas, bytes, 0, this.event);
  }
  /** @param {Kind} kind */
  show(kind) {
    this.kind = kind;
    for (const cell of this.cells.values()) this.draw(cell);
  }
  /** @param {import("../../python.js").TaskCaptions["captions"]} list row, column, words */
  captions(list) {
    for (const [r, c, words] of list) {
      const cell = this.cells.get(`${r},${c}`);
      if (cell) cell.words.textContent = String(words);
    }
  }

  /** The strip with its words as a PNG. */
  toBlob() {
    const [, h, w] = this.event, k = Math.max(1, Math.round(SAVED / w)), W = Math.max(k * w, 76) + 8, H = k * h + 34, left = this.rows.length > 1 ? 108 : 8;
    const sheet = el("canvas", { width: left + W * this.columns.length, height: 30 + H * this.rows.length }), pen = penOf(sheet);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.imageSmoothingEnabled = false;
    pen.fillStyle = "#1b1d21";
    pen.font = "12px system-ui, sans-serif";
    this.columns.forEach((word, c) => pen.fillText(word, left + c * W, 18));
    this.rows.forEach((word, r) => {
      if (this.rows.length > 1) pen.fillText(word.replace("\n", " "), 8, 30 + r * H + (k * h) / 2);
    });
    for (const [at, { canvas, words, x }] of this.cells) {
      const [r, c] = at.split(",").map(Number);
      if (x) pen.drawImage(canvas, left + c * W, 28 + r * H, k * w, k * h);
      (words.textContent ?? "").split("\n").forEach((line, i) => pen.fillText(line, left + c * W, 28 + r * H + k * h + 13 * (i + 1)));
    }
    return png(sheet);
  }
}
