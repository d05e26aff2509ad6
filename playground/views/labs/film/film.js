// One image through all steps: a row for what the model sees, a row for what it expects, a column a step.
import { drawImage, edges, frameAt, ofImages, reveal, sizeOf } from "../../images/draw.js";
import { KINDS, SAID } from "../../images/kinds.js";
import { el, penOf } from "../../lib/dom.js";
import { goes } from "./keys.js";

/** @typedef {import("../../images/draw.js").ImageRun} ImageRun */

const SAVED = 56, GAP = 3; // pixels of a cell in a file, about, and between two

export class Film {
  /** @type {ImageRun | null} */
  run = null;
  /** The cells of each column. @type {HTMLCanvasElement[][]} */
  columns = [];
  /** The column that is shown. */
  at = -1;

  /**
   * @param {HTMLElement} root
   * @param {import("../../page.js").Host} host
   */
  constructor(root, host) {
    this.host = host;
    this.says = el("p");
    this.rows = el("div", { className: "pg-film-rows" });
    this.rows.setAttribute("role", "group");
    const png = el("button", { type: "button", className: "pg-chip", textContent: "PNG", title: "This strip as a picture" });
    png.addEventListener("click", () => this.save());
    this.scroll = el("div", { className: "pg-film-scroll" }, this.rows);
    this.fade = edges(this.scroll);
    root.replaceChildren(el("div", { className: "pg-film" }, el("div", { className: "pg-film-head" }, this.says, png), this.scroll));
    this.rows.addEventListener("keydown", (e) => this.key(e));
    addEventListener("pg-picked", () => this.draw());
  }

  // ---- what the page tells ----
  /** @param {import("../../lib/packet.js").Packet<import("../../python.js").RunHeader>} run */
  setRun(run) {
    this.run = ofImages(run);
    this.draw();
  }
  /** @param {boolean} on */
  show(on) {
    if (on && this.run && this.at >= 0) reveal(this.scroll, this.columns[this.at][0]);
  }
  /** @param {number} clock */
  cursor(clock) {
    if (!this.run) return;
    const i = frameAt(this.run, clock);
    if (i === this.at) return;
    for (const c of this.columns[this.at] ?? []) (c.className = ""), (c.tabIndex = -1);
    this.at = i;
    this.columns[i].forEach((c, row) => ((c.className = "on"), (c.tabIndex = row ? -1 : 0)));
    reveal(this.scroll, this.columns[i][0]);
  }

  /** The image that is picked, or the first. */
  get shown() {
    return Math.max(0, this.host.images?.picked ?? 0);
  }
  /** The column where the keyboard is, −1 elsewhere. */
  get focused() {
    return this.columns.findIndex((column) => column.some((c) => c === document.activeElement));
  }

  draw() {
    const { run, rows } = this;
    if (!run) return;
    const { image } = run.header, n = Math.min(this.shown, image.shown - 1), steps = Array.from(run.arrays.step.data, Math.round), size = sizeOf(image.event);
    const every = steps.length > 2 && steps[1] > 1 ? `; every ${steps[1]} steps of ${run.header.steps}` : "", held = this.focused >= 0;
    this.says.textContent = `image ${n + 1} of ${image.shown}; click another above, a column to go there${every}`;
    rows.style.gridTemplateColumns = `auto repeat(${steps.length}, minmax(24px, 64px))`;
    rows.style.setProperty("--columns", String(steps.length));
    rows.setAttribute("aria-label", `Steps of image ${n + 1}`);
    this.columns = steps.map(() => []);
    /** @type {HTMLElement[]} */
    const nodes = [];
    /** @type {(keyof typeof KINDS)[]} */
    const kinds = ["x", "x0", ...(image.velocity ? /** @type {const} */ (["v"]) : [])];
    kinds.forEach((kind, row) => {
      nodes.push(el("span", { className: "pg-film-word", innerHTML: KINDS[kind].word, title: KINDS[kind].tip }));
      steps.forEach((step, i) => {
        const c = el("canvas", { tabIndex: -1 });
        c.setAttribute("role", "button");
        c.setAttribute("aria-label", `step ${step}, ${SAID[kind]}`);
        c.addEventListener("click", () => this.go(i, row));
        drawImage(c, run.arrays[`image/${kind}`].data, (i * image.shown + n) * size, image.event);
        this.columns[i].push(c);
        nodes.push(c);
      });
    });
    nodes.push(el("span"), ...steps.map((step) => el("span", { className: "pg-film-t", textContent: String(step) })));
    rows.replaceChildren(...nodes);
    this.fade();
    this.at = -1;
    this.cursor(this.host.stage?.cursor ?? 0);
    if (held) this.columns[this.at][0].focus({ preventScroll: true });
  }

  /** To a column: the stage's cursor goes there, and the keyboard with it. @param {number} i @param {number} row */
  go(i, row) {
    if (!this.run || !this.columns[i]) return;
    const clock = this.run.arrays.clock.data[i];
    this.host.seek(clock);
    this.cursor(clock);
    this.columns[i][Math.min(Math.max(0, row), this.columns[i].length - 1)].focus({ preventScroll: true });
  }
  /** @param {KeyboardEvent} e */
  key(e) {
    const i = this.focused, to = i < 0 ? null : goes(e.key, i, this.columns[i].findIndex((c) => c === document.activeElement), this.columns.length);
    if (!to) return;
    e.preventDefault();
    e.stopPropagation();
    this.go(...to);
  }

  /** The strip as a PNG. */
  save() {
    if (!this.run) return;
    const [, h, w] = this.run.header.image.event, k = Math.max(1, Math.round(SAVED / w)), name = `image-${this.shown + 1}-strip.png`;
    const sheet = el("canvas", { width: this.columns.length * (k * w + GAP) - GAP, height: this.columns[0].length * (k * h + GAP) - GAP }), pen = penOf(sheet);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.imageSmoothingEnabled = false;
    this.columns.forEach((column, i) => column.forEach((c, j) => pen.drawImage(c, i * (k * w + GAP), j * (k * h + GAP), k * w, k * h)));
    sheet.toBlob((blob) => blob && this.host.save(blob, name));
  }
}
