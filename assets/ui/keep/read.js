// The link in a file that a page of this app has saved (write.js, playground/origin.py). Whatever the file is, a few megabytes of it are looked at,
// in the browser; nothing is decoded, drawn or evaluated.
import { config } from "../lib/start.js";
import { FORMAT, MOST_LETTERS } from "./states.js";
import { PNG, crc32 } from "./write.js";

/** @typedef {{link: string, version: string}} Found */

const { app, field, longest } = config.kept;
const NEAR = 1 << 20; // bytes at a file's beginning or end
const MOST = longest + 100; // bytes of a text with a link
const ORIGIN = new RegExp(`^${app} ([\\w.+-]{1,40}) (\\?[!-~]*)$`);
const TABLE_HEAD = new RegExp(`^# ${app} ([\\w.+-]{1,40}) [^\\n]*\\n# [!-~]*?(\\?[!-~]*)\\r?\\n`);

/** Why a file cannot be opened, in words that go on from its name. */
export class Unread extends Error {}
const cut = () => new Unread("is cut off: it ends before it is whole");
/** @param {number} size */
const tooLong = (size) => new Unread(`has a text of ${size.toLocaleString("en")} bytes where its link would be; a link has at most ${longest.toLocaleString("en")}`);

/** @param {Uint8Array} bytes each a letter of Latin-1 */
const latin = (bytes) => {
  let out = "";
  for (const byte of bytes) out += String.fromCharCode(byte);
  return out;
};
/** @param {Blob} file @param {number} from @param {number} to @returns {Promise<Uint8Array<ArrayBuffer>>} */
const bytesOf = async (file, from, to) => new Uint8Array(await file.slice(Math.max(0, from), Math.max(0, to)).arrayBuffer());
/** @param {Uint8Array} bytes */
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Text chunks stand before the picture's data. @param {Blob} file */
async function png(file) {
  const head = await bytesOf(file, 0, NEAR), view = viewOf(head), key = `${field}\0`;
  for (let at = PNG.length; at + 8 <= head.length;) {
    const size = view.getUint32(at), kind = latin(head.subarray(at + 4, at + 8)), from = at + 8, to = from + size;
    if (kind === "IDAT" || kind === "IEND") return "";
    if (kind === "tEXt" && latin(head.subarray(from, Math.min(to, from + key.length))) === key) {
      if (size > MOST) throw tooLong(size);
      if (to + 4 > file.size) throw cut();
      const told = await bytesOf(file, at + 4, to + 4);
      if (viewOf(told).getUint32(told.length - 4) !== crc32(told.subarray(0, -4))) throw new Unread("is damaged: the checksum of its link is wrong");
      return latin(told.subarray(4 + key.length, -4));
    }
    if (to + 4 > file.size) throw cut();
    at = to + 4;
  }
  if (file.size <= NEAR) throw cut(); // no picture has come
  return "";
}

/** A comment before the first picture. @param {Blob} file */
async function gif(file) {
  const head = await bytesOf(file, 0, NEAR);
  let at = 13 + (head[10] & 128 ? 3 << ((head[10] & 7) + 1) : 0); // behind the table of colours
  while (at < head.length && head[at] === 0x21) {
    const comment = head[at + 1] === 0xfe;
    let text = "";
    for (at += 2; head[at]; at += head[at] + 1) {
      if (at + head[at] >= head.length) throw file.size > head.length ? tooLong(at) : cut();
      if (comment) text += latin(head.subarray(at + 1, at + 1 + head[at]));
      if (text.length > MOST) throw tooLong(text.length);
    }
    if (text.startsWith(app)) return text;
    at++;
  }
  if (at >= file.size) throw cut();
  return "";
}

/** What a box of an MP4 holds, from where to where; null if there is none of this kind. @param {Blob} file @param {number} from @param {number} to @param {string} kind */
async function box(file, from, to, kind) {
  for (let at = from, n = 0; at + 8 <= to && n < 10_000; n++) {
    const head = await bytesOf(file, at, at + 16), view = viewOf(head);
    let size = view.getUint32(0), skip = 8;
    if (size === 0) size = to - at;
    else if (size === 1 && head.length === 16) [size, skip] = [Number(view.getBigUint64(8)), 16];
    if (size < skip) throw new Unread("is damaged: one of its parts says no length");
    if (at + size > to) throw cut();
    if (latin(head.subarray(4, 8)) === kind) return { from: at + skip, to: at + size };
    at += size;
  }
  return null;
}

