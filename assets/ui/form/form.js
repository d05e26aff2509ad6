// The form and the link, put together: a control changes → what does not fit gives way (settle) → query → loop → stage; and back, when a link is opened
// or a value is refused. Each part knows only what it is given here.
import { Compare } from "../compare/compare.js";
import { boxes } from "../lib/boxes.js";
import { config, experimentPart, first, models } from "../lib/start.js";
import { Pickers } from "../pickers/pickers.js";
import { farOf } from "../stage/captions.js";
import { DEFAULT_LAYERS, LAYERS, asked } from "../stage/layers.js";
import { Address } from "./address.js";
import { Bridge } from "./bridge.js";
import { Chosen } from "./chosen.js";
import { listen, writer } from "./components.js";
import { Cost } from "./cost.js";
import { Hands } from "./hands.js";
import { hook } from "./hook.js";
import { Judge } from "./judge.js";
import { Loop } from "./loop.js";
import { mountsOf } from "./mounts.js";
import { Notices } from "./notices.js";
import { Parts } from "./parts.js";
import { Grammar, equal, same, text } from "./query.js";
import { Return } from "./return.js";
import { Settle } from "./settle.js";
import { FormShown, mark } from "./shown.js";
import { Titles } from "./titles.js";
import { Refused, Transport, Unreachable, messageOf, saidOf } from "./transport.js";
import { View } from "./view.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("../page.js").Notice} Notice */
/** @typedef {import("./query.js").Value} Value */

const SLOW_START = 6000, AHEAD_OF_LINK = 3000, FORM_LATER = 120, LONG = 15000, REST = 250; // ms

export class Form {
  /** What a change asks for is done as a whole: the components that it sets tell of themselves meanwhile. */
  settling = false;
  /** What was refused while a hand held something. @type {Refused | null} */
  owed = null;
  /** What of a link's view could not be used, until it is told. */
  viewTold = "";
  /** What Python is asked to put into the form. @type {Query | null} */
  taking = null;
  showing = 0;

  constructor() {
    this.grammar = new Grammar(config, models);
    this.controls = this.grammar.controls;
    this.parts = new Parts();
    this.notices = new Notices(this.parts);
    this.back = new Return();
    /** @type {import("../pickers/picker.js").Rules} */
    const rules = { why: (slot, key) => this.judge.why(slot, key), idle: (slot) => this.judge.idle(slot), more: (slot) => this.grammar.more(slot, this.chosen.values) };
    this.pickers = new Pickers(rules);
    this.chosen = new Chosen(this.grammar, writer(this.pickers));
    this.judge = new Judge(this.grammar, this.chosen);
    this.titles = new Titles(this.chosen, this.pickers);
    this.formShown = new FormShown(this.chosen, this.judge, this.pickers, this.titles, () => Boolean(this.view?.said.board));
    this.view = new View(() => this.chosen.ready && this.address.later());
    this.cost = new Cost({ chosen: this.chosen, view: this.view, shown: () => this.loop.shown?.run });
    this.settle = new Settle(this.chosen, this.judge, { say: (message) => this.tell({ kind: "info", message }), samplerGaveWay: () => this.cost.keep() });
    this.transport = new Transport((complaint) => this.refusal(complaint));
    this.bridge = new Bridge();
    this.loop = new Loop(this.transport, this.listener());
    this.hands = new Hands(() => this.released());
    this.compare = new Compare(this);
    this.address = new Address({
      query: () => this.compare.first(this.chosen.query()),
      shown: () => this.loop.shown && this.compare.first(this.loop.shown.q),
      view: () => this.compare.view(this.view.said),
      isNews: (query) => this.hands.used && (this.compare.news || !equal(query, experimentPart(location.search))),
    });
    this.mounts = mountsOf(this);
    listen(this.chosen, { deaf: () => !this.chosen.ready || this.settling, moved: () => this.numberMoved() });
    addEventListener("popstate", () => this.linkOpened());
  }

  // ---- what labs, tests and Gradio's components call ---------------------------------------------------------------------------

  /** @param {string} id of a control */
  value(id) { return this.chosen.values[id]; }

  /** @param {Notice} notice */
  tell(notice) { this.notices.tell(notice); }

  show() { this.formShown.show(); }

  /** The query that is shown, or is to be shown first. @returns {Query} */
  get shownQuery() { return this.loop.shown?.q ?? first.query; }

