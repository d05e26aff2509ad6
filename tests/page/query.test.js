// Values of the form ↔ flat names of a link.
import assert from "node:assert/strict";
import { test } from "node:test";
import { boot } from "./setup.js";
import { formOf, pictures } from "./form.js";

const { equal, renamed, same, text } = await import("../../assets/ui/form/query.js");

test("numbers and their texts say the same; nothing is no number", () => {
  assert.ok(same("7", 7) && same(0.5, "0.50") && same("1e2", 100) && same(true, "true"));
  assert.ok(!same("", 0) && !same(0, "") && !same("a", "b") && !same(1, 2));
});

test("queries are equal by what they say", () => {
  assert.ok(equal({ a: "1", b: "x" }, { b: "x", a: 1.0 }));
  assert.ok(!equal({ a: "1" }, { b: "1" }) && !equal({ a: "1" }, { a: "1", b: "" }) && !equal({ a: "1" }, {}));
});

test("a record under another outer name", () => {
  assert.deepEqual(renamed({ schedule: "Cosine", "schedule.offset": 1 }, "schedule", "process.schedule"), { "process.schedule": "Cosine", "process.schedule.offset": 1 });
});

test("one experiment has one text, whatever order its names have", () => {
  assert.equal(text({ seed: "1", data: "rings" }), text({ data: "rings", seed: "1" }));
  assert.equal(text({}), "");
  assert.notEqual(text({ data: "a&b" }), text({ data: "a", b: "" }));
});

test("the default form is the empty query", () => assert.deepEqual(formOf().chosen.query(), {}));

test("what differs from the defaults is said, and nothing of what is not chosen", () => {
  const { chosen } = formOf({ data: "rings", "grid-steps": 7, seed: 3 });
  chosen.values["pg-sampler-DDIM-eta"] = 0.5; // of a sampler that is not chosen
  assert.deepEqual(chosen.query(), { data: "rings", "grid.steps": "7", seed: "3", grid: chosen.of("grid") });
});

test("parameters are said with their choice", () => {
  const { chosen } = formOf({ sampler: "DDIM", "pg-sampler-DDIM-eta": 0.5 });
  assert.deepEqual(chosen.query(), { sampler: "DDIM", "sampler.eta": "0.5" });
});

test("a choice within a choice", () => {
  const { chosen, grammar } = formOf({ sampler: "PredictorCorrector" });
  const inner = grammar.id("sampler.predictor", "PredictorCorrector");
  assert.equal(chosen.query()["sampler.predictor"], undefined);
  chosen.values[inner] = "DDIM";
  assert.equal(chosen.query()["sampler.predictor"], "DDIM");
});

test("every process with its own sampler and grid says only itself", () => {
  const { config } = boot();
  for (const process of Object.keys(config.families.processes)) {
    const { chosen, settle } = formOf({ process }), usual = settle.scheduleOf(process);
    if (usual) settle.schedule(usual); // the form's own is that of the first process
    assert.deepEqual(chosen.query(), process === config.top.process.default.process ? {} : { process });
  }
});

test("the first model of the data is not said", () => {
  const { config, grammar, chosen } = formOf(), data = Object.keys(config.laws).find((law) => config.laws[law].models.length > 1);
  Object.assign(chosen.values, { "pg-data": data, "pg-model": grammar.firstModel(data) });
  assert.equal(chosen.query().model, undefined);
  chosen.values["pg-model"] = config.laws[data].models[1];
  assert.equal(chosen.query().model, config.laws[data].models[1]);
});

test("pictures, mixtures of one's own, and what a source may be", () => {
  const { config, grammar, chosen } = formOf();
  assert.ok(grammar.pictures(pictures(config)[0]) && !grammar.pictures("moons") && !grammar.pictures(undefined));
  assert.ok(grammar.handMade('{"weights":[1]}') && !grammar.handMade("moons") && !grammar.handMade("nonsense"));
  assert.deepEqual(grammar.more("Interpolant:process.origin", chosen.values), []);
  chosen.values["pg-data"] = '{"weights":[1]}';
  assert.equal(grammar.more("Interpolant:process.origin", chosen.values)[0].key, '{"weights":[1]}');
  assert.deepEqual(grammar.more("sampler", chosen.values), []);
});

test("a field is found by its kind; one that is not there is a mistake of ours", () => {
  const { grammar, chosen } = formOf();
  assert.equal(grammar.id("sampler.eta", "DDIM"), "pg-sampler-DDIM-eta");
  assert.equal(grammar.at(chosen.values, "no.such"), undefined);
  assert.throws(() => grammar.id("no.such"), /no control of no\.such/);
});

test("titles, owners of schedules, strange grids", () => {
  const { config, grammar } = formOf();
  assert.equal(grammar.title("samplers", "DDIM"), config.titles.samplers.DDIM);
  assert.equal(grammar.title("samplers", "Mine"), "Mine");
  assert.equal(grammar.ownerOf("VP"), "VP");
  assert.equal(grammar.ownerOf("EDM"), "VP");
  assert.ok(!grammar.strange(config.suits.VP, "VP") && grammar.strange("Karras", "VP"));
});

test("what two queries differ in, in words of either side", () => {
  const { grammar, config } = formOf(), name = (data) => config.laws[data].title;
  assert.deepEqual(grammar.difference({}, {}, name), ["", ""]);
  assert.deepEqual(grammar.difference({ "grid.steps": "5" }, { "grid.steps": "9" }, name), ["steps 5", "steps 9"]);
  assert.deepEqual(grammar.difference({ data: "rings" }, {}, name), [name("rings"), name("moons")]);
  const [a, b] = grammar.difference({ sampler: "DDIM" }, {}, name);
  assert.deepEqual([a, b], [grammar.title("samplers", "DDIM"), grammar.title("samplers", config.fallback.VP.sampler)]);
  assert.equal(grammar.difference({ "sampler.eta": "0.5" }, {}, name)[0], "eta 0.5");
  assert.equal(grammar.difference({ unknown: "1" }, {}, name)[0], "unknown 1");
});

test("every example of the header is said as Python says it", () => {
  let seen = 0;
  for (const { whole, key } of boot().config.examples) {
    const process = whole.process ?? "VP", { chosen, grammar, settle } = formOf({ process }), usual = settle.scheduleOf(process), { values } = chosen;
    if (usual) settle.schedule({ ...usual, ...whole });
    values["pg-model"] = whole.model ?? grammar.firstModel(whole.data ?? "moons");
    for (const c of grammar.controls) {
      const outer = c.path.slice(0, c.path.lastIndexOf("."));
      if (c.path in whole && (!c.kind || c.kind === (whole[outer] ?? grammar.at(values, outer)))) values[c.id] = whole[c.path];
    }
    assert.ok(equal(chosen.query(), whole), `${key}: ${text(chosen.query())} instead of ${text(whole)}`);
    seen++;
  }
  assert.ok(seen > 5);
});
