// The lab "your data": where components stand, what may be done to a mixture, points of a brush, what is said of a fit.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";

const DATA = "../../playground/views/labs/data";
const { add, arrow, axis, copy, remove, weigh } = await import(`${DATA}/changes.js`);
const { away, data, ends, inside, near, place, polar } = await import(`${DATA}/geometry.js`);
const { Brush, POINTS_MOST, draws } = await import(`${DATA}/brush.js`);
const { read, sentences, short, written } = await import(`${DATA}/fit.js`);
const { percent } = await import(`${DATA}/picture.js`);
const { mixture } = await import("../../assets/ui/lib/mixture.js");

const box = { x: 0, y: 0, w: 400, h: 200 };
const plane = { spec: { kind: "plane" }, box, toX: { k: 50, o: 200 }, toY: { k: -50, o: 100 } };
const line = { spec: { kind: "spacetime" }, box, toX: { k: 1, o: 0 }, toY: { k: -50, o: 100 } };
const part = (more) => ({ w: 0.5, m: [1, 1], axes: [0.5, 0.2], angle: 0, label: 0, ...more });
const close = (a, b) => a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) < 1e-9, `${a} is not ${b}`));
const total = (parts) => parts.reduce((sum, p) => sum + p.w, 0);

test("data and pixels are each other's inverse, in the plane and on the line", () => {
  close(place(plane, [1, -0.5]), [250, 125]);
  close(data(plane, place(plane, [0.3, 1.7])), [0.3, 1.7]);
  close(place(line, [1]), [400, 50]);
  close(data(line, place(line, [-0.4])), [-0.4]);
  assert.ok(inside(line, [450, 20]) && !inside(plane, [450, 20]) && !inside(line, [495, 20]) && !inside(plane, [10, -1]));
});

test("handles stand two deviations from the centre along the axes, and never closer than a hand needs", () => {
  close(ends(plane, part())[0], [300, 50]);
  close(ends(plane, part())[1], [250, 30]);
  close(ends(plane, part({ angle: Math.PI / 2 }))[0], [250, 0]); // anticlockwise: up
  close(ends(plane, part({ axes: [0.01, 0.01] }))[0], [264, 50]);
  close(ends(line, part({ m: [0], axes: [0.5] }))[0], [400, 50]);
  close(polar([250, 0], [250, 50]), [50, Math.PI / 2]);
});

test("the nearest handle or centre is taken, what is held first, nothing from afar", () => {
  const parts = [part(), part({ m: [-1, 0] })];
  assert.deepEqual(near(plane, parts, -1, [252, 52], 10), { index: 0, axis: -1 });
  assert.equal(near(plane, parts, -1, [300, 50], 10), null); // only what is held has handles
  assert.deepEqual(near(plane, parts, 0, [300, 50], 10), { index: 0, axis: 0 });
  assert.deepEqual(near(plane, parts, 0, [250, 31], 10), { index: 0, axis: 1 });
  assert.deepEqual(near(plane, parts, 0, [150, 100], 10), { index: 1, axis: -1 });
  assert.equal(near(plane, parts, 0, [10, 10], 22), null);
});

test("the weight stands where no handle is", () => {
  const [x, y] = away(plane, part(), 22);
  assert.ok(x < 0 && y > 0 && Math.abs(Math.hypot(x, y) - 22) < 1e-9);
  close(away(line, part({ m: [0], axes: [1] }), 22), [-24, 0]);
});

test("a weight leaves the others their proportions and each its least", () => {
  const parts = [part({ w: 0.2 }), part({ w: 0.2 }), part({ w: 0.6 })];
  weigh(parts, parts[0], 0.6);
  close(parts.map((p) => p.w), [0.6, 0.1, 0.3]);
  weigh(parts, parts[0], 5);
  assert.equal(parts[0].w, 1 - 2 * mixture.LEAST_WEIGHT);
  weigh(parts, parts[0], 0);
  assert.equal(parts[0].w, mixture.LEAST_WEIGHT);
  assert.ok(Math.abs(total(parts) - 1) < 1e-9);
});

