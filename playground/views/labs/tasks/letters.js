// Pictures and masks as letters of a link. No DOM.

const LONGEST = 3000; // letters of one of them; what takes more stays behind, and the link says so
export const NOT_CARRIED = "!";

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {CompressionStream | DecompressionStream} stream
 */
const through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

/** Bytes as letters for a link, NOT_CARRIED where they are too many. @param {Uint8Array<ArrayBuffer>} bytes */
export async function pack(bytes) {
  const small = await through(bytes, new CompressionStream("deflate-raw"));
  if (small.length * 4 > LONGEST * 3) return NOT_CARRIED;
  return `z${btoa(String.fromCharCode(...small)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

/** The bytes of such letters; null unless they are `size` bytes. @param {string} words @param {number} size */
export async function unpack(words, size) {
  try {
    const small = Uint8Array.from(atob(words.slice(1).replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const bytes = await through(small, new DecompressionStream("deflate-raw"));
    return bytes.length === size ? bytes : null;
  } catch {
    return null; // a link that was cut, or is of another model
  }
}

/** A bit for each pixel, set where at least half of it is painted. @param {Float64Array} shares of each pixel that are painted, 0 … 1 */
export function bitsOf(shares) {
  const bits = new Uint8Array(Math.ceil(shares.length / 8));
  shares.forEach((v, i) => {
    if (v >= 0.5) bits[i >> 3] |= 1 << (i & 7);
  });
  return bits;
}
/** @param {Uint8Array} bits @param {number} i */
export const isSet = (bits, i) => Boolean((bits[i >> 3] >> (i & 7)) & 1);

/**
 * Means over the fine × fine points of each pixel of the model: (values, h, w), flat.
 * @param {Uint8ClampedArray} points  red, green, blue, alpha of each point of a canvas of h·fine × w·fine
 * @param {number[]} event  channels, h, w of the model's pictures
 * @param {number} fine
 * @param {number} values  how many numbers are taken of each point
 * @param {(points: Uint8ClampedArray, at: number, value: number) => number} of
 */
export function means(points, [, h, w], fine, values, of) {
  const out = new Float64Array(values * h * w);
  for (let y = 0; y < h * fine; y++) for (let x = 0; x < w * fine; x++) for (let c = 0; c < values; c++) {
    out[c * h * w + Math.floor(y / fine) * w + Math.floor(x / fine)] += of(points, 4 * (y * w * fine + x), c) / fine ** 2;
  }
  return out;
}
