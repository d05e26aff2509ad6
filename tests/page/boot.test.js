// boot.js, which every module reads through lib/start.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { boot } from "./setup.js";

test("a link is the experiment, the view and what hosts add", () => {
  const { first, experimentPart } = boot("?data=rings&grid.steps=7&view.at=0.5&utm_source=x&fbclid=1&__theme=dark");
  assert.deepEqual(first.query, { data: "rings", "grid.steps": "7" });
  assert.deepEqual(experimentPart("?logs=1&seed=3"), { seed: "3" });
});

test("names of former links are law and model", () => {
  const { config, renamed, models } = boot();
  const [name, [law, model]] = Object.entries(config.old)[0];
  assert.equal(renamed({ data: name }).data, law);
  assert.equal(renamed({ data: name }).model ?? models(law)[0], model);
  assert.deepEqual(renamed({ data: "set:0123abcd-unet" }), { data: "set:0123abcd", model: "unet" });
});

test("images come with their number and ask for nothing by themselves", () => {
  const { config, first } = boot(`?data=${Object.entries(boot().config.laws).find(([, law]) => law.pictures)[0]}`);
  assert.equal(first.query.particles, String(config.batch));
  assert.equal(first.response, null);
});

test("the address of a packet has the query in it", () => {
  const url = boot().packetUrl("run", "density", { data: "moons" }, { seq: 2 });
  assert.equal(url.pathname, "/live/packet");
  assert.deepEqual(Object.fromEntries(url.searchParams), { layer: "run", want: "density", seq: "2", data: "moons" });
});
