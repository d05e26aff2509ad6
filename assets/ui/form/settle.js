// What gives way when a choice does not fit the others, and what comes back when it fits again: after a change of process, data, model or guidance.
// It says what it did in one sentence.
import { equal, renamed } from "./query.js";

/** @typedef {import("./query.js").Told} Told */
/** @typedef {import("./query.js").Value} Value */
/** @typedef {{sampler: string, grid: string, guidance: string}} Fitting What was last chosen with processes that take the same. */

const CLASSES = "EachClass";
/** @type {readonly (readonly ["guidance" | "sampler" | "grid", string])[]} */
const GIVING_WAY = [["guidance", "guidance"], ["sampler", "samplers"], ["grid", "grids"]]; // guidance first: samplers are judged by it

export class Settle {
  /** @type {Map<string, Fitting>} */
  fitting = new Map();
  /** What was put in the place of what did not fit, by slot: it gives way again. @type {Record<string, Value | null>} */
  automatic = {};
  /** Was the grid chosen by hand? Then it stays as long as it fits. */
  ownGrid = false;
  /** The last model of each law. @type {Record<string, string>} */
  models = {};
  /** What was left behind: a toy's particles, the last toy, the last images and their guidance. @type {{particles?: Value, toy?: string, images?: string, guidance?: Value}} */
  left = {};

  /** @param {import("./chosen.js").Chosen} chosen @param {import("./judge.js").Judge} judge
   * @param {{say: (message: string) => void, samplerGaveWay: () => void}} page */
  constructor(chosen, judge, page) {
    this.chosen = chosen;
    this.judge = judge;
    this.grammar = chosen.grammar;
    this.config = chosen.grammar.config;
    this.page = page;
    this.lastProcess = chosen.process;
    this.lastData = chosen.data;
    /** Whose default the schedule in the form is. */
    this.scheduleOwner = this.lastProcess;
  }

  /** The form says what a link said: nothing has to give way.
   * @param {boolean} own is a grid that does not come by itself chosen by hand? */
  begin(own) {
    this.lastProcess = this.chosen.process;
    this.scheduleOwner = this.grammar.ownerOf(this.lastProcess);
    if (own) this.ownGrid = this.grammar.strange(this.chosen.values["pg-grid"], this.lastProcess);
    this.lastData = this.chosen.data;
  }

  /** What was refused has given way to what was before. */
  back() {
    this.lastProcess = this.chosen.process;
    this.lastData = this.chosen.data;
    if (this.config.families.processes[this.lastProcess]?.schedule) this.scheduleOwner = this.lastProcess;
  }

  /** @param {string} slot @param {Value} value */
  force(slot, value) { this.chosen.force(`pg-${slot}`, value); }

  /** Why what is chosen of a slot does not fit.
   * @param {string} slot */
  no(slot) { return this.judge.why(slot, this.chosen.of(slot)); }

  /** A schedule with its numbers: those that are not told are its defaults.
   * @param {Told} told */
  schedule(told) {
    const kind = String(told["process.schedule"]);
    this.force("schedule", kind);
    for (const [name, p] of Object.entries(this.grammar.families.schedules[kind])) {
      const v = told[`process.schedule.${name}`];
      this.chosen.force(this.grammar.id(`process.schedule.${name}`, kind), v == null ? /** @type {Value} */ (p.default) : Number(v));
    }
  }

  /** The default schedule of a process, as names of the form; null where it has none.
   * @param {string} process @returns {Told | null} */
  scheduleOf(process) {
    const declared = this.grammar.families.processes[process]?.schedule;
    return declared?.family ? renamed(declared.default, "schedule", "process.schedule") : null;
  }

  /** After a change of process: a sampler and a grid that fit, and the process's own schedule if none was chosen by hand. */
  process() {
    const { chosen, judge, config, grammar } = this, { process } = chosen;
    if (process === this.lastProcess) {
      this.fitting.set(judge.signature(process), { sampler: chosen.of("sampler"), grid: chosen.of("grid"), guidance: chosen.of("guidance") });
      return;
    }
    this.processSchedule(process);
    this.lastProcess = process;
    /** @type {Record<string, string>} */
    const told = {};
    /** @type {Set<string>} */
    const reasons = new Set();
    const good = { .../** @type {Fitting} */ (this.fitting.get(judge.signature(process)) || config.fallback[process]) };
    const suits = config.suits[process];
    if (!this.ownGrid && !judge.why("grid", suits)) good.grid = suits;
    for (const [slot, family] of GIVING_WAY) {
      const was = chosen.of(slot), no = judge.why(slot, was);
      if (slot === "grid" && !no && !this.ownGrid && good.grid !== was) { // the grid comes with the process, unless it was chosen by hand
        this.force("grid", good.grid);
        this.automatic.grid = null;
        told.grid = `grid ${grammar.title(family, was)} → ${grammar.title(family, good.grid)}, which suits it`;
        continue;
      }
      // what does not fit gives way; what had to give way before comes back
      if (!no && !(this.automatic[slot] === was && good[slot] !== was)) continue;
      this.force(slot, good[slot]);
      if (slot === "sampler") this.page.samplerGaveWay();
      this.automatic[slot] = no ? good[slot] : null;
      told[slot] = `${slot} ${grammar.title(family, was)} → ${grammar.title(family, good[slot])}`;
      if (no) reasons.add(`${grammar.title(family, was)} ${no}.`);
    }
    const changes = ["sampler", "grid", "guidance"].map((slot) => told[slot]).filter(Boolean);
    if (changes.length) this.page.say(`${grammar.title("processes", process)}: ${changes.join(", ")}. ${[...reasons][0] || ""}`.trim());
  }

