// The words of a picture: its moment, why it stands still, and what must be said below it.
import { isNumber, number } from "../lib/draw.js";
import { significant } from "../lib/numbers.js";
import { time } from "../lib/time.js";

/** @typedef {import("./run.js").Run} Run */
/** @typedef {import("./run.js").Facts} Facts */

/** "p_T" in words from the server: what follows the "_" is a subscript. Splits words into plain ones and, at odd places, subscripts. */
const SUBSCRIPT = /(?<=\p{L})_([\p{L}\d]+)/u;
const MOST_LINES = 6; // below a picture

/** 1st, 2nd, 3rd, 4th, … 11th.
 * @param {number} n */
const ordinal = (n) => `${n}${n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th"}`;

/** log-SNR ("": it has none, or is told already) and step of a moment.
 * @param {Facts} info
 * @param {Run} run
 * @returns {[snr: string, step: string]} */
function captionParts({ logSnr, step, steps }, run) {
  return [isNumber(logSnr) && time.scale !== time.scales.snr ? `log-SNR ${number(logSnr, 1)}` : "", run.forward ? "noising" : `step ${step}/${steps}`];
}

/** The same in one.
 * @param {Facts} info
 * @param {Run} run */
const captionMore = (info, run) => captionParts(info, run).filter(Boolean).join(" · ");

/** Why the picture stands still between two steps, or "".
 * @param {Facts} info
 * @param {Run} run */
function captionHeld({ held, stride, state, between }, run) {
  if (!held || run.header.image) return stride > 1 ? `every ${ordinal(stride)} step is kept` : "";
  if (run.forward) return "held between exact draws";
  if (stride > 1) return between ? `held at step ${state}: every ${ordinal(stride)} is kept` : `every ${ordinal(stride)} step is kept`;
  return "held: steps draw noise";
}

/** What the picture shows, for those who do not see it.
 * @param {Run} run
 * @param {Facts} info
 * @param {string[]} layers */
function described(run, info, layers) {
  const { data, process, sampler } = run.header.title, what = run.forward ? `${data} noised by ${process}` : `${data} sampled with ${sampler} from ${process}`;
  return `${what}: ${run.count} particles at ${time.said(info)}, ${captionMore(info, run)}. Shown: ${layers.join(", ")}.`;
}

/** How far a run's last particles are from the truth. @param {import("../python.js").MetricsHeader} header */
const farOf = ({ key, end, metrics: [main] }) => ({ key, words: main ? `${main.label} to ${end} ${significant(main.final)}, floor ${significant(main.floor)}` : "" });

/** What a run was made with, in parts of a sentence.
 * @param {Run} run
 * @param {string} first  what comes before
 * @param {string} far  how far it is from the truth, or "" */
function settingsOf({ header: h, forward, moments }, first, far) {
  const calls = `${h.model_calls} model call${h.model_calls === 1 ? "" : "s"}`;
  return [
    first, forward ? `${moments.steps} times` : `${h.steps} step${h.steps === 1 ? "" : "s"}, ${calls}`, h.guidance ? `guidance: ${h.guidance.title}` : "",
    h.image ? `${h.image.batch} images` : `${h.particles.toLocaleString("en").replaceAll(",", "\u2009")} particles`, `seed ${h.seed}`, far, ...(h.notes || []),
  ].filter(Boolean);
}

/** Parts in lines of at most `width`, joined by dots; one that is too long itself is broken behind its commas.
 * @param {string[]} parts
 * @param {number} width
 * @param {(words: string) => number} measure */
function linesOf(parts, width, measure) {
  const lines = [""];
  /** @param {string} words */
  const wide = (words) => measure(words) > width;
  for (const part of parts.flatMap((words) => (wide(words) ? words.split(/(?<=[:,;]) /) : [words]))) {
    const longer = lines.at(-1) ? `${lines.at(-1)} · ${part}` : part;
    if (!wide(longer)) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines.slice(0, MOST_LINES);
}

export { SUBSCRIPT, captionHeld, captionMore, captionParts, described, farOf, linesOf, ordinal, settingsOf };
