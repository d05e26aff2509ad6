// Two runs in one plane, or a run and the exact flow: the particles of both, each joined to its twin (the same number, so the same noise) by a line coloured by
// its length, and the mean length over the page's clock as a curve.
import { penOf, el } from "../lib/dom.js";
import { significant } from "../lib/numbers.js";
import { tip } from "../lib/tip.js";
import { apart, classOf, valueOf } from "./twins.js";

/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("./laid.js").Laid} Laid */

/** From near to far: one hue that grows darker, or in the dark lighter. */
const FAR = { light: ["#b9b4cc", "#9380bd", "#6f3fa0", "#3f007d"], dark: ["#4a4560", "#75619c", "#a98bd8", "#e6d5ff"] };
const WIDE = 168, HIGH = 52, POINTS = 60;

export class Overlay {
  /** What lies over the selected stage's run. @type {Laid | null} */
  laid = null;
  /** The mean distance of twins now; NaN: nothing is laid over. */
  mean = NaN;
  /** The curve over the page's clock, and of what it is. */
  curve = { of: "", hands: /** @type {number[]} */ ([]), values: /** @type {number[]} */ ([]) };
  /** @type {Float32Array | undefined} */
  lengths = undefined;

  /** @param {Stage} lead */
  constructor(lead) {
    this.lead = lead;
    this.words = el("span");
    this.plot = el("canvas");
    this.box = el("div", { className: "pg-twins", hidden: true }, this.words, this.plot);
    this.box.dataset.term = "word.twins";
    lead.ui.view.append(this.box);
    lead.on("moved", () => this.laid && this.tell());
    lead.on("level", () => this.renew()); // with every run
    tip.on(this.plot, () => "Mean distance of twins over the clock, from noise on the left to the end.");
  }

  /** @param {Laid | null} laid */
  show(laid) {
    this.laid = laid;
    this.box.hidden = !laid;
    this.lead.twins = laid && ((ctx, panel, scene) => this.draw(ctx, panel, scene));
    this.mean = NaN;
    this.renew();
    this.lead.touch();
  }

  /** One of the runs may be another. */
  renew() {
    if (!this.laid) return;
    this.laid.renew();
    this.tell();
    this.lead.touch();
  }

  /** The run, what lies over it and what they have in common; a word: why nothing can be laid over. @param {string} [id] of a panel */
  both(id) {
    const { lead: { run: a }, laid } = this, b = laid?.states;
    if (!laid || !a) return "the run is still to come";
    if (!b) return laid.why;
    const pairs = laid.pairs(id ?? a.panels[0].id);
    return typeof pairs === "string" ? pairs : { a, b, laid, pairs };
  }

  tell() {
    const both = this.both(), { lead: { course, clock } } = this, { motion } = course;
    if (typeof both === "string" || !motion) {
      this.words.textContent = typeof both === "string" ? `No overlay: ${both}.` : "";
      this.plot.hidden = true;
      this.mean = NaN;
      return;
    }
    const { a, b, laid, pairs } = both, count = Math.min(a.count, b.count);
    const found = apart(a, a.facts(course.own(clock.cursor)), b, laid.at(clock.cursor), pairs, this.lengths?.length === count ? this.lengths : undefined);
    this.lengths = found.lengths;
    this.mean = found.mean;
    this.words.textContent = `twins apart, mean ${significant(found.mean)} · over it: ${laid.name}`;
    this.plot.hidden = false;
    const of = [a.key, laid.key, motion.start, motion.end, motion.stops].join();
    if (of !== this.curve.of) {
      const hands = laid.hands(POINTS);
      this.curve = { of, hands, values: hands.map((hand) => apart(a, a.facts(course.own(hand)), b, laid.at(hand), pairs).mean) };
    }
    this.drawCurve(motion, clock.cursor);
  }

  /** @param {import("../stage/clock.js").Motion} motion @param {number} hand */
  drawCurve({ start, end }, hand) {
    const { plot, lead: { theme }, curve: { hands, values } } = this, scale = Math.min(2, window.devicePixelRatio || 1), most = Math.max(...values) || 1;
    Object.assign(plot, { width: WIDE * scale, height: HIGH * scale });
    plot.style.width = `${WIDE}px`;
    const ctx = penOf(plot), x = (/** @type {number} */ h) => 4 + ((WIDE - 8) * (h - start)) / (end - start || 1), y = (/** @type {number} */ v) => HIGH - 5 - ((HIGH - 20) * v) / most;
    ctx.scale(scale, scale);
    ctx.fillStyle = theme.soft;
    ctx.font = theme.small;
    ctx.fillText(significant(most), 4, 11);
    ctx.strokeStyle = theme.line;
    ctx.strokeRect(4, HIGH - 5, WIDE - 8, 0.01);
    ctx.strokeStyle = theme.ink;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    values.forEach((v, k) => ctx.lineTo(x(hands[k]), y(v)));
    ctx.stroke();
    const at = x(hand);
    ctx.fillStyle = theme.accent;
    ctx.fillRect(at - 0.75, 13, 1.5, HIGH - 17);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import("../stage/panels.js").AnyPanel} panel @param {import("../stage/panel.js").Scene} scene */
  draw(ctx, panel, scene) {
    const both = this.both(panel.spec.id);
    if (typeof both === "string") return;
    const { a, b, laid, pairs } = both, { toX, toY, xs, ys } = panel, then = laid.at(this.lead.course.hand(scene.cursor)), flat = Boolean(panel.spec.a), up = pairs[pairs.length - 1][1];
    const { lengths } = apart(a, scene.moment, b, then, pairs), most = lengths.reduce((x, y) => Math.max(x, y), 0), colours = FAR[scene.theme.dark ? "dark" : "light"];
    const count = lengths.length, px = new Float32Array(count), py = new Float32Array(count);
    for (let n = 0; n < count; n++) {
      px[n] = flat ? toX.o + toX.k * valueOf(b, then, pairs[0][1], n) : xs[n] + toX.k * (then.clock - scene.clock);
      py[n] = toY.o + toY.k * valueOf(b, then, up, n);
    }
    ctx.lineWidth = 1;
    colours.forEach((tone, k) => {
      ctx.strokeStyle = tone;
      ctx.globalAlpha = 0.85;
      ctx.beginPath();
      for (let n = 0; n < count; n++) {
        if (classOf(lengths[n], most, colours.length) !== k) continue;
        ctx.moveTo(xs[n], ys[n]);
        ctx.lineTo(px[n], py[n]);
      }
      ctx.stroke();
    });
    ctx.fillStyle = laid.colour;
    ctx.globalAlpha = 0.85;
    for (let n = 0; n < count; n++) ctx.fillRect(px[n] - 1.3, py[n] - 1.3, 2.6, 2.6);
    ctx.globalAlpha = 1;
  }
}
