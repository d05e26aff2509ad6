// The lab "errors": where a run's distance to the data comes from, and what each step adds. Numbers: playground/views/errors.py.
// Reading order: section.js, the three of them (budget.js, map.js, steps.js), errors.js.
import { Errors } from "./errors.js";

/** @type {import("../../page.js").Lab} */
export default {
  mount: (root, host) => new Errors(root, host),
};
