// Why something cannot be chosen, or does nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";
import { formOf, pictures } from "./form.js";

test("what is chosen at the start can be chosen", () => {
  const { judge, chosen } = formOf();
  for (const slot of ["data", "process", "sampler", "grid", "guidance"]) assert.equal(judge.why(slot, chosen.of(slot)), "", slot);
});

test("of every process its own sampler, grid and guidance can be chosen, and some others not, with a reason", () => {
  const { config } = formOf();
  let refused = 0;
  for (const process of Object.keys(config.families.processes)) {
    const { judge, chosen, grammar } = formOf({ process });
    if (judge.why("process", process)) continue; // of data that live elsewhere
    for (const slot of ["sampler", "grid", "guidance"]) assert.equal(judge.why(slot, chosen.of(slot)), "", `${process} ${slot}`);
    for (const sampler of Object.keys(grammar.families.samplers)) refused += Number(judge.why("sampler", sampler).length > 3);
  }
  assert.ok(refused > 20);
});

test("the verdict of a packet counts for exactly what was asked", () => {
  const { judge, chosen } = formOf(), legal = { sampler: { Heun: "says so" } };
  assert.ok(judge.hear({ q: {}, legal }));
  assert.ok(!judge.hear({ q: {}, legal }), "it is no news twice");
  assert.equal(judge.why("sampler", "Heun"), "says so");
  assert.equal(judge.why("sampler", "Euler"), "");
  chosen.values["pg-seed"] = 4; // no choice that legality depends on
  assert.equal(judge.why("sampler", "Heun"), "says so");
  chosen.values["pg-process"] = "VE";
  assert.equal(judge.why("sampler", "Heun"), judge.expected("sampler", "Heun") ?? "");
});

test("a verdict that comes before the form says what was asked waits", () => {
  const { judge, chosen } = formOf();
  assert.ok(!judge.hear({ q: { data: "rings" }, legal: { grid: { Karras: "not here" } } }));
  assert.equal(judge.why("grid", "Karras"), "");
  chosen.values["pg-data"] = "rings";
  assert.ok(judge.hear());
  assert.equal(judge.why("grid", "Karras"), "not here");
});

test("a choice within a choice is judged in its outer slot's words", () => {
  const { config, judge } = formOf({ sampler: "PredictorCorrector" });
  const slot = Object.keys(config.nested)[0], key = Object.keys(config.families.samplers)[0];
  assert.equal(typeof judge.why(slot, key), "string");
});

test("data are judged by the process, and a mixture of one's own like the first data", () => {
  const { config, judge, chosen } = formOf({ process: "CLD" }), [image] = pictures(config);
  assert.equal(judge.why("data", image), config.legal.data.CLD[image] ?? "");
  chosen.values["pg-data"] = '{"weights":[1]}';
  assert.equal(judge.model(), config.models["moons exact"]);
});

test("processes of one signature take the same", () => {
  const { judge } = formOf();
  assert.equal(judge.signature("VP"), judge.signature("VP"));
  assert.notEqual(judge.signature("VP"), judge.signature("CLD"));
});

test("every declared condition holds or says why", () => {
  const { config, judge, chosen, grammar } = formOf();
  let told = 0;
  for (const c of config.controls) {
    for (const [path, how, list, words] of c.when ?? []) {
      const other = grammar.id(path, c.kind);
      chosen.values[other] = how === "above" ? list[0] + 1 : how === "one of" ? list[0] : "something else";
      const held = judge.idleOf({ ...c, path: "x", when: [[path, how, list, words]] });
      assert.equal(held, "", c.id);
      chosen.values[other] = how === "above" ? list[0] : how === "one of" ? "something else" : list[0];
      assert.equal(judge.idleOf({ ...c, path: "x", when: [[path, how, list, words]] }), words, c.id);
      told++;
    }
  }
  assert.ok(told > 3);
});

test("a parameter of something idle is idle too; what is not there does something", () => {
  const { judge, config } = formOf(), c = config.controls.find((x) => x.when && x.path.includes("."));
  assert.equal(judge.idle(c.kind ? `${c.kind}:${c.path}` : c.path), judge.idleOf(c));
  assert.equal(judge.idle("no.such"), "");
});
