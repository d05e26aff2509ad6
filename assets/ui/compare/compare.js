// Several stages beside each other: each an experiment of its own, all with the same data, noise and clock. The page's own stage, the form, the labs and
// "this step" belong to the selected one; each other has a stage and a loop of its own (further.js). The link's own experiment is the first stage.
import { Refused, messageOf } from "../form/transport.js";
import { equal, same } from "../form/query.js";
import { config, theme } from "../lib/start.js";
import { linkOf, viewIn } from "../form/address.js";
import { alone } from "../stage/course.js";
import { Besides } from "./besides.js";
import { Board } from "./board.js";
import { coloursOf } from "./colours.js";
import { Common } from "./common.js";
import { Editing } from "./editing.js";
import { Further } from "./further.js";
import { Kept } from "./kept.js";
import { said } from "./link.js";
import { Linked } from "./linked.js";
import { FLOW, Over } from "./over.js";
import { Place } from "./place.js";
import { after, follow, shared } from "./rules.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("../form/loop.js").Shown} Shown */
/** @typedef {import("./place.js").MetricsPacket} MetricsPacket */

const { most } = config.compare; // stages beside each other

/** What a link says of further stages: nothing of what all share. @param {Query} first @param {Query[]} others */
const textOf = (first, others) => said(first, others.map((q) => shared(first, q)));

export class Compare {
  /** In their order; one stage alone is none. @type {Place[]} */
  places = [];
  /** Which is selected. */
  at = 0;
  /** Do controls change all stages? */
  all = false;
  /** What showed stages that are gone. @type {Further[]} */
  spare = [];
  /** The page's own stage. @type {Stage | null} */
  lead = null;
  /** @type {Board | null} */
  board = null;
  /** The stage of a link that is to be selected when the form can. */
  wanted = 0;

  /** @param {import("../form/form.js").Form} form */
  constructor(form) {
    this.form = form;
    this.common = new Common(form);
    this.besides = new Besides(form.parts);
    this.linked = new Linked(form);
    this.over = new Over(this);
    this.kept = new Kept();
    this.editing = new Editing({ select: (n) => this.select(n), all: (on) => this.editAll(on) });
  }

  /** What draws two runs in one plane, for tests. */
  get overlay() { return this.over.overlay; }
  get on() { return this.places.length > 1; }
  get pending() { return this.wanted > 0 || this.places.some(({ further }) => further?.loop.pending); }
  get selected() { return this.places[this.at]; }

  /** @param {Stage} lead */
  mount(lead) {
    this.lead = lead;
    this.board = new Board(lead, { add: () => this.add(), unit: (unit) => this.common.count(unit), overlay: () => this.over.toggle(String(this.at ? 1 : 2)), flow: () => this.over.toggle(FLOW) });
    this.common.mount(lead, this.board);
    theme.on(() => {
      this.common.dress();
      this.show();
    });
    this.over.mount(lead);
  }

  // ---- stages come and go --------------------------------------------------------------------------------------------------------

  /** One more, a copy of the selected one, which is then selected itself. */
  add() {
    const { form, lead } = this, { shown } = form.loop;
    if (!lead || !shown) return;
    if (this.places.length >= most) return form.tell({ kind: "info", message: `${most} stages stand beside each other at most: take one away first.` });
    form.hands.touch();
    if (!this.on) form.parts.images?.compare.lay(null); // what was kept for the line
    if (!this.on) this.places = [this.place(form.chosen.query(), lead)];
    const place = this.place(this.selected.q, null);
    this.places.push(place);
    this.step(this.places.length - 1);
    this.settle();
  }

  /** @param {Query} q @param {Stage | null} stage */
  place(q, stage) {
    const n = (/** @type {Place} */ p) => this.places.indexOf(p), place = new Place(q, { select: (p) => this.select(n(p)), remove: (p) => this.remove(n(p)), table: (p) => this.common.table(n(p)) });
    place.stage = stage;
    return place;
  }

  /** The page's own stage goes to another place that has none: what it showed is shown by one more. @param {number} to */
  step(to) {
    const from = this.selected, place = this.places[to];
    this.leave(from);
    this.common.held = true;
    place.stage = this.lead;
    [place.shown, place.metrics] = [from.shown, from.metrics];
    this.at = to;
    this.lend(from, this.spare.pop() ?? this.further(), this.lead?.fields);
  }

  /** What the page's stage shows is kept for its place. @param {Place} place */
  leave(place) {
    const { shown } = this.form.loop;
    if (shown) place.shown = shown;
  }

  further() {
    const lead = /** @type {Stage} */ (this.lead);
    return new Further(this.form, lead, { courseOf: (run) => this.common.courseOf(run), told: () => this.show(), failed: (place, error) => this.failed(place, error) });
  }

