// The lab "tasks": letters of a link, values of a sweep, files of a request, what is said and drawn.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";

const TASKS = "../../playground/views/labs/tasks";
const { NOT_CARRIED, bitsOf, isSet, means, pack, unpack } = await import(`${TASKS}/letters.js`);
const { ordered, over, valuesOf, wordOf } = await import(`${TASKS}/values.js`);
const { besideExact, besideGiven, progress, spentOn } = await import(`${TASKS}/said.js`);
const { curve, densities } = await import(`${TASKS}/drawings.js`), { power } = await import(`${TASKS}/../axes.js`);
const { address, joined } = await import(`${TASKS}/ask.js`);
const { say } = await import(`${TASKS}/controls.js`), { clamp } = await import("../../assets/ui/lib/numbers.js");

test("bytes come back from a link's letters, and only as many", async () => {
  const bytes = Uint8Array.from({ length: 784 }, (_, i) => (i % 5 ? 0 : 255 - (i % 250)));
  const words = await pack(bytes);
  assert.match(words, /^z[\w-]+$/);
  assert.deepEqual(await unpack(words, 784), bytes);
  assert.equal(await unpack(words, 783), null);
  assert.equal(await unpack(words.slice(0, 20), 784), null);
  assert.equal(await unpack("z%%%", 784), null);
});

test("what is too long for a link stays behind", async () => {
  let state = 1;
  const noise = Uint8Array.from({ length: 4000 }, () => (state = (state * 16807) % 2147483647) & 255);
  assert.equal(await pack(noise), NOT_CARRIED);
});

test("a pixel is masked where at least half of it is painted", () => {
  const bits = bitsOf(Float64Array.from([0, 0.49, 0.5, 1, 0, 0, 0, 0, 0.2, 0.9]));
  assert.deepEqual([...bits], [0b00001100, 0b10]);
  assert.deepEqual(Array.from({ length: 10 }, (_, i) => isSet(bits, i)), [false, false, true, true, false, false, false, false, false, true]);
});

test("points of a canvas become means of pixels, channel by channel", () => {
  // 2 pixels (h 1, w 2) of 2 × 2 points; red and green
  const points = new Uint8ClampedArray(4 * 8);
  const put = (x, y, red, green) => points.set([red, green, 0, 255], 4 * (4 * y + x));
  put(0, 0, 100, 0), put(1, 0, 100, 0), put(0, 1, 200, 0), put(1, 1, 200, 0), put(2, 0, 0, 40), put(3, 0, 0, 40), put(2, 1, 0, 80), put(3, 1, 4, 80);
  assert.deepEqual([...means(points, [3, 1, 2], 2, 2, (d, i, c) => d[i + c])], [150, 1, 0, 60]);
});

const steps = { path: "grid.steps", kind: "UniformTime", word: "steps", lo: 1, hi: 1000, value: 20, whole: true, help: "" };
const weight = { path: "guidance.weight", kind: "ClassifierFree", word: "weight", lo: 0, hi: 10, value: 1, whole: false, help: "" };
const eta = { path: "sampler.eta", kind: "DDIM", word: "eta", lo: 0, hi: 1, value: 0, whole: false, help: "" };
const stop = { path: "stop_at", kind: "", word: "stop at", lo: 0, hi: 1, value: 0, whole: false, help: "" };

test("steps are swept at even ratios, all else at even distances, within bounds and each value once", () => {
  assert.deepEqual(valuesOf(steps, 2, 32, 5), [2, 4, 8, 16, 32]);
  assert.deepEqual(valuesOf(steps, 1, 3, 9), [1, 2, 3]);
  assert.deepEqual(valuesOf(weight, 0, 4, 5), [0, 1, 2, 3, 4]);
  assert.deepEqual(valuesOf(eta, -3, 7, 3), [0, 0.5, 1]);
  assert.deepEqual(valuesOf(eta, 0, 1, 4), [0, 0.333333, 0.666667, 1]);
});

