// What stands around the picture beside legend.js and timebar.js: the moment's words, the list of keys, messages.
import { introHtml } from "../beside/words.js";
import { must, targetOf } from "../lib/dom.js";
import { SUBSCRIPT } from "./captions.js";

/** [keys, what they do, "form": only where there is a form] */
const KEYS = [
  ["space", "play or pause"],
  ["← →", "one sampler step back or forth"],
  ["shift ← →", "to the noise end, to the data end"],
  ["[ ]", "slower, faster"],
  ["L", "loop on or off"],
  ["1 – 9", "layers, in the legend’s order; of several stages as many digits select one"],
  ["C", "colour by class"],
  ["R", "forward or reverse", "form"],
  ["tab", "the next control; on the pin:", "form"],
  ["← → ↑ ↓", "move the pin, with shift five times as far", "form"],
  ["page ↑ ↓", "move the pin in time", "form"],
  ["delete", "take the pin away", "form"],
  ["ctrl Z", "undo: the experiment before; with shift redo; on a Mac with cmd", "form"],
  ["esc", "close what is open, then the message, then the pin"],
  ["?", "this list"],
];
const HANDS = [
  ["click", "on the picture: a pin; on the pin: away with it", "form"],
  ["double click", "a curve: its whole range; a handle of your data or of a drawn schedule: add, remove; an image: enlarge", "form"],
  ["wheel", "on a component of your data: its weight", "form"],
];

/** A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {Record<string, string | number>} attributes
 * @param {string} html
 * @returns {HTMLElementTagNameMap[K]} */
function make(tag, className = "", attributes = {}, html = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  if (html) node.innerHTML = html;
  return node;
}

/** "p_T" in words from the server becomes p with a subscript.
 * @param {string} words
 * @returns {(Node | string)[]} */
function withSubscripts(words) {
  return words.split(SUBSCRIPT).map((part, n) => (n % 2 ? Object.assign(make("sub"), { textContent: part }) : part));
}

/** The words of the moment, in a corner of the picture. */
class Caption {
  constructor() {
    this.box = make("div", "pg-cap");
    this.time = Object.assign(make("b"), { textContent: "t = –" });
    this.more = make("span", "pg-cap-more");
    this.snr = make("span", "pg-cap-snr");
    this.step = make("span");
    this.more.append(this.snr, this.step);
    this.held = make("span", "pg-cap-held");
    this.box.append(this.time, this.more, this.held);
  }

  /** @param {string} time
   * @param {[snr: string, step: string]} more
   * @param {string} held  why the picture stands still, or "" */
  say(time, [snr, step], held) {
    this.time.textContent = time;
    this.snr.textContent = snr && `${snr} · `;
    this.step.textContent = step;
    this.held.textContent = held;
  }
}

/** The list of keys, over the page. */
class Keys {
  constructor() {
    /** @type {Element | null} */
    this.from = null; // where the keyboard was
    /** @param {string[]} row */
    const row = ([key, what, where = "all"]) => `<dt class="pg-of-${where}">${key}</dt><dd class="pg-of-${where}">${what}</dd>`;
    /** @param {string} keys */
    const kbd = (keys) => keys.split(" ").map((k) => (k === "–" ? k : `<kbd>${k}</kbd>`)).join(" ");
    const rows = KEYS.map(([keys, ...rest]) => row([kbd(keys), ...rest])).join("") + HANDS.map(row).join("");
    const help = (this.box = make("div", "pg-help", { role: "dialog", "aria-modal": "true", "aria-label": "Keyboard" }));
    help.innerHTML = `<div class="pg-sheet"><header><b>Keyboard</b><button type="button" class="pg-btn pg-close" aria-label="Close">×</button></header><div class="pg-sheet-intro">${introHtml()}</div><dl>${rows}</dl></div>`;
    help.hidden = true;
    help.addEventListener("click", (e) => (e.target === help || targetOf(e, ".pg-close")) && this.hide());
    help.addEventListener("keydown", (e) => e.key === "Tab" && e.preventDefault());
  }

  get open() {
    return !this.box.hidden;
  }

  toggle() {
    if (this.open) return this.hide();
    this.from = document.activeElement;
    this.box.hidden = false;
    must(this.box, "button").focus();
  }

  hide() {
    this.box.hidden = true;
    if (this.from instanceof HTMLElement && this.from.isConnected) this.from.focus({ preventScroll: true });
  }
}

class Toast {
  constructor() {
    this.box = make("div", "pg-toast", { role: "alert" });
    this.owner = ""; // who takes it away when its reason has gone
    this.hide();
  }

  get open() {
    return !this.box.hidden;
  }

  /** @param {import("../page.js").Notice} notice
   * @param {string} owner */
  show({ message, kind, action }, owner) {
    this.owner = owner;
    const toast = this.box;
    toast.className = `pg-toast pg-${kind}`;
    toast.replaceChildren(make("span", "pg-toast-mark", { "aria-hidden": "true" }, kind === "error" ? "!" : "i"));
    const words = make("div", "pg-toast-text");
    words.append(Object.assign(make("p"), { textContent: message }));
    toast.append(words);
    if (action) {
      const button = make("button", "pg-btn pg-action", { type: "button" });
      button.textContent = action.label;
      button.addEventListener("click", () => {
        this.hide();
        action.run();
      });
      toast.append(button);
    }
    const close = make("button", "pg-btn pg-close", { type: "button", "aria-label": "Dismiss this message" }, "×");
    close.addEventListener("click", () => this.hide());
    toast.append(close);
    toast.hidden = false;
  }

  /** Its reason has gone. @param {string} owner */
  free(owner) {
    if (this.owner === owner) this.hide();
  }

  hide() {
    this.box.hidden = true;
    this.owner = "";
  }
}

export { Caption, Keys, Toast, make, withSubscripts };
