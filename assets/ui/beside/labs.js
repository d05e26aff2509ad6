// The strip of labs below the stage. What labs there are, their words, order and view names come from Python, and with each run why one has nothing to say of it
// (playground/views/lab.py). A lab's script, labs/<key>/lab.js, is fetched when the lab is first opened; its default is a Lab. Only the open one is told what
// happens, so that the others cost nothing.
import { drawer } from "../form/drawer.js";
import { el, targetOf } from "../lib/dom.js";
import { config } from "../lib/start.js";

/**
 * @typedef {import("../page.js").Lab} Lab
 * @typedef {import("../page.js").LabPart} LabPart
 * @typedef {import("../python.js").LabInfo} LabInfo
 *
 * @typedef {{[K in "setRun" | "setFields" | "setMetrics" | "setBeside" | "cursor" | "pin"]?: Parameters<NonNullable<LabPart[K]>>[0]}} Latest  what a lab is told, by the name of its method
 */

const LABS = config.labs;
export const labKeys = () => LABS.map((lab) => lab.key);
/** The lab that is open when nothing is said. */
export const firstLab = LABS[0].key;

/** In the order in which a lab that opens hears of them. @type {(keyof Latest)[]} */
const TOLD = ["setBeside", "setRun", "setFields", "setMetrics", "cursor", "pin"];

class Labs {
  loading = 0; // scripts that are on their way

  /**
   * @param {HTMLElement} root
   * @param {import("../page.js").Host} host
   */
  constructor(root, host) {
    this.host = host;
    /** @type {Latest} */
    this.latest = {};
    /** Of the labs that have been opened. @type {Map<string, LabPart>} */
    this.parts = new Map();
    /** The open lab; undefined while its script is on its way. @type {LabPart | undefined} */
    this.part = undefined;
    /** Which is open, and which was asked for: a run may have no use for it. */
    this.key = this.wanted = "";
    root.classList.add("pg-labs");
    this.root = root;
    this.strip = el("div", { className: "pg-lab-strip" });
    this.strip.setAttribute("role", "tablist");
    this.strip.setAttribute("aria-label", "Below the stage");
    this.places = LABS.map((lab) => {
      const area = el("div", { className: "pg-lab", id: `pg-lab-${lab.key}`, hidden: true });
      return { lab, area, tab: this._tab(lab, area) };
    });
    this.strip.append(...this.places.map(({ tab }) => tab));
    root.replaceChildren(...(LABS.length > 1 ? [this.strip] : []), ...this.places.map(({ area }) => area));
    this.strip.addEventListener("keydown", (e) => this._keys(e));
    addEventListener("pg-open-lab", (e) => e instanceof CustomEvent && this._placeOf(e.detail)?.tab.click());
    document.addEventListener("click", (e) => { // a word elsewhere on the page
      const place = this._placeOf(targetOf(e, "[data-open-lab]")?.dataset.openLab);
      place?.tab.click();
      if (place && drawer.open) drawer.show(false); // which lies over the lab
    });
    this.open(host.view.lab || firstLab);
  }

  /** @param {string | undefined} key */
  _placeOf(key) {
    return this.places.find(({ lab }) => lab.key === key);
  }

