// What several labs have in common: axes and colours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decades, power, roundValues, timeEnds } from "../../playground/views/labs/axes.js";
import { blended, channels, faded, mixed } from "../../playground/views/labs/colours.js";

test("powers of ten are written in one line", () => {
  assert.deepEqual([-12, -1, 0, 1, 30].map(power), ["10⁻¹²", "10⁻¹", "1", "10¹", "10³⁰"]);
});

test("ticks are round and few", () => {
  const values = roundValues(-3.7, 4.2);
  assert.deepEqual(values, [-3, -2, -1, 0, 1, 2, 3, 4]);
  assert.ok(roundValues(-40, 40).length <= 9);
  assert.deepEqual(roundValues(0, 0.08).map((v) => v.toFixed(2)), ["0.00", "0.01", "0.02", "0.03", "0.04", "0.05", "0.06", "0.07", "0.08"]);
});

test("a decade has a line and a word at its height", () => {
  const svg = decades({ left: 10, right: 90, bottom: -1, top: 1, y: (n) => 50 - 20 * n, gap: 5 });
  assert.equal(svg.match(/<line/g).length, 3);
  assert.match(svg, /x1="10" x2="90" y1="70.0" y2="70.0"\/><text x="5" y="74" text-anchor="end">10⁻¹</);
  assert.match(timeEnds(1, 2, 3), /x="1" y="3">noise.*x="2".*>data/);
});

test("colours as numbers", () => {
  assert.deepEqual(channels("#0072B2"), [0, 114, 178]);
  assert.deepEqual(channels(" #fff "), [255, 255, 255]);
  assert.deepEqual(channels("#abc"), channels("#aabbcc"));
  assert.equal(faded("#0072B2", 0.2), "rgba(0,114,178,0.2)");
  assert.equal(faded("canvas", 0.2), "canvas");
  assert.deepEqual(blended([0, 0, 0], [10, 20, 30], 0.5), [5, 10, 15]);
  assert.equal(mixed("#000000", "#ff8000", 0.5), "rgb(128,64,0)");
  assert.equal(mixed("#000000", "#ff8000", 1, 0.16), "rgba(255,128,0,0.16)");
});
