// What lies over the selected stage: another of the stages, or the exact flow; of images another stands on the left of a line through each.
import { ofImages } from "../images/draw.js";
import { coloursOf } from "./colours.js";
import { ExactFlow, OtherRun } from "./laid.js";
import { Overlay } from "./overlay.js";
import { after } from "./rules.js";

/** In place of a stage's number. */
export const FLOW = "flow";

export class Over {
  /** @type {Overlay | null} */
  overlay = null;
  /** @type {ExactFlow | null} */
  flow = null;

  /** @param {import("./compare.js").Compare} compare */
  constructor(compare) {
    this.compare = compare;
  }

  /** @param {import("../stage/stage.js").Stage} lead */
  mount(lead) {
    const { form } = this.compare;
    this.overlay = new Overlay(lead);
    this.flow = new ExactFlow(lead, {
      fetch: (signal) => form.transport.packet("flow", "", form.shownQuery, signal),
      told: () => this.overlay?.renew(),
    });
  }

  /** What the link says: a stage's number, or FLOW; "": nothing. */
  get said() { return this.compare.form.view.said.overlay ?? ""; }

  /** Which stage, from 0; −1: none. */
  get which() { return this.said === FLOW ? -1 : Number(this.said) - 1; }

  /** @param {number} n from 0; −1: nothing */
  say(n) { this.compare.form.view.set("overlay", n < 0 ? "" : String(n + 1)); }

  /** The n-th stage is gone. @param {number} n */
  gone(n) { if (this.which >= 0) this.say(this.which === n ? -1 : after(this.which, n)); }

  /** Laid over the selected stage; what lies there goes. @param {string} what a stage's number, or FLOW */
  toggle(what) {
    const { compare, said } = this, { view, hands } = compare.form, again = said !== "" && (said === FLOW) === (what === FLOW);
    hands.touch();
    view.set("overlay", again ? "" : what);
    if (compare.on) compare.settle();
    else this.lay();
  }

  /** What the link says lies over the selected stage. */
  lay() {
    const { which: n, said, compare: { on, at, places, lead, board, form: { chosen } } } = this;
    const other = on && n !== at ? places[n] ?? null : null, flows = said === FLOW;
    board?.over(other !== null, flows);
    this.overlay?.show(chosen.pictures ? null : flows ? this.flow : other && lead && new OtherRun(lead, other, n + 1, coloursOf(lead.theme)[n]));
    this.line();
  }

  /** Of images the other stage stands on the left of a line through each. */
  line() {
    const { which: n, compare: { on, at, places, form: { parts: { images } } } } = this, other = n === at ? undefined : places[n]?.shown, run = ofImages(other?.run);
    if (on) images?.compare.lay(other && run ? { run, q: other.q } : null);
  }

  /** The selected stage's run may be another. */
  renew() {
    this.overlay?.renew();
    this.line();
  }
}
