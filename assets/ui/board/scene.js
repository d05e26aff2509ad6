// Where everything of the plot stands: quality against a cost, or in the plane of two measures. Numbers alone; svg.js draws them.
import { keyOf, numberOf } from "./lines.js";
import { apart, centred, linearSpan, share, spanOf, ticksOf, topOf, withRoom } from "./scales.js";

/**
 * @typedef {import("./lines.js").Known} Known
 * @typedef {import("./lines.js").Value} Value
 * @typedef {import("./lines.js").Method} Method
 * @typedef {import("./scales.js").Span} Span
 *
 * @typedef {object} Axis  one of the plot's two
 * @property {string} key  of a cost or a measure
 * @property {string} title
 * @property {boolean} linear
 * @property {string} floor  what stands beside the band that exact samples show; "" of a cost
 *
 * @typedef {object} Shown
 * @property {Axis} up
 * @property {Axis} across
 * @property {boolean} plane  are both measures?
 * @property {Method[]} methods  those that are drawn
 * @property {Set<string>} lit  of these the ones with colours and words
 * @property {string} chosen  a place
 * @property {string} title
 *
 * @typedef {object} Point
 * @property {string} place
 * @property {Method} method
 * @property {Value} value  upwards
 * @property {Value} over  across
 * @property {number} calls
 * @property {number} x
 * @property {number} y
 * @property {number} r  px
 *
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 * @typedef {{from: number, to: number}} Band  px
 */

const LEFT = 58, TOP = 26, BOTTOM = 38, RIGHT = 14, LABELS = 196; // px around the plot; the last at most, for words beside it
const WIDE = 560, GAP = 13, FAR = 90; // px: from where there are words; between two of them; from a word to its line at most
const MARK = 3, MARKS = [2.4, 6.4]; // px: half of a mark; in the plane by model calls, from few to many
const LAST = 0.8; // of the width: words stand beside lines that go as far

/** @param {Axis} axis @param {number[]} means @param {Band | null} floor in the axis' unit */
function spanFor({ linear }, means, floor) {
  if (linear) return linearSpan([...means, ...(floor ? [floor.from, floor.to] : [])]);
  const top = topOf(means), low = floor && floor.to > 0 ? [floor.to, Math.max(floor.from, floor.to / 3)] : [];
  return spanOf([...means.map((x) => Math.min(top, x)), ...low], 0.07);
}

/** @param {Known} known @param {Axis} axis @returns {Band | null} */
function floorOf(known, { key, linear }) {
  const [from, to] = (known.front?.floors[key] ?? []).map(numberOf);
  return Number.isFinite(to) && (linear || to > 0) ? { from, to } : null;
}

