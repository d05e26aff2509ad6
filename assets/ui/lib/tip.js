// The page's one explanation of things: on hover, keyboard focus, a long press, and a tap on a word of the glossary. One listener for the
// document; what a node says is, nearest first:
//   tip.on(node, () => words)   words that change
//   data-tip="…"                   lines of text, the first one larger; title="…" becomes this when it is met, so that nothing is said twice
//   data-term="word.score"         an entry of the glossary
//   a control of the form          the help that its parameter declares
// It stands beside the list or column that the node belongs to, never over what one is choosing from.
import { loadKatex } from "./lazy.js";
import { escaped as safe, subscripts as sub } from "./numbers.js";
import { config } from "./start.js";

const HOVER_MS = 400, WARM_MS = 300, FOCUS_MS = 120, LINGER_MS = 140, PRESS_MS = 500, GAP = 8, EDGE = 6, MOVED = 10;
const CARRIES = "[data-tip], [data-term], [data-tip-of], [title]:not(iframe), .pg-row[id], #pg-dice, .pg-pick[id]";
// what must not be covered: the tip stands beside it
const HOMES = ".pg-pop, [role=menu], dialog, #pg-left, #pg-right, .pg-legend, .pg-time, .pg-lab-strip, #pg-status, #pg-header, .pg-in-numbers";
/**
 * @typedef {object} Term  an entry of the glossary
 * @property {string} name
 * @property {string} text
 * @property {string} [also]
 * @property {string} [formula]  TeX
 * @property {{label: string, help: string}[]} [params]
 * @property {string} [ref]
 * @property {string} [arxiv]
 *
 * @typedef {HTMLElement | SVGElement} Carrier  a node that has words
 * @typedef {string | Term} Said  lines of text, or an entry as the glossary has them
 */
/** @type {WeakMap<Element, () => Said>} */
const spoken = new WeakMap();

const box = document.createElement("div");
box.className = "pg-tooltip";
box.id = "pg-tooltip";
box.setAttribute("role", "tooltip");
box.hidden = true;
let timer = 0, leaving = 0, hiddenAt = 0, lastKey = 0;
/** Whose words are shown, and the control that they describe. @type {Carrier | null} */
let shownFor = null;
/** @type {Element | null} */
let described = null;
let seenX = -1, seenY = -1; // where the pointer was seen last
let press = 0, swallow = 0; // a finger: its timer, and when it last asked to explain
/** What the finger holds, where and since when. @type {{node: Carrier, x: number, y: number, since: number} | null} */
let held = null;

// ---- what is said ------------------------------------------------------------------------------------------------------------------
/** An entry of the glossary: name, sentence, formula, what belongs to it, reference. @param {Term} entry */
function entryHtml(entry) {
  const tex = entry.formula ? `<span class="pg-tex" data-tex="${safe(entry.formula)}"></span>` : "";
  const params = (entry.params || []).map((p) => `<small><b>${sub(p.label)}</b>: ${sub(p.help)}</small>`).join("");
  return `<p><b>${sub(entry.name)}</b>${entry.also ? ` <span class="pg-also">(${sub(entry.also)})</span>` : ""}: ${sub(entry.text)}</p>${tex}${params}${reference(entry)}`;
}
/** @param {Term} entry */
const reference = ({ ref, arxiv }) => (!ref ? "" : `<small>${arxiv ? `<a href="https://arxiv.org/abs/${safe(arxiv)}" target="_blank" rel="noopener">${safe(ref)}, arXiv ${safe(arxiv)}</a>` : safe(ref)}</small>`);
/** @param {string} text */
function textHtml(text) {
  const [first, ...rest] = text.split("\n");
  return `<p>${sub(first)}</p>${rest.map((line) => `<small>${sub(line)}</small>`).join("")}`;
}

/** A title becomes ours: the browser's own tip would stand over it. @param {Carrier} node */
function adopt(node) {
  const words = node.getAttribute("title");
  node.removeAttribute("title");
  if (!words) { // what was said no longer holds
    delete node.dataset.tip;
    return node.removeAttribute("aria-description");
  }
  node.dataset.tip = words;
  if (!node.textContent?.trim() && !node.hasAttribute("aria-label")) node.setAttribute("aria-label", words);
  else node.setAttribute("aria-description", words);
}

/**
 * [node, html] of what is nearest to a target, or null.
 * @param {EventTarget | null} target
 * @returns {[Carrier, string] | null}
 */
