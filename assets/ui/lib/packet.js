// Reads the binary packets of docs/packet.md. `decode(buffer)` gives the header and its arrays as typed views: nothing is copied.
const MAGIC = "PGP1";
const KINDS = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array };
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

let made = 0;

class PacketArray {
  constructor(name, entry, data) {
    this.name = name;
    this.uid = ++made; // tells caches apart
    this.dtype = entry.dtype;
    this.shape = entry.shape;
    this.data = data; // the codes as sent
    this.lo = entry.lo || null;
    this.hi = entry.hi || null;
    this.axis = entry.axis || 0;
    this._floats = null;
  }

  // Values as Float32Array, in the array's own order. Quantised arrays are restored once and kept.
  floats() {
    if (this._floats) return this._floats;
    if (this.dtype === "f4") return (this._floats = this.data);
    if (!this.lo) return (this._floats = Float32Array.from(this.data));
    return (this._floats = this._restore());
  }

  // value = lo + (hi − lo) · code / 65535, with one lo and hi for each index of the component axis
  _restore() {
    const out = new Float32Array(this.data.length);
    const { lo, hi, axis, shape, data } = this;
    const inner = product(shape.slice(axis + 1)); // values that lie together for one index of the axis
    const count = shape[axis];
    const top = this.dtype === "u2" ? 65535 : 255;
    for (let start = 0, row = 0; start < data.length; start += inner, row++) {
      const c = lo.length === 1 ? 0 : row % count;
      const base = lo[c], scale = (hi[c] - lo[c]) / top;
      for (let i = start; i < start + inner; i++) out[i] = base + scale * data[i];
    }
    return out;
  }
}

function product(shape) {
  return shape.reduce((a, b) => a * b, 1);
}

function fail(message) {
  throw new Error("packet: " + message);
}

function readHeader(buffer) {
  if (!(buffer instanceof ArrayBuffer)) fail("expected an ArrayBuffer, got " + Object.prototype.toString.call(buffer));
  if (buffer.byteLength < 8) fail(`${buffer.byteLength} bytes are too few for a header`);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== MAGIC) fail(`starts with ${JSON.stringify(magic)} instead of "${MAGIC}"`);
  const length = new DataView(buffer).getUint32(4, true);
  const base = 8 + length;
  if (base > buffer.byteLength) fail(`the header needs ${length} bytes, only ${buffer.byteLength - 8} arrived`);
  if (base % 8) fail("the header is not padded to a multiple of 8 bytes");
  try {
    return { header: JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length))), base };
  } catch (error) {
    return fail("the header is not JSON: " + error.message);
  }
}

function readArray(buffer, base, name, entry) {
  const Kind = KINDS[entry.dtype];
  if (!Kind) fail(`array ${name} has the unknown dtype ${JSON.stringify(entry.dtype)}`);
  const count = product(entry.shape);
  const end = base + entry.offset + count * Kind.BYTES_PER_ELEMENT;
  if (entry.offset % 8) fail(`array ${name} does not start at a multiple of 8 bytes`);
  if (end > buffer.byteLength) fail(`array ${name} ends at byte ${end}, only ${buffer.byteLength} arrived`);
  return new PacketArray(name, entry, new Kind(buffer, base + entry.offset, count));
}

export const decode = function decode(buffer) {
  if (!littleEndian) fail("this browser's numbers are big endian; the packet's are little endian");
  const { header, base } = readHeader(buffer);
  const arrays = {};
  for (const [name, entry] of Object.entries(header.arrays || {})) arrays[name] = readArray(buffer, base, name, entry);
  return { header, arrays };
};

/** An array of a decoded packet by name, flat; null where there is none. */
export const arrayOf = (packet, name) => {
  const found = packet?.arrays?.[name] ?? packet?.get?.(name) ?? packet?.[name];
  if (found == null || ArrayBuffer.isView(found) || Array.isArray(found)) return found ?? null;
  return found.data ?? found.values ?? null;
};
