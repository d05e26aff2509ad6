// What the steps cost, below them: "= 9 model calls", and a lock that turns the steps when the sampler changes, so that the calls stay.
import { el } from "../lib/dom.js";

/** @typedef {import("../lib/packet.js").Packet<import("../python.js").RunHeader>} RunPacket */
/** @typedef {readonly number[]} Line Calls of a run as a line of its steps: [slope, offset]. */

/** @param {Line} line @param {number} steps */
export const callsOf = (line, steps) => line[0] * steps + line[1];
/** Steps of about so many calls, at least one and at most `most`.
 * @param {Line} line @param {number} calls @param {number} most */
export const stepsFor = (line, calls, most) => Math.max(1, Math.min(most, Math.round((calls - line[1]) / line[0])));

export class Cost {
  /** @type {{words: HTMLElement, lock: HTMLButtonElement} | null} */
  box = null;
  /** Calls that the next run is to make; 0: any. */
  kept = 0;

  /** @param {{chosen: import("./chosen.js").Chosen, view: import("./view.js").View, shown: () => RunPacket | undefined}} page */
  constructor({ chosen, view, shown }) {
    this.chosen = chosen;
    this.view = view;
    this.shown = shown;
    this.most = chosen.grammar.control("grid.steps")?.hi ?? Infinity;
  }

  get on() { return this.view.said.keep === "calls"; }

  /** Called when Gradio mounts it. @param {HTMLElement} element */
  mount(element) {
    element.classList.add("pg-calls");
    const lock = el("button", { type: "button", className: "pg-keep", textContent: "keep" }), words = el("span");
    lock.setAttribute("aria-label", "keep the calls");
    lock.dataset.tip = "Keep the calls: another sampler gets as many steps as make the same number of model calls, so that methods are compared at equal cost.";
    lock.addEventListener("click", () => {
      this.view.set("keep", this.on ? "" : "calls");
      this.kept = 0;
      this.show();
    });
    this.box = { words, lock };
    element.replaceChildren(el("div", {}, words, lock));
    this.show();
  }

  show() {
    if (!this.box) return;
    const { words, lock } = this.box, h = this.shown()?.header, known = h && h.mode !== "forward" && h.model_calls != null;
    words.textContent = known ? `= ${h.model_calls.toLocaleString("en")} model call${h.model_calls === 1 ? "" : "s"}${h.guidance ? ", guided" : ""}` : "";
    lock.hidden = !known || !h.sampler?.calls_line;
    lock.setAttribute("aria-pressed", String(this.on));
  }

  /** Another sampler was chosen: as many steps as make the same number of calls. What its parameters change of that, its own run tells (`again`). */
  keep() {
    const run = this.shown(), before = run?.header.sampler?.calls_line, line = this.chosen.grammar.config.calls[this.chosen.of("sampler")];
    if (!this.on || !run || !before || run.header.mode === "forward") return;
    this.kept = callsOf(before, run.header.planned);
    if (line) this.chosen.force("pg-grid-steps", stepsFor(line, this.kept, this.most));
  }

  /** A run has come and nothing newer waits. True: other steps come nearer to the calls, and are chosen.
   * @param {RunPacket} run */
  again(run) {
    const line = run.header.sampler?.calls_line, wanted = this.kept, { planned } = run.header;
    this.kept = 0;
    if (!wanted || !line || !this.on) return false;
    const steps = stepsFor(line, wanted, this.most);
    if (steps === planned || Math.abs(callsOf(line, steps) - wanted) >= Math.abs(callsOf(line, planned) - wanted)) return false;
    this.chosen.force("pg-grid-steps", steps);
    return true;
  }
}
