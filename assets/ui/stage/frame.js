// What stands around the picture: legend, moment, notes and messages over it, the time bar below, the list of keys over the page. It shows the
// stage's state, which alone changes it.
import { time } from "../lib/time.js";
import { captionHeld, captionParts, described } from "./captions.js";
import { Caption, Keys, Toast, make, withSubscripts } from "./controls.js";
import { Legend } from "./legend.js";
import { TimeBar } from "./timebar.js";

/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./run.js").Facts} Facts */

const BUSY_AFTER_MS = 300; // shorter waits show nothing

class Frame {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    const { root } = stage;
    this.stage = stage;
    this.legend = new Legend(stage);
    this.bar = new TimeBar(stage);
    this.keys = new Keys();
    this.toast = new Toast();
    this.caption = new Caption();
    this.notes = make("div", "pg-notes");
    this.empty = Object.assign(make("p"), { textContent: "Preparing the first run…" });
    this.under = false; // is an image run under way?
    this.busyTimer = 0;
    this.ui = {
      view: make("div", "pg-view"),
      canvas: make("canvas", "pg-canvas", { role: "img", "aria-label": "Diffusion stage, preparing the first run" }),
      head: make("div", "pg-head"),
    };
    const { view, canvas, head } = this.ui, empty = make("div", "pg-empty", { role: "status" });
    root.classList.add("pg-stage", "pg-waiting");
    root.replaceChildren();
    empty.append(this.empty);
    head.append(this.caption.box);
    view.append(canvas, empty, head, this.notes, this.toast.box);
    root.append(view);
    this.bar.show();
  }

  /** What there is once on the page: the words of the layers, the time bar, the list of keys. */
  furnish() {
    this.ui.head.prepend(this.legend.box);
    this.stage.root.append(this.bar.box, this.keys.box);
  }

  /** Sizes and theme may change at any time.
   * @param {import("./picture.js").Picture} picture */
  watch(picture) {
    const { root } = this.stage, { bar } = this;
    const sized = new ResizeObserver(() => {
      picture.readTheme(); // type grows with the window
      picture.layout();
    });
    sized.observe(this.ui.view);
    // the theme is a class on <body> or any ancestor
    const themed = new MutationObserver(() => picture.readTheme());
    /** @type {Set<Element>} */
    const above = new Set([document.body, document.documentElement]);
    for (let node = root.parentElement; node; node = node.parentElement) above.add(node);
    for (const node of above) themed.observe(node, { attributes: true, attributeFilter: ["class", "data-pg-theme", "data-theme"] });
    new ResizeObserver(() => bar.drawTicks()).observe(bar.track);
  }

  /** Shows what plays, and the marks and notes of the run. */
  show() {
    const { run } = this.stage;
    this.bar.show();
    if (!run) return;
    this.bar.drawTicks();
    this.notes.replaceChildren(...withSubscripts((run.header.notes || []).filter(Boolean).join(" · ")));
  }

  /** @param {Facts} info */
  showTime(info) {
    const { run } = this.stage;
    if (this.under || !run) return;
    this.bar.at(this.stage.clock.cursor);
    this.caption.say(time.said(info), captionParts(info, run), captionHeld(info, run));
  }

  /** Time is told as something else. */
  tellTime() {
    const { run, cursor, picture } = this.stage;
    if (!run) return;
    this.showTime(run.facts(cursor));
    this.bar.drawTicks();
    picture.touch(true);
  }

  /** Says the picture to those who do not see it. */
  describe() {
    const { run, cursor, layers } = this.stage;
    if (!run) return;
    const info = run.facts(cursor);
    this.bar.range.setAttribute("aria-valuetext", time.said(info));
    this.ui.canvas.setAttribute("aria-label", described(run, info, layers));
  }

  /** An image run under way: the time of its last step; null: none is. What else is shown is of the run before, and fades.
   * @param {{time: number, clock: number, step: number, steps: number} | null} at */
  forming(at) {
    const { run, cursor } = this.stage;
    this.under = Boolean(at);
    document.body.classList.toggle("pg-under-way", this.under);
    if (at) {
      this.bar.at(at.clock);
      this.caption.say(time.said({ t: at.time, logSnr: NaN }), ["", `forming · step ${at.step}/${at.steps}`], "");
    } else if (run) this.showTime(run.facts(cursor));
  }

  /** There are images beside the plane, and the plane is not of them yet. */
  showForming() {
    const { root, images, run } = this.stage;
    root.classList.toggle("pg-forming", images && !run?.header.image);
  }

  /** @param {Run} run */
  showDivergence({ header: { diverged } }) {
    if (diverged) this.toast.show({ kind: "error", message: diverged.message || `The run left the plotted range at step ${diverged.step}.` }, "diverged");
    else this.toast.free("diverged");
  }

  /** @param {boolean} on */
  busy(on) {
    const { root } = this.stage;
    clearTimeout(this.busyTimer);
    if (on) this.busyTimer = window.setTimeout(() => root.classList.add("pg-busy"), BUSY_AFTER_MS);
    else root.classList.remove("pg-busy");
    root.setAttribute("aria-busy", String(on));
  }
}

export { Frame };
