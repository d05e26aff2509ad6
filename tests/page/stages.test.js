// Several stages: what they share, what is said of them, how they stand beside each other; the form that says a stage's experiment.
import assert from "node:assert/strict";
import { test } from "node:test";
import { boot } from "./setup.js";
import { formOf } from "./form.js";

const { after, columnsFor, follow, shared } = await import("../../assets/ui/compare/rules.js");
const { Linked } = await import("../../assets/ui/compare/linked.js");
const { equal, text } = await import("../../assets/ui/form/query.js");
const { Once } = await import("../../assets/ui/form/once.js");

const { grammar } = formOf();
const HEUN = { sampler: "Heun", "grid.steps": "10", grid: "UniformLogSNR" };

test("what is shared changes everywhere, and nothing else does", () => {
  assert.deepEqual(follow(grammar, { seed: "1" }, { seed: "2", "grid.steps": "5", grid: "UniformLogSNR" }, { ...HEUN, seed: "1" }, false), { ...HEUN, seed: "2" });
  assert.deepEqual(follow(grammar, { data: "rings" }, {}, { ...HEUN, data: "rings" }, false), HEUN);
});

test("with all every change goes to all, a whole choice with its numbers, and a number only to who has it", () => {
  assert.deepEqual(follow(grammar, {}, { grid: "UniformLogSNR", "grid.steps": "5" }, HEUN, true), { ...HEUN, "grid.steps": "5" });
  assert.deepEqual(follow(grammar, { sampler: "Heun" }, { sampler: "DDIM", "sampler.eta": "0.5" }, { sampler: "DDPM", "sampler.variance": "large" }, true), { sampler: "DDIM", "sampler.eta": "0.5" });
  assert.deepEqual(follow(grammar, { sampler: "DDIM" }, { sampler: "DDIM", "sampler.eta": "0.5" }, HEUN, true), HEUN);
});

test("other data take who predicts with them", () => assert.deepEqual(follow(grammar, { data: "digits-unet" }, { data: "rings" }, { data: "digits-unet", model: "ideal" }, false), { data: "rings" }));

test("a link's further stages have the first one's data, seed and particles", () => {
  assert.deepEqual(shared({ data: "rings", seed: "3" }, { data: "spiral", particles: "10", ...HEUN }), { ...HEUN, data: "rings", seed: "3" });
});

test("a stage keeps its place when another is gone", () => assert.deepEqual([0, 1, 2, 3].map((which) => after(which, 1)), [0, 0, 1, 2]));

/** What of a link is left out, its further stages, and what the view says then. @param {string} search */
function linked(search) {
  const { chosen } = formOf(), view = { said: Object.fromEntries([...new URLSearchParams(search)].flatMap(([k, v]) => (k.startsWith("view.") ? [[k.slice(5), v]] : []))) };
  const before = globalThis.location;
  globalThis.location = { ...before, search };
  try {
    const one = new Linked({ grammar, chosen, view });
    return { out: one.check(), told: one.told, view: view.said };
  } finally {
    globalThis.location = before;
  }
}

test("a link's stages say neither what is shared nor what is usual", () => {
  const { data } = grammar.top, { out, told } = linked(`?data=${data.default}&sampler=EulerMaruyama&grid.steps=4&noise=path&view.compare=*grid.steps:16*sampler:Nope`);
  assert.equal(out, "");
  assert.equal(told[0].q.data, undefined);
  assert.deepEqual([told[0].q["grid.steps"], told[0].q.noise, told[0].q.grid], ["16", "path", grammar.kind({}, "grid")]);
  assert.equal(told[1].q.sampler, "Nope"); // the server says what is wrong with it
});

