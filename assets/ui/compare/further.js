// What shows a stage that is not selected: a stage of its own without time bar and keyboard, and a loop that asks for its pictures.
import { el } from "../lib/dom.js";
import { Loop } from "../form/loop.js";
import { Images } from "../images/images.js";
import { farOf } from "../stage/captions.js";
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
    const images = (this.images = new Images(stage, {
      stop: () => this.loop.stop(),
      goOn: () => this.loop.shown && this.loop.ask(this.loop.shown.q),
      notice: (notice) => form.tell(notice),
      setView: () => {}, // the link says of the selected stage how it is looked at
      difference: (a, b) => form.titles.differences([a, b]),
      query: () => this.loop.shown?.q ?? {},
      fetchRun: (q) => form.transport.packet("run", form.wants(stage).run, q),
    }));
    stage.on("cursor", (info) => images.cursor(info));
    this.loop = new Loop(form.transport, {
      wants: () => form.wants(stage),
      valuesOf: () => null,
      pictures: (data) => form.grammar.pictures(data),
      busy: (on) => stage.setBusy(on),
      forming: () => images.begin(),
      step: (packet) => images.step(packet),
      halted: () => images.back(),
      drawn: (shown) => {
        const { place } = this;
        if (!place) return;
        place.shown = shown;
        place.why = "";
        this.show(shown);
        page.told(place);
      },
      fields: (packet) => stage.setFields(packet),
      metrics: (packet) => {
        if (!this.place) return;
        stage.far = farOf(packet.header);
        this.place.metrics = packet;
        this.place.showNumbers();
        page.told(this.place);
      },
      measured: () => true,
      failed: (error, q) => this.place && page.failed(this.place, error, q),
      refusal: (complaint) => form.refusal(complaint),
    });
  }

  /** @param {import("../form/loop.js").Shown} shown @param {import("./place.js").MetricsPacket | null} [metrics] */
  show({ run }, metrics = null) {
    if (metrics) this.stage.far = farOf(metrics.header);
    this.stage.setRun(run);
    this.images.setRun(run);
  }
}