  /** Why a choice cannot be made now ("" if it can). @param {string} slot @param {string} key */
  why(slot, key) { return this.judge.why(slot, key); }

  /** A hand on a picture sets controls. Until it is `done` only the picture follows: the form and the link wait, so that a drag makes one history entry.
   * @param {[path: string, kind: string, value: Value][]} changes @param {boolean} done */
  write(changes, done) {
    this.hands.touch();
    const all = changes.map(([path, kind, value]) => /** @type {const} */ ([this.grammar.id(path, kind), value]));
    for (const [id, value] of all) this.chosen.values[id] = value;
    if (done) for (const [id, value] of all) this.chosen.force(id, value);
    this.ask();
    if (!done) return;
    this.show();
    this.address.later();
  }

  /** These data, with as many particles as are said. @param {string} data @param {number} [particles] */
  choose(data, particles) {
    this.change(() => {
      this.chosen.force("pg-data", data);
      this.settle.data();
      if (particles) this.chosen.force("pg-particles", particles);
    });
  }

  /** The toys, or a trained model: with the same process, sampler, grid and seed as far as they fit. @param {string} page "toys" or "images" */
  turnTo(page) {
    const data = this.settle.dataOf(page);
    if (data !== null) this.choose(data);
  }

  /** A component says something. @param {string} id @param {Value | null} value */
  changed(id, value) {
    const was = this.value(id), control = this.grammar.byId.get(id);
    if (!this.chosen.ready || !control || !this.chosen.take(control, value, performance.now()) || this.settling) return;
    if (id === "pg-grid" && was !== value) this.settle.ownGrid = true;
    if (id === "pg-sampler" && was !== value) this.cost.keep();
    this.change(() => {
      if (id === "pg-data") this.settle.data();
      else if (id === "pg-model") this.settle.model();
      else if (id === "pg-guidance") this.settle.guidance();
    });
  }

  /** @param {() => void} fn changes what is chosen */
  change(fn) {
    this.settling = true;
    try {
      fn();
      this.settle.process();
    } finally {
      this.settling = false;
    }
    this.follow();
  }

  /** The picture of what is chosen. */
  ask() {
    const q = this.chosen.query();
    this.loop.ask(q);
    this.compare.edited(q);
  }

  follow() {
    this.ask(); // first: the server works while the page is brought up to date
    this.show();
    this.address.later();
  }

  /** A number in the form has another value. It changes nothing of what can be chosen: the form waits until the picture is there. */
  numberMoved() {
    this.ask();
    clearTimeout(this.showing);
    this.showing = setTimeout(() => this.show(), FORM_LATER);
    this.address.later();
  }

  // ---- links -------------------------------------------------------------------------------------------------------------------

  /** Another link was opened: the picture first, the form follows. */
  linkOpened() {
    this.address.still();
    this.view.read(location.search);
    if (this.parts.stage) this.checkView();
    this.mounts.showView();
    const q = this.compare.opened();
    this.parts.words?.restore();
    if (this.chosen.ready && equal(q, this.chosen.query())) return this.tellView(); // else another link is still on its way into the form
    this.restore(q);
  }

  /** The form is told by Python what it says of an experiment. @param {Query} q */
  restore(q) {
    const { values } = this.chosen;
    this.taking = q;
    values["pg-data"] = q.data ?? config.top.data.default; // what hands hold is read with the picture
    values["pg-model"] = q.model ?? this.grammar.firstModel(values["pg-data"]);
    this.loop.ask(q);
    this.chosen.ready = false;
    this.bridge.restore(q);
  }

  /** Python has put a link's values into the components. @param {(Value | null)[]} list by control; at last what was wrong with the link */
  restored(list) {
    const { chosen, grammar, loop } = this, q = this.taking ?? experimentPart(location.search), now = performance.now();
    this.taking = null;
    this.bridge.answered();
    chosen.forced.clear();
    chosen.ahead.clear();
    this.controls.forEach((c, i) => chosen.take(c, list[i], now));
    // numbers are told one by one, some with the value from before the link, and after this
    for (const c of this.controls) if (!/pick|choice|free/.test(c.type)) chosen.ahead.set(c.id, { value: chosen.values[c.id], until: now + AHEAD_OF_LINK });
    this.settle.begin(true);
    chosen.ready = true;
    this.show();
    const query = chosen.query();
    if (loop.shown && text(loop.shown.q) === text(query)) loop.shown.values = { ...chosen.values };
    const message = [list[this.controls.length], this.viewTold].filter(Boolean).join(" ");
    this.viewTold = "";
    if (message) this.tell({ kind: "warning", message, stay: LONG });
    if (message || !equal(query, q)) {
      loop.ask(query);
      if (message || (grammar.pictures(chosen.data) && !("particles" in q))) this.address.later(true); // when its picture is there the address says what is shown
    }
    const told = new URLSearchParams(location.search).get("data");
    if (told && told !== q.data) this.address.later(true); // a name of former links
    this.compare.ready();
  }

