// A panel as Plotly's figure. Plain data only.
import { faded } from "../colours.js";
import { subscripts } from "../../lib/numbers.js";
import { MARGIN } from "./frame.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./series.js").Colours} Colours */
/** @typedef {import("../../lib/plotly.js").Trace} Trace */
/** @typedef {import("../../lib/plotly.js").Layout} Layout */

/** @param {Series} s @param {boolean} visible @param {string} color @returns {Trace} */
function traceOf(s, visible, color) {
  /** @type {Trace} */
  const trace = { type: "scatter", x: s.x, y: s.y, mode: s.mode || "lines", visible, name: s.label, cliponaxis: s.mode !== "markers" };
  if (s.mode === "markers") trace.marker = { color, size: s.size || 5.5, line: { width: 0 } };
  else trace.line = { color, width: s.width, dash: s.dash || "solid", shape: s.shape || "linear" };
  if (s.base || !s.width) trace.line = { width: 0 };
  if (s.fill) Object.assign(trace, { fill: "tonexty", fillcolor: faded(color, 0.2) });
  if (s.error) trace.error_y = { type: "data", array: s.error[0], arrayminus: s.error[1], symmetric: false, color, thickness: 1.5, width: 3 };
  return trace;
}

/** @param {Series[]} series @param {Set<string>} off keys of those that are hidden @param {Colours} colours */
export const tracesOf = (series, off, colours) => series.map((s) => traceOf(s, !off.has(s.key), colours[s.role]));

/**
 * @typedef {object} Look
 * @property {number} width
 * @property {number} height
 * @property {Colours} colours
 * @property {string} font
 * @property {number} size of type, px
 * @property {import("./series.js").View} view
 * @property {[number[], string[]]} times where the times under the plot stand, and what they are called
 * @property {boolean} log
 * @property {object} yTicks
 * @property {false | string} tool
 */

/** @param {Look} look @returns {Layout} */
export function layoutOf({ width, height, colours: c, font, size, view, times: [tickvals, ticktext], log, yTicks, tool }) {
  const axis = { ticklabelstandoff: 2, ticklabeloverflow: "allow", showline: false, zeroline: false, ticks: "", tickfont: { size, color: c.soft }, fixedrange: false, automargin: false };
  return {
    uirevision: "pg", margin: { ...MARGIN, pad: 0 }, showlegend: false, autosize: false, width, height,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: font, size, color: c.soft },
    hovermode: false, dragmode: tool,
    modebar: { bgcolor: "rgba(0,0,0,0)", color: c.soft, activecolor: c.accent, orientation: "h" },
    xaxis: { ...axis, range: view.x, showgrid: false, tickangle: 0, tickvals, ticktext, showline: true, linecolor: c.line, linewidth: 1 },
    yaxis: { ...axis, range: view.y, type: log ? "log" : "linear", gridcolor: faded(c.line, 0.8), gridwidth: 1, nticks: 5, ticklabelstandoff: 7, ...yTicks },
  };
}

/** px of a picture of one panel */
export const PICTURE = { width: 900, height: 520 };

/**
 * The same as a picture by itself.
 * @param {Trace[]} data
 * @param {Layout} layout
 * @param {{title: string, time: string, axis: string}} words
 * @param {Colours} c
 * @param {string} font
 */
export function alone(data, layout, { title, time, axis }, c, font) {
  const tickfont = { size: 12, color: c.soft };
  return {
    data: data.map((trace) => ({ ...trace, name: subscripts(trace.name), showlegend: Boolean(trace.name) && trace.visible, cliponaxis: true })),
    layout: {
      ...layout, ...PICTURE, margin: { l: 76, r: 30, t: 92, b: 62 }, paper_bgcolor: c.panel, plot_bgcolor: c.panel, showlegend: true, font: { family: font, size: 13, color: c.ink },
      title: { text: title, x: 0.5, font: { size: 16, color: c.ink } }, legend: { orientation: "h", x: 0, y: 1.09, font: { size: 12 } },
      xaxis: { ...layout.xaxis, tickfont, title: { text: time } },
      yaxis: { ...layout.yaxis, tickfont, title: { text: subscripts(axis) } },
    },
  };
}
