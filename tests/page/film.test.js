// The film strip's keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";

const { goes } = await import("../../playground/views/labs/film/keys.js");

test("arrows, Home and End go through the strip, Enter and space to where one is", () => {
  const from = (key) => goes(key, 2, 1, 9);
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "Enter", " "].map(from), [[1, 1], [3, 1], [2, 0], [2, 2], [0, 1], [8, 1], [2, 1], [2, 1]]);
  assert.equal(from("a"), null);
});
