// What labs hear of all stages: their runs, numbers and colours, when one of them shows something else.
import { roleOf } from "./colours.js";

/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("../page.js").Beside} Beside */

export class Besides {
  /** What labs have heard of. */
  heard = "[]";

  /** @param {import("../form/parts.js").Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** @param {Place[]} places none: one stage stands alone @param {number} at which is selected @param {string[]} words what differs, of each */
  tell(places, at, words) {
    /** @type {Beside[]} */
    const stages = places.flatMap(({ shown, metrics, stage }, n) => {
      if (!shown || !stage?.run) return [];
      const { run, q } = shown, own = metrics?.header.key === run.header.key ? metrics : null;
      return [{ n: n + 1, selected: n === at, words: words[n], role: roleOf(n), query: q, run, metrics: own, clock: () => stage.run?.facts(stage.cursor).clock ?? 1, step: () => stage.run?.facts(stage.cursor).step ?? 0 }];
    });
    const now = JSON.stringify(stages.map(({ n, selected, words: said, run, metrics }) => [n, selected, said, run.header.key, Boolean(metrics)]));
    if (now === this.heard) return;
    this.heard = now;
    this.parts.tell(this.parts.labs, "setBeside", stages);
  }
}
