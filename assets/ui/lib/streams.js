// Answers that come piece by piece.
import { decode } from "./packet.js";

/** What a server refuses, as it tells it. @typedef {{message: string, field?: string, value?: unknown, allowed?: string}} Refusal */

/** @param {ReadableStream<Uint8Array> | null} body */
function readerOf(body) {
  if (!body) throw new Error("the answer has no body");
  return body.getReader();
}

/**
 * Packets of a stream, each after its length (4 bytes, little endian).
 * @template H
 * @param {ReadableStream<Uint8Array> | null} body  of a response
 * @returns {AsyncGenerator<import("./packet.js").Packet<H>, void, undefined>}
 * @throws {Error & {refused: Refusal}} what went wrong on the way
 */
export async function* packetsOf(body) {
  const reader = readerOf(body);
  let held = new Uint8Array(0);
  const room = () => (held.length >= 4 ? 4 + new DataView(held.buffer, held.byteOffset).getUint32(0, true) : Infinity);
  try {
    for (;;) {
      while (held.length >= room()) {
        const size = room();
        /** @type {import("./packet.js").Packet<H & {error?: Refusal}>} */
        const packet = decode(held.slice(4, size).buffer), { error } = packet.header;
        if (error) throw Object.assign(new Error(error.message), { refused: error });
        yield packet;
        held = held.slice(size);
      }
      const { done, value } = await reader.read();
      if (done) return;
      const joined = new Uint8Array(held.length + value.length);
      joined.set(held);
      joined.set(value, held.length);
      held = joined;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * What a stream of lines of JSON tells, line by line.
 * @template T
 * @param {ReadableStream<Uint8Array> | null} body  of a response
 * @returns {AsyncGenerator<T, void, undefined>}
 */
export async function* linesOf(body) {
  const reader = readerOf(body), words = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + words.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line) yield JSON.parse(line);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
