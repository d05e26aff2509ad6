import { momentsOf } from "../../stage/run.js";
import { finite, fromNoise, interpolate, roomy } from "./values.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("../../lib/packet.js").Packet<import("../../python.js").RunHeader>} RunPacket */

const MANY = 60; // dots from which on they are smaller

/**
 * log-SNR, and the grid's times on it.
 * @param {RunPacket} run
 * @param {import("./series.js").Times} times
 * @param {(x: number) => number} clockAt the clock that is asked about where the legend speaks of x: the cursor stands in a step, its state may be held
 * @returns {import("./series.js").Chart}
 */
export function snrChart(run, { x, logSnr }, clockAt) {
  const { header: h, arrays } = run, clocks = arrays["grid/clock"];
  /** @type {Series[]} */
  const series = [{ key: "snr", label: "log-SNR", role: "exact", x, y: logSnr, width: 1.6, dot: true, room: 5,
    value: (at) => interpolate(x, logSnr, at).toFixed(2).replace("-", "−").replace("NaN", "–") }];
  if (clocks?.data.length && h.mode !== "forward") {
    const gx = fromNoise(clocks.data), last = gx.length - 1;
    series.push({ key: "grid", label: "step", role: "sampler", mode: "markers", size: gx.length > MANY ? 3.5 : 5.5, x: gx, y: finite(arrays["grid/log_snr"].data), width: 0,
      room: 2 * String(last).length + 1, value: (at) => `${momentsOf(run).at(clockAt(at)).step}/${last}` });
  }
  return { title: "log-SNR", tip: `log-SNR = ${h.level.words} from noise (left) to data (right)`, axis: `log-SNR = ${h.level.words}`, unit: "",
    series, range: roomy(logSnr, [-10, 10], 5, 40), log: false, yTicks: {} };
}
