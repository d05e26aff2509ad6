import assert from "node:assert/strict";
import test, { mock } from "node:test";
import "./setup.js";

test("what could not be had is asked for again when the server answers again, and not before", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const online = [], there = { ok: false }, asked = [];
  globalThis.addEventListener = (name, act) => name === "online" && online.push(act);
  globalThis.document = { ...globalThis.document, visibilityState: "visible", baseURI: "http://localhost/play/" };
  globalThis.fetch = async (url) => (asked.push(String(url)), there);
  const { Return } = await import("../../assets/ui/form/return.js");
  const back = new Return(), done = [];
  const turn = async (ms) => { mock.timers.tick(ms); for (let i = 0; i < 9; i++) await null; };
  back.wait(() => done.push("first"));
  await turn(2000);
  assert.deepEqual(asked, ["http://localhost/play/live/health"]);
  await turn(3999);
  assert.equal(asked.length, 1); // twice as long as before
  await turn(1);
  assert.equal(asked.length, 2);
  there.ok = true;
  online.forEach((act) => act());
  await turn(0);
  assert.deepEqual(done, ["first"]);
  back.over();
  await turn(100000);
  online.forEach((act) => act());
  await turn(0);
  assert.equal(asked.length, 3);
  mock.timers.reset();
});
