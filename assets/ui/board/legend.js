// Which methods are drawn, and which of them have colours and words: few have all; of many those that the front goes through, and who is asked for.
import { el } from "../lib/dom.js";
import { keyOf } from "./lines.js";
import { counted, swatch } from "./words.js";

/**
 * @typedef {import("./lines.js").Known} Known
 * @typedef {import("./lines.js").Method} Method
 * @typedef {{off?: string, lit?: string, only?: string, find?: string}} Asked  of the link: numbers of methods that are not drawn, of those with colours ("all", "none"; "": who the front
 *   goes through), "on": only these are drawn; what their names have
 * @typedef {{crowd: boolean, found: Method[], drawn: Method[], lit: Set<string>}} Picked
 */

const FEW = 8; // methods that are told apart by colour alone
const GREY = "var(--pg-noise)";

/** @param {string | undefined} told */
const numbers = (told) => new Set((told ?? "").split(",").filter(Boolean).map(Number));

/** @param {Known} known @param {Asked} asked @param {{measure: string, across: string, chosen: string}} shown @returns {Picked} */
export function pick(known, { off, lit, only, find }, { measure, across, chosen }) {
  const words = (find ?? "").toLowerCase().split(/\s+/).filter(Boolean), hidden = numbers(off);
  const found = known.shownMethods.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
  if (found.length <= FEW) {
    const drawn = found.filter(({ n }) => !hidden.has(n));
    return { crowd: known.shownMethods.length > FEW, found, drawn, lit: new Set(drawn.map(({ key }) => key)) };
  }
  const line = (known.frontOf(measure, across)?.line ?? known.frontOf(measure, "calls")?.line ?? []).map(keyOf);
  const asked = numbers(lit), whether = (/** @type {Method} */ { n, places }) =>
    lit === "all" || (lit !== "none" && (lit ? asked.has(n) : places.some((p) => p !== null && line.includes(p)))) || places.includes(chosen);
  const some = new Set(found.filter(whether).map(({ key }) => key));
  return { crowd: true, found, drawn: only === "on" ? found.filter(({ key }) => some.has(key)) : found, lit: some };
}

/** What the link says after a method's chip was pressed. @param {Picked} picked @param {Asked} asked @param {string} key @returns {Asked} */
export function toggled({ found, lit }, { off }, key) {
  const method = found.find((one) => one.key === key);
  if (!method) return {};
  if (found.length <= FEW) {
    const hidden = numbers(off);
    if (!hidden.delete(method.n)) hidden.add(method.n);
    return { off: [...hidden].join(",") };
  }
  const some = found.filter((one) => lit.has(one.key) !== (one === method)).map(({ n }) => n);
  return { lit: some.join(",") || "none" };
}

/** @param {Known} known @param {Picked} picked @param {Asked} asked @param {boolean} open are all chips seen? @returns {Node[]} */
export function legend(known, { crowd, found, drawn, lit }, { only, find, lit: told }, open) {
  const few = found.length <= FEW, shown = new Set(drawn.map(({ key }) => key));
  const chip = (/** @type {Method} */ method) => {
    const on = few ? shown.has(method.key) : lit.has(method.key), b = el("button", { type: "button", className: "pg-b-chip", innerHTML: swatch(method.n, on ? "" : GREY) });
    b.append(el("span", { textContent: method.name }));
    b.dataset.method = method.key;
    if (method.label !== method.name) b.dataset.tip = method.label;
    b.setAttribute("aria-pressed", String(on));
    b.classList.toggle("pg-b-hidden", few && !on);
    return b;
  };
  const pressed = (/** @type {string} */ show, /** @type {string} */ words, /** @type {boolean | null} */ on, /** @type {string} */ tip) => {
    const b = el("button", { type: "button", className: "pg-b-chip pg-b-only", textContent: words });
    b.dataset.show = show;
    b.dataset.tip = tip;
    if (on !== null) b.setAttribute("aria-pressed", String(on));
    return b;
  };
  if (!crowd) return found.map(chip);
  const search = el("input", { type: "search", className: "pg-b-find", placeholder: `Find in ${known.shownMethods.length}`, value: find ?? "" });
  search.dataset.find = "methods";
  search.setAttribute("aria-label", "Find methods");
  if (few) return [search, ...(found.length ? found.map(chip) : [el("span", { className: "pg-b-none", textContent: "No method is called so." })])];
  const rest = found.filter(({ key }) => !lit.has(key));
  return [
    search, pressed("front", "the front", !told, "In colour: the methods that the line of the front goes through"), pressed("all", "all", told === "all", "All methods in colour"), pressed("none", "none", told === "none", "All methods in grey: pick some"),
    pressed("only", "only these", only === "on", "Draws the coloured methods alone, in the plot and below"),
    ...found.filter(({ key }) => lit.has(key)).map(chip), ...(open ? rest.map(chip) : []),
    ...(rest.length ? [pressed("more", open ? "fewer" : `${counted(rest.length, "other")} in grey…`, null, "Each can be given its colour")] : []),
  ];
}
