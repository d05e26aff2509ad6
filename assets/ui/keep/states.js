// Kept states: what the shelf holds, as it stands in the browser's storage and in a file. Pure functions: what comes from outside is held to its form.
import { config } from "../lib/start.js";

/** A kept state. link: a page's query; thumb: a small picture as a data: address, "" for none. @typedef {{name: string, link: string, thumb: string}} State */

export const FORMAT = "playground shelf", VERSION = 1;
export const MOST = 60; // states
export const MOST_LETTERS = 2_000_000; // of all of them: browsers keep five millions a site
const NAME = 80, THUMB = 40_000; // letters
const LINK = /^\?[!-~]*$/, PICTURE = /^data:image\/(jpeg|png|webp);base64,[A-Za-z0-9+/]+=*$/;

/** What cannot be kept, or read, in words. */
export class Unkept extends Error {}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** A name as it is kept. @param {string} name */
export const named = (name) => name.replace(/\s+/g, " ").trim().slice(0, NAME) || "unnamed";

/** A state from outside. Throws Unkept.
 * @param {unknown} told @param {string} where @returns {State} */
function stateOf(told, where) {
  if (!isRecord(told) || typeof told.name !== "string" || typeof told.link !== "string") throw new Unkept(`has no name and link at ${where}`);
  if (!LINK.test(told.link) || told.link.length > config.kept.longest) throw new Unkept(`has no link of this page at ${where}`);
  const { thumb } = told;
  return { name: named(told.name), link: told.link, thumb: typeof thumb === "string" && thumb.length <= THUMB && PICTURE.test(thumb) ? thumb : "" };
}

/** States as text. @param {State[]} states */
export const written = (states) => JSON.stringify({ format: FORMAT, version: VERSION, app: config.kept.version, states });

/** The states of a text. Throws Unkept, which says in words that go on from its name what is wrong.
 * @param {string} text @returns {State[]} */
export function read(text) {
  if (text.length > MOST_LETTERS) throw new Unkept(`has ${text.length.toLocaleString("en")} letters; a shelf has at most ${MOST_LETTERS.toLocaleString("en")}`);
  /** @type {unknown} */
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    throw new Unkept("is cut off or damaged: it is no JSON");
  }
  if (!isRecord(told) || told.format !== FORMAT) throw new Unkept("is no shelf that this page has saved");
  if (told.version !== VERSION) throw new Unkept(`is a shelf of another version (${JSON.stringify(told.version)?.slice(0, 20)}); this page reads ${VERSION}`);
  if (!Array.isArray(told.states)) throw new Unkept("has no list of states");
  if (told.states.length > MOST) throw new Unkept(`has ${told.states.length.toLocaleString("en")} states; a shelf has at most ${MOST}`);
  return told.states.map((state, n) => stateOf(state, `place ${n + 1}`));
}

/** With more states in front; those that are there already stay where they are. Throws Unkept where there is no room.
 * @param {State[]} states @param {State[]} more */
export function joined(states, more) {
  const there = new Set(states.map((state) => `${state.link} ${state.name}`)), fresh = more.filter((state) => !there.has(`${state.link} ${state.name}`));
  const all = [...fresh, ...states];
  if (all.length > MOST) throw new Unkept(`The shelf holds ${MOST} states at most: ${all.length - MOST} more than there is room for. Take some away, or export them.`);
  if (written(all).length > MOST_LETTERS) throw new Unkept("The shelf is full. Take some states away, or export them.");
  return all;
}

/** With the state at a place one further up (−1) or down (+1). @param {State[]} states @param {number} at @param {number} by */
export function moved(states, at, by) {
  const to = at + by, out = [...states];
  if (to < 0 || to >= out.length) return states;
  [out[at], out[to]] = [out[to], out[at]];
  return out;
}
