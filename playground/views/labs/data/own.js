// The mixture p₀ held by hand: what a hand, a key, a brush or a file does to it, written into the form as a compact mixture (lib/mixture.js).
// Link, back button and Copy as Python carry it, and one drag is one history entry.
import { aborted, messageOf } from "../../form/transport.js";
import { mixture } from "../../lib/mixture.js";
import { config } from "../../lib/start.js";
import { clamp } from "../../lib/numbers.js";
import { Brush } from "./brush.js";
import { add, arrow, axis, copy, remove, weigh } from "./changes.js";
import { Desk } from "./desk.js";
import { fitOf, many, written } from "./fit.js";
import { isPlane } from "./geometry.js";
import { Hands } from "./hands.js";
import { percent } from "./picture.js";
import { HOLD } from "./tools.js";

/** @typedef {import("./changes.js").Mixture} Mixture */
/** @typedef {import("./changes.js").Part} Part */
/** @typedef {import("../../python.js").Fit} Fit */
/** @typedef {{mix: Mixture, text: string, fit: string, points: import("./brush.js").Dot[]}} State what one may go back to */
/** @typedef {{again: boolean | null}} Fitting a request that is in flight; again: whether another waits, and for a stroke that is done */

const LIMITS = config.limits;
const WARN_MS = 3000; // a warning is not said twice within this

export class Own {
  /** @type {Mixture | null} */
  mix = null;
  /** @type {string | null} the data that the mixture is of, as the form says them */
  text = null;
  /** The component that is held, −1 for none. */
  index = -1;
  tool = HOLD;
  brush = new Brush();
  /** @type {Fitting | null} */
  fitting = null;
  /** What the link says of the fit. */
  fitSaid = "";
  waiting = 0;
  warned = -Infinity;

  /**
   * @param {HTMLElement} root
   * @param {import("../../page.js").Host} host
   */
  constructor(root, host) {
    this.root = root;
    this.host = host;
    this.hands = new Hands(this);
    this.desk = new Desk(this);
    root.append(this.desk.box);
    this.setTool(HOLD);
  }

  get part() {
    return this.mix?.parts[this.index];
  }
  get points() {
    return this.brush.points;
  }

  // ---- what the page tells ----
  /** @param {boolean} on */
  show(on) {
    const { stage, view } = this.host;
    if (!on || !stage) return this.hands.close();
    if (!view.at) this.host.seek(0);
    this.hands.open(stage);
    this.tell();
  }
  cursor() {
    this.hands.draw();
  }
  setRun() {
    this.sync();
    this.hands.draw();
  }
  /** Takes the mixture of the data that are shown, unless it is ours. */
  async sync() {
    const text = String(this.host.form.value("pg-data"));
    if (this.hands.drag || this.fitting || text === this.text) return;
    this.text = text;
    this.brush.points = [];
    this.fitSaid = (mixture.size(text) && this.host.view.fit) || "";
    if (!this.fitSaid) this.host.setView("fit", "");
    let mix = mixture.decode(text), note = "";
    if (!mix) {
      await null; // the page is still telling of this run: a moment later it is the one that host.fetch asks about
      try {
        const { header } = await this.host.fetch("mixture");
        mix = mixture.decode(header.text);
        note = header.note;
      } catch (error) {
        this._refused(error);
        return;
      }
      if (this.text !== text) return;
    }
    this.mix = mix;
    this.index = -1;
    if (note) this.host.notice({ kind: "info", message: note });
    this.tell();
  }
  /** @param {unknown} error */
  _refused(error) {
    if (!aborted(error)) this.host.notice({ kind: "error", message: messageOf(error) });
  }
  tell() {
    this.desk.tell();
    this.hands.draw();
  }

