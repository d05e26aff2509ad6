// The link in the address bar: the experiment that is shown, and how it is looked at ("view."). It follows when hands rest.
import { text } from "./query.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {Record<string, string>} ViewWords What a link says of the view, without the "view." before each name. */

/** The view's part of a link.
 * @param {string} search @returns {ViewWords} */
export const viewIn = (search) => Object.fromEntries([...new URLSearchParams(search)].filter(([k]) => k.startsWith("view.")).map(([k, v]) => [k.slice(5), v]));

/** A link's query with its "?"; "" where nothing is said. Links stay readable: these characters are safe in a query.
 * @param {Query} query @param {ViewWords} view names that say "" are left out */
export const linkOf = (query, view) => {
  const said = Object.entries(view).filter(([, v]) => v !== "" && v != null).map(([k, v]) => [`view.${k}`, v]);
  const words = new URLSearchParams({ ...query, ...Object.fromEntries(said) }).toString();
  const readable = words.replace(/%2C/g, ",").replace(/%7B/g, "{").replace(/%7D/g, "}").replace(/%3A/g, ":").replace(/%5B/g, "[").replace(/%5D/g, "]");
  return readable && `?${readable}`;
};

/** What a link says of the view and cannot be used, as [name, what would be allowed].
 * @param {ViewWords} view @param {Record<string, (value: string) => string>} rules by name: what is wrong with a value, or ""
 * @param {Set<string>} names that a link may say without a rule; of "a.b" it is "a" @returns {[string, string][]} */
export const misread = (view, rules, names) => {
  /** @type {[string, string][]} */
  const found = [];
  for (const [name, value] of Object.entries(view)) {
    const no = value && (rules[name] ? rules[name](value) : names.has(name.split(".")[0]) ? "" : "no such name");
    if (no) found.push([name, no]);
  }
  return found;
};

const QUIET = 400; // ms

export class Address {
  timer = 0;
  /** The text of a query that cannot be used: it makes no link. @type {string | null} */
  refused = null;
  /** Whether the next address takes the place of one that could not be read. */
  rewrite = false;
  /** The last page of the history that is known to be ours, as `at` counts. */
  top = 0;

  /** @param {{query: () => Query, shown: () => Query | null, view: () => ViewWords, isNews: (query: Query) => boolean}} page what is chosen; what is
   * shown; how; whether a query is another page of the history than the one whose address stands there */
  constructor(page) {
    this.page = page;
    this.top = this.at;
  }

  /** The address of the run that is shown, never of what is still being chosen. */
  get link() {
    return location.pathname + linkOf(this.page.shown() ?? this.page.query(), this.page.view()) + location.hash;
  }

  /** The same as a file keeps it: without the server's address. */
  get query() { return this.queryWith({}); }

  /** The same, seen otherwise. @param {ViewWords} view */
  queryWith(view) { return linkOf(this.page.shown() ?? this.page.query(), { ...this.page.view(), ...view }) || "?"; }

  get pending() { return this.timer !== 0; }

  /** The address follows when nothing has changed for a while.
   * @param {boolean} [rewrite] in the place of one that could not be read */
  later(rewrite = false) {
    if (rewrite) this.rewrite = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), QUIET);
  }

  /** Another link was opened: nothing is to be written. */
  still() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  write() {
    this.still();
    const query = this.page.query(), shown = this.page.shown(), q = text(query);
    if (q === this.refused) return; // a value that cannot be used makes no link
    if (!shown || q !== text(shown)) return this.later(); // its picture is still to come
    const to = this.link;
    if (to === location.pathname + location.search + location.hash) return;
    const moved = !this.rewrite && this.page.isNews(query); // a link in other words than ours is no second page
    this.rewrite = false;
    this.put(to, moved);
  }

  /** Another address, as a page of the history of its own. @param {string} link its query */
  go(link) {
    const to = location.pathname + link + location.hash;
    if (to !== location.pathname + location.search + location.hash) this.put(to, true);
  }

  /** @param {string} to @param {boolean} moved is it another page of the history? */
  put(to, moved) {
    const at = this.at + Number(moved);
    if (moved) this.top = at;
    history[moved ? "pushState" : "replaceState"]({ at }, "", to);
  }

  /** How many pages of the history before this one are ours, as far as is known: undoing leads no further, never away from here. */
  get at() { return history.state?.at ?? 0; }

  /** The page before this one is ours. */
  follows() {
    this.top = 1;
    history.replaceState({ at: 1 }, "", location.href);
  }

  /** Back to the experiment before, or forth again, in the browser's own history. False: there is none.
   * @param {1 | -1} way */
  step(way) {
    if (way > 0 ? this.at >= this.top : this.at <= 0) return false;
    history.go(way);
    return true;
  }
}
