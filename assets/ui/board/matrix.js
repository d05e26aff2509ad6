// Methods × columns with small pictures and numbers, and the same as a table that can be sorted.
import { el, targetOf } from "../lib/dom.js";
import { significant } from "../lib/numbers.js";
import { keyOf, numberOf } from "./lines.js";
import { draw } from "./thumb.js";
import { halfOf, meanOf, plain, swatch } from "./words.js";

/**
 * @typedef {import("./lines.js").Known} Known
 * @typedef {{measure: string, cost: string, methods: import("./lines.js").Method[], chosen: string, colour: string}} Shown  cost: what stands across; methods: those that are shown
 * @typedef {{word: string, number: (place: string, known: Known) => number, text?: (place: string, known: Known) => string}} Column
 */

const WIDTH = 66, HEIGHT = 46, SQUARE = 66; // px of a picture; the last of images

/** What a head says above a column. @param {Known} known @param {number} k */
const head = (known, k) => known.columns[k] || "–";

/** @param {HTMLElement} root @param {Known} known @param {Shown} shown */
export function matrix(root, known, shown) {
  const { measure, methods } = shown, axes = known.head?.pictures;
  if (!axes || !known.head) return;
  const orders = new Map((known.front?.orders[measure] ?? []).map((one) => [keyOf(one.at.map((i, n) => (n === known.across ? -1 : i))), one]));
  const table = el("table", { className: "pg-b-matrix" }), first = el("tr", {}, el("th", { textContent: known.head.axes[known.across]?.title ?? "", scope: "col" }));
  known.columns.forEach((_, k) => first.append(el("th", { textContent: head(known, k), scope: "col" })));
  const order = el("th", { textContent: "order", scope: "col" });
  order.dataset.tip = "How fast the error falls with the steps: error ∝ steps^−order, fitted over the steps whose error is well above the floor, with its 95 % interval";
  first.append(order);
  table.append(el("thead", {}, first));
  const body = table.appendChild(el("tbody"));
  for (const method of methods) {
    const words = el("div", { className: "pg-b-name", innerHTML: swatch(method.n) }), name = el("th", { scope: "row" }, words);
    words.append(el("span", { textContent: method.name }));
    if (method.label !== method.name) name.dataset.tip = method.label;
    const row = el("tr", {}, name);
    row.dataset.row = method.key;
    for (const place of method.places) row.append(cellOf(known, place, method.label, shown, axes));
    const fit = orders.get(method.key)?.fit, last = el("td", { className: "pg-b-order", textContent: fit ? significant(numberOf(fit[0]), 2) : "–" });
    if (fit) last.append(el("small", { textContent: `${significant(numberOf(fit[1]), 2)} … ${significant(numberOf(fit[2]), 2)}` }));
    else last.dataset.tip = orders.get(method.key)?.why ?? "not known yet";
    row.append(last);
    body.append(row);
  }
  root.replaceChildren(table);
}

/** @param {Known} known @param {string | null} place @param {string} label @param {Shown} shown @param {import("./thumb.js").Axes} axes */
function cellOf(known, place, label, { measure, cost, chosen, colour }, axes) {
  const td = el("td"), value = known.value(place, measure), why = place ? known.why(place, measure) : "";
  if (place === null) return td;
  const button = td.appendChild(el("button", { type: "button", className: "pg-b-cell" })), canvas = button.appendChild(el("canvas"));
  button.dataset.place = place;
  button.setAttribute("aria-pressed", String(place === chosen));
  button.classList.toggle("pg-b-best", known.onFront(place, measure, cost));
  const seeds = known.seedsOf(place), words = meanOf(value);
  draw(canvas, seeds.find((cell) => cell.picture)?.picture, axes, WIDTH, axes.truth?.shape.length === 4 ? SQUARE : HEIGHT, colour);
  button.append(el("b", { textContent: value && Number.isNaN(value.mean) ? "none" : words }), el("small", { textContent: halfOf(value) }));
  const column = known.columns[Number(place.split(".")[known.across])] ?? "";
  button.setAttribute("aria-label", `${label}, ${column}: ${words || "not computed yet"} ${halfOf(value)}${why && !words ? ` ${why}` : ""}`);
  if (why) button.dataset.tip = why;
  return td;
}

