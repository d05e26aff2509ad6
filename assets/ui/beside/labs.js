// The strip of labs below the stage. What labs there are, their words, order and view names come from Python, and with each run why one has nothing to say of it
// (playground/views/lab.py). A lab's script, labs/<key>/lab.js, is fetched when the lab is first opened; its default is {mount(root, host)}, which gives what is
// told: setRun, setFields, setMetrics, cursor, pin, and show(on). Only the open one is told, so that the others cost nothing.
import { el } from "../lib/dom.js";
import { config } from "../lib/start.js";

const LABS = config.labs;
export const labKeys = () => LABS.map((lab) => lab.key);

const TOLD = ["setRun", "setFields", "setMetrics", "cursor", "pin"];

class Labs {
  loading = 0; // scripts that are on their way

  /** host: what labs may use of the page, see form.js. */
  constructor(root, host) {
    this.host = host;
    this.latest = {};
    this.parts = new Map();
    root.classList.add("pg-labs");
    this.root = root;
    this.strip = el("div", { className: "pg-lab-strip" });
    this.strip.setAttribute("role", "tablist");
    this.strip.setAttribute("aria-label", "Below the stage");
    this.areas = new Map(LABS.map((lab) => [lab.key, el("div", { className: "pg-lab", id: `pg-lab-${lab.key}`, hidden: true })]));
    this.tabs = new Map(LABS.map((lab) => [lab.key, this._tab(lab)]));
    this.strip.append(...this.tabs.values());
    root.replaceChildren(...(LABS.length > 1 ? [this.strip] : []), ...this.areas.values());
    this.strip.addEventListener("keydown", (e) => this._keys(e));
    addEventListener("pg-open-lab", (e) => this.tabs.get(e.detail)?.click());
    document.addEventListener("click", (e) => { // a word elsewhere on the page
      const tab = this.tabs.get(e.target.closest?.("[data-open-lab]")?.dataset.openLab);
      tab?.click();
      if (tab && document.body.classList.contains("pg-drawer-open")) host.form.drawer(false); // which lies over the lab
    });
    this.open(host.view.lab || "curves");
  }

  _tab(lab) {
    const tab = el("button", { type: "button", className: "pg-lab-tab", id: `pg-tab-${lab.key}`, textContent: lab.word });
    tab.dataset.term = `lab.${lab.key}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `pg-lab-${lab.key}`);
    tab.addEventListener("click", () => {
      const why = this._why(lab);
      if (why) this.host.notice({ kind: "info", message: `${lab.word}: ${why}` });
      else this.open(lab.key);
    });
    const area = this.areas.get(lab.key);
    area.setAttribute("role", "tabpanel");
    area.setAttribute("aria-labelledby", tab.id);
    return tab;
  }

  _keys(e) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    const legal = LABS.filter((lab) => !this._why(lab));
    const i = legal.findIndex((lab) => lab.key === this.key);
    const to = legal[(i + step + legal.length) % legal.length];
    this.open(to.key);
    this.tabs.get(to.key).focus();
    e.preventDefault();
    e.stopPropagation();
  }

  _why(lab) {
    return this.latest.setRun?.header.labs[lab.key] || "";
  }

  /** Opens a lab; an unknown one, or one that the run has no use for, opens the curves. */
  open(key) {
    this.wanted = key;
    const lab = LABS.find((l) => l.key === key && !this._why(l)) || LABS[0];
    if (lab.key === this.key) return;
    this.part?.show?.(false);
    this.key = lab.key;
    this.root.dataset.open = lab.key;
    for (const [k, area] of this.areas) area.hidden = k !== lab.key;
    for (const [k, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(k === lab.key));
      tab.tabIndex = k === lab.key ? 0 : -1;
    }
    this.host.setView("lab", lab.key === "curves" ? "" : lab.key);
    this.part = this.parts.get(lab.key);
    if (this.part) this._show();
    else this._load(lab);
  }

  async _load({ key, word }) {
    this.loading++;
    try {
      const { default: lab } = await import(`../labs/${key}/lab.js`);
      if (!this.parts.has(key)) this.parts.set(key, this._guard("mount", () => lab.mount(this.areas.get(key), this.host)) || {});
    } catch (error) {
      this.host.failed(`${key}.script`, error);
      const again = () => this.key === key && !this.part && this._load({ key, word });
      return this.host.notice({ kind: "error", message: `${word} could not be loaded.`, action: { label: "Try again", run: again } });
    } finally {
      this.loading--;
    }
    if (this.key !== key || this.part) return;
    this.part = this.parts.get(key);
    this._show();
  }

  _show() {
    this.part.show?.(true);
    dispatchEvent(new CustomEvent("pg-lab", { detail: Boolean(this.part.pin) })); // whether it tells of the pin
    for (const name of TOLD) if (name in this.latest) this._guard(name, () => this.part[name]?.(this.latest[name]));
  }

  _guard(name, fn) {
    try {
      return fn();
    } catch (error) {
      this.host.failed(`${this.key}.${name}`, error);
    }
  }

  _tell(name, value) {
    this.latest[name] = value;
    if (name === "setRun") {
      delete this.latest.setMetrics;
      for (const lab of LABS) {
        const why = this._why(lab), tab = this.tabs.get(lab.key);
        tab.setAttribute("aria-disabled", String(Boolean(why)));
        tab.title = why;
        tab.hidden = Boolean(why && lab.page && lab.page !== (value.header.image ? "images" : "toys")); // a lab of the other page
      }
      const before = this.key;
      this.open(this.wanted); // what the new process has no use for closes; what it has use for again comes back
      if (this.key !== before) return;
    }
    this._guard(name, () => this.part?.[name]?.(value));
  }

  setRun(run) { this._tell("setRun", run); }
  setFields(fields) { this._tell("setFields", fields); }
  setMetrics(metrics) { this._tell("setMetrics", metrics); }
  cursor(info) { this._tell("cursor", info); }
  pin(pin) { this._tell("pin", pin); }
}
export { Labs };
