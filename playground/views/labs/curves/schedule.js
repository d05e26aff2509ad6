import { subscripts } from "../../lib/numbers.js";
import { finite, fromNoise, inOrder, interpolate, risingOrder, roomy } from "./values.js";

/** @type {Record<string, {width: number, dash?: "dash"}>} by role */
const STYLES = { data: { width: 1.8 }, noise: { width: 1.8 }, learned: { width: 1.6, dash: "dash" } };
const STYLE = { width: 1.6 };

/** A scale that several labels share, "" if they share none: it is said once, in the title. @param {string[]} labels */
export function sharedScale(labels) {
  const scales = labels.flatMap((label) => label.match(/ \/ .*√.*$/)?.[0] ?? []);
  return scales.length > 1 ? scales[0] : "";
}

/**
 * The process's coefficients.
 * @param {import("./snr.js").RunPacket} run
 * @returns {import("./series.js").Chart}
 */
export function scheduleChart({ header: { curves }, arrays }) {
  const scale = sharedScale(curves.map((c) => c.label)), clocks = fromNoise(arrays["curves/clock"].data), order = risingOrder(clocks), x = inOrder(clocks, order);
  const values = curves.map((c) => inOrder(finite(arrays[`curves/${c.name}`].data), order));
  const series = curves.map(({ name, label, role }, i) => {
    const y = values[i];
    /** @param {number} at */
    const value = (at) => {
      const v = interpolate(x, y, at);
      return Number.isFinite(v) ? v.toFixed(2) : "–";
    };
    return { key: name, label: scale && label.endsWith(scale) ? label.slice(0, -scale.length) : label, role, x, y, ...(STYLES[role] ?? STYLE), dot: true, room: 4, value };
  });
  // one that runs away leaves the frame at its top: to its scale the others would lie flat at 0
  const [lo, hi] = roomy(values.filter((_, i) => !curves[i].leaves).flat(), [0, 1], 0.25, 1e3);
  return { title: "the process’s coefficients" + subscripts(scale), tip: curves.map((c) => c.label).join(", "), axis: "coefficient", unit: "",
    series, range: [lo, hi], log: false, yTicks: hi - lo < 1.2 ? { tickvals: [0, 0.5, 1] } : {} };
}
