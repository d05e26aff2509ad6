// What the page says of itself: the open example's sentence above the stage, the first visit's three sentences, the glossary, and what is
// read aloud when the picture rests. The words come from Python (PG_CONFIG.examples, .intro, .glossary).
import { el } from "../lib/dom.js";
import { significant, subscripts } from "../lib/numbers.js";
import { config, experimentPart } from "../lib/start.js";
import { time } from "../lib/time.js";
import { tip } from "../lib/tip.js";
import { captionMore } from "../stage/captions.js";

/**
 * @typedef {import("../page.js").Host} Host
 * @typedef {import("../python.js").Example} Example
 * @typedef {import("../python.js").Query} Query
 * @typedef {import("../python.js").MetricsHeader} MetricsHeader
 * @typedef {import("../lib/packet.js").Packet<import("../python.js").RunHeader>} RunPacket
 */

const MET = "pg-met", ALWAYS = ["seed", "particles", "dtype"], REST_MS = 700;

// ---- the open example ------------------------------------------------------------------------------------------------------------
class Lesson {
  /** @param {HTMLElement} root  the row above the stage @param {Host} host */
  constructor(root, host) {
    this.host = host;
    /** The example that is open, and the one after it. @type {Example | null} */
    this.open = null;
    /** @type {Example | null} */
    this.next = null;
    /** Was it followed when its words were last written? @type {boolean | null} */
    this.told = null;
    this.box = el("section", { className: "pg-lesson", hidden: true });
    this.box.setAttribute("aria-label", "The open example");
    root.append(this.box);
    this.restore(this.recognised());
  }

  /** A link of before that has no view.example: the example whose query it is. */
  recognised() {
    const told = new URLSearchParams(location.search), view = Object.fromEntries([...told].filter(([k]) => k.startsWith("view.")).map(([k, v]) => [k.slice(5), v]));
    /** @param {Query} a @param {Query} b */
    const same = (a, b) => Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((k) => a[k] === b[k]);
    return config.examples.find((x) => x.query && same(x.told, experimentPart(location.search)) && same(x.view, view))?.key;
  }

  /** Opens the example of a link. @param {string} [key] */
  restore(key = this.host.view.example || this.recognised()) {
    const at = config.examples.findIndex((x) => x.key === key);
    if (at < 0) return this.dismiss();
    const open = (this.open = config.examples[at]);
    this.host.setView("example", open.key);
    this.next = config.examples[(at + 1) % config.examples.length];
    this.told = null;
    this.show();
  }

  dismiss() {
    this.open = null;
    this.host.setView("example", "");
    this.box.hidden = true;
  }

  /** Only what the example tells to move has been moved: its sentences are still true. @param {Example} example @param {Query} query */
  followed({ told, whole, moves }, query) {
    const may = [...ALWAYS, ...moves];
    const names = new Set([...Object.keys(query), ...Object.keys(told)]);
    return [...names].every((n) => query[n] === told[n] || query[n] === whole[n] || may.some((m) => n === m || n.startsWith(`${m}.`)));
  }

  show() {
    const { open, next: after } = this;
    if (!open || !after) return;
    const { title, look, move } = open, followed = this.followed(open, this.host.query);
    if (followed === this.told) return;
    this.told = followed;
    const words = el("p", {}, el("b", { textContent: title }));
    if (followed) words.append(el("span", { innerHTML: subscripts(look) }), el("span", { className: "pg-lesson-move", innerHTML: `<b>Try</b>${subscripts(move)}` }));
    else words.append(el("span", { textContent: "You have gone on from this example." }), el("a", { href: this.link(open), textContent: "Open it again" }));
    const next = el("a", { href: this.link(after), className: "pg-lesson-next", textContent: "next example" });
    next.dataset.tip = after.title;
    const away = el("button", { type: "button", className: "pg-lesson-away", textContent: "×" });
    away.setAttribute("aria-label", "Close the example's words");
    away.addEventListener("click", () => this.dismiss());
    this.box.replaceChildren(words, el("div", { className: "pg-lesson-tools" }, next, away));
    this.box.hidden = false;
  }

  /** @param {Example} x */
  link(x) { return `?${x.query ? `${x.query}&` : ""}view.example=${x.key}`; }
}

// ---- the first visit ---------------------------------------------------------------------------------------------------------------
const met = () => {
  try { return localStorage.getItem(MET) !== null; } catch { return false; }
};
export const introHtml = () => config.intro.map(([head, words]) => `<p><b>${head}.</b> ${words}</p>`).join("");

/** @param {Element | null} node */
const isSeen = (node) => node instanceof HTMLElement && node.offsetParent !== null;

class Intro {
  /** @param {Lesson} lesson  who opens an example knows what this is */
  constructor(lesson) {
    this.box = el("div", { className: "pg-intro", hidden: true });
    this.box.setAttribute("role", "note");
    this.box.setAttribute("aria-label", "What this is");
    // any action leaves it, once it is seen (a notice stands before it); the key or the click does what it does otherwise too
    /** @param {Event} e */
    const leave = (e) => {
      const modifier = e instanceof KeyboardEvent && ["Shift", "Control", "Alt", "Meta"].includes(e.key);
      if (!this.box.hidden && this.box.offsetParent && !modifier) this.hide();
    };
    for (const name of ["pointerdown", "keydown", "wheel"]) addEventListener(name, leave, { capture: true, passive: true });
    const said = new URLSearchParams(location.search), compared = ["view.compare", "view.overlay"].some((name) => said.has(name)); // of one run these words speak, and would hide another
    if (!met() && !lesson.open && !compared && document.body.dataset.page !== "images") this.show();
  }