  checkView() { this.viewTold = [this.view.check(), this.compare.linked.check()].filter(Boolean).join(" "); }

  /** What of the view could not be used. */
  tellView() {
    if (!this.viewTold) return;
    this.tell({ kind: "warning", message: this.viewTold, stay: LONG });
    this.viewTold = "";
    this.address.later(true);
  }

  /** The picture of the address, asked for by boot.js. */
  start() {
    const { chosen, grammar } = this, { values } = chosen, { query } = first;
    for (const [path, value] of Object.entries(query)) {
      const c = grammar.byPath.get(`${path}|`);
      if (c && !c.kind && c.type === "pick") values[c.id] = value; // so that the right parameters are shown from the start
    }
    values["pg-model"] = query.model ?? grammar.firstModel(chosen.data);
    const only = chosen.who?.own?.process; // a model that knows one process brings it
    if (only && !query.process) values["pg-process"] = this.settle.lastProcess = only;
    for (const [slot, key] of Object.entries(config.fallback[chosen.process] ?? {})) if (!(slot in query)) values[`pg-${slot}`] = key;
    this.show();
    this.loop.ask(query, first.response);
    setTimeout(() => this.hands.without(() => this.startWithoutPython()), SLOW_START);
  }

  /** The restoring call has failed, or is slow: the link's values are put into the form from here. */
  startWithoutPython() {
    const { chosen, grammar } = this;
    if (chosen.ready || this.bridge.asked) return;
    for (const c of this.controls) {
      const told = first.query[c.path], outer = c.path.slice(0, c.path.lastIndexOf("."));
      if (told === undefined || (c.kind && c.kind !== (first.query[outer] ?? grammar.at(chosen.values, outer)))) continue;
      chosen.force(c.id, /pick|choice|free/.test(c.type) ? told : c.type === "flag" ? told === "true" : Number(told));
    }
    this.settle.begin(false);
    chosen.ready = true;
    this.show();
  }

  // ---- the loop ----------------------------------------------------------------------------------------------------------------

  /** Names of the arrays that the shown layers need. */
  wants(stage = this.parts.stage) {
    const { layers } = this.view.said, wanted = stage?.wants();
    const keys = wanted ? LAYERS.filter((l) => wanted.has(l.arrays)).map((l) => l.key) : layers ? layers.split(",") : DEFAULT_LAYERS;
    return { run: asked("run", keys).join(","), fields: asked("fields", keys).join(",") };
  }

  /** @returns {import("./loop.js").Page} */
  listener() {
    const { parts } = this;
    return {
      wants: () => this.wants(),
      valuesOf: (q) => (text(this.chosen.query()) === text(q) ? { ...this.chosen.values } : null),
      pictures: (data) => this.grammar.pictures(data),
      busy: (on) => parts.stage?.setBusy(on),
      forming: () => {
        hook.formed = 0;
        parts.images?.begin();
      },
      step: (packet) => {
        parts.images?.step(packet);
        hook.formed = packet.header.step;
        parts.tell(parts.status, "update", { calls: packet.header.calls, compute: packet.header.compute_ms });
      },
      halted: () => parts.images?.back(),
      drawn: (shown, job, whole) => this.drawn(shown, job, whole),
      fields: (packet) => {
        parts.put((stage) => stage.setFields(packet));
        parts.tell(parts.labs, "setFields", packet);
      },
      metrics: (packet) => this.measured(packet),
      measured: () => parts.labs !== null,
      failed: (error, q) => this.failed(error, q),
      refusal: (complaint) => this.refusal(complaint),
    };
  }