/** The tag "comment". @param {Blob} file */
async function mp4(file) {
  let place = { from: 0, to: file.size };
  for (const [kind, skip] of /** @type {[string, number][]} */ ([["moov", 0], ["udta", 0], ["meta", 4], ["ilst", 0], ["©cmt", 0], ["data", 8]])) {
    const inside = await box(file, place.from, place.to, kind);
    if (!inside) return "";
    place = { from: inside.from + skip, to: inside.to };
  }
  if (place.to - place.from > MOST) throw tooLong(place.to - place.from);
  return latin(await bytesOf(file, place.from, place.to));
}

const METADATA = new RegExp(`<metadata id="${field}">([^<]*)(</metadata>)?`);

/** @param {Blob} file */
async function svg(file) {
  const told = METADATA.exec(await file.slice(0, NEAR).text());
  if (!told) return "";
  if (told[1].length > MOST) throw tooLong(told[1].length);
  if (!told[2]) throw cut();
  return told[1].replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

const META = new RegExp(`<meta name="${field}" content="([^"<>]*)(">)?`);

/** A page without a server says it in its head; nothing of it is run. @param {Blob} file */
async function html(file) {
  const told = META.exec(await file.slice(0, NEAR).text());
  if (!told) return "";
  if (told[1].length > MOST * 6) throw tooLong(told[1].length);
  if (!told[2] || !/<\/html>\s*$/.test(await file.slice(Math.max(0, file.size - 64)).text())) throw cut();
  return told[1].replace(/&quot;/g, '"').replace(/&#x27;/g, "'").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** What is behind a name in a ZIP. @param {Blob} file @param {string} name */
async function entry(file, name) {
  const start = Math.max(0, file.size - NEAR), tail = await bytesOf(file, start, file.size), view = viewOf(tail);
  let end = tail.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw cut();
  let at = view.getUint32(end + 16, true) - start;
  for (let n = view.getUint16(end + 10, true); n > 0 && at >= 0 && at + 46 <= end; n--) {
    const [packed, size, letters] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true), view.getUint16(at + 28, true)];
    if (latin(tail.subarray(at + 46, at + 46 + letters)) !== name) {
      at += 46 + letters + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
      continue;
    }
    const most = 4 * MOST + NEAR; // of what unpacks to more it is not read
    if (size > most || packed > most) throw tooLong(Math.max(size, packed));
    const from = view.getUint32(at + 42, true), local = viewOf(await bytesOf(file, from, from + 30));
    if (local.byteLength < 30 || local.getUint32(0, true) !== 0x04034b50) throw new Unread("is damaged: its list of contents is wrong");
    const data = from + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    const held = await unpacked(file.slice(data, data + packed), view.getUint16(at + 10, true), size);
    if (crc32(held) !== view.getUint32(at + 16, true)) throw new Unread("is damaged: the checksum of its link is wrong");
    return held;
  }
  return null;
}

/** The bytes of an entry, no more than it says. @param {Blob} packed @param {number} method @param {number} size */
async function unpacked(packed, method, size) {
  const out = new Uint8Array(size);
  const reader = (method === 8 ? packed.stream().pipeThrough(new DecompressionStream("deflate-raw")) : packed.stream()).getReader();
  let at = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (at + part.value.length > size) throw new Unread("is damaged: its link is longer than it says");
      out.set(part.value, at);
      at += part.value.length;
    }
  } catch (error) {
    throw error instanceof Unread ? error : new Unread("is damaged: its link cannot be unpacked");
  }
  if (at < size) throw new Unread("is damaged: its link is shorter than it says");
  return out;
}

/** An array of numpy with one text. @param {Blob} file */
async function npz(file) {
  const array = await entry(file, `${field}.npy`);
  if (!array) return "";
  const wide = array[6] > 1, length = array.length > 12 ? viewOf(array)[wide ? "getUint32" : "getUint16"](8, true) : 0, from = (wide ? 12 : 10) + length;
  const head = latin(array.subarray(wide ? 12 : 10, from)), letters = Number(/'descr': *'<U(\d+)'/.exec(head)?.[1]);
  if (!/'shape': *\(\)/.test(head) || !(from + 4 * letters <= array.length)) throw new Unread("is damaged: its link is no text");
  let text = "";
  for (let n = 0; n < letters; n++) text += String.fromCharCode(Math.min(0xffff, viewOf(array).getUint32(from + 4 * n, true)));
  return text.replace(/\0+$/, "");
}

/** @param {Blob} file */
async function table(file) {
  const [, version, link] = TABLE_HEAD.exec(await file.slice(0, MOST + 4096).text()) ?? [];
  return link ? `${app} ${version} ${link}` : "";
}

