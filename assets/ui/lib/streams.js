// Answers that come piece by piece.
import { decode } from "./packet.js";

/** Packets of a stream, each after its length (4 bytes, little endian). */
export const packetsOf = async function* (body) {
  const reader = body.getReader();
  let held = new Uint8Array(0);
  const room = () => (held.length >= 4 ? 4 + new DataView(held.buffer, held.byteOffset).getUint32(0, true) : Infinity);
  try {
    for (;;) {
      while (held.length >= room()) {
        const size = room();
        const packet = decode(held.slice(4, size).buffer);
        if (packet.header.error) throw Object.assign(new Error(packet.header.error.message), { refused: packet.header.error }); // what went wrong on the way
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
};

/** What a stream of lines of JSON tells, line by line. */
export const linesOf = async function* (body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line) yield JSON.parse(line);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
};
