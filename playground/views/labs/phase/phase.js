import { aborted, messageOf } from "../../form/transport.js";
import { el } from "../../lib/dom.js";
import { Picture } from "../picture.js";
import { BUNDLE_WORDS, drawBundles } from "./bundles.js";
import { DampingMap } from "./map.js";
import { drawNumbers, numbersWords } from "./numbers.js";
import { themed } from "./plots.js";
import { STEPS, drawSolvers, solversWords } from "./solvers.js";

/** @template H @typedef {import("../../lib/packet.js").Packet<H>} Packet */
/** @typedef {import("../../page.js").LabPart} LabPart */
/** @typedef {import("./plots.js").Draw} Draw */
/** @typedef {"paths" | "damping" | "numbers" | "solvers"} Part */

const FAST = 300; // ms after which progress is shown
/** @type {Record<Part, [string, string]>} its word and what it shows */
const PARTS = {
  paths: ["paths", "Three forward paths from the same data points under VP and CLD, over the exact marginals"],
  damping: ["damping", "The same data, noise and mass M with three frictions Γ"],
  numbers: ["numbers", "How rough the paths are, and how far the score is from a Gaussian’s"],
  solvers: ["SSCS or Euler", "Error of two samplers over the number of steps"],
};
const KEYS = /** @type {Part[]} */ (Object.keys(PARTS));

/** @implements {LabPart} */
export class Phase {
  /** What each part shows, and says, by the newest packet that came for it. @type {Partial<Record<Part, {draw: Draw, words: string}>>} */
  shown = {};
  /** Marginals as pictures, in the colours of now. @type {Map<string, HTMLCanvasElement>} */
  pictures = new Map();
  /** @type {number | null} */
  clock = null;
  /** Whether there is an experiment to ask about. */
  asked = false;
  on = false;
  /** Counts what was asked: older answers are dropped. */
  turn = 0;
  /** Why there is no picture, or "". */
  why = "";
  /** What the caption says. */
  said = "";

  /** @param {HTMLElement} root @param {import("../../page.js").Host} host */
  constructor(root, host) {
    this.host = host;
    this.map = new DampingMap(host.form);
    this.picture = new Picture("pg-phase-sheet");
    this.picture.draw = themed((...told) => this.draw(...told));
    this.buttons = KEYS.map((key) => this.button(key));
    const tabs = el("div", { className: "pg-phase-parts" }, ...this.buttons);
    tabs.setAttribute("role", "group");
    tabs.setAttribute("aria-label", "Picture");
    this.progress = el("div", { className: "pg-phase-progress" });
    this.caption = el("div", { className: "pg-phase-caption" });
    root.replaceChildren(el("div", { className: "pg-phase" }, this.map.box,
      el("div", { className: "pg-phase-right" }, tabs, this.picture.canvas, this.progress, this.caption)));
    new MutationObserver(() => this.repaint()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-pg-theme"] });
    this.part = KEYS.find((key) => key === host.view.phase) ?? "paths";
    this.open(this.part);
  }

  /** @param {Part} key */
  button(key) {
    const [textContent, title] = PARTS[key], b = el("button", { type: "button", className: "pg-phase-part", textContent, title });
    b.dataset.part = key;
    b.addEventListener("click", () => this.open(key));
    return b;
  }

  /** @param {Part} part */
  open(part) {
    this.part = part;
    for (const b of this.buttons) b.setAttribute("aria-pressed", String(b.dataset.part === part));
    this.host.setView("phase", part === "paths" ? "" : part);
    this.picture.say(PARTS[part][1]);
    if (this.asked) this.ask();
    this.repaint();
  }

  setRun() {
    this.asked = true;
    this.ask();
  }

  /** @param {import("../../stage/run.js").Facts} info */
  cursor(info) {
    this.clock = info.clock;
    if (this.part !== "solvers") this.picture.paint();
  }

  /** @param {boolean} on */
  show(on) {
    this.on = on;
    if (on) this.repaint();
  }

  repaint() {
    this.pictures.clear();
    this.map.picture.paint();
    this.picture.paint();
  }

  async ask() {
    const turn = ++this.turn, { part } = this;
    this.progress.style.width = "0";
    try {
      if (part === "solvers") return await this.solve(turn);
      const packet = await this.host.fetch("phase", { part });
      this.shown[part] = this.made(part, packet);
      this.map.follow(packet.header);
      this.why = "";
    } catch (error) {
      if (aborted(error)) return;
      this.why = messageOf(error);
    }
    if (turn === this.turn) this.repaint();
  }

  /** @param {"paths" | "damping" | "numbers"} part @param {Packet<import("../../python.js").LabHeaders["phase"]>} packet */
  made(part, packet) {
    const clock = () => this.clock;
    if (part !== "numbers") return { draw: drawBundles(/** @type {Packet<import("./packets.js").Bundles>} */ (packet), part, clock, this.pictures), words: BUNDLE_WORDS[part] };
    const numbers = /** @type {Packet<import("./packets.js").Numbers>} */ (packet);
    return { draw: drawNumbers(numbers, clock), words: numbersWords(numbers.header) };
  }

  /** One number of steps after the other, so that the page stays live between them. @param {number} turn */
  async solve(turn) {
    this.why = "";
    const started = performance.now(), found = /** @type {import("./packets.js").Solvers[]} */ ([]);
    this.shown.solvers = { draw: drawSolvers(found), words: solversWords(found) };
    for (const steps of STEPS) {
      const { header } = await this.host.fetch("phase", { part: "solvers", steps });
      if (turn !== this.turn || !this.on) return;
      found.push(/** @type {import("./packets.js").Solvers} */ (header));
      this.shown.solvers.words = solversWords(found);
      this.map.follow(header);
      this.progress.style.width = performance.now() - started > FAST ? `${(100 * found.length) / STEPS.length}%` : "0";
      this.repaint();
    }
    this.progress.style.width = "0";
  }

  /** @type {Draw} */
  draw(ctx, width, height, theme) {
    const shown = this.shown[this.part], words = this.why || shown?.words;
    if (!this.why) shown?.draw(ctx, width, height, theme);
    if (words && words !== this.said) this.caption.textContent = this.said = words;
  }
}
