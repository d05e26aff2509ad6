// Links that follow each other: the page is loaded anew only where nobody answers.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import "./setup.js";
import { Bridge } from "../../assets/ui/form/bridge.js";

test("the timer of a link that another one replaced does not load the page anew", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let loads = 0;
  const { location } = globalThis, bridge = new Bridge();
  globalThis.location = { reload: () => loads++ };
  try {
    bridge.props = { value: null, payload: null };
    bridge.restore({ seed: "1" });
    mock.timers.tick(3000);
    bridge.restore({ seed: "2" });
    assert.deepEqual(bridge.props.value, { query: { seed: "2" }, token: 2 });
    assert.ok(bridge.asked);
    bridge.answered();
    assert.ok(!bridge.asked);
    mock.timers.tick(60000);
    assert.equal(loads, 0);
    bridge.restore({ seed: "3" });
    mock.timers.tick(60000);
    assert.equal(loads, 1, "nobody answers");
  } finally {
    globalThis.location = location;
    mock.timers.reset();
  }
});
