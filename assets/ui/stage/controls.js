// What stands around the picture: the legend, the time bar, the list of keys, messages.
// Each makes its own `box` and shows the state of the stage, which alone changes it.
import { introHtml } from "../beside/words.js";
import { clamp } from "../lib/draw.js";
import { time } from "../lib/time.js";
import { tip } from "../lib/tip.js";
import { LAYERS } from "./layers.js";

const EDGE = 8; // half a handle
const SPEEDS = [0.25, 0.5, 1, 2, 4];

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
  ["tab", "the next control; on the pin:"],
  ["← → ↑ ↓", "move the pin, with shift five times as far"],
  ["page ↑ ↓", "move the pin in time"],
  ["delete", "take the pin away"],
  ["esc", "close what is open, then the message, then the pin"],
  ["?", "this list"],
];
const HANDS = [
  ["click", "on the picture: a pin; on the pin: away with it"],
  ["double click", "a curve: its whole range; a handle of your data or of a drawn schedule: add, remove; an image: enlarge"],
  ["wheel", "on a component of your data: its weight"],
];

function make(tag, className, attributes = {}, html = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (html) node.innerHTML = html;
  return node;
}

class Legend {
  constructor(stage) {
    this.stage = stage;
    this.box = make("div", "pg-legend", { role: "group", "aria-label": "Layers" });
    this.layer = {};
    LAYERS.forEach((layer, n) => {
      const button = make("button", `pg-chip pg-role-${layer.role}`, { type: "button", "data-layer": layer.key, ...(n < 9 && { "aria-keyshortcuts": String(n + 1) }) }, `${layer.mark}<span>${layer.word}</span>`);
      button.addEventListener("click", () => stage.toggleLayer(layer.key));
      tip.on(button, () => this._tip(layer, n + 1));
      this.layer[layer.key] = button;
      this.box.append(button);
    });
    this.colour = make("button", "pg-chip pg-by-class", { type: "button", "aria-keyshortcuts": "C" }, '<i class="pg-wheel" aria-hidden="true"></i><span>by class</span>');
    this.colour.addEventListener("click", () => stage.toggleColour());
    tip.on(this.colour, () => {
      const why = stage._whyNoClasses();
      const entry = tip.term("layer.class");
      return why ? `Not available: ${why}.` : { ...entry, text: `${entry.text} Key C.` };
    });
    this.box.append(this.colour);
    this.show();
  }

  _tip(layer, key) {
    const { stage } = this;
    const why = stage._why(layer);
    if (why) return `Not available: ${why}.`;
    const entry = tip.term(`layer.${layer.key}`);
    const also = stage.run?.header.here?.[layer.key];
    return { ...entry, text: `${entry.text}${also ? ` ${also}` : ""}${key <= 9 ? ` Key ${key}.` : ""}` };
  }

  show() {
    const { stage } = this;
    for (const layer of LAYERS) {
      const button = this.layer[layer.key], why = stage._why(layer);
      const other = stage.run?.header.pointless.includes(layer.key) && !(layer.stays && stage._on.has(layer.key));
      button.hidden = Boolean(other || (stage.run?.header.image && why)); // images have no layers but their paths
      button.setAttribute("aria-pressed", String(stage._on.has(layer.key) && !why));
      button.setAttribute("aria-disabled", String(Boolean(why)));
      button.describe();
    }
    const why = stage._whyNoClasses(), on = stage._colour === "class" && !why;
    this.colour.setAttribute("aria-pressed", String(on));
    this.colour.setAttribute("aria-disabled", String(Boolean(why)));
    this.colour.describe();
    stage.root.classList.toggle("pg-classes", on);
  }
}