  /** A place is shown by `further` from now on. @param {Place} place @param {Further} further @param {import("../stage/run.js").Fields | null} [fields] of its run */
  lend(place, further, fields = null) {
    const { stage, loop } = further;
    further.place = place;
    place.further = further;
    place.stage = stage;
    if (place.shown) {
      stage.fields = fields;
      further.show(place.shown, place.metrics);
      loop.take(place.shown);
    } else stage.forget();
    loop.ask(place.q);
  }

  /** @param {number} n */
  remove(n) {
    if (!this.on) return;
    this.form.hands.touch();
    if (n === this.at) this.select(n ? n - 1 : 1);
    const [gone] = this.places.splice(n, 1);
    if (n < this.at) this.at--;
    this.wanted = after(this.wanted, n);
    this.over.gone(n);
    this.release(gone);
    if (!this.on) return this.end();
    this.settle();
  }

  /** @param {Place} place */
  release({ further, cell }) {
    cell.remove();
    if (!further) return;
    further.place = null;
    further.loop.drop();
    this.spare.push(further);
  }

  /** Only the selected stage remains. */
  end() {
    const { lead, form } = this;
    if (!this.places.length || !lead) return;
    for (const place of this.places) this.release(place);
    this.places = [];
    this.at = this.wanted = 0;
    this.all = false;
    form.parts.images?.compare.lay(null);
    const own = lead.cursor;
    lead.courseOf = alone;
    this.settle();
    if (lead.run) {
      lead.course = alone(lead.run);
      lead.clock.setRun(lead.run);
      lead.clock.cursor = own;
      lead.frame.bar.drawTicks();
    }
    for (const name of ["compare", "clock"]) form.view.set(name, "");
    if (this.over.which >= 0) this.over.say(-1);
    form.address.later();
  }

  // ---- which one is selected -----------------------------------------------------------------------------------------------------

  /** @param {boolean} on */
  editAll(on) {
    this.all = on;
    this.show();
  }

  /** The form, the page's stage and all beside it turn to stage n. @param {number} n */
  select(n) {
    const place = this.places[n], from = this.selected, { lead, form } = this, { further } = place ?? {};
    if (!lead || !from || !place || !further || !form.chosen.ready) return;
    this.leave(from);
    this.common.held = true;
    this.at = n;
    const fields = further.stage.fields, { shown } = place;
    place.further = null;
    place.stage = lead;
    further.loop.drop();
    this.lend(from, further, lead.fields);
    if (shown) {
      lead.fields = fields;
      this.turn(place.q, shown);
    } else this.adopt(place.q);
    if (shown && !equal(shown.q, place.q)) form.loop.ask(place.q);
    if (this.over.which === n) this.over.say(this.places.indexOf(from)); // the two change parts
    this.settle();
    this.board?.reveal(place);
  }

  /** The form says another experiment, whose picture is there. @param {Query} q @param {Shown} shown */
  turn(q, shown) {
    const { form } = this;
    form.loop.take(shown);
    this.adopt(q);
    form.drawn(shown, { ...shown, text: "", begun: null, id: form.loop.seq, from: performance.now() }, true);
  }

  /** The form says an experiment; where its controls cannot by themselves, Python tells them. @param {Query} q */
  adopt(q) {
    const { form } = this, { chosen } = form, values = form.grammar.valuesOf(q, chosen.values);
    if (!values) return form.restore(q);
    form.settling = true;
    for (const { id } of form.controls) if (!same(chosen.values[id], values[id])) chosen.force(id, values[id]);
    form.settling = false;
    form.settle.begin(true);
    form.show();
  }

  // ---- what is chosen ------------------------------------------------------------------------------------------------------------

  /** The selected stage's experiment is another: what is shared changes with it everywhere, and with "all" everything. @param {Query} q */
  edited(q) {
    const { form, selected } = this;
    if (!this.on) return;
    const was = selected.q, { grammar } = form;
    if (equal(was, q)) return;
    if (grammar.pictures(q.data) !== grammar.pictures(was.data)) return this.part();
    selected.q = q;
    for (const place of this.places) {
      if (!place.further) continue;
      const next = follow(grammar, was, q, place.q, this.all);
      if (equal(next, place.q)) continue;
      place.q = next;
      place.further.loop.ask(next);
    }
    this.show();
  }

  /** Other data than all stages can have: they are kept for the page that they are of. */
  part() {
    const { form, kept, places } = this, [first, ...others] = places.map(({ q }) => q), link = linkOf(first, { ...form.view.said, compare: textOf(first, others) });
    const message = kept.keep(form.grammar.pictures(first.data) ? "images" : "toys", link, places.length);
    this.end();
    form.tell({ kind: "info", message });
  }

  /** A further stage cannot be shown: one of a link that never was goes, one that was says why. @param {Place} place @param {unknown} error */
  failed(place, error) {
    const n = this.places.indexOf(place), words = messageOf(error);
    if (n < 0) return;
    if (place.shown || !(error instanceof Refused)) {
      place.why = words || "The server does not answer.";
      this.show();
      return;
    }
    const { form } = this, message = this.linked.leaveOut(place.told, words);
    if (form.chosen.ready) form.tell({ kind: "warning", message, stay: 15000 });
    else form.viewTold = message; // told with what else the link has that cannot be used
    this.remove(n);
  }

