// What is shown at a cursor: assets/ui/stage/run.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields, Moments, Run, geometryOf, locate, momentsOf, readCurve } from "../../assets/ui/stage/run.js";

const panels = [{ id: "x", kind: "plane", a: { component: 0, label: "x₁", lo: -4, hi: 4 }, b: { component: 1, label: "x₂", lo: -3, hi: 3 }, title: "", weight: 1, pins: true }];

/** An array of a packet. */
const array = (values, shape = [values.length]) => ({ data: Float32Array.from(values), shape, floats() { return this.data; } });

/** A packet of a run whose states stand at these clocks: two components, four particles, the frame's number is the value of all. */
function packet(clock, { noise, step, grid = clock, mode = "reverse", image, classes = [{ name: "" }], label, more = {} } = {}) {
  const frames = clock.length, t = (list) => list.map((c) => 2 * c);
  const arrays = {
    clock: array(clock), time: array(t(clock)), z: array(Array.from({ length: frames * 8 }, (_, k) => Math.floor(k / 8)), [frames, 2, 4]),
    "curves/clock": array([1, 0]), "curves/t": array([2, 0]), "curves/log_snr": array([-10, 10]), "curves/pace": array([1, 3]),
    "grid/clock": array(grid), "grid/t": array(t(grid)), "grid/log_snr": array(grid.map((c) => 10 - 20 * c)), "grid/calls": array(grid.map((_, j) => 2 * j)),
    ...more,
  };
  if (noise) arrays.noise = array(noise);
  if (step) arrays.step = array(step);
  if (label) arrays.label = array(label);
  return { header: { key: "k", fields_key: "f", mode, components: ["x₁", "x₂"], panels, dim: 2, classes, image }, arrays };
}

test("a clock is found between frames that rise or fall, and held at both ends", () => {
  assert.deepEqual(locate([1, 0.5, 0], 0.75), { i: 0, f: 0.5 });
  assert.deepEqual(locate([0, 0.5, 1], 0.75), { i: 1, f: 0.5 });
  assert.deepEqual(locate([1, 0.5, 0], 0.5), { i: 1, f: 0 });
  assert.deepEqual(locate([1, 0.5, 0], 2), { i: 0, f: 0 });
  assert.deepEqual(locate([1, 0.5, 0], -1), { i: 1, f: 1 });
  assert.deepEqual(locate([0.3], 0.9), { i: 0, f: 0 });
  assert.deepEqual(locate([1, 0.5, 0.5, 0], 0.5), { i: 2, f: 0 }); // the step that takes no time is past
});

test("a curve is linear between its points, and the finite neighbour where one is not", () => {
  assert.equal(readCurve([1, 0], [4, 8], 0.25), 7);
  assert.equal(readCurve([1, 0], [4, Infinity], 0.5), 4);
  assert.equal(readCurve([1, 0], [NaN, 8], 0.5), 8);
  assert.equal(readCurve([0.5], [3], 0.1), 3);
});

test("between two states of a step without noise the picture moves straight", () => {
  const moment = new Moments(packet([1, 0.5, 0])).at(0.75);
  assert.deepEqual([moment.i, moment.f, moment.frame, moment.step, moment.steps, moment.state], [0, 0.5, 0, 1, 2, 0]);
  assert.deepEqual([moment.held, moment.between, moment.clock, moment.t], [false, false, 0.75, 1.5]);
  assert.equal(moment.logSnr, -5);
  assert.deepEqual([moment.from, moment.to], [{ t: 2, logSnr: -10 }, { t: 1, logSnr: 0 }]);
  assert.equal(moment.calls, 2);
});

test("where noise was drawn the last state is held, at its own time", () => {
  const moment = new Moments(packet([1, 0.5, 0], { noise: [0, 1, 1] })).at(0.3);
  assert.deepEqual([moment.i, moment.f, moment.frame, moment.step, moment.state], [1, 0, 1, 2, 1]);
  assert.deepEqual([moment.held, moment.between, moment.clock, moment.c, moment.t], [true, true, 0.5, 0.3, 1]);
});

test("states behind steps that were not kept are held, and their stride is told", () => {
  const moments = new Moments(packet([1, 0.5, 0], { step: [0, 2, 4], grid: [1, 0.75, 0.5, 0.25, 0] }));
  assert.equal(moments.stride, 2);
  const moment = moments.at(0.6);
  assert.deepEqual([moment.frame, moment.state, moment.step, moment.steps, moment.between], [0, 0, 2, 4, true]);
});

test("step 0 is only exactly at the start, and the last one at the end", () => {
  const moments = new Moments(packet([1, 0.5, 0]));
  assert.equal(moments.at(1).step, 0);
  assert.equal(moments.at(0.999).step, 1);
  assert.equal(moments.at(0.5).step, 1);
  assert.equal(moments.at(0).step, 2);
  assert.deepEqual([moments.at(0).frame, moments.at(0).i, moments.at(0).f], [2, 1, 1]);
  assert.equal(moments.at(0).logSnr, Infinity); // t = 0: no noise at all
});

