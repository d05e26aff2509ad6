import assert from "node:assert/strict";
import test from "node:test";

const { apart, look, share, spanOf, ticksOf, withRoom } = await import("../../assets/ui/board/scales.js");
const { linearSpan, centred } = await import("../../assets/ui/board/scales.js");
const { sceneOf } = await import("../../assets/ui/board/scene.js");
const { svgOf } = await import("../../assets/ui/board/svg.js");
const { pick, toggled } = await import("../../assets/ui/board/legend.js");
const { Known, numberOf } = await import("../../assets/ui/board/lines.js");
const { pointsOf, windowOf } = await import("../../assets/ui/board/thumb.js");
const { halfOf, leftOf, meanOf, some } = await import("../../assets/ui/board/words.js");

test("a logarithmic axis", () => {
  const span = spanOf([5, 100, -3, NaN, Infinity, 0]);
  assert.ok(span && span.lo < 5 && span.hi > 100);
  assert.ok(Math.abs(share(Math.sqrt(span.lo * span.hi), span) - 0.5) < 1e-12);
  assert.equal(spanOf([0, NaN]), null);
  assert.ok(spanOf([7])); // one number alone has an axis, too
  for (const found of [ticksOf({ lo: 0.02, hi: 0.6 }, 7), ticksOf({ lo: 1e-4, hi: 90 }, 7), ticksOf({ lo: 0.031, hi: 0.034 }, 7)]) assert.ok(found.length <= 7);
  assert.deepEqual(ticksOf({ lo: 0.02, hi: 0.6 }, 5), [0.02, 0.05, 0.1, 0.2, 0.5]);
  assert.deepEqual(withRoom([0, 10, 40, 45, 80], 30), [true, false, true, false, true]);
});

test("words beside lines stand apart, or not at all", () => {
  const ys = apart([10, 12, 13, 200], 14, 0, 210, 40);
  const there = ys.filter((y) => y !== null).sort((a, b) => a - b);
  for (let i = 1; i < there.length; i++) assert.ok(there[i] - there[i - 1] >= 14);
  assert.equal(ys[3], 200);
  assert.equal(apart(Array(20).fill(100), 14, 0, 200, 40).filter((y) => y !== null).length, 3);
});

test("no two of 32 methods look the same", () => {
  const looks = Array.from({ length: 32 }, (_, n) => JSON.stringify(look(n)));
  assert.equal(new Set(looks).size, 32);
});

const HEAD = { key: "k", title: "", format: "playground sweep", version: 1, sweep: {}, axes: [{ title: "sampler", labels: ["DDIM", "SSCS"], words: ["DDIM", "SSCS"], names: ["sampler"] }, { title: "model calls", labels: ["4", "8"], words: ["calls 4", "calls 8"], names: ["calls"] }],
  measures: [], more: [], along: 1, seeds: [0, 1], cells: 8, base: {}, pictures: {} };

test("lines put together", () => {
  const known = new Known();
  known.take({ head: /** @type {any} */ (HEAD) });
  known.take({ plan: { of: 4, known: 0, left_out: [{ at: [1, 0], why: "no" }, { at: [1, 1], why: "no" }], code: "c", machine: "m" } });
  assert.deepEqual(known.methods.map(({ label, places }) => [label, places]), [["DDIM", ["0.0", "0.1"]], ["SSCS", [null, null]]]);
  assert.equal(known.shownMethods.length, 1);
  known.take(/** @type {any} */ ({ cells: [{ at: [0, 0], seed: 1, values: {} }], left_s: "nan" }));
  known.take(/** @type {any} */ ({ rows: [{ at: [0, 0], values: { W2: [0.5, "-inf", "inf", 1, 0.1] }, why: {} }] }));
  known.take(/** @type {any} */ ({ front: { calls: { W2: { on: [[0, 0]], line: [[0, 0]] } } }, orders: {}, floors: {} }));
  assert.deepEqual(known.value("0.0", "W2"), { mean: 0.5, low: -Infinity, high: Infinity, n: 1, floor: 0.1 });
  assert.equal(known.value("0.1", "W2"), null);
  assert.ok(known.onFront("0.0", "W2", "calls") && !known.onFront("0.1", "W2", "calls"));
  assert.equal(known.why("1.0", "W2"), "no");
  assert.deepEqual(known.seedsOf("0.0").map(({ seed }) => seed), [1]);
  assert.deepEqual(Object.keys(known.file ?? {}), ["format", "version", "code", "machine", "sweep", "cells", "left_out"]);
  assert.ok(Number.isNaN(numberOf("nan")) && Number.isNaN(numberOf("1e5")) && numberOf("inf") === Infinity);
});

test("what was stopped is the same question, without an answer", () => {
  const known = new Known(), plan = { of: 8, known: 2, left_out: [], code: "c", machine: "m" };
  known.take({ head: /** @type {any} */ (HEAD), plan, cells: /** @type {any} */ ([{ at: [0, 0], seed: 0 }]), end: {} });
  const { unbegun } = known;
  assert.deepEqual([unbegun.head, unbegun.plan, unbegun.begun, unbegun.ended], [HEAD, plan, false, false]);
  assert.ok(known.begun);
});

test("a sweep without an axis has one cell", () => {
  const known = new Known();
  known.take({ head: /** @type {any} */ ({ ...HEAD, axes: [], along: null }) });
  assert.deepEqual(known.methods.map(({ places }) => places), [[""]]);
});

