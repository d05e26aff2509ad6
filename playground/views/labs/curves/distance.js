import { measured } from "../../beside/status.js";
import { significant, subscripts, whole } from "../../lib/numbers.js";
import { arrayOf } from "../../lib/packet.js";
import { momentsOf } from "../../stage/run.js";
import { exponents, finite, fromNoise, inOrder, risingOrder, roomy, valueAt } from "./values.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./series.js").Chart} Chart */
/** @typedef {import("./series.js").Values} Values */
/** @typedef {import("../../python.js").MetricsHeader} Header */
/** @typedef {Header["metrics"][number]} Measure */

/** A label at every decade, as Plotly has it. */
export const DECADES = { dtick: 1, minor: { dtick: "D1", showgrid: false }, tickformat: "~g" };

/** Before there are distances. @type {Chart} */
export const WAITING = { title: "distance to the truth", tip: "distance to the truth", axis: "distance to the truth", unit: "", log: true, range: [-2.14, 0.14], yTicks: {},
  series: [{ key: "none", label: "", x: [0, 1], y: [null, null], width: 1, role: "noise" }] };

/** Buttons, one a measure. @param {Header} h @param {Measure} shown */
function choices({ metrics, missing }, shown) {
  const told = metrics.map((one) =>
    `<button type="button" class="pg-measure" data-measure="${one.name}" aria-pressed="${one === shown}" title="${one.label}${one.unit ? `, in ${one.unit}` : ""}.">${one.short}</button>`);
  const not = missing.map((one) =>
    `<button type="button" class="pg-measure" data-measure="${one.name}" aria-pressed="false" title="${one.label}: ${one.reason}." aria-disabled="true">${one.short}</button>`);
  return `<span class="pg-measures" role="group" aria-label="which distance">${[...told, ...not].join("")}</span>`;
}

/**
 * Distances of a run's particles from the exact law of their time: one measure at a time, with its own floor; two of them have two units.
 * @param {import("../../lib/packet.js").Packet<Header>} metrics
 * @param {import("./snr.js").RunPacket | null} run that they are of
 * @param {string} measure the one that was asked for; another one than it has is the first
 * @returns {Chart}
 */
export function distanceChart(metrics, run, measure) {
  const { header: h } = metrics, m = h.metrics.find((one) => one.name === measure) || h.metrics[0];
  const clocks = fromNoise(metrics.arrays.clock.data), order = risingOrder(clocks), x = inOrder(clocks, order);
  /** @param {string} name */
  const of = (name) => inOrder(finite(arrayOf(metrics, name) ?? []), order);
  const y = of(m.name), floor = of(`${m.name}/floor`), sd = of(`${m.name}/floor_sd`);
  // decades: [0.01, 1] holds most runs
  const range = roomy(exponents([...y, ...floor]), [-2, 0], 1, 6), bottom = 10 ** (range[0] + 0.02);
  /** @param {Values} values */
  const raise = (values) => values.map((v) => (v == null ? null : Math.max(v, bottom)));
  /** The floor's band. @param {-1 | 1} side */
  const edge = (side) => raise(floor.map((v, i) => Number(v) + side * Number(sd[i])));
  const forward = run?.header.mode === "forward", end = forward ? x[0] : x[x.length - 1];
  // a distance is of a state: between states that are held it is too
  const shape = run && momentsOf(run).holds.some(Boolean) ? (forward ? "vh" : "hv") : "";
  /** @param {Values} values */
  const read = (values) => (/** @type {number} */ at) => significant(valueAt(x, values, at, shape), 2);
  const [name, scaled] = m.label.split(/,(.*)/), room = h.tilted ? 4 : 5;
  return {
    title: `distance to ${subscripts(h.law)} ${choices(h, m)}`,
    tip: `${m.label} between the particles and ${h.law} at the same time${h.about ? ` (${h.about})` : ""}.`,
    axis: m.unit ? `${m.label}, ${m.unit}` : m.label,
    unit: m.unit + (scaled ? `,${subscripts(scaled)}` : ""),
    series: [
      { key: "floor", label: "", role: "noise", x, y: edge(-1), base: true, width: 0 },
      { key: "floor", label: "", role: "noise", x, y: edge(1), width: 0, fill: true },
      { key: "floor", label: "floor", role: "noise", x, y: raise(floor), width: 1.4, dash: "dot", value: read(floor), room,
        tip: `What ${measured(m, "floor", h)} show: ${significant(m.floor, 2)} ± ${significant(m.floor_sd, 2)} at the end (mean and standard deviation, the band). A value within the band cannot be told from a perfect sampler’s.` },
      { key: m.name, label: "particles", role: "sampler", x, y: raise(y), width: 2, dot: true, value: read(y), room, shape,
        tip: `${name} of all ${whole(h.points)} particles: ${measured(m, "how", h)}. To ${h.end}: ${significant(m.final)} ± ${significant(m.final_se, 2)}${m.why ? `. ${m.why}` : ""}.` },
      { key: m.name, ...endMark("sampler", 5, end, m, bottom) },
      ...(h.tilted && m === h.metrics[0] ? [tiltedMark(h.tilted, end, bottom)] : []),
    ],
    range, log: true, yTicks: DECADES,
  };
}

/** The value at a run's end, with its standard error. @param {string} role @param {number} size @param {number} x @param {{final: number, final_se: number}} told @param {number} bottom @returns {Omit<Series, "key">} */
const endMark = (role, size, x, told, bottom) => ({
  label: "", role, mode: "markers", size, x: [x], y: [Math.max(told.final, bottom)], width: 1, error: [[told.final_se], [Math.min(told.final_se, 0.9 * told.final)]],
});

/** Of a guided run: its end against the tilted law, which it is often taken to sample. @param {NonNullable<Header["tilted"]>} one @param {number} end @param {number} bottom @returns {Series} */
function tiltedMark(one, end, bottom) {
  const verdict = one.final > one.floor + 2 * one.floor_sd ? "not a sample of it" : "at its floor";
  return { key: "tilted", ...endMark("learned", 6, end, one, bottom), label: "tilted", room: 3, value: () => significant(one.final, 2),
    tip: `The last particles to exact samples of ${one.label}: ${significant(one.final)} ± ${significant(one.final_se, 2)}, floor ${significant(one.floor, 2)} ± ${significant(one.floor_sd, 2)}: ${verdict}.` };
}