const BOARD_HEAD = new RegExp(`^[^\\n]+,${field}\\r?\\n`); // a board's table: its last column
const BOARD_ROW = new RegExp(`,(${app} [^,"\\r\\n]*)(\\r?\\n)?`);

/** A board's table says it in its first row. @param {Blob} file */
async function board(file) {
  const told = BOARD_ROW.exec((await file.slice(0, MOST + NEAR).text()).replace(BOARD_HEAD, ""));
  if (!told) return "";
  if (!told[2]) throw told[1].length > MOST ? tooLong(told[1].length) : cut();
  return told[1];
}

/** Behind a board's table in Parquet stand keys and values, in Thrift's compact form: 0x18, a length in bytes of seven bits, the text. @param {Blob} file */
async function parquet(file) {
  const end = await bytesOf(file, file.size - 8, file.size);
  if (latin(end.subarray(4)) !== "PAR1") throw cut();
  const size = viewOf(end).getUint32(0, true);
  if (size > file.size - 12) throw new Unread("is damaged: its list of contents is wrong");
  const foot = await bytesOf(file, Math.max(file.size - 8 - size, file.size - 8 - NEAR), file.size - 8);
  const key = `\x18${String.fromCharCode(field.length)}${field}\x18`, found = latin(foot).indexOf(key);
  if (found < 0) return "";
  let at = found + key.length, length = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    length += (foot[at] & 127) << shift;
    if (foot[at++] < 128) break;
  }
  if (length > MOST) throw tooLong(length);
  if (at + length > foot.length) throw new Unread("is damaged: its link is shorter than it says");
  return latin(foot.subarray(at, at + length));
}

/** @param {string} mark */
const begins = (mark) => (/** @type {string} */ head) => head.startsWith(mark);
/** By what a file begins with. @type {[(head: string) => boolean, (file: Blob) => Promise<string>][]} */
const KINDS = [
  [begins(latin(PNG)), png],
  [begins("GIF8"), gif],
  [(head) => head.slice(4, 8) === "ftyp", mp4],
  [begins("PK\x03\x04"), npz],
  [begins("#"), table],
  [begins("PAR1"), parquet],
  [(head) => /^(\xef\xbb\xbf)?\s*<!doctype html/i.test(head), html],
  [(head) => /^(\xef\xbb\xbf)?\s*<(\?xml|!--|!DOCTYPE svg|svg)/i.test(head), svg],
  [(head) => BOARD_HEAD.test(head), board],
];

/** A record as JSON: a board's results or its sweep, which the board reads whole, or an experiment. @param {Blob} file @param {string} head */
async function record(file, head) {
  if (new RegExp(`"format"\\s*:\\s*"${config.board.format}"`).test(head)) return { board: true };
  if (file.size > longest) {
    if (/"axes"\s*:\s*\[/.test(head)) return { board: true };
    throw new Unread(`has ${file.size.toLocaleString("en")} bytes; an experiment as JSON has at most ${longest.toLocaleString("en")}`);
  }
  const json = (await file.text()).trim();
  return sweepIn(json) ? { board: true } : { json };
}

/** Does JSON hold a sweep? What is none at all is for the server to say. @param {string} json */
function sweepIn(json) {
  try {
    return "axes" in JSON.parse(json);
  } catch {
    return false;
  }
}

/** What a file says: a link and the version that wrote it, an Experiment's JSON, that it is a board's, or kept states. Throws Unread, which says why there is
 * none of them. @param {Blob} file @returns {Promise<Found | {json: string} | {board: boolean} | {shelf: string}>} */
export async function read(file) {
  const head = latin(await bytesOf(file, 0, 4096));
  if (!head) throw new Unread("is empty");
  if (head.startsWith(`{"format":"${FORMAT}"`)) {
    if (file.size > 4 * MOST_LETTERS) throw new Unread(`has ${file.size.toLocaleString("en")} bytes; a shelf has at most ${MOST_LETTERS.toLocaleString("en")} letters`);
    return { shelf: await file.text() };
  }
  if (/^(\xef\xbb\xbf)?\s*\{/.test(head)) return record(file, head);
  const reader = KINDS.find(([is]) => is(head))?.[1];
  if (!reader) throw new Unread("is no file that this page saves: a PNG, GIF, MP4, SVG, page, CSV, Parquet, npz or JSON of its own");
  const told = ORIGIN.exec(await reader(file));
  if (!told) throw new Unread("has no link inside: it was not saved by this page, or another program has written it anew");
  if (told[2].length > longest) throw tooLong(told[2].length);
  return { version: told[1], link: told[2] };
}
