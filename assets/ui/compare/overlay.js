// Two runs in one plane: the particles of both, each joined to its twin (the same number, so the same noise) by a line coloured by its length, and the mean
// length over the page's clock as a curve.
import { penOf, el } from "../lib/dom.js";
import { significant } from "../lib/numbers.js";
import { tip } from "../lib/tip.js";
import { apart, classOf, pairsOf, valueOf } from "./twins.js";

/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("../stage/run.js").Run} Run */
/** @typedef {import("./place.js").Place} Place */

/** From near to far: one hue that grows darker, or in the dark lighter. */
const FAR = { light: ["#b9b4cc", "#9380bd", "#6f3fa0", "#3f007d"], dark: ["#4a4560", "#75619c", "#a98bd8", "#e6d5ff"] };
const WIDE = 168, HIGH = 52, POINTS = 60;

export class Overlay {
  /** Whose particles are laid over the selected stage's. @type {Place | null} */
  other = null;
  /** The mean distance of twins now; NaN: nothing is laid over. */
  mean = NaN;
  /** The curve, and of what it is. */
  curve = { of: "", values: /** @type {number[]} */ ([]) };
  /** @type {Float32Array | undefined} */
  lengths = undefined;

  /** @param {Stage} lead @param {import("./common.js").Common} common */
  constructor(lead, common) {
    this.lead = lead;
    this.common = common;
    this.words = el("span");
    this.plot = el("canvas");
    this.box = el("div", { className: "pg-twins", hidden: true }, this.words, this.plot);
    this.box.dataset.term = "word.twins";
    lead.ui.view.append(this.box);
    lead.on("moved", () => this.other && this.tell());
    tip.on(this.plot, () => "Mean distance of twins over the clock, from noise on the left to the end.");
  }

  /** @param {Place | null} other @param {number} n its number @param {string} colour of its particles */
  show(other, n, colour) {
    this.other = other;
    this.box.hidden = !other;
    this.lead.twins = other && ((ctx, panel, scene) => this.draw(ctx, panel, scene, colour));
    this.number = n;
    this.mean = NaN;
    this.renew();
    this.lead.touch();
  }

  /** One of the runs may be another. */
  renew() {
    if (!this.other) return;
    this.tell();
    this.lead.touch();
  }

  /** Both runs and what they have in common; a word: why nothing can be laid over. @param {string} [id] of a panel */
  both(id) {
    const a = this.lead.run, b = this.other?.stage?.run;
    if (!a || !b) return "the other run is still to come";
    const pairs = pairsOf(a, b, id ?? a.panels[0].id);
    return typeof pairs === "string" ? pairs : { a, b, pairs };
  }

  tell() {
    const both = this.both(), { race } = this.common, { lead, other } = this;
    if (typeof both === "string" || !race || !other?.stage) {
      this.words.textContent = typeof both === "string" ? `No overlay: ${both}.` : "";
      this.plot.hidden = true;
      this.mean = NaN;
      return;
    }
    const { a, b, pairs } = both, found = apart(a, a.facts(lead.cursor), b, b.facts(other.stage.cursor), pairs, this.lengths?.length === a.count ? this.lengths : undefined);
    this.lengths = found.lengths;
    this.mean = found.mean;
    this.words.textContent = `twins apart, mean ${significant(found.mean)} · over it: stage ${this.number}`;
    this.plot.hidden = false;
    const of = [a.key, b.key, race.unit, race.most].join();
    if (of !== this.curve.of) {
      const { start, end } = race.motion, own = lead.course, its = other.stage.course;
      const hands = Array.from({ length: POINTS + 1 }, (_, k) => start + ((end - start) * k) / POINTS);
      this.curve = { of, values: hands.map((hand) => apart(a, a.facts(own.own(hand)), b, b.facts(its.own(hand)), pairs).mean) };
    }
    this.drawCurve(race.motion, lead.clock.cursor);
  }

  /** @param {import("../stage/clock.js").Motion} motion @param {number} hand */
  drawCurve({ start, end }, hand) {
    const { plot, lead: { theme }, curve: { values } } = this, scale = Math.min(2, window.devicePixelRatio || 1), most = Math.max(...values) || 1;
    Object.assign(plot, { width: WIDE * scale, height: HIGH * scale });
    plot.style.width = `${WIDE}px`;
    const ctx = penOf(plot), x = (/** @type {number} */ k) => 4 + ((WIDE - 8) * k) / POINTS, y = (/** @type {number} */ v) => HIGH - 5 - ((HIGH - 20) * v) / most;
    ctx.scale(scale, scale);
    ctx.fillStyle = theme.soft;
    ctx.font = theme.small;
    ctx.fillText(significant(most), 4, 11);
    ctx.strokeStyle = theme.line;
    ctx.strokeRect(4, HIGH - 5, WIDE - 8, 0.01);
    ctx.strokeStyle = theme.ink;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    values.forEach((v, k) => ctx.lineTo(x(k), y(v)));
    ctx.stroke();
    const at = x((POINTS * (hand - start)) / (end - start || 1));
    ctx.fillStyle = theme.accent;
    ctx.fillRect(at - 0.75, 13, 1.5, HIGH - 17);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import("../stage/panels.js").AnyPanel} panel @param {import("../stage/panel.js").Scene} scene @param {string} colour */
  draw(ctx, panel, scene, colour) {
    const both = this.both(panel.spec.id), stage = this.other?.stage;
    if (typeof both === "string" || !stage) return;
    const { a, b, pairs } = both, { toX, toY, xs, ys } = panel, then = b.facts(stage.cursor), flat = Boolean(panel.spec.a), up = pairs[pairs.length - 1][1];
    const { lengths } = apart(a, scene.moment, b, then, pairs), most = lengths.reduce((x, y) => Math.max(x, y), 0), colours = FAR[scene.theme.dark ? "dark" : "light"];
    const px = new Float32Array(a.count), py = new Float32Array(a.count);
    for (let n = 0; n < a.count; n++) {
      px[n] = flat ? toX.o + toX.k * valueOf(b, then, pairs[0][1], n) : xs[n] + toX.k * (then.clock - scene.clock);
      py[n] = toY.o + toY.k * valueOf(b, then, up, n);
    }
    ctx.lineWidth = 1;
    colours.forEach((tone, k) => {
      ctx.strokeStyle = tone;
      ctx.globalAlpha = 0.85;
      ctx.beginPath();
      for (let n = 0; n < a.count; n++) {
        if (classOf(lengths[n], most, colours.length) !== k) continue;
        ctx.moveTo(xs[n], ys[n]);
        ctx.lineTo(px[n], py[n]);
      }
      ctx.stroke();
    });
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.85;
    for (let n = 0; n < a.count; n++) ctx.fillRect(px[n] - 1.3, py[n] - 1.3, 2.6, 2.6);
    ctx.globalAlpha = 1;
  }
}
