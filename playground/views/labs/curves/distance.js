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
/** @typedef {import("../../lib/packet.js").Packet<Header>} Told */
/** @typedef {import("../../page.js").Beside} Beside */

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
 * What is told of a run's distances by one measure, over x = 1 − clock.
 * @param {Told} metrics @param {import("./snr.js").RunPacket | null} run that they are of @param {Measure} m
 */
function toldBy(metrics, run, m) {
  const clocks = fromNoise(metrics.arrays.clock.data), order = risingOrder(clocks), x = inOrder(clocks, order);
  /** @param {string} name */
  const of = (name) => inOrder(finite(arrayOf(metrics, name) ?? []), order);
  const forward = run?.header.mode === "forward";
  return {
    m, h: metrics.header, x, y: of(m.name), floor: of(`${m.name}/floor`), sd: of(`${m.name}/floor_sd`), end: forward ? x[0] : x[x.length - 1],
    // a distance is of a state: between states that are held it is too
    shape: /** @type {import("./series.js").Shape} */ (run && momentsOf(run).holds.some(Boolean) ? (forward ? "vh" : "hv") : ""),
  };
}

/** @typedef {ReturnType<typeof toldBy>} Reading */

/** What each of several stages has by this measure. @param {Beside[]} beside @param {string} measure */
const besides = (beside, measure) => beside.flatMap((one) => {
  const m = one.metrics?.header.metrics.find(({ name }) => name === measure);
  return one.metrics && m ? [{ ...toldBy(one.metrics, one.run, m), one }] : [];
});

/** What a line's tip says. @param {Reading} reading */
function tipOf({ m, h }) {
  const [name] = m.label.split(/,(.*)/);
  return `${name} of all ${whole(h.points)} particles: ${measured(m, "how", h)}. To ${h.end}: ${significant(m.final)} ± ${significant(m.final_se, 2)}${m.why ? `. ${m.why}` : ""}.`;
}

/**
 * Distances of a run's particles from the exact law of their time: one measure at a time, with its own floor; two of them have two units. Of several stages a line each, and the
 * floor of the selected one.
 * @param {Told} metrics
 * @param {import("./snr.js").RunPacket | null} run that they are of
 * @param {string} measure the one that was asked for; another one than it has is the first
 * @param {Beside[]} [beside] all stages, where there are several
 * @returns {Chart}
 */
export function distanceChart(metrics, run, measure, beside = []) {
  const { header: h } = metrics, m = h.metrics.find((one) => one.name === measure) || h.metrics[0];
  const own = toldBy(metrics, run, m), { x, floor, sd } = own, all = besides(beside, m.name), several = all.length > 1;
  // decades: [0.01, 1] holds most runs; what is hidden counts, so that the axis rests
  const range = roomy(exponents([...own.y, ...floor, ...all.flatMap(({ y }) => y)]), [-2, 0], 1, 6), bottom = 10 ** (range[0] + 0.02);
  /** @param {Values} values */
  const raise = (values) => values.map((v) => (v == null ? null : Math.max(v, bottom)));
  /** The floor's band. @param {-1 | 1} side */
  const edge = (side) => raise(floor.map((v, i) => Number(v) + side * Number(sd[i])));
  /** @param {Reading} reading @param {Values} values */
  const read = (reading, values) => (/** @type {number} */ at) => significant(valueAt(reading.x, values, at, reading.shape), 2);
  const [, scaled] = m.label.split(/,(.*)/), room = several ? 4 : h.tilted ? 4 : 5, law = several && all.some((one) => one.h.law !== h.law) ? "the truth" : h.law;
  /** A line and its end. @param {Reading} reading @param {Pick<Series, "key" | "label" | "role"> & Partial<Series>} said @returns {Series[]} */
  const lines = (reading, said) => [
    { x: reading.x, y: raise(reading.y), width: 2, dot: true, value: read(reading, reading.y), room, shape: reading.shape, ...said },
    { key: said.key, ...endMark(said.role, 5, reading.end, reading.m, bottom) },
  ];
  return {
    title: `distance to ${subscripts(law)} ${choices(h, m)}`,
    tip: `${m.label} between the particles and ${law} at the same time${h.about ? ` (${h.about})` : ""}.`,
    axis: m.unit ? `${m.label}, ${m.unit}` : m.label,
    unit: m.unit + (scaled ? `,${subscripts(scaled)}` : ""),
    series: [
      { key: "floor", label: "", role: "noise", x, y: edge(-1), base: true, width: 0 },
      { key: "floor", label: "", role: "noise", x, y: edge(1), width: 0, fill: true },
      { key: "floor", label: "floor", role: "noise", x, y: raise(floor), width: 1.4, dash: "dot", value: read(own, floor), room,
        tip: `What ${measured(m, "floor", h)} show: ${significant(m.floor, 2)} ± ${significant(m.floor_sd, 2)} at the end (mean and standard deviation, the band). A value within the band cannot be told from a perfect sampler’s.` },
      ...(several
        ? all.flatMap((reading) => lines(reading, { ...stageWords(reading.one, all.length), tip: `Stage ${reading.one.n}: ${reading.one.words}. ${tipOf(reading)}` }))
        : lines(own, { key: m.name, label: "particles", role: "sampler", tip: tipOf(own) })),
      ...(h.tilted && m === h.metrics[0] && !several ? [tiltedMark(h.tilted, own.end, bottom)] : []),
    ],
    range, log: true, yTicks: DECADES,
  };
}

/** Whose a line is; with many stages there is room for their numbers alone. @param {Beside} stage @param {number} count of all */
const stageWords = ({ n, words, role, clock }, count) => ({ key: `stage${n}`, label: String(n), of: count > 2 ? "" : words, term: "word.stages", role, at: () => 1 - clock() });

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