/** @param {Known} known @param {Shown} shown @param {number} width @param {number} height px @param {(words: string) => number} long how long words are, px */
export function sceneOf(known, shown, width, height, long) {
  const { up, across, plane, methods, lit } = shown, wide = width > WIDE;
  const lines = methods.map((method) => ({ method, some: method.places.flatMap((place) => {
    const value = place === null ? null : known.onAxis(place, up.key), over = place === null ? null : known.onAxis(place, across.key);
    if (place === null || !value || !over || !Number.isFinite(value.mean) || !Number.isFinite(over.mean)) return [];
    return [{ place, method, value, over, calls: numberOf(known.rows.get(place)?.calls) }];
  }).sort((a, b) => (plane ? a.calls - b.calls : a.over.mean - b.over.mean)) }));
  const all = lines.flatMap(({ some }) => some), floorUp = floorOf(known, up), floorAcross = plane ? floorOf(known, across) : null;
  const named = wide ? methods.filter(({ key }) => lit.has(key)) : [], beside = Math.min(LABELS, 0.24 * width, 30 + Math.max(0, ...named.map(({ name }) => long(name))));
  const box = { x: LEFT, y: TOP, w: width - LEFT - (wide ? beside : RIGHT), h: height - TOP - BOTTOM };
  const vertical = spanFor(up, all.map(({ value }) => value.mean), floorUp);
  const horizontal = plane ? spanFor(across, all.map(({ over }) => over.mean), floorAcross) : spanOf(all.map(({ over }) => over.mean));
  if (!vertical || !horizontal || box.w < 40 || box.h < 40) return null;
  const within = (/** @type {number} */ x) => (Number.isNaN(x) ? 0 : Math.min(1, Math.max(0, x))); // the logarithm of what is below 0 is none: at the lower edge
  const X = (/** @type {number} */ x) => box.x + box.w * within(share(x, horizontal)), Y = (/** @type {number} */ y) => box.y + box.h * (1 - within(share(y, vertical)));
  const calls = plane ? spanOf(all.map((p) => p.calls), 0) : null;
  const size = (/** @type {number} */ n) => (calls ? MARKS[0] + (MARKS[1] - MARKS[0]) * within(share(n, calls)) : MARK);
  /** @type {Map<string, Point>} */
  const byPlace = new Map(all.map((p) => [p.place, { ...p, x: X(p.over.mean), y: Y(p.value.mean), r: size(p.calls) }]));
  const drawn = lines.map(({ method, some }) => ({ method, lit: lit.has(method.key), some: some.map((p) => /** @type {Point} */ (byPlace.get(p.place))) }));
  const out = (/** @type {Value} */ v, /** @type {Span} */ s) => (v.mean > s.hi ? 1 : !(v.mean >= s.lo) ? -1 : 0);
  const ends = wide ? drawn.filter(({ lit: on, some }) => on && some.length).map(({ method, some }) => ({ method, end: some[some.length - 1] })).filter(({ end }) => plane || end.x > box.x + LAST * box.w) : [];
  const ys = apart(centred(ends.map(({ end }) => end.y), GAP).map((y) => Math.max(box.y, y)), GAP, box.y, box.y + box.h + 4, FAR);
  return {
    width, height, box, wide, shown, X, Y, long, points: [...byPlace.values()], lines: drawn, byPlace,
    ticksUp: ticksOf(vertical, 7), ticksAcross: ticksAcross(known, horizontal, shown, X),
    floorUp: floorUp && band(Y, floorUp, up.linear, box.y + box.h), floorAcross: floorAcross && band(X, floorAcross, across.linear, box.x),
    above: all.filter(({ value }) => out(value, vertical) > 0).length, below: all.filter(({ value }) => out(value, vertical) < 0).length,
    beside: plane ? all.filter(({ over }) => out(over, horizontal)).length : 0,
    best: (known.frontOf(up.key, across.key)?.line ?? []).flatMap((/** @type {number[]} */ at) => byPlace.get(keyOf(at)) ?? []),
    rings: [...new Map([...byPlace.values()].filter(({ place }) => known.onFront(place, up.key, across.key)).map((p) => [`${Math.round(p.x / 2)} ${Math.round(p.y / 2)}`, p])).values()],
    words: ends.flatMap(({ method, end }, i) => (ys[i] === null ? [] : [{ method, end, x: box.x + box.w + 12, y: ys[i] ?? 0 }])),
    sizes: calls ? [...new Set([Math.min(...all.map((p) => p.calls)), Math.max(...all.map((p) => p.calls))])].map((n) => ({ n, r: size(n) })) : [],
  };
}

/** @typedef {NonNullable<ReturnType<typeof sceneOf>>} Scene */

/** @param {(x: number) => number} place @param {Band} floor @param {boolean} linear @param {number} edge where it goes to if it has no lower end @returns {Band} */
const band = (place, { from, to }, linear, edge) => ({ from: linear || from > 0 ? place(from) : edge, to: place(to) });

/** The numbers of model calls that were asked for; of what is measured round ones. @param {Known} known @param {Span} span @param {Shown} shown @param {(x: number) => number} X */
function ticksAcross(known, span, { across }, X) {
  const asked = known.columns.map(Number), own = known.head?.axes[known.across]?.names.includes(across.key) && asked.length < 16;
  const ticks = own ? asked.filter((x) => x >= span.lo && x <= span.hi) : ticksOf(span, 9), room = withRoom(ticks.map(X), 30);
  return ticks.filter((_, i) => room[i]);
}