function find(target) {
  const node = target instanceof Element && target.closest(CARRIES);
  if (!(node instanceof HTMLElement || node instanceof SVGElement)) return null;
  if (node.hasAttribute("title")) adopt(node);
  const own = spoken.get(node);
  if (own) return wrap(node, own());
  if (node.dataset.term) {
    const entry = config.glossary[node.dataset.term];
    const more = node.dataset.tip ? `<small>${sub(node.dataset.tip)}</small>` : ""; // what is special here
    return entry ? [node, entryHtml(entry) + more] : null;
  }
  if (node.dataset.tip) return wrap(node, node.dataset.tip);
  const id = node.id.replace(/-row$/, ""), help = config.help[id];
  if (help) return wrap(node, help);
  return node.parentElement ? find(node.parentElement) : null;
}
/** @type {(node: Carrier, words: Said | undefined) => [Carrier, string] | null} */
const wrap = (node, words) => (!words ? null : [node, typeof words === "string" ? textHtml(words) : entryHtml(words)]);

/** One line for each part of a formula; KaTeX itself breaks what is still too long after a relation or a plus. @param {string} source */
export const texLines = (source) => source.split(/,\s*\\q?quad\s*/);

/** Formulas by KaTeX, which is fetched when the first one is wanted. Resolves to whether there were any. @param {HTMLElement} root */
async function typeset(root) {
  /** @type {HTMLElement[]} */
  const waiting = [...root.querySelectorAll(".pg-tex:not(.pg-tex-set)")].filter((node) => node instanceof HTMLElement);
  if (!waiting.length) return false;
  try {
    const katex = await loadKatex();
    for (const node of waiting) {
      const lines = texLines(node.dataset.tex ?? "").map((line) => `<div>${katex.renderToString(line, { throwOnError: false, strict: "ignore" })}</div>`);
      node.innerHTML = lines.join("");
      node.classList.add("pg-tex-set");
    }
  } catch { /* the sentence stands without it */ }
  return true;
}

// ---- where it stands -----------------------------------------------------------------------------------------------------------------
/** @typedef {[name: string, fits: boolean, left: number, top: number]} Side */
/** Beside the home of a node. @param {Carrier} node */
function place(node) {
  const seen = [node, ...node.querySelectorAll("*")].find((n) => n.getClientRects().length) ?? node; // "display: contents" has no box
  const at = seen.getBoundingClientRect();
  const home = (node.closest(HOMES) ?? node).getBoundingClientRect(), own = box.getBoundingClientRect();
  const W = innerWidth, H = innerHeight;
  /** @param {number} x */
  const clampX = (x) => Math.max(EDGE, Math.min(W - own.width - EDGE, x));
  /** @param {number} y */
  const clampY = (y) => Math.max(EDGE, Math.min(H - own.height - EDGE, y));
  const wide = home.width > 0.6 * W; // a bar: above or below it, no room at its sides
  /** @type {Side[]} */
  const sides = [
    ["right", home.right + GAP + own.width <= W - EDGE, home.right + GAP, clampY(at.top - 4)],
    ["left", home.left - GAP - own.width >= EDGE, home.left - GAP - own.width, clampY(at.top - 4)],
    ["below", home.bottom + GAP + own.height <= H - EDGE, clampX(at.left), home.bottom + GAP],
    ["above", home.top - GAP - own.height >= EDGE, clampX(at.left), home.top - GAP - own.height],
  ];
  const upright = home.height > home.width && !wide; // a column or a list: beside it; a bar: below or above
  const order = upright ? [0, 1, 2, 3] : [2, 3, 0, 1];
  const side = order.map((i) => sides[i]).find((s) => s[1]);
  if (side) [box.style.left, box.style.top] = [`${side[2]}px`, `${side[3]}px`];
  else { // no room beside its home: at least not over the node itself
    const below = at.bottom + GAP + own.height <= H - EDGE;
    box.style.left = `${clampX(at.left)}px`;
    box.style.top = `${clampY(below ? at.bottom + GAP : at.top - GAP - own.height)}px`;
  }
}

// ---- showing and hiding --------------------------------------------------------------------------------------------------------------
/** What is to be said of an element, now. @param {Element} target */
function show(target) {
  clearTimeout(timer);
  const there = target.isConnected ? target : document.elementFromPoint(seenX, seenY); // a list may be written anew under a pointer at rest
  const found = there && find(there);
  if (!found || !found[0].isConnected) return hide();
  const [node, html] = found;
  if (shownFor && shownFor !== node) unmark();
  const host = node.closest("dialog") || document.body; // a dialog lies over everything else
  if (box.parentElement !== host) host.append(box);
  box.innerHTML = html;
  box.hidden = false;
  shownFor = node;
  const name = node.matches("button, a, input, select, [tabindex]") ? node : node.querySelector("button, input, select");
  described = name;
  name?.setAttribute("aria-describedby", box.id);
  place(node);
  typeset(box).then((set) => set && shownFor === node && place(node));
}
function unmark() {
  if (described?.getAttribute("aria-describedby") === box.id) described.removeAttribute("aria-describedby");
  described = null;
}
function hide() {
  clearTimeout(timer);
  clearTimeout(leaving);
  if (!box.hidden) hiddenAt = performance.now();
  box.hidden = true;
  unmark();
  shownFor = null;
}
/** @param {Element} target @param {number} wait  ms */
const soon = (target, wait) => {
  clearTimeout(timer);
  timer = setTimeout(() => show(target), wait);
};

