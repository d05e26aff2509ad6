// The places of the board's page, and what stands beside the plot: legend, switches, the words of an empty board.
import { el } from "../lib/dom.js";
import { config } from "../lib/start.js";

/** @typedef {import("./lines.js").Known} Known */

const ABOUT = `<h3>A board</h3><p>A board runs many experiments and measures each: every method at every number of model calls, with several seeds. You see what quality costs, how sure that is, and where no method can be better: the floor that even exact samples show.</p>`;

const REASONS = 4; // of an empty board, why it has no cell

/** @param {HTMLElement} root @param {HTMLElement} plot */
export function frame(root, plot) {
  const [left, center, right] = [el("aside", { className: "pg-b-left-side" }), el("section", { className: "pg-b-center" }), el("aside", { className: "pg-b-right-side" })];
  left.setAttribute("aria-label", "The question");
  center.setAttribute("aria-label", "The answer");
  right.setAttribute("aria-label", "The chosen cell");
  const place = (/** @type {string} */ name) => el("div", { className: `pg-b-${name}` });
  const at = {
    question: place("question"), progress: place("progress"), notice: place("notice"), empty: place("empty"), legend: place("legend"), switches: place("switches"), cells: place("cells"),
    cell: place("chosen-cell"), keep: place("keep"), foot: place("foot"),
  };
  at.notice.setAttribute("role", "alert");
  at.notice.hidden = true;
  at.legend.setAttribute("role", "group");
  at.legend.setAttribute("aria-label", "Methods that are shown");
  left.append(at.question, at.progress);
  center.append(at.notice, at.empty, at.legend, plot, at.switches, at.cells);
  right.append(at.cell, at.keep);
  root.replaceChildren(left, center, right, at.foot);
  return at;
}

/** @param {Known} known @param {{preset: string, words: string, running: boolean}} asked @returns {Node[]} */
export function empty({ plan, head }, { preset, words, running }) {
  const title = config.board.presets.find(({ key }) => key === preset)?.title ?? (head?.title || "this sweep");
  const go = el("button", { type: "button", className: "pg-b-main", textContent: `Run: ${title}`, disabled: !plan?.of || running });
  go.dataset.do = "run";
  const count = plan ? `${plan.of.toLocaleString("en")} cells${plan.known ? `, ${plan.known.toLocaleString("en")} of them known already` : ""}. Cheap ones come first; it can be paused.` : "";
  const whys = plan && !plan.of ? [...new Set(plan.left_out.map(({ why }) => why))].slice(0, REASONS) : [];
  return [el("div", { innerHTML: ABOUT }), go, ...(whys.length ? whys : [words || count]).map((textContent) => el("p", { className: "pg-b-note", textContent }))];
}

/** One of a few. @param {string} name @param {string} label @param {[string, string][]} list @param {string} now */
function segments(name, label, list, now) {
  const box = el("span", { className: "pg-b-seg" });
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  for (const [key, words] of list) {
    const b = box.appendChild(el("button", { type: "button", textContent: words }));
    b.dataset[name] = key;
    b.setAttribute("aria-pressed", String(key === now));
  }
  return box;
}

/** What stands across, and what below. @param {Known} known @param {{measure: string, across: string, look: string, picking: boolean}} shown @returns {Node[]} */
export function switches({ head }, { measure, across, look, picking }) {
  const costs = segments("cost", "Across", config.board.costs.map(({ key, word }) => [key, word]), across), others = (head?.measures ?? []).filter(({ key }) => key !== measure);
  if (others.length) {
    const on = others.some(({ key }) => key === across), choice = el("select", { className: "pg-b-across" });
    choice.dataset.across = "measure";
    choice.setAttribute("aria-label", "Another measure across");
    choice.classList.toggle("pg-b-on-it", on);
    choice.append(el("option", { value: "", textContent: "another measure…", disabled: true, selected: !on }), ...others.map(({ key, title }) => el("option", { value: key, textContent: title, selected: key === across })));
    costs.append(choice);
  }
  const looks = segments("look", "Below", [["matrix", "pictures"], ["table", "table"]], look);
  return [el("span", { className: "pg-b-switch" }, "across", costs), el("span", { className: "pg-b-switch" }, "below", looks),
    ...(picking ? [el("span", { className: "pg-b-note", textContent: "Choose the cell to compare with, in the plot or below." })] : [])];
}

/** How an element is found again when its place is drawn anew. @param {Element} node */
export function markOf(node) {
  if (!(node instanceof HTMLElement)) return "";
  const [name, value] = Object.entries(node.dataset).find(([key]) => key !== "tip") ?? [];
  return name ? `[data-${name}="${CSS.escape(value ?? "")}"]` : "";
}

/** New children, and the focus where it was, in words that are typed the caret, too. @param {HTMLElement} root @param {Node[]} nodes */
export function replace(root, nodes) {
  const active = document.activeElement, mark = active && root.contains(active) ? markOf(active) : "";
  const caret = active instanceof HTMLInputElement && active.type === "search" ? active.selectionStart : null;
  root.replaceChildren(...nodes);
  const now = mark ? root.querySelector(mark) : null;
  if (now instanceof HTMLElement) now.focus();
  if (now instanceof HTMLInputElement && caret !== null) now.setSelectionRange(caret, caret);
}
