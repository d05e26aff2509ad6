// One clock for several runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";

const { Race, spent } = await import("../../assets/ui/compare/clock.js");
const { Moments } = await import("../../assets/ui/stage/run.js");

const array = (values) => ({ data: Float32Array.from(values), shape: [values.length] });

/** A run of these calls by step, on a grid of even clocks. */
function runner(calls, { ms = 10, mode = "reverse", to = 0 } = {}) {
  const steps = calls.length - 1, grid = calls.map((_, j) => 1 - ((1 - to) * j) / steps), header = { mode, compute_ms: ms };
  const arrays = { clock: array(grid), time: array(grid), "grid/clock": array(grid), "grid/t": array(grid), "grid/log_snr": array(grid), "grid/calls": array(calls) };
  return { start: grid[0], end: grid[steps], forward: mode === "forward", moments: new Moments({ header, arrays }), pace: () => 2, header };
}
const DDIM = runner([0, 1, 2, 3, 4]), HEUN = runner([0, 2, 4, 6, 8], { ms: 40 });
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("in model calls Heun has done half the steps at the same number of calls", () => {
  const race = new Race([DDIM, HEUN], "calls");
  assert.equal(race.most, 8);
  near(race.own(0, race.hand(2)), 0.5); // two steps of four
  near(race.own(1, race.hand(2)), 0.75); // one step
  near(race.own(1, race.hand(3)), 0.625); // in the middle of its second
});

test("one that is done waits", () => {
  const race = new Race([DDIM, HEUN], "calls");
  for (const calls of [4, 5, 8]) near(race.own(0, race.hand(calls)), 0);
  near(race.own(1, race.hand(8)), 0);
  near(race.handOf(0, 0), race.hand(4)); // where it first stands there
});

test("in steps all have done as many", () => {
  const race = new Race([DDIM, runner([0, 1, 2])], "steps");
  near(race.own(0, race.hand(1)), 0.75);
  near(race.own(1, race.hand(1)), 0.5);
  near(race.own(1, race.hand(3)), 0);
});

test("milliseconds are shared out over a run's calls, or its steps where it made none", () => {
  assert.deepEqual([...spent("ms", HEUN)], [0, 10, 20, 30, 40]);
  assert.deepEqual([...spent("ms", runner([0, 0, 0], { ms: 6 }))], [0, 3, 6]);
  const race = new Race([DDIM, HEUN], "ms");
  near(race.own(0, race.hand(5)), 0.5);
  near(race.own(1, race.hand(5)), 0.875);
});

test("in process time each runs from its start to its end", () => {
  const race = new Race([DDIM, runner([0, 1, 2], { to: 0.4 })], "time");
  near(race.own(0, 0.2), 0.2);
  near(race.own(1, 0.2), 0.4);
  const { motion } = race;
  assert.deepEqual([motion.start, motion.end, motion.forward], [1, 0, false]);
  assert.equal(motion.pace(0.5), 2);
});

test("a step that costs no call is done with the one before", () => near(new Race([runner([0, 1, 2, 2])], "calls").own(0, 0), 0));

test("the page's clock and a run's own are inverse to each other", () => {
  for (const unit of ["time", "steps", "calls", "ms"]) {
    const race = new Race([DDIM, HEUN], unit), course = race.course(1);
    for (const own of [1, 0.9, 0.75, 0.4, 0.01, 0]) near(course.own(course.hand(own)), own);
    for (const at of [0, 0.3, 1]) near(course.bar(course.onBar(at)), at);
  }
});

test("the clock stops at every step of every run", () => {
  const { stops } = new Race([DDIM, HEUN], "calls").motion;
  assert.deepEqual(stops.map((hand) => Math.round(8 * (1 - hand))), [0, 1, 2, 3, 4, 6, 8]);
});

test("marks and numbers stand where the selected run's steps are", () => {
  const race = new Race([DDIM, HEUN], "calls");
  assert.deepEqual(race.course(0).marks, [0, 0.125, 0.25, 0.375, 0.5]);
  assert.deepEqual(race.course(1).marks, [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(race.course(0).ticks(0.25).map(({ x, text }) => [x, text]), [[0, "0"], [0.25, "2"], [0.5, "4"], [0.75, "6"], [1, "8"]]);
  assert.equal(race.said(race.hand(3)), "3 of 8 calls");
});

test("noising has only its time, and runs that make no calls do not divide by none", () => {
  assert.equal(new Race([runner([0, 1], { mode: "forward" }), DDIM], "calls").unit, "time");
  assert.equal(new Race([runner([0, 0])], "calls").own(0, 0.5), 0);
});
