// The shelf: states that were kept in this browser, each with a picture and a name. Nothing of it stands in the link, nothing leaves the browser but as a file.
import { el, penOf } from "../lib/dom.js";
import { Unkept, joined, moved, named, read, written } from "./states.js";

/** @typedef {import("../form/form.js").Form} Form */
/** @typedef {import("./states.js").State} State */

const PLACE = "pg-shelf";
const WIDTH = 168, HEIGHT = 105; // of a picture

/** What is on the stage now, small; "" where there is nothing. */
function thumbOf() {
  const view = document.querySelector("#pg-stage .pg-view");
  if (!view) return "";
  const room = view.getBoundingClientRect(), k = Math.max(WIDTH / room.width, HEIGHT / room.height);
  const sheet = el("canvas", { width: WIDTH, height: HEIGHT }), pen = penOf(sheet);
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--pg-stage") || "#fff";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  for (const canvas of view.querySelectorAll("canvas")) {
    const at = canvas.getBoundingClientRect();
    if (!at.width || !canvas.width) continue;
    const left = (WIDTH - k * room.width) / 2 + k * (at.left - room.left), top = (HEIGHT - k * room.height) / 2 + k * (at.top - room.top);
    pen.drawImage(canvas, left, top, k * at.width, k * at.height);
  }
  return sheet.toDataURL("image/jpeg", 0.8);
}

/** The states of this browser. @returns {State[]} */
function load() {
  try {
    return read(localStorage.getItem(PLACE) ?? written([]));
  } catch (error) {
    if (error instanceof Unkept) throw new Unkept(`What this browser has kept ${error.message}.`);
    throw new Unkept("This browser keeps nothing for this page: its storage is switched off.");
  }
}

/** @param {State[]} states */
function store(states) {
  try {
    localStorage.setItem(PLACE, written(states));
  } catch (error) {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    throw new Unkept(full ? "The browser’s storage is full: nothing was changed. Take some states away, or export them." : "This browser keeps nothing for this page: its storage is switched off.");
  }
}

export class Shelf {
  /** @param {Form} form
   * @param {(link: string) => void} open shows what a link says
   * @param {(file: Blob, name: string) => void} save */
  constructor(form, open, save) {
    this.form = form;
    this.open = open;
    this.save = save;
    /** @type {State[]} */
    this.states = [];
    this.list = el("ol", { className: "pg-shelf-list" });
    this.said = el("p", { className: "pg-shelf-said" });
    this.said.setAttribute("role", "status");
    this.box = el("dialog", { className: "pg-shelf" });
    this.box.setAttribute("aria-label", "Shelf");
    /** @param {string} words @param {() => void} run @param {string} tip */
    const button = (words, run, tip) => {
      const made = el("button", { type: "button", textContent: words, title: tip });
      made.addEventListener("click", run);
      return made;
    };
    this.exported = button("Export all", () => this.write(), "All states in one file, which “Import…” reads again");
    const close = el("button", { type: "button", className: "pg-glossary-close", textContent: "×", ariaLabel: "Close the shelf" });
    close.addEventListener("click", () => this.box.close());
    const tools = el("div", { className: "pg-shelf-tools" }, button("Keep this", () => this.keep(), "Keeps what is shown: experiment, layers, moment"), this.exported,
      button("Import…", () => this.choose(), "Adds the states of a file that “Export all” has saved"));
    this.box.append(el("header", {}, el("h2", { textContent: "Shelf" }), tools, close), this.said, this.list);
    this.box.addEventListener("click", (e) => e.target === this.box && this.box.close());
    this.box.addEventListener("keydown", (e) => e.stopPropagation()); // the stage's keys
  }

  show() {
    if (!this.box.isConnected) document.body.append(this.box);
    this.say("");
    this.attempt(() => (this.states = load()));
    this.draw();
    if (!this.box.open) this.box.showModal();
  }

  /** @param {string} words @param {boolean} [bad] */
  say(words, bad = false) {
    this.said.textContent = words;
    this.said.classList.toggle("pg-shelf-bad", bad);
  }

  /** Does something that may not be possible, which is said then. @param {() => void} run */
  attempt(run) {
    try {
      run();
      return true;
    } catch (error) {
      if (!(error instanceof Unkept)) throw error;
      this.say(error.message, true);
      return false;
    }
  }

  /** Other states, if they can be kept. What another page of this browser has kept meanwhile is read before.
   * @param {(states: State[]) => State[]} change @param {string} words said then */
  put(change, words) {
    return this.attempt(() => {
      const states = change(load());
      store(states);
      this.states = states;
      this.say(words);
      this.draw();
    });
  }

