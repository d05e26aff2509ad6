// What shows a stage that is not selected: a stage of its own without time bar and keyboard, and a loop that asks for its pictures.
import { el } from "../lib/dom.js";
import { Loop } from "../form/loop.js";
import { Stage } from "../stage/stage.js";

/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("../python.js").Query} Query */

export class Further {
  /** Whose picture it is now. @type {Place | null} */
  place = null;

  /** @param {import("../form/form.js").Form} form @param {Stage} lead the page's own stage
   * @param {{courseOf: Stage["courseOf"], told: (place: Place) => void, failed: (place: Place, error: unknown, q: Query) => void}} page */
  constructor(form, lead, page) {
    const stage = (this.stage = new Stage(el("div", { className: "pg-further" }), lead));
    stage.courseOf = page.courseOf;
    const nothing = () => {};
    this.loop = new Loop(form.transport, {
      wants: () => form.wants(stage),
      valuesOf: () => null,
      pictures: (data) => form.grammar.pictures(data),
      busy: (on) => stage.setBusy(on),
      forming: nothing, step: nothing, halted: nothing,
      drawn: (shown) => {
        const { place } = this;
        if (!place) return;
        place.shown = shown;
        place.why = "";
        stage.setRun(shown.run);
        page.told(place);
      },
      fields: (packet) => stage.setFields(packet),
      metrics: (packet) => {
        if (!this.place) return;
        this.place.metrics = packet;
        this.place.showNumbers();
        page.told(this.place);
      },
      measured: () => true,
      failed: (error, q) => this.place && page.failed(this.place, error, q),
      refusal: (complaint) => form.refusal(complaint),
    });
  }
}
