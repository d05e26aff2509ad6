// The parts of the page that show a run: the stage with its images, and what stands beside it, which may fail without taking the stage with it.
import { failed } from "./hook.js";

/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("../lib/packet.js").Packet<import("../python.js").RunHeader>} RunPacket */
/** @typedef {import("../page.js").LabPart} LabPart */
/** What a part takes by the name of one of its methods.
 * @template P @template {keyof P} K @typedef {NonNullable<P[K]> extends (value: infer V) => void ? V : never} Taken */

export class Parts {
  /** @type {Stage | null} */
  stage = null;
  /** @type {import("../images/images.js").Images | null} */
  images = null;
  /** @type {import("../beside/labs.js").Labs | null} */
  labs = null;
  /** @type {import("../beside/step-panel.js").StepPanel | null} */
  panel = null;
  /** @type {import("../beside/status.js").Status | null} */
  status = null;
  /** @type {import("../beside/words.js").Words | null} */
  words = null;
  /** @type {import("../board/page.js").Board | null} */
  board = null;
  /** Where the stage's cursor stands. @type {import("../stage/run.js").Facts | null} */
  cursor = null;
  /** @type {import("../page.js").PinPoint | null} */
  pin = null;
  /** What arrived before the stage was mounted. @type {((stage: Stage) => void)[]} */
  waiting = [];
  /** The turn in which a run is told; 0: all have heard. */
  telling = 0;
  toScreen = 0; // ms; kept for a status line that is mounted after the first picture

  /** @param {(stage: Stage) => void} fn now, or as soon as there is a stage */
  put(fn) {
    if (this.stage) fn(this.stage);
    else this.waiting.push(fn);
  }

  /** @template {object} P @template {keyof P & string} K
   * @param {P | null} part @param {K} name @param {Taken<P, K>} value */
  tell(part, name, value) {
    if (!part) return;
    try {
      /** @type {((this: P, value: Taken<P, K>) => void) | undefined} */ (part[name])?.call(part, value);
    } catch (error) {
      failed(name, error);
    }
  }

  /** @template {keyof LabPart} K
   * @param {K} name @param {Taken<LabPart, K>} value */
  tellAll(name, value) {
    for (const part of /** @type {(LabPart | null)[]} */ ([this.labs, this.panel, this.words])) this.tell(part, name, value);
  }

  /** A run for a part, and where the stage's cursor stands: a stage at rest does not tell again.
   * @param {LabPart | null} part @param {RunPacket | undefined} run */
  tellRun(part, run) {
    if (!run) return;
    this.tell(part, "setRun", run);
    if (this.cursor) this.tell(part, "cursor", this.cursor);
  }

  /** Labs and panel hear of a run when its picture is on the screen: what they draw would hold it up.
   * @param {RunPacket} run */
  tellLater(run) {
    const turn = ++this.telling;
    requestAnimationFrame(() => setTimeout(() => {
      if (turn !== this.telling) return; // a newer run is about to be told
      this.telling = 0;
      for (const part of [this.labs, this.panel, this.words]) this.tellRun(part, run);
    }));
  }

  /** @param {RunPacket} run @param {number} toScreen ms; 0: as before */
  tellStatus(run, toScreen) {
    if (toScreen) this.toScreen = toScreen;
    this.tell(this.status, "update", { run, toScreen: this.toScreen });
  }
}
