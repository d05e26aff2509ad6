// A panel's lines alone as SVG, in a millisecond: until Plotly is there, and while a control is being dragged (over Plotly's axes).
import { MARGIN, across, down, innerHeight, innerWidth } from "./frame.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./series.js").View} View */
/** @typedef {[string, string]} Point */

const DASHES = { solid: "none", dot: "1.5 3", dash: "6 4" };

/** The points of a series, with the corners of its steps. @param {Series} s @param {(x: number) => string} X @param {(y: number) => string} Y */
function pointsOf(s, X, Y) {
  const points = /** @type {Point[]} */ ([]);
  s.x.forEach((x, i) => {
    const y = s.y[i], next = s.y[i + 1];
    if (y == null) return;
    points.push([X(x), Y(y)]);
    if (s.shape && i + 1 < s.x.length && next != null) points.push(s.shape === "hv" ? [X(s.x[i + 1]), Y(y)] : [X(x), Y(next)]);
  });
  return points;
}

/** The outline of the band between two series. @param {Series} over @param {Series} under @param {(x: number) => string} X @param {(y: number) => string} Y */
function bandOf(over, under, X, Y) {
  const around = [...over.x.map((x, i) => /** @type {const} */ ([x, over.y[i]])), ...under.x.map((x, i) => /** @type {const} */ ([x, under.y[i]])).reverse()];
  return around.flatMap(([x, y]) => (y == null ? [] : [`${X(x)},${Y(y)}`])).join(" ");
}

/**
 * @param {Series[]} series those that are shown
 * @param {View} view
 * @param {boolean} log
 * @param {number} width
 * @param {number} height
 * @param {import("./series.js").Colours} colours
 */
export function sketch(series, view, log, width, height, colours) {
  /** @param {number} x */
  const X = (x) => across(view, width, x).toFixed(1);
  /** @param {number} y */
  const Y = (y) => down(view, height, log ? Math.log10(Math.max(y, 1e-12)) : y).toFixed(1);
  const parts = [];
  /** @type {Series | null} */
  let under = null;
  for (const s of series) {
    const colour = colours[s.role];
    if (s.base) { under = s; continue; }
    if (s.fill && under) {
      parts.push(`<polygon points="${bandOf(s, under, X, Y)}" fill="${colour}" opacity="0.2"/>`);
      if (!s.width) continue;
    }
    const points = pointsOf(s, X, Y);
    if (s.mode === "markers") parts.push(...points.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="2.5" fill="${colour}"/>`));
    else parts.push(`<polyline points="${points.map((p) => p.join(",")).join(" ")}" fill="none" stroke="${colour}" stroke-width="${s.width}"` +
      ` stroke-dasharray="${DASHES[s.dash ?? "solid"]}" opacity="1"/>`);
  }
  const left = MARGIN.l - 4, wide = innerWidth(width) + 8, tall = MARGIN.t + innerHeight(height) + 2;
  return `<svg x="${left}" y="0" width="${wide}" height="${tall}" viewBox="${left} 0 ${wide} ${tall}">${parts.join("")}</svg>`;
}