  /** The default schedule of the process before becomes this one's.
   * @param {string} process */
  processSchedule(process) {
    const { chosen, config, grammar } = this, now = this.scheduleOf(process);
    if (config.families.processes[this.lastProcess]?.schedule) this.scheduleOwner = this.lastProcess;
    const owners = this.scheduleOf(this.scheduleOwner);
    if (!now || !owners || this.scheduleOwner === process) return;
    if (equal(grammar.flat(chosen.values, "process.schedule", "schedules", chosen.of("schedule")), owners)) this.schedule(now);
    this.scheduleOwner = process;
  }

  /** After a change of guidance: a sampler that needs more of the model than a guided one gives. */
  guidance() {
    const { chosen, config, grammar } = this, was = chosen.of("sampler"), no = this.no("sampler"), good = config.fallback[chosen.process].sampler;
    if (!no) return;
    this.force("sampler", good);
    this.page.samplerGaveWay();
    const sampler = grammar.title("samplers", was);
    this.page.say(`${grammar.title("guidance", chosen.of("guidance"))}: sampler ${sampler} → ${grammar.title("samplers", good)}. ${sampler} ${no}.`);
  }

  /** After a change of data: between toys and trained models, what the new ones cannot take gives way; so many images are no toy's particles. */
  data() {
    const { chosen, config, grammar, left } = this, now = chosen.data, images = grammar.pictures(now), were = grammar.pictures(this.lastData);
    this.models[this.lastData] = chosen.of("model");
    if (!grammar.models(now).includes(chosen.of("model"))) this.force("model", this.models[now] ?? grammar.firstModel(now));
    left[were ? "images" : "toy"] = this.lastData;
    if (were) left.guidance = chosen.values["pg-guidance"];
    this.lastData = now;
    if (images && were) return this.model();
    if (images === were) { // data that live elsewhere
      if (this.no("process")) this.model();
      return;
    }
    if (images) {
      left.particles = chosen.values["pg-particles"];
      this.force("particles", config.batch);
      this.force("start", "prior");
      this.force("mode", "reverse");
      const unguided = chosen.of("guidance") === config.top.guidance.default.guidance;
      if (unguided && !this.judge.why("guidance", CLASSES)) this.force("guidance", left.guidance ?? CLASSES);
    } else if (chosen.values["pg-particles"] === config.batch) {
      this.force("particles", left.particles ?? /** @type {import("./query.js").Control} */ (grammar.control("particles")).default);
    }
    this.model();
  }

  /** After a change of model. What it does not take gives way: the process first, the model's own with its numbers if it knows only one. */
  model() {
    const { chosen, config, grammar } = this;
    /** @type {Record<string, string>} */
    const own = chosen.who?.own ?? {};
    if (own.process) this.force("process", own.process);
    else if (this.no("process")) this.force("process", config.top.process.default.process);
    this.process();
    if (own.process) { // with its own numbers: those that are not told are the defaults
      for (const c of grammar.controls) if (c.path.startsWith("process.") && c.kind === own.process) chosen.force(c.id, own[c.path] ?? c.default);
      const usual = this.scheduleOf(own.process);
      if (usual) this.schedule(own["process.schedule"] ? own : usual);
    }
    const good = grammar.fallback[chosen.process];
    for (const slot of ["guidance", "sampler", "grid"]) if (this.no(slot)) this.force(slot, good[slot]);
    for (const slot of ["start", "mode"]) if (this.no(slot)) this.force(slot, /** @type {Value} */ (grammar.top[slot].default));
  }

  /** The data that another page of the site opens with, the toys' or the images': the last ones there. null: it is this one.
   * @param {string} page "toys" or "images" */
  dataOf(page) {
    const images = this.grammar.pictures(this.chosen.data);
    if (images === (page === "images")) return null;
    const first = images ? String(/** @type {import("./query.js").Control} */ (this.grammar.control("data")).default) : Object.keys(this.config.laws).find((law) => this.grammar.pictures(law));
    return (images ? this.left.toy : this.left.images) ?? first ?? null;
  }
}
