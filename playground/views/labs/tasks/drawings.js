// Drawings beside the strip, as texts of SVG. No DOM.
import { decades } from "../axes.js";
import { say } from "./controls.js";

/** Inversion's error against the number of steps, both axes logarithmic. @param {{steps: number, rms: number}[]} points rms: error a pixel */
export function curve(points) {
  const W = 210, H = 140, l = 42, r = 12, t = 10, b = 34;
  const logs = points.map((p) => [Math.log10(p.steps), Math.log10(Math.max(p.rms, 1e-8))]);
  const x0 = Math.min(...logs.map((p) => p[0]), 0.6), x1 = Math.max(...logs.map((p) => p[0]), 2.05);
  const y0 = Math.floor(Math.min(...logs.map((p) => p[1]), -2)), y1 = Math.ceil(Math.max(...logs.map((p) => p[1]), 0));
  const X = (/** @type {number} */ v) => l + ((v - x0) / (x1 - x0)) * (W - l - r), Y = (/** @type {number} */ v) => H - b - ((v - y0) / (y1 - y0)) * (H - t - b);
  const marks = points.map((p, i) => `<circle cx="${X(logs[i][0])}" cy="${Y(logs[i][1])}" r="3.2"><title>${p.steps} steps: RMS ${say(p.rms)}</title></circle><text x="${X(logs[i][0])}" y="${H - b + 14}" text-anchor="middle">${p.steps}</text>`);
  return `<svg class="pg-task-curve" viewBox="0 0 ${W} ${H}" role="img" aria-label="RMS error a pixel against steps">${decades({ left: l, right: W - r, bottom: y0, top: y1, y: Y, gap: 5 })}
    <polyline points="${logs.map((p) => `${X(p[0])},${Y(p[1])}`).join(" ")}"/>${marks.join("")}
    <text x="${(l + W - r) / 2}" y="${H - 4}" text-anchor="middle">steps each way</text>
    <text transform="translate(10 ${(H - b + t) / 2}) rotate(-90)" text-anchor="middle">RMS a pixel</text></svg>`;
}

/**
 * RePaint's draws of x₂ given x₁ = 1 beside the exact density, one small picture for each r.
 * @param {{r: number, mean: number, variance: number}[]} runs
 * @param {ArrayLike<number>} x  centres of the bins
 * @param {ArrayLike<number>} exact  density there
 * @param {ArrayLike<number>} drawn  (runs, bins), flat: histograms as densities
 */
export function densities(runs, x, exact, drawn) {
  const W = 150, H = 92, b = 16, n = x.length;
  const top = 1.06 * Math.max(...Array.from(exact), ...Array.from(drawn)), step = x[1] - x[0], lo = x[0] - step / 2, hi = x[n - 1] + step / 2;
  const X = (/** @type {number} */ v) => ((v - lo) / (hi - lo)) * W, Y = (/** @type {number} */ v) => (H - b) * (1 - v / top);
  return runs.map((run, k) => {
    const bars = Array.from({ length: n }, (_, i) => {
      const v = drawn[k * n + i];
      return `<rect x="${X(x[i] - step / 2)}" width="${W / n - 0.4}" y="${Y(v)}" height="${H - b - Y(v)}"/>`;
    });
    const line = Array.from({ length: n }, (_, i) => `${X(x[i])},${Y(exact[i])}`);
    return `<figure class="pg-task-known"><figcaption><b>r ${run.r}</b> mean ${run.mean.toFixed(2)}, var ${run.variance.toFixed(2)}</figcaption>
      <svg viewBox="0 0 ${W} ${H}" role="img" aria-label="draws with r = ${run.r} and the exact density">${bars.join("")}<polyline points="${line.join(" ")}"/>
      <line class="axis" x1="0" x2="${W}" y1="${H - b}" y2="${H - b}"/>${[0, 1, 2].filter((v) => v > lo && v < hi).map((v) => `<text x="${X(v)}" y="${H - 3}" text-anchor="middle">${v}</text>`).join("")}</svg></figure>`;
  }).join("");
}
