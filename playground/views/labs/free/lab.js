// The lab "training-free": a run's x̂_0 beside exact denoisers of the same images, and the nearest training image. Numbers: playground/views/free.py.
// Reading order: lines.js, words.js, free.js.
import { Free } from "./free.js";

/** @type {import("../../page.js").Lab} */
export default {
  mount: (root, host) => new Free(root, host),
};