/** @param {Known} known @param {string} measure @param {string} cost @returns {Column[]} */
const columnsOf = (known, measure, cost) => [
  { word: "value", number: (p) => known.value(p, measure)?.mean ?? NaN, text: (p) => `${meanOf(known.value(p, measure))} ${halfOf(known.value(p, measure))}` },
  { word: "floor", number: (p) => known.value(p, measure)?.floor ?? NaN },
  { word: "calls", number: (p) => numberOf(known.rows.get(p)?.calls), text: (p) => plain(numberOf(known.rows.get(p)?.calls)) },
  { word: "steps", number: (p) => numberOf(known.rows.get(p)?.steps), text: (p) => plain(numberOf(known.rows.get(p)?.steps)) },
  { word: "ms", number: (p) => numberOf(known.rows.get(p)?.ms) },
  { word: "seeds", number: (p) => known.rows.get(p)?.seeds ?? NaN, text: (p) => String(known.rows.get(p)?.seeds ?? "") },
  { word: "front", number: (p) => Number(known.onFront(p, measure, cost)), text: (p) => (known.onFront(p, measure, cost) ? "yes" : "") },
];

/** A table in the order of one of its columns. @param {HTMLElement} root @param {Known} known @param {Shown} shown @param {{by: string, up: boolean}} sort */
export function sorted(root, known, { measure, cost, methods, chosen }, sort) {
  const columns = columnsOf(known, measure, cost), by = columns.find(({ word }) => word === sort.by);
  const rows = methods.flatMap((method) => method.places.flatMap((place) => (place && known.rows.has(place) ? [{ method, place }] : [])));
  if (by) rows.sort((a, b) => compared(by.number(a.place, known), by.number(b.place, known), sort.up));
  else rows.sort((a, b) => (sort.up ? 1 : -1) * a.method.label.localeCompare(b.method.label));
  const top = el("tr");
  for (const word of ["method", ...columns.map((c) => c.word)]) {
    const th = el("th", { scope: "col" }), button = th.appendChild(el("button", { type: "button", textContent: word }));
    button.dataset.sort = word;
    th.ariaSort = sort.by === word ? (sort.up ? "ascending" : "descending") : "none";
    top.append(th);
  }
  const body = el("tbody");
  for (const { method, place } of rows) {
    const name = el("th", { scope: "row", innerHTML: swatch(method.n) }), pick = name.appendChild(el("button", { type: "button", textContent: method.name }));
    pick.dataset.place = place;
    const row = el("tr", {}, name);
    row.classList.toggle("pg-b-is", place === chosen);
    for (const { number, text } of columns) row.append(el("td", { textContent: text ? text(place, known) : significant(number(place, known)) }));
    body.append(row);
  }
  root.replaceChildren(el("table", { className: "pg-b-table" }, el("thead", {}, top), body));
}

/** What is no number comes last. @param {number} a @param {number} b @param {boolean} up */
const compared = (a, b, up) => (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0) || (up ? a - b : b - a) || 0;

/** Arrow keys from cell to cell. @param {HTMLElement} root */
export function keys(root) {
  root.addEventListener("keydown", (e) => {
    const cell = targetOf(e, ".pg-b-cell")?.closest("td"), row = cell?.parentElement;
    if (!cell || !(row instanceof HTMLTableRowElement)) return;
    const rows = row.parentElement?.children ?? [], at = [...rows].indexOf(row);
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key] ?? [0, 0];
    if (!down && !right) return;
    e.preventDefault();
    e.stopPropagation();
    const next = /** @type {HTMLTableRowElement | undefined} */ (rows[at + down])?.cells[cell.cellIndex + right];
    next?.querySelector("button")?.focus();
  });
}
