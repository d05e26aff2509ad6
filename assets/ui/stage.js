// The stage: particles, exact fields and one cursor in time, drawn on a Canvas2D from the packets of docs/packet.md.
//
// This is the loop that owns time, and the controls around it. What was sent: run.js. What can be shown: layers.js. How a panel
// draws itself: plane.js, spacetime.js (both from stage-panel.js, with draw.js and density.js), placed by arrange.js.
(() => {
  "use strict";
  const PG = (window.PG = window.PG || {});
  const { clamp, isNumber, number, rgbOf, contains, text } = PG.draw;
  const { LAYERS, LAYER_IDS, DEFAULT_LAYERS } = PG.layers;
  const { Run, Fields, Spacetime, arrange, naturalHeight, locate } = PG;

  const PASS_SECONDS = 6; // one run from end to end at speed 1×
  const REST_MS = 900; // the rest before a loop starts again
  const BUSY_AFTER_MS = 300; // shorter waits show nothing
  const FADE_MS = 400; // so long may the fields of the run before be shown in full strength
  const SLOW_MS = 28; // a longer interval between pictures than this counts as slow
  const SPEEDS = [0.25, 0.5, 1, 2, 4];
  const NARROW = 700; // a stage below this width has its legend in one scrolling row
  const WINDOW_NARROW = 820; // in a window below this width panels are stacked
  // the class colours of views/export.py: Okabe–Ito, with a yellow dark enough for a white page
  const CLASS_COLOURS = {
    light: ["#009E73", "#D55E00", "#0072B2", "#CC79A7", "#E69F00", "#56B4E9", "#8a6d00", "#1b1d21"],
    dark: ["#2fc79a", "#f0894a", "#56B4E9", "#e39ac6", "#E69F00", "#9ad0f2", "#F0E442", "#e9eaec"],
  };
  const ROLES = ["bg", "panel", "ink", "soft", "line", "stage", "data", "noise", "exact", "sampler", "learned", "pin", "accent"];

  function make(tag, className, attributes = {}, html = "") {
    const node = document.createElement(tag);
    if (className) node.className = className;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (html) node.innerHTML = html;
    return node;
  }

  const SUBSCRIPT = /(?<=\p{L})_([\p{L}\d]+)/u;

  // "p_T" in words from the server becomes p with a subscript
  function withSubscripts(words) {
    return words.split(SUBSCRIPT).map((part, n) => (n % 2 ? Object.assign(make("sub"), { textContent: part }) : part));
  }

  const ICONS = {
    play: '<path d="M4 2.5v11l9-5.5z"/>',
    pause: '<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z"/>',
    back: '<path d="M11.5 3v10L5 8zM3 3h1.8v10H3z"/>',
    forth: '<path d="M4.5 3v10L11 8zM11.2 3H13v10h-1.8z"/>',
    loop: '<path d="M11.2 1.6 14 4.2l-2.8 2.6V5H5.4A2.6 2.6 0 0 0 2.8 7.6v.6H1.2v-.6A4.2 4.2 0 0 1 5.4 3.4h5.8zM4.8 9.2V11h5.8a2.6 2.6 0 0 0 2.6-2.6v-.6h1.6v.6a4.2 4.2 0 0 1-4.2 4.2H4.8v1.8L2 11.8z"/>',
    help: '<path d="M5.2 5.6C5.3 4 6.4 3 8.1 3c1.7 0 2.9 1 2.9 2.5 0 1.1-.5 1.7-1.5 2.4-.8.6-1 .9-1 1.6v.3H7v-.5c0-1.100.4-1.700 1.400-2.400.8-.6 1-.9 1-1.400 0-.7-.5-1.100-1.300-1.100-.9 0-1.400.4-1.500 1.300zM6.900 11h1.800v1.800H6.900z"/>',
  };
  const icon = (name) => `<svg viewBox="0 0 16 16" width="14" height="14" fill="currentColor" aria-hidden="true">${ICONS[name]}</svg>`;

  const KEYS = [
    ["space", "play or pause"],
    ["← →", "one sampler step back or forth"],
    ["shift ← →", "to the noise end, to the data end"],
    ["[ ]", "slower, faster"],
    ["L", "loop on or off"],
    ["1 – 9", "layers, in the legend’s order"],
    ["C", "colour by class"],
    ["R", "forward or reverse"],
    ["?", "this list"],
    ["esc", "close"],
  ];

  class Stage {
    constructor(root, options = {}) {
      this.root = root;
      this.options = options;
      this.listeners = {};
      this.run = this.fields = null;
      this.panels = [];
      this.painted = { key: null, seq: null, count: 0, at: 0 };
      this.paints = []; // times of recent paints, for fps()
      this._on = new Set(options.layers || DEFAULT_LAYERS);
      this._colour = "sampler";
      this._clock = null; // null: not yet placed, the first run places it
      this._mode = options.mode || "reverse";
      this._speed = 1;
      this._loop = true;
      this._pin = null;
      this.overlay = null; // (ctx, panel, scene): a lab's own layer
      this.hover = -1;
      this.version = 0; // counts whatever makes still pictures out of date
      this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.playing = options.autoplay !== undefined ? options.autoplay : !this.calm;
      this.restUntil = 0;
      this._build();
      this._readTheme();
      this._watch();
      window.__pgStage = this;
      this.hand = PG.Pin ? new PG.Pin(this) : null;
      this._tick = this._tick.bind(this);
      requestAnimationFrame(this._tick);
    }

    // -- events --

    on(name, fn) {
      (this.listeners[name] = this.listeners[name] || []).push(fn);
      return () => (this.listeners[name] = this.listeners[name].filter((f) => f !== fn));
    }

    emit(name, value) {
      (this.listeners[name] || []).forEach((fn) => fn(value));
    }

    // -- data --

    setRun(decoded) {
      const run = new Run(decoded);
      const first = !this.run, sameGeometry = this.run && this.run.geometry === run.geometry;
      this.run = run;
      this.root.classList.toggle("pg-forming", Boolean(this.images && !run.header.image));
      this._mode = run.forward ? "forward" : "reverse";
      if (this.fields && !sameGeometry && this.fields.geometry !== run.geometry) this.fields = null;
      if (this.fields) this._age(this.fields, run);
      if (this.hover >= run.count) this.hover = -1;
      if (this._clock === null) this._clock = this.calm ? Math.min(run.start, run.end) : run.start;
      if (first) this.root.classList.remove("pg-waiting");
      const panels = JSON.stringify(run.panels);
      if (panels !== this.laid) (this.laid = panels), this._layout();
      this.hand?.settle();
      this._showControls();
      this._showDivergence();
      this._touch(true);
      this._describe();
    }

    // fields of another run fade, but not at once: while a hand moves something they come a moment after each run
    _age(fields, run) {
      fields.stale = !fields.fits(run);
      if (!fields.stale) fields.faded = false;
      else if (!fields.faded) fields.fading ||= setTimeout(() => {
        fields.fading = 0;
        fields.faded = fields.stale;
        this._touch(true);
      }, FADE_MS);
    }

    setFields(decoded) {
      const fields = new Fields(decoded);
      if (!this.run || !fields.fits(this.run)) return false;
      const old = this.fields;
      const joins = old && !old.stale && old.fits(this.run) && old.clock.length === fields.clock.length && old.geometry === fields.geometry;
      if (joins) old.merge(decoded);
      else this.fields = fields;
      this._touch(true);
      return true;
    }

    clearFields() {
      this.fields = null;
      this._touch(true);
    }

    // server layers that the visible layers need; the host puts them into its requests
    get wanted() {
      const names = LAYERS.filter((l) => l.needs && this._on.has(l.id) && !this._why(l)).map((l) => l.needs);
      return new Set(names);
    }

    wants() {
      return this.wanted;
    }

    _has(server) {
      if (server === "x0") return Boolean(this.run && this.run.x0);
      return Boolean(this.fields && !this.fields.stale && this.fields.has(server));
    }

    // -- time --

    get cursor() {
      return this._clock === null ? 1 : this._clock;
    }

    set cursor(clock) {
      if (!isNumber(clock)) return;
      this._clock = clamp(clock, 0, 1);
      this.restUntil = 0;
      this._touch();
    }

    // place the cursor and stay there, as a link or another view asks for
    seek(clock) {
      this.cursor = clock;
      this.pause();
    }

    get mode() {
      return this._mode;
    }

    set mode(mode) {
      this._mode = mode === "forward" ? "forward" : "reverse";
      this._showControls();
    }

    get start() {
      return this.run ? this.run.start : this._mode === "forward" ? 0 : 1;
    }

    get end() {
      return this.run ? this.run.end : this._mode === "forward" ? 1 : 0;
    }

    _atEnd() {
      return this.run && (this.run.forward ? this.cursor >= this.end - 1e-6 : this.cursor <= this.end + 1e-6);
    }

    play() {
      if (this._atEnd()) this._clock = this.start;
      this.playing = true;
      this.restUntil = 0;
      this.last = 0;
      this._showControls();
      this._touch();
    }

    pause() {
      const was = this.playing;
      this.playing = false;
      this._showControls();
      if (was || this.run) this._settle();
    }

    toggle() {
      if (this.playing) this.pause();
      else this.play();
    }

    // to the next (+1) or previous (−1) step of the sampler, in the direction in which the run goes
    step(by) {
      if (!this.run) return;
      const sign = (this.run.forward ? 1 : -1) * by;
      const ahead = this.run.stops.filter((c) => (c - this.cursor) * sign > 1e-5);
      if (ahead.length) this.cursor = ahead.reduce((a, b) => (Math.abs(b - this.cursor) < Math.abs(a - this.cursor) ? b : a));
      this.pause();
    }

    // by = +1: to the right, which is towards the data; −1: to the left
    stepRight(by) {
      this.step(this._mode === "forward" ? -by : by);
    }

    get speed() {
      return this._speed;
    }

    set speed(speed) {
      this._speed = clamp(speed, SPEEDS[0], SPEEDS[SPEEDS.length - 1]);
      this._showControls();
    }

    get loop() {
      return this._loop;
    }

    set loop(on) {
      this._loop = Boolean(on);
      this._showControls();
    }

    // -- what is shown --

    get layers() {
      return LAYER_IDS.filter((id) => this._on.has(id));
    }

    set layers(names) {
      this._on = new Set([...names].filter((id) => LAYER_IDS.includes(id)));
      this._layersChanged();
    }

    setLayers(names) {
      this.layers = names;
    }

    toggleLayer(id) {
      const layer = LAYERS.find((l) => l.id === id);
      if (!layer || this._why(layer)) return;
      if (!this._on.delete(id)) this._on.add(id);
      this._layersChanged();
      if (this._on.has(id) && layer.needs && !this._has(layer.needs)) this.emit("want", this.wanted);
    }

    _layersChanged() {
      this._showLegend();
      this._touch(true);
      this.emit("layers", this.layers);
    }

    get colour() {
      return this._colour;
    }

    set colour(how) {
      this._colour = how === "class" ? "class" : "sampler";
      this._showLegend();
      this._touch(true);
      this.emit("color", this._colour === "class" ? "class" : "");
    }

    setColor(how) {
      this.colour = how;
    }

    get pin() {
      return this._pin;
    }

    /** Words for the link, or a pin to come from a link; what is wrong with them is said in a notice. */
    setPin(text) {
      const complaint = this.hand ? this.hand.want(text) : "";
      if (complaint) this.notice({ kind: "warning", message: complaint });
    }

    _pinChanged(pin) {
      if (!pin && !this._pin) return;
      this._pin = pin;
      this.emit("pin", pin);
      this._touch();
    }

    // why the current run cannot show a layer, or ""
    _why(layer) {
      if (!this.run) return "";
      const declared = this.run.header.unavailable && this.run.header.unavailable[layer.id];
      return declared || (layer.why ? layer.why(this.run) : "");
    }

    _whyNoClasses() {
      return this.run && this.run.groups === this.run.one ? "this distribution has one class" : "";
    }

    // -- messages --

    setBusy(on) {
      clearTimeout(this.busyTimer);
      if (on) this.busyTimer = setTimeout(() => this.root.classList.add("pg-busy"), BUSY_AFTER_MS);
      else this.root.classList.remove("pg-busy");
      this.root.setAttribute("aria-busy", String(Boolean(on)));
    }

    notice({ message, kind = "info", action = null, detail = "" }) {
      this.toastOwner = null;
      const { toast } = this.ui;
      toast.className = `pg-toast pg-${kind}`;
      toast.replaceChildren(make("span", "pg-toast-mark", { "aria-hidden": "true" }, kind === "error" ? "!" : "i"));
      const words = make("div", "pg-toast-text");
      words.append(make("p"));
      words.firstChild.textContent = message;
      if (detail) words.append(Object.assign(make("p", "pg-soft"), { textContent: detail }));
      toast.append(words);
      if (action) {
        const button = make("button", "pg-btn pg-action", { type: "button" });
        button.textContent = action.label;
        button.addEventListener("click", () => (this.clearNotice(), (action.run || action.onClick)()));
        toast.append(button);
      }
      const close = make("button", "pg-btn pg-close", { type: "button", "aria-label": "Dismiss this message" }, "×");
      close.addEventListener("click", () => this.clearNotice());
      toast.append(close);
      toast.hidden = false;
    }

    clearNotice() {
      this.ui.toast.hidden = true;
      this.toastOwner = null;
    }

    _showDivergence() {
      const { diverged } = this.run.header;
      if (!diverged) return this.toastOwner === "diverged" ? this.clearNotice() : undefined;
      this.notice({ kind: "error", message: diverged.message || `The run left the plotted range at step ${diverged.step}.` });
      this.toastOwner = "diverged";
    }

    showHelp() {
      const { help } = this.ui;
      if (!help.hidden) return this.hideHelp();
      this.helpFrom = document.activeElement;
      help.hidden = false;
      help.querySelector("button").focus();
    }

    hideHelp() {
      this.ui.help.hidden = true;
      if (this.helpFrom && this.helpFrom.isConnected) this.helpFrom.focus({ preventScroll: true });
    }

    // -- building the page's part --

    _build() {
      const { root } = this;
      root.classList.add("pg-stage", "pg-waiting");
      root.replaceChildren();
      const ui = (this.ui = {});
      ui.view = make("div", "pg-view");
      ui.canvas = make("canvas", "pg-canvas", { role: "img", "aria-label": "Diffusion stage, preparing the first run" });
      ui.head = make("div", "pg-head");
      ui.legend = make("div", "pg-legend", { role: "group", "aria-label": "Layers" });
      ui.cap = make("div", "pg-cap", {}, '<b>t = –</b><span class="pg-cap-more"></span>');
      ui.head.append(ui.legend, ui.cap);
      ui.notes = make("div", "pg-notes");
      ui.empty = make("div", "pg-empty", { role: "status" }, "<p>Preparing the first run…</p>");
      ui.toast = make("div", "pg-toast", { role: "alert" });
      ui.toast.hidden = true;
      ui.tip = make("div", "pg-tip", { role: "tooltip" });
      ui.tip.hidden = true;
      ui.view.append(ui.canvas, ui.empty, ui.head, ui.notes, ui.toast);
      root.append(ui.view, this._buildTime(), this._buildHelp(), ui.tip);
      this.ctx = ui.canvas.getContext("2d");
      this._buildLegend();
      this._showControls();
    }

    _buildLegend() {
      const { ui } = this;
      ui.layer = {};
      LAYERS.forEach((layer, n) => {
        const button = make("button", `pg-chip pg-role-${layer.role}`, { type: "button", "data-layer": layer.id, "aria-keyshortcuts": String(n + 1) }, `${layer.mark}<span>${layer.word}</span>`);
        button.addEventListener("click", () => this.toggleLayer(layer.id));
        this._tipOn(button, () => this._layerTip(layer, n + 1));
        ui.layer[layer.id] = button;
        ui.legend.append(button);
      });
      ui.colour = make("button", "pg-chip pg-by-class", { type: "button", "aria-keyshortcuts": "C" }, '<i class="pg-wheel" aria-hidden="true"></i><span>by class</span>');
      ui.colour.addEventListener("click", () => this.toggleColour());
      this._tipOn(ui.colour, () => {
        const why = this._whyNoClasses();
        return why ? `Not available: ${why}.` : `Colour each particle by its class: the component k that it ${this._mode === "forward" ? "came from" : "most probably arrived at, argmax p(k | x₀)"}. Key C.`;
      });
      ui.legend.append(ui.colour);
      this._showLegend();
    }

    toggleColour() {
      if (!this._whyNoClasses()) this.colour = this._colour === "class" ? "sampler" : "class";
    }

    _layerTip(layer, key) {
      const why = this._why(layer);
      if (why) return `Not available: ${why}.`;
      const run = this.run || { components: [], planes: 1 };
      return `${layer.tip(run)} Key ${key}.`;
    }

    _buildTime() {
      const { ui } = this;
      ui.time = make("div", "pg-time", { role: "group", "aria-label": "Time" });
      const button = (name, label, html, fn, tip) => {
        const node = make("button", `pg-btn pg-${name}`, { type: "button", "aria-label": label }, html);
        node.addEventListener("click", fn);
        this._tipOn(node, () => tip || label);
        return (ui[name] = node);
      };
      button("play", "Play", icon("play"), () => this.toggle(), "Play or pause. Key space.");
      button("back", "Step left", icon("back"), () => this.stepRight(-1), "One sampler step to the left, towards noise. Key ←.");
      button("forth", "Step right", icon("forth"), () => this.stepRight(1), "One sampler step to the right, towards data. Key →.");
      ui.scrub = make("div", "pg-scrub");
      ui.ticks = make("canvas", "pg-ticks", { "aria-hidden": "true" });
      ui.range = make("input", "pg-range", { type: "range", min: 0, max: 1, step: 0.001, value: 0, "aria-label": "Time, from noise to data" });
      ui.scrub.append(make("span", "pg-end", {}, "noise"), make("div", "pg-track"), make("span", "pg-end", {}, "data"));
      ui.scrub.children[1].append(ui.ticks, ui.range);
      ui.range.addEventListener("input", () => this._scrub(1 - Number(ui.range.value)));
      ui.range.addEventListener("change", () => this._settle());
      ui.tools = make("div", "pg-tools");
      ui.direction = make("div", "pg-direction", { role: "group", "aria-label": "Direction" });
      button("forward", "Forward: noising", "<span>◂</span> forward", () => this._askMode("forward"), "Forward: data become noise, x_t ~ p(x_t | x₀). Key R.");
      button("reverse", "Reverse: sampling", "reverse <span>▸</span>", () => this._askMode("reverse"), "Reverse: the sampler turns noise into data. Key R.");
      ui.direction.append(ui.forward, ui.reverse);
      ui.speed = make("select", "pg-speed", { "aria-label": "Speed" }, SPEEDS.map((s) => `<option value="${s}">${s}×</option>`).join(""));
      ui.speed.addEventListener("change", () => (this.speed = Number(ui.speed.value)));
      this._tipOn(ui.speed, () => "Speed of the clock. Keys [ and ].");
      button("loop", "Loop", icon("loop"), () => (this.loop = !this.loop), "Start again after a short rest at the end. Key L.");
      button("keys", "Keyboard", icon("help"), () => this.showHelp(), "What the keyboard does. Key ?.");
      ui.scale = make("select", "pg-speed pg-scale", { "aria-label": "Time is told as" },
        Object.entries(PG.time.scales).map(([key, scale]) => `<option value="${key}">${scale.word}</option>`).join(""));
      ui.scale.addEventListener("change", () => (PG.time.choose(ui.scale.value), this.emit("time", PG.time.name)));
      this._tipOn(ui.scale, () => `Time is told as: ${PG.time.scales[PG.time.name].tip}`);
      addEventListener("pg-time", () => {
        ui.scale.value = PG.time.name;
        if (!this.run) return;
        this._showTime(this.run.facts(this.cursor));
        this._touch(true);
      });
      ui.tools.append(ui.direction, ui.speed, ui.scale, ui.loop, ui.keys);
      const steps = make("div", "pg-steps");
      steps.append(ui.back, ui.forth);
      ui.time.append(ui.play, steps, ui.scrub, ui.tools, make("div", "pg-progress", { "aria-hidden": "true" }));
      return ui.time;
    }

    _buildHelp() {
      const rows = KEYS.map(([key, what]) => `<dt>${key.split(" ").map((k) => (k === "–" ? k : `<kbd>${k}</kbd>`)).join(" ")}</dt><dd>${what}</dd>`).join("");
      const help = make("div", "pg-help", { role: "dialog", "aria-modal": "true", "aria-label": "Keyboard" });
      help.innerHTML = `<div class="pg-sheet"><header><b>Keyboard</b><button type="button" class="pg-btn pg-close" aria-label="Close">×</button></header><dl>${rows}</dl></div>`;
      help.hidden = true;
      help.addEventListener("click", (e) => (e.target === help || e.target.closest(".pg-close")) && this.hideHelp());
      help.addEventListener("keydown", (e) => e.key === "Tab" && e.preventDefault());
      return (this.ui.help = help);
    }

    // one tooltip for the whole stage: after a short hover, or at once for the keyboard
    _tipOn(node, words) {
      let timer = 0;
      const show = () => {
        const { tip } = this.ui, { root } = this;
        tip.textContent = words();
        tip.hidden = false;
        const at = node.getBoundingClientRect(), home = root.getBoundingClientRect(), own = tip.getBoundingClientRect();
        const above = at.top - home.top > home.height / 2;
        tip.style.left = `${clamp(at.left - home.left, 8, Math.max(8, home.width - own.width - 8))}px`;
        tip.style.top = `${above ? at.top - home.top - own.height - 6 : at.bottom - home.top + 6}px`;
      };
      const hide = () => {
        clearTimeout(timer);
        this.ui.tip.hidden = true;
      };
      node.addEventListener("pointerenter", (e) => e.pointerType === "mouse" && (timer = setTimeout(show, 280)));
      node.addEventListener("focus", () => node.matches(":focus-visible") && show());
      for (const gone of ["pointerleave", "blur", "click"]) node.addEventListener(gone, hide);
      node.describe = () => node.setAttribute("aria-description", words());
      node.describe();
    }

    _askMode(mode) {
      if (mode !== this._mode) this.emit("toggle-mode", mode);
    }

    // -- listening --

    _watch() {
      const sized = new ResizeObserver(() => this._layout());
      sized.observe(this.ui.view);
      // the theme is a class on <body> or any ancestor
      const observer = new MutationObserver(() => this._readTheme());
      const above = new Set([document.body, document.documentElement]);
      for (let node = this.root.parentElement; node; node = node.parentElement) above.add(node);
      for (const node of above) {
        observer.observe(node, { attributes: true, attributeFilter: ["class", "data-pg-theme", "data-theme"] });
      }
      const resized = new ResizeObserver(() => this._drawTicks());
      resized.observe(this.ui.ticks.parentNode);
      this.leaving = new AbortController();
      this.leaving.signal.addEventListener("abort", () => [sized, resized, observer].forEach((o) => o.disconnect()));
      document.addEventListener("keydown", (e) => this._key(e), { signal: this.leaving.signal });
      this._watchCanvas();
    }

    _readTheme() {
      const style = getComputedStyle(this.root);
      const probe = this.ctx;
      const hex = (name) => {
        probe.fillStyle = "#888888";
        probe.fillStyle = style.getPropertyValue(`--pg-${name}`).trim() || "#888888";
        return probe.fillStyle;
      };
      const theme = Object.fromEntries(ROLES.map((role) => [role, hex(role)]));
      const family = style.fontFamily || "system-ui, sans-serif";
      theme.small = `10.5px ${family}`;
      theme.label = `12px ${family}`;
      theme.family = family;
      const [r, g, b] = rgbOf(theme.stage);
      theme.dark = r + g + b < 384;
      theme.classes = CLASS_COLOURS[theme.dark ? "dark" : "light"];
      const same = JSON.stringify(theme) === JSON.stringify(this.theme);
      this.theme = theme;
      if (!same) this._drawTicks(), this._touch(true);
    }

    _watchCanvas() {
      const { canvas } = this.ui;
      let down = null; // {panel, x, y, scrubs}
      const at = (e) => {
        const box = canvas.getBoundingClientRect();
        return [e.clientX - box.left, e.clientY - box.top];
      };
      const panelAt = (x, y) => this.panels.find((p) => contains(p.rect, x, y)) || null;
      canvas.addEventListener("pointerdown", (e) => {
        if (e.button) return;
        const [x, y] = at(e), panel = panelAt(x, y);
        if (!panel || !this.run) return;
        down = { panel, x, y, scrubs: panel instanceof Spacetime };
        canvas.setPointerCapture(e.pointerId);
        if (down.scrubs && e.pointerType === "mouse") this._scrub(panel.clockAt(x));
      });
      canvas.addEventListener("pointermove", (e) => {
        const [x, y] = at(e);
        if (down && down.scrubs) return this._scrub(down.panel.clockAt(x));
        if (!down && e.pointerType === "mouse") this._hoverAt(panelAt(x, y), x, y);
      });
      canvas.addEventListener("pointerup", (e) => {
        const [x, y] = at(e), was = down;
        down = null;
        if (!was) return;
        if (was.scrubs) this._scrub(was.panel.clockAt(x)), this._settle();
        if (Math.hypot(x - was.x, y - was.y) < 6) this._pinAt(was.panel, x, y);
      });
      canvas.addEventListener("pointercancel", () => (down = null));
      canvas.addEventListener("pointerleave", () => this._hoverAt(null));
    }

    _hoverAt(panel, x, y) {
      const n = panel && this._on.has("particles") ? panel.nearest(x, y, 9) : -1;
      this.ui.canvas.style.cursor = !panel ? "" : panel instanceof Spacetime ? "ew-resize" : "crosshair";
      if (n === this.hover) return;
      this.hover = n;
      this._touch();
    }

    // a click near the pin takes it away: pin.js
    _pinAt(panel, x, y) {
      if (contains(panel.box, x, y) && this.hand) this._pinChanged(this.hand.under(panel, x, y, this.cursor));
    }

    _scrub(clock) {
      if (this.playing) {
        this.playing = false;
        this._showControls();
      }
      this.cursor = clock;
    }

    _settle() {
      this._setCoarse(false);
      this._describe();
      if (this.run) this.emit("settle", this.run.facts(this.cursor));
    }

    _key(e) {
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || !this.root.getClientRects().length) return;
      if (e.key === "Escape") return this._escape(e);
      if (!this.ui.help.hidden) return e.key === "?" ? this.hideHelp() : undefined;
      const target = e.target instanceof Element ? e.target : document.body;
      const field = target.closest("input, textarea, select, [role=slider], [contenteditable], [role=tablist], [role=listbox], [role=menu], [role=radiogroup], dialog, [role=dialog]");
      if (field && field !== this.ui.range) return;
      if (e.key === " " && target.closest("button, a, summary, [role=button], [role=checkbox], [role=switch]")) return;
      const act = this._action(e.key, e.shiftKey);
      if (!act) return;
      e.preventDefault();
      act();
    }

    _escape(e) {
      if (!this.ui.help.hidden) this.hideHelp();
      else if (!this.ui.toast.hidden) this.clearNotice();
      else if (this._pin) this._pinChanged(null);
      else return;
      e.preventDefault();
    }

    _action(key, shift) {
      if (/^[1-9]$/.test(key)) return () => this.toggleLayer(LAYER_IDS[key - 1]);
      const jump = (clock) => () => this.seek(clock);
      const faster = (by) => () => (this.speed = SPEEDS[clamp(SPEEDS.indexOf(this._speed) + by, 0, SPEEDS.length - 1)]);
      const actions = {
        " ": () => this.toggle(),
        ArrowLeft: shift ? jump(Math.max(this.start, this.end)) : () => this.stepRight(-1),
        ArrowRight: shift ? jump(Math.min(this.start, this.end)) : () => this.stepRight(1),
        "[": faster(-1), "]": faster(1),
        l: () => (this.loop = !this._loop), c: () => this.toggleColour(),
        r: () => this._askMode(this._mode === "forward" ? "reverse" : "forward"),
        "?": () => this.showHelp(),
      };
      return actions[key] || actions[key.toLowerCase()];
    }

    // -- showing state in the controls --

    _showLegend() {
      const { ui } = this;
      for (const layer of LAYERS) {
        const button = ui.layer[layer.id], why = this._why(layer);
        button.hidden = Boolean(layer.phase && this.run && this.run.header.process.title !== "CLD");
        button.setAttribute("aria-pressed", String(this._on.has(layer.id) && !why));
        button.setAttribute("aria-disabled", String(Boolean(why)));
        button.describe();
      }
      const why = this._whyNoClasses(), on = this._colour === "class" && !why;
      ui.colour.setAttribute("aria-pressed", String(on));
      ui.colour.setAttribute("aria-disabled", String(Boolean(why)));
      ui.colour.describe();
      this.root.classList.toggle("pg-classes", on);
    }

    _showControls() {
      const { ui, run } = this;
      if (!ui.range) return;
      ui.play.innerHTML = icon(this.playing ? "pause" : "play");
      ui.play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
      ui.loop.setAttribute("aria-pressed", String(this._loop));
      ui.speed.value = String(this._speed);
      ui.forward.setAttribute("aria-pressed", String(this._mode === "forward"));
      ui.reverse.setAttribute("aria-pressed", String(this._mode !== "forward"));
      ui.scrub.classList.toggle("pg-leftwards", this._mode === "forward");
      if (!run) return;
      this._showLegend();
      this._drawTicks();
      const notes = (run.header.notes || []).filter(Boolean);
      ui.notes.replaceChildren(...withSubscripts(notes.join(" · ")));
    }

    _showTime(info) {
      const { ui, run } = this;
      const value = 1 - info.clock;
      ui.range.value = String(value);
      ui.range.style.setProperty("--at", value);
      ui.cap.firstChild.textContent = PG.time.said(info);
      ui.cap.lastChild.textContent = this._captionMore(info, run);
    }

    _captionMore(info, run) {
      const steps = run.forward ? "noising" : `step ${info.step}/${run.header.steps}`;
      return isNumber(info.logSnr) && PG.time.name !== "snr" ? `log-SNR ${number(info.logSnr, 1)} · ${steps}` : steps;
    }

    // the sampler's own steps as marks under the bar; too many of them become a band
    _drawTicks() {
      const { ticks: canvas } = this.ui, { run, theme } = this;
      const width = canvas.clientWidth, height = canvas.clientHeight;
      if (!run || !width || !theme) return;
      const scale = Math.min(2, window.devicePixelRatio || 1);
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      const ctx = canvas.getContext("2d");
      ctx.scale(scale, scale);
      ctx.fillStyle = run.forward ? theme.noise : theme.sampler;
      ctx.globalAlpha = clamp((width / run.stops.length - 1) / 6, 0.18, 0.8);
      for (const clock of run.stops) ctx.fillRect(Math.round((1 - clock) * (width - 1)), height - 5, 1, 5);
    }

    _describe() {
      const { run } = this;
      if (!run) return;
      const { data, process, sampler } = run.header.title, info = run.facts(this.cursor);
      this.ui.range.setAttribute("aria-valuetext", PG.time.said(info));
      const what = run.forward ? `${data} noised by ${process}` : `${data} sampled with ${sampler} from ${process}`;
      this.ui.canvas.setAttribute("aria-label", `${what}: ${run.count} particles at ${PG.time.said(info)}, ${this._captionMore(info, run)}. Shown: ${this.layers.join(", ")}.`);
    }

    // -- drawing --

    _touch(still = false) {
      if (still) this.version++;
      this.dirty = true;
    }

    _layout() {
      const { view, canvas, head } = this.ui, { run } = this;
      const narrow = view.clientWidth < NARROW;
      this.root.classList.toggle("pg-narrow", narrow);
      // one row of words: the last one gives way to its mark where letters are wide
      this.root.classList.remove("pg-tight");
      if (!narrow && this.ui.legend.offsetHeight > 1.6 * this.ui.colour.offsetHeight) this.root.classList.add("pg-tight");
      const stacked = (this.stacked = Boolean(narrow && run && run.panels.length > 1 && (window.innerWidth < WINDOW_NARROW || view.clientWidth < 420)));
      this.root.classList.toggle("pg-stacked", stacked);
      view.style.minHeight = stacked ? `${Math.round(head.offsetHeight + view.clientWidth * run.panels.reduce((sum, p) => sum + naturalHeight(p), 0))}px` : "";
      const width = view.clientWidth, height = view.clientHeight;
      if (!width || !height) return;
      this.imagesRect = this.images ? this._imagesRect(width, height, head.offsetHeight + 8, narrow) : null;
      this.emit("layout");
      this.scale = this.coarse ? 1 : clamp(window.devicePixelRatio || 1, 1, 2);
      canvas.width = Math.round(width * this.scale);
      canvas.height = Math.round(height * this.scale);
      this.size = { width, height };
      if (run) this.panels = arrange(run.panels, width, height - this._foot(), head.offsetHeight + 8, stacked, run.header.image ? this.imagesRect : null);
      this.hand?.place();
      this._touch(true);
      if (run) this._paint(performance.now()); // a resized canvas is empty: fill it before it is seen
    }

    /** Images stand on the left of the plane, or above it where there is little room. */
    setImages(on) {
      this.images = on;
      this.root.classList.toggle("pg-with-images", on);
      this.root.classList.toggle("pg-forming", on && !(this.run && this.run.header.image));
      this._layout();
    }

    _imagesRect(width, height, head, narrow) {
      if (narrow) return { x: 0, y: head, w: width, h: height - head }; // no room for the plane
      return { x: 0, y: head, w: Math.round(Math.min(0.64 * width, height - head + 20)), h: height - head };
    }

    // a line below the panels for the notes; a lone plane has them in a corner of the picture
    _foot() {
      const { panels } = this.run, alone = panels.length === 1 && panels[0].kind === "plane";
      this.root.classList.toggle("pg-alone", alone);
      return alone ? 0 : 20;
    }

    _scene(scale) {
      const { run, fields } = this, clock = this.cursor;
      const shown = new Set(LAYERS.filter((l) => this._on.has(l.id) && !this._why(l)).map((l) => l.id));
      return {
        run, fields, shown, scale, clock, theme: this.theme, version: this.version, hover: this.hover, pin: this._pin, overlay: this.overlay,
        byClass: this._colour === "class", at: locate(run.clock, clock), fieldAt: fields ? locate(fields.clock, clock) : null,
      };
    }

    // for a page that throws the stage away
    destroy() {
      this.leaving.abort();
      clearTimeout(this.busyTimer);
      this.root.replaceChildren();
      if (window.__pgStage === this) window.__pgStage = null;
    }

    _tick(now) {
      if (this.leaving.signal.aborted) return;
      requestAnimationFrame(this._tick);
      const dt = this.last ? Math.min(now - this.last, 100) : 0;
      this.last = now;
      if (this.run && this.playing) this._advance(dt, now);
      if (this.dirty && this.run && this.size) this._paint(now);
    }

    _advance(dt, now) {
      if (this.restUntil) {
        if (now < this.restUntil) return;
        this.restUntil = 0;
        this._clock = this.start;
        return this._touch();
      }
      const sign = this.run.forward ? 1 : -1, { end } = this;
      const pace = this.run.pace(this._clock); // slower where the picture changes, so that nothing rushes by near the data
      const next = this._clock + (sign * dt * this._speed * pace) / (1000 * PASS_SECONDS);
      const over = (next - end) * sign >= 0;
      this._clock = over ? end : clamp(next, 0, 1);
      this._touch();
      if (over && this._loop) this.restUntil = now + REST_MS;
      if (over && !this._loop) this.pause();
    }

    _paint(now) {
      this.dirty = false;
      const { ctx, scale, size, run } = this;
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      ctx.clearRect(0, 0, size.width, size.height);
      const began = performance.now();
      const scene = this._scene(scale);
      this.panels.forEach((panel) => panel.draw(ctx, scene));
      this.drawMs = performance.now() - began;
      const info = run.facts(scene.clock);
      this._showTime(info);
      this._count(now);
      const news = `${run.key}|${run.header.seq}|${scene.clock}`;
      if (news === this.told) return;
      this.told = news;
      this.emit("cursor", info);
    }

    // A machine that cannot keep up with fine pixels gets plain ones while the picture moves, and fine ones again at rest.
    _pace() {
      if (this.coarse || !this.playing || this.scale <= 1 || this.paints.length < 40) return;
      const recent = this.paints.slice(-30);
      if (recent[29] - recent[0] < 29 * SLOW_MS || recent[29] - recent[0] > 29 * 200) return;
      this._setCoarse(true);
    }

    _setCoarse(coarse) {
      if (Boolean(this.coarse) === coarse) return;
      this.coarse = coarse;
      this.paints.length = 0;
      this._layout();
    }

    _count(now) {
      const { painted, paints, run } = this;
      painted.key = run.key;
      painted.seq = run.header.seq;
      painted.fieldsKey = this.fields && !this.fields.stale ? run.key : null;
      painted.count++;
      painted.at = now;
      paints.push(now);
      if (paints.length > 120) paints.shift();
      this._pace();
    }

    // frames per second over the paints of the last two seconds
    fps() {
      const recent = this.paints.filter((t) => t > performance.now() - 2000);
      return recent.length < 2 ? 0 : (1000 * (recent.length - 1)) / (recent[recent.length - 1] - recent[0]);
    }

    // -- picture --

    // all panels at twice the size, with title, caption and notes, on the theme's ground
    toPNG() {
      const { run, size, theme } = this;
      if (!run || !size) return Promise.reject(new Error("nothing to draw yet"));
      const head = 44, foot = 22, canvas = document.createElement("canvas");
      canvas.width = 2 * size.width;
      canvas.height = 2 * (size.height + head + foot);
      const ctx = canvas.getContext("2d");
      ctx.fillStyle = theme.stage;
      ctx.fillRect(0, 0, canvas.width, canvas.height);
      ctx.setTransform(2, 0, 0, 2, 0, 2 * head);
      const scene = { ...this._scene(2), hover: -1 };
      arrange(run.panels, size.width, size.height - 6, 8, this.stacked).forEach((panel) => panel.draw(ctx, scene));
      ctx.setTransform(2, 0, 0, 2, 0, 0);
      this._pngWords(ctx, size, head);
      return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"));
    }

    toBlob() {
      return this.toPNG();
    }

    _pngWords(ctx, size, head) {
      const { run, theme } = this, info = run.facts(this.cursor), { data, process, sampler } = run.header.title;
      ctx.fillStyle = theme.ink;
      ctx.font = `600 15px ${theme.family}`;
      text(ctx, [data, process, run.forward ? "noising" : sampler].join(" · "), 14, 27);
      text(ctx, PG.time.said(info), size.width - 14, 22, "right");
      ctx.font = theme.small;
      ctx.fillStyle = theme.soft;
      text(ctx, this._captionMore(info, run), size.width - 14, 37, "right");
      let x = 14; // "p_T" with its subscript, as in the page
      (run.header.notes || []).filter(Boolean).join(" · ").split(SUBSCRIPT).forEach((part, n) => {
        ctx.font = n % 2 ? `8px ${theme.family}` : theme.small;
        text(ctx, part, x, head + size.height + (n % 2 ? 16 : 14));
        x += ctx.measureText(part).width;
      });
    }
  }

  PG.Stage = Stage;
})();
