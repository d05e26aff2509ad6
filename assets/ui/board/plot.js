// Quality against cost on logarithmic axes: a line a method with its interval over the seeds, the floor, the front. Drawn as SVG; hover, arrow keys and clicks go by the nearest point.
import { el } from "../lib/dom.js";
import { escaped, significant } from "../lib/numbers.js";
import { keyOf, numberOf } from "./lines.js";
import { apart, look, markPath, share, spanOf, ticksOf, topOf, withRoom } from "./scales.js";
import { halfOf, meanOf, plain } from "./words.js";

/**
 * @typedef {import("./lines.js").Known} Known
 * @typedef {import("./lines.js").Value} Value
 * @typedef {{place: string, method: import("./lines.js").Method, cost: number, value: Value, x: number, y: number}} Point
 * @typedef {{measure: string, cost: string, off: Set<string>, chosen: string, title: string, axis: string}} Shown  off: methods that are not drawn
 */

const NEAR = 26; // px
const LABELS = 124; // px beside the plot for words, where it is wide enough

export class Plot {
  /** @type {Point[]} */
  points = [];
  /** @type {Point | null} */
  at = null;

  /** @param {(place: string) => void} choose */
  constructor(choose) {
    this.root = el("div", { className: "pg-b-plot", tabIndex: 0 });
    this.root.setAttribute("role", "application");
    this.root.setAttribute("aria-label", "Quality against cost. Arrow keys go from point to point, Enter chooses one.");
    this.tip = el("div", { className: "pg-b-tip", hidden: true });
    this.tip.setAttribute("role", "status");
    this.sheet = el("div", { className: "pg-b-sheet" });
    this.root.append(this.sheet, this.tip);
    this.root.addEventListener("pointermove", (e) => this.hover(this.nearest(e)));
    this.root.addEventListener("pointerleave", () => this.hover(null));
    this.root.addEventListener("click", (e) => {
      const point = this.nearest(e);
      if (point) choose(point.place);
    });
    this.root.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && this.at) choose(this.at.place);
      else if (e.key === "Escape" && this.at) this.hover(null);
      else if (!this.step(e.key)) return;
      e.preventDefault();
      e.stopPropagation();
    });
    this.root.addEventListener("blur", () => this.hover(null));
  }

  /** @param {Known} known @param {Shown} shown */
  draw(known, shown) {
    const { width, height } = this.root.getBoundingClientRect();
    if (width < 80 || height < 80) return;
    const { measure, cost, off } = shown, methods = known.shownMethods.filter(({ key }) => !off.has(key));
    const wide = width > 560, box = { x: 58, y: 26, w: width - 58 - (wide ? LABELS : 14), h: height - 26 - 38 };
    /** @param {string | null} place */
    const told = (place) => {
      const value = known.value(place, measure), row = place ? known.rows.get(place) : undefined;
      return value && row && Number.isFinite(value.mean) && value.mean > 0 ? { value, cost: numberOf(cost === "ms" ? row.ms : row.calls) } : null;
    };
    const lines = methods.map((method) => ({ method, some: method.places.flatMap((place) => {
      const found = told(place);
      return found && found.cost > 0 ? [{ place: /** @type {string} */ (place), method, ...found }] : [];
    }).sort((a, b) => a.cost - b.cost) }));
    const all = lines.flatMap(({ some }) => some);
    const floor = (known.front?.floors[measure] ?? []).map(numberOf), hasFloor = Number.isFinite(floor[1]) && floor[1] > 0;
    const across = spanOf(all.map((p) => p.cost)), top = topOf(all.map((p) => p.value.mean)), up = spanOf([...all.map((p) => Math.min(top, p.value.mean)), ...(hasFloor ? [floor[1], Math.max(floor[0], floor[1] / 3)] : [])], 0.07);
    if (!across || !up) {
      this.points = [];
      this.sheet.innerHTML = "";
      return;
    }
    const X = (/** @type {number} */ x) => box.x + box.w * share(x, across), Y = (/** @type {number} */ y) => box.y + box.h * (1 - Math.min(1, Math.max(0, share(y, up))));
    this.points = all.map((p) => ({ ...p, x: X(p.cost), y: Y(p.value.mean) }));
    const byPlace = new Map(this.points.map((p) => [p.place, p]));
    const out = [`<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true">`];
    out.push(`<text class="pg-b-title" x="12" y="16">${escaped(wide ? shown.title : shown.title.split(":")[0])}</text>`);
    if (hasFloor) out.push(this.floor(box, Y(floor[1]), floor[0] > 0 ? Y(floor[0]) : box.y + box.h));
    for (const y of ticksOf(up, 7)) out.push(`<path class="pg-b-grid" d="M${box.x} ${Y(y)}H${box.x + box.w}"/><text x="${box.x - 8}" y="${Y(y) + 4}" text-anchor="end">${plain(y)}</text>`);
    const counts = [...new Set(all.map((p) => Math.round(p.cost)))].sort((a, b) => a - b), ticks = cost === "calls" && counts.length < 16 ? counts : ticksOf(across, 9);
    const room = withRoom(ticks.map(X), 30);
    ticks.forEach((x, i) => room[i] && out.push(`<path class="pg-b-tick" d="M${X(x)} ${box.y + box.h}v4"/><text x="${X(x)}" y="${box.y + box.h + 17}" text-anchor="middle">${plain(x)}</text>`));
    out.push(`<path class="pg-b-axis" d="M${box.x} ${box.y + box.h}H${box.x + box.w}"/><text x="${box.x + box.w}" y="${box.y + box.h + 33}" text-anchor="end">${escaped(shown.axis)} →</text>`);
    for (const { method, some } of lines) out.push(this.line(method.n, some.map((p) => /** @type {Point} */ (byPlace.get(p.place))), Y));
    const beyond = all.filter((p) => p.value.mean > up.hi).length;
    if (beyond) out.push(`<text x="${box.x + box.w}" y="${wide ? 16 : box.y + box.h - 6}" text-anchor="end">▲ ${beyond} beyond</text>`);
    const best = (known.front?.front[cost]?.[measure]?.line ?? []).flatMap((/** @type {number[]} */ at) => byPlace.get(keyOf(at)) ?? []);
    if (best.length) out.push(`<path class="pg-b-front" d="M${best.map((p) => `${p.x} ${p.y + 5}`).join("L")}"/>`);
    for (const p of this.points) if (known.onFront(p.place, measure, cost)) out.push(`<circle class="pg-b-on" cx="${p.x}" cy="${p.y}" r="5"/>`);
    const chosen = byPlace.get(shown.chosen);
    if (chosen) out.push(`<circle class="pg-b-chosen" cx="${chosen.x}" cy="${chosen.y}" r="8"/>`);
    if (wide) out.push(this.labels(lines, byPlace, box));
    out.push('<circle class="pg-b-at" r="7" visibility="hidden"/></svg>');
    this.sheet.innerHTML = out.join("");
    this.hover(this.at && (byPlace.get(this.at.place) ?? null));
  }

  /** @param {{x: number, y: number, w: number, h: number}} box @param {number} top @param {number} bottom */
  floor(box, top, bottom) {
    return `<rect class="pg-b-floor" x="${box.x}" y="${top}" width="${box.w}" height="${Math.max(1, bottom - top)}"/><path class="pg-b-floor-line" d="M${box.x} ${top}H${box.x + box.w}"/>` +
      `<text class="pg-b-floor-word" x="${box.x + 6}" y="${Math.min(top + 14, box.y + box.h - 4)}">floor: two exact samples</text>`;
  }

  /** @param {number} n @param {Point[]} some @param {(y: number) => number} Y */
  line(n, some, Y) {
    const { colour, dash, mark } = look(n), dashes = dash ? ` stroke-dasharray="${dash}"` : "";
    const bars = some.filter(({ value }) => Number.isFinite(value.high)).map(({ value, x }) => `M${x} ${Y(value.high)}V${Y(Math.max(value.low, 1e-12))}`).join("");
    return `<g style="--c:${colour}"><path class="pg-b-line" d="${some.map((p, i) => `${i ? "L" : "M"}${p.x} ${p.y}`).join("")}"${dashes}/><path class="pg-b-bar" d="${bars}"/>` +
      `<path class="pg-b-mark" d="${some.map((p) => markPath(mark, p.x, p.y, 3)).join("")}"/></g>`;
  }

  /** Words at the lines' ends, where there is room.
   * @param {{method: import("./lines.js").Method, some: {place: string}[]}[]} lines @param {Map<string, Point>} byPlace @param {{x: number, y: number, w: number, h: number}} box */
  labels(lines, byPlace, box) {
    const ends = lines.flatMap(({ method, some }) => {
      const end = some.length ? byPlace.get(some[some.length - 1].place) : undefined;
      return end && end.x > box.x + 0.8 * box.w ? [{ method, end }] : [];
    });
    const ys = apart(ends.map(({ end }) => end.y), 13, box.y + 4, box.y + box.h, 40);
    return ends.map(({ method, end }, i) => {
      const y = ys[i], words = method.label.length > 16 ? `${method.label.slice(0, 15)}…` : method.label;
      if (y === null) return "";
      const x = box.x + box.w + 12;
      return `<path class="pg-b-lead" d="M${end.x + 5} ${end.y}L${x - 3} ${y}"/><text class="pg-b-end" x="${x}" y="${y + 4}" style="fill:${look(method.n).colour}">${escaped(words)}</text>`;
    }).join("");
  }

  /** @param {PointerEvent | MouseEvent} e */
  nearest(e) {
    const { left, top } = this.root.getBoundingClientRect(), x = e.clientX - left, y = e.clientY - top;
    let found = null, least = NEAR;
    for (const p of this.points) {
      const d = Math.hypot(p.x - x, p.y - y);
      if (d < least) [found, least] = [p, d];
    }
    return found;
  }

  /** From point to point: along a line, or to the line above or below at the same cost. @param {string} key */
  step(key) {
    const along = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0, up = key === "ArrowUp" ? 1 : key === "ArrowDown" ? -1 : 0, { at } = this;
    if (!along && !up) return false;
    const some = !at ? this.points : along
      ? this.points.filter((p) => p.method.key === at.method.key && along * (p.x - at.x) > 0.5).sort((a, b) => along * (a.x - b.x))
      : this.points.filter((p) => Math.abs(p.x - at.x) < 12 && up * (at.y - p.y) > 0.2).sort((a, b) => up * (b.y - a.y));
    if (some.length) this.hover(some[0]);
    return true;
  }

  /** @param {Point | null} point */
  hover(point) {
    this.at = point;
    const ring = this.sheet.querySelector(".pg-b-at");
    ring?.setAttribute("visibility", point ? "visible" : "hidden");
    this.tip.hidden = !point;
    this.root.style.cursor = point ? "pointer" : "";
    if (!point) return;
    ring?.setAttribute("cx", String(point.x));
    ring?.setAttribute("cy", String(point.y));
    const { value, cost, method } = point;
    this.tip.replaceChildren(el("b", { textContent: method.label }), ` ${meanOf(value)} ${halfOf(value)}`, el("small", { textContent:
      `${plain(cost)} ${this.root.dataset.axis ?? ""} · floor ${significant(value.floor)} · ${value.n} seeds` }));
    const { width } = this.root.getBoundingClientRect(), own = this.tip.offsetWidth;
    this.tip.style.left = `${Math.max(4, Math.min(width - own - 4, point.x + 12 + own > width ? point.x - own - 12 : point.x + 12))}px`;
    this.tip.style.top = `${Math.max(2, point.y - 44)}px`;
  }
}
