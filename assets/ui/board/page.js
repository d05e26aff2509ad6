// The board as a page beside the toys and the images: a question on the left, its answer in the middle, the chosen cell on the right. What is asked stands in the link
// ("view.board" and "view.board.…"); live/board answers cell by cell, and whoever stops reading pauses it. What was computed is kept by the server: it goes on from there.
import { linkOf } from "../form/address.js";
import { hook } from "../form/hook.js";
import { said as comparing } from "../compare/link.js";
import { aborted, ask, messageOf } from "../form/transport.js";
import { targetOf } from "../lib/dom.js";
import { config, theme } from "../lib/start.js";
import { linesOf } from "../lib/streams.js";
import { draw } from "./drawing.js";
import { copyOf, download, drops, fileFrom } from "./files.js";
import { frame } from "./frame.js";
import { pick, toggled } from "./legend.js";
import { Known } from "./lines.js";
import { keys } from "./matrix.js";
import { Plot } from "./plot.js";
import { particlesOf } from "./question.js";

/**
 * @typedef {import("../form/form.js").Form} Form
 * @typedef {import("./lines.js").Line} Line
 */

const OF_METHODS = ["off", "lit", "only", "find"]; // names in the link, which tell methods by their numbers
const CALM = 150; // ms between two drawings while cells come
const OPEN = "pg-on-board"; // of the body

export class Board {
  known = new Known();
  /** @type {AbortController | null} */
  reading = null;
  running = false;
  picking = false;
  /** What is asked for just now, or why there is no answer. */
  words = "";
  sort = { by: "value", up: true };
  /** Are all methods' chips seen? */
  many = false;
  first = NaN; // s until the first cells
  started = 0;
  timer = 0;
  turn = 0; // of questions: an older one's answer is dropped
  /** The link whose question is shown. */
  asked = "";

  /** @param {HTMLElement} root @param {Form} form */
  constructor(root, form) {
    this.form = form;
    root.classList.add("pg-board");
    this.root = root;
    this.plot = new Plot((place) => this.choose(place));
    /** Its places. */
    this.at = frame(root, this.plot.root);
    keys(this.at.cells);
    root.addEventListener("click", (e) => this.clicked(e));
    root.addEventListener("input", (e) => this.slid(e, false));
    root.addEventListener("change", (e) => this.slid(e, true));
    root.addEventListener("keydown", (e) => {
      if (e.key !== "Escape" || !this.picking) return;
      this.picking = false;
      this.draw();
    });
    const lit = (/** @type {Event} */ e) => {
      const node = targetOf(e, "[data-method], [data-row]");
      this.plot.light(node?.dataset.method ?? node?.dataset.row ?? this.plot.at?.method.key ?? "");
    };
    for (const kind of ["pointerover", "focusin"]) root.addEventListener(kind, lit);
    drops(root, (file) => this.read(file));
    new ResizeObserver(() => this.open && this.later()).observe(this.plot.root);
    theme.on(() => this.open && this.later());
    this.show();
  }

  // ---- the link ----------------------------------------------------------------------------------------------------------------

  get said() { return this.form.view.said; }
  get open() { return Boolean(this.said.board); }

  /** @param {string} name @param {string} value */
  say(name, value) { this.form.view.set(`board.${name}`, value); }

  /** The sweep's own names for what is asked. @returns {Record<string, string>} */
  get query() {
    const { said } = this, own = said.board === "own", base = { ...this.form.shownQuery };
    delete base.seed; // seeds are the sweep's own
    delete base.mode;
    if (this.form.grammar.pictures(base.data)) delete base.particles; // a stage has few images, of which a measure says little
    const more = { ...(said["board.seeds"] && { seeds: said["board.seeds"] }), ...(said["board.measures"] && { measures: said["board.measures"] }), ...(said["board.particles"] && { particles: said["board.particles"] }) };
    return own ? { sweep: said["board.sweep"] ?? "", ...more } : { ...base, preset: said.board, ...more };
  }