  // ---- what is shown -------------------------------------------------------------------------------------------------------------

  /** The page's own stage has another picture. @param {Shown} shown */
  drawn(shown) {
    const { selected, kept, form: { chosen, grammar } } = this, pictures = grammar.pictures(shown.q.data);
    if (pictures === chosen.pictures) kept.drop(pictures ? "images" : "toys"); // and not a late one of the page before
    if (!selected) return;
    selected.shown = shown;
    selected.why = "";
    this.show();
  }

  /** @param {MetricsPacket} packet of the selected stage */
  measured(packet) {
    if (!this.selected) return;
    this.selected.metrics = packet;
    this.show();
  }

  /** Where they stand, and whose the clock is. */
  settle() {
    const { board, lead } = this;
    if (!board || !lead) return;
    board.show(this.on);
    lead.keysTaken = this.on ? this.places.length : 0;
    if (this.on) {
      lead.courseOf = (run) => this.common.courseOf(run);
      board.fill(this.places);
    }
    this.common.settle(this.places, this.at);
    if (!this.wanted) this.form.view.set("selected", this.at ? String(this.at + 1) : "");
    this.over.lay();
    this.show();
    lead.picture.layout();
    this.form.address.later();
  }

  show() {
    const { places, at, all, board } = this;
    this.editing.show(places.length, at, all);
    if (!this.on || !board) return this.besides.tell([], 0, []);
    const words = this.common.words(), colours = this.lead ? coloursOf(this.lead.theme) : [];
    places.forEach((place, n) => place.show(n, n === at, words[n], colours[n]));
    board.more.disabled = places.length >= most;
    this.common.tell();
    this.besides.tell(places, at, words);
    this.over.renew();
    this.form.address.later();
  }

  /** The stages that are seen, in their order. @returns {import("./sheet.js").Seen[]} */
  get seen() {
    const { lead, places, board, form: { parts: { images } } } = this;
    if (!lead || !images) return [];
    if (!this.on || board?.alone) return [{ stage: lead, images }];
    return places.flatMap(({ stage, further }) => (stage ? [{ stage, images: further?.images ?? images }] : []));
  }

  // ---- the link ------------------------------------------------------------------------------------------------------------------

  /** Whose experiment the link says: the first stage's. @param {Query} q the selected one's */
  first(q) { return this.on && this.at ? this.places[0].q : q; }

  /** What the link says of the view. @param {Record<string, string>} view */
  view(view) { return this.on ? { ...view, compare: this.text } : view; }

  get text() {
    const { queries: [first, ...others], form } = this;
    return this.on ? textOf(first, others) : form.view.said.compare ?? "";
  }

  /** What the stages show, in their order; none: one stands alone. @returns {Query[]} */
  get queries() { return this.places.map((place, n) => (n === this.at ? this.form.loop.shown?.q ?? place.q : place.q)); }

  /** Do the stages differ from those of the address? */
  get news() { return (this.on || !this.form.chosen.pictures) && this.text !== (viewIn(location.search).compare ?? ""); }

  /** A link was opened: its stages, and of which the form is to tell. @returns {Query} */
  opened() {
    const { linked: { base, told }, form, over } = this, stages = [{ n: 1, q: base }, ...told], { lead } = this;
    if (!told.length || !lead) {
      this.end();
      this.over.lay();
      return base;
    }
    const which = (/** @type {number} */ no) => stages.findIndex(({ n }) => n === no), n = Math.max(0, which(Number(form.view.said.selected || 1))), at = form.chosen.ready ? n : 0;
    this.wanted = n !== at ? n : 0; // what the form says already waits for nothing
    if (over.which >= 0) over.say(which(over.which + 1));
    this.common.held = true;
    if (!this.on) this.places = [this.place(base, lead)];
    this.selected.shown = form.loop.shown;
    while (this.places.length > stages.length) this.release(/** @type {Place} */ (this.places.splice(this.at ? 0 : 1, 1)[0])), (this.at = this.places.findIndex(({ stage }) => stage === lead));
    while (this.places.length < stages.length) this.places.push(this.place(base, null));
    const from = this.places.splice(this.at, 1)[0]; // the page's stage goes to the selected one's place
    this.places.splice((this.at = at), 0, from);
    this.places.forEach((place, i) => {
      [place.told, place.q] = [stages[i].n, stages[i].q];
      if (place === from) return;
      if (place.further) place.further.loop.ask(place.q);
      else this.lend(place, this.spare.pop() ?? this.further());
    });
    this.settle();
    return stages[at].q;
  }

  /** The form has what a link says: the stage that it selects is selected. */
  ready() {
    const { wanted } = this;
    this.wanted = 0;
    if (this.on) this.selected.q = this.form.chosen.query();
    if (this.on && wanted && wanted !== this.at) this.select(wanted);
  }
}
