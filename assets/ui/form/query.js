// What the controls say as a query: flat names and texts, only what differs from the defaults (the grammar of Experiment.to_query). What names,
// defaults and bounds there are comes from Python.
import { mixture } from "../lib/mixture.js";

/** @typedef {import("../python.js").Config} Config */
/** @typedef {import("../python.js").Control} Control */
/** @typedef {import("../python.js").Query} Query */
/** @typedef {string | number | boolean} Value What a control says. */
/** @typedef {Record<string, Value>} Values By the controls' ids. */
/** @typedef {Record<string, Value>} Told Flat names of an experiment and what they say. */
/** @typedef {{family: string, default: Told} | {family?: undefined, default: Value}} Declared A field: a choice of a family with its default as flat names, or a plain value. */
/** @typedef {{words: string[], tables: Record<string, number>[], leaves: Record<string, number>[]}} Pool Reasons, each once (playground/views/judged.py). */
/** @typedef {{process: number, under: Record<string, Record<string, number>>, own: Record<string, string>, pool?: Pool}} Who A model of a law, and by tables of the
 * pool what cannot be chosen with it: own = the only process that it knows, with its numbers. */

/** Do two values say the same? "7" and 7.0 do.
 * @param {unknown} a @param {unknown} b */
export const same = (a, b) => String(a) === String(b) || (a !== "" && b !== "" && Number(a) === Number(b));

/** Have two queries the same names, which say the same?
 * @param {Told} a @param {Told} b */
export const equal = (a, b) => {
  const ka = Object.keys(a), kb = Object.keys(b);
  return ka.length === kb.length && ka.every((k) => k in b && same(a[k], b[k]));
};

/** The same record under another outer name: from "schedule.beta_min" to "process.schedule.beta_min".
 * @param {Told} record @param {string} from @param {string} to @returns {Told} */
export const renamed = (record, from, to) => Object.fromEntries(Object.entries(record).map(([k, v]) => [to + k.slice(from.length), v]));

/** A query as one text, whatever order its names have: two queries are one experiment where their texts are. The default experiment's text is "".
 * @param {Query} q */
export const text = (q) => new URLSearchParams(Object.entries(q).sort(([a], [b]) => (a < b ? -1 : 1))).toString();

const SOURCE = "Interpolant:process.origin";

const LONG = 20; // letters of a value in a difference: lists of levels, mixtures

export class Grammar {
  /** @param {Config} config @param {(data: string) => string[]} models who predicts, by law */
  constructor(config, models) {
    this.config = config;
    this.models = models;
    this.controls = config.controls;
    /** @type {Record<string, Declared>} The experiment's fields. */
    this.top = /** @type {Record<string, any>} */ (config.top);
    /** @type {Record<string, Record<string, Record<string, Declared>>>} The parameters of every choice of every family. */
    this.families = /** @type {Record<string, Record<string, Record<string, any>>>} */ (config.families);
    /** @type {Record<string, Record<string, string>>} What a process takes of each slot when nothing is said. */
    this.fallback = config.fallback;
    /** @type {Map<string, Control>} */
    this.byId = new Map(this.controls.map((c) => [c.id, c]));
    /** @type {Map<string, Control>} */
    this.byPath = new Map(this.controls.map((c) => [`${c.path}|${c.kind}`, c]));
  }

  /** The control of a field. One that belongs to a choice is found under the choice's kind.
   * @param {string} path @param {string} [kind] */
  control(path, kind = "") {
    return this.byPath.get(`${path}|${kind}`) || this.byPath.get(`${path}|`);
  }

  /** The control's id; a field without a control is a mistake of ours.
   * @param {string} path @param {string} [kind] @returns {string} */
  id(path, kind) {
    const found = this.control(path, kind);
    if (!found) throw new Error(`no control of ${path} ${kind ?? ""}`);
    return found.id;
  }

  /** What a field says; undefined where it has no control.
   * @param {Values} values @param {string} path @param {string} [kind] @returns {Value | undefined} */
  at(values, path, kind) {
    const found = this.control(path, kind);
    return found && values[found.id];
  }

