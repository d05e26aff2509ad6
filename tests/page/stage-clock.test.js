// Who owns time, and the words of a moment: assets/ui/stage/clock.js, captions.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { captionHeld, captionMore, described, linesOf, ordinal, settingsOf } from "../../assets/ui/stage/captions.js";
import { Clock, SPEEDS, passage } from "../../assets/ui/stage/clock.js";

const motion = (more = {}) => ({ start: 1, end: 0, forward: false, stops: [1, 0.6, 0.2, 0], pace: () => 1, ...more });

/** A clock at rest, and what it has told. */
function clockOf(run = motion(), calm = true) {
  const told = [], tell = (name) => (value) => told.push(value === undefined ? name : `${name} ${value}`);
  const clock = new Clock({ moved: tell("moved"), changed: tell("changed"), settled: tell("settled"), speed: tell("speed"), loop: tell("loop") }, calm);
  if (run) clock.setRun(run);
  return { clock, told };
}
const ticks = (clock, from, to, by = 50) => { for (let now = from; now <= to; now += by) clock.tick(now); };

test("the first run places the cursor: at its start, or at the data where less motion is asked for", () => {
  assert.equal(clockOf(motion(), false).clock.cursor, 1);
  assert.equal(clockOf(motion(), true).clock.cursor, 0);
  const { clock } = clockOf(motion({ start: 0, end: 1, forward: true }), false);
  assert.deepEqual([clock.cursor, clock.mode, clock.playing], [0, "forward", true]);
  clock.setRun(motion());
  assert.deepEqual([clock.cursor, clock.mode], [0, "reverse"]); // where it was
  const { clock: empty } = clockOf(null);
  assert.deepEqual([empty.cursor, empty.start, empty.end, empty.atEnd], [1, 1, 0, false]);
});

test("it plays from the start to the end in six seconds, rests, and starts again", () => {
  const { clock } = clockOf(motion(), false);
  ticks(clock, 50, 3050);
  assert.ok(Math.abs(clock.cursor - 0.5) < 1e-9);
  ticks(clock, 3100, 6100);
  assert.equal(clock.cursor, 0);
  ticks(clock, 6150, 6950);
  assert.equal(clock.cursor, 0); // 900 ms
  clock.tick(7050);
  assert.equal(clock.cursor, 1);
  assert.ok(clock.playing);
});

test("without a loop it stays at the end and settles; played again it starts anew", () => {
  const { clock, told } = clockOf(motion(), false);
  clock.loop = false;
  ticks(clock, 50, 6100);
  assert.deepEqual([clock.cursor, clock.playing, told.at(-1)], [0, false, "settled"]);
  clock.play();
  assert.deepEqual([clock.cursor, clock.playing], [1, true]);
});

test("speed and pace carry it; a long pause of the browser is no leap", () => {
  const { clock } = clockOf(motion({ pace: () => 2 }), false);
  clock.speed = 4;
  clock.tick(1000);
  clock.tick(60000);
  assert.ok(Math.abs(clock.cursor - (1 - (0.1 * 8) / 6)) < 1e-9); // 100 ms at most
});

test("a run forward goes to the right of the clock", () => {
  const { clock } = clockOf(motion({ start: 0, end: 1, forward: true }), false);
  ticks(clock, 50, 650);
  assert.ok(Math.abs(clock.cursor - 0.1) < 1e-9);
});

test("speeds are bounded and go one by one", () => {
  const { clock, told } = clockOf();
  clock.speed = 100;
  assert.equal(clock.speed, SPEEDS.at(-1));
  clock.faster(1);
  assert.equal(clock.speed, SPEEDS.at(-1));
  clock.faster(-1);
  assert.equal(clock.speed, SPEEDS.at(-2));
  assert.equal(told.at(-1), `speed ${SPEEDS.at(-2)}`);
  clock.loop = false;
  assert.deepEqual([clock.loop, told.at(-1)], [false, "loop false"]);
});

