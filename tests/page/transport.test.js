// What is heard of a server that refuses, or that something stands in front of.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./setup.js";
import { Refused, Transport, Unreachable, complaintOf } from "../../assets/ui/form/transport.js";

const page = () => new Response("<html>Bad gateway</html>", { status: 502 });

test("a response that is no JSON is of no server of ours", async () => {
  assert.equal(await complaintOf(page()), null);
  assert.deepEqual(await complaintOf(Response.json({ error: { field: "seed", message: "no" } }, { status: 400 })), { field: "seed", message: "no" });
  const transport = new Transport(({ message }) => new Refused(message));
  const failure = await transport.failure(page());
  assert.ok(failure instanceof Unreachable);
  const refused = await transport.failure(Response.json({ error: { message: "no" } }, { status: 400 }));
  assert.ok(refused instanceof Refused && refused.message === "no");
});

test("a run of images that a proxy answers is one that cannot be reached", async () => {
  const { fetch } = globalThis, transport = new Transport(({ message }) => new Refused(message));
  globalThis.fetch = async () => page();
  try {
    await assert.rejects(transport.images({}, new AbortController().signal), Unreachable);
  } finally {
    globalThis.fetch = fetch;
  }
});