test("steps and the weight come first in the list, the others as they were", () => {
  const list = [eta, stop, weight, steps];
  assert.deepEqual(ordered(list).map((f) => f.path), ["grid.steps", "guidance.weight", "sampler.eta", "stop_at"]);
  assert.equal(list[0], eta);
  assert.deepEqual(ordered(list).map(wordOf), ["steps", "guidance weight W", "sampler: eta", "stop at"]);
  assert.deepEqual([steps, weight, eta].map(over), [[2, 40], [0, 4], [0, 1]]);
});

test("files are one body, each after its length", async () => {
  const body = await joined([new Blob([Uint8Array.of(7, 8, 9)]), new Blob([]), new Blob([Uint8Array.of(1)])]);
  assert.deepEqual([...body], [3, 0, 0, 0, 7, 8, 9, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
});

test("a task's address has the experiment and its own numbers", () => {
  const url = new URL(address({ data: "digits", "grid.steps": "8" }, "inpaint", { r: 5 }), "http://localhost/");
  assert.equal(url.pathname, "/live/task");
  assert.deepEqual(Object.fromEntries(url.searchParams), { data: "digits", "grid.steps": "8", "lab.task": "inpaint", "lab.r": "5" });
});

test("how long a task takes is said once it is known, and not of the last moment", () => {
  const step = { word: "decoding", step: 3, steps: 10 };
  assert.equal(progress({ ...step, done: 0.25 }, 2), "decoding · step 3 of 10 · about 6 s left");
  assert.equal(progress({ ...step, done: 0.04 }, 2), "decoding · step 3 of 10");
  assert.equal(progress({ ...step, word: "", done: 0.9 }, 2), "step 3 of 10");
  assert.equal(spentOn({ calls: 1234, asked: 2, ms: 1960 }), "1,234 model calls and 2 for the last x̂₀, 2.0 s");
  assert.equal(spentOn({ calls: 8, asked: 0, ms: 40 }), "8 model calls, 0.0 s");
});

test("numbers beside the exact law are one sentence", () => {
  assert.match(besideExact({ draws: 4, mean: 0.30199, floor: 0.2222, spread: 0.357, exact: 0.444 }), /^Mean of the 4 variants: 0\.302 .* 4 exact draws have 0\.222 on average; spread 0\.357, exactly 0\.444\.$/);
  assert.match(besideExact({ draws: 1, mean: 0.3, floor: 0.2, spread: null, exact: 0.4 }), /^Mean of one variant: .* one exact draw has 0\.2 on average\.$/);
  assert.match(besideGiven([0.1234, 0.2]), /0\.123 and 0\.2 \(RMS of a pixel\)/);
});

test("the curve has a mark for each number of steps, inside its frame", () => {
  const svg = curve([{ steps: 5, rms: 0.3 }, { steps: 100, rms: 0 }]);
  const at = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((m) => [Number(m[1]), Number(m[2])]);
  assert.equal(at.length, 2);
  for (const [x, y] of at) assert.ok(x >= 42 && x <= 198 && y >= 10 && y <= 106);
  assert.ok(at[0][1] < at[1][1]); // a smaller error stands lower
  assert.deepEqual([0, 2, -8].map(power), ["1", "10²", "10⁻⁸"]);
});

test("densities: a picture for each r, bars as high as their share of the highest", () => {
  const html = densities([{ r: 1, mean: 0.5, variance: 0.2 }, { r: 5, mean: 0.9, variance: 0.19 }], [0, 1], [0.5, 1], [0, 1, 0.5, 0.5]);
  assert.equal(html.match(/<figure/g)?.length, 2);
  const heights = [...html.matchAll(/ height="([\d.]+)"\/>/g)].map((m) => Number(m[1]));
  assert.equal(heights.length, 4);
  assert.ok(Math.abs(heights[1] - 76 / 1.06) < 1e-9 && heights[0] === 0 && Math.abs(heights[2] - heights[1] / 2) < 1e-9);
});

test("numbers are said in three digits and held within bounds", () => {
  assert.deepEqual([0.123456, 2, 1234.5].map(say), ["0.123", "2", "1230"]);
  assert.deepEqual([clamp(-1, 0, 1), clamp(0.5, 0, 1), clamp(3, 0, 1)], [0, 0.5, 1]);
});
