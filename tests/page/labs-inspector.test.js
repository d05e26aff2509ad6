// The lab "denoising": laws as numbers, and what is said of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeColour, sizeWidth } from "../../playground/views/labs/inspector/colours.js";
import { Flat, bell, gauss, most, places, rowsOf } from "../../playground/views/labs/inspector/laws.js";
import { klWords, lawRows, legend, notes, pointRows, spoken } from "../../playground/views/labs/inspector/words.js";
import { heading } from "../../playground/views/labs/inspector/worst.js";

test("a Gaussian's density and its bell", () => {
  assert.ok(Math.abs(gauss(0, 0, 1) - 1 / Math.sqrt(2 * Math.PI)) < 1e-15);
  const { xs, ys } = bell(2, 0.25);
  assert.deepEqual([xs[0], xs[80], xs[160]], [0, 2, 4]);
  assert.equal(ys[80], most(ys));
  const mass = ys.reduce((sum, y) => sum + y, 0) * (xs[1] - xs[0]);
  assert.ok(Math.abs(mass - 1) < 1e-3);
});

test("rows, places, the largest", () => {
  assert.deepEqual(rowsOf(Float32Array.of(1, 2, 3, 4), 2).map((r) => [...r]), [[1, 2], [3, 4]]);
  assert.deepEqual(places(3, 1, 2), [-1, 1, 3]);
  assert.equal(most([]), 0);
});

test("every point of an ellipse is so many standard deviations from the mean", () => {
  const cov = [[2, 0.6, 0], [0.6, 0.5, 0], [0, 0, 1]], law = new Flat({ mean: [1, -1, 0], cov }, [0, 1], 2);
  assert.ok(!law.point);
  const det = cov[0][0] * cov[1][1] - cov[0][1] ** 2;
  for (const [x, y] of law.ellipse(2)) {
    const u = x / 2 - 1, v = y / 2 + 1;
    assert.ok(Math.abs((cov[1][1] * u * u - 2 * cov[0][1] * u * v + cov[0][0] * v * v) / det - 4) < 1e-9);
  }
  assert.ok(new Flat({ mean: [0, 0], cov: [[0, 0], [0, 0]] }, [0, 1], 1).point);
});

test("larger steps are darker and thicker", () => {
  const theme = { panel: "#ffffff", pin: "#cc79a7", ink: "#000000" }, dark = [0, 1, 2, 3].map((i) => /\d+/.exec(sizeColour(theme, i, 4))[0]);
  assert.deepEqual(dark.map(Number).toSorted((a, b) => b - a), dark.map(Number));
  assert.ok(sizeWidth(0, 4) < sizeWidth(3, 4));
});

const STEP = { kind: "gaussian", title: "DDPM", note: "", mean: [0], cov: [[1]], kl: 0.02, error: 0.01, w2: 0.1 };
const PIN = /** @type {any} */ ({ t: 0.5, s: 0, modes: 2, notes: ["n"], best: { mean: [0], cov: [[1]], kl: 0.5, error: 0, w2: 0.2 }, step: STEP,
  point: [{ name: "x̂₀", formula: "E[x_0]", tip: "tip", values: [1, 2, 3] }] });

test("divergences: infinite, none, with an error where it matters", () => {
  assert.deepEqual([klWords(null), klWords(1e-9), klWords(0.5, 0.001), klWords(0.02, 0.01)], ["∞", "0", "0.500", "0.0200 ± 0.01"]);
});

test("what has no law has no divergence", () => {
  assert.match(lawRows(PIN), /0\.500.*0\.200.*DDPM.*0\.0200 ± 0\.01.*0\.100/);
  assert.match(lawRows({ ...PIN, step: { ...STEP, kind: "point" } }), /a point, not a law.*<td>–<\/td><td>–<\/td><\/tr>$/);
  assert.match(lawRows({ ...PIN, step: { ...STEP, kind: "other" } }), /<td>–<\/td><td>0\.100<\/td><\/tr>$/);
  assert.match(lawRows({ ...PIN, step: { kind: "none", title: "x", note: "alone" } }), /<td>–<\/td><td>–<\/td><\/tr>$/);
});

test("the words of a pin", () => {
  assert.equal(notes(PIN), "2 modes · n");
  assert.equal(notes({ ...PIN, modes: 1, notes: [] }), "1 mode");
  assert.match(spoken(PIN), /^q of x at 0 given the pin at 0\.500: 2 modes; best Gaussian KL 0\.500 nats$/);
  assert.match(pointRows(PIN), /class="pg-in-long".*E\[x<sub>0<\/sub>\]/);
  assert.match(legend([]), /dots: modes/);
  assert.match(legend([{ gap: 0.1, s: 0.3, kl: 0.1, modes: 2, colour: "red" }]), /10 % of the way.*2 modes.*--c:red/);
});

test("the worst step says from where on it was searched", () => {
  const of = (/** @type {number} */ steps, /** @type {boolean} */ every) => ({ steps, kl: 1, error: 0, every });
  assert.deepEqual(heading([of(2, true), of(4, true)]), ["nats, worst step of T"]);
  assert.deepEqual(heading([of(2, true), of(100, false), of(50, false)]), ["nats, worst step of T", "from 50 on by search"]);
});
