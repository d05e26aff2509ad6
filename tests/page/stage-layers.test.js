// Which layers there are, what they draw and what they need: assets/ui/stage/layers.js, shown.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LAYERS, LAYERS, LAYER_KEYS, asked, drawn, layer } from "../../assets/ui/stage/layers.js";
import { Shown } from "../../assets/ui/stage/shown.js";

const keys = (kind, band, shown) => drawn(kind, band, new Set(shown)).map((part) => part.key);

test("layers, their marks and which are on at first come from Python", () => {
  assert.ok(LAYER_KEYS.includes("particles") && DEFAULT_LAYERS.includes("particles"));
  assert.ok(LAYERS.every((l) => l.mark.startsWith("<svg ")));
  assert.ok(DEFAULT_LAYERS.length < LAYER_KEYS.length);
});

test("what is drawn in a band stands in its order, of the layers that are shown", () => {
  const draw = () => {};
  layer("b", { plane: { over: [20, draw] } });
  layer("a", { plane: { over: [[30, draw], [10, draw]], still: [1, draw] }, spacetime: { over: [5, draw] } });
  assert.deepEqual(keys("plane", "over", ["a", "b"]), ["a", "b", "a"]);
  assert.deepEqual(keys("plane", "over", ["b"]), ["b"]);
  assert.deepEqual(keys("plane", "still", ["a"]), ["a"]);
  assert.deepEqual(keys("plane", "ground", ["a", "b"]), []);
  assert.deepEqual(keys("shares", "over", ["a"]), []);
});

test("a packet is asked for each array once: contours and density draw the same", () => {
  assert.deepEqual(asked("fields", ["density", "contours", "particles"]), ["density"]);
  assert.deepEqual(asked("run", ["density", "x0"]), ["x0"]);
  assert.deepEqual(asked("run", ["particles"]), []);
});

test("layers are turned on and off in the legend's order; unknown ones are not known", () => {
  let told = 0;
  const shown = new Shown(() => told++);
  assert.deepEqual(shown.layers, DEFAULT_LAYERS);
  shown.set(["score", "nothing", "particles"]);
  assert.deepEqual(shown.layers, LAYER_KEYS.filter((key) => key === "particles" || key === "score"));
  assert.equal(shown.toggle("score"), false);
  assert.equal(shown.toggle("score"), true);
  assert.equal(told, 3);
  assert.equal(shown.toggle("nothing"), false);
  assert.equal(told, 3);
});

test("what a run cannot show stays as it is, is not drawn and not asked for", () => {
  const shown = new Shown(() => {});
  shown.set(["particles", "velocity", "density"]);
  shown.run = { header: { unavailable: { velocity: "it has none" } } };
  assert.equal(shown.why("velocity"), "it has none");
  assert.equal(shown.toggle("velocity"), false);
  assert.deepEqual([...shown.visible()].sort(), ["density", "particles"]);
  assert.deepEqual([...shown.wants()], ["density"]);
  assert.ok(shown.layers.includes("velocity")); // the next run may have it
});

test("colours are by class or by role", () => {
  const shown = new Shown(() => {});
  shown.setColour("class");
  assert.equal(shown.colour, "class");
  shown.setColour("");
  assert.equal(shown.colour, "sampler");
});
