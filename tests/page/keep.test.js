// The link in a file: written, and read again from whatever a file is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { boot } from "./setup.js";

const { config } = boot();
const { chunk, crc32, kept, origin, PNG } = await import("../../assets/ui/keep/write.js");
const { read } = await import("../../assets/ui/keep/read.js");

const { app, field, longest, version } = config.kept;
const LINK = '?data={%22a%22:[1,2]}&view.at=0.5&view.pin=main,0.5,1,2';
const bytes = (words) => new TextEncoder().encode(words);
const latin = (words) => Uint8Array.from(words, (c) => c.charCodeAt(0));
const blob = (...parts) => new Blob(parts);
const u32 = (n) => Uint8Array.of(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
const says = (file, words) => assert.rejects(() => read(file), (error) => error.message.includes(words) || assert.fail(error.message));

const IHDR = chunk("IHDR", new Uint8Array(13)), IDAT = chunk("IDAT", new Uint8Array(40)), IEND = chunk("IEND", new Uint8Array());
const png = (...between) => new Blob([PNG, IHDR, ...between, IDAT, IEND], { type: "image/png" });
const told = (text = origin(LINK)) => chunk("tEXt", bytes(`${field}\0${text}`));

test("the checksum is that of PNG and ZIP", () => {
  assert.equal(crc32(bytes("123456789")), 0xcbf43926); // the check value of CRC-32
  assert.equal(crc32(new Uint8Array()), 0);
  assert.deepEqual(Array.from(IEND), [0, 0, 0, 0, 73, 69, 78, 68, 0xae, 0x42, 0x60, 0x82]); // as every PNG ends
});

test("a PNG says its link, and is otherwise as it was", async () => {
  const file = await kept(png(), LINK);
  assert.equal(file.type, "image/png");
  assert.deepEqual(await read(file), { link: LINK, version });
  assert.deepEqual(await file.arrayBuffer(), await png(told()).arrayBuffer());
});

test("an SVG says its link in XML", async () => {
  const svg = new Blob(['<?xml version="1.0"?>\n<svg width="10" viewBox="0 0 1 1"><svg id="b"/></svg>'], { type: "image/svg+xml" }), file = await kept(svg, "?a=1&b=2");
  assert.match(await file.text(), /<svg width="10" viewBox="0 0 1 1"><metadata id="[\w-]+">[^<&]*\?a=1&amp;b=2<\/metadata><svg id="b"\/><\/svg>$/);
  assert.deepEqual(await read(file), { link: "?a=1&b=2", version });
});

test("a board's results and its sweep are for the board, whole or cut off", async () => {
  const results = `{"format":"${config.board.format}","version":1,"code":"c","sweep":{"axes":[{"sampler":["DDIM"]}]},"cells":[${"1,".repeat(longest)}1]}`;
  for (const words of [results, results.slice(0, 200), JSON.stringify(JSON.parse(results), null, 2), '{"base":{"data":"moons"},"axes":[{"sampler":["DDIM"]}]}', `{"axes":[{"sampler":[${'"DDIM",'.repeat(longest)}1]}]}`])
    assert.deepEqual(await read(blob(words)), { board: true });
  assert.deepEqual(await read(blob('{"data":"axes"}')), { json: '{"data":"axes"}' });
  assert.deepEqual(await read(blob('{"axes":')), { json: '{"axes":' }); // which Python says is none
  await says(blob(`{"data":"${"x".repeat(longest)}"}`), "an experiment as JSON has at most");
});

test("what can hold none stays as it is", async () => {
  const file = new Blob(["{}"], { type: "application/json" });
  assert.equal(await kept(file, LINK), file);
  assert.deepEqual(await read(file), { json: "{}" });
});

const gif = (blocks, end = [0x2c]) => blob(latin("GIF89a"), Uint8Array.of(1, 0, 1, 0, 0x80, 0, 0), new Uint8Array(6), ...blocks, Uint8Array.from(end));
const comment = (words) => {
  const out = [0x21, 0xfe];
  for (let at = 0; at < words.length; at += 255) out.push(Math.min(255, words.length - at), ...latin(words.slice(at, at + 255)));
  return Uint8Array.from([...out, 0]);
};

test("a GIF says it in a comment of many blocks", async () => {
  const long = `?data=${"x".repeat(1000)}`, loop = Uint8Array.from([0x21, 0xff, 11, ...latin("NETSCAPE2.0"), 3, 1, 0, 0, 0]);
  assert.deepEqual(await read(gif([loop, comment("made by hand"), comment(origin(long))])), { link: long, version });
  await says(gif([loop, comment("made by hand")]), "no link inside");
  await says(gif([comment(origin(long)).slice(0, 300)], []), "is cut off");
  await says(gif([comment(origin(`?data=${"x".repeat(longest + 300)}`))]), "a link has at most");
});

const box = (kind, ...parts) => {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  return Uint8Array.from([...u32(size), ...latin(kind), ...parts.flatMap((part) => Array.from(part))]);
};
const mp4 = (text) => [box("ftyp", latin("isom")), box("mdat", new Uint8Array(99)),
  box("moov", box("mvhd", new Uint8Array(5)), box("udta", box("meta", new Uint8Array(4), box("hdlr", new Uint8Array(9)), box("ilst", box("©cmt", box("data", new Uint8Array(8), bytes(text)))))))];

test("an MP4 says it in its tag, behind the pictures", async () => {
  assert.deepEqual(await read(blob(...mp4(origin(LINK)))), { link: LINK, version });
  await says(blob(...mp4(origin(LINK)).slice(0, 2)), "no link inside");
  await says(blob(...mp4(origin(LINK))).slice(0, -30), "is cut off");
  await says(blob(mp4("")[0], Uint8Array.from([0, 0, 0, 3]), latin("moov")), "says no length");
  await says(blob(...mp4(origin("?" + "x".repeat(longest + 200)))), "a link has at most");
});

const le = (n, width) => Uint8Array.from({ length: width }, (_, i) => (n / 256 ** i) & 255);
/** A ZIP with one entry; `lies`: what its list says else than is true. */
function zip(name, held, { packed = held, method = 0, size = held.length, crc = crc32(held) } = {}) {
  const facts = [le(method, 2), le(0, 4), le(crc, 4), le(packed.length, 4), le(size, 4), le(name.length, 2)];
  const local = [latin("PK\x03\x04"), le(20, 2), le(0, 2), ...facts, le(0, 2), bytes(name), packed];
  const list = [latin("PK\x01\x02"), le(20, 2), le(20, 2), le(0, 2), ...facts, le(0, 2), le(0, 2), le(0, 2), le(0, 2), le(0, 4), le(0, 4), bytes(name)];
  const length = (parts) => parts.reduce((sum, part) => sum + part.length, 0);
  return blob(...local, ...list, latin("PK\x05\x06"), le(0, 4), le(1, 2), le(1, 2), le(length(list), 4), le(length(local), 4), le(0, 2));
}
const npy = (text, shape = "()") => {
  const head = `{'descr': '<U${text.length}', 'fortran_order': False, 'shape': ${shape}, }\n`;
  return Uint8Array.from([...latin("\x93NUMPY\x01\0"), ...le(head.length, 2), ...latin(head), ...Array.from(text).flatMap((c) => Array.from(le(c.codePointAt(0), 4)))]);
};

test("an npz says it in an array, packed or not; what lies about its size is not unpacked", async () => {
  const held = npy(origin(LINK)), name = `${field}.npy`, packed = deflateRawSync(held);
  assert.deepEqual(await read(zip(name, held)), { link: LINK, version });
  assert.deepEqual(await read(zip(name, held, { packed, method: 8 })), { link: LINK, version });
  await says(zip("states.npy", held), "no link inside");
  await says(zip(name, held, { packed, method: 8, size: 100 }), "longer than it says");
  await says(zip(name, held, { packed: deflateRawSync(new Uint8Array(3e7)), method: 8 }), "longer than it says");
  await says(zip(name, held, { packed, method: 8, size: 100e6 }), "a link has at most");
  await says(zip(name, held, { packed: latin("nothing of the kind"), method: 8 }), "cannot be unpacked");
  await says(zip(name, held, { crc: 1 }), "checksum");
  await says(zip(name, npy("ab", "(3, 4)")), "is no text");
  await says(zip(name, held).slice(0, -30), "is cut off");
});

test("a table says it in its first lines", async () => {
  const head = `# ${app} 0.3.1 · two moons · VP\n# http://localhost:7860/prefix/?data=rings&view.at=0.5\n# all states\nstep,t\n`;
  assert.deepEqual(await read(blob(head)), { link: "?data=rings&view.at=0.5", version: "0.3.1" });
  await says(blob("# somebody's\n1,2\n"), "no link inside");
  await says(blob("1,2\n3,4\n"), "is no file that this page saves");
});

test("a board's table says it in its last column, in the first row", async () => {
  const head = `sampler,model calls,value,why,${field}\r\n`, row = 'DDIM,5,0.1,"no, none\r\nof it"';
  const link = "?data=rings&view.board=own&view.board.sweep=%7B%22axes%22%3A%5B%5D%7D"; // as Python encodes it: without commas
  assert.deepEqual(await read(blob(head, row, `,${origin(link)}`, "\r\nDDIM,8,0.2,,\r\n")), { link, version });
  await says(blob(head, row, ",\r\n"), "no link inside");
  await says(blob(head, row, `,${app} 1.0 ?data=ri`), "is cut off");
  await says(blob(head, row, `,${app} 1.0 ?data=${"x".repeat(2e6)}`), "a link has at most");
  await says(blob("sampler,value\r\nDDIM,1\r\n"), "is no file that this page saves");
});

test("a board's Parquet says it among its keys", async () => {
  const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
  const foot = (text, length = text.length) => Uint8Array.from([0x15, 4, 0x19, 0x1c, 0x18, field.length, ...latin(field), 0x18, ...varint(length), ...latin(text), 0, 0]);
  const file = (inside, size = inside.length) => blob(latin("PAR1"), new Uint8Array(99), inside, le(size, 4), latin("PAR1"));
  assert.deepEqual(await read(file(foot(origin("?data=rings")))), { link: "?data=rings", version });
  await says(file(Uint8Array.of(0, 1, 2)), "no link inside");
  await says(file(foot(origin(LINK))).slice(0, -20), "is cut off");
  await says(file(foot(origin(LINK)), 1e6), "its list of contents is wrong");
  await says(file(foot("x", 1000)), "is shorter than it says");
  await says(file(foot("x", 2e6)), "a link has at most");
});

test("an experiment as JSON, of no more than a link's length", async () => {
  assert.deepEqual(await read(blob(' {"data":"rings"}\n')), { json: '{"data":"rings"}' });
  await says(blob(`{"data":"${"x".repeat(longest)}"}`), "as JSON has at most");
});

test("a broken PNG", async () => {
  const wrong = told();
  wrong[40] ^= 1;
  await says(png(wrong), "the checksum of its link is wrong");
  await says(png(), "no link inside");
  await says(png(told("hello")), "no link inside");
  await says(png(told(`${app} 1.0 javascript:alert(1)`)), "no link inside");
  await says((await kept(png(), LINK)).slice(0, 60), "is cut off");
  await says(png().slice(0, 20), "is cut off");
  await says(blob(PNG, IHDR, u32(100e6), latin("tEXt"), bytes(`${field}\0`), new Uint8Array(2e6)), "a text of 100,000,000 bytes");
  await says(blob(PNG, IHDR, u32(2 ** 31), latin("tEXt"), latin("Comment\0"), new Uint8Array(2e6)), "is cut off");
});

test("a long text of another program is passed over", async () => {
  const other = chunk("tEXt", new Uint8Array(3e6));
  await says(png(other, told()), "no link inside"); // it stands too far back to be looked for
  assert.deepEqual(await read(png(chunk("tEXt", bytes("Comment\0hello")), told())), { link: LINK, version });
});

test("what is no such file", async () => {
  await says(blob(), "is empty");
  await says(blob(latin("\xff\xd8\xff\xe0JFIF"), new Uint8Array(99)), "is no file that this page saves");
  await says(blob("<html><script>alert(1)</script>"), "is no file that this page saves");
  await says(blob("<svg><text>hello</text></svg>"), "no link inside");
  await says(blob(`<svg><metadata id="${field}">${origin("?a")}`), "is cut off");
});

test("a page without a server says it in its head", async () => {
  const page = (words, end = "</html>\n") => blob(bytes(`<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n${words}<script>throw 1</script>${end}`));
  const meta = (text) => `<meta name="${field}" content="${text}">`;
  assert.deepEqual(await read(page(meta(origin("?a=1&amp;b=&#x27;2")))), { link: "?a=1&b='2", version });
  await says(page(meta(origin(LINK)), ""), "is cut off");
  await says(page(""), "no link inside");
  await says(page(meta(origin("javascript:alert(1)"))), "no link inside");
  await says(page(meta(origin(`?data=${"x".repeat(longest + 300)}`))), "a link has at most");
});