  /** @param {LabInfo} lab @param {HTMLElement} area */
  _tab(lab, area) {
    const tab = el("button", { type: "button", className: "pg-lab-tab", id: `pg-tab-${lab.key}`, textContent: lab.word });
    tab.dataset.term = `lab.${lab.key}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `pg-lab-${lab.key}`);
    tab.addEventListener("click", () => {
      const why = this._why(lab);
      if (why) this.host.notice({ kind: "info", message: `${lab.word}: ${why}` });
      else this.open(lab.key);
    });
    area.setAttribute("role", "tabpanel");
    area.setAttribute("aria-labelledby", tab.id);
    return tab;
  }

  /** @param {KeyboardEvent} e */
  _keys(e) {
    const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const legal = this.places.filter(({ lab }) => !this._why(lab));
    const i = legal.findIndex(({ lab }) => lab.key === this.key);
    const to = legal[(i + step + legal.length) % legal.length];
    this.open(to.lab.key);
    to.tab.focus();
    e.preventDefault();
    e.stopPropagation();
  }

  /** Why a lab has nothing to say of the run; "": it has. @param {LabInfo} lab */
  _why(lab) {
    return this.latest.setRun?.header.labs[lab.key] ?? "";
  }

  /** What opens when a lab is asked for: the first one in the place of an unknown one, or of one that the run has no use for. @param {string} key */
  _fitting(key) {
    return LABS.find((lab) => lab.key === key && !this._why(lab)) || LABS[0];
  }

  /** Opens a lab, or what fits in its place; one that could not be opened is tried again. @param {string} key */
  open(key) {
    this.wanted = key;
    const lab = this._fitting(key);
    if (lab.key === this.key && (this.part || this.loading)) return;
    this.part?.show?.(false);
    this.key = lab.key;
    this.root.dataset.open = lab.key;
    for (const { lab: other, area, tab } of this.places) {
      area.hidden = other !== lab;
      tab.setAttribute("aria-selected", String(other === lab));
      tab.tabIndex = other === lab ? 0 : -1;
    }
    this.host.setView("lab", lab.key === firstLab ? "" : lab.key);
    this.part = this.parts.get(lab.key);
    if (this.part) this._show();
    else this._load(lab);
  }

  /** @param {LabInfo} lab */
  async _load({ key, word }) {
    /** @type {Lab} */
    let lab;
    this.loading++;
    try {
      ({ default: lab } = await import(`../labs/${key}/lab.js`));
    } catch (error) {
      if (this.key !== key) return; // nobody waits for it any more
      this.host.failed(`${key}.script`, error);
      const run = () => location.reload(); // a browser may keep that a module has failed for as long as the page is there
      return this.host.notice({ kind: "error", message: `${word} could not be loaded. Loading the page anew shows the same again.`, action: { label: "Load anew", run } });
    } finally {
      this.loading--;
    }
    if (this.key === key && !this.part) this._mount(key, word, lab); // what was closed before it came is mounted when it is opened again
  }

  /** @param {string} key @param {string} word @param {Lab} lab */
  _mount(key, word, lab) {
    const area = this._placeOf(key)?.area;
    if (!area) return;
    try {
      this.part = lab.mount(area, this.host);
    } catch (error) {
      area.replaceChildren();
      this.host.failed(`${key}.mount`, error);
      return this.host.notice({ kind: "error", message: `${word} could not be opened.`, action: { label: "Try again", run: () => this.open(key) } });
    }
    this.parts.set(key, this.part);
    this._show();
  }

  _show() {
    this.part?.show?.(true);
    dispatchEvent(new CustomEvent("pg-lab", { detail: Boolean(this.part?.pin) })); // whether it tells of the pin
    for (const name of TOLD) if (name in this.latest) this._pass(name);
  }

  /** Tells the open lab the latest of one kind. @param {keyof Latest} name */
  _pass(name) {
    const told = /** @type {((value: unknown) => void) | undefined} */ (this.part?.[name]);
    this._guard(name, () => told?.call(this.part, this.latest[name]));
  }

  /**
   * A lab that fails takes nothing else with it.
   * @template T
   * @param {string} name  of what it was asked
   * @param {() => T} fn
   */
  _guard(name, fn) {
    try {
      return fn();
    } catch (error) {
      this.host.failed(`${this.key}.${name}`, error);
    }
  }

  /**
   * @template {keyof Latest} K
   * @param {K} name
   * @param {Latest[K]} value
   */
  _tell(name, value) {
    this.latest[name] = value;
    this._pass(name);
  }

  /** @param {NonNullable<Latest["setRun"]>} run */
  setRun(run) {
    this.latest.setRun = run;
    delete this.latest.setMetrics;
    for (const { lab, tab } of this.places) {
      const why = this._why(lab);
      tab.setAttribute("aria-disabled", String(why !== ""));
      tab.title = why;
      tab.hidden = Boolean(why && lab.page && lab.page !== (run.header.image ? "images" : "toys")); // a lab of the other page
    }
    if (this._fitting(this.wanted).key === this.key) this._pass("setRun");
    else this.open(this.wanted); // what the new process has no use for closes; what it has use for again comes back
  }

  /** @param {NonNullable<Latest["setFields"]>} fields */
  setFields(fields) { this._tell("setFields", fields); }
  /** @param {NonNullable<Latest["setMetrics"]>} metrics */
  setMetrics(metrics) { this._tell("setMetrics", metrics); }
  /** @param {NonNullable<Latest["setBeside"]>} stages */
  setBeside(stages) { this._tell("setBeside", stages); }
  /** @param {NonNullable<Latest["cursor"]>} info */
  cursor(info) { this._tell("cursor", info); }
  /** @param {import("../page.js").PinPoint | null} pin */
  pin(pin) { this._tell("pin", pin); }
}

export { Labs };