test("a step to t = 0 that takes no time of the clock is the last one", () => {
  assert.equal(new Moments(packet([1, 0.5, 0], { grid: [1, 0.5, 0, 0], step: [0, 1, 3] })).at(0).step, 3);
});

test("images are states: the step is the one that led to what is shown", () => {
  const moment = new Moments(packet([1, 0.5, 0], { image: { batch: 4 } })).at(0.3);
  assert.deepEqual([moment.frame, moment.step, moment.held], [1, 1, true]);
});

test("noising runs along the clock, without a grid of its own", () => {
  const moments = new Moments(packet([0, 0.5, 1], { mode: "forward", noise: [0, 1, 1] }));
  const moment = moments.at(0.6);
  assert.deepEqual([moment.frame, moment.clock, moment.between, moments.steps], [1, 0.5, true, 2]);
  assert.ok(Number.isNaN(moment.calls));
  assert.equal(moments.barOf(0.25), 0.75);
  assert.equal(moments.clockOf(0.25), 0.75);
});

test("every step has the same width on the time bar, there and back", () => {
  const moments = new Moments(packet([1, 0.2, 0]));
  assert.ok(Math.abs(moments.barOf(0.6) - 0.25) < 1e-6);
  assert.ok(Math.abs(moments.barOf(0.1) - 0.75) < 1e-6);
  for (const u of [0, 0.1, 0.25, 0.5, 0.8, 1]) assert.ok(Math.abs(moments.barOf(moments.clockOf(u)) - u) < 1e-5);
  assert.equal(moments.barOf(1.5), 0);
  assert.equal(moments.barOf(-1), 1);
});

test("a cursor is told in as few digits as show the same moment", () => {
  const moments = new Moments(packet([1, 0.123456, 0], { noise: [0, 1, 1] }));
  assert.equal(moments.short(0.73), 0.73);
  assert.equal(moments.at(moments.short(Math.fround(0.123456))).between, false); // a state itself stays one
});

test("a packet has its moments once", () => {
  const told = packet([1, 0]);
  assert.equal(momentsOf(told), momentsOf(told));
  assert.notEqual(momentsOf(told), momentsOf(packet([1, 0])));
});

test("a run knows its ends, its pace and where its numbers lie", () => {
  const run = new Run(packet([1, 0.5, 0.1], { noise: [0, 1, 0], more: { x0: array(new Array(24).fill(7), [3, 2, 4]) } }));
  assert.deepEqual([run.frames, run.width, run.count, run.start, run.stops.length], [3, 2, 4, 1, 3]);
  assert.ok(Math.abs(run.end - 0.1) < 1e-6);
  assert.equal(run.at(2, 1), 20);
  assert.equal(run.z[run.at(2, 1)], 2);
  assert.equal(run.x0[run.atX0(1, 1)], 7);
  assert.deepEqual([run.holds(0), run.holds(1)], [true, false]);
  assert.equal(run.pace(0.5), 2);
  assert.ok(Number.isNaN(run.curve("curves/nothing", 0.5)));
  assert.equal(new Run(packet([1, 0], { more: { "curves/pace": array([0, 0]) } })).pace(0.5), 1); // it never stands still
  assert.equal(run.facts(0.3).step, 2);
});

test("particles are grouped by class, and a share of each is in the same proportion", () => {
  const run = new Run(packet([1, 0], { classes: [{ name: "a" }, { name: "b" }, { name: "c" }], label: [0, 1, 0, 9] }));
  assert.deepEqual(run.groups.map(({ colour, members }) => [colour, [...members]]), [[0, [0, 2]], [1, [1]], [2, [3]]]);
  assert.equal(run.share(run.groups[0], 2), 1);
  assert.equal(run.share(run.one[0], 3), 3);
  assert.equal(run.share(run.one[0], 30), 4);
  assert.equal(new Run(packet([1, 0])).groups.length, 1);
});

test("fields fit a run of their key, or of the same law; they add their arrays", () => {
  const of = (header, more) => new Fields({ header: { key: "other", panels, ...header }, arrays: { clock: array([1, 0]), ...more } });
  const run = new Run(packet([1, 0]));
  assert.ok(of({ key: "k" }).fits(run));
  assert.ok(of({ fields_key: "f" }).fits(run));
  assert.ok(!of({ fields_key: "g" }).fits(run));
  const fields = of({}, { "density:x": array([1]) });
  assert.deepEqual([fields.has("density"), fields.has("score"), fields.has("dens")], [true, false, false]);
  fields.merge({ header: {}, arrays: { "score:x": array([1]) } });
  assert.ok(fields.has("score") && fields.has("density"));
  assert.equal(fields.geometry, run.geometry);
});

test("geometry is ranges, not words", () => {
  const [plane] = panels, other = (change) => geometryOf([{ ...plane, ...change }]);
  assert.equal(other({ title: "another", a: { ...plane.a, label: "y" } }), geometryOf(panels));
  assert.notEqual(other({ a: { ...plane.a, hi: 5 } }), geometryOf(panels));
  assert.notEqual(other({ a: undefined }), geometryOf(panels));
});