class TimeBar {
  constructor(stage) {
    this.stage = stage;
    this.box = make("div", "pg-time", { role: "group", "aria-label": "Time" });
    const button = (name, label, html, fn, words) => {
      const node = make("button", `pg-btn pg-${name}`, { type: "button", "aria-label": label }, html);
      node.addEventListener("click", fn);
      tip.on(node, () => (typeof words === "function" ? words() : words || label));
      return (this[name] = node);
    };
    button("play", "Play", icon("play"), () => stage.toggle(), "Play or pause. Key space.");
    const one = (to) => () => `${stage.run?.moments.stride > 1 ? `To the next state that is kept (every ${stage.run.moments.stride} steps)` : "One sampler step"} ${to}`;
    button("back", "Step left", icon("back"), () => stage.stepRight(-1), one("to the left, towards noise. Key ←."));
    button("forth", "Step right", icon("forth"), () => stage.stepRight(1), one("to the right, towards data. Key →."));
    this.scrub = make("div", "pg-scrub");
    this.ticks = make("canvas", "pg-ticks", { "aria-hidden": "true" });
    this.range = make("input", "pg-range", { type: "range", min: 0, max: 1, step: 0.001, value: 0, "aria-label": "Time, from noise to data" });
    this.scrub.append(make("span", "pg-end", {}, "noise"), make("div", "pg-track"), make("span", "pg-end", {}, "data"));
    this.scrub.children[1].append(this.ticks, this.range);
    this.range.addEventListener("input", () => stage._scrub(this.clockOf(Number(this.range.value))));
    this.range.addEventListener("change", () => stage._settle());
    this.tools = make("div", "pg-tools");
    this.direction = make("div", "pg-direction", { role: "group", "aria-label": "Direction" });
    button("forward", "Forward: noising", "<span>◂</span> forward", () => stage._askMode("forward"), "Forward: data become noise, x_t ~ p(x_t | x₀). Key R.");
    button("reverse", "Reverse: sampling", "reverse <span>▸</span>", () => stage._askMode("reverse"), "Reverse: the sampler turns noise into data. Key R.");
    this.direction.append(this.forward, this.reverse);
    this.speed = make("select", "pg-speed", { "aria-label": "Speed" }, SPEEDS.map((s) => `<option value="${s}">${s}×</option>`).join(""));
    this.speed.addEventListener("change", () => (stage.speed = Number(this.speed.value)));
    tip.on(this.speed, () => "Speed of the clock. Keys [ and ].");
    button("loop", "Loop", icon("loop"), () => (stage.loop = !stage.loop), "Start again after a short rest at the end. Key L.");
    button("keys", "Keyboard", icon("help"), () => stage.keys.toggle(), "What the keyboard does. Key ?.");
    this.scale = make("select", "pg-speed pg-scale", { "aria-label": "Time is told as" },
      Object.entries(time.scales).map(([key, scale]) => `<option value="${key}">${scale.word}</option>`).join(""));
    this.scale.addEventListener("change", () => (time.choose(this.scale.value), stage.emit("time", time.name)));
    tip.on(this.scale, () => `Time is told as: ${time.scale.tip}`);
    addEventListener("pg-time", () => {
      for (const option of this.scale.options) option.disabled = !time.has(option.value);
      this.scale.value = time.has(time.name) ? time.name : "t";
      if (!stage.run) return;
      stage._showTime(stage.run.facts(stage.cursor));
      this.drawTicks();
      stage._touch(true);
    });
    this.tools.append(this.direction, this.speed, this.scale, this.loop, this.keys);
    const steps = make("div", "pg-steps");
    steps.append(this.back, this.forth);
    this.box.append(this.play, steps, this.scrub, this.tools, make("div", "pg-progress", { "aria-hidden": "true" }));
  }

  show() {
    const { stage } = this;
    this.play.innerHTML = icon(stage.playing ? "pause" : "play");
    this.play.setAttribute("aria-label", stage.playing ? "Pause" : "Play");
    this.loop.setAttribute("aria-pressed", String(stage._loop));
    this.speed.value = String(stage._speed);
    this.forward.setAttribute("aria-pressed", String(stage._mode === "forward"));
    this.reverse.setAttribute("aria-pressed", String(stage._mode !== "forward"));
    this.scrub.classList.toggle("pg-leftwards", stage._mode === "forward");
  }