test("pictures of points", () => {
  const data = btoa(String.fromCharCode(...new Uint8Array(new Uint16Array([0, 65534, 32767, 65535]).buffer)));
  assert.deepEqual(pointsOf({ shape: [2, 2], data }, 65535), [[0, 1]]); // the other is outside
  const [[x0, x1]] = windowOf(/** @type {any} */ ({ truth: { shape: [2, 2], data }, away: 65535 }));
  assert.ok(x0 === 0 && x1 > 0);
});

test("numbers in words", () => {
  assert.equal(meanOf({ mean: Infinity, low: -Infinity, high: Infinity, n: 2, floor: 0 }), "diverged");
  assert.equal(halfOf({ mean: 1, low: 0.98, high: 1.02, n: 3, floor: 0 }), "±0.020");
  assert.equal(halfOf({ mean: 1, low: -Infinity, high: Infinity, n: 1, floor: 0 }), "");
  assert.equal(leftOf(20.2), "21 s left");
  assert.equal(leftOf(NaN), "");
  assert.equal(some(["a", "b", "c"], 2), "a, b and 1 more");
});

/** A board of `count` methods at two numbers of calls: W2 = (method + 1) / calls, recall is method / count. @param {number} count */
function boardOf(count) {
  const labels = Array.from({ length: count }, (_, n) => `method ${n}`), known = new Known(), ats = labels.flatMap((_, n) => [[n, 0], [n, 1]]);
  known.take({ head: /** @type {any} */ ({ ...HEAD, axes: [{ title: "sampler", labels, words: labels, names: ["sampler"] }, HEAD.axes[1]] }) });
  const row = (/** @type {number[]} */ [n, k]) => ({ at: [n, k], calls: [4, 8][k], ms: 1, seeds: 2, values: { W2: [(n + 1) / [4, 8][k], n / 9, n, 2, 0.1], Recall: [n / count, 0, 1, 2, 0.9] }, why: {} });
  known.take(/** @type {any} */ ({ rows: ats.map(row) }));
  known.take(/** @type {any} */ ({ front: { calls: { W2: { on: [[0, 0], [1, 0]], line: [[0, 0], [0, 1]] } }, W2: { Recall: { on: [[2, 1]], line: [] } } }, orders: {}, floors: { W2: [0.1, 0.3], Recall: [0.8, 0.9] } }));
  return known;
}
const SHOWN = { measure: "W2", across: "calls", chosen: "" };

test("of many methods those that the front goes through have colours, and who is asked for", () => {
  const known = boardOf(12), lit = (/** @type {any} */ asked, more = {}) => [...pick(known, asked, { ...SHOWN, ...more }).lit].map((key) => Number(key.split(".")[0]));
  assert.deepEqual(lit({}), [0]);
  assert.deepEqual(lit({}, { chosen: "7.1" }), [0, 7]);
  assert.deepEqual(lit({ lit: "3,5" }), [3, 5]);
  assert.equal(lit({ lit: "all" }).length, 12);
  assert.equal(pick(known, { lit: "none", only: "on" }, SHOWN).drawn.length, 0);
  assert.deepEqual(toggled(pick(known, {}, SHOWN), {}, "4.-1"), { lit: "0,4" });
  assert.deepEqual(toggled(pick(known, { lit: "4" }, SHOWN), { lit: "4" }, "4.-1"), { lit: "none" });
  const found = pick(known, { find: "Method 1", off: "10" }, SHOWN); // 1, 10 and 11: few enough to be told apart
  assert.deepEqual([...found.lit], ["1.-1", "11.-1"]);
  assert.deepEqual(toggled(found, { off: "10" }, "10.-1"), { off: "" });
  assert.deepEqual(pick(boardOf(3), { off: "1" }, SHOWN).drawn.map(({ n }) => n), [0, 2]);
});

test("the plane of two measures: linear where a number may be 0, larger marks for more calls, rings of both", () => {
  const known = boardOf(3), axes = { up: { key: "W2", title: "W₂", linear: false, floor: "floor" }, across: { key: "Recall", title: "recall", linear: true, floor: "exact samples" } };
  const { drawn, lit } = pick(known, {}, { ...SHOWN, across: "Recall" }), scene = sceneOf(known, { ...axes, plane: true, methods: drawn, lit, chosen: "", title: "" }, 800, 400, (words) => 6 * words.length);
  assert.ok(scene);
  const at = (/** @type {string} */ place) => /** @type {any} */ (scene.byPlace.get(place));
  assert.equal(scene.points.length, 6); // with recall 0
  assert.ok(at("0.1").x < at("1.1").x && Math.abs(at("1.1").x - at("0.1").x - (at("2.1").x - at("1.1").x)) < 1e-9);
  assert.ok(at("0.1").y > at("0.0").y && at("0.1").r > at("0.0").r);
  assert.deepEqual([scene.rings.map(({ place }) => place), scene.words.length, scene.beside], [["2.1"], 3, 0]);
  assert.match(svgOf(scene), /exact samples/);
  assert.deepEqual(ticksOf({ lo: 0.893, hi: 0.987, linear: true }, 5), [0.9, 0.92, 0.94, 0.96, 0.98]);
  assert.ok((linearSpan([...Array(20).fill(1), 1.1, 1e9])?.hi ?? 0) < 10);
  assert.deepEqual(centred([10, 10, 50], 10), [5, 15, 50]);
});
