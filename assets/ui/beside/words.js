// What the page says of itself: the open example's sentence above the stage, the first visit's three sentences, the glossary, and what is
// read aloud when the picture rests. The words come from Python (PG_CONFIG.examples, .intro, .glossary).
import { el } from "../lib/dom.js";
import { significant, subscripts } from "../lib/numbers.js";
import { config, experimentPart } from "../lib/start.js";
import { time } from "../lib/time.js";
import { tip } from "../lib/tip.js";
import { captionMore } from "../stage/captions.js";

const MET = "pg-met", ALWAYS = ["seed", "particles", "dtype"], REST_MS = 700;

// ---- the open example ------------------------------------------------------------------------------------------------------------
class Lesson {
  /** host: what form.js gives to labs. root: the row above the stage. */
  constructor(root, host) {
    this.host = host;
    this.box = el("section", { className: "pg-lesson", hidden: true });
    this.box.setAttribute("aria-label", "The open example");
    root.append(this.box);
    this.restore(this.recognised());
  }

  /** A link of before that has no view.example: the example whose query it is. */
  recognised() {
    const told = new URLSearchParams(location.search), view = Object.fromEntries([...told].filter(([k]) => k.startsWith("view.")).map(([k, v]) => [k.slice(5), v]));
    const same = (a, b) => Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((k) => a[k] === b[k]);
    return config.examples.find((x) => x.query && same(x.told, experimentPart(location.search)) && same(x.view, view))?.key;
  }

  restore(key = this.host.view.example || this.recognised()) {
    const at = config.examples.findIndex((x) => x.key === key);
    this.open = at < 0 ? null : config.examples[at];
    if (!this.open) return this.dismiss();
    this.host.setView("example", this.open.key);
    this.next = config.examples[(at + 1) % config.examples.length];
    this.told = null;
    this.show();
  }

  dismiss() {
    this.open = null;
    this.host.setView("example", "");
    this.box.hidden = true;
  }

  /** Only what the example tells to move has been moved: its sentences are still true. */
  followed(query) {
    const { told, whole, moves } = this.open, may = [...ALWAYS, ...moves];
    const names = new Set([...Object.keys(query), ...Object.keys(told)]);
    return [...names].every((n) => query[n] === told[n] || query[n] === whole[n] || may.some((m) => n === m || n.startsWith(`${m}.`)));
  }

  show() {
    if (!this.open) return;
    const { title, look, move } = this.open, followed = this.followed(this.host.query);
    if (followed === this.told) return;
    this.told = followed;
    const words = el("p", {}, el("b", { textContent: title }));
    if (followed) words.append(el("span", { innerHTML: subscripts(look) }), el("span", { className: "pg-lesson-move", innerHTML: `<b>Try</b>${subscripts(move)}` }));
    else words.append(el("span", { textContent: "You have gone on from this example." }), el("a", { href: this.link(this.open), textContent: "Open it again" }));
    const next = el("a", { href: this.link(this.next), className: "pg-lesson-next", textContent: "next example" });
    next.dataset.tip = this.next.title;
    const away = el("button", { type: "button", className: "pg-lesson-away", textContent: "×" });
    away.setAttribute("aria-label", "Close the example's words");
    away.addEventListener("click", () => this.dismiss());
    this.box.replaceChildren(words, el("div", { className: "pg-lesson-tools" }, next, away));
    this.box.hidden = false;
  }

  link(x) { return `?${x.query ? `${x.query}&` : ""}view.example=${x.key}`; }
}

// ---- the first visit ---------------------------------------------------------------------------------------------------------------
const met = () => {
  try { return localStorage.getItem(MET) !== null; } catch { return false; }
};
export const introHtml = () => config.intro.map(([head, words]) => `<p><b>${head}.</b> ${words}</p>`).join("");

