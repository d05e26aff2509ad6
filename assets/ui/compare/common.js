// What several stages have in common: one clock, the layers that are shown, and which words tell them apart.
import { alone } from "../stage/course.js";
import { Race } from "./clock.js";
import { coloursOf, roleOf } from "./colours.js";

/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("../stage/run.js").Run} Run */
/** @typedef {import("./clock.js").Unit} Unit */
/** @typedef {import("./place.js").Place} Place */

export class Common {
  /** In their order; none: one stage stands alone. @type {Place[]} */
  places = [];
  /** Which is selected. */
  at = 0;
  /** @type {Race | null} */
  race = null;
  /** While stages change places nothing of their clock is true. */
  held = false;
  /** The page's own stage. @type {Stage | null} */
  lead = null;
  /** @type {import("./board.js").Board | null} */
  board = null;

  /** @param {import("../form/form.js").Form} form */
  constructor(form) {
    this.form = form;
  }

  /** @param {Stage} lead @param {import("./board.js").Board} board */
  mount(lead, board) {
    this.lead = lead;
    this.board = board;
    lead.on("moved", () => this.moved());
    lead.on("layers", () => this.dress());
    lead.on("color", () => this.dress());
  }

  /** Other stages, or another is selected. @param {Place[]} places @param {number} at */
  settle(places, at) {
    this.places = places;
    this.at = at;
    this.held = false;
    if (places.length) this.start();
    else this.race = null;
    this.dress();
  }

  // ---- one clock -----------------------------------------------------------------------------------------------------------------

  /** What the clock is to count. @returns {Unit} */
  get unit() { return /** @type {Unit} */ (this.form.view.said.clock || "time"); }

  /** How the clock is that of a run that has come: the range may be another, and with it the course of every stage. @param {Run} run */
  courseOf(run) {
    this.start();
    return this.places.find(({ stage }) => stage?.run === run)?.stage?.course ?? alone(run);
  }

  /** The clock of the runs that are there. */
  start() {
    if (this.held) return;
    const { lead, race: before } = this, stages = this.places.flatMap(({ stage }) => (stage?.run ? [stage] : []));
    if (!lead || !stages.length) return;
    const { clock } = lead, n = Math.max(0, stages.indexOf(lead)), own = lead.run ? lead.cursor : 1, value = before?.value(clock.cursor) ?? 0, done = clock.atEnd;
    const race = (this.race = new Race(stages.map(({ run }) => /** @type {Run} */ (run)), this.unit, n));
    const were = stages.map((stage) => stage.cursor);
    stages.forEach((stage, i) => (stage.course = race.course(i)));
    clock.setRun(race.motion);
    stages.forEach((stage, i) => stage.cursor !== were[i] && stage.touch());
    if (before?.runs.length !== stages.length) return lead.frame.bar.drawTicks(); // stages come or go: the hand stands where it stood, or where a link says
    if (before.unit !== race.unit) clock.cursor = done ? race.motion.end : race.handOf(n, own);
    else if (race.unit !== "time" && before.most !== race.most) clock.cursor = done ? 0 : race.hand(value); // the same number of calls
    lead.frame.bar.drawTicks();
  }

  /** The clock counts something else. @param {Unit} unit */
  count(unit) {
    this.form.view.set("clock", unit === "time" ? "" : unit);
    this.start();
    this.tell();
  }

  moved() {
    for (const { further } of this.places) further?.stage.touch();
    this.tell();
  }

  tell() {
    const { race, lead } = this;
    if (race && lead) this.board?.tell(race.unit, race.forward, race.said(lead.clock.cursor));
  }

  // ---- one look ------------------------------------------------------------------------------------------------------------------

  /** Layers and colours are the same on all; each has particles in a colour of its own. */
  dress() {
    const { lead, places } = this;
    if (!lead) return;
    lead.picture.readTheme();
    const colours = coloursOf(lead.theme);
    colours.forEach((colour, n) => document.documentElement.style.setProperty(`--pg-${roleOf(n)}`, colour));
    if (!places.length) lead.ui.view.style.removeProperty("--pg-sampler");
    places.forEach(({ stage }, n) => {
      stage?.ui.view.style.setProperty("--pg-sampler", colours[n]);
      stage?.picture.readTheme();
    });
    lead.picture.readTheme();
    for (const { further } of places) {
      if (!further) continue;
      const { stage } = further;
      if (String(stage.layers) !== String(lead.layers)) stage.setLayers(lead.layers);
      if (stage.colour !== lead.colour) stage.setColor(lead.colour);
      further.loop.refetch();
    }
  }

  /** What differs, line by line, as stage n has it. @param {number} n from 0 */
  table(n) { return this.form.titles.table(this.places.map(({ q }) => q), n); }

  /** What differs, in words of each stage. */
  words() {
    const { titles, grammar } = this.form, queries = this.places.map(({ q }) => q), told = titles.differences(queries), differ = told.some(Boolean);
    /** @param {number} n */
    const plain = (n) => grammar.title("samplers", grammar.kind(queries[n], "sampler"));
    return told.map((words, n) => (differ ? words || plain(n) : n === 0 ? plain(n) : n === this.at ? "a copy: change it" : "the same"));
  }
}
