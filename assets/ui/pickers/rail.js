// The logarithmic rail beside a number.
import { setNumber } from "../lib/boxes.js";
import { el } from "../lib/dom.js";

const STOPS = 1000;

export class Rail {
  /** @param {import("../page.js").Component} component @param {(id: string) => unknown} valueOf what a control says */
  constructor({ element, props }, valueOf) {
    const { target, lo, hi, label, whole } = props.payload;
    /** @type {string} The id of the number. */
    this.target = target;
    /** @type {number} */
    this.lo = lo;
    /** @type {number} */
    this.hi = hi;
    /** @type {boolean} */
    this.whole = whole;
    this.input = el("input", { type: "range", min: "0", max: String(STOPS), step: "1" });
    this.input.setAttribute("aria-label", `${label} (logarithmic)`);
    (element.querySelector(".pg-rail") ?? element).replaceChildren(this.input);
    this.input.addEventListener("input", () => this._send(this._told()));
    this.input.addEventListener("keydown", (e) => {
      const direction = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[e.key];
      if (!direction) return;
      e.preventDefault();
      const now = Number(valueOf(target)), step = 10 ** Math.max(0, Math.floor(Math.log10(now)) - 1);
      const to = this._within(now + direction * step);
      this.input.value = String(this._at(to));
      this._send(to);
    });
    this.show(valueOf(target));
  }

  /** @param {number} v */
  _within(v) { return Math.max(this.lo, Math.min(this.hi, v)); }
  /** Where a number stands on the rail. @param {number} v */
  _at(v) { return (STOPS * Math.log(Math.max(this.lo, v) / this.lo)) / Math.log(this.hi / this.lo); }
  /** The round number at which the rail stands. */
  _told() {
    const v = this.lo * (this.hi / this.lo) ** (Number(this.input.value) / STOPS), digits = 10 ** Math.max(0, Math.floor(Math.log10(v)) - 1);
    const unit = this.whole ? Math.max(1, digits) : digits / 10;
    return this._within(Math.round(v / unit) * unit);
  }

  /** @param {number} v */
  _send(v) {
    setNumber(this.target, v);
    this.show(v);
  }

  /** @param {unknown} v */
  show(v) {
    const number = Number(v);
    if (v == null || Number.isNaN(number)) return;
    if (document.activeElement !== this.input || this._told() !== number) this.input.value = String(this._at(number));
    this.input.style.setProperty("--range_progress", `${Number(this.input.value) / 10}%`);
    this.input.setAttribute("aria-valuetext", String(v));
  }
}
