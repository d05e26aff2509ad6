// What the address says of stages.
import { config, experimentPart } from "../lib/start.js";
import { same } from "../form/query.js";
import { numbered, ofStages, sentence, wrong } from "./link.js";
import { SHARED, shared } from "./rules.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("./link.js").Numbered} Numbered */

export class Linked {
  /** What of the link is left out, in sentences. @type {string[]} */
  out = [];

  /** @param {import("../form/form.js").Form} form */
  constructor(form) {
    this.form = form;
  }

  /** The experiment of the address: of images with as many as are shown where it says no number. @returns {Query} */
  get base() {
    const q = experimentPart(location.search);
    return this.form.grammar.pictures(q.data) && !q.particles ? { ...q, particles: String(config.batch) } : q;
  }

  /** The further stages as the link says them. @returns {Numbered[]} */
  get said() {
    const { base, form: { grammar, view } } = this, { compare = "" } = view.said;
    return grammar.pictures(base.data) && !ofStages(compare) ? [] : numbered(compare, base); // the other side of a line is none
  }

  /** What they are: with what all share, in the form's words. @returns {Numbered[]} */
  get told() {
    const { base, said, form: { grammar, chosen } } = this;
    return said.map(({ n, q }) => ({ n, q: grammar.plain(shared(base, q), chosen.values) }));
  }

  /** What of them cannot be used, in sentences; the view says it no more. */
  check() {
    const { view } = this.form, { compare, selected = "", overlay = "" } = view.said, no = compare ? wrong(compare) : "", numbers = [1, ...this.said.map(({ n }) => n)];
    /** @param {string} name @param {string} value @param {string} other what it may not be */
    const late = (name, value, other) => {
      const n = Number(value), last = numbers[numbers.length - 1], why = !(n > 0) ? "" : n > last ? `of ${last}` : !numbers.includes(n) ? "it is left out" : value === other ? "the selected stage itself" : "";
      if (why) view.said[name] = "";
      return why && `view.${name} = ${value} (${why})`;
    };
    const not = [late("selected", selected, ""), late("overlay", overlay, view.said.selected || "1")].filter(Boolean);
    this.out = [no && `Not readable in this link: view.compare (${no}).`, ...(compare && ofStages(compare) ? this.own() : []), not.length ? `Not usable in this link: ${not.join("; ")}.` : ""].filter(Boolean);
    return this.out.join(" ");
  }

  /** What stages say of their own that all share. */
  own() {
    const { base, said, form: { grammar } } = this, [last, ...others] = [...SHARED].reverse(), all = `${others.reverse().join(", ")} and ${last}`;
    return said.flatMap(({ n, q }) => {
      const own = SHARED.filter((name) => !same(grammar.declared(q, name)?.value, grammar.declared(base, name)?.value));
      return own.length ? [`Stage ${n} has no ${own.join(", ")} of its own: ${all} are shared by all stages.`] : [];
    });
  }

  /** Stage n is refused. @param {number} n @param {string} words @returns {string} all that is left out of this link */
  leaveOut(n, words) {
    this.out.push(`Stage ${n} is left out: ${sentence(words)}`);
    return this.out.join(" ");
  }
}
