// What gives way after a change, and what comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";
import { formOf, pictures } from "./form.js";

/** Changes a slot as a hand does. */
function change(form, slot, key) {
  form.chosen.values[`pg-${slot}`] = key;
  if (slot === "data") form.settle.data();
  else if (slot === "model") form.settle.model();
  else if (slot === "guidance") form.settle.guidance();
  form.settle.process();
}

test("whatever process is chosen, what is chosen then fits it", () => {
  const { config } = formOf();
  let changes = 0;
  for (const process of Object.keys(config.families.processes)) {
    const form = formOf();
    if (form.judge.why("process", process)) continue;
    change(form, "process", process);
    for (const slot of ["sampler", "grid", "guidance"]) assert.equal(form.judge.why(slot, form.chosen.of(slot)), "", `${process} ${slot}`);
    changes += form.said.length;
  }
  assert.ok(changes > 3);
});

test("a sampler that gives way is named with its reason, and comes back", () => {
  const form = formOf({ sampler: "DDIM" });
  change(form, "process", "CLD");
  assert.notEqual(form.chosen.of("sampler"), "DDIM");
  assert.match(form.said.at(-1), /sampler DDIM.* → /);
  assert.equal(form.gave.length, 1);
  change(form, "process", "VP");
  assert.equal(form.chosen.of("sampler"), "DDIM");
});

test("the grid comes with the process, unless it was chosen by hand", () => {
  const form = formOf();
  change(form, "process", "CLD");
  assert.equal(form.chosen.of("grid"), form.config.suits.CLD);
  const own = formOf();
  own.settle.ownGrid = true;
  change(own, "process", "SubVP");
  assert.equal(own.chosen.of("grid"), own.config.fallback.VP.grid);
});

test("an untouched schedule becomes the new process's default; one with a number of its own stays", () => {
  const form = formOf(), cosine = Object.entries(form.grammar.families.processes).find(([p, c]) => c.schedule && c.schedule.default.schedule !== "LinearBeta" && !form.judge.why("process", p));
  if (cosine) {
    change(form, "process", cosine[0]);
    assert.equal(form.chosen.of("schedule"), cosine[1].schedule.default.schedule);
  }
  const own = formOf({ "pg-schedule-LinearBeta-beta_max": 12 });
  change(own, "process", "CLD");
  change(own, "process", "VP");
  assert.equal(own.chosen.values["pg-schedule-LinearBeta-beta_max"], 12);
  const back = formOf();
  change(back, "process", "CLD");
  change(back, "process", "EDM"); // has none
  change(back, "process", "VP");
  assert.deepEqual(back.grammar.flat(back.chosen.values, "process.schedule", "schedules", back.chosen.of("schedule")), { "process.schedule": "LinearBeta" });
});

test("a schedule is told with its numbers", () => {
  const form = formOf();
  form.settle.schedule({ "process.schedule": "LinearBeta", "process.schedule.beta_max": "15" });
  assert.equal(form.chosen.values["pg-schedule-LinearBeta-beta_max"], 15);
  form.settle.schedule({ "process.schedule": "LinearBeta" });
  assert.equal(form.chosen.values["pg-schedule-LinearBeta-beta_max"], 20);
});

test("images take few particles and their own start; toys get theirs back", () => {
  const form = formOf({ particles: 777, start: "exact" }), [image] = pictures(form.config);
  change(form, "data", image);
  const { values } = form.chosen;
  assert.equal(values["pg-particles"], form.config.batch);
  assert.equal(values["pg-start"], "prior");
  assert.equal(values["pg-model"], form.grammar.firstModel(image));
  for (const slot of ["process", "sampler", "grid", "guidance"]) assert.equal(form.judge.why(slot, form.chosen.of(slot)), "", slot);
  assert.equal(form.settle.dataOf("images"), null);
  const toy = form.settle.dataOf("toys");
  assert.equal(toy, "moons");
  change(form, "data", toy);
  assert.equal(values["pg-particles"], 777);
  assert.equal(form.settle.dataOf("images"), image);
});

test("the other page opens with its first data where nothing was there before", () => {
  const { settle, config } = formOf();
  assert.equal(settle.dataOf("toys"), null);
  assert.equal(settle.dataOf("images"), pictures(config)[0]);
});

