import { clamp } from "../../lib/numbers.js";
import { targetOf } from "../../lib/dom.js";
import { xAt } from "./frame.js";

/** @typedef {import("./panel.js").Panel} Panel */

/** @type {Record<string, number>} by how much of the clock */
const KEYS = { ArrowLeft: 0.01, ArrowRight: -0.01, PageDown: 0.1, PageUp: -0.1 };
/** @type {Record<string, number>} */
const ENDS = { Home: 1, End: 0 };

/** A hand that moves the cursor: anywhere in a panel's plot, unless a tool of Plotly's is chosen; by the line itself always. */
export class Scrub {
  /** @type {{id: number, touch: boolean, x: number} | null} touch: a finger that may still be about to scroll the page */
  drag = null;
  /** @type {number | null} the clock that the next frame asks for */
  asked = null;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    const { plot, line } = panel;
    plot.addEventListener("pointerdown", (e) => this.down(e));
    plot.addEventListener("pointermove", (e) => this.move(e));
    plot.addEventListener("pointerup", (e) => this.up(e, true));
    plot.addEventListener("pointercancel", (e) => this.up(e, false));
    plot.addEventListener("pointerleave", () => panel.owner.point(null));
    line.addEventListener("keydown", (e) => this.key(e));
  }

  /** @param {PointerEvent} e */
  clockAt(e) {
    const { view, plot } = this.panel, r = plot.getBoundingClientRect(), [lo, hi] = view.x;
    return clamp(1 - clamp(xAt(view, r.width, e.clientX - r.left), lo, hi), 0, 1);
  }

  /** @param {PointerEvent} e */
  send(e) {
    const first = this.asked == null;
    this.asked = this.clockAt(e);
    if (first) requestAnimationFrame(() => {
      const clock = this.asked;
      this.asked = null;
      if (clock != null) this.panel.owner.told.seek(clock); // whose answer may be another moment: a state is held until the next
    });
  }

  /** @param {PointerEvent} e */
  down(e) {
    const { panel } = this;
    if (e.button || targetOf(e, ".modebar")) return;
    if (panel.figure.dragmode && e.target !== panel.line) return;
    if (panel.held?.down(e)) return panel.owner.point(null);
    this.drag = { id: e.pointerId, touch: e.pointerType === "touch", x: e.clientX };
    panel.owner.point(null);
    // a finger may be about to scroll the page: it decides with its first move sideways, or by lifting
    if (this.drag.touch) return;
    panel.plot.setPointerCapture(e.pointerId);
    panel.owner.root.classList.add("pg-scrub");
    this.send(e);
  }

  /** @param {PointerEvent} e */
  move(e) {
    const { drag } = this;
    if (!drag) this.panel.owner.point(e.pointerType === "touch" || e.buttons || targetOf(e, ".modebar") ? null : 1 - this.clockAt(e));
    if (drag?.id !== e.pointerId || (drag.touch && Math.abs(e.clientX - drag.x) < 4)) return;
    drag.touch = false;
    this.send(e);
  }

  /** @param {PointerEvent} e @param {boolean} done */
  up(e, done) {
    if (this.drag?.id !== e.pointerId) return;
    if (this.drag.touch && done) this.send(e);
    this.drag = null;
    this.panel.owner.root.classList.remove("pg-scrub");
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const { owner } = this.panel, by = KEYS[e.key], clock = ENDS[e.key] ?? (by && clamp(owner.cursorAt + by, 0, 1));
    if (clock == null) return;
    e.preventDefault();
    e.stopPropagation();
    owner.told.seek(clock);
  }
}
