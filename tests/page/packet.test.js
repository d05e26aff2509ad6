// lib/packet.js and lib/streams.js against packets that Python writes (playground/views/packet.py).
import assert from "node:assert/strict";
import { test } from "node:test";
import { python } from "./python.js";
import { arrayOf, decode } from "../../assets/ui/lib/packet.js";
import { linesOf, packetsOf } from "../../assets/ui/lib/streams.js";

const written = python(`
import base64, json
import numpy as np
from playground.views.packet import Packet
rng = np.random.default_rng(0)
packet = Packet({"kind": "run", "words": "x̂₀ “π”", "none": None})
values = {"z": rng.normal(size=(5, 2, 7)), "one": rng.normal(size=(3, 4)), "f": rng.normal(size=(3,)), "u": rng.integers(0, 256, (2, 3)), "empty": np.zeros((0, 4))}
packet.add("z", values["z"], "u2", [-2.0, -1.5], [2.0, 2.5], axis=1)
packet.add("one", values["one"], "u2", [-3.0], [3.0])
packet.add("f", values["f"])
packet.add("u", values["u"], "u1")
packet.add("empty", values["empty"])
raw = packet.to_bytes()
back = Packet.from_bytes(raw)
print(json.dumps({"raw": base64.b64encode(raw).decode(), "values": {name: {"shape": list(back[name].shape), "flat": back[name].ravel().tolist()} for name in values}}))
`);
const bytes = () => Uint8Array.from(Buffer.from(written.raw, "base64")).buffer;

test("what Python writes is read as Python reads it", () => {
  const { header, arrays } = decode(bytes());
  assert.equal(header.words, "x̂₀ “π”");
  assert.equal(header.none, null);
  assert.deepEqual(Object.keys(arrays), Object.keys(written.values));
  for (const [name, { shape, flat }] of Object.entries(written.values)) {
    assert.deepEqual(arrays[name].shape, shape, name);
    const floats = arrays[name].floats();
    assert.equal(floats.length, flat.length, name);
    floats.forEach((v, i) => assert.ok(Math.abs(v - flat[i]) < 1e-6, `${name}[${i}]: ${v}, ${flat[i]}`));
    assert.equal(arrays[name].floats(), floats, "restored once");
  }
});

test("arrays are views of the packet, and told apart", () => {
  const buffer = bytes(), first = decode(buffer), second = decode(buffer);
  assert.equal(first.arrays.z.data.buffer, buffer);
  assert.equal(first.arrays.f.floats(), first.arrays.f.data);
  assert.notEqual(first.arrays.z.uid, second.arrays.z.uid);
  assert.equal(arrayOf(first, "u"), first.arrays.u.data);
  assert.equal(arrayOf(first, "absent"), null);
  assert.equal(arrayOf(null, "u"), null);
});

/** A packet with this header and so many bytes of arrays. */
function packetOf(head, size = 64, magic = "PGP1") {
  const text = new TextEncoder().encode(typeof head === "string" ? head : JSON.stringify(head)), length = text.length + ((8 - (text.length % 8)) % 8);
  const whole = new Uint8Array(8 + length + size).fill(32, 8, 8 + length);
  whole.set(new TextEncoder().encode(magic));
  new DataView(whole.buffer).setUint32(4, length, true);
  whole.set(text, 8);
  return whole.buffer;
}
const withArray = (entry) => packetOf({ arrays: { a: entry } });
const good = { dtype: "u2", shape: [2, 4], offset: 0, lo: [0, 0], hi: [1, 1], axis: 0 };

