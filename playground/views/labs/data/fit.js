// Points as a mixture: what the server is asked, and what a link and the panel say of a fit.
import { ask } from "../../form/transport.js";

/** @typedef {import("../../page.js").Host} Host */
/** @typedef {import("../../python.js").Fit} Fit */
/**
 * What a link says of a fit. error and floor: W₁ or sliced W₂ to the points that were fitted, and between two draws of the mixture, `points` each;
 * columns: shift and scale that a table's columns were read with.
 * @typedef {{kind: string, rows: number, fitted: number, error: number, floor: number, points: number, columns: number[][]}} Fitted
 */

/** @param {number} n */
export const many = (n) => n.toLocaleString("en");
/** @param {string} text */
const minus = (text) => text.replace("-", "−");
/** @param {number} v */
export const short = (v) => minus(v.toPrecision(3).replace(/e\+?(-?)0*(\d)/, "e$1$2"));

/**
 * The mixture that fits a table of points. Raises Error with a sentence.
 * @param {Host} host
 * @param {string | File} table
 * @param {{components: string, scale: string}} params components: how many Gaussians, "0" as many as needed; scale: "1" for columns of any unit
 * @returns {Promise<Fit>}
 */
export async function fitOf(host, table, params) {
  const url = new URL("live/fit", document.baseURI);
  url.search = String(new URLSearchParams(params));
  let answer = null;
  try {
    const response = await ask(url, { method: "POST", body: table, headers: { "Content-Type": "text/csv" } });
    answer = await response.json().catch(() => null);
  } catch {
    throw new Error("The server does not answer. Nothing has changed; try again.");
  }
  answer ??= await host.call("fit_text", { text: typeof table === "string" ? table : await table.text(), ...params });
  if (answer.error) throw new Error(answer.error.message);
  return answer;
}

/**
 * A fit as the link has it (view.fit).
 * @param {string} kind "paint" or "file"
 * @param {Fit} fit
 */
export const written = (kind, fit) =>
  [kind, fit.rows, fit.fitted, fit.distance, fit.floor, fit.points, ...fit.columns.flat().map((v) => Number(v.toPrecision(5)))].join(",");

/**
 * What the link says of a fit, as numbers; null if it makes no sense.
 * @param {string} said
 * @param {number} dim
 * @returns {Fitted | null}
 */
export function read(said, dim) {
  const [kind, ...rest] = said.split(","), numbers = rest.map(Number);
  if (!["paint", "file"].includes(kind) || numbers.length < 5 || !numbers.every(Number.isFinite)) return null;
  const [rows, fitted, error, floor, points, ...columns] = numbers;
  return { kind, rows, fitted, error, floor, points, columns: columns.length === 2 * dim ? Array.from({ length: dim }, (_, i) => columns.slice(2 * i, 2 * i + 2)) : [] };
}

/**
 * A fit in sentences.
 * @param {Fitted} fit
 * @param {number} dim
 */
export function sentences(fit, dim) {
  const what = fit.kind === "paint" ? "painted points" : "rows", some = fit.fitted < fit.rows ? ` (a random ${many(fit.fitted)} of them)` : "";
  const distance = `${dim === 1 ? "W₁" : "sliced W₂"} ${fit.error.toFixed(3)} to them, floor ${fit.floor.toFixed(3)} between two draws of the mixture (${many(fit.points)} points each)`;
  const lines = [`Fitted by EM to ${many(fit.rows)} ${what}${some}: ${distance}`];
  const names = fit.columns.length > 1 ? ["x₁", "x₂"] : ["x"];
  if (fit.columns.length) lines.push(fit.columns.map(([shift, scale], i) => `${names[i]} = (column ${i + 1} ${shift < 0 ? "+" : "−"} ${short(Math.abs(shift))}) / ${short(scale)}`).join(", "));
  return lines;
}
