// Pictures to keep: the run at any cursor with title, moment and settings around it, for PNGs and films.
import { penOf } from "../lib/dom.js";
import { text } from "../lib/draw.js";
import { time } from "../lib/time.js";
import { SUBSCRIPT, captionHeld, captionMore, linesOf, settingsOf } from "./captions.js";
import { panelsOf } from "./panels.js";
import { NARROW } from "./picture.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./panel.js").Theme} Theme */

const HEAD = 44, EDGE = 14, LINE = 15;

/** Draws a run at a cursor as a picture of width × height CSS pixels, `scale` pixels each: title and moment above, all panels with the layers,
 * colours and pin of the page, settings below. One canvas for all of its pictures: a film's frames.
 * @param {Stage} stage
 * @param {Run} run
 * @param {number} width
 * @param {number} height
 * @param {number} scale
 * @returns {(cursor: number) => HTMLCanvasElement} */
function painterOf(stage, run, width, height, scale) {
  const lines = linesBelow(stage, run, width - 2 * EDGE, ""), foot = 12 + LINE * lines.length, room = height - HEAD - foot;
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
  const ctx = penOf(canvas);
  const panels = panelsOf(run.panels, width, room - 6, 8, width < NARROW && run.panels.length > 1);
  return (cursor) => {
    const { theme } = stage;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.fillStyle = theme.stage;
    ctx.fillRect(0, 0, width, height);
    ctx.setTransform(scale, 0, 0, scale, 0, scale * HEAD);
    const scene = { ...stage.picture.scene(run, scale, cursor), hover: -1 };
    panels.forEach((panel) => panel.draw(ctx, scene));
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    words(ctx, theme, run, scene.moment, width, height - foot, lines, "");
    return canvas;
  };
}

/** A picture of images with title, moment and settings around it.
 * @param {Stage} stage
 * @param {Run} run
 * @param {HTMLCanvasElement} picture
 * @param {number} cursor
 * @param {string} what  it shows
 * @param {string} first  what the settings begin with */
function framed(stage, run, picture, cursor, what, first) {
  const k = 2, width = Math.max(480, picture.width / k), lines = linesBelow(stage, run, width - 2 * EDGE, first), tall = picture.height / k;
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * Math.ceil(width), height: 2 * Math.ceil(62 + tall + LINE * lines.length) }); // even sides: films need them
  const ctx = penOf(canvas), { theme } = stage;
  ctx.fillStyle = theme.stage;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(picture, Math.round((canvas.width - picture.width) / 2), k * 46);
  ctx.setTransform(k, 0, 0, k, 0, 0);
  words(ctx, theme, run, run.facts(cursor), width, 50 + tall, lines, what);
  return canvas;
}

/** What stands below a picture, in lines of at most `width`: settings, the distance, what the picture leaves out.
 * @param {Stage} stage
 * @param {Run} run
 * @param {number} width
 * @param {string} first */
function linesBelow({ picture: { ctx, theme }, far }, run, width, first) {
  ctx.save();
  ctx.font = theme.small;
  const lines = linesOf(settingsOf(run, first, far && far.key === run.key ? far.words : ""), width, (said) => ctx.measureText(said).width);
  ctx.restore();
  return lines;
}

/** @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Run} run
 * @param {import("./run.js").Facts} info
 * @param {number} width
 * @param {number} foot  where the lines begin
 * @param {string[]} lines
 * @param {string} what  the picture shows, before the moment */
function words(ctx, theme, run, info, width, foot, lines, what) {
  const { data, process, sampler } = run.header.title;
  ctx.fillStyle = theme.ink;
  const title = [data, process, run.forward ? "noising" : sampler].join(" · "), said = time.said(info);
  ctx.font = `600 15px ${theme.family}`;
  const more = [what && what.replace("_t", "ₜ").replace("_0", "₀"), captionMore(info, run), captionHeld(info, run)].filter(Boolean).join(" · ");
  const full = ctx.measureText(title).width, right = ctx.measureText(said).width, low = full + 0.72 * ctx.measureText(more).width > width - 44; // above the second line, smaller if need be
  const room = low ? (width - 44 - right) / full : 1;
  text(ctx, said, width - EDGE, 20, "right");
  if (room < 1) ctx.font = `600 ${(15 * room).toFixed(1)}px ${theme.family}`;
  text(ctx, title, EDGE, low ? 20 : 27);
  ctx.font = theme.small;
  ctx.fillStyle = theme.soft;
  text(ctx, more, width - EDGE, 35, "right");
  lines.forEach((line, n) => {
    let x = EDGE; // "p_T" with its subscript, as in the page
    line.split(SUBSCRIPT).forEach((part, k) => {
      ctx.font = k % 2 ? `8px ${theme.family}` : theme.small;
      text(ctx, part, x, foot + 14 + LINE * n + (k % 2 ? 2 : 0));
      x += ctx.measureText(part).width;
    });
  });
}

export { framed, painterOf };
