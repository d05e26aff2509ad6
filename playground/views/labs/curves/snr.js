import { momentsOf } from "../../stage/run.js";
import { finite, fromNoise, inOrder, interpolate, risingOrder, roomy } from "./values.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("../../lib/packet.js").Packet<import("../../python.js").RunHeader>} RunPacket */
/** @typedef {import("../../page.js").Beside} Beside */

const MANY = 60; // dots from which on they are smaller

/**
 * log-SNR, and the grid's times on it.
 * @param {RunPacket} run
 * @param {import("./series.js").Times} times
 * @param {(x: number) => number} clockAt the clock that is asked about where the legend speaks of x: the cursor stands in a step, its state may be held
 * @param {Beside[]} [beside] all stages, where there are several
 * @returns {import("./series.js").Chart}
 */
export function snrChart(run, { x, logSnr }, clockAt, beside = []) {
  const { header: h, arrays } = run, clocks = arrays["grid/clock"];
  /** @type {Series[]} */
  const series = [{ key: "snr", label: "log-SNR", role: "exact", x, y: logSnr, width: 1.6, dot: true, room: 5,
    value: (at) => interpolate(x, logSnr, at).toFixed(2).replace("-", "−").replace("NaN", "–") }];
  const others = beside.filter(({ selected }) => !selected).flatMap((one) => levelsOf(one, logSnr));
  series.push(...others);
  const own = beside.find(({ selected }) => selected);
  if (clocks?.data.length && h.mode !== "forward") {
    const gx = fromNoise(clocks.data), last = gx.length - 1;
    series.push({ key: "grid", label: own ? `step of ${own.n}` : "step", role: own?.role ?? "sampler", mode: "markers", size: gx.length > MANY ? 3.5 : 5.5, x: gx, y: finite(arrays["grid/log_snr"].data), width: 0,
      room: 2 * String(last).length + 1, value: (at) => `${momentsOf(run).at(clockAt(at)).step}/${last}` });
  }
  return { title: "log-SNR", tip: `log-SNR = ${h.level.words} from noise (left) to data (right)`, axis: `log-SNR = ${h.level.words}`, unit: "",
    series, range: roomy([...logSnr, ...others.flatMap(({ y }) => y)], [-10, 10], 5, 40), log: false, yTicks: {} };
}

/** Another stage's steps on its own log-SNR, which is drawn where it is not the selected one's. @param {Beside} one @param {import("./series.js").Values} known @returns {Series[]} */
function levelsOf({ n, words, role, run, clock, step }, known) {
  const { arrays, header } = run, grid = arrays["grid/clock"], key = `stage${n}`, term = "curve.grid", tip = `Stage ${n}: ${words}.`;
  const x = fromNoise(arrays["curves/clock"].data), order = risingOrder(x), y = inOrder(finite(arrays["curves/log_snr"].data), order);
  const same = y.length === known.length && y.every((v, i) => v === known[i]);
  /** @type {Series[]} */
  const line = same ? [] : [{ key, label: "", role, x: inOrder(x, order), y, width: 1.4, dash: "dash" }];
  if (!grid?.data.length || header.mode === "forward") return line;
  const gx = fromNoise(grid.data), last = gx.length - 1, at = () => 1 - clock();
  return [...line, { key, label: String(n), term, tip, role, mode: "markers", size: gx.length > MANY ? 3 : 4.5, x: gx, y: finite(arrays["grid/log_snr"].data), width: 0, at,
    room: 2 * String(last).length + 1, value: () => `${step()}/${last}` }];
}
