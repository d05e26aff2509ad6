// Numbers of this lab in words and tables, as HTML.
import { significant as sig, subscripts } from "../../lib/numbers.js";

/** @typedef {import("./packets.js").Told} Told */
/** @typedef {import("./packets.js").StepSize & {colour: string}} Coloured */

/** @param {string} text a number */
export const minus = (text) => text.replace("-", "−");

/** A KL divergence in nats; its standard error where that is more than 5 %. @param {number | null} v @param {number} [error] */
export const klWords = (v, error = 0) => (v == null ? "∞" : v < 1e-7 ? "0" : sig(v) + (error > 0.05 * v ? ` ± ${sig(error, 1)}` : ""));

/**
 * @param {string} colour
 * @param {string} dash
 * @param {string} name
 * @param {import("./packets.js").Compared | import("./packets.js").NoStep} law
 * @param {string} kind
 * @param {string} title
 */
function lawRow(colour, dash, name, law, kind, title) {
  const known = "kl" in law ? law : null;
  const kl = known && kind !== "point" && kind !== "other" ? klWords(known.kl, known.error) : "–", w2 = known?.w2 == null || kind === "point" ? "–" : sig(known.w2);
  return `<tr title="${title}"><th><i style="--c:var(--pg-${colour})" class="${dash}"></i>${name}</th><td>${kl}</td><td>${w2}</td></tr>`;
}

const BEST = "The Gaussian with the mean and covariance of q: of all Gaussians the one with the least KL(q‖·).";
const POINT = "Where the chosen sampler goes in one step from t to s: a point, not a law to be compared with q.";
const STEP = "What the chosen sampler draws from in one step from t to s, read off the sampler itself.";
/** The rows of distances from q. @param {Told} h */
export const lawRows = (h) =>
  lawRow("learned", "dash", "best Gaussian", h.best, "gaussian", BEST) + lawRow("sampler", "", subscripts(h.step.title), h.step, h.step.kind, h.step.kind === "point" ? POINT : STEP);

/** The rows of parameterisations. @param {Told} h */
export const pointRows = (h) => h.point.map((r) =>
  `<tr title="${r.tip}" class="${r.values.length > 2 ? "pg-in-long" : ""}"><th>${subscripts(r.name)}<span>${subscripts(r.formula)}</span></th><td>${r.values.map((v) => sig(v)).join(", ")}</td></tr>`).join("");

/** @param {Told} h */
export const notes = (h) => [`${h.modes} mode${h.modes === 1 ? "" : "s"}`, h.step.note, ...h.notes].filter(Boolean).map(subscripts).join(" · ");

/** What the picture of q shows, in one sentence. @param {Told} h */
export const spoken = (h) => `q of x at ${sig(h.s)} given the pin at ${sig(h.t)}: ${h.modes} modes; best Gaussian KL ${klWords(h.best.kl)} nats`;

/** The key below the picture of q. @param {Coloured[]} sizes */
export function legend(sizes) {
  const words = sizes.map((s) =>
    `<span title="step of ${Math.round(100 * s.gap)} % of the way to 0: KL to its best Gaussian ${sig(s.kl)} nats, ${s.modes} mode${s.modes > 1 ? "s" : ""}"><i style="--c:${s.colour}"></i>${sig(s.gap * 100, 2)} %</span>`);
  const q = words.length
    ? `<span title="The chosen step, filled"><i style="--c:var(--pg-pin)"></i>q</span><b title="How far the step goes, as a share of the way to 0; each curve is scaled to its peak.">step sizes</b>${words.join("")}`
    : `<span><i style="--c:var(--pg-pin)"></i>q, dots: modes</span>`;
  return `${q}<span><i class="dash" style="--c:var(--pg-learned)"></i>best Gaussian</span><span><i style="--c:var(--pg-sampler)"></i>the sampler's step</span>`;
}
