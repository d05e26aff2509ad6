// The stage: particles, exact fields and one cursor in time, drawn on a Canvas2D from the packets of docs/packet.md.
//
// This is its state, the loop that owns time, and what pointer and keyboard do. What was sent: run.js. What can be shown: layers.js.
// How a panel draws itself: plane.js, spacetime.js (both from stage-panel.js, with draw.js and density.js), placed by arrange.js.
// What stands around the picture: controls.js.
import { clamp, contains, isNumber, number, text, themeOf, unit } from "../lib/draw.js";
import { time } from "../lib/time.js";
import { arrange, naturalHeight } from "./arrange.js";
import { Keys, Legend, SPEEDS, TimeBar, Toast, make } from "./controls.js";
import { DEFAULT_LAYERS, LAYERS, LAYER_KEYS, asked } from "./layers.js";
import { Pin } from "./pin.js";
import { Fields, Run, locate } from "./run.js";
import { Spacetime } from "./spacetime.js";

const PASS_SECONDS = 6; // one run from end to end at speed 1×
const REST_MS = 900; // the rest before a loop starts again
const BUSY_AFTER_MS = 300; // shorter waits show nothing
const FADE_MS = 400; // so long may the fields of the run before be shown in full strength
const SLOW_MS = 28; // a longer interval between pictures than this counts as slow
const JUMP_MS = 150; // a state that is held gives way to the next with a fade of this length
const MOST_FRAMES = 280; // of a film
const FEW = 40; // with more states than this a fade would never end
const MID = 840; // and below this one its time bar is all slider
const NARROW = 700; // a stage below this width has its legend in one scrolling row
const WINDOW_NARROW = 820; // in a window below this width panels are stacked

