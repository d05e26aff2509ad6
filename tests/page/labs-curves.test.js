// The lab "curves": values over time, where they stand, what is drawn of them, and what a hand does to steps and knots.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";
import { alone, layoutOf, tracesOf } from "../../playground/views/labs/curves/figure.js";
import { MARGIN, across, down, xAt, yAt } from "../../playground/views/labs/curves/frame.js";
import { distanceChart } from "../../playground/views/labs/curves/distance.js";
import { MOST_STEPS, insertKnot, insertStep, moveKnot, moveStep, removeKnot, removeStep, say } from "../../playground/views/labs/curves/monotone.js";
import { sharedScale } from "../../playground/views/labs/curves/schedule.js";
import { sketch } from "../../playground/views/labs/curves/sketch.js";
import { exponents, finite, fromNoise, heldAt, inOrder, interpolate, risingOrder, roomy, valueAt } from "../../playground/views/labs/curves/values.js";

test("between points a curve is straight; outside there is nothing; a gap is its other end", () => {
  const x = [0, 0.5, 1], y = [1, 3, null];
  assert.equal(interpolate(x, y, 0.25), 2);
  assert.equal(interpolate(x, y, 0), 1);
  assert.equal(interpolate(x, y, 0.75), 3);
  assert.ok(Number.isNaN(interpolate(x, y, -0.1)));
  assert.ok(Number.isNaN(interpolate(x, y, 1.1)));
  assert.ok(Number.isNaN(interpolate([], [], 0)));
  assert.equal(interpolate([0.5, 0.5], [1, 2], 0.5), 1); // two points at one place
});

test("a held value is that of the last state, towards the data or towards noise", () => {
  const x = [0, 0.5, 1], y = [1, 2, 3];
  assert.deepEqual([0, 0.4, 0.5, 0.99, 1].map((at) => heldAt(x, y, at, "hv")), [1, 1, 2, 2, 3]);
  assert.deepEqual([0, 0.4, 0.5, 0.99, 1].map((at) => heldAt(x, y, at, "vh")), [1, 2, 2, 3, 3]);
  assert.equal(valueAt(x, y, 0.25, ""), 1.5);
  assert.equal(valueAt(x, y, 0.25, "hv"), 1);
  assert.ok(Number.isNaN(heldAt(x, y, 2, "hv")));
});

test("values are put in the order of rising x, what is no number is a gap", () => {
  const x = fromNoise([1, 0, 0.5]), order = risingOrder(x);
  assert.deepEqual(inOrder(x, order), [0, 0.5, 1]);
  assert.deepEqual(inOrder(finite([10, NaN, 20]), order), [10, 20, null]);
  assert.deepEqual(exponents([10, null, 1e-4, 100]), [1, 2]);
});

test("a range has room for its values in whole units, and rests where they fit", () => {
  const rest = roomy([0.1, 0.9], [0, 1], 0.25);
  assert.deepEqual(rest, roomy([0.3], [0, 1], 0.25));
  assert.deepEqual(rest, [-0.07, 1.07]);
  const [lo, hi] = roomy([12, -3, null, 1e9], [-10, 10], 5, 40);
  assert.ok(Math.abs(lo - (-10 - 0.07 * 25)) < 1e-9 && Math.abs(hi - (15 + 0.07 * 25)) < 1e-9);
});

test("places and numbers are each other's inverse", () => {
  const view = { x: [0.2, 0.7], y: [-2, 3] };
  assert.equal(across(view, 300, 0.2), MARGIN.l);
  assert.equal(across(view, 300, 0.7), 300 - MARGIN.r);
  assert.equal(down(view, 120, 3), MARGIN.t);
  assert.ok(Math.abs(xAt(view, 300, across(view, 300, 0.33)) - 0.33) < 1e-12);
  assert.ok(Math.abs(yAt(view, 120, down(view, 120, 1.5)) - 1.5) < 1e-12);
});

