// Several stages in one link: `view.compare` says what the further stages have otherwise than the first, which is the link's own experiment.
//
// "*sampler:Heun,grid.steps:20*-sampler.eta" are two more stages: each begins with "*", names say a value after ":", and "-name" takes away what the
// first stage says. "*" alone is a copy. Links of before say one whole query instead (the other side of a line through images): it has no "*" in front.

import { config } from "../lib/start.js";

/** @typedef {import("../python.js").Query} Query */

/** So many stages stand beside each other at most, the first among them. */
const MOST = config.compare.most;
const MARK = "*", NAME = /^[A-Za-z][\w.]*$/;

/** @param {string} value */
const escaped = (value) => value.replace(/[%*,]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
/** @param {string} value */
const plain = (value) => value.replace(/%(25|2A|2C)/gi, (_, code) => String.fromCharCode(parseInt(code, 16)));

/** What a stage says otherwise than the first. @param {Query} base @param {Query} other */
function stageSaid(base, other) {
  const said = Object.entries(other).filter(([name, value]) => base[name] !== value).map(([name, value]) => `${name}:${escaped(value)}`);
  return [...said, ...Object.keys(base).filter((name) => !(name in other)).map((name) => `-${name}`)].join(",");
}

/** A stage, or which of its words cannot be read. @param {string} words @param {Query} base @returns {Query | string} */
function stageOf(words, base) {
  const query = { ...base };
  for (const word of words ? words.split(",") : []) {
    const at = word.indexOf(":"), away = word.startsWith("-") && at < 0, name = away ? word.slice(1) : word.slice(0, Math.max(0, at));
    if (!NAME.test(name)) return word;
    if (away) delete query[name];
    else query[name] = plain(word.slice(at + 1));
  }
  return query;
}

/** @typedef {{n: number, q: Query}} Numbered A stage of a link, by its number there. */

/** @param {string} text @param {Query} base */
function parsed(text, base) {
  /** @type {Numbered[]} */
  const queries = [];
  /** @type {string[]} */
  const wrong = [];
  if (!text) return { queries, wrong };
  if (!text.startsWith(MARK)) { // a whole query
    const names = Object.fromEntries(new URLSearchParams(text));
    if (Object.keys(names).every((name) => NAME.test(name)) && text.includes("=")) queries.push({ n: 2, q: names });
    else wrong.push("neither stages, which begin with *, nor a query");
    return { queries, wrong };
  }
  const stages = text.slice(1).split(MARK);
  for (const [n, words] of stages.slice(0, MOST - 1).entries()) {
    const stage = stageOf(words, base);
    if (typeof stage === "string") wrong.push(`stage ${n + 2}: "${stage.slice(0, 40)}" is neither name:value nor -name`);
    else queries.push({ n: n + 2, q: stage });
  }
  if (stages.length >= MOST) wrong.push(`${stages.length + 1} stages; at most ${MOST}`);
  return { queries, wrong };
}

/** The value of `view.compare` of a link whose own experiment is `base`: "" without others.
 * @param {Query} base stage 1 @param {Query[]} others stages 2, 3, … @returns {string} */
export const said = (base, others) => others.map((other) => MARK + stageSaid(base, other)).join("");

/** The further stages of a link; what cannot be read is left out (`wrong` tells it).
 * @param {string} text the value of `view.compare` @param {Query} base the link's own experiment @returns {Query[]} */
export const read = (text, base) => numbered(text, base).map(({ q }) => q);

/** The same with their numbers in the link. @param {string} text @param {Query} base */
export const numbered = (text, base) => parsed(text, base).queries;

/** Does a link's value say stages beside each other, and not the other side of a line through images? @param {string} text */
export const ofStages = (text) => text.startsWith(MARK);

/** What of a link's further stages cannot be read, in words; "": all can. @param {string} text */
export const wrong = (text) => parsed(text, {}).wrong.join("; ");

const FEW = 4; // names that a message lists

/** What was refused as a sentence, with the closest of many names, or a few. @param {string} words */
export function sentence(words) {
  const brief = words.replace(/(\(closest\))?(; )?\bone of ([^;()]+)$/, (whole, near, _, list) => {
    const names = list.split(", ");
    return names.length <= FEW ? whole : near ?? `one of ${names.slice(0, FEW).join(", ")}, … (${names.length} in all)`;
  });
  return /[.!?]$/.test(brief) ? brief : `${brief}.`;
}
