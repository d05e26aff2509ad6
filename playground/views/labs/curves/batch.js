import { significant } from "../../lib/numbers.js";
import { DECADES } from "./distance.js";
import { exponents, finite, fromNoise, heldAt, roomy } from "./values.js";

const BOTTOM = 1e-3;

/**
 * Images have no exact samples to be compared with: how large the states are, and how much the expected image still changes.
 * @param {import("./snr.js").RunPacket} run
 * @returns {import("./series.js").Chart}
 */
export function batchChart({ arrays }) {
  const x = fromNoise(arrays.clock.data), norm = finite(arrays["image/norm"].data), change = finite(arrays["image/change"].data);
  /** @param {import("./series.js").Values} y */
  const raise = (y) => y.map((v) => (v == null ? null : Math.max(v, BOTTOM)));
  /** @param {import("./series.js").Values} y */
  const read = (y) => (/** @type {number} */ at) => significant(heldAt(x, y, at, "hv"), 2);
  return {
    title: "the batch", tip: "Means over the batch; norms over all pixels, pixels in [−1, 1].", axis: "norm over pixels, mean over the batch", unit: "norm over pixels",
    series: [
      { key: "norm", label: "‖x_t‖", role: "sampler", x, y: raise(norm), width: 2, dot: true, room: 5, shape: "hv", value: read(norm) },
      { key: "change", label: "step of x̂_0", role: "learned", x, y: raise(change), width: 1.6, dash: "dash", dot: true, room: 5, shape: "hv", value: read(change) },
    ],
    range: roomy(exponents([...norm, ...change]), [-1, 2], 1, 6), log: true, yTicks: DECADES,
  };
}
