import { aborted, messageOf } from "../../form/transport.js";
import { must } from "../../lib/dom.js";
import { unit } from "../../lib/draw.js";
import { clamp, significant as sig, subscripts } from "../../lib/numbers.js";
import { Picture, deviceScale } from "../picture.js";
import { line } from "./line.js";
import { origin } from "./origin.js";
import { drawArrows, drawPaths } from "./paths.js";
import { plane } from "./plane.js";
import { lawRows, legend, notes, pointRows, spoken } from "./words.js";
import { STEPS, worst } from "./worst.js";

/** @typedef {import("./packets.js").Told} Told */
/** @typedef {import("./packets.js").OnLine} OnLine */
/** @typedef {import("./packets.js").OnPlane} OnPlane */
/** @typedef {import("./packets.js").Worst} Worst */
/** @typedef {import("./shapes.js").Draw} Draw */
/** @template H @typedef {import("../../lib/packet.js").Packet<H>} Packet */
/** @typedef {import("../../page.js").Host} Host */
/** @typedef {import("../../page.js").LabPart} LabPart */
/** @typedef {import("../../page.js").PinPoint} PinPoint */

const GAP = 0.5; // of the way to 0 that a step goes unless the link says otherwise

const HTML = `
  <div class="pg-in-empty">
    <p><b>Pin a point</b> and see what is exactly known there: the true denoising distribution q(x<sub>s</sub> | x<sub>t</sub>) for any step size, its best Gaussian, and what the sampler draws instead.</p>
    <p><button type="button" data-in="suggest">pin a point for me</button> or click on the picture above.</p>
  </div>
  <p class="pg-in-why" hidden></p>
  <section class="pg-in-q">
    <header><span class="pg-in-title" title="The exact law of x at the earlier time s, given the pinned x at time t: a mixture of Gaussians in closed form.">q(x<sub>s</sub> | x<sub>t</sub>)</span>
      <label class="pg-in-slider" title="How far one step goes: from a small step to the whole way to 0.">step <input type="range" min="0.01" max="1" step="0.01" aria-label="step size, share of the way to 0"><output></output></label></header>
    <div class="pg-in-box" data-in="q"></div>
    <div class="pg-in-key"></div>
  </section>
  <section class="pg-in-x0">
    <header role="tablist"><button type="button" role="tab" data-in="tab-x0" title="The posterior of the data point, and what each component contributes.">p(x<sub>0</sub> | x<sub>t</sub>)</button><button type="button" role="tab" data-in="tab-worst" title="Mean KL of q(x_s | x_t) to its best Gaussian, for the worst step of a uniform grid of T steps.">worst step</button></header>
    <div class="pg-in-box" data-in="x0"></div>
    <div class="pg-in-box" data-in="worst" hidden></div>
  </section>
  <section class="pg-in-numbers" tabindex="0" aria-label="Numbers at the pin">
    <table class="pg-in-kl"><thead><tr><th></th><th title="KL(q‖·) in nats; infinite for a point. A dash: not known in closed form.">KL</th><th data-in="w2">W₂</th></tr></thead><tbody></tbody></table>
    <p class="pg-in-says"></p>
    <table class="pg-in-point"><tbody></tbody></table>
  </section>`;

/** @param {string} className @param {string} label @param {HTMLElement} box */
function picture(className, label, box) {
  const made = new Picture(`pg-in-canvas ${className}`, () => clamp(deviceScale(), 1, 2));
  made.say(label);
  box.append(made.canvas);
  return made;
}

/** @implements {LabPart} */
export class Inspector {
  /** @type {PinPoint | null} */
  pinned = null;
  /** @type {Packet<Told> | null} */
  packet = null;
  /** @type {Packet<unknown> | null} */
  paths = null;
  on = false;
  /** What data and process the worst steps are of. */
  law = "";
  measuring = false;
  /** The key below the picture of q, as it stands. */
  told = "";
  /** @type {Worst[]} one for each of the first of STEPS */
  found = [];
  /** @type {number[]} from a change to its picture, ms */
  times = [];

