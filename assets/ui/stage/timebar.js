// The time bar: play, step, the slider with its ticks, direction, speed, what time is told as.
import { penOf } from "../lib/dom.js";
import { clamp } from "../lib/numbers.js";
import { time } from "../lib/time.js";
import { tip } from "../lib/tip.js";
import { SPEEDS } from "./clock.js";
import { make } from "./controls.js";

const EDGE = 8; // half a handle
const ICONS = {
  play: '<path d="M4 2.5v11l9-5.5z"/>',
  pause: '<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z"/>',
  back: '<path d="M11.5 3v10L5 8zM3 3h1.8v10H3z"/>',
  forth: '<path d="M4.5 3v10L11 8zM11.2 3H13v10h-1.8z"/>',
  loop: '<path d="M11.2 1.6 14 4.2l-2.8 2.6V5H5.4A2.6 2.6 0 0 0 2.8 7.6v.6H1.2v-.6A4.2 4.2 0 0 1 5.4 3.4h5.8zM4.8 9.2V11h5.8a2.6 2.6 0 0 0 2.6-2.6v-.6h1.6v.6a4.2 4.2 0 0 1-4.2 4.2H4.8v1.8L2 11.8z"/>',
  help: '<path d="M5.2 5.6C5.3 4 6.4 3 8.1 3c1.7 0 2.9 1 2.9 2.5 0 1.1-.5 1.7-1.5 2.4-.8.6-1 .9-1 1.6v.3H7v-.5c0-1.100.4-1.700 1.400-2.400.8-.6 1-.9 1-1.400 0-.7-.5-1.100-1.300-1.100-.9 0-1.400.4-1.500 1.300zM6.900 11h1.800v1.800H6.900z"/>',
};
/** @param {keyof typeof ICONS} name */
const icon = (name) => `<svg viewBox="0 0 16 16" width="14" height="14" fill="currentColor" aria-hidden="true">${ICONS[name]}</svg>`;

/** A button with a tip: words that may change, or the same as its label.
 * @param {string} name  of its class
 * @param {string} label
 * @param {string} html
 * @param {() => void} act
 * @param {string | (() => string)} words */
function button(name, label, html, act, words) {
  const node = make("button", `pg-btn pg-${name}`, { type: "button", "aria-label": label }, html);
  node.addEventListener("click", act);
  tip.on(node, typeof words === "string" ? () => words : words);
  return node;
}