test("what is added looks like the one beside it; what is taken away leaves a whole mixture", () => {
  const mix = { dim: 2, parts: [part({ axes: [0.9, 0.05], label: 3 }), part({ m: [-2, 0] })] }, before = copy(mix);
  add(mix.parts, [0.8, 0.9]);
  assert.deepEqual(mix.parts[2], { w: 1 / 3, m: [0.8, 0.9], axes: [0.6, 0.12], angle: 0, label: 3 });
  assert.ok(Math.abs(total(mix.parts) - 1) < 1e-9);
  remove(mix.parts, 0);
  close(mix.parts.map((p) => p.w), [0.5, 0.5]);
  assert.equal(before.parts.length, 2);
  assert.deepEqual(before.parts[0].m, [1, 1]);
  assert.deepEqual([axis(0), axis(0.5), axis(99)], [mixture.LEAST_AXIS, 0.5, mixture.LIMIT]);
});

test("arrows move, other keys do not", () => {
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "a"].map((key) => arrow(key, 0.2)), [[-0.2, 0], [0.2, 0], [0, 0.2], [0, -0.2], null]);
});

test("a brush paints within its radius of the way, an eraser takes what is within it", () => {
  const brush = new Brush();
  brush.begin([0, 0]);
  brush.paint([0, 0], true);
  assert.equal(brush.points.length, 16);
  brush.paint([1, 0], false);
  assert.ok(brush.points.length >= 16 + 64); // 16 points a radius of way
  for (const [x, y] of brush.points) assert.ok(Math.hypot(x - Math.min(1, Math.max(0, x)), y) <= brush.radius + 1e-9);
  brush.erase([0, 0]);
  assert.ok(brush.points.length > 2 && brush.points.every(([x, y]) => Math.hypot(x, y) > brush.radius));
  const left = brush.points;
  brush.radius = 9;
  brush.erase([0, 0]);
  assert.equal(brush.points, left); // two points are the least
  assert.ok(brush.fits && brush.table().split("\n").length === left.length);
});

test("painted points are no more than a fit takes", () => {
  const brush = new Brush();
  for (let n = 0; n < POINTS_MOST + 50; n++) brush.dot([n]);
  assert.equal(brush.points.length, POINTS_MOST);
  assert.equal(new Brush().fits, false);
});

test("draws have the mixture's mean, spread and turn", () => {
  const points = draws({ dim: 2, parts: [{ w: 1, m: [1, -2], axes: [1, 0.1], angle: Math.PI / 2, label: 0 }] }, 4000);
  const mean = [0, 1].map((i) => points.reduce((s, p) => s + p[i], 0) / points.length);
  const spread = [0, 1].map((i) => Math.sqrt(points.reduce((s, p) => s + (p[i] - mean[i]) ** 2, 0) / points.length));
  assert.ok(Math.abs(mean[0] - 1) < 0.02 && Math.abs(mean[1] + 2) < 0.1);
  assert.ok(Math.abs(spread[0] - 0.1) < 0.02 && Math.abs(spread[1] - 1) < 0.1);
});

test("a fit is the same after the link, and in sentences", () => {
  const fit = { data: "", dim: 1, components: 2, rows: 5000, fitted: 4000, distance: 0.0123, floor: 0.01, points: 2000, columns: [[1.234567, 2]], notes: [] };
  const said = written("file", fit);
  assert.equal(said, "file,5000,4000,0.0123,0.01,2000,1.2346,2");
  const told = read(said, 1);
  assert.deepEqual(told?.columns, [[1.2346, 2]]);
  assert.deepEqual(sentences(told, 1), [
    "Fitted by EM to 5,000 rows (a random 4,000 of them): W₁ 0.012 to them, floor 0.010 between two draws of the mixture (2,000 points each)",
    "x = (column 1 − 1.23) / 2.00",
  ]);
  assert.deepEqual(read(said, 2)?.columns, []);
  for (const bad of ["", "file,1", "film,1,2,3,4,5", "paint,1,2,x,4,5"]) assert.equal(read(bad, 1), null);
  assert.deepEqual([0.000012345, -2, 1e9].map(short), ["0.0000123", "−2.00", "1.00e9"]);
  assert.deepEqual([0.0213, 0.5, 0.0004].map(percent), ["2.1 %", "50 %", "0.04 %"]);
});