test("a head that lies is refused in words", () => {
  assert.equal(decode(withArray(good)).arrays.a.data.length, 8);
  const hostile = {
    "nothing": [new ArrayBuffer(0), /too few/],
    "a view": [new Uint8Array(16), /expected an ArrayBuffer/],
    "another magic": [packetOf({}, 8, "PNG!"), /starts with "PNG!"/],
    "a head longer than the packet": [Uint8Array.from([80, 71, 80, 49, 255, 255, 255, 255]).buffer, /needs 4294967295 bytes/],
    "a head without padding": [Uint8Array.from([80, 71, 80, 49, 2, 0, 0, 0, 123, 125]).buffer, /not padded/],
    "no JSON": [packetOf("{]"), /not JSON/],
    "a list": [packetOf([]), /instead of an object/],
    "no object": [packetOf("null"), /instead of an object/],
    "a list of arrays": [packetOf({ arrays: [1] }), /arrays are \[1\]/],
    "no entry": [withArray(null), /told as null/],
    "a type": [withArray({ ...good, dtype: "f8" }), /unknown dtype "f8"/],
    "a type of another object": [withArray({ ...good, dtype: "constructor" }), /unknown dtype/],
    "no shape": [withArray({ ...good, shape: undefined }), /shape undefined/],
    "a negative shape": [withArray({ ...good, shape: [-2, -4] }), /shape \[-2,-4\]/],
    "a broken shape": [withArray({ ...good, shape: [1.5] }), /shape/],
    "a shape of words": [withArray({ ...good, shape: ["2"] }), /shape/],
    "a huge shape": [withArray({ dtype: "u1", shape: [1e9, 1e9, 1e9], offset: 0 }), /ends at byte/],
    "an offset between": [withArray({ ...good, offset: 4 }), /multiple of 8/],
    "a negative offset": [withArray({ ...good, offset: -8 }), /multiple of 8/],
    "an offset beyond": [withArray({ ...good, offset: 1024 }), /only \d+ arrived/],
    "an axis that is not there": [withArray({ ...good, axis: 2 }), /no axis 2/],
    "one end of a range": [withArray({ ...good, hi: undefined }), /ranges/],
    "ranges of another axis": [withArray({ ...good, axis: 1 }), /ranges/],
  };
  for (const [name, [buffer, words]] of Object.entries(hostile)) assert.throws(() => decode(buffer), (e) => e.message.startsWith("packet: ") && words.test(e.message), name);
});

test("an array's name is only a name", () => {
  const { arrays } = decode(packetOf('{"arrays":{"__proto__":{"dtype":"u1","shape":[1],"offset":0}}}'));
  assert.deepEqual(Object.keys(arrays), ["__proto__"]);
  assert.equal({}.data, undefined);
});

/** A stream of these bytes in pieces of a size. */
function streamOf(bytesOf, size, left = { cancelled: false }) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytesOf.length) return controller.close();
      controller.enqueue(bytesOf.slice(at, (at += size)));
    },
    cancel() { left.cancelled = true; },
  });
}
function framed(...buffers) {
  return Uint8Array.from(buffers.flatMap((buffer) => [...new Uint8Array(Uint32Array.of(buffer.byteLength).buffer), ...new Uint8Array(buffer)]));
}
async function all(of) {
  const out = [];
  for await (const one of of) out.push(one);
  return out;
}

test("packets of a stream come whole, however they are cut", async () => {
  for (const size of [1, 7, 64, 1e6]) {
    const packets = await all(packetsOf(streamOf(framed(packetOf({ step: 1 }), bytes(), packetOf({ step: 2 }, 0)), size)));
    assert.deepEqual(packets.map((p) => p.header.step), [1, undefined, 2], `pieces of ${size}`);
    assert.equal(packets[1].arrays.z.floats().length, 70);
  }
  assert.deepEqual(await all(packetsOf(streamOf(framed(packetOf({})).slice(0, 20), 8))), [], "what is cut off at the end is no packet");
});

test("what a server refuses on the way is thrown", async () => {
  const error = { message: "too many", field: "particles" };
  await assert.rejects(all(packetsOf(streamOf(framed(packetOf({ step: 1 }), packetOf({ error })), 9))), (e) => e.message === "too many" && e.refused.field === "particles");
  await assert.rejects(all(packetsOf(null)), /no body/);
});

test("a reader that leaves lets the stream go", async () => {
  const left = { cancelled: false };
  for await (const packet of packetsOf(streamOf(framed(packetOf({ step: 1 }), packetOf({ step: 2 })), 8, left))) if (packet.header.step === 1) break;
  await new Promise((done) => setTimeout(done));
  assert.ok(left.cancelled);
});

test("lines of JSON, cut anywhere", async () => {
  const text = new TextEncoder().encode('{"a":"x̂₀"}\n\n{"b":2}\n{"cut');
  for (const size of [1, 5, 100]) assert.deepEqual(await all(linesOf(streamOf(text, size))), [{ a: "x̂₀" }, { b: 2 }], `pieces of ${size}`);
});
