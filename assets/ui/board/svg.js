// The plot's scene as SVG.
import { escaped } from "../lib/numbers.js";
import { look, markPath } from "./scales.js";
import { plain } from "./words.js";

/**
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {import("./scene.js").Point} Point
 */

const NEAR = 10; // px

/** @param {Scene} scene */
export function svgOf(scene) {
  const { width, height, box, shown, byPlace } = scene, under = box.y + box.h, chosen = byPlace.get(shown.chosen);
  const dim = scene.lines.filter(({ lit }) => !lit), lit = scene.lines.filter((line) => line.lit);
  return [
    `<svg class="${shown.plane ? "pg-b-plane" : ""}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true">`,
    `<text class="pg-b-title" x="12" y="16">${escaped(fitted(shown.title, width - 24, scene.long))}</text>`,
    ...floors(scene),
    ...scene.ticksUp.map((y) => `<path class="pg-b-grid" d="M${box.x} ${scene.Y(y)}H${box.x + box.w}"/><text x="${box.x - 8}" y="${scene.Y(y) + 4}" text-anchor="end">${plain(y)}</text>`),
    ...scene.ticksAcross.map((x) => `<path class="pg-b-tick" d="M${scene.X(x)} ${under}v4"/><text x="${scene.X(x)}" y="${under + 17}" text-anchor="middle">${plain(x)}</text>`),
    `<path class="pg-b-axis" d="M${box.x} ${under}H${box.x + box.w}"/><text x="${box.x + box.w}" y="${under + 33}" text-anchor="end">${escaped(fitted(shown.across.title, box.w - (scene.sizes.length ? 150 : 0), scene.long))} →</text>`,
    ...dim.map((line) => lineOf(scene, line.method, line.some, false)),
    ...lit.map((line) => lineOf(scene, line.method, line.some, true)),
    scene.best.length ? `<path class="pg-b-front" d="M${scene.best.map((p) => `${p.x} ${p.y + 5}`).join("L")}"/>` : "",
    ...scene.rings.map((p) => `<circle class="pg-b-on${shown.lit.has(p.method.key) ? "" : " pg-b-faint"}" cx="${p.x}" cy="${p.y}" r="${p.r + 2.5}"/>`),
    chosen ? `<circle class="pg-b-chosen" cx="${chosen.x}" cy="${chosen.y}" r="${chosen.r + 5}"/>` : "",
    ...scene.words.map(({ method, end, x, y }) => `<path class="pg-b-lead" d="M${end.x + end.r + 2} ${end.y}L${x - 3} ${y}"/><text class="pg-b-end" x="${x}" y="${y + 4}" style="fill:${look(method.n).colour}">${escaped(fitted(method.name, width - x - 6, scene.long))}</text>`),
    ...asides(scene),
    '<circle class="pg-b-at" r="7" visibility="hidden"/></svg>',
  ].join("");
}

/** Words in so many pixels. @param {string} words @param {number} room @param {(words: string) => number} long */
function fitted(words, room, long) {
  if (long(words) <= room) return words;
  let n = words.length - 1;
  while (n > 1 && long(`${words.slice(0, n)}…`) > room) n--;
  return `${words.slice(0, n).trimEnd()}…`;
}

/** The bands that exact samples show. @param {Scene} scene */
function floors({ box, floorUp, floorAcross }) {
  const out = [], { x, y, w, h } = box;
  if (floorUp) out.push(`<rect class="pg-b-floor" x="${x}" y="${Math.min(floorUp.to, floorUp.from)}" width="${w}" height="${Math.max(1, Math.abs(floorUp.from - floorUp.to))}"/><path class="pg-b-floor-line" d="M${x} ${floorUp.to}H${x + w}"/>`);
  if (floorAcross) out.push(`<rect class="pg-b-floor" x="${Math.min(floorAcross.from, floorAcross.to)}" y="${y}" width="${Math.max(1, Math.abs(floorAcross.to - floorAcross.from))}" height="${h}"/>`);
  return out;
}

/** Words within the plot, above the lines. @param {Scene} scene */
function asides({ box, shown, floorUp, floorAcross, above, below, beside, sizes, long }) {
  const under = box.y + box.h, out = [], told = [above && `▲ ${above} beyond`, below && `▼ ${below} below`, beside && `${beside} beside`].filter(Boolean).join("  ");
  const word = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ words, end = false) => out.push(`<text class="pg-b-over" x="${x}" y="${y}"${end ? ' text-anchor="end"' : ""}>${escaped(words)}</text>`);
  if (floorUp) word(box.x + 6, Math.min(Math.max(floorUp.from, floorUp.to), under) - 5, shown.up.floor);
  if (floorAcross) word(Math.min(Math.max(floorAcross.from, floorAcross.to) - 4, box.x + box.w - 4), box.y + 12, shown.across.floor, true);
  if (told) word(box.x + box.w - 4, box.y + (floorAcross ? 27 : 12), told, true);
  let x = box.x;
  for (const { n, r } of sizes) {
    out.push(`<circle class="pg-b-size" cx="${x + r}" cy="${under + 29}" r="${r}"/>`, `<text x="${x + 2 * r + 4}" y="${under + 33}">${plain(n)}</text>`);
    x += 2 * r + 12 + long(plain(n));
  }
  if (sizes.length) out.push(`<text x="${x}" y="${under + 33}">model calls</text>`);
  return out;
}

/** @param {Scene} scene @param {import("./lines.js").Method} method @param {Point[]} some @param {boolean} lit */
function lineOf({ X, Y, shown }, method, some, lit) {
  const { colour, dash, mark } = look(method.n), dashes = dash ? ` stroke-dasharray="${dash}"` : "", low = (/** @type {number} */ x, /** @type {boolean} */ linear) => (linear ? x : Math.max(x, 1e-12));
  const ups = some.filter(({ value }) => Number.isFinite(value.high)).map(({ value, x }) => `M${x} ${Y(value.high)}V${Y(low(value.low, shown.up.linear))}`);
  const overs = shown.plane ? some.filter(({ over }) => Number.isFinite(over.high)).map(({ over, y }) => `M${X(low(over.low, shown.across.linear))} ${y}H${X(over.high)}`) : [];
  return `<g class="pg-b-method${lit ? "" : " pg-b-dim"}" data-line="${escaped(method.key)}" style="--c:${colour}"><path class="pg-b-line" d="${some.map((p, i) => `${i ? "L" : "M"}${p.x} ${p.y}`).join("")}"${dashes}/>` +
    `<path class="pg-b-bar" d="${[...ups, ...overs].join("")}"/><path class="pg-b-mark" d="${some.map((p) => markPath(mark, p.x, p.y, p.r)).join("")}"/></g>`;
}

/** The points that are where one is: of many runs at the floor only one is seen. @param {Scene["points"]} points @param {Point} at */
export const here = (points, at) => points.filter((p) => p !== at && Math.hypot(p.x - at.x, p.y - at.y) < NEAR).length;