  /** The page as the link says. */
  show() {
    const { body } = document, was = body.classList.contains(OPEN);
    body.classList.toggle(OPEN, this.open);
    this.form.formShown.page();
    if (!this.open) return was ? this.pause() : undefined;
    this.form.parts.stage?.pause();
    const { said } = this, asked = JSON.stringify(this.query);
    if (asked !== this.asked) this.ask(said["board.run"] === "on");
    else this.draw();
  }

  // ---- asking ------------------------------------------------------------------------------------------------------------------

  /** Another question: what it is, and how much there is to do. @param {boolean} [start] computes it, too */
  async ask(start = false) {
    this.reading?.abort();
    this.asked = JSON.stringify(this.query);
    this.running = this.picking = false;
    const turn = ++this.turn, next = new Known();
    this.words = "Looking at what can be computed…";
    this.complain("");
    try {
      await this.lines(this.query, true, (line) => next.take(line));
    } catch (error) {
      if (turn !== this.turn || aborted(error)) return;
      this.words = "";
      this.complain(messageOf(error));
      this.known = next;
      return this.draw();
    }
    if (turn !== this.turn) return;
    this.words = "";
    if (next.head?.key !== this.known.head?.key) {
      if (this.known.head) for (const name of ["cell", ...OF_METHODS]) this.say(name, "");
      this.known = next;
    } else if (!this.known.begun) this.known = next;
    this.draw();
    if (start) await this.start();
  }

  /** Computes, or goes on. */
  async start() {
    const turn = ++this.turn, { known } = this, before = known.cells.size;
    this.running = true;
    this.say("run", "on");
    this.complain("");
    this.started = performance.now();
    if (!before) this.first = NaN;
    this.draw();
    try {
      await this.lines(this.query, false, (line) => {
        if (turn !== this.turn) return;
        if (line.cells && !Number.isFinite(this.first)) this.first = (performance.now() - this.started) / 1000;
        known.take(line);
        if (line.notice) this.complain(line.notice);
        this.later();
      });
    } catch (error) {
      if (turn === this.turn && !aborted(error)) this.complain(messageOf(error));
    }
    if (turn !== this.turn) return;
    this.running = false;
    this.draw();
  }

  /** Nothing more is read: the server stops, and keeps what it has. */
  pause() {
    this.turn++;
    this.reading?.abort();
    this.running = false;
    this.draw();
  }

  /** As before the start, at once; how much is known already is asked anew. */
  stop() {
    this.known = this.known.unbegun;
    this.say("run", "");
    this.say("cell", "");
    this.pause();
    this.ask();
  }

  /** @param {Record<string, string>} query @param {boolean} plan @param {(line: Line) => void} take */
  async lines(query, plan, take) {
    const { sweep, ...more } = query, url = new URL("live/board", document.baseURI);
    url.search = String(new URLSearchParams({ ...more, ...(plan && { plan: "true" }) }));
    await this.stream(url, { ...(sweep !== undefined && { method: "POST", body: sweep || "null" }) }, take);
  }

  /** @param {URL} url @param {RequestInit} options @param {(line: Line) => void} take */
  async stream(url, options, take) {
    this.reading?.abort();
    const { signal } = (this.reading = new AbortController()), response = await ask(url, { ...options, signal });
    if (!response.ok) throw await this.form.transport.failure(response);
    for await (const line of /** @type {AsyncGenerator<Line>} */ (linesOf(response.body))) {
      if (line.error) throw new Error(line.error.message);
      take(line);
    }
  }

  /** A results file or a sweep. @param {Blob & {name?: string}} file */
  async read(file) {
    const turn = ++this.turn, next = new Known(), name = (file.name ?? "The file").slice(0, 60);
    this.complain("");
    try {
      if (file.size > config.board.bytes) throw new Error(`it has ${file.size.toLocaleString("en")} bytes; at most ${config.board.bytes.toLocaleString("en")} are read`);
      await this.stream(new URL("live/board/read", document.baseURI), { method: "POST", body: file }, (line) => next.take(line));
    } catch (error) {
      return aborted(error) ? undefined : this.refuse(`${name} cannot be shown: ${messageOf(error)}`);
    }
    if (turn !== this.turn || !next.head) return;
    this.known = next;
    this.running = this.picking = false;
    if (!this.open) {
      this.form.hands.touch();
      this.form.address.put(this.form.address.link, true); // where one was before
      this.form.tell({ kind: "info", message: `Opened ${name}.` });
    }
    for (const key of Object.keys(this.said)) if (key.startsWith("board.") && key !== "board.look") this.form.view.set(key, "");
    this.say("sweep", JSON.stringify(next.head.sweep));
    this.form.view.set("board", "own");
    this.asked = JSON.stringify(this.query);
    this.show();
  }

