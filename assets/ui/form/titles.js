// What is chosen in words of people.

/** @typedef {import("../python.js").Query} Query */

export class Titles {
  /** @param {import("./chosen.js").Chosen} chosen @param {import("../pickers/pickers.js").Pickers} pickers where the models have their titles */
  constructor(chosen, pickers) {
    this.chosen = chosen;
    this.grammar = chosen.grammar;
    this.pickers = pickers;
  }

  /** What one draws many of. */
  get unit() { return this.chosen.pictures ? "images" : "particles"; }

  /** Data, and who predicts where there are several.
   * @param {string} [data] @param {string} [model] */
  data(data = this.chosen.data, model = this.chosen.of("model")) {
    const law = this.grammar.config.laws[data], several = this.grammar.models(data).length > 1;
    const word = several && this.pickers.of("model")?.choices.find((c) => c.key === model && c.group === data)?.title;
    return (law?.title || "own mixture") + (word ? ` · ${word}` : "");
  }

  /** @param {import("./query.js").Control} control */
  label(control) { return control.id === "pg-particles" && this.chosen.pictures ? "images" : control.label || control.path; }

  /** What queries differ in, in words of each. @param {Query[]} queries */
  differences(queries) { return this.grammar.differences(queries, (data, model) => this.data(data, model)); }

  /** The same as lines of a table, for one of them: "grid steps: 20 (1: 10, 3: 40)". @param {Query[]} queries @param {number} own */
  table(queries, own) {
    return this.grammar.differing(queries, (data, model) => this.data(data, model)).map(({ name, values }) => {
      const others = values.flatMap((v, n) => (n === own ? [] : [`${n + 1}: ${v || "–"}`]));
      return `${name.replaceAll(/[._]/g, " ")}: ${values[own] || "–"} (${others.join(", ")})`;
    });
  }

  /** Everything in a few words, each with the section of the form where it is chosen. @returns {[string, string][]} */
  summary() {
    const { chosen, grammar } = this, { process } = chosen;
    const schedule = grammar.config.families.processes[process]?.schedule ? ` · ${grammar.title("schedules", chosen.of("schedule"))}` : "";
    return [
      ["pg-sec-data", this.data()],
      ["pg-sec-process", grammar.title("processes", process) + schedule],
      ["pg-sec-sampler", `${grammar.title("samplers", chosen.of("sampler"))} · ${chosen.values["pg-grid-steps"]}`],
      ["pg-sec-grid", grammar.title("grids", chosen.of("grid"))],
      ["pg-sec-run", `${Number(chosen.values["pg-particles"]).toLocaleString("en")} ${this.unit}`],
    ];
  }
}
