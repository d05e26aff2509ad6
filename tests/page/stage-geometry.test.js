// Where things stand and what is counted: assets/ui/stage/arrange.js, geometry.js, tally.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, naturalHeight } from "../../assets/ui/stage/arrange.js";
import { CLOCK, across, acrossEdge, alike, around, downwards, fitted, named, upwards, wrapped } from "../../assets/ui/stage/geometry.js";
import { histogram, lawAt, shares } from "../../assets/ui/stage/tally.js";

const axis = (lo, hi, label = "x") => ({ component: 0, label, lo, hi });
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
const box = { x: 10, y: 20, w: 100, h: 50 };
const at = ({ k, o }, v) => k * v + o;

test("an axis goes from edge to edge of its box", () => {
  const a = axis(-2, 3);
  for (const [scale, lo, hi] of [[across, 10, 110], [upwards, 70, 20], [downwards, 20, 70]]) {
    near(at(scale(a, box), -2), lo);
    near(at(scale(a, box), 3), hi);
  }
  near(at(across(CLOCK, box), 1), 10); // noise at the left
  near(at(across(CLOCK, box), 0), 110);
});

test("two axes of a kind share one scale in the middle of their rectangle; others fill it", () => {
  const free = { x: 0, y: 0, w: 200, h: 100 };
  assert.deepEqual(fitted(axis(-1, 1), axis(-1, 1), free, true), { x: 50, y: 0, w: 100, h: 100 });
  assert.deepEqual(fitted(axis(-1, 1), axis(-9, 9), free, false), free);
  assert.ok(alike(axis(0, 1, "x₁"), axis(0, 1, "x₂")));
  assert.ok(!alike(axis(0, 1, "x"), axis(0, 1, "v")));
});

test("angles close: the shorter way around is never more than half a turn, and what is shown lies in one turn", () => {
  for (let d = -12; d <= 12; d += 0.37) {
    assert.ok(Math.abs(around(d)) <= Math.PI + 1e-12);
    near(Math.cos(around(d)), Math.cos(d));
    assert.ok(wrapped(d) >= -Math.PI - 1e-12 && wrapped(d) < Math.PI + 1e-12);
    near(Math.sin(wrapped(d)), Math.sin(d));
  }
  near(around(3.5), 3.5 - 2 * Math.PI);
  near(wrapped(-Math.PI), -Math.PI);
  assert.equal(acrossEdge(90, 100), -10);
  assert.equal(acrossEdge(-30, 100), -30);
});

test("the last name has its place always, and none stands too near to it", () => {
  const shown = (count, every) => Array.from({ length: count }, (_, k) => k).filter((k) => named(k, count, every));
  assert.deepEqual(shown(5, 1), [0, 1, 2, 3, 4]);
  assert.deepEqual(shown(12, 4), [0, 4, 11]); // 8 would touch the last
  assert.deepEqual(shown(9, 4), [0, 4, 8]);
});

test("bars are a density: what lies within the range sums to its share", () => {
  const bars = histogram(Float32Array.of(99, -0.9, -0.1, 0.1, 0.2, 7), 1, 5, -1, 1, 4);
  assert.deepEqual([...bars].map((v) => Math.round(v * 0.5 * 5)), [1, 1, 2, 0]); // width 0.5, five particles, one outside
});

test("shares of symbols are of all particles, whoever is counted", () => {
  const run = { at: (i, c) => 4 * i + c, count: 4, z: Float32Array.of(9, 9, 9, 9, 0, 2, 2.2, 5) };
  assert.deepEqual([...shares(run, 1, 0, 3)], [0.25, 0, 0.5]); // 5 is no symbol
  assert.deepEqual([...shares(run, 1, 0, 3, Uint32Array.of(1))], [0, 0, 0.25]);
});

test("an exact law is blended between the frames of the fields, and kept at the last", () => {
  const law = { shape: [2, 2], data: Float32Array.of(1, 0, 0.5, 0.5) };
  assert.deepEqual(lawAt(law, { i: 0, f: 0.5 }), [0.75, 0.25]);
  assert.deepEqual(lawAt(law, { i: 1, f: 0 }), [0.5, 0.5]);
});

const spec = (kind, weight, more = {}) => ({ id: kind, kind, b: axis(-3, 3, "x₂"), title: "", weight, pins: true, ...more });
const plane = spec("plane", 1, { a: axis(-4, 4, "x₁") });
const over = (places, width, height) => {
  for (const { rect: { x, y, w, h } } of places) assert.ok(x >= 0 && y >= 0 && x + w <= width + 1e-9 && y + h <= height + 1e-9);
  for (const [n, { rect: p }] of places.entries()) for (const { rect: q } of places.slice(n + 1)) {
    assert.ok(p.x + p.w <= q.x + 1e-9 || q.x + q.w <= p.x + 1e-9 || p.y + p.h <= q.y + 1e-9 || q.y + q.h <= p.y + 1e-9);
  }
};

test("a lone plane fills the stage, below the legend's words where there is room to spare", () => {
  const [wide] = arrange([plane], 800, 500, 60, false, null);
  assert.deepEqual(wide, { rect: { x: 0, y: 0, w: 800, h: 500 }, clear: 0, covered: 60, full: true, alone: true });
  const [tall] = arrange([plane], 400, 900, 60, false, null);
  assert.deepEqual([tall.clear, tall.covered, tall.full, tall.alone], [60, 0, false, true]);
});

test("beside images a plane has the rest, or below them all of the width", () => {
  assert.deepEqual(arrange([plane], 800, 500, 60, false, { x: 0, y: 60, w: 500, h: 440 })[0].rect, { x: 500, y: 60, w: 288, h: 436 });
  assert.deepEqual(arrange([plane], 400, 500, 60, false, { x: 0, y: 60, w: 400, h: 440 })[0].rect.x, 0);
});

test("the first of several panels stands at the left with its share, the others above each other; nothing overlaps", () => {
  const specs = [spec("plane", 0.56, { a: axis(-4, 4, "x") }), spec("spacetime", 0.22), spec("spacetime", 0.22)], places = arrange(specs, 1000, 600, 50, false, null);
  near(places[0].rect.w, 560);
  near(places[1].rect.h, 275);
  assert.deepEqual(places.map((p) => p.clear), [50, 0, 0]);
  over(places, 1000, 600);
});

test("stacked panels share the height as they want it, in order", () => {
  const specs = [spec("torus", 0.5, { a: axis(-3, 3) }), spec("spacetime", 0.5)], places = arrange(specs, 300, 500, 40, true, null);
  near(places[0].rect.h / places[1].rect.h, 1 / 0.62);
  near(places[1].rect.y + places[1].rect.h, 500);
  over(places, 300, 500);
  over(arrange([spec("spacetime", 1)], 300, 500, 40, false, null), 300, 500);
});

test("how tall a panel wants to be", () => {
  assert.equal(naturalHeight(plane), 0.75);
  assert.equal(naturalHeight(spec("plane", 1, { a: axis(-4, 4, "v") })), 0.78);
  assert.equal(naturalHeight(spec("torus", 1)), 1);
  assert.equal(naturalHeight(spec("shares", 1)), 0.62);
});