  /** A choice with those of its numbers that are not its defaults, as flat names.
   * @param {Values} values @param {string} path @param {string} family @param {string} kind */
  flat(values, path, family, kind) {
    /** @type {Query} */
    const out = { [path]: kind };
    for (const [name, p] of Object.entries(this.families[family][kind] || {})) {
      const full = `${path}.${name}`;
      if (p.family) {
        const inside = this.at(values, full, kind);
        if (inside == null) continue;
        const inner = this.flat(values, full, p.family, String(inside));
        if (!equal(inner, renamed(p.default, name, full))) Object.assign(out, inner);
      } else {
        const v = this.at(values, full, kind);
        if (v != null && !same(v, p.default)) out[full] = String(v);
      }
    }
    return out;
  }

  /** The experiment: only what differs from the defaults, which for sampler and grid go by the process, for the model by the data.
   * @param {Values} values */
  query(values) {
    /** @type {Query} */
    const out = {};
    for (const [name, p] of Object.entries(this.top)) {
      const v = this.at(values, name);
      if (v == null) continue;
      if (p.family) {
        const f = this.flat(values, name, p.family, String(v));
        const usual = this.fallback[String(values["pg-process"])]?.[name] ?? p.default[name]; // what this process has when nothing is said
        if (v !== usual || Object.keys(f).length > 1) Object.assign(out, f);
      } else if (!same(v, name === "model" ? this.firstModel(String(values["pg-data"])) : p.default)) out[name] = String(v);
    }
    return out;
  }

  /** Are these data pictures?
   * @param {unknown} data */
  pictures(data) {
    return Boolean(this.config.laws[String(data)]?.pictures);
  }

  /** Who predicts, and what cannot be chosen with it; nothing for the exact model of a mixture.
   * @param {Values} values @returns {Who | undefined} */
  who(values) {
    return this.config.models[`${values["pg-data"]} ${values["pg-model"]}`];
  }

  /** @param {string} data @returns {string} */
  firstModel(data) {
    return this.models(data)[0] ?? this.config.top.model.default;
  }

  /** Whether data are a mixture of one's own, not a name.
   * @param {unknown} data */
  handMade(data) {
    const words = String(data);
    return !(words in this.config.laws) && (words.startsWith("{") || Boolean(mixture.size(words)));
  }

  /** What a menu offers beside what Python declares: as a source the mixture that is the data now.
   * @param {string} slot @param {Values} values */
  more(slot, values) {
    const key = String(values["pg-data"]);
    return slot === SOURCE && this.handMade(key) ? [{ key, title: "the data themselves", tip: "your own mixture, as it is now", group: "own", hint: "", kind: "" }] : [];
  }

  /** @param {string} family @param {unknown} key @returns {string} */
  title(family, key) {
    return this.config.titles[family]?.[String(key)] || String(key);
  }

  /** The process whose default the schedule in the form is: this one, or the page's first where it has none.
   * @param {string} process */
  ownerOf(process) {
    return this.config.families.processes[process]?.schedule ? process : this.config.top.process.default.process;
  }

  /** Is this grid another than what comes with its process by itself?
   * @param {Value} grid @param {string} process */
  strange(grid, process) {
    return grid !== this.config.suits[process] && grid !== this.config.fallback[process]?.grid;
  }

  /** Which choice a query has of a field: what it says, or what comes by itself.
   * @param {Query} q @param {string} slot @returns {string} */
  kind(q, slot) {
    /** @param {string} name */
    const first = (name) => String(/** @type {Told} */ (this.top[name].default)[name]);
    return q[slot] ?? this.fallback[q.process ?? first("process")]?.[slot] ?? first(slot);
  }

