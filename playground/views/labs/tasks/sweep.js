// A sweep: one number over a range, each column a full run with the same seed.
import { clamp } from "../../lib/numbers.js";
import { NumberBox, Select, Slider, box, button, say } from "./controls.js";
import { Task } from "./task.js";
import { FIRST, ordered, over, valuesOf, wordOf } from "./values.js";

/** @typedef {import("./values.js").Swept} Swept */

const COLUMNS = { lo: 2, hi: 9, step: 1, value: 6 };
const USUAL = `${FIRST[0]},2,40,${COLUMNS.value}`; // what a link need not say

export class Sweep extends Task {
  /** @type {Swept[]} what can be swept */
  fields = [];
  /** @type {{field: Swept, values: number[], label: string} | null} what the strip is of */
  swept = null;

  /** @param {import("./lab.js").Tasks} lab */
  constructor(lab) {
    const ready = () => lab.ready();
    const what = new Select("what", "The number that is swept; all else stays", [], () => {
      this.pick();
      ready();
    });
    const label = new Select("class", "Guidance is off: for the strip it is on, towards this class", [], ready);
    const from = new NumberBox("from", "Value of the first column", 2, { step: "any" }, ready), to = new NumberBox("to", "Value of the last column", 40, { step: "any" }, ready);
    const count = new Slider("columns", "Each of them a full run with the same seed", COLUMNS, ready);
    label.row.hidden = true;
    super(lab, {
      key: "sweep", word: "sweep", tip: "One number over a range: each column is a full run with the same seed.",
      empty: "Choose what to sweep, then run. Click a column to take its value.",
    }, [what.row, label.row, box("div", "pg-task-two", from.row, to.row), count.row]);
    this.what = what;
    this.label = label;
    this.from = from;
    this.to = to;
    this.count = count;
  }

  get named() {
    return false;
  }
  get field() {
    return this.fields.find((f) => f.path === this.what.value);
  }
  /** Another number was chosen. */
  pick() {
    const { field } = this;
    if (!field) return;
    const [lo, hi] = over(field);
    this.from.input.value = say(lo);
    this.to.input.value = say(hi);
    this.label.row.hidden = !field.with;
    this.what.row.title = field.help;
  }

  why() {
    return this.field ? "" : "waiting for the run";
  }
  /** @returns {Record<string, string>} */
  query() {
    return this.field?.with ? { ...this.field.with, "guidance.label": this.label.value } : {};
  }
  /** @returns {import("./ask.js").Params} */
  params() {
    const { field } = this;
    if (!field) return {};
    this.swept = { field, values: valuesOf(field, this.from.value, this.to.value, this.count.value), label: this.label.value };
    return { field: field.path, values: this.swept.values.join() };
  }

  async setRun() {
    const packet = await this.lab.host.fetch("numbers").catch(() => null); // a newer run has asked by then
    if (!packet) return;
    const { header } = packet, was = this.what.value || FIRST[0], names = () => this.fields.map((f) => f.path + (f.with ? "+" : "")).join(), known = names();
    this.fields = ordered(header.fields);
    if (known === names()) return;
    this.what.fill(this.fields.map((f) => [f.path, wordOf(f)]));
    this.label.fill(Array.from({ length: header.classes }, (_, k) => [String(k), String(k)]));
    this.what.value = this.fields.some((f) => f.path === was) ? was : FIRST[0];
    this.pick();
    this.lab.ready();
  }
  /** Each column's word takes its value. @param {import("./strip.js").Strip} strip */
  planned(strip) {
    const { swept } = this;
    if (!swept) return;
    const { field, values, label } = swept, { form } = this.lab.host;
    strip.heads.forEach((head, c) => {
      head.replaceChildren(button(`${field.word} ${say(values[c])}`, `Sets ${field.word} to ${say(values[c])}`, () => {
        /** @type {Parameters<typeof form.write>[0]} */
        const more = field.with ? [["guidance", "", "ClassifierFree"], ["guidance.label", "ClassifierFree", +label]] : [];
        form.write([...more, [field.path, field.kind, values[c]]], true);
      }, "pg-task-column"));
    });
  }

  async link() {
    const { field, from, to, count, label } = this;
    const told = field ? [field.path, from.value, to.value, count.value, ...(field.with ? [label.value] : [])].join() : "";
    return { sweep: told === USUAL ? "" : told };
  }
  /** @param {Record<string, string>} said */
  async restore({ sweep = "" }) {
    const [path, a, b, n, kind] = sweep.split(",");
    if (!path) return true;
    if (!this.fields.some((f) => f.path === path) || ![a, b, n].every((v) => v && Number.isFinite(+v))) return false;
    this.what.value = path;
    this.pick();
    this.from.input.value = a;
    this.to.input.value = b;
    this.count.value = clamp(+n, COLUMNS.lo, COLUMNS.hi);
    if (kind && this.label.has(String(Number(kind)))) this.label.value = String(Number(kind));
    return true;
  }
}