  keep() {
    const { form } = this, { stage } = form.parts, run = form.loop.shown;
    if (!run || !stage) return this.say("There is no picture yet.", true);
    /** @type {import("../form/address.js").ViewWords} */
    const at = stage.playing ? { at: String(stage.run?.moments.short(stage.cursor) ?? "") } : {};
    const { data, process, sampler } = run.run.header.title;
    const state = { name: named([data, process, sampler, `${run.run.header.steps} steps`].join(" · ")), link: form.address.queryWith(at), thumb: thumbOf() };
    if (this.put((states) => joined(states.filter((one) => one.link !== state.link), [state]), `Kept “${state.name}”.`)) this.focus(0, ".pg-shelf-name");
  }

  write() {
    this.save(new Blob([written(this.states)], { type: "application/json" }), "diffusion-playground-shelf.json");
  }

  choose() {
    const chooser = el("input", { type: "file", accept: ".json", hidden: true, ariaLabel: "A shelf that this page has saved" });
    chooser.addEventListener("change", async () => {
      const file = chooser.files?.[0];
      chooser.remove();
      if (file) this.take(file.name, await file.text());
    });
    chooser.addEventListener("cancel", () => chooser.remove());
    this.box.append(chooser);
    chooser.click();
  }

  /** Adds the states of a file. @param {string} name @param {string} text */
  take(name, text) {
    /** @type {State[]} */
    let more = [];
    const short = name.length > 60 ? `${name.slice(0, 59)}…` : name;
    this.attempt(() => {
      try {
        more = read(text);
      } catch (error) {
        throw error instanceof Unkept ? new Unkept(`${short} ${error.message}.`) : error;
      }
      this.put((states) => joined(states, more), `${more.length} state${more.length === 1 ? "" : "s"} of ${short} added.`);
    });
  }

  draw() {
    this.exported.disabled = !this.states.length;
    this.list.replaceChildren(...this.states.map((state, at) => this.card(state, at)));
    if (!this.states.length) this.list.append(el("li", { className: "pg-shelf-empty", textContent: "Nothing is kept yet. “Keep this” puts what is shown here; it stays in this browser." }));
  }

  /** @param {State} state @param {number} at */
  card(state, at) {
    const picture = state.thumb ? el("img", { src: state.thumb, alt: "", width: WIDTH, height: HEIGHT }) : el("span", { className: "pg-shelf-none" });
    const open = el("button", { type: "button", className: "pg-shelf-open", ariaLabel: `Show ${state.name}` }, picture);
    open.addEventListener("click", () => {
      this.box.close();
      this.open(state.link);
    });
    const name = el("input", { className: "pg-shelf-name", value: state.name, maxLength: 80, ariaLabel: "Name" });
    name.addEventListener("change", () => this.put((states) => states.map((one) => (one.link === state.link && one.name === state.name ? { ...one, name: named(name.value) } : one)), "Renamed."));
    name.addEventListener("keydown", (e) => e.key === "Enter" && name.blur());
    const away = el("button", { type: "button", className: "pg-shelf-away", textContent: "×", ariaLabel: `Take ${state.name} away`, title: "Take away" });
    away.addEventListener("click", () => this.put((states) => states.filter((one) => one.link !== state.link || one.name !== state.name), `Took “${state.name}” away.`) && this.focus(Math.min(at, this.states.length - 1), ".pg-shelf-away"));
    /** @param {number} by @param {string} words @param {string} sign */
    const mover = (by, words, sign) => {
      const button = el("button", { type: "button", className: "pg-shelf-move", textContent: sign, ariaLabel: `${words} ${state.name}`, title: `${words} (Alt and the arrow key)`, disabled: at + by < 0 || at + by >= this.states.length });
      button.addEventListener("click", () => this.move(at, by));
      return button;
    };
    const card = el("li", { className: "pg-shelf-state" }, open, name, el("span", { className: "pg-shelf-tools" }, mover(-1, "Move forward", "◂"), mover(1, "Move back", "▸"), away));
    card.addEventListener("keydown", (e) => {
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[e.key];
      if (!by || !e.altKey) return;
      e.preventDefault();
      this.move(at, by);
    });
    return card;
  }

  /** @param {number} at @param {number} by */
  move(at, by) {
    const to = at + by;
    if (to < 0 || to >= this.states.length) return;
    if (this.put((states) => moved(states, at, by), `Place ${to + 1} of ${this.states.length}.`)) this.focus(to, ".pg-shelf-open");
  }

  /** @param {number} at @param {string} selector */
  focus(at, selector) {
    const found = this.list.children[at]?.querySelector(selector);
    if (found instanceof HTMLElement) found.focus();
  }
}