test("what a link says of stages and cannot be is told", () => {
  assert.match(linked("?view.compare=*sampler:Heun*data:mnist-unet").out, /^Stage 3 has no data of its own: .* are shared by all stages\.$/);
  const itself = linked("?view.compare=*sampler:Heun&view.overlay=1");
  assert.match(itself.out, /view\.overlay = 1 \(the selected stage itself\)\.$/);
  assert.equal(itself.view.overlay, "");
  assert.equal(linked("?view.compare=*sampler:Heun&view.overlay=1&view.selected=2").out, "");
  assert.match(linked("?view.compare=*nonsense*sampler:Heun&view.selected=2&view.overlay=4").out, /view\.selected = 2 \(it is left out\); view\.overlay = 4 \(of 3\)/);
});

test("of several arrangements the one with the largest pictures", () => {
  assert.equal(columnsFor(2, 870, 520, 40, 1.25), 2);
  assert.equal(columnsFor(6, 870, 520, 40, 1.25), 3);
  assert.equal(columnsFor(2, 390, 700, 40, 1.25), 1);
  assert.equal(columnsFor(1, 870, 520, 40, 1.25), 1);
});

test("a number that a sampler does not have is not said of it", () => {
  const name = (data) => data;
  assert.deepEqual(grammar.differences([{ sampler: "DDIM", "sampler.eta": "0.5" }, { sampler: "Heun" }, { sampler: "DDIM" }], name), ["DDIM, eta 0.5", "Heun", "DDIM, eta 0"]);
  assert.deepEqual(grammar.differences([HEUN, HEUN, HEUN], name), ["", "", ""]);
});

test("what differs reads well of every kind: choices first, then numbers; what is long is cut", () => {
  const name = (data) => data, levels = `[${Array.from({ length: 30 }, (_, n) => (1 - n / 30).toFixed(3))}]`;
  assert.deepEqual(grammar.differences([{ "grid.steps": "10", sampler: "Heun" }, { "grid.steps": "20", sampler: "DDIM" }], name), ["Heun, steps 10", "DDIM, steps 20"]);
  assert.deepEqual(grammar.differences([{ process: "VP", "process.schedule": "Cosine" }, { process: "VP" }], name), ["cosine", "linear β"]);
  const [own] = grammar.differences([{ grid: "Custom", "grid.levels": levels }, {}], name);
  assert.ok(own.length < 60 && own.includes("…"), own);
  assert.deepEqual(grammar.differing([{ sampler: "DDIM", "sampler.eta": "0.5" }, { sampler: "Heun" }], name).map(({ values }) => values), [["DDIM", "Heun"], ["0.5", ""]]);
});

test("the form says an experiment of its own grammar exactly", () => {
  let seen = 0;
  for (const { whole, key } of boot().config.examples) {
    const { chosen, grammar: of } = formOf(), values = of.valuesOf(whole, chosen.values);
    assert.ok(values, `${key}: no controls say ${text(whole)}`);
    assert.ok(equal(of.query(values), whole));
    seen++;
  }
  assert.ok(seen > 5);
  assert.deepEqual(grammar.query(grammar.valuesOf({}, formOf({ sampler: "DDIM", seed: 3 }).chosen.values)), {});
  assert.equal(grammar.valuesOf({ sampler: "DDIM", "sampler.eta": "0.0" }, formOf().chosen.values), null); // a default that is said: Python puts it in our words
});

test("what several ask for is asked for once, and given up when nobody waits", async () => {
  const once = new Once(), signals = [];
  let answer;
  const get = (signal) => (signals.push(signal), new Promise((resolve) => (answer = resolve)));
  const first = new AbortController(), a = once.ask("k", get, first.signal), b = once.ask("k", get);
  first.abort();
  await assert.rejects(a, { name: "AbortError" });
  answer(7);
  assert.equal(await b, 7);
  assert.deepEqual([signals.length, signals[0].aborted], [1, false]);
  const alone = new AbortController(), c = once.ask("k", get, alone.signal);
  alone.abort();
  await assert.rejects(c, { name: "AbortError" });
  assert.deepEqual([signals.length, signals[1].aborted], [2, true]);
});