  /** Why a file is not shown, where it is seen; what was computed before has been stopped by it. @param {string} words */
  refuse(words) {
    if (!this.open) return this.form.tell({ kind: "error", message: words });
    this.complain(words);
    this.pause();
  }

  // ---- hands -------------------------------------------------------------------------------------------------------------------

  /** @param {Event} e */
  clicked(e) {
    const node = targetOf(e, "button");
    if (!node) return;
    const { preset, measure, cost, run, place, look, method, sort, do: what, show } = node.dataset;
    if (preset && preset !== this.said.board) this.turnTo(preset);
    else if (measure) this.measure(measure);
    else if (cost) this.set("cost", cost === config.board.costs[0].key ? "" : cost);
    else if (look) this.set("look", look === "matrix" ? "" : look);
    else if (run === "start") this.start();
    else if (run) this[run === "pause" ? "pause" : "stop"]();
    else if (place) this.choose(place);
    else if (method) this.toggle(method);
    else if (show) this.pick(show);
    else if (sort) {
      this.sort = { by: sort, up: this.sort.by === sort ? !this.sort.up : sort !== "front" };
      this.draw();
      /** @type {HTMLElement | null} */ (this.at.cells.querySelector(`[data-sort="${sort}"]`))?.focus();
    } else if (what) this.act(what, node);
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    this.say(name, value);
    this.draw();
  }

  /** @param {string} preset */
  turnTo(preset) {
    for (const name of ["sweep", "run", "cell", "measures", "measure", "cost", ...OF_METHODS]) this.say(name, "");
    this.form.view.set("board", preset);
    this.known = new Known();
    this.ask().then(() => this.across(preset));
  }

  /** What stands across at first. @param {string} preset */
  across(preset) {
    const { said, known } = this, own = config.board.presets.find(({ key }) => key === preset)?.across ?? [];
    const first = said.board === preset && !said["board.cost"] && own.find((key) => known.head?.measures.some((m) => m.key === key));
    if (first) this.set("cost", first);
  }

  /** One that was not computed is, now. @param {string} key */
  measure(key) {
    const there = this.known.head?.measures.map((m) => m.key) ?? [];
    this.say("measure", key === there[0] ? "" : key);
    if (there.includes(key)) return this.draw();
    const on = this.known.begun;
    this.say("measures", [...there, key].join(","));
    this.ask(on);
  }

  /** @param {Event} e @param {boolean} done */
  slid(e, done) {
    const { target } = e;
    if (target instanceof HTMLInputElement && target.dataset.find && !done) this.set("find", target.value.trim());
    if (target instanceof HTMLSelectElement && target.dataset.across && done) this.set("cost", target.value);
    if (!(target instanceof HTMLInputElement) || !target.dataset.slider) return;
    const name = target.dataset.slider, value = name === "seeds" ? Number(target.value) : particlesOf(this.particles)[Number(target.value)];
    const words = value.toLocaleString("en"), out = target.parentElement?.querySelector("output");
    if (out) out.textContent = words;
    target.setAttribute("aria-valuetext", words);
    target.style.setProperty("--range_progress", `${(100 * (Number(target.value) - Number(target.min))) / (Number(target.max) - Number(target.min))}%`);
    if (!done) return;
    this.say(name, String(value));
    this.ask();
  }

  get particles() { return Number(this.said["board.particles"] || this.known.head?.base.particles || this.form.shownQuery.particles || config.top.particles.default); }

  /** @param {string} key of a method */
  toggle(key) {
    for (const [name, value] of Object.entries(toggled(this.picked, this.asking, key))) this.say(name, value);
    this.draw();
  }

