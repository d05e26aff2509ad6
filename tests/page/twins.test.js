// Twins: particles of two runs with the same noise.
import assert from "node:assert/strict";
import { test } from "node:test";

const { apart, classOf, pairsOf, valueOf } = await import("../../assets/ui/compare/twins.js");

const axis = (component, label) => ({ component, label, lo: -1, hi: 1 });
const run = (frames, labels = ["x₁", "x₂"], kind = "plane") => {
  const count = frames[0][0].length, width = frames[0].length;
  return { count, width, frames: frames.length, z: Float32Array.from(frames.flat(2)), at: (i, c) => (i * width + c) * count, panels: [{ id: "x", kind, a: axis(0, labels[0]), b: axis(1, labels[1]) }] };
};
const A = run([[[0, 0], [0, 0]], [[3, 0], [4, 0]]]), B = run([[[0, 0], [0, 0]], [[0, 0], [0, 2]]]);

test("between two states a particle stands on the straight line", () => assert.equal(valueOf(A, { i: 0, f: 0.5 }, 1, 0), 2));

test("twins are apart by the length of what lies between them", () => {
  const { lengths, mean } = apart(A, { i: 0, f: 1 }, B, { i: 0, f: 1 }, pairsOf(A, B, "x"));
  assert.deepEqual([...lengths], [5, 2]);
  assert.equal(mean, 3.5);
});

test("what is not in the same coordinates is not laid over each other", () => {
  assert.match(pairsOf(A, run([[[0, 0], [0, 0]]], ["x₁ / √(1+σ²)", "x₂ / √(1+σ²)"]), "x"), /coordinates/);
  assert.match(pairsOf(A, run([[[0], [0]]]), "x"), /particles/);
  assert.match(pairsOf(A, run([[[0, 0], [0, 0]]], undefined, "torus"), "x"), /plane/);
  assert.match(pairsOf(A, B, "v"), /plane/);
});

test("lengths have classes of equal width", () => assert.deepEqual([0, 0.3, 0.5, 1].map((length) => classOf(length, 1, 4)), [0, 1, 2, 3]));
