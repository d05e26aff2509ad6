// Several stages: what a link says of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { boot } from "./setup.js";

const { numbered, read, said, sentence, wrong } = await import("../../assets/ui/compare/link.js");
const MOST = boot().config.compare.most;

const BASE = { data: "rings", sampler: "DDIM", "sampler.eta": "0.5", "grid.steps": "10", seed: "3" };
/** @param {Record<string, string>} query @param {string} name */
const without = (query, name) => Object.fromEntries(Object.entries(query).filter(([k]) => k !== name));
const PLAIN = without(BASE, "sampler.eta");

test("a further stage is told by what it has otherwise", () => {
  assert.equal(said(BASE, [{ ...BASE, "grid.steps": "20" }]), "*grid.steps:20");
  assert.equal(said(BASE, [{ ...BASE }]), "*");
  assert.equal(said(BASE, []), "");
});

test("what the first stage says and another does not is taken away", () => {
  assert.equal(said(BASE, [PLAIN]), "*-sampler.eta");
  assert.deepEqual(read("*-sampler.eta", BASE), [PLAIN]);
});

test("what is said is read again, whatever the values hold", () => {
  const others = [{ ...PLAIN, sampler: "Heun" }, BASE, { ...BASE, data: '{"weights": [1, 2], "a": "50%2C*:-"}' }, { ...BASE, "guidance.w": "-1.5e-3", note: "" }, {}];
  assert.deepEqual(read(said(BASE, others), BASE), others);
  assert.equal(wrong(said(BASE, others)), "");
});

test("a value survives the link itself", () => {
  const text = said(BASE, [{ ...BASE, data: "a,b*c%d e+f&g=h" }]);
  const link = new URLSearchParams({ ...BASE, "view.compare": text }).toString();
  assert.deepEqual(read(new URLSearchParams(link).get("view.compare"), BASE)[0].data, "a,b*c%d e+f&g=h");
});

test("six stages fit a link of 2,000 characters", () => {
  const base = { data: "two_moons", sampler: "DPMSolver", "sampler.order": "3", "sampler.prediction": "data", grid: "KarrasRho", "grid.steps": "20", "grid.rho": "7", process: "VP", "process.schedule": "Cosine" };
  const others = Array.from({ length: MOST - 1 }).map((_, n) => ({
    ...base, sampler: "StochasticRungeKutta", "sampler.long_parameter": String(n / 7), "grid.steps": String(10 + n), guidance: "ClassifierFree", "guidance.w": String(Math.PI * n), "process.schedule.offset": "0.0081",
  }));
  const link = new URLSearchParams({ ...base, "view.compare": said(base, others), "view.selected": "6", "view.clock": "calls", "view.overlay": "1-2" }).toString();
  assert.ok(link.length <= 2000, `${link.length}`);
});

test("links of before say the other side of a line through images as one whole query", () => {
  const a = { data: "digits-unet", "grid.steps": "3", particles: "4", seed: "2" };
  assert.deepEqual(read(new URLSearchParams(a).toString(), BASE), [a]);
  assert.equal(wrong(new URLSearchParams(a).toString()), "");
});

test("what cannot be read is left out and named", () => {
  assert.deepEqual(read("*grid.steps:20*nonsense*-seed", BASE), [{ ...BASE, "grid.steps": "20" }, without(BASE, "seed")]);
  assert.match(wrong("*grid.steps:20*nonsense*-seed"), /stage 3: "nonsense"/);
  assert.deepEqual(read("garbage", BASE), []);
  assert.notEqual(wrong("garbage"), "");
  assert.notEqual(wrong("*__proto__:1"), "");
  assert.equal(read("*a:1".repeat(6), BASE).length, MOST - 1);
  assert.match(wrong("*a:1".repeat(6)), /7 stages; at most 6/);
});

test("stages keep the numbers of the link when one before them is left out", () => {
  assert.deepEqual(numbered("*foo bar:1*sampler:Nope*grid.steps:20", {}), [{ n: 3, q: { sampler: "Nope" } }, { n: 4, q: { "grid.steps": "20" } }]);
});

test("what is refused is a sentence, with the closest of many names or a few", () => {
  assert.equal(sentence("steps: abc cannot be used; allowed: a number from 1 to 9"), "steps: abc cannot be used; allowed: a number from 1 to 9.");
  assert.equal(sentence("method: Hein cannot be used; allowed: Heun (closest); one of A, B, C, D, E"), "method: Hein cannot be used; allowed: Heun (closest).");
  assert.equal(sentence("method: Nope cannot be used; allowed: one of A, B, C, D, E"), "method: Nope cannot be used; allowed: one of A, B, C, D, … (5 in all).");
  assert.equal(sentence("mode: x cannot be used; allowed: one of A, B"), "mode: x cannot be used; allowed: one of A, B.");
});
