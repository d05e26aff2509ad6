// The strip of labs below the stage. What labs there are, their words, order and view names come from Python, and with each run why one has nothing to say of it
// (playground/views/lab.py). A lab's script calls PG.lab(key, {mount(root, host)}); mount gives what is told: setRun, setFields, setMetrics, cursor, pin, and show(on).
// Only the open one is told, so that the others cost nothing.
(() => {
  "use strict";
  const PG = (window.PG = window.PG || {});
  const LABS = window.PG_CONFIG?.labs || [], made = new Map();
  PG.lab = (key, { mount }) => made.set(key, mount);
  PG.labKeys = () => LABS.map((lab) => lab.key);

  const TOLD = ["setRun", "setFields", "setMetrics", "cursor", "pin"];

  class Labs {
    /** host: what labs may use of the page, see form.js. */
    constructor(root, host) {
      this.host = host;
      this.latest = {};
      this.parts = new Map();
      root.classList.add("pg-labs");
      this.root = root;
      this.strip = PG.el("div", { className: "pg-lab-strip" });
      this.strip.setAttribute("role", "tablist");
      this.strip.setAttribute("aria-label", "Below the stage");
      this.list = LABS.filter((lab) => made.has(lab.key));
      this.areas = new Map(this.list.map((lab) => [lab.key, PG.el("div", { className: "pg-lab", id: `pg-lab-${lab.key}`, hidden: true })]));
      this.tabs = new Map(this.list.map((lab) => [lab.key, this._tab(lab)]));
      this.strip.append(...this.tabs.values());
      root.replaceChildren(...(this.list.length > 1 ? [this.strip] : []), ...this.areas.values());
      this.strip.addEventListener("keydown", (e) => this._keys(e));
      addEventListener("pg-open-lab", (e) => this.tabs.get(e.detail)?.click());
      this.open(host.view.lab || "curves");
    }

    _tab(lab) {
      const tab = PG.el("button", { type: "button", className: "pg-lab-tab", id: `pg-tab-${lab.key}`, textContent: lab.word });
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
      const legal = this.list.filter((lab) => !this._why(lab));
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
      const lab = this.list.find((l) => l.key === key && !this._why(l)) || this.list[0];
      if (lab.key === this.key) return;
      this.part?.show?.(false);
      this.key = lab.key;
      this.root.dataset.open = lab.key;
      for (const [k, area] of this.areas) area.hidden = k !== lab.key;
      for (const [k, tab] of this.tabs) {
        tab.setAttribute("aria-selected", String(k === lab.key));
        tab.tabIndex = k === lab.key ? 0 : -1;
      }
      if (!this.parts.has(lab.key)) this.parts.set(lab.key, this._guard("mount", () => made.get(lab.key)(this.areas.get(lab.key), this.host)) || {});
      this.part = this.parts.get(lab.key);
      this.host.setView("lab", lab.key === "curves" ? "" : lab.key);
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
        for (const lab of this.list) {
          const why = this._why(lab), tab = this.tabs.get(lab.key);
          tab.setAttribute("aria-disabled", String(Boolean(why)));
          tab.title = why;
          tab.hidden = Boolean(why && lab.page && lab.page !== (value.header.image ? "images" : "toys")); // a lab of the other page
        }
        const before = this.key;
        this.open(this.wanted); // what the new process has no use for closes; what it has use for again comes back
        if (this.key !== before) return;
      }
      this._guard(name, () => this.part[name]?.(value));
    }

    setRun(run) { this._tell("setRun", run); }
    setFields(fields) { this._tell("setFields", fields); }
    setMetrics(metrics) { this._tell("setMetrics", metrics); }
    cursor(info) { this._tell("cursor", info); }
    pin(pin) { this._tell("pin", pin); }
  }
  PG.Labs = Labs;
})();
