// The lab "errors": the waterfall, its numbers, the map's tones and the chart of steps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { across, chart, clockAt, decadesOf } from "../../playground/views/labs/errors/chart.js";
import { PALE, seen, share, stepUnder, tone } from "../../playground/views/labs/errors/tones.js";
import { CHANGES, barsOf, rangeOf } from "../../playground/views/labs/errors/waterfall.js";
import { column } from "../../playground/views/labs/errors/words.js";

const PARTS = [{ name: "steps", share: 0.3, se: 0.01, alone: 0.3 }, { name: "prior", share: -0.1, se: 0.01, alone: 0.1 }, { name: "score", share: 0, se: 0, alone: 0 }];

test("each bar begins where the one before ends, and the last ends at the sum", () => {
  const bars = barsOf(PARTS);
  assert.deepEqual(bars.map((b) => b.name), CHANGES.map((c) => c.name));
  for (let i = 1; i < bars.length; i++) assert.equal(bars[i].from, bars[i - 1].to);
  assert.ok(Math.abs(bars[bars.length - 1].to - 0.2) < 1e-12);
  assert.deepEqual(bars.map((b) => b.part === null), [true, false, true, false]);
});

test("the axis holds bars, total and what is measured, and a floor that does not squeeze them", () => {
  const h = /** @type {any} */ ({ total: 0.2, total_se: 0.02, direct: 0.25, floor: 0.3 }), bars = barsOf(PARTS), [low, top] = rangeOf(h, bars);
  assert.ok(low <= 0 && top > 0.3);
  assert.ok(rangeOf({ ...h, floor: 9 }, bars)[1] < 1);
  const [none, tiny] = rangeOf({ ...h, total: 0, total_se: 0, direct: 1, floor: 1 }, barsOf([]));
  assert.ok(none === 0 && tiny > 0);
});

test("numbers of one column have as many decimals as the largest needs", () => {
  assert.equal(column(0.234)(0.0123), "0.012");
  assert.equal(column(0.234)(-0.0004), "0.000");
  assert.equal(column(12)(-3.21), "−3.2");
  assert.equal(column(1e-9)(1.234e-9), "1e−9");
});

test("errors are from pale to ink, and pale where hardly any particle comes by", () => {
  assert.deepEqual([1e-9, 1e-5, 1, 50].map(share), [0, 0, 1, 1]);
  assert.ok(share(1e-3) < share(1e-2));
  assert.deepEqual([seen(0), seen(PALE[0]), seen(PALE[1]), seen(1)], [0.2, 0.2, 1, 1]);
  /** @type {any} */
  const palette = { panel: [255, 255, 255], sampler: [0, 150, 100], exact: [0, 0, 0] };
  assert.deepEqual(tone(1e-9, 1, palette), [255, 255, 255]);
  assert.deepEqual(tone(9, 1, palette), [0, 0, 0]);
});

test("a place of the map belongs to one step", () => {
  const edges = [1, 0.6, 0.2, 0];
  assert.deepEqual([0, 0.39, 0.4, 0.8, 0.9999].map((u) => stepUnder(edges, u)), [0, 0, 1, 2, 2]);
});

test("the chart of steps", () => {
  const errors = { from: [1, 0.5], to: [0.5, 0], low: Float32Array.of(1e-4, 1e-4), median: Float32Array.of(1e-3, 1e-2), high: Float32Array.of(1e-2, 0.09), spread: null };
  assert.deepEqual(decadesOf(errors), [-3, -1]);
  assert.deepEqual(decadesOf({ ...errors, median: Float32Array.of(0, 0), high: Float32Array.of(0, 0) }), [-1, 0]);
  assert.equal(decadesOf({ ...errors, median: Float32Array.of(1e-11, 1) })[0], -6);
  const svg = chart(errors, 200, 100);
  assert.equal(svg.match(/class="band"/g).length, 2);
  assert.doesNotMatch(svg, /class="spread"/);
  assert.match(chart({ ...errors, spread: Float32Array.of(1e-3, 1e-3) }, 200, 100), /class="spread"/);
  assert.equal(clockAt(across(0.3, 200), 200).toFixed(9), "0.300000000");
  assert.deepEqual([clockAt(-50, 200), clockAt(900, 200)], [1, 0]);
});