test("a hand stops it, and it settles when the hand lets go", () => {
  const { clock, told } = clockOf(motion(), false);
  clock.scrub(0.3);
  assert.deepEqual([clock.cursor, clock.playing], [0.3, false]);
  assert.ok(!told.includes("settled"));
  clock.seek(7);
  assert.deepEqual([clock.cursor, told.at(-1)], [1, "settled"]);
  clock.cursor = NaN;
  assert.equal(clock.cursor, 1);
  clock.toggle();
  assert.ok(clock.playing);
  clock.toggle();
  assert.ok(!clock.playing);
});

test("steps go from state to state, to the right towards the data", () => {
  const { clock } = clockOf();
  clock.cursor = 0.7;
  clock.step(1);
  assert.equal(clock.cursor, 0.6);
  clock.step(1);
  assert.equal(clock.cursor, 0.2);
  clock.step(-1);
  assert.equal(clock.cursor, 0.6);
  clock.stepRight(1);
  assert.equal(clock.cursor, 0.2);
  clock.step(1), clock.step(1);
  assert.equal(clock.cursor, 0); // there it ends
  const { clock: back } = clockOf(motion({ start: 0, end: 1, forward: true, stops: [0, 0.5, 1] }));
  back.cursor = 0.5;
  back.stepRight(1);
  assert.equal(back.cursor, 0);
});

test("a film goes from the start to the end at the page's pace, and is no longer than it may be", () => {
  const clocks = passage(motion(), 100);
  assert.deepEqual([clocks.length, clocks[0], clocks.at(-1)], [61, 1, 0]);
  assert.equal(passage(motion(), 1).length, 281);
  const there = passage(motion({ start: 0, end: 0.5, forward: true }), 100);
  assert.ok(there.every((c, n) => n === 0 || c > there[n - 1]));
});

test("ordinals", () => assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]));

const run = {
  forward: false, moments: { steps: 5 }, count: 2000,
  header: { steps: 20, model_calls: 1, particles: 12000, seed: 3, guidance: null, notes: ["held"], title: { data: "moons", process: "VP", sampler: "DDIM" } },
};
const moment = { c: 0.5, t: 0.5, logSnr: -1.84, step: 3, steps: 20, held: false, between: false, stride: 1, state: 2 };

test("a moment says its step, and why it stands still", () => {
  assert.equal(captionMore(moment, run), "log-SNR −1.8 · step 3/20");
  assert.equal(captionMore({ ...moment, logSnr: NaN }, { ...run, forward: true }), "noising");
  assert.equal(captionHeld(moment, run), "");
  assert.equal(captionHeld({ ...moment, held: true }, run), "held: steps draw noise");
  assert.equal(captionHeld({ ...moment, held: true }, { ...run, forward: true }), "held between exact draws");
  assert.equal(captionHeld({ ...moment, held: true, stride: 2, between: true }, run), "held at step 2: every 2nd is kept");
  assert.equal(captionHeld({ ...moment, held: true, stride: 2 }, run), "every 2nd step is kept");
  assert.equal(captionHeld({ ...moment, stride: 3 }, run), "every 3rd step is kept");
  assert.equal(captionHeld({ ...moment, held: true }, { ...run, header: { ...run.header, image: {} } }), "");
});

test("a picture says what it shows to those who do not see it", () => {
  assert.equal(described(run, moment, ["particles", "score"]), "moons sampled with DDIM from VP: 2000 particles at t = 0.500, log-SNR −1.8 · step 3/20. Shown: particles, score.");
  assert.match(described({ ...run, forward: true }, moment, []), /^moons noised by VP: /);
});

test("settings stand below a picture, in lines that fit", () => {
  assert.deepEqual(settingsOf(run, "", "W₂ 0.1"), ["20 steps, 1 model call", "12\u2009000 particles", "seed 3", "W₂ 0.1", "held"]);
  const images = { ...run, forward: true, header: { ...run.header, image: { batch: 16 }, guidance: { title: "CFG" } } };
  assert.deepEqual(settingsOf(images, "first", ""), ["first", "5 times", "guidance: CFG", "16 images", "seed 3", "held"]);
  const long = (words) => words.length;
  assert.deepEqual(linesOf(["one", "two", "three"], 9, long), ["one · two", "three"]);
  assert.deepEqual(linesOf(["a sentence, that is broken"], 16, long).filter(Boolean), ["a sentence,", "that is broken"]);
  assert.equal(linesOf(new Array(20).fill("12345678"), 9, long).length, 6);
});
