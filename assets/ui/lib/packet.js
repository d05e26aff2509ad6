// Reads the binary packets of docs/packet.md. `decode(buffer)` gives the header and its arrays as typed views: nothing is copied.

/**
 * @typedef {"u1" | "u2" | "f4"} Dtype
 * @typedef {Uint8Array | Uint16Array | Float32Array} Codes  the numbers of an array as they were sent
 *
 * @typedef {object} Entry  what the header says of an array
 * @property {Dtype} dtype
 * @property {number[]} shape
 * @property {number} offset  in bytes, from the end of the header
 * @property {number[]} [lo]  of a quantised array: the value of code 0, one an index of `axis`
 * @property {number[]} [hi]  the value of the highest code
 * @property {number} [axis]
 */
/**
 * @template H
 * @typedef {object} Packet
 * @property {H} header
 * @property {Record<string, PacketArray>} arrays
 */

const MAGIC = "PGP1";
const KINDS = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array };
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

let made = 0;

class PacketArray {
  /**
   * @param {string} name
   * @param {Entry} entry
   * @param {Codes} data
   */
  constructor(name, entry, data) {
    this.name = name;
    /** tells caches apart */
    this.uid = ++made;
    this.dtype = entry.dtype;
    this.shape = entry.shape;
    /** the codes as sent */
    this.data = data;
    this.lo = entry.lo ?? null;
    this.hi = entry.hi ?? null;
    this.axis = entry.axis ?? 0;
    /** @type {Float32Array | null} */
    this._floats = null;
  }

  /** Values in the array's own order. Quantised arrays are restored once and kept. */
  floats() {
    return (this._floats ??= this.data instanceof Float32Array ? this.data : this._restore());
  }

  /** value = lo + (hi − lo) · code / 65535, with one lo and hi for each index of the component axis. */
  _restore() {
    const { lo, hi, axis, shape, data } = this;
    if (!lo || !hi) return Float32Array.from(data);
    const out = new Float32Array(data.length);
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

/** @param {number[]} shape */
const product = (shape) => shape.reduce((a, b) => a * b, 1);

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  throw new Error("packet: " + message);
}

/** @param {unknown} value */
const said = (value) => JSON.stringify(value) ?? String(value);
/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @param {unknown} value @returns {value is number} */
const isCount = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** @param {unknown} value @returns {value is number[]} */
const areNumbers = (value) => Array.isArray(value) && value.every((v) => typeof v === "number");

/** @param {ArrayBuffer} buffer */
function readHeader(buffer) {
  if (!(buffer instanceof ArrayBuffer)) fail("expected an ArrayBuffer, got " + Object.prototype.toString.call(buffer));
  if (buffer.byteLength < 8) fail(`${buffer.byteLength} bytes are too few for a header`);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== MAGIC) fail(`starts with ${said(magic)} instead of "${MAGIC}"`);
  const length = new DataView(buffer).getUint32(4, true);
  const base = 8 + length;
  if (base > buffer.byteLength) fail(`the header needs ${length} bytes, only ${buffer.byteLength - 8} arrived`);
  if (base % 8) fail("the header is not padded to a multiple of 8 bytes");
  /** @type {unknown} */
  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  } catch (error) {
    fail("the header is not JSON: " + (error instanceof Error ? error.message : error));
  }
  if (!isRecord(header)) fail(`the header is ${said(header)} instead of an object`);
  const index = header.arrays ?? {};
  if (!isRecord(index)) fail(`the header's arrays are ${said(index)} instead of an object`);
  return { header, index, base };
}

/**
 * What the header says of an array, if it can be.
 * @param {string} name
 * @param {unknown} told
 * @returns {Entry}
 */
function entryOf(name, told) {
  if (!isRecord(told)) fail(`array ${name} is told as ${said(told)}`);
  const { dtype, shape, offset, lo, hi, axis = 0 } = told;
  if (dtype !== "u1" && dtype !== "u2" && dtype !== "f4") fail(`array ${name} has the unknown dtype ${said(dtype)}`);
  if (!areNumbers(shape) || !shape.every(isCount)) fail(`array ${name} has the shape ${said(shape)}`);
  if (!isCount(offset) || offset % 8) fail(`array ${name} does not start at a multiple of 8 bytes`);
  if (lo == null && hi == null) return { dtype, shape, offset };
  if (!isCount(axis) || axis >= shape.length) fail(`array ${name} has no axis ${said(axis)}`);
  const fits = areNumbers(lo) && areNumbers(hi) && lo.length === hi.length && (lo.length === 1 || lo.length === shape[axis]);
  if (!fits) fail(`array ${name} has ranges that do not fit its axis ${axis}`);
  return { dtype, shape, offset, lo, hi, axis };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {number} base  where the arrays begin
 * @param {string} name
 * @param {unknown} told
 */
function readArray(buffer, base, name, told) {
  const entry = entryOf(name, told), Kind = KINDS[entry.dtype];
  const count = product(entry.shape), start = base + entry.offset, end = start + count * Kind.BYTES_PER_ELEMENT;
  if (!(end <= buffer.byteLength)) fail(`array ${name} ends at byte ${end}, only ${buffer.byteLength} arrived`);
  return new PacketArray(name, entry, new Kind(buffer, start, count));
}

/**
 * The packet in a buffer; its header is taken at its word, its arrays are held to their bytes.
 * @template H
 * @param {ArrayBuffer} buffer
 * @returns {Packet<H>}
 * @throws {Error} "packet: …" where the bytes are none
 */
export function decode(buffer) {
  if (!littleEndian) fail("this browser's numbers are big endian; the packet's are little endian");
  const { header, index, base } = readHeader(buffer);
  const arrays = Object.fromEntries(Object.entries(index).map(([name, told]) => [name, readArray(buffer, base, name, told)]));
  return { header: /** @type {H} */ (header), arrays };
}

/**
 * An array of a packet by name, flat, as it was sent; null where there is none.
 * @param {{arrays: Record<string, PacketArray>} | null | undefined} packet
 * @param {string} name
 */
export const arrayOf = (packet, name) => packet?.arrays[name]?.data ?? null;

export { PacketArray };