  show() {
    const home = document.querySelector("#pg-stage .pg-view");
    if (!home) { // the stage is mounted after us
      setTimeout(() => this.show(), 60);
      return;
    }
    if (!this.box.isConnected) home.append(this.box);
    this.box.innerHTML = `${introHtml()}<span class="pg-intro-foot">Any ${matchMedia("(pointer: coarse)").matches ? "touch" : "click or key"} closes this; it stays under “${isSeen(document.querySelector(".pg-help-button")) ? "?" : "⋯"}”.</span>`;
    this.box.hidden = false;
  }

  hide() {
    this.box.hidden = true;
    try { localStorage.setItem(MET, "1"); } catch { /* a private window: it may come again */ }
  }
}

// ---- the glossary ------------------------------------------------------------------------------------------------------------------
class Glossary {
  constructor() {
    /** @type {{node: HTMLElement, heading: HTMLElement, words: string}[]} */
    this.entries = [];
    /** Resolves when formulas are set. @type {Promise<unknown>} */
    this.set = Promise.resolve();
    this.box = el("dialog", { className: "pg-glossary" });
    this.box.setAttribute("aria-label", "Glossary");
    this.search = el("input", { type: "search", placeholder: "score, floor, η …", autocomplete: "off" });
    this.search.setAttribute("aria-label", "Search the glossary");
    this.list = el("div", { className: "pg-glossary-list", tabIndex: 0 });
    this.list.setAttribute("role", "region");
    this.list.setAttribute("aria-label", "Entries");
    const close = el("button", { type: "button", className: "pg-glossary-close", textContent: "×" });
    close.setAttribute("aria-label", "Close the glossary");
    close.addEventListener("click", () => this.box.close());
    this.box.append(el("header", {}, el("h2", { textContent: "Glossary" }), this.search, close), this.list);
    this.search.addEventListener("input", () => this.filter());
    this.box.addEventListener("click", (e) => e.target === this.box && this.box.close());
    this.box.addEventListener("keydown", (e) => {
      e.stopPropagation(); // the stage's keys
      if (e.key === "Escape") this.box.close(); // a search box would only empty itself
    });
  }

  fill() {
    if (this.entries.length) return;
    document.body.append(this.box);
    let heading = el("h3");
    for (const entry of Object.values(config.glossary)) {
      if (entry.group !== heading.textContent) this.list.append((heading = el("h3", { textContent: entry.group })));
      const node = el("article", { innerHTML: tip.entryHtml(entry) });
      this.list.append(node);
      this.entries.push({ node, heading, words: plain([entry.name, entry.text, entry.also, entry.ref].join(" ")) });
    }
    this.set = tip.typeset(this.list);
  }

  /** @param {string} [word]  to be searched for */
  open(word = "") {
    this.fill();
    this.search.value = word;
    this.filter();
    if (!this.box.open) this.box.showModal();
    this.set.then(() => { // a formula without a place to break is scrolled: by the keyboard too
      for (const tex of /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(".pg-tex"))) tex.tabIndex = tex.scrollWidth > tex.clientWidth ? 0 : -1;
    });
    this.search.focus();
  }

  filter() {
    const want = plain(this.search.value), live = new Set();
    for (const { node, heading, words } of this.entries) {
      node.hidden = !words.includes(want);
      if (!node.hidden) live.add(heading);
    }
    for (const { heading } of this.entries) heading.hidden = !live.has(heading);
    this.list.classList.toggle("pg-none-found", !live.size);
  }
}
/** For comparing: small letters without marks. @param {string} text */
const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

// ---- what is read aloud ---------------------------------------------------------------------------------------------------------------
class Speaker {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.box = el("p", { className: "pg-aloud" });
    this.box.setAttribute("role", "status");
    root.append(this.box);
    this.said = "";
    this.timer = 0;
  }

  /**
   * At rest only: a screen reader cannot follow a moving picture.
   * @param {Host["stage"]} stage
   * @param {RunPacket | null} run
   * @param {MetricsHeader | null} metrics
   */
  later(stage, run, metrics) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!stage?.run || stage.playing) return;
      const info = stage.run.facts(stage.cursor), m = metrics?.metrics[0], S = significant;
      const parts = [captionMore(info, stage.run).replace(/step (\d+)\/(\d+)/, "step $1 of $2"), time.said(info)];
      if (m) parts.push(`at the end ${m.label.split(",")[0]} ${S(m.final)}${m.floor ? `, floor ${S(m.floor)}` : ""}`);
      const text = parts.join(", ");
      if (text !== this.said) this.box.textContent = this.said = text;
    }, REST_MS);
  }
}

class Words {
  /** @param {HTMLElement} root  the row above the stage @param {Host} host */
  constructor(root, host) {
    this.host = host;
    /** @type {RunPacket | null} */
    this.run = null;
    /** @type {MetricsHeader | null} */
    this.metrics = null;
    this.lesson = new Lesson(root, host);
    this.intro = new Intro(this.lesson);
    this.glossary = new Glossary();
    this.speaker = new Speaker(root);
  }

  restore() { this.lesson.restore(); }
  /** @param {RunPacket} run */
  setRun(run) {
    this.metrics = null;
    this.run = run;
    this.lesson.show();
    this.speak();
  }
  /** @param {import("../lib/packet.js").Packet<MetricsHeader>} packet */
  setMetrics(packet) {
    this.metrics = packet.header;
    this.speak();
  }
  cursor() { this.speak(); }
  speak() { this.speaker.later(this.host.stage, this.run, this.metrics); }
}

export { Words };
