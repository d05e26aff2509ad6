// The labs "phase space" and "training-free": numbers, places and words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { across, chart, clockAt, decadesOf, overImages, stateAt } from "../../playground/views/labs/free/lines.js";
import { poolWords, verdict } from "../../playground/views/labs/free/words.js";
import { cellsOf } from "../../playground/views/labs/phase/bundles.js";
import { FRICTION, MASS, critical, dampedAt, pixelOf, regime, stepped } from "../../playground/views/labs/phase/friction.js";
import { boxesOf, numbersWords, shareOf } from "../../playground/views/labs/phase/numbers.js";
import { STEPS, decadesOf as errorDecades, solversWords } from "../../playground/views/labs/phase/solvers.js";

test("critical damping is exactly Γ² = 4M, inside the sliders", () => {
  assert.deepEqual(critical(1), [1, 0.25]);
  for (const g of [...FRICTION, 0.3, 2.5]) {
    const [x, m] = critical(g);
    assert.equal(regime(x, m), "critically damped");
    assert.ok(m >= MASS[0] && m <= MASS[1]);
  }
  assert.deepEqual([regime(1, 1), regime(3, 1)], ["underdamped", "overdamped"]);
});

test("the map: places and numbers, held by the critical line", () => {
  assert.deepEqual(pixelOf([FRICTION[0], MASS[0]], 200, 100), [0, 100]);
  const [x, y] = pixelOf([FRICTION[1], MASS[1]], 200, 100);
  assert.ok(Math.abs(x - 200) < 1e-9 && Math.abs(y) < 1e-9);
  const [u, v] = pixelOf([1, 0.26], 200, 100);
  assert.equal(regime(...dampedAt(u / 200, 1 - v / 100, 200, 100)), "critically damped");
  assert.deepEqual(dampedAt(0, 1, 200, 100), [FRICTION[0], MASS[1]]);
  assert.deepEqual(stepped([1, 0.25], 1, -1), [1.05, 0.24]);
  assert.deepEqual(stepped([FRICTION[1], MASS[1]], 1, 1), [FRICTION[1], MASS[1]]);
});

const X = { name: "x", label: "x", lo: -3, hi: 3 }, V = { name: "v", label: "v", lo: -2, hi: 2 };
const BUNDLES = [{ id: "vp", title: "VP", components: [X], friction: null }, { id: "cld", title: "CLD", components: [X, V], friction: 1 }];

test("cells stand beside each other, one below the other on a phone, and do not overlap", () => {
  const wide = cellsOf(BUNDLES, "paths", 900, 200), narrow = cellsOf(BUNDLES, "paths", 300, 380);
  assert.deepEqual(wide.map((c) => c.title), ["VP  x(t)", "CLD  x(t)", "CLD  v(t)"]);
  assert.ok(wide[0].box.x + wide[0].box.w < wide[1].box.x && wide[1].box.y === wide[0].box.y);
  assert.ok(narrow[0].box.y + narrow[0].box.h < narrow[1].box.y && narrow[2].last && !narrow[0].last);
  const three = [0.3, 1, 4].map((friction, i) => ({ id: `${i}`, title: "CLD", components: [X, V], friction })), cells = cellsOf(three, "damping", 900, 300);
  assert.deepEqual(cells.map((c) => c.side), ["x", "v", "", "", "", ""]);
  assert.equal(cells[0].title, "CLD  Γ = 0.3");
  assert.ok(cells[1].last && cells[1].box.y > cells[0].box.y + cells[0].box.h);
});

test("two plots and their axes", () => {
  const [a, b] = boxesOf(900, 200), [c, d] = boxesOf(300, 380);
  assert.ok(a.x + a.w < b.x && a.y === b.y && c.y + c.h < d.y && c.x === d.x);
  assert.equal(shareOf(2, 0)(2).toFixed(6), (1 / 1.08).toFixed(6));
  assert.deepEqual([shareOf(10, 1e-3)(1e-3), shareOf(10, 1e-3)(1e-9)], [0, 0]);
  const item = { title: "", expected: 1, measured: 2, measured_se: 0.1, limit: 10.05, score_error: 0.002 };
  assert.match(numbersWords(/** @type {any} */ ({ paths: 64, score_by: "draws", items: [{ ...item, id: "vp" }, { ...item, id: "cld" }] })), /64 paths \(VP 2 ± 0\.1.*VP 10\.1 = ∫β dt.*error ≤ 0\.002\.$/);
});

test("two samplers: running, equal, or not", () => {
  const f = { label: "W₂", points: 4000, error: { sscs: 0.1, em: 0.4 }, floor: 0.05, floor_sd: 0.01 }, of = (/** @type {object} */ more) => STEPS.map((steps) => /** @type {any} */ ({ ...f, ...more, steps }));
  assert.match(solversWords([]), /^Running/);
  assert.match(solversWords(of({}).slice(0, 3)), /4,000 particles.*3 of 9 …$/);
  assert.match(solversWords(of({})), /At 200 steps they still differ: SSCS 0\.1, Euler–Maruyama 0\.4\.$/);
  assert.match(solversWords(of({ error: { sscs: 0.1, em: 0.11 } })), /equal within the floor/);
  const [lo, hi] = errorDecades(of({}));
  assert.ok(lo < Math.log10(0.05) && hi > Math.log10(0.4));
});

test("training-free: means over images, states, decades", () => {
  assert.deepEqual(overImages([3, 4, 0, 2], [2, 2]), [Math.sqrt(12.5), Math.sqrt(2)]);
  assert.deepEqual([1, 0.7, 0.5, 0.2, 0].map((c) => stateAt([1, 0.5, 0], c)), [0, 0, 1, 1, 2]);
  assert.deepEqual(decadesOf([{ kind: "ideal", values: [2, 0.02] }]), [-2, 1]);
  assert.deepEqual(decadesOf([]), [-2, -1]);
  assert.equal(clockAt(across(0.4, 300), 300).toFixed(9), "0.400000000");
  const svg = chart([{ kind: "ideal", values: [0.5, 1e-9] }], [1, 0], 300, 100);
  assert.match(svg, /class="pg-free-ideal" d="M42\.0 /);
  assert.match(svg, /on the edge: ≤/);
  assert.doesNotMatch(chart([{ kind: "ideal", values: [0.5, 0.2] }], [1, 0], 300, 100), /on the edge/);
});

test("training-free: memorised or not", () => {
  assert.equal(poolWords(1797, -1), "1,797 training images");
  assert.match(verdict(0.01, 0.1, poolWords(180, 3)), /memorised<\/b>.*0\.010 from the nearest of 180 training images of class 3, closer than 0\.10\./);
  assert.match(verdict(0.2, 0.1, "9"), /^Not memorised here/);
});