  /** What the choices of a query declare of a name, and what it says there when the query says nothing; null: it has no meaning beside these choices.
   * @param {Query} q @param {string} name @returns {{family?: string, value: Value} | null} */
  declared(q, name) {
    const [slot, ...inner] = name.split("."), top = this.top[slot];
    if (!top) return null;
    let { family } = top, path = slot, said = /** @type {Told} */ (q), value = top.family ? this.kind(q, slot) : /** @type {Value} */ (top.default);
    for (const part of inner) {
      const p = family && this.families[family][String(said[path] ?? value)]?.[part];
      if (!p) return null;
      family = p.family;
      path += `.${part}`;
      if (p.family && !(path in said)) said = { ...renamed(p.default, part, path), ...said }; // the choice that comes by itself, with its numbers
      value = p.family ? p.default[part] : /** @type {Value} */ (p.default);
    }
    return { family, value: said[path] ?? value };
  }

  /** What the controls say where the form says a query; what is not chosen is left as it is. null: no controls say exactly that.
   * @param {Query} q @param {Values} now @returns {Values | null} */
  valuesOf(q, now) {
    const values = this.nearest(q, now);
    return equal(this.query(values), q) ? values : null;
  }

  /** The same experiment in the form's words, without defaults that are said; what no controls say is left as it is.
   * @param {Query} q @param {Values} now @returns {Query} */
  plain(q, now) {
    /** @param {Query} of @param {string} name */
    const said = (of, name) => (name === "model" ? of.model ?? this.firstModel(of.data ?? this.top.data.default) : this.declared(of, name)?.value);
    const out = this.query(this.nearest(q, now)), names = [...new Set([...Object.keys(q), ...Object.keys(out)])];
    return names.every((name) => this.declared(q, name) && same(said(q, name), said(out, name))) ? out : q;
  }

  /** What the controls say of as much of a query as they can. @param {Query} q @param {Values} now @returns {Values} */
  nearest(q, now) {
    const values = { ...now };
    for (const c of this.controls) {
      const found = this.declared(q, c.path), outer = c.path.slice(0, c.path.lastIndexOf("."));
      if (!found || (c.kind && this.declared(q, outer)?.value !== c.kind)) continue;
      const value = c.path === "model" ? q.model ?? this.firstModel(q.data ?? this.top.data.default) : found.value;
      values[c.id] = /pick|choice|free/.test(c.type) ? String(value) : c.type === "flag" ? String(value) === "true" : Number(value);
    }
    return values;
  }

  /** What two queries differ in, in words of either side.
   * @param {Query} a @param {Query} b @param {(data: string, model: string) => string} dataTitle */
  difference(a, b, dataTitle) { return this.differences([a, b], dataTitle); }

  /** What queries differ in, in words of each: ["Euler, steps 5", …]; "" where nothing is to be said.
   * @param {Query[]} queries @param {(data: string, model: string) => string} dataTitle @returns {string[]} */
  differences(queries, dataTitle) {
    const told = this.differing(queries, dataTitle).map(({ name, named, values }) => values.map((v) => (v && !named ? `${/** @type {string} */ (name.split(".").pop()).replace("_", " ")} ${v}` : v)));
    return queries.map((_, side) => told.map((words) => words[side]).filter(Boolean).join(", "));
  }

  /** The names in which queries differ, and what each says there: "" where it has no such number. named: values are titles, which tell by themselves what they are of. Choices come
   * before numbers.
   * @param {Query[]} queries @param {(data: string, model: string) => string} dataTitle @returns {{name: string, named: boolean, values: string[]}[]} */
  differing(queries, dataTitle) {
    /** @param {Query} q @param {string} name */
    const said = (q, name) => {
      const found = this.declared(q, name) ?? (name in q ? { value: q[name] } : null);
      if (!found || name === "model") return "";
      const v = String(found.value);
      if (name === "data") return dataTitle(v, q.model ?? this.firstModel(v));
      return found.family ? this.title(found.family, v) : v.length > LONG ? `${v.slice(0, LONG - 2)}…` : v;
    };
    const names = [...new Set(queries.flatMap((q) => (q.model ? ["data", ...Object.keys(q)] : Object.keys(q))))];
    const told = names.map((name) => ({ name, named: name === "data" || queries.some((q) => this.declared(q, name)?.family), values: queries.map((q) => said(q, name)) }));
    return told.filter(({ values }) => values.some((v) => v !== values[0])).sort((a, b) => Number(b.named) - Number(a.named));
  }
}