  /** @param {string} which "front", "all", "none": in colour; "only": these alone, or not; "more": all chips, or not */
  pick(which) {
    if (which === "only") this.say("only", this.said["board.only"] ? "" : "on");
    else if (which === "more") this.many = !this.many;
    else this.say("lit", which === "front" ? "" : which);
    this.draw();
  }

  /** @param {string} place */
  choose(place) {
    if (!this.known.rows.has(place)) return;
    const before = this.said["board.cell"] ?? "";
    if (this.picking && before && before !== place) return this.leave(before, place);
    this.set("cell", place);
  }

  /** The stage, with this cell's experiment, and another's beside it. @param {string} place @param {string} [other] */
  leave(place, other) {
    const { known, form } = this, one = known.rows.get(place)?.query, two = other && known.rows.get(other)?.query;
    if (!one) return;
    const view = Object.fromEntries(Object.entries(this.said).filter(([name]) => name.split(".")[0] !== "board" && name !== "compare"));
    this.picking = false;
    form.hands.touch();
    form.address.put(form.address.link, false); // where one was
    form.address.go(linkOf(one, { ...view, ...(two && { compare: comparing(one, [two]) }) }) || "?");
    form.linkOpened();
  }

  /** @param {string} what @param {HTMLElement} button */
  async act(what, button) {
    const place = this.said["board.cell"] ?? "", { known } = this, name = `board-${known.head?.base.data.replace(/[^\w]+/g, "-") ?? ""}`;
    if (what === "open") return this.leave(place);
    if (what === "run") return this.start();
    if (what === "compare") {
      this.picking = !this.picking;
      return this.draw();
    }
    if (what === "file") return fileFrom((file) => this.read(file));
    if (what === "link") return copyOf(this.link, button);
    if (what === "sweep") return download(new Blob([JSON.stringify(known.head?.sweep)], { type: "application/json" }), "sweep.json");
    if (what === "results") return download(new Blob([JSON.stringify(known.file)], { type: "application/json" }), "results.json");
    try {
      const url = new URL("live/board/file", document.baseURI);
      url.search = String(new URLSearchParams({ kind: what, measure: this.shownMeasure, cost: this.cost }));
      const response = await ask(url, { method: "POST", body: JSON.stringify(known.file) });
      if (!response.ok) throw await this.form.transport.failure(response);
      download(await response.blob(), `${name}.${what}`);
    } catch (error) {
      this.complain(messageOf(error));
    }
  }

  /** The address of this board: with its sweep, so that it stays this one where presets grow. */
  get link() {
    const { form, known, said } = this, view = { ...said, board: "own", "board.sweep": JSON.stringify(known.head?.sweep), "board.seeds": "", "board.particles": "", "board.measures": "" };
    return new URL(location.pathname + linkOf(form.shownQuery, view), location.href).href;
  }

  // ---- drawing -----------------------------------------------------------------------------------------------------------------

  /** What stands across: a cost, or another measure. */
  get cost() {
    const asked = this.said["board.cost"] ?? "", { costs } = config.board;
    return costs.some(({ key }) => key === asked) || (this.known.head?.measures.some(({ key }) => key === asked) && asked !== this.shownMeasure) ? asked : costs[0].key;
  }

  /** What the link says of methods. */
  get asking() {
    const { said } = this;
    return { off: said["board.off"], lit: said["board.lit"], only: said["board.only"], find: said["board.find"] };
  }

  get picked() { return pick(this.known, this.asking, { measure: this.shownMeasure, across: this.cost, chosen: this.said["board.cell"] ?? "" }); }

  get shownMeasure() {
    const { head } = this.known, asked = this.said["board.measure"];
    return head?.measures.some((m) => m.key === asked) ? asked : head?.measures[0].key ?? "";
  }

  /** @param {string} words "" takes them away */
  complain(words) {
    this.at.notice.hidden = !words;
    this.at.notice.textContent = words;
    hook.notice = words;
  }

  later() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      this.draw();
    }, CALM);
  }

  draw() { if (this.open) draw(this); }
}
