// Kept states: what may be on the shelf, and in a file of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { boot } from "./setup.js";

boot();
const { MOST, Unkept, joined, moved, named, read, written } = await import("../../assets/ui/keep/states.js");
const state = (n, more = {}) => ({ name: `s${n}`, link: `?seed=${n}`, thumb: "", ...more });
const says = (fn, words) => assert.throws(fn, (error) => error instanceof Unkept && (error.message.includes(words) || assert.fail(error.message)));

test("what is written is read again", () => {
  const states = [state(1, { thumb: "data:image/jpeg;base64,AAAA" }), state(2)];
  assert.deepEqual(read(written(states)), states);
  assert.deepEqual(read(written([])), []);
});

test("what comes from outside is held to its form", () => {
  const of = (more) => JSON.stringify({ ...JSON.parse(written([state(1)])), ...more });
  says(() => read(written([state(1)]).slice(0, -3)), "cut off or damaged");
  says(() => read("[]"), "is no shelf");
  says(() => read(of({ version: 2 })), "another version (2)");
  says(() => read(of({ states: 3 })), "no list of states");
  says(() => read(of({ states: [{ name: 1, link: "?" }] })), "no name and link at place 1");
  says(() => read(of({ states: [state(1), state(2, { link: "https://elsewhere" })] })), "no link of this page at place 2");
  says(() => read(of({ states: Array.from({ length: MOST + 1 }, (_, n) => state(n)) })), `at most ${MOST}`);
  says(() => read("x".repeat(2_000_001)), "letters");
  for (const thumb of ["javascript:alert(1)", "data:text/html;base64,AAAA", `data:image/png;base64,${"A".repeat(50_000)}`, 7]) {
    assert.equal(read(of({ states: [state(1, { thumb })] }))[0].thumb, "");
  }
  assert.equal(named(`  a \n b ${"c".repeat(200)}`).length, 80);
  assert.equal(named(" "), "unnamed");
});

test("more states come in front, each once, as many as there is room for", () => {
  assert.deepEqual(joined([state(1)], [state(2), state(1)]), [state(2), state(1)]);
  says(() => joined(Array.from({ length: MOST }, (_, n) => state(n)), [state("x")]), "1 more than there is room for");
  says(() => joined([], Array.from({ length: 50 }, (_, n) => state(n, { link: `?${"x".repeat(50_000)}` }))), "The shelf is full");
});

test("a state moves by one place and not beyond the ends", () => {
  const states = [state(1), state(2), state(3)];
  assert.deepEqual(moved(states, 0, 1).map((s) => s.name), ["s2", "s1", "s3"]);
  assert.equal(moved(states, 0, -1), states);
  assert.equal(moved(states, 2, 1), states);
});