test("every law and model comes with a process, sampler, grid and guidance that fit it, from wherever", () => {
  const { config } = formOf(), form = formOf();
  let seen = 0;
  for (const law of [...Object.keys(config.laws), ...Object.keys(config.laws).reverse()]) {
    change(form, "data", law);
    for (const model of config.laws[law].models) {
      change(form, "model", model);
      for (const slot of ["process", "sampler", "grid", "guidance", "start", "mode"]) assert.equal(form.judge.why(slot, form.chosen.of(slot)), "", `${law} ${model} ${slot}`);
      seen++;
    }
  }
  assert.ok(seen > 40);
});

test("a model that knows one process brings it with its numbers", () => {
  const form = formOf(), [name, { own }] = Object.entries(form.config.models).find(([, m]) => m.own.process), [law, model] = name.split(" ");
  change(form, "data", law);
  change(form, "model", model);
  assert.equal(form.chosen.process, own.process);
  for (const [path, value] of Object.entries(own)) {
    const c = form.grammar.control(path, own.process);
    if (c?.kind === own.process) assert.ok(String(form.chosen.values[c.id]) === String(value), path);
  }
});

test("a law remembers its last model", () => {
  const form = formOf(), law = Object.keys(form.config.laws).find((key) => form.config.laws[key].models.length > 1), second = form.config.laws[law].models[1];
  change(form, "data", law);
  change(form, "model", second);
  change(form, "data", "moons");
  change(form, "data", law);
  assert.equal(form.chosen.of("model"), second);
});

test("a sampler that guidance does not take gives way to the process's own", () => {
  let seen = 0;
  const { config, grammar } = formOf();
  for (const guidance of Object.keys(grammar.families.guidance)) for (const sampler of Object.keys(grammar.families.samplers)) {
    const form = formOf({ sampler });
    if (form.judge.why("sampler", sampler) || form.judge.why("guidance", guidance)) continue;
    change(form, "guidance", guidance);
    if (form.chosen.of("sampler") === sampler) continue;
    assert.equal(form.chosen.of("sampler"), config.fallback.VP.sampler);
    assert.match(form.said.at(-1), /sampler .* → /);
    seen++;
  }
  assert.ok(seen > 0);
});

test("a link's grid is one's own where it does not come by itself; what was refused is forgotten", () => {
  const form = formOf({ grid: "Karras" });
  form.settle.begin(true);
  assert.ok(form.settle.ownGrid);
  form.chosen.values["pg-process"] = "CLD";
  form.settle.back();
  assert.equal(form.settle.lastProcess, "CLD");
  assert.equal(form.settle.scheduleOwner, "CLD");
});

test("what components say: forced values are awaited, older news is not taken", () => {
  const { chosen, grammar, written } = formOf(), steps = grammar.control("grid.steps");
  chosen.force(steps.id, 9);
  assert.deepEqual(written.at(-1), [steps.id, 9]);
  assert.ok(!chosen.take(steps, 40, 0), "an older value");
  assert.ok(chosen.take(steps, "9", 0));
  assert.ok(chosen.take(steps, 12, 0));
  chosen.ahead.set(steps.id, { value: 20, until: 100 });
  assert.ok(!chosen.take(steps, 12, 50) && chosen.take(steps, 13, 101));
  assert.ok(!chosen.take(steps, null, 0) && !chosen.take(steps, "", 0));
  assert.throws(() => chosen.force("pg-none", 1), /no control/);
});

test("what a component says already is not awaited, unless its report is still on its way", () => {
  const { chosen, grammar, mute } = formOf(), steps = grammar.control("grid.steps");
  mute.add(steps.id);
  chosen.force(steps.id, 20);
  assert.ok(chosen.take(steps, 40, 0), "a hand's value");
  mute.delete(steps.id);
  chosen.force(steps.id, 9);
  mute.add(steps.id);
  chosen.force(steps.id, 9); // stands in the box already
  assert.ok(!chosen.take(steps, 40, 0), "an older value");
  assert.ok(chosen.take(steps, 9, 0) && chosen.take(steps, 12, 0));
});
