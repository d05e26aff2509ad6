// The lab "your data": the mixture p₀ held by hand on the stage, painted, or fitted to an uploaded table.
// Reading order: own.js (the mixture and what changes it) → hands.js (what can be held, on a canvas over the stage) → brush.js (points) → desk.js (the panel below).
import { Own } from "./own.js";

/** @type {import("../../page.js").Lab} */
export default {
  mount(root, host) {
    const own = new Own(root, host);
    return { setRun: () => own.setRun(), cursor: () => own.cursor(), show: (on) => own.show(on) };
  },
};
