// A page that needs no server: the page's own stage, of packets that lie in the document (playground/viewer/document.py). Several have one cursor.
import { Status } from "../beside/status.js";
import { coloursOf } from "../compare/colours.js";
import { Images } from "../images/images.js";
import { must } from "../lib/dom.js";
import { decode } from "../lib/packet.js";
import { theme } from "../lib/start.js";
import { time } from "../lib/time.js";
import { layer } from "../stage/layers.js";
import { Stage } from "../stage/stage.js";

/** @typedef {import("../python.js").RunHeader} RunHeader */
/** @typedef {import("../python.js").FieldsHeader} FieldsHeader */
/** @typedef {import("../python.js").MetricsHeader} MetricsHeader */
/** Packets of a run, each packed by gzip and as base64; a run of images has no metrics. @typedef {{run: string, fields: string[], metrics: string | null}} Sent */
/** What the document says: runs, and how they are looked at, as a link says it without "view.". @typedef {{runs: Sent[], view: Record<string, string>}} Told */

/** A packed packet. @template H @param {string} text @returns {Promise<import("../lib/packet.js").Packet<H>>} */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return decode(await new Response(stream).arrayBuffer());
}

/** The stage as a link says. @param {Stage} stage @param {Record<string, string>} view */
function looked(stage, view) {
  if (view.layers) stage.setLayers(view.layers.split(","));
  stage.setColor(view.color ?? "");
  stage.speed = Number(view.speed || 1);
  stage.loop = view.loop !== "off";
  if (view.at && Number.isFinite(Number(view.at))) stage.seek(Number(view.at));
  stage.setPin(view.pin ?? "");
}

/** The images of a run, under its stage's cursor: this run alone, whole. @param {Stage} stage */
function imagesOn(stage) {
  const alone = async () => { throw new Error("this page holds this run alone"); };
  const images = new Images(stage, { stop() {}, goOn() {}, setView() {}, query: () => ({}), difference: () => [], notice: (notice) => stage.notice(notice), fetchRun: alone });
  stage.on("cursor", (at) => images.cursor(at));
  return images;
}

/** A run on its stage, with the line of its numbers. @param {HTMLElement} box @param {Sent} sent @param {Record<string, string>} view */
async function shown(box, sent, view) {
  const run = /** @type {import("../lib/packet.js").Packet<RunHeader>} */ (await unpacked(sent.run));
  const stage = new Stage(must(box, ".pg-viewer-stage")), status = new Status(must(box, ".pg-viewer-status"));
  stage.on("level", (level) => time.of(level));
  stage.on("notice", (notice) => stage.notice(notice));
  stage.on("toggle-mode", () => stage.notice({ kind: "info", message: "This page holds this run alone." }));
  const images = run.header.image ? imagesOn(stage) : null;
  stage.setRun(run);
  images?.setRun(run);
  status.update({ run, toScreen: 0 });
  looked(stage, view);
  for (const text of sent.fields) stage.setFields(/** @type {import("../lib/packet.js").Packet<FieldsHeader>} */ (await unpacked(text)));
  box.classList.toggle("pg-viewer-images", Boolean(images));
  if (sent.metrics) status.update({ metrics: /** @type {import("../lib/packet.js").Packet<MetricsHeader>} */ (await unpacked(sent.metrics)) });
  return stage;
}

/** One clock for all: the first owns it, and the others follow. @param {Stage[]} stages */
function together([first, ...others]) {
  for (const other of others) {
    other.pause();
    other.on("cursor", ({ c }) => Math.abs(c - first.cursor) > 1e-9 && first.seek(c));
  }
  first.on("cursor", ({ c }) => others.forEach((other) => (other.cursor = c)));
  first.on("layers", (names) => others.forEach((other) => other.setLayers(names)));
  first.on("color", (how) => others.forEach((other) => other.setColor(how)));
}

/** Several have particles in colours of their own, as in the app. @param {Stage[]} stages */
function dress(stages) {
  if (stages.length < 2) return;
  stages[0].picture.readTheme(); // the page may have turned dark
  const colours = coloursOf(stages[0].theme);
  stages.forEach(({ ui, picture }, n) => {
    ui.view.style.setProperty("--pg-sampler", colours[n]);
    picture.readTheme();
  });
}

/** @param {Record<string, object>} layers how they are drawn, by their keys */
export async function start(layers) {
  for (const [key, drawings] of Object.entries(layers)) layer(key, drawings);
  must(document, ".pg-viewer-theme").addEventListener("click", () => theme.toggle());
  const said = document.getElementById("pg-sent")?.textContent ?? "";
  /** @type {Told} */
  const { runs, view } = JSON.parse(said);
  /** @type {NodeListOf<HTMLElement>} */
  const boxes = document.querySelectorAll(".pg-viewer-run");
  const stages = await Promise.all(runs.map((sent, n) => shown(boxes[n], sent, view)));
  if (view.time) time.choose(view.time);
  together(stages);
  dress(stages);
  theme.on(() => dress(stages));
  window.__pgStage = stages[0];
}
