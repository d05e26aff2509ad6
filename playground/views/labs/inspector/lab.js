// The lab "denoising": what is exactly known at the pinned point: q(x_s | x_t) beside its best Gaussian and the law from which the chosen
// sampler draws in one such step, p(x₀ | x_t), every parameterisation, paths through the point, and the worst step of T.
// Reading order: the pictures (line.js, plane.js, origin.js, worst.js), the words (table.js), inspector.js.
import { Inspector } from "./inspector.js";

/** @type {import("../../page.js").Lab} */
export default {
  mount: (root, host) => new Inspector(root, host),
};