  /** A picture has come. @param {import("./loop.js").Shown} shown @param {import("./loop.js").Job} job @param {boolean} whole */
  drawn({ run, q, values }, job, whole) {
    const { parts } = this, { image } = run.header;
    mark();
    this.back.over();
    this.notices.clear("error"); // before the run, which may bring a message of its own
    parts.put((stage) => stage.setRun(run));
    this.compare.drawn({ run, q, values });
    parts.images?.setRun(run);
    if (image && (!this.view.said.at || !whole)) parts.put((stage) => stage.seek(stage.end)); // formed: there it stays until it is played again
    parts.tellLater(run);
    hook.painted = job.id;
    this.cost.show();
    if (!this.loop.next && this.cost.again(run)) this.follow();
    this.address.refused = null;
    if (this.judge.hear({ q, legal: run.header.legal ?? {} })) this.formShown.judged();
    requestAnimationFrame(() => parts.tellStatus(run, performance.now() - job.from));
  }

  /** Distances have come. @param {import("../lib/packet.js").Packet<import("../python.js").MetricsHeader>} packet */
  measured(packet) {
    const { parts } = this;
    parts.tell(parts.labs, "setMetrics", packet);
    parts.tell(parts.status, "update", { metrics: packet });
    parts.put((stage) => (stage.far = farOf(packet.header)));
    parts.tell(parts.words, "setMetrics", packet);
    this.compare.measured(packet);
  }

  /** A picture could not be had. @param {unknown} error @param {Query} q */
  failed(error, q) {
    const { parts, loop } = this, words = messageOf(error), values = loop.shown?.values;
    hook.errors.push(words);
    this.address.refused = text(q);
    if (error instanceof Refused && loop.next) return; // something newer is on its way: a repaired link, the next digit of a number
    parts.images?.back();
    if (!loop.shown) parts.put((stage) => stage.setEmpty(words));
    if (error instanceof Refused) {
      this.tell({ kind: "error", message: words });
      this.owed = this.hands.held && values ? error : null;
      if (this.hands.held || !values) mark(error.id);
      else this.giveWay(error);
      return;
    }
    const away = error instanceof Unreachable;
    if (!away) console.error(error);
    const message = away ? saidOf(error) || "The server does not answer. The last good picture is kept." : `This picture could not be drawn: ${words}`;
    const run = () => {
      this.address.refused = null;
      loop.again(q);
      this.address.later();
    };
    if (away) this.back.wait(run);
    this.tell({ kind: "error", message, action: { label: "Try again", run } });
  }

  /** What the server refused, in the words that stand in the form; what it may do later is no fault of a choice.
   * @param {import("./transport.js").Complaint} complaint @returns {Refused | Unreachable} */
  refusal({ field, value, allowed, message, again }) {
    if (again) return new Unreachable(message, message);
    const { chosen, grammar, titles } = this;
    const control = this.controls.find((c) => c.path === field && (!c.kind || c.kind === grammar.at(chosen.values, field.slice(0, field.lastIndexOf(".")))));
    const said = value === "" ? "nothing" : String(value).replace(/^'(.*)'$/, "$1");
    return new Refused(control && allowed ? `${titles.label(control)}: ${said} cannot be used; allowed: ${allowed}` : message, control?.id, allowed);
  }

  /** What was refused gives way to what is shown: form, link and picture are always one. In the box that a hand is in it may be mended. @param {Refused} error */
  giveWay(error) {
    const { chosen } = this, good = this.loop.shown?.values;
    this.address.refused = this.owed = null;
    if (!good) return;
    for (const { id } of this.controls) {
      if (same(chosen.values[id], good[id])) continue;
      chosen.values[id] = good[id];
      if (!boxes.refuse(id, good[id], error.allowed || error.message || "")) chosen.force(id, good[id]);
    }
    this.settle.back();
    this.show();
    this.address.later();
  }

  /** A pointer was lifted: what was refused while it was down gives way now. */
  released() {
    const { owed } = this;
    this.owed = null;
    if (owed && this.address.refused === text(this.chosen.query())) this.giveWay(owed);
  }

  /** Nothing asked for, nothing to be written, and no hand on the form for so long that Gradio has told of it. */
  get settled() { return this.chosen.ready && !this.pending && !this.address.pending && this.hands.rest(REST); }
  get pending() { return this.loop.pending || this.compare.pending || this.parts.telling !== 0 || boxes.waiting || Boolean(this.parts.labs?.loading); }
}

export const form = new Form();
form.start();
/** Why a choice cannot be made now ("" if it can). @param {string} slot @param {string} key */
export const why = (slot, key) => form.why(slot, key);
