// The board's question: which sweep, of what, how many seeds and particles, which measure; and how far its answer is.
import { el } from "../lib/dom.js";
import { significant } from "../lib/numbers.js";
import { config } from "../lib/start.js";
import { counted, leftOf, some } from "./words.js";

/**
 * @typedef {import("./lines.js").Known} Known
 * @typedef {{preset: string, particles: number, seeds: number, measure: string, running: boolean, computing: string}} Asked
 */

const SEEDS = 10, PARTICLES = [100, 200, 500, 1000, 2000, 4000, 10_000, 20_000];

/** @param {string} words @param {string} name what it does @param {string} value @param {boolean} on @param {string} [tip] */
function pill(words, name, value, on, tip = "") {
  const b = el("button", { type: "button", className: "pg-b-pill", textContent: words });
  b.dataset[name] = value;
  b.setAttribute("aria-pressed", String(on));
  if (tip) b.dataset.tip = tip;
  return b;
}

/** @param {string} label @param {string} name @param {number} at @param {number} least @param {number} most @param {string} words */
function slider(label, name, at, least, most, words) {
  const input = el("input", { type: "range", min: String(least), max: String(most), step: "1", value: String(at) });
  input.dataset.slider = name;
  input.setAttribute("aria-label", label);
  input.setAttribute("aria-valuetext", words);
  input.style.setProperty("--range_progress", `${(100 * (at - least)) / Math.max(1, most - least)}%`);
  return el("label", { className: "pg-b-row" }, el("span", { textContent: label }), input, el("output", { textContent: words }));
}

/** The numbers of particles that can be chosen, that which is among them. @param {number} now */
export const particlesOf = (now) => [...new Set([...PARTICLES.filter((n) => n <= config.board.particles), now])].sort((a, b) => a - b);

/** @param {string} title @param {...(Node | string)} inside */
const part = (title, ...inside) => el("section", {}, el("h2", { textContent: title }), ...inside);
/** @param {string} words */
const note = (words) => el("p", { className: "pg-b-note", textContent: words });

/** @param {Known} known @param {Asked} asked @returns {Node[]} */
export function question(known, asked) {
  const { head, plan } = known, presets = config.board.presets;
  const own = asked.preset === "own", pills = presets.map(({ key, word, title }) => pill(word, "preset", key, asked.preset === key, title));
  if (own) pills.push(pill(head?.title || "a sweep of its own", "preset", "own", true));
  const out = [part("Sweep", el("div", { className: "pg-b-pills" }, ...pills))];
  if (head) {
    const { base, axes } = head;
    out.push(part("Of", note(`${base.data} · ${axes.some(({ names }) => names.includes("process")) ? "" : `${base.process} · `}as on the stage`.replace(own ? " · as on the stage" : "", ""))));
    const rows = axes.filter((axis, i) => i !== known.across && axis.labels.length > 1);
    out.push(part("Rows", ...(rows.length ? rows : axes.filter((_, i) => i !== known.across)).map(({ title, labels }) => note(`${labels.length > 1 ? `${labels.length} × ` : ""}${title}: ${some([...labels], 4)}`))));
    out.push(part("Columns", note(`${axes[known.across]?.title ?? "one"} ${across(known.columns)}`)));
  }
  const particles = particlesOf(asked.particles), at = particles.indexOf(asked.particles);
  out.push(part("Seeds", slider("seeds", "seeds", asked.seeds, 1, Math.max(SEEDS, asked.seeds), String(asked.seeds)), slider("particles", "particles", at, 0, particles.length - 1, asked.particles.toLocaleString("en"))));
  if (head) {
    const pillsOf = (/** @type {readonly {key: string, title: string, tip: string}[]} */ list, /** @type {boolean} */ more) =>
      list.map(({ key, title, tip }) => pill(title, "measure", key, asked.measure === key, more ? `${tip}\nIt is computed when it is chosen.` : tip));
    out.push(part("Measure", el("div", { className: "pg-b-pills" }, ...pillsOf(head.measures, false)),
      ...(head.more.length ? [el("details", {}, el("summary", { textContent: `${head.more.length} more` }), el("div", { className: "pg-b-pills pg-b-more" }, ...pillsOf(head.more, true)))] : [])));
  }
  if (plan?.left_out.length) {
    const list = el("ul", { className: "pg-b-left" });
    for (const why of new Set(plan.left_out.map((one) => one.why))) list.append(el("li", { textContent: why }));
    out.push(el("details", {}, el("summary", { textContent: `${counted(plan.left_out.length, "place")} cannot be` }), list));
  }
  return out;
}

/** @param {string[]} columns */
const across = (columns) => (columns.length < 3 ? columns.join(", ") : `${columns[0]} … ${columns[columns.length - 1]}, ${columns.length} of them`);

/** The buttons and the line of progress, which change while the rest stands. @param {Known} known @param {Asked} asked @returns {Node[]} */
export function progress(known, { running, computing }) {
  const { plan } = known, done = known.cells.size, of = plan?.of ?? 0, whole = known.ended || (of > 0 && done >= of);
  const b = (/** @type {string} */ words, /** @type {string} */ name, main = false) => {
    const made = el("button", { type: "button", textContent: words, className: main ? "pg-b-main" : "" });
    made.dataset.run = name;
    return made;
  };
  const buttons = running ? [b("Pause", "pause"), b("Stop", "stop")] : whole ? [b("Clear", "stop")] : [b(done ? "Go on" : "Start", "start", true), ...(done ? [b("Stop", "stop")] : [])];
  const words = !plan ? computing : !done ? `${counted(of, "cell")}${plan.known ? `, ${plan.known.toLocaleString("en")} of them known already` : ""}`
    : whole ? counted(done, "cell") : [`${done.toLocaleString("en")} of ${counted(of, "cell")}`, running ? leftOf(known.left) : "paused"].filter(Boolean).join(" · ");
  const bar = el("div", { className: "pg-b-bar" });
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "cells");
  bar.setAttribute("aria-valuenow", String(Math.round((100 * done) / Math.max(1, of))));
  bar.style.setProperty("--done", `${(100 * done) / Math.max(1, of)}%`);
  return [el("div", { className: "pg-b-buttons" }, ...buttons), note(words), ...(plan && done && !whole ? [bar] : [])];
}

/** Numbers of the foot. @param {Known} known @param {number} first s until the first cells; NaN */
export function foot(known, first) {
  const { plan, cells } = known;
  if (!plan || !cells.size) return [];
  const item = (/** @type {string} */ n, /** @type {string} */ words) => el("span", {}, el("b", { textContent: n }), ` ${words}`);
  return [item(cells.size.toLocaleString("en"), "cells"), item(String(known.shownMethods.length), "methods"), ...(Number.isFinite(first) ? [item(significant(first, 2), "s to the first cells")] : []),
    item(plan.known.toLocaleString("en"), "from the cache"), ...(known.by && plan.known < plan.of ? [el("span", { textContent: `computed by ${known.by}` })] : [])];
}
