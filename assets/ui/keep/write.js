// What a file that the page makes says of where it comes from: the app's version and the link that shows the same again. The form is Python's
// (playground/origin.py), which writes it into what the server makes. Pure functions.
import { config } from "../lib/start.js";

const { app, version, field } = config.kept;
export const PNG = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10); // how one begins
const HEAD = 8 + 25; // of a PNG: its mark and the chunk IHDR, which is always the first

/** The text in a file. @param {string} link a page's query: "?…" */
export const origin = (link) => `${app} ${version} ${link}`;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** The checksum of PNG and ZIP: CRC-32 of ISO 3309. @param {Uint8Array} bytes */
export const crc32 = (bytes) => {
  let crc = -1;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
};

/** A chunk of a PNG: length, kind and what it holds, checksum of the two. @param {string} kind four letters @param {Uint8Array} held */
export function chunk(kind, held) {
  const bytes = new Uint8Array(12 + held.length), view = new DataView(bytes.buffer);
  view.setUint32(0, held.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(held, 8);
  view.setUint32(8 + held.length, crc32(bytes.subarray(4, 8 + held.length)));
  return bytes;
}

/** A PNG with a text in it. @param {Blob} png @param {string} text in ASCII */
export const pngWith = (png, text) => {
  const told = chunk("tEXt", new TextEncoder().encode(`${field}\0${text}`));
  return new Blob([png.slice(0, HEAD), told, png.slice(HEAD)], { type: png.type });
};

const SVG = /^[^]*?<svg\b[^>]*>/;
/** Words as XML has them. @param {string} words */
const escaped = (words) => words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** An SVG with a text in it. @param {Blob} svg @param {string} text */
export const svgWith = async (svg, text) =>
  new Blob([(await svg.text()).replace(SVG, (head) => `${head}<metadata id="${field}">${escaped(text)}</metadata>`)], { type: svg.type });

/** @type {Record<string, (file: Blob, text: string) => Blob | Promise<Blob>>} */
const WAYS = { "image/png": pngWith, "image/svg+xml": svgWith };

/** A file that the page has made, with its link inside; of a kind that can hold none (JSON is its own) as it is. @param {Blob} file @param {string} link */
export const kept = (file, link) => WAYS[file.type]?.(file, origin(link)) ?? file;
