// The link in the address bar.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";

const { Address, linkOf, misread, viewIn } = await import("../../assets/ui/form/address.js");

test("the view's part of a link", () => assert.deepEqual(viewIn("?data=rings&view.at=0.5&view.lab=errors&utm=1"), { at: "0.5", lab: "errors" }));

test("a link says the query and of the view what is not empty", () => {
  assert.equal(linkOf({}, {}), "");
  assert.equal(linkOf({ data: "rings" }, { at: "0.5", lab: "" }), "?data=rings&view.at=0.5");
  assert.equal(linkOf({ data: '{"a":[1,2]}' }, {}), "?data={%22a%22:[1,2]}");
  const query = { data: "a&b=c #1", "grid.levels": "[0.9,0.5]" };
  assert.deepEqual(Object.fromEntries(new URLSearchParams(linkOf(query, {}))), query);
});

test("what of the view cannot be read", () => {
  const rules = { at: (v) => (Number(v) <= 1 ? "" : "a number from 0 to 1") }, names = new Set(["pin"]);
  assert.deepEqual(misread({ at: "0.5", pin: "x", "pin.more": "y", empty: "" }, rules, names), []);
  assert.deepEqual(misread({ at: "2", other: "x" }, rules, names), [["at", "a number from 0 to 1"], ["other", "no such name"]]);
});

/** An address bar, and what was written into its history. */
function bar(t, query, shown = query, news = true) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const written = [], page = { query: () => query, shown: () => shown, view: () => ({ at: "1" }), isNews: () => news };
  globalThis.location = { pathname: "/", search: "", hash: "#x" };
  globalThis.history = { pushState: (_, __, to) => written.push(["push", to]), replaceState: (_, __, to) => written.push(["replace", to]) };
  return { address: new Address(page), written };
}

test("it follows when nothing has changed for a while", (t) => {
  const { address, written } = bar(t, { data: "rings" });
  address.later();
  t.mock.timers.tick(300);
  address.later();
  assert.ok(address.pending);
  t.mock.timers.tick(399);
  assert.deepEqual(written, []);
  t.mock.timers.tick(1);
  assert.deepEqual(written, [["push", "/?data=rings&view.at=1#x"]]);
  assert.ok(!address.pending);
});

test("it waits for the picture, and says nothing of what was refused", (t) => {
  const waiting = bar(t, { data: "rings" }, {});
  waiting.address.write();
  assert.ok(waiting.address.pending && !waiting.written.length);
  waiting.address.still();
  waiting.address.refused = "data=rings";
  waiting.address.write();
  assert.ok(!waiting.address.pending && !waiting.written.length);
});

test("a link in other words is no second page; one that could not be read is replaced", (t) => {
  const other = bar(t, {}, {}, false);
  other.address.write();
  assert.equal(other.written[0][0], "replace");
  t.mock.timers.reset();
  const unread = bar(t, {});
  unread.address.later(true);
  unread.address.write();
  assert.equal(unread.written[0][0], "replace");
  assert.ok(!unread.address.rewrite);
});

test("the same address is not written again; before a picture it is the form's", (t) => {
  const { address, written } = bar(t, { data: "rings" }, null);
  assert.equal(address.link, "/?data=rings&view.at=1#x");
  t.mock.timers.reset();
  const same = bar(t, {});
  globalThis.location.search = "?view.at=1";
  same.address.write();
  assert.deepEqual([written, same.written], [[], []]);
});


test("undo goes no further back than to the page's own first address, and forth only to what it knows", (t) => {
  const { address } = bar(t, { data: "rings" }), steps = [];
  const entries = [{ at: 0 }];
  let here = 0;
  Object.assign(globalThis.history, {
    pushState: (state) => entries.splice(++here, Infinity, state),
    replaceState: (state) => (entries[here] = state),
    go: (way) => steps.push((here += way)),
  });
  Object.defineProperty(globalThis.history, "state", { get: () => entries[here] });
  assert.ok(!address.step(-1) && !address.step(1));
  address.go("?data=rings");
  address.go("?data=moons");
  assert.deepEqual(entries, [{ at: 0 }, { at: 1 }, { at: 2 }]);
  assert.ok(!address.step(1));
  assert.ok(address.step(-1) && address.step(-1) && !address.step(-1));
  assert.ok(address.step(1));
  address.go("?data=cross"); // what was undone is gone
  assert.ok(!address.step(1));
  assert.deepEqual(steps, [1, 0, 1]);
});

test("the query of a file is that of the address, or ? where it says nothing", (t) => {
  const { address } = bar(t, { data: "rings" }, { data: "moons" });
  assert.equal(address.query, "?data=moons&view.at=1");
  assert.equal(address.queryWith({ at: "0.5" }), "?data=moons&view.at=0.5");
  t.mock.timers.reset();
  assert.equal(bar(t, {}).address.queryWith({ at: "" }), "?");
});

const { asked } = await import("../../assets/ui/form/undo.js");

test("which keys undo and redo", () => {
  const key = (name, more) => asked({ key: name, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });
  assert.deepEqual([key("z", { ctrlKey: true }), key("z", { metaKey: true }), key("Z", { ctrlKey: true, shiftKey: true }), key("Z", { metaKey: true, shiftKey: true })], [-1, -1, 1, 1]);
  assert.deepEqual([key("z"), key("Z", { shiftKey: true }), key("z", { ctrlKey: true, altKey: true }), key("y", { ctrlKey: true })], [0, 0, 0, 0]);
});