  // along the bar every step is as wide as the others, however little time it takes; noising runs along the clock
  clockOf(value) {
    return this.stage.run ? this.stage.run.moments.clockOf(value) : 1 - value;
  }

  // the handle at a clock; noise is at the left
  at(clock) {
    const value = this.stage.run ? this.stage.run.moments.barOf(clock) : 1 - clock;
    this.range.value = String(value);
    this.range.style.setProperty("--at", value);
  }

  // the sampler's own steps as marks under the bar; too many of them become a band
  drawTicks() {
    const { ticks: canvas } = this, { run, theme } = this.stage;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!run || !width || !theme) return;
    const scale = Math.min(2, window.devicePixelRatio || 1), { moments } = run, marks = moments.grid;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const ctx = canvas.getContext("2d");
    ctx.scale(scale, scale);
    ctx.fillStyle = run.forward ? theme.noise : theme.sampler;
    ctx.globalAlpha = clamp((width / marks.length - 1) / 6, 0.18, 0.8);
    const inner = width - 2 * EDGE; // the middle of the handle goes so far
    for (let j = 0; j < marks.length; j++) ctx.fillRect(Math.round(EDGE + (run.forward ? 1 - marks[j] : j / (marks.length - 1)) * (inner - 1)), 1, 1, 5);
    // round values of the told time, where they stand along the steps
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.soft;
    ctx.font = theme.small;
    const ticks = time.ticks((u) => moments.timeAt(moments.clockOf(u)), 0, 1, clamp(48 / width, 0.03, 0.5));
    ticks.forEach(({ x, text }) => {
      const wide = ctx.measureText(text).width, at = EDGE + x * inner;
      ctx.fillRect(Math.round(at), 1, 1, 7);
      ctx.fillText(text, clamp(at - wide / 2, 0, width - wide), height - 1);
    });
  }
}

// the list of keys, over the page
class Keys {
  constructor() {
    const kbd = ([key, what]) => `<dt>${key.split(" ").map((k) => (k === "–" ? k : `<kbd>${k}</kbd>`)).join(" ")}</dt><dd>${what}</dd>`;
    const rows = KEYS.map(kbd).join("") + HANDS.map(([word, what]) => `<dt>${word}</dt><dd>${what}</dd>`).join("");
    const help = (this.box = make("div", "pg-help", { role: "dialog", "aria-modal": "true", "aria-label": "Keyboard" }));
    help.innerHTML = `<div class="pg-sheet"><header><b>Keyboard</b><button type="button" class="pg-btn pg-close" aria-label="Close">×</button></header><div class="pg-sheet-intro">${introHtml?.() ?? ""}</div><dl>${rows}</dl></div>`;
    help.hidden = true;
    help.addEventListener("click", (e) => (e.target === help || e.target.closest(".pg-close")) && this.hide());
    help.addEventListener("keydown", (e) => e.key === "Tab" && e.preventDefault());
  }

  get open() {
    return !this.box.hidden;
  }

  toggle() {
    if (this.open) return this.hide();
    this.from = document.activeElement;
    this.box.hidden = false;
    this.box.querySelector("button").focus();
  }

  hide() {
    this.box.hidden = true;
    if (this.from && this.from.isConnected) this.from.focus({ preventScroll: true });
  }
}

class Toast {
  constructor() {
    this.box = make("div", "pg-toast", { role: "alert" });
    this.owner = null;
    this.hide();
  }

  get open() {
    return !this.box.hidden;
  }

  show({ message, kind = "info", action = null, detail = "" }) {
    this.owner = null;
    const toast = this.box;
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
      button.addEventListener("click", () => (this.hide(), (action.run || action.onClick)()));
      toast.append(button);
    }
    const close = make("button", "pg-btn pg-close", { type: "button", "aria-label": "Dismiss this message" }, "×");
    close.addEventListener("click", () => this.hide());
    toast.append(close);
    toast.hidden = false;
  }

  hide() {
    this.box.hidden = true;
    this.owner = null;
  }
}

export { SPEEDS, make, Legend, TimeBar, Keys, Toast };