test("steps stay strictly falling, whatever a hand does", () => {
  const steps = [0.9, 0.5, 0.1];
  moveStep(steps, 1, 0.95);
  assert.ok(steps[0] > steps[1] && steps[1] > 0.8998);
  moveStep(steps, 1, -3);
  assert.ok(steps[1] > steps[2]);
  moveStep(steps, 0, 7);
  assert.equal(steps[0], 1); // noise itself
  moveStep(steps, 2, -1);
  assert.ok(steps[2] > 0);
  const close = [0.5, 0.49999, 0.49998];
  moveStep(close, 1, 1);
  assert.ok(close[0] > close[1] && close[1] > close[2]);
});

test("steps are inserted at their place and removed down to what a run needs", () => {
  const steps = [0.9, 0.1];
  assert.ok(insertStep(steps, 0.5));
  assert.deepEqual(steps, [0.9, 0.5, 0.1]);
  assert.ok(insertStep(steps, 0.05));
  assert.deepEqual(steps, [0.9, 0.5, 0.1, 0.05]);
  assert.ok(!insertStep(steps, 1) && !insertStep(steps, 0));
  assert.ok(!insertStep(Array.from({ length: MOST_STEPS }, (_, i) => 0.9 - i / 1000), 0.5));
  assert.ok(removeStep(steps, 1, 2));
  assert.deepEqual(steps, [0.9, 0.1, 0.05]);
  assert.ok(!removeStep([0.9, 0.1], 0, 2) && removeStep([0.9, 0.1], 0, 1));
});

test("knots: time rises, log-SNR falls, the ends keep their time and stay", () => {
  /** @type {[number, number][]} */
  const knots = [[0, 8], [0.5, 0], [1, -8]];
  moveKnot(knots, 0, 0.4, 100);
  assert.deepEqual(knots[0], [0, 40]);
  moveKnot(knots, 1, 2, -20);
  assert.ok(knots[1][0] < 1 && knots[1][1] > -8);
  moveKnot(knots, 2, 0, -100);
  assert.deepEqual(knots[2], [1, -40]);
  assert.ok(insertKnot(knots, 0.2, 5));
  assert.deepEqual(knots.map((k) => k[0]).toSorted((a, b) => a - b), knots.map((k) => k[0]));
  assert.ok(!removeKnot(knots, 0) && !removeKnot(knots, 3) && removeKnot(knots, 1));
  assert.equal(knots.length, 3);
});

test("numbers are written as the server writes them", () => {
  assert.deepEqual([say(1, 5), say(0.123456789, 5), say(-8, 4)], ["1.0", "0.12346", "-8.0"]);
});

test("a scale that several coefficients share is said once", () => {
  assert.equal(sharedScale(["α / √(α²+σ²)", "σ / √(α²+σ²)", "β"]), " / √(α²+σ²)");
  assert.equal(sharedScale(["α / √2", "σ"]), "");
});

const COLOURS = { sampler: "#009e73", noise: "#8a8f98", soft: "#6b7078", line: "#e3e3df", accent: "#0072b2", panel: "#ffffff", ink: "#1b1d21" };
const LINE = { key: "a", label: "x_t", role: "sampler", x: [0, 1], y: [0, 1], width: 2 };

test("a sketch draws lines, steps, dots and bands inside the frame", () => {
  const view = { x: [0, 1], y: [0, 1] };
  /** @param {object[]} series */
  const of = (series) => sketch(/** @type {any[]} */ (series), /** @type {any} */ (view), false, 158, 124, COLOURS);
  assert.match(of([LINE]), /<polyline points="44.0,105.0 144.0,5.0" fill="none" stroke="#009e73" stroke-width="2" stroke-dasharray="none"/);
  assert.match(of([{ ...LINE, shape: "hv" }]), /points="44.0,105.0 144.0,105.0 144.0,5.0"/);
  assert.match(of([{ ...LINE, shape: "vh" }]), /points="44.0,105.0 44.0,5.0 144.0,5.0"/);
  assert.match(of([{ ...LINE, mode: "markers", y: [null, 1] }]), /^<svg [^>]*><circle cx="144.0" cy="5.0" r="2.5" fill="#009e73"\/><\/svg>$/);
  assert.match(of([{ ...LINE, base: true, y: [0, 0] }, { ...LINE, fill: true, width: 0 }]), /<polygon points="44.0,105.0 144.0,5.0 144.0,105.0 44.0,105.0"/);
  assert.doesNotMatch(of([{ ...LINE, base: true }]), /poly/);
});

