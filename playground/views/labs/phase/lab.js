// The phase-space lab: CLD beside VP. A map of friction and mass with the critical line (map.js), and four pictures: paths and damping
// (bundles.js), numbers (numbers.js), solvers (solvers.js). Numbers come from playground/views/phase.py.
import { Phase } from "./phase.js";

/** @type {import("../../page.js").Lab} */
export default {
  mount: (root, host) => new Phase(root, host),
};