class TimeBar {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    const { clock } = stage;
    this.stage = stage;
    this.box = make("div", "pg-time", { role: "group", "aria-label": "Time" });
    this.play = button("play", "Play", icon("play"), () => clock.toggle(), "Play or pause. Key space.");
    /** @param {string} to */
    const one = (to) => () => {
      const stride = stage.run?.moments.stride ?? 1;
      return `${stride > 1 ? `To the next state that is kept (every ${stride} steps)` : "One sampler step"} ${to}`;
    };
    const steps = make("div", "pg-steps");
    steps.append(
      button("back", "Step left", icon("back"), () => clock.stepRight(-1), one("to the left, towards noise. Key ←.")),
      button("forth", "Step right", icon("forth"), () => clock.stepRight(1), one("to the right, towards data. Key →.")),
    );
    this.scrub = make("div", "pg-scrub");
    this.ticks = make("canvas", "pg-ticks", { "aria-hidden": "true" });
    this.range = make("input", "pg-range", { type: "range", min: 0, max: 1, step: 0.001, value: 0, "aria-label": "Time, from noise to data" });
    this.track = make("div", "pg-track");
    this.track.append(this.ticks, this.range);
    this.scrub.append(make("span", "pg-end", {}, "noise"), this.track, make("span", "pg-end", {}, "data"));
    this.range.addEventListener("input", () => clock.scrub(stage.course.onBar(Number(this.range.value))));
    this.range.addEventListener("change", () => stage.settle());
    const tools = (this.tools = make("div", "pg-tools")), direction = make("div", "pg-direction", { role: "group", "aria-label": "Direction" });
    this.forward = button("forward", "Forward: noising", "<span>◂</span> forward", () => stage.askMode("forward"), "Forward: data become noise, x_t ~ p(x_t | x₀). Key R.");
    this.reverse = button("reverse", "Reverse: sampling", "reverse <span>▸</span>", () => stage.askMode("reverse"), "Reverse: the sampler turns noise into data. Key R.");
    direction.append(this.forward, this.reverse);
    this.speed = make("select", "pg-speed", { "aria-label": "Speed" }, SPEEDS.map((s) => `<option value="${s}">${s}×</option>`).join(""));
    this.speed.addEventListener("change", () => (clock.speed = Number(this.speed.value)));
    tip.on(this.speed, () => "Speed of the clock. Keys [ and ].");
    this.loop = button("loop", "Loop", icon("loop"), () => (clock.loop = !clock.loop), "Start again after a short rest at the end. Key L.");
    const keys = button("keys", "Keyboard", icon("help"), () => stage.frame.keys.toggle(), "What the keyboard does. Key ?.");
    tools.append(direction, this.speed, this._scales(), this.loop, keys);
    this.box.append(this.play, steps, this.scrub, tools, make("div", "pg-progress", { "aria-hidden": "true" }));
  }

  /** What time is told as. */
  _scales() {
    const { stage } = this;
    const words = Object.entries(time.scales).map(([key, { word }]) => `<option value="${key}">${word}</option>`).join("");
    const scale = make("select", "pg-speed pg-scale", { "aria-label": "Time is told as" }, words);
    scale.addEventListener("change", () => {
      time.choose(scale.value);
      stage.emit("time", time.name);
    });
    tip.on(scale, () => `Time is told as: ${time.scale.tip}`);
    addEventListener("pg-time", () => {
      for (const option of scale.options) option.disabled = !time.has(option.value);
      scale.value = time.has(time.name) ? time.name : "t";
      stage.frame.tellTime();
    });
    return scale;
  }

  show() {
    const { playing, loop, speed, mode } = this.stage.clock;
    this.play.innerHTML = icon(playing ? "pause" : "play");
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.loop.setAttribute("aria-pressed", String(loop));
    this.speed.value = String(speed);
    this.forward.setAttribute("aria-pressed", String(mode === "forward"));
    this.reverse.setAttribute("aria-pressed", String(mode !== "forward"));
    this.scrub.classList.toggle("pg-leftwards", mode === "forward");
  }

  /** The handle where the page's clock stands; noise is at the left.
   * @param {import("./course.js").Hand} hand */
  at(hand) {
    const value = this.stage.course.bar(hand);
    this.range.value = String(value);
    this.range.style.setProperty("--at", String(value));
  }

  /** The sampler's own steps as marks under the bar; too many of them become a band. */
  drawTicks() {
    const { ticks: canvas } = this, { run, theme, course } = this.stage;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!run || !width) return;
    const scale = Math.min(2, window.devicePixelRatio || 1), { marks } = course;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const ctx = penOf(canvas);
    ctx.scale(scale, scale);
    ctx.fillStyle = run.forward ? theme.noise : theme.sampler;
    ctx.globalAlpha = clamp((width / marks.length - 1) / 6, 0.18, 0.8);
    const inner = width - 2 * EDGE; // the middle of the handle goes so far
    for (const mark of marks) ctx.fillRect(Math.round(EDGE + mark * (inner - 1)), 1, 1, 5);
    // round values of the told time, where they stand along the steps
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.soft;
    ctx.font = theme.small;
    course.ticks(clamp(48 / width, 0.03, 0.5)).forEach(({ x, text }) => {
      const wide = ctx.measureText(text).width, at = EDGE + x * inner;
      ctx.fillRect(Math.round(at), 1, 1, 7);
      ctx.fillText(text, clamp(at - wide / 2, 0, width - wide), height - 1);
    });
  }
}

export { TimeBar };