  /** @param {HTMLElement} root @param {Host} host */
  constructor(root, host) {
    this.host = host;
    this.root = root;
    root.classList.add("pg-in");
    root.innerHTML = HTML;
    this.at = { why: must(root, ".pg-in-why"), key: must(root, ".pg-in-key"), says: must(root, ".pg-in-says"), laws: must(root, ".pg-in-kl tbody"),
      point: must(root, ".pg-in-point tbody"), w2: must(root, "[data-in=w2]"), output: must(root, "output") };
    this.areas = { x0: must(root, "[data-in=x0]"), worst: must(root, "[data-in=worst]") };
    this.tabs = { x0: must(root, "[data-in=tab-x0]"), worst: must(root, "[data-in=tab-worst]") };
    this.q = picture("pg-in-main", "denoising distribution at the pin", must(root, "[data-in=q]"));
    this.x0 = picture("", "distribution of the data point given the pin", this.areas.x0);
    this.w = picture("", "worst step over the number of steps", this.areas.worst);
    this.gap = clamp(Number(host.view.gap) || GAP, 0.01, 1);
    const slider = must(root, ".pg-in-slider input", HTMLInputElement);
    slider.value = String(this.gap);
    slider.addEventListener("input", () => {
      this.gap = Number(slider.value);
      host.setView("gap", this.gap === GAP ? "" : String(this.gap));
      this.ask();
    });
    must(root, "[data-in=suggest]").addEventListener("click", () => this.suggest());
    this.tabs.x0.addEventListener("click", () => this.tab("x0"));
    this.tabs.worst.addEventListener("click", () => this.tab("worst"));
    /** @type {Window & {__pgInspector?: Inspector}} */ (window).__pgInspector = this; // for benchmarks
    this.tab(host.view.side === "worst" ? "worst" : "x0");
    this.empty();
  }

  /** @param {boolean} on */
  show(on) {
    const { stage } = this.host;
    this.on = on;
    if (!stage) return;
    stage.overlay = on ? (ctx, panel, scene) => this.over(ctx, panel, scene) : null;
    stage.touch();
  }

  /** @param {Packet<import("../../python.js").RunHeader>} run */
  setRun({ header }) {
    if (header.fields_key !== this.law) (this.law = header.fields_key), (this.found = []), this.why(""), this.measure();
    this.ask();
  }

  /** @param {PinPoint | null} pin */
  pin(pin) {
    this.pinned = pin;
    if (!pin) this.packet = this.paths = null;
    this.empty();
    this.ask();
  }

  empty() {
    this.root.classList.toggle("pg-in-none", !this.pinned);
    if (!this.pinned) this.host.stage?.touch();
  }

  async suggest() {
    try {
      const { header } = await this.host.fetch("inspect", { suggest: 1 });
      if (!header.suggest) return this.why(header.why ?? "");
      this.host.stage?.setPin(header.suggest);
      if (this.pinned) this.host.seek(this.pinned.clock);
    } catch (error) { this.failed(error); }
  }

  /** @param {unknown} error */
  failed(error) {
    if (!aborted(error)) this.host.notice({ kind: "error", message: messageOf(error) });
  }

  /** Why nothing can be said here, or "". @param {string} words */
  why(words) {
    this.at.why.innerHTML = subscripts(words);
    this.at.why.hidden = !words;
    this.root.classList.toggle("pg-in-cannot", Boolean(words));
  }