const ordinal = (n) => `${n}${n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
// what has keys of its own: while the keyboard is there the stage hears none
const OWN_KEYS = ["input", "textarea", "select", "dialog", "[contenteditable]", ...["combobox", "dialog", "grid", "listbox", "menu", "menubar", "menuitem", "option",
  "radio", "radiogroup", "searchbox", "slider", "spinbutton", "tab", "tablist", "textbox", "tree"].map((role) => `[role=${role}]`)].join(", ");
// what lies open over the page takes all of them, wherever the keyboard is
const isOpen = () => [...document.querySelectorAll(".pg-pop, [role=menu], dialog[open], [aria-modal=true]:not(.pg-help)")].some((node) => node.getClientRects().length);

const SUBSCRIPT = /(?<=\p{L})_([\p{L}\d]+)/u;

// "p_T" in words from the server becomes p with a subscript
function withSubscripts(words) {
  return words.split(SUBSCRIPT).map((part, n) => (n % 2 ? Object.assign(make("sub"), { textContent: part }) : part));
}

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
    this.far = null; // {key, words}: how far a run is from the truth, for captions
    this.left = null; // when a held state gave way to the next
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
    this.hand = Pin ? new Pin(this) : null;
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
    this.legend.show(); // before the layout, which asks whether it fits
    const panels = JSON.stringify(run.panels);
    if (panels !== this.laid) (this.laid = panels), this._layout();
    this.hand?.settle();
    this._showControls();
    this._showDivergence();
    this._touch(true);
    time.of(run.header.level);
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
    const keys = LAYERS.filter((l) => this._on.has(l.key) && !this._why(l)).map((l) => l.key);
    return new Set([...asked("run", keys), ...asked("fields", keys)]);
  }

  wants() {
    return this.wanted;
  }

  _has({ packet, arrays }) {
    if (packet === "run") return Boolean(this.run?.arrays[arrays]);
    return Boolean(this.fields && !this.fields.stale && this.fields.has(arrays));
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
    this.emit("speed", this._speed);
  }

  get loop() {
    return this._loop;
  }

  set loop(on) {
    this._loop = Boolean(on);
    this._showControls();
    this.emit("loop", this._loop);
  }

  // -- what is shown --

  get layers() {
    return LAYER_KEYS.filter((id) => this._on.has(id));
  }

  set layers(names) {
    this._on = new Set([...names].filter((id) => LAYER_KEYS.includes(id)));
    this._layersChanged();
  }

  setLayers(names) {
    this.layers = names;
  }

  toggleLayer(id) {
    const layer = LAYERS.find((l) => l.key === id);
    if (!layer || this._why(layer)) return;
    if (!this._on.delete(id)) this._on.add(id);
    this._layersChanged();
    if (this._on.has(id) && layer.arrays && !this._has(layer)) this.emit("want", this.wanted);
  }

  _layersChanged() {
    this.legend.show();
    this._touch(true);
    this.emit("layers", this.layers);
  }

  get colour() {
    return this._colour;
  }

  set colour(how) {
    this._colour = how === "class" ? "class" : "sampler";
    this.legend.show();
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
    return this.run?.header.unavailable[layer.key] || "";
  }

  _whyNoClasses() {
    return this.run?.header.unavailable.classes ?? "";
  }

  // -- messages --

  setBusy(on) {
    clearTimeout(this.busyTimer);
    if (on) this.busyTimer = setTimeout(() => this.root.classList.add("pg-busy"), BUSY_AFTER_MS);
    else this.root.classList.remove("pg-busy");
    this.root.setAttribute("aria-busy", String(Boolean(on)));
  }

  notice(message) {
    this.toast.show(message);
  }

  clearNotice() {
    this.toast.hide();
  }

  _showDivergence() {
    const { diverged } = this.run.header;
    if (!diverged) return this.toast.owner === "diverged" ? this.clearNotice() : undefined;
    this.notice({ kind: "error", message: diverged.message || `The run left the plotted range at step ${diverged.step}.` });
    this.toast.owner = "diverged";
  }

  // -- building the page's part --

  _build() {
    const { root } = this;
    root.classList.add("pg-stage", "pg-waiting");
    root.replaceChildren();
    const ui = (this.ui = {});
    this.legend = new Legend(this);
    this.bar = new TimeBar(this);
    this.keys = new Keys();
    this.toast = new Toast();
    ui.view = make("div", "pg-view");
    ui.canvas = make("canvas", "pg-canvas", { role: "img", "aria-label": "Diffusion stage, preparing the first run" });
    ui.head = make("div", "pg-head");
    ui.cap = make("div", "pg-cap", {}, '<b>t = –</b><span class="pg-cap-more"></span><span class="pg-cap-held"></span>');
    ui.head.append(this.legend.box, ui.cap);
    ui.notes = make("div", "pg-notes");
    ui.empty = make("div", "pg-empty", { role: "status" }, "<p>Preparing the first run…</p>");
    ui.view.append(ui.canvas, ui.empty, ui.head, ui.notes, this.toast.box);
    root.append(ui.view, this.bar.box, this.keys.box);
    this.ctx = ui.canvas.getContext("2d");
    this._showControls();
  }

  toggleColour() {
    if (!this._whyNoClasses()) this.colour = this._colour === "class" ? "sampler" : "class";
  }

  _askMode(mode) {
    if (mode !== this._mode) this.emit("toggle-mode", mode);
  }

  // -- listening --

  _watch() {
    const sized = new ResizeObserver(() => (this._readTheme(), this._layout())); // type grows with the window
    sized.observe(this.ui.view);
    // the theme is a class on <body> or any ancestor
    const observer = new MutationObserver(() => this._readTheme());
    const above = new Set([document.body, document.documentElement]);
    for (let node = this.root.parentElement; node; node = node.parentElement) above.add(node);
    for (const node of above) {
      observer.observe(node, { attributes: true, attributeFilter: ["class", "data-pg-theme", "data-theme"] });
    }
    const resized = new ResizeObserver(() => this.bar.drawTicks());
    resized.observe(this.bar.ticks.parentNode);
    this.leaving = new AbortController();
    this.leaving.signal.addEventListener("abort", () => [sized, resized, observer].forEach((o) => o.disconnect()));
    document.addEventListener("keydown", (e) => this._key(e), { signal: this.leaving.signal });
    this._watchCanvas();
  }

  _readTheme() {
    const theme = themeOf(this.root, this.ctx);
    const same = JSON.stringify(theme) === JSON.stringify(this.theme);
    this.theme = theme;
    if (!same) this.bar.drawTicks(), this._touch(true);
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
    if (panel.spec.pins !== false && contains(panel.box, x, y) && this.hand && !this.run.header.image) this._pinChanged(this.hand.under(panel, x, y, this.run.facts(this.cursor).clock));
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
    if (this.run) this.emit("settle", { ...this.run.facts(this.cursor), at: this.run.moments.short(this.cursor) });
  }

  _key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || !this.root.getClientRects().length) return;
    if (e.key === "Escape") return isOpen() ? undefined : this._escape(e);
    if (this.keys.open) return e.key === "?" ? this.keys.hide() : undefined;
    const target = e.target instanceof Element ? e.target : document.body;
    const owner = target.closest(OWN_KEYS);
    if (owner && owner !== this.bar.range) return;
    if (isOpen()) return;
    if (e.key === " " && target.closest("button, a, summary, [role=button], [role=checkbox], [role=switch]")) return;
    const act = this._action(e.key, e.shiftKey);
    if (!act) return;
    e.preventDefault();
    act();
  }

  _escape(e) {
    if (this.keys.open) this.keys.hide();
    else if (this.toast.open) this.clearNotice();
    else if (this._pin) this._pinChanged(null);
    else return;
    e.preventDefault();
  }

  _action(key, shift) {
    if (/^[1-9]$/.test(key)) return () => this.toggleLayer(LAYER_KEYS[key - 1]);
    const jump = (clock) => () => this.seek(clock);
    const faster = (by) => () => (this.speed = SPEEDS[clamp(SPEEDS.indexOf(this._speed) + by, 0, SPEEDS.length - 1)]);
    const actions = {
      " ": () => this.toggle(),
      ArrowLeft: shift ? jump(Math.max(this.start, this.end)) : () => this.stepRight(-1),
      ArrowRight: shift ? jump(Math.min(this.start, this.end)) : () => this.stepRight(1),
      "[": faster(-1), "]": faster(1),
      l: () => (this.loop = !this._loop), c: () => this.toggleColour(),
      r: () => this._askMode(this._mode === "forward" ? "reverse" : "forward"),
      "?": () => this.keys.toggle(),
    };
    return actions[key] || actions[key.toLowerCase()];
  }

  // -- showing state in the controls --

  _showControls() {
    const { run } = this;
    this.bar.show();
    if (!run) return;
    this.legend.show();
    this.bar.drawTicks();
    const notes = (run.header.notes || []).filter(Boolean);
    this.ui.notes.replaceChildren(...withSubscripts(notes.join(" · ")));
  }

  _showTime(info) {
    const { ui, run } = this;
    if (this.under) return;
    this.bar.at(info.c);
    ui.cap.children[0].textContent = time.said(info);
    ui.cap.children[1].textContent = this._captionMore(info, run);
    ui.cap.children[2].textContent = this._captionHeld(info, run);
  }

  _captionMore(info, run) {
    const steps = run.forward ? "noising" : `step ${info.step}/${info.steps}`;
    return isNumber(info.logSnr) && time.scale !== time.scales.snr ? `log-SNR ${number(info.logSnr, 1)} · ${steps}` : steps;
  }

  /** Why the picture stands still between two steps, or "". */
  _captionHeld({ held, stride, state, between }, run) {
    if (!held || run.header.image) return stride > 1 ? `every ${ordinal(stride)} step is kept` : "";
    if (run.forward) return "held between exact draws";
    if (stride > 1) return between ? `held at step ${state}: every ${ordinal(stride)} is kept` : `every ${ordinal(stride)} step is kept`;
    return "held: steps draw noise";
  }

  _describe() {
    const { run } = this;
    if (!run) return;
    const { data, process, sampler } = run.header.title, info = run.facts(this.cursor);
    this.bar.range.setAttribute("aria-valuetext", time.said(info));
    const what = run.forward ? `${data} noised by ${process}` : `${data} sampled with ${sampler} from ${process}`;
    this.ui.canvas.setAttribute("aria-label", `${what}: ${run.count} particles at ${time.said(info)}, ${this._captionMore(info, run)}. Shown: ${this.layers.join(", ")}.`);
  }

  // -- drawing --

  _touch(still = false) {
    if (still) this.version++;
    this.dirty = true;
  }

  _layout() {
    const { ui, run } = this, { view, canvas, head } = ui;
    const narrow = view.clientWidth < NARROW;
    this.root.classList.toggle("pg-narrow", narrow);
    this.root.classList.toggle("pg-mid", !narrow && view.clientWidth < MID * unit());
    // one row of words: the last one gives way to its mark where letters are wide
    this.root.classList.remove("pg-tight");
    if (!narrow && this.legend.box.offsetHeight > 1.6 * this.legend.colour.offsetHeight) this.root.classList.add("pg-tight");
    const tall = run && (run.panels.length > 1 || run.panels[0].kind === "torus"); // a torus is a square, which wants the whole width
    const stacked = (this.stacked = Boolean(narrow && tall && (window.innerWidth < WINDOW_NARROW || view.clientWidth < 420)));
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

  /** Why there is no first picture. */
  setEmpty(words) {
    this.ui.empty.firstChild.textContent = words;
  }

  /** An image run under way: the time of its last step, {time, clock, step, steps}; null: none is. What else is shown is of the run before, and fades. */
  setForming(at) {
    this.under = at;
    document.body.classList.toggle("pg-under-way", Boolean(at));
    if (!at) return this.run && this._showTime(this.run.facts(this.cursor));
    this.bar.at(at.clock);
    this.ui.cap.children[0].textContent = time.said({ t: at.time, logSnr: NaN });
    this.ui.cap.children[1].textContent = `forming · step ${at.step}/${at.steps}`;
    this.ui.cap.children[2].textContent = "";
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

  _scene(scale, cursor = this.cursor) {
    const { run, fields } = this, moment = run.facts(cursor), { clock } = moment;
    const shown = new Set(LAYERS.filter((l) => this._on.has(l.key) && !this._why(l)).map((l) => l.key));
    return {
      run, fields, shown, scale, cursor, moment, clock, theme: this.theme, version: this.version, hover: this.hover, pin: this._pin, overlay: this.overlay,
      byClass: this._colour === "class", at: { i: moment.i, f: moment.f }, fieldAt: fields ? locate(fields.clock, clock) : null,
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
    const scene = this._scene(scale), info = scene.moment;
    this._leave(scene, now);
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, size.width, size.height);
    const began = performance.now();
    this.panels.forEach((panel) => panel.draw(ctx, scene));
    this._fade(ctx, now);
    this.drawMs = performance.now() - began;
    this._showTime(info);
    this._count(now);
    const news = `${run.key}|${run.header.seq}|${scene.cursor}`;
    if (news === this.told) return;
    this.told = news;
    this.emit("cursor", info);
  }

  // while it plays, a state that jumped fades out: what was painted last is laid over the new picture and vanishes
  _leave({ run, moment }, now) {
    const before = this.before;
    this.before = { run, frame: moment.frame };
    const jumped = before && before.run === run && before.frame !== moment.frame && moment.held;
    if (!jumped || !this.playing || this.calm || this.coarse || run.frames > FEW) return;
    const { canvas } = this.ui, sheet = (this.ghost ||= document.createElement("canvas"));
    Object.assign(sheet, { width: canvas.width, height: canvas.height });
    sheet.getContext("2d").drawImage(canvas, 0, 0);
    this.left = now;
  }

  _fade(ctx, now) {
    const share = this.left === null || !this.playing ? 0 : 1 - (now - this.left) / JUMP_MS;
    if (!(share > 0)) return (this.left = null);
    ctx.globalAlpha = share;
    ctx.drawImage(this.ghost, 0, 0, this.size.width, this.size.height);
    ctx.globalAlpha = 1;
    this.dirty = true;
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

  /** What is drawn now, read back from the screen's positions: the moment, and of each panel the particles' coordinates in its axes. */
  drawn() {
    const panels = this.panels.map((panel) => {
      const { spec } = panel, read = (pixels, { k, o }) => Array.from(pixels, (p) => (p - o) / k);
      return { id: spec.id, a: spec.a ? read(panel.xs, panel.toX) : null, b: read(panel.ys, panel.toY) };
    });
    return { ...this.run.facts(this.cursor), panels };
  }

  // frames per second over the paints of the last two seconds
  fps() {
    const recent = this.paints.filter((t) => t > performance.now() - 2000);
    return recent.length < 2 ? 0 : (1000 * (recent.length - 1)) / (recent[recent.length - 1] - recent[0]);
  }

  // -- picture --

  /** Clocks of one pass at the page's pace, a frame every `ms` milliseconds, from the start to the end. */
  passage(ms) {
    const { run } = this, sign = run.forward ? 1 : -1, out = [run.start];
    for (let c = run.start; out.length < MOST_FRAMES; ) {
      c = clamp(c + (sign * ms * run.pace(c)) / (1000 * PASS_SECONDS), 0, 1);
      if ((c - run.end) * sign >= 0) break;
      out.push(c);
    }
    return [...out, run.end];
  }

  /** Draws the run at a cursor as a picture of width × height CSS pixels, `scale` pixels each: title and moment above, all panels with the layers,
   * colours and pin of the page, settings below. One canvas for all of its pictures: a film's frames. */
  painter(width, height, scale) {
    const { run } = this, head = 44, lines = this._settings(width - 28), foot = 12 + 15 * lines.length;
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
    const ctx = canvas.getContext("2d"), room = height - head - foot;
    const panels = arrange(run.panels, width, room - 6, 8, width < NARROW && run.panels.length > 1);
    return (cursor) => {
      const { theme } = this;
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      ctx.fillStyle = theme.stage;
      ctx.fillRect(0, 0, width, height);
      ctx.setTransform(scale, 0, 0, scale, 0, scale * head);
      const scene = { ...this._scene(scale, cursor), hover: -1 };
      panels.forEach((panel) => panel.draw(ctx, scene));
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      this._pictureWords(ctx, scene.moment, width, height - foot, lines);
      return canvas;
    };
  }

  /** The stage as it is now, twice as fine, as a PNG. */
  toPNG() {
    const { run, size } = this;
    if (!run || !size) return Promise.reject(new Error("nothing to draw yet"));
    const canvas = this.painter(size.width, size.height + 60, 2)(this.cursor);
    return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"));
  }

  toBlob() {
    return this.toPNG();
  }

  /** A picture with title, moment and settings around it. */
  framed(picture, cursor, what, first = "") {
    const k = 2, width = Math.max(480, picture.width / k), lines = this._settings(width - 28, first), tall = picture.height / k;
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * Math.ceil(width), height: 2 * Math.ceil(62 + tall + 15 * lines.length) }); // even sides: films need them
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = this.theme.stage;
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(picture, Math.round((canvas.width - picture.width) / 2), k * 46);
    ctx.setTransform(k, 0, 0, k, 0, 0);
    this._pictureWords(ctx, this.run.facts(cursor), width, 50 + tall, lines, what);
    return canvas;
  }

  /** What stands below a picture, in lines of at most `width`: settings, the distance, what the picture leaves out. */
  _settings(width, first = "") {
    const { run, ctx, theme } = this, h = run.header, calls = `${h.model_calls} model call${h.model_calls === 1 ? "" : "s"}`;
    const parts = [
      first, run.forward ? `${run.moments.steps} times` : `${h.steps} step${h.steps === 1 ? "" : "s"}, ${calls}`, h.guidance ? `guidance: ${h.guidance.title}` : "",
      h.image ? `${h.image.batch} images` : `${h.particles.toLocaleString("en").replaceAll(",", "\u2009")} particles`, `seed ${h.seed}`,
      this.far && this.far.key === run.key ? this.far.words : "", ...(h.notes || []),
    ].filter(Boolean);
    ctx.save();
    ctx.font = theme.small;
    const lines = [""];
    const wide = (words) => ctx.measureText(words).width > width;
    for (const part of parts.flatMap((words) => (wide(words) ? words.split(/(?<=[:,;]) /) : [words]))) {
      const longer = lines.at(-1) ? `${lines.at(-1)} · ${part}` : part;
      if (!wide(longer)) lines[lines.length - 1] = longer;
      else lines.push(part);
    }
    ctx.restore();
    return lines.slice(0, 6);
  }

  _pictureWords(ctx, info, width, foot, lines, what = "") {
    const { run, theme } = this, { data, process, sampler } = run.header.title;
    ctx.fillStyle = theme.ink;
    const title = [data, process, run.forward ? "noising" : sampler].join(" · "), said = time.said(info);
    ctx.font = `600 15px ${theme.family}`;
    const more = [what && what.replace("_t", "ₜ").replace("_0", "₀"), this._captionMore(info, run), this._captionHeld(info, run)].filter(Boolean).join(" · ");
    const full = ctx.measureText(title).width, right = ctx.measureText(said).width, low = full + 0.72 * ctx.measureText(more).width > width - 44; // above the second line, smaller if need be
    const room = low ? (width - 44 - right) / full : 1;
    text(ctx, said, width - 14, 20, "right");
    if (room < 1) ctx.font = `600 ${(15 * room).toFixed(1)}px ${theme.family}`;
    text(ctx, title, 14, low ? 20 : 27);
    ctx.font = theme.small;
    ctx.fillStyle = theme.soft;
    text(ctx, more, width - 14, 35, "right");
    lines.forEach((line, n) => {
      let x = 14; // "p_T" with its subscript, as in the page
      line.split(SUBSCRIPT).forEach((part, k) => {
        ctx.font = k % 2 ? `8px ${theme.family}` : theme.small;
        text(ctx, part, x, foot + 14 + 15 * n + (k % 2 ? 2 : 0));
        x += ctx.measureText(part).width;
      });
    });
  }
}

export { Stage };
