// Axes, and where words stand beside lines. Pure functions of numbers.

/** @typedef {{lo: number, hi: number, linear?: boolean}} Span  logarithmic, unless it says that it is linear */

const USUAL = 0.9, FAR = 3;
const FEW_TENTHS = [1, 2, 5]; // of which linear steps are multiples

/** The logarithmic span of some numbers, with a margin; null where none is above 0. @param {number[]} numbers @param {number} [margin] of its length, on each side @returns {Span | null} */
export function spanOf(numbers, margin = 0.05) {
  const logs = numbers.filter((x) => Number.isFinite(x) && x > 0).map(Math.log);
  if (!logs.length) return null;
  const lo = Math.min(...logs), hi = Math.max(...logs), more = Math.max((hi - lo) * margin, 0.08);
  return { lo: Math.exp(lo - more), hi: Math.exp(hi + more) };
}

/** The linear span of some numbers, without the few that are far beyond all others; null where there is none. @param {number[]} numbers @returns {Span | null} */
export function linearSpan(numbers) {
  const some = numbers.filter(Number.isFinite).sort((a, b) => a - b), at = (/** @type {number} */ q) => some[Math.round(q * (some.length - 1))];
  if (!some.length) return null;
  const usual = at(USUAL) - at(1 - USUAL) || Math.abs(at(0.5)) * 0.05 || 0.05;
  const lo = Math.max(some[0], at(1 - USUAL) - FAR * usual), hi = Math.min(some[some.length - 1], at(USUAL) + FAR * usual), more = Math.max((hi - lo) * 0.07, usual * 0.2);
  return { lo: lo - more, hi: hi + more, linear: true };
}

/** Up to where an axis goes: not up to the few numbers that are far beyond all others. @param {number[]} numbers */
export function topOf(numbers) {
  const some = numbers.filter((x) => Number.isFinite(x) && x > 0).sort((a, b) => a - b), most = some[some.length - 1] ?? 0;
  return Math.min(most, FAR * (some[Math.floor(USUAL * (some.length - 1))] ?? 0));
}

/** Where a number stands from 0 (the span's lower end) to 1. @param {number} x @param {Span} span */
export const share = (x, { lo, hi, linear }) => (linear ? (x - lo) / (hi - lo) : (Math.log(x) - Math.log(lo)) / (Math.log(hi) - Math.log(lo)));

/** Round numbers within a span, from few to many as it has room: 1, 3, 10 … or 1, 2, 5, 10 … @param {Span} span @param {number} [most] */
export function ticksOf({ lo, hi, linear }, most = 8) {
  if (linear) return linearTicks(lo, hi, most);
  const from = Math.floor(Math.log10(lo)), to = Math.ceil(Math.log10(hi));
  for (const steps of [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 3, 5], [1, 2, 5], [1, 3], [1]]) {
    const out = [];
    for (let e = from; e <= to; e++) for (const m of steps) out.push(Number((m * 10 ** e).toPrecision(3)));
    const inside = out.filter((x) => x >= lo && x <= hi);
    if (inside.length <= most) return inside;
  }
  return [];
}

/** @param {number} lo @param {number} hi @param {number} most */
function linearTicks(lo, hi, most) {
  for (let e = Math.floor(Math.log10((hi - lo) / most)); ; e++) for (const m of FEW_TENTHS) {
    const step = m * 10 ** e, first = Math.ceil(lo / step), count = Math.floor(hi / step) - first + 1;
    if (count <= most) return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(6)));
  }
}

/** Of the numbers on an axis those whose words have room, the first always. @param {number[]} places in pixels, rising @param {number} room */
export function withRoom(places, room) {
  let last = -Infinity;
  return places.map((x) => {
    if (x - last < room) return false;
    last = x;
    return true;
  });
}

/** Heights about those that words want, in which groups that would overlap stand around their middle. @param {number[]} wanted @param {number} gap */
export function centred(wanted, gap) {
  const out = [...wanted];
  /** @type {{from: number, sum: number, some: number[]}[]} */
  const groups = [];
  for (const i of wanted.map((_, n) => n).sort((a, b) => wanted[a] - wanted[b])) {
    let last = { from: wanted[i], sum: wanted[i], some: [i] };
    for (let before = groups[groups.length - 1]; before && before.from + before.some.length * gap > last.from; before = groups[groups.length - 1]) {
      groups.pop();
      const sum = before.sum + last.sum, some = [...before.some, ...last.some];
      last = { sum, some, from: sum / some.length - ((some.length - 1) / 2) * gap };
    }
    groups.push(last);
  }
  for (const { from, some } of groups) some.forEach((i, n) => (out[i] = from + n * gap));
  return out;
}

/** Heights at which words stand, as near as can be to where they want to, none nearer than `gap` to another; null: there is no room for it.
 * @param {number[]} wanted @param {number} gap @param {number} top @param {number} bottom @param {number} most how far a word may stand from its line */
export function apart(wanted, gap, top, bottom, most) {
  /** @type {(number | null)[]} */
  const out = wanted.map(() => null);
  let last = top - gap;
  for (const i of wanted.map((_, n) => n).sort((a, b) => wanted[a] - wanted[b])) {
    const y = Math.max(wanted[i], last + gap);
    if (y > bottom || y - wanted[i] > most) continue;
    out[i] = last = y;
  }
  return out;
}

export const COLOURS = 8;
const DASHES = ["", "7 3", "2 2.5", "7 3 2 3"];
const MARKS = ["circle", "square", "diamond", "triangle"];

/** How the n-th line is drawn: colours first, then dashes and marks. @param {number} n */
export const look = (n) => ({ colour: `var(--pg-b${n % COLOURS})`, dash: DASHES[Math.floor(n / COLOURS) % 4], mark: MARKS[Math.floor(n / COLOURS) % 4] });

/** The path of a mark about (x, y). @param {string} mark @param {number} x @param {number} y @param {number} r */
export function markPath(mark, x, y, r) {
  if (mark === "square") return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
  if (mark === "diamond") return `M${x} ${y - 1.3 * r}l${1.3 * r} ${1.3 * r}l${-1.3 * r} ${1.3 * r}l${-1.3 * r} ${-1.3 * r}z`;
  if (mark === "triangle") return `M${x} ${y - 1.2 * r}l${1.2 * r} ${2.2 * r}h${-2.4 * r}z`;
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
}