  /** The picture of the newest pin; while a hand moves something the displaced ones are dropped. */
  async ask() {
    if (!this.pinned || !this.on) return;
    const from = performance.now(), { pinned: p } = this;
    const params = { clock: p.clock, components: p.components.join(","), at: (p.a == null ? [p.b] : [p.a, p.b]).join(","), gap: this.gap };
    try {
      const packet = await this.host.fetch("inspect", params);
      if (!this.pinned) return;
      this.why(packet.header.why || "");
      if (packet.header.why) return (this.packet = this.paths = null), this.host.stage?.touch();
      this.packet = /** @type {Packet<Told>} */ (packet);
      this.paint(this.packet);
      this.times.push(performance.now() - from);
      const paths = await this.host.fetch("paths", params);
      this.paths = paths.header.why ? null : paths;
      this.host.stage?.touch();
    } catch (error) { this.failed(error); }
  }

  /** Draws this from now on, in the stage's colours. @param {Picture} on @param {Draw} draw */
  draw(on, draw) {
    on.show((ctx, width, height) => {
      const { stage } = this.host;
      if (!stage) return;
      const small = `${clamp(11 * unit(), 11.5, 13.5)}px ${getComputedStyle(on.canvas).fontFamily}`;
      ctx.lineJoin = "round";
      draw(ctx, width, height, { ...stage.theme, small });
    });
  }

  /** @param {Packet<Told>} packet */
  paint(packet) {
    const { header: h } = packet;
    this.at.output.textContent = `t = ${sig(h.t)} → s = ${sig(h.s)}`;
    this.told = "";
    if (h.plane) {
      this.draw(this.q, plane(/** @type {Packet<OnPlane>} */ (packet)));
      this.legend([]);
    } else this.draw(this.q, line(/** @type {Packet<OnLine>} */ (packet), (sizes) => this.legend(sizes)));
    this.draw(this.x0, origin(packet));
    this.at.w2.title = `${h.w2} between q and the law of the row`;
    this.at.laws.innerHTML = lawRows(h);
    this.at.says.innerHTML = notes(h);
    this.at.point.innerHTML = pointRows(h);
    this.q.say(spoken(h));
  }

  /** @param {import("./words.js").Coloured[]} sizes */
  legend(sizes) {
    const text = legend(sizes);
    if (text !== this.told) this.at.key.innerHTML = this.told = text;
  }

  // ---- the worst step ----------------------------------------------------------------------------------------------------------------
  /** @param {"x0" | "worst"} name */
  tab(name) {
    this.open = name;
    for (const key of /** @type {const} */ (["x0", "worst"])) {
      this.areas[key].hidden = key !== name;
      this.tabs[key].setAttribute("aria-selected", String(key === name));
    }
    this.host.setView("side", name === "worst" ? "worst" : "");
    this.measure();
  }

  /** One number of steps at a time, from few to many; a change of data or process begins anew. */
  async measure() {
    this.draw(this.w, worst(this.found, ""));
    if (this.open !== "worst" || this.measuring || !this.law) return;
    this.measuring = true;
    const { law } = this;
    try {
      while (this.open === "worst" && this.law === law && this.found.length < STEPS.length) {
        const steps = STEPS[this.found.length];
        this.draw(this.w, worst(this.found, `${this.found.length} of ${STEPS.length}`));
        const { header } = await this.host.fetch("worst", { steps });
        if (header.why) return this.why(header.why);
        if (this.law === law) this.found.push(header);
      }
    } catch (error) { this.failed(error); } finally {
      this.measuring = false;
      this.draw(this.w, worst(this.found, ""));
    }
    const four = this.found.find((f) => f.steps === 4);
    if (four) this.w.say(`worst step's mean KL to a Gaussian: ${sig(four.kl)} nats at 4 steps`);
    if (this.law !== law) this.measure();
  }

  // ---- over the stage ------------------------------------------------------------------------------------------------------------------
  /** @param {CanvasRenderingContext2D} ctx @param {import("./paths.js").Panel} panel @param {import("./paths.js").Scene} scene */
  over(ctx, panel, scene) {
    if (!this.paths || !scene.pin) return;
    drawPaths(ctx, panel, scene, this.paths);
    if (panel.spec.id === scene.pin.panel && this.packet) drawArrows(ctx, panel, scene, this.packet.header.point);
  }
}
