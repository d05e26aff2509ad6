// What the address says of stages.
import { config, experimentPart } from "../lib/start.js";
import { ofStages, read, wrong } from "./link.js";
import { shared } from "./rules.js";

/** @typedef {import("../python.js").Query} Query */

export class Linked {
  /** @param {import("../form/form.js").Form} form */
  constructor(form) {
    this.form = form;
  }

  /** The experiment of the address: of images with as many as are shown where it says no number. @returns {Query} */
  get base() {
    const q = experimentPart(location.search);
    return this.form.grammar.pictures(q.data) && !q.particles ? { ...q, particles: String(config.batch) } : q;
  }

  /** The further stages. @returns {Query[]} */
  get told() {
    const { base, form: { grammar, view } } = this, { compare = "" } = view.said, pictures = grammar.pictures(base.data);
    if (pictures && !ofStages(compare)) return []; // the other side of a line
    return read(compare, base).filter((q) => grammar.pictures(q.data) === pictures).map((q) => shared(base, q));
  }

  /** What of them cannot be read, in a sentence. */
  check() {
    const { said: view } = this.form.view, no = view.compare ? wrong(view.compare) : "", count = 1 + this.told.length;
    const late = view.selected && Number(view.selected) > count ? `view.selected = ${view.selected} (of ${count})` : "";
    return [no && `Not readable in this link: view.compare (${no}).`, late && `Not usable in this link: ${late}.`].filter(Boolean).join(" ");
  }
}