test("Plotly is given each curve with its colour, and the ranges that are shown", () => {
  const traces = tracesOf(/** @type {any[]} */ ([LINE, { ...LINE, key: "b", mode: "markers", error: [[1], [2]] }]), new Set(["a"]), COLOURS);
  assert.equal(traces[0].visible, false);
  assert.deepEqual(traces[0].line, { color: "#009e73", width: 2, dash: "solid", shape: "linear" });
  assert.equal(traces[1].cliponaxis, false);
  assert.deepEqual(traces[1].error_y.arrayminus, [2]);
  const layout = layoutOf({ width: 300, height: 100, colours: COLOURS, font: "serif", size: 12, view: { x: [0, 1], y: [-1, 2] }, times: [[0.5], ["t = 0.5"]], log: true, yTicks: { dtick: 1 }, tool: false });
  assert.deepEqual([layout.yaxis.range, layout.yaxis.type, layout.yaxis.dtick, layout.xaxis.ticktext], [[-1, 2], "log", 1, ["t = 0.5"]]);
  const picture = alone(traces, layout, { title: "T", time: "t", axis: "x_t" }, COLOURS, "serif");
  assert.deepEqual([picture.data[0].name, picture.data[0].showlegend, picture.data[1].showlegend], ["x<sub>t</sub>", false, true]);
  assert.equal(picture.layout.yaxis.title.text, "x<sub>t</sub>");
});

test("of several stages each has its line, at its own clock; the axis holds all of them, hidden or not", () => {
  const array = (values) => ({ data: Float32Array.from(values), shape: [values.length] });
  const packet = (key, values, law = "p_t") => ({
    header: { key, law, end: "p_0", points: 100, missing: [], metrics: [{ name: "energy", label: "W", short: "W", unit: "", final: values[1], final_se: 0.01, floor: 0.02, floor_sd: 0.01, law: "" }] },
    arrays: { clock: array([1, 0]), energy: array(values), "energy/floor": array([0.02, 0.02]), "energy/floor_sd": array([0.01, 0.01]) },
  });
  const a = packet("a", [0.1, 0.2]), b = packet("b", [0.1, 50]);
  const stage = (n, metrics, clock) => ({ n, selected: n === 1, words: `words ${n}`, role: `stage${n}`, query: {}, run: { header: { mode: "reverse", key: metrics?.header.key }, arrays: { clock: array([1, 0]), time: array([1, 0]) } }, metrics, clock: () => clock, step: () => 1 });
  const one = distanceChart(a, null, ""), two = distanceChart(a, null, "", [stage(1, a, 0.5), stage(2, b, 0.25), stage(3, null, 0)]);
  assert.deepEqual(one.series.filter(({ label }) => label).map(({ key, label }) => [key, label]), [["floor", "floor"], ["energy", "particles"]]);
  assert.deepEqual(two.series.filter(({ label }) => label).map(({ key, label, role, at }) => [key, label, role, at?.()]), [["floor", "floor", "noise", undefined], ["stage1", "1", "stage1", 0.5], ["stage2", "2", "stage2", 0.75]]);
  assert.ok(two.range[1] > Math.log10(50) && one.range[1] < 1);
  const other = distanceChart(a, null, "", [stage(1, a, 0.5), stage(2, packet("b", [1, 1], "p_t(x | c)"), 0)]);
  assert.match(other.title, /^distance to the truth/);
});
