// The panel below the stage: tools, the numbers of the component that is held, what is known of the mixture.
import { el } from "../../lib/dom.js";
import { mixture } from "../../lib/mixture.js";
import { config } from "../../lib/start.js";
import { many, read, sentences } from "./fit.js";
import { FINGER, TOOLS } from "./tools.js";

/** @typedef {import("./changes.js").Mixture} Mixture */
/** @typedef {import("./changes.js").Part} Part */
/** @typedef {import("./own.js").Own} Own */
/** @typedef {{row: HTMLElement, word: HTMLElement, input: HTMLInputElement}} Field */
/** @typedef {Field & {of: (part: Part) => number, digits: number, plane: boolean}} PartField a number of the component; plane: not on the line */

const FITS = [1, 2, 4, 8, 16, 32, 64, 128]; // Gaussians that a fit may be asked to have
const LIMITS = config.limits;

/** @param {number} angle */
const degrees = (angle) => ((((angle / Math.PI) * 180) % 180) + 180) % 180;
/** @param {number} n */
const gaussians = (n) => `${n} Gaussian${n > 1 ? "s" : ""}`;

/**
 * @param {string} words
 * @param {string} title
 * @param {() => void} fn
 */
function button(words, title, fn) {
  const b = el("button", { type: "button", className: "pg-own-button", textContent: words, title });
  b.addEventListener("click", fn);
  return b;
}