class Intro {
  constructor(lesson) {
    this.box = el("div", { className: "pg-intro", hidden: true });
    this.box.setAttribute("role", "note");
    this.box.setAttribute("aria-label", "What this is");
    // any action leaves it, once it is seen (a notice stands before it); the key or the click does what it does otherwise too
    const leave = (e) => !this.box.hidden && this.box.offsetParent && !["Shift", "Control", "Alt", "Meta"].includes(e.key) && this.hide();
    for (const name of ["pointerdown", "keydown", "wheel"]) addEventListener(name, leave, { capture: true, passive: true });
    if (!met() && !lesson.open && document.body.dataset.page !== "images") this.show();
  }

  show() {
    const home = document.querySelector("#pg-stage .pg-view");
    if (!home) return setTimeout(() => this.show(), 60); // the stage is mounted after us
    if (!this.box.isConnected) home.append(this.box);
    this.box.innerHTML = `${introHtml()}<span class="pg-intro-foot">Any ${matchMedia("(pointer: coarse)").matches ? "touch" : "click or key"} closes this; it stays under “${document.querySelector(".pg-help-button")?.offsetParent ? "?" : "⋯"}”.</span>`;
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
    if (this.entries) return;
    document.body.append(this.box);
    this.entries = [];
    let group = null, heading = null;
    for (const entry of Object.values(config.glossary)) {
      if (entry.group !== group) {
        group = entry.group;
        heading = el("h3", { textContent: group });
        this.list.append(heading);
      }
      const node = el("article", { innerHTML: tip.entryHtml(entry) });
      this.list.append(node);
      this.entries.push({ node, heading, words: plain([entry.name, entry.text, entry.also, entry.ref].join(" ")) });
    }
    this.set = tip.typeset(this.list);
  }

  open(word = "") {
    this.fill();
    this.search.value = word;
    this.filter();
    if (!this.box.open) this.box.showModal();
    this.set.then(() => { // a formula without a place to break is scrolled: by the keyboard too
      for (const tex of this.list.querySelectorAll(".pg-tex")) tex.tabIndex = tex.scrollWidth > tex.clientWidth ? 0 : -1;
    });
    this.search.focus();
  }

  filter() {
    const want = plain(this.search.value), live = new Set();
    for (const { node, heading, words } of this.entries) {
      node.hidden = !words.includes(want);
      if (!node.hidden) live.add(heading);
    }
    for (const h of this.list.querySelectorAll("h3")) h.hidden = !live.has(h);
    this.list.classList.toggle("pg-none-found", !live.size);
  }
}
const plain = (text) => String(text ?? "").toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

// ---- what is read aloud ---------------------------------------------------------------------------------------------------------------
class Speaker {
  constructor(root) {
    this.box = el("p", { className: "pg-aloud" });
    this.box.setAttribute("role", "status");
    root.append(this.box);
    this.said = "";
  }

  /** At rest only: a screen reader cannot follow a moving picture. */
  later(stage, run, metrics) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!stage?.run || stage.playing) return;
      const info = stage.run.facts(stage.cursor), m = metrics?.metrics?.[0], S = significant;
      const parts = [captionMore(info, stage.run).replace(/step (\d+)\/(\d+)/, "step $1 of $2"), time.said(info)];
      if (m) parts.push(`at the end ${m.label.split(",")[0]} ${S(m.final)}${m.floor ? `, floor ${S(m.floor)}` : ""}`);
      const text = parts.join(", ");
      if (text !== this.said) this.box.textContent = this.said = text;
    }, REST_MS);
  }
}

class Words {
  constructor(root, host) {
    this.host = host;
    this.lesson = new Lesson(root, host);
    this.intro = new Intro(this.lesson);
    this.glossary = new Glossary();
    this.speaker = new Speaker(root);
  }

  restore() { this.lesson.restore(); }
  setRun(run) {
    this.metrics = null;
    this.run = run;
    this.lesson.show();
    this.speak();
  }
  setMetrics(packet) {
    this.metrics = packet.header;
    this.speak();
  }
  cursor() { this.speak(); }
  speak() { this.speaker.later(this.host.stage, this.run, this.metrics); }
}
export { Words };
