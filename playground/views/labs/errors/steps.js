import { el } from "../../lib/dom.js";
import { across, chart, clockAt } from "./chart.js";
import { Section } from "./section.js";
import { EXACT, errorWords, timeWords } from "./words.js";

/** @typedef {import("../../lib/packet.js").Packet<import("./packets.js").Budget>} StepsPacket */

/** The error of every step. */
export class StepsView extends Section {
  /** @type {StepsPacket | null} */
  packet = null;
  clock = 1;
  /** The step that the cursor is in. */
  step = 1;
  /** What the chart is as wide as; 0 before there is one. */
  width = 0;

  /** @param {import("../../page.js").Host} host */
  constructor(host) {
    super("steps", "every step's error", "Median over p_t of the error that one step adds from exact states, band: 10 to 90 %. In the view's units.");
    this.line = el("div", { className: "pg-err-cursor" });
    this.plot = el("div", { className: "pg-err-plot pg-err-chart" });
    this.body.append(this.plot);
    this.plot.addEventListener("pointerdown", (e) => {
      /** @param {PointerEvent} at */
      const go = (at) => host.seek(clockAt(at.clientX - this.plot.getBoundingClientRect().left, this.plot.clientWidth));
      go(e);
      this.plot.setPointerCapture(e.pointerId);
      this.plot.onpointermove = go;
    });
    for (const end of ["pointerup", "pointercancel"]) this.plot.addEventListener(end, () => (this.plot.onpointermove = null));
  }

  /** @param {StepsPacket} packet */
  show(packet) {
    const { reason } = packet.header;
    this.packet = reason ? null : packet;
    this.say(reason ? `No curve: ${reason}.` : "");
    this.paint();
  }

  paint() {
    const width = this.plot.clientWidth, height = this.plot.clientHeight;
    if (!this.packet || !(width > 60) || !(height > 40)) return;
    const { header: { stochastic }, arrays } = this.packet;
    /** @param {string} name */
    const of = (name) => arrays[name].floats();
    const errors = { from: of("from"), to: of("to"), low: of("low"), median: of("median"), high: of("high"), spread: stochastic ? of("spread") : null };
    this.width = width;
    this.plot.innerHTML = chart(errors, width, height);
    this.plot.append(this.line);
    const exact = stochastic && Math.max(...errors.median) < EXACT;
    this.foot.innerHTML = stochastic
      ? `<i class="pg-err-key"></i>${exact ? "mean: exact" : "mean"} <i class="pg-err-key pg-err-key-spread"></i>covariance`
      : '<i class="pg-err-key"></i>median over p<sub>t</sub>, band 10–90 %';
    this.foot.title = stochastic
      ? "Medians over p_t of the error of the step's mean (band: 10 to 90 %) and of its covariance, against the exact q(x_s | x_t)."
      : "|one step − exact flow|, in the view's units: median over p_t and its 10th to 90th percentile.";
    this.place(this.clock, this.step);
  }

  /** @param {number} clock @param {number} step */
  place(clock, step) {
    this.clock = clock;
    this.step = step;
    if (!this.packet || !this.width) return;
    this.line.style.left = `${across(clock, this.width).toFixed(1)}px`;
    const words = stepWords(this.packet, Math.max(1, step));
    if (this.word.textContent !== words) this.word.textContent = words;
  }
}

/** What a step adds. Of many steps some are measured: then the last one before it. @param {StepsPacket} packet @param {number} step */
export function stepWords({ header, arrays }, step) {
  const numbers = arrays.step.floats();
  let i = numbers.length - 1;
  while (i > 0 && numbers[i] > step) i--;
  const exact = header.stochastic && !(arrays.median.floats()[i] > EXACT), error = arrays[exact ? "spread" : "median"].floats()[i];
  return `${numbers[i] === step ? "" : `step ${numbers[i]}: `}${timeWords(arrays.t.floats()[i])} → ${timeWords(arrays.s.floats()[i])}: ${errorWords(error)}`;
}