export class Desk {
  /** @param {Own} own */
  constructor(own) {
    this.own = own;
    this.buttons = TOOLS.map((tool) => {
      const b = button(tool.word, tool.tip, () => own.setTool(tool));
      b.setAttribute("role", "radio");
      b.dataset.tool = tool.key;
      return b;
    });
    this.size = this._field("brush", { type: "range", min: "0.05", max: "1", step: "0.05", value: String(own.brush.radius) }, (v) => {
      own.brush.radius = v;
      own.hands.draw();
    }, "Radius of brush and eraser, data units");
    this.count = el("select", { title: "How many Gaussians are fitted to points. As many as needed: doubled as long as points that were not fitted become more likely" },
      ...["0", ...FITS.map(String)].map((n) => el("option", { value: n, textContent: n === "0" ? "as needed" : gaussians(Number(n)) })));
    this.count.setAttribute("aria-label", "Gaussians in a fit");
    this.count.addEventListener("change", () => own.points.length && own.fit(true));
    this.file = el("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", className: "pg-own-file", tabIndex: -1 });
    this.file.setAttribute("aria-label", "A table of points");
    this.file.addEventListener("change", () => own.upload(this.file.files?.[0]));
    this.help = el("p", { className: "pg-own-help" });
    this.clear = button("Clear", "Takes all painted points away: the next stroke begins anew", () => {
      own.brush.points = [];
      own.tell();
    });
    this.title = el("h2");
    this.fields = this._fields();
    this.fieldBox = el("div", { className: "pg-own-fields" }, ...Object.values(this.fields).map((f) => f.row));
    this.plus = button("Add", "A new component; or double click where it shall stand", () => own.mix && own.add(own.mix.dim === 2 ? [0, 0] : [0]));
    this.del = button("Remove", "Key Del", () => own.remove(own.index));
    this.says = el("div", { className: "pg-own-says" });
    this.says.setAttribute("role", "status");
    this.box = el("div", { className: "pg-own" }, this._left(), this._middle(), el("section", {}, el("h2", { textContent: "This mixture" }), this.says));
  }

  /** How many Gaussians a fit has, "0" as many as needed. */
  get components() {
    return this.count.value || "0";
  }
  /** The same file may be chosen again. */
  forget() {
    this.file.value = "";
  }

  _left() {
    const tools = el("div", { className: "pg-own-tools" }, ...this.buttons);
    tools.setAttribute("role", "radiogroup");
    tools.setAttribute("aria-label", "What the pointer does");
    tools.addEventListener("keydown", (e) => {
      const by = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0, at = this.buttons.findIndex((b) => b === document.activeElement);
      if (!by || at < 0) return;
      e.preventDefault();
      e.stopPropagation();
      const to = (at + by + TOOLS.length) % TOOLS.length;
      this.own.setTool(TOOLS[to]);
      this.buttons[to].focus();
    });
    const upload = button("Upload points…", `A CSV of one or two columns, up to ${many(LIMITS.table_rows)} rows; or drop it on the stage`, () => this.file.click());
    return el("section", {}, tools, this.help, this.size.row, el("label", { className: "pg-own-row" }, el("span", { textContent: "fit with" }), this.count),
      el("div", { className: "pg-own-buttons" }, this.clear, upload, this.file));
  }
  _middle() {
    return el("section", {}, this.title, this.fieldBox, el("div", { className: "pg-own-buttons" }, this.plus, this.del));
  }

  /**
   * @param {string} word
   * @param {Partial<HTMLInputElement>} props
   * @param {(value: number) => void} change
   * @returns {Field}
   */
  _field(word, props, change, title = "") {
    const input = el("input", props), out = el("output", { textContent: input.value }), said = el("span", { textContent: word });
    const row = el("label", { className: "pg-own-row", title }, said, input, ...(props.type === "range" ? [out] : []));
    input.addEventListener("input", () => {
      out.textContent = input.value;
      if (input.value !== "" && Number.isFinite(+input.value)) change(+input.value);
    });
    input.addEventListener("focusout", () => this.own.tell()); // not blur: what was typed counts first (boxes.js)
    return { row, word: said, input };
  }
  _fields() {
    const { own } = this;
    /** @param {(part: Part, v: number) => void} fn */
    const set = (fn) => (/** @type {number} */ v) => {
      if (!own.part) return;
      fn(own.part, v);
      own.write(true);
    };
    /**
     * @param {string} word
     * @param {Partial<HTMLInputElement>} bounds
     * @param {(value: number) => void} change
     * @param {(part: Part) => number} of
     * @returns {PartField}
     */
    const number = (word, bounds, change, of, { title = "", digits = 2, plane = false } = {}) =>
      ({ ...this._field(word, { type: "number", ...bounds }, change, title), of, digits, plane });
    const axis = { min: String(mixture.LEAST_AXIS), max: String(mixture.LIMIT), step: "0.02" }, centre = { step: "0.05" };
    return {
      w: number("weight %", { min: String(100 * mixture.LEAST_WEIGHT), max: "100", step: "1" }, (v) => own.weigh(v / 100, true), (p) => 100 * p.w, { title: "Its share of the probability; the others keep their proportions" }),
      angle: number("angle °", { step: "5" }, set((p, v) => (p.angle = (v / 180) * Math.PI)), (p) => degrees(p.angle), { title: "Of the first axis, from the right, anticlockwise", plane: true }),
      x: number("centre x₁", centre, set((p, v) => own.centre(p, [v, ...p.m.slice(1)])), (p) => p.m[0]),
      y: number("centre x₂", centre, set((p, v) => own.centre(p, [p.m[0], v])), (p) => p.m[1], { plane: true }),
      a: number("axis a", axis, set((p, v) => own.axis(p, 0, v)), (p) => p.axes[0], { title: "Standard deviation along the first axis", digits: 3 }),
      b: number("axis b", axis, set((p, v) => own.axis(p, 1, v)), (p) => p.axes[1], { title: "Standard deviation across it", digits: 3, plane: true }),
    };
  }

  // ---- what it says now ----
  tell() {
    const { own, fields } = this, { mix, tool } = own, holds = !tool.paints, part = holds ? own.part : undefined, plane = mix?.dim !== 1;
    for (const b of this.buttons) {
      const on = b.dataset.tool === tool.key;
      b.setAttribute("aria-checked", String(on));
      b.tabIndex = on ? 0 : -1;
    }
    this.help.textContent = tool.tip;
    this.size.row.hidden = holds;
    this.clear.hidden = holds || !own.points.length;
    this.title.textContent = holds ? this._held(mix, part) : own.points.length ? `${many(own.points.length)} points` : "No points yet";
    this.plus.hidden = !holds;
    fields.x.word.textContent = plane ? "centre x₁" : "centre x";
    fields.a.word.textContent = plane ? "axis a" : "deviation";
    for (const field of Object.values(fields)) {
      field.row.hidden = field.plane && !plane;
      if (!field.row.hidden) this._fill(field, part);
    }
    if (part) fields.w.input.disabled = mix?.parts.length === 1; // it has all the weight
    this.fieldBox.hidden = this.del.hidden = !part;
    if (mix) this._say(mix);
  }
  /**
   * @param {Mixture | null} mix
   * @param {Part | undefined} part
   */
  _held(mix, part) {
    if (!mix) return "";
    return part ? `Component ${this.own.index + 1} of ${mix.parts.length}` : `${FINGER ? "Tap" : "Click"} a component on the stage`;
  }
  /**
   * @param {PartField} field
   * @param {Part | undefined} part
   */
  _fill({ input, of, digits }, part) {
    input.disabled = !part;
    if (input !== document.activeElement) input.value = part ? String(Number(of(part).toFixed(digits))) : "";
  }
  /** @param {Mixture} mix */
  _say(mix) {
    const { own } = this, mine = Boolean(own.text && mixture.size(own.text)), fit = mine ? read(own.fitSaid, mix.dim) : null;
    const first = mine ? `${gaussians(mix.parts.length)}, ${many(mixture.encode(mix).length)} letters of the link`
      : `${gaussians(mix.parts.length)}. Change one and this becomes your own mixture; the link keeps it.`;
    const plain = mine && !fit ? [first, "Rounded for the link: centres to 0.0002, axes to 0.0001"] : [first];
    this.says.replaceChildren(...plain.map((words) => el("p", { textContent: words })), ...(fit ? sentences(fit, mix.dim) : []).map((words) => el("p", { textContent: words, className: "pg-own-approx" })));
  }
}