/** @param {PointerEvent} e */
const seen = (e) => ([seenX, seenY] = [e.clientX, e.clientY]);
/** @param {Event} e */
const inBox = (e) => e.target instanceof Node && box.contains(e.target);

document.addEventListener("pointerover", (e) => {
  if (e.pointerType === "touch") return;
  const still = seenX === e.clientX && seenY === e.clientY;
  seen(e);
  if (still && !shownFor) return; // the page has moved under a pointer at rest: a list has closed
  if (inBox(e)) return clearTimeout(leaving); // one may go into it, to the paper
  const found = e.buttons ? null : find(e.target);
  if (found && found[0] === shownFor) return clearTimeout(leaving);
  clearTimeout(timer);
  if (!found) {
    if (shownFor) leaving = setTimeout(hide, LINGER_MS);
    return;
  }
  const warm = shownFor || performance.now() - hiddenAt < WARM_MS;
  if (shownFor) hide();
  soon(found[0], warm ? 60 : HOVER_MS);
});
document.addEventListener("pointerout", (e) => {
  if (e.pointerType === "touch" || e.relatedTarget) return;
  clearTimeout(timer); // out of the window
  leaving = setTimeout(hide, LINGER_MS);
});
// focus that a key has moved; what a script focuses after a choice says nothing
document.addEventListener("focusin", (e) => {
  if (e.target instanceof Element && performance.now() - lastKey < 80 && find(e.target)) soon(e.target, FOCUS_MS);
  else if (!swallow && !inBox(e)) hide();
});
document.addEventListener("keydown", (e) => {
  hide();
  lastKey = /^(Tab|Arrow|Home|End)/.test(e.key) ? performance.now() : 0;
}, true);
for (const name of ["scroll", "blur", "resize"]) {
  addEventListener(name, (e) => e.target !== box && hide(), { capture: true, passive: true });
}

// ---- touch: a long press on anything that has words, a tap on a word of the glossary ----------------------------------------------------
document.addEventListener("pointerdown", (e) => {
  if (inBox(e)) return;
  hide();
  if (e.pointerType !== "touch" || (e.target instanceof Element && e.target.closest("input[type=range], canvas"))) return;
  const node = find(e.target)?.[0]; // now: what lies in it may be written anew while the finger rests
  clearTimeout(press);
  held = node ? { node, x: e.clientX, y: e.clientY, since: e.timeStamp } : null;
  if (held) press = setTimeout(explain, PRESS_MS);
}, true);
function explain() {
  swallow = performance.now();
  if (held) show(held.node);
  held = null;
}
document.addEventListener("pointermove", (e) => {
  seen(e);
  if (held && Math.hypot(e.clientX - held.x, e.clientY - held.y) > MOVED) letGo();
}, { capture: true, passive: true });
function letGo() {
  clearTimeout(press);
  held = null;
}
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, (e) => {
  // a page that was busy meanwhile has not rung: what counts is how long the finger was there
  if (held && name === "pointerup" && e.timeStamp - held.since >= PRESS_MS) explain();
  letGo();
  if (swallow) swallow = performance.now();
}, true);
document.addEventListener("contextmenu", (e) => swallow && e.preventDefault(), true);
document.addEventListener("click", (e) => {
  const pressed = swallow && performance.now() - swallow < 400;
  swallow = 0;
  if (pressed) { // the finger asked for words, not for the action
    e.preventDefault();
    return e.stopPropagation();
  }
  if (inBox(e)) return;
  const term = e.target instanceof Element && e.target.closest("[data-term]");
  if (term && !term.matches("button, a, input, select, [role=option]")) show(term);
  else hide();
}, true);

export const tip = {
  /**
   * Words that are asked for when they are shown. Its describe() tells them to screen readers too; call it when they change.
   * @template {HTMLElement} T
   * @param {T} node
   * @param {() => Said} words
   * @returns {T & {describe(): void}}
   */
  on(node, words) {
    spoken.set(node, words);
    node.dataset.tipOf = "";
    const describe = () => {
      const told = words();
      node.setAttribute("aria-description", typeof told === "string" ? told : told.text);
    };
    describe();
    return Object.assign(node, { describe });
  },
  show,
  hide,
  entryHtml,
  typeset,
  /** @param {string} key @returns {Term | undefined} */
  term: (key) => config.glossary[key],
};
