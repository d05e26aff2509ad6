// Why something cannot be chosen, or does nothing now: what the judge says (playground/core/legal.py, told by playground/views/judged.py). With every
// packet comes what holds for exactly its data, model, process and guidance; before it is there, what holds for them without their numbers.
import { equal, same } from "./query.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("./query.js").Control} Control */
/** @typedef {import("./query.js").Pool} Pool */
/** @typedef {import("./query.js").Value} Value */
/** @typedef {Record<string, Record<string, string>>} Reasons By slot and key, why it cannot be chosen. */
/** @typedef {[path: string, test: string, values: Value[], words: string]} Condition Without which a control does nothing: "one of" or "none of" the values, or "above" the first. */
/** @typedef {{q: Query, legal: Reasons}} Verdict What a packet says of its experiment. */

export class Judge {
  /** @type {Verdict} */
  verdict = { q: {}, legal: {} };
  /** The reasons that count, and for which choices they were told. @type {{of: string | null, legal: Reasons}} */
  judged = { of: null, legal: {} };

  /** @param {import("./query.js").Grammar} grammar @param {import("./chosen.js").Chosen} chosen */
  constructor(grammar, chosen) {
    this.grammar = grammar;
    this.chosen = chosen;
    this.upstreamIds = grammar.controls.filter((c) => /^(data|model|process|guidance)\b/.test(c.path)).map((c) => c.id);
  }

  /** The choices that a verdict depends on. */
  upstream() { return this.upstreamIds.map((id) => this.chosen.values[id]).join("\n"); }

  /** The verdict of a packet counts as soon as the form says what was asked. True: something is told that was not.
   * @param {Verdict} told */
  hear(told = this.verdict) {
    this.verdict = told;
    if (!equal(told.q, this.chosen.query())) return false;
    const news = told.legal !== this.judged.legal && JSON.stringify(told.legal) !== JSON.stringify(this.judged.legal);
    this.judged = { of: this.upstream(), legal: told.legal };
    return news;
  }

  /** Why a choice cannot be made now ("" if it can). slot: a field, with the kind that it belongs to ("VP:process.schedule").
   * @param {string} slot @param {string} key */
  why(slot, key) {
    const path = /** @type {string} */ (slot.split(":").pop()), exact = this.judged.of === this.upstream() ? this.judged.legal[path] : undefined;
    return (exact ? exact[key] : this.expected(this.grammar.config.nested[slot] ?? path, key)) || "";
  }

  /** The same before a packet has told: by the tables of all processes and guidances.
   * @param {string} slot @param {string} key @returns {string | undefined} */
  expected(slot, key) {
    const { config } = this.grammar, { process } = this.chosen, model = this.model();
    if (slot === "data") return config.legal.data[process]?.[key];
    /** @type {Pool} */
    const pool = model.pool ?? config.legal;
    const table = slot === "process" ? model.process : pool.leaves[model.under?.[process]?.[this.chosen.of("guidance")]]?.[slot];
    return pool.words[pool.tables[table]?.[key]];
  }

  /** @returns {import("./query.js").Who} Who predicts; the first model of the first data where that is not listed (a mixture of one's own). */
  model() {
    const { models, top } = this.grammar.config;
    return this.chosen.who ?? models[`${top.data.default} ${top.model.default}`];
  }

  /** What fits a process, as one name: processes of one name take the same samplers and grids.
   * @param {string} process */
  signature(process) {
    const { config } = this.grammar, model = this.model();
    /** @type {Pool} */
    const pool = model.pool ?? config.legal;
    const { sampler, grid } = pool.leaves[model.under?.[process]?.[config.top.guidance.default.guidance]] ?? {};
    return `${sampler} ${grid}`;
  }

  /** Why a control does nothing now ("" if it does something): the conditions that Python declares, its own and those of the choice that it belongs to.
   * @param {string} slot */
  idle(slot) {
    return this.idleOf(this.grammar.controls.find((c) => c.path === slot || `${c.kind}:${c.path}` === slot));
  }

  /** @param {Control | undefined} c @returns {string} */
  idleOf(c) {
    if (!c) return "";
    const { grammar, chosen } = this;
    for (const [path, test, list, words] of /** @type {Condition[]} */ (c.when ?? [])) {
      const v = grammar.at(chosen.values, path, c.kind);
      const holds = test === "above" ? Number(v) > Number(list[0]) : list.some((x) => same(x, v)) === (test === "one of");
      if (!holds) return words;
    }
    const outer = c.path.includes(".") && c.path.slice(0, c.path.lastIndexOf("."));
    return outer ? this.idleOf(grammar.controls.find((o) => o.path === outer)) : "";
  }
}