  // ---- changes: a mixture is always whole ----
  /** @param {number} index */
  select(index) {
    this.index = this.mix?.parts[index] ? index : -1;
    this.tell();
  }
  /**
   * @param {Part} part
   * @param {number} i
   * @param {number} value
   */
  axis(part, i, value) {
    if (value < mixture.LEAST_AXIS) this.warn(`Axes are at least ${mixture.LEAST_AXIS}: a narrower component would be a point.`);
    part.axes[i] = axis(value);
  }
  /**
   * @param {Part} part
   * @param {number[]} m
   */
  centre(part, m) {
    const { panel } = this.hands;
    if (!panel) return;
    const { a, b } = panel.spec, range = isPlane(panel) && a ? [a, b] : [b];
    part.m = m.map((v, i) => clamp(v, range[i].lo, range[i].hi));
  }
  /**
   * @param {number} value
   * @param {boolean} done
   */
  weigh(value, done) {
    const { mix, part } = this;
    if (!mix || !part || mix.parts.length < 2) return;
    if (value < mixture.LEAST_WEIGHT) this.warn(`A weight is at least ${100 * mixture.LEAST_WEIGHT} %; Del removes the component.`);
    weigh(mix.parts, part, value);
    if (done) this.write(true);
    else this.moved();
  }
  /** @param {number[]} m */
  add(m) {
    if (!this.mix) return;
    const { parts } = this.mix;
    if (parts.length >= mixture.MOST) return this.warn(`A link holds at most ${mixture.MOST} components.`);
    add(parts, m);
    this.index = parts.length - 1;
    this.write(true);
  }
  /** @param {number} index */
  remove(index) {
    const parts = this.mix?.parts ?? [];
    if (!parts[index]) return;
    if (parts.length < 2) return this.warn("The last component stays: data need at least one.");
    remove(parts, index);
    this.index = Math.min(index, parts.length - 1);
    this.write(true);
  }
  /**
   * @param {Mixture} mix
   * @returns {State}
   */
  state(mix) {
    return { mix: copy(mix), text: String(this.host.form.value("pg-data")), fit: this.fitSaid, points: this.points };
  }
  /** @param {State} state */
  undo({ mix, text, fit, points }) {
    Object.assign(this, { mix, text, fitSaid: fit });
    this.brush.points = points;
    this.host.form.write([["data", "", text]], true);
    this.tell();
  }
  /** @param {string} message */
  warn(message) {
    if (performance.now() - this.warned < WARN_MS) return;
    this.warned = performance.now();
    this.host.notice({ kind: "info", message });
  }
  /** Something moves: the picture follows, one change a frame. */
  moved() {
    this.hands.draw();
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.mix) this.write(false);
    });
  }
  /**
   * @param {boolean} done
   * @param {string} fit
   */
  write(done, fit = "") {
    if (!this.mix) return;
    cancelAnimationFrame(this.waiting);
    this.waiting = 0;
    if (!fit.startsWith("paint")) this.brush.points = []; // they are no longer what is shown
    this.text = mixture.encode(this.mix);
    this.host.form.write([["data", "", this.text]], done);
    this.fitSaid = fit;
    if (done) this.host.setView("fit", fit);
    this.tell();
  }

  // ---- the keyboard ----
  /** @param {KeyboardEvent} e */
  key(e) {
    this.hands.canvas.classList.add("pg-own-keyed");
    if (e.key === "Escape" && (this.hands.cancel() || this.part)) {
      this.select(-1);
      e.preventDefault();
      e.stopPropagation();
    } else if (this.part && this.mix && !e.ctrlKey && !e.metaKey && !e.altKey) this._keyed(e, this.mix, this.part);
  }
  /**
   * @param {KeyboardEvent} e
   * @param {Mixture} mix
   * @param {Part} part
   */
  _keyed(e, mix, part) {
    const step = arrow(e.key, e.shiftKey ? 0.2 : 0.05), count = mix.parts.length;
    switch (e.key) {
      case "PageDown": return this.select((this.index + 1) % count), e.preventDefault();
      case "PageUp": return this.select((this.index - 1 + count) % count), e.preventDefault();
      case "Delete": case "Backspace": return this.remove(this.index), e.preventDefault();
      case "]": part.axes.forEach((a, i) => this.axis(part, i, a * 1.1)); break;
      case "[": part.axes.forEach((a, i) => this.axis(part, i, a / 1.1)); break;
      case "+": case "=": this.weigh(part.w * 1.1, false); break;
      case "-": this.weigh(part.w / 1.1, false); break;
      default:
        if (!step) return;
        this.centre(part, mix.dim === 2 ? part.m.map((v, i) => v + step[i]) : [part.m[0] + (step[1] || step[0])]);
    }
    e.preventDefault();
    e.stopPropagation();
    this.write(true);
  }
  /** What is held, for those who do not see it. */
  words() {
    const { mix, part } = this;
    if (!mix || !part) return "The data's components: focus, then page up and down choose one";
    const at = part.m.map((v) => v.toFixed(2)).join(", ");
    return `Component ${this.index + 1} of ${mix.parts.length}: weight ${percent(part.w)}, centre ${at}. Arrows move it, plus and minus weigh it, brackets widen it, Delete removes it.`;
  }

  // ---- points ----
  /** @param {import("./tools.js").Tool} tool */
  setTool(tool) {
    this.tool = tool;
    this.hands.hot = null;
    this.hands.view?.classList.toggle("pg-own-brush", Boolean(tool.paints));
    this.tell();
  }
  /**
   * @param {number[]} at
   * @param {boolean} first
   */
  stroke(at, first) {
    const { brush, mix, tool: { paints } } = this;
    if (!paints || !mix) return;
    if (first) paints.begin(brush, mix), brush.begin(at);
    paints.go(brush, at, first);
    this.desk.title.textContent = `${many(brush.points.length)} points`;
    this.hands.draw();
    this.fit(false);
  }
  /**
   * A mixture for the painted points: one request in flight, the newest waits.
   * @param {boolean} done
   * @returns {Promise<void>}
   */
  async fit(done) {
    if (this.fitting) return void (this.fitting.again ||= done);
    if (!this.brush.fits) return;
    const mine = (this.fitting = /** @type {Fitting} */ ({ again: null })), from = this.text;
    let answer = null;
    try {
      answer = await this.ask(this.brush.table(), "0");
    } catch (error) {
      this._refused(error);
    }
    this.fitting = null;
    if (this.host.form.value("pg-data") !== from) return this.sync(); // other data were chosen meanwhile
    const more = mine.again !== null;
    if (answer) this.take(answer, "paint", done && !more);
    if (mine.again !== null) this.fit(mine.again);
  }
  /**
   * @param {string | File} table
   * @param {string} scale
   */
  ask(table, scale) {
    return fitOf(this.host, table, { components: this.desk.components, scale });
  }
  /**
   * @param {Fit} fit
   * @param {string} kind
   * @param {boolean} done
   */
  take(fit, kind, done) {
    this.mix = mixture.decode(fit.data);
    this.index = -1;
    this.write(done, written(kind, fit));
    if (done && fit.notes.length) this.host.notice({ kind: "info", message: `The fit: ${fit.notes.join("; ")}.` });
  }
  /** @param {File | undefined} file */
  async upload(file) {
    if (!file) return;
    const fail = (/** @type {string} */ message) => this.host.notice({ kind: "error", message: `${file.name}: ${message}` });
    if (file.size > LIMITS.table_bytes) return fail(`${(file.size / 1e6).toPrecision(3)} MB cannot be used; allowed: numbers in one or two columns, at most ${many(LIMITS.table_rows)} rows and ${LIMITS.table_bytes / 1e6} MB`);
    this.root.classList.add("pg-own-busy");
    const from = this.host.form.value("pg-data");
    try {
      const fit = await this.ask(file, "1");
      if (this.host.form.value("pg-data") !== from) return;
      this.setTool(HOLD);
      this.take(fit, "file", true);
    } catch (error) {
      fail(/** @type {Error} */ (error).message);
    } finally {
      this.root.classList.remove("pg-own-busy");
      this.desk.forget();
    }
  }
}
