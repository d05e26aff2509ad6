// A task is asked for: its address, the files that go with it, the packets that come.
import { ask as send, complaintOf } from "../../form/transport.js";
import { packetsOf } from "../../lib/streams.js";

/** @typedef {import("../../lib/packet.js").Packet<import("../../python.js").TaskHeader>} TaskPacket */
/** @typedef {Record<string, string | number>} Params */

/**
 * Files as one body: each after its length (4 bytes, little endian).
 * @param {Blob[]} files
 */
export async function joined(files) {
  const raw = await Promise.all(files.map((f) => f.arrayBuffer())), out = new Uint8Array(raw.reduce((n, r) => n + 4 + r.byteLength, 0));
  let at = 0;
  for (const r of raw) {
    new DataView(out.buffer).setUint32(at, r.byteLength, true);
    out.set(new Uint8Array(r), at + 4);
    at += 4 + r.byteLength;
  }
  return out;
}

/**
 * @param {Record<string, string>} query  the experiment
 * @param {string} task
 * @param {Params} params
 */
export function address(query, task, params) {
  const named = Object.fromEntries(Object.entries({ task, ...params }).map(([k, v]) => [`lab.${k}`, String(v)]));
  return `live/task?${new URLSearchParams({ ...query, ...named })}`;
}

/**
 * The packets of a task. Raises Error with a sentence, TypeError where no server answers.
 * @param {string} url
 * @param {Blob[]} files
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<TaskPacket>}
 */
export async function* ask(url, files, signal) {
  const response = await send(url, { method: "POST", body: await joined(files), signal });
  if (!response.ok || !response.body) throw new Error((await complaintOf(response))?.message ?? "The server does not answer. Try again.");
  yield* packetsOf(response.body);
}
