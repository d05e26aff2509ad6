// The plot: a line a method with its interval over the seeds, the floor, the front. Drawn as SVG (scene.js, svg.js); hover, arrow keys and clicks go by the nearest point.
import { el, penOf } from "../lib/dom.js";
import { significant } from "../lib/numbers.js";
import { sceneOf } from "./scene.js";
import { here, svgOf } from "./svg.js";
import { counted, halfOf, meanOf, plain } from "./words.js";

/**
 * @typedef {import("./lines.js").Known} Known
 * @typedef {import("./scene.js").Point} Point
 * @typedef {import("./scene.js").Shown} Shown
 */

const NEAR = 26; // px

export class Plot {
  /** @type {Point[]} */
  points = [];
  /** @type {Point | null} */
  at = null;
  /** @type {Shown | null} */
  shown = null;
  pen = penOf(document.createElement("canvas"));

  /** @param {(place: string) => void} choose */
  constructor(choose) {
    this.root = el("div", { className: "pg-b-plot", tabIndex: 0 });
    this.root.setAttribute("role", "application");
    this.root.setAttribute("aria-label", "The plot. Arrow keys go from point to point, Enter chooses one.");
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

  /** @param {Known} known @param {Shown} shown @param {string} why no place has a number, if none has */
  draw(known, shown, why) {
    const { width, height } = this.root.getBoundingClientRect();
    if (width < 80 || height < 80) return;
    this.pen.font = getComputedStyle(this.sheet).font;
    const scene = sceneOf(known, shown, width, height, (words) => this.pen.measureText(words).width);
    this.shown = shown;
    this.points = scene?.points ?? [];
    this.sheet.replaceChildren();
    if (scene && !why) this.sheet.innerHTML = svgOf(scene);
    else if (why) this.sheet.append(el("p", { className: "pg-b-why", textContent: why }));
    this.hover(this.at && (scene?.byPlace.get(this.at.place) ?? null));
  }

  /** One line before all others, in its colour. @param {string} method "" none */
  light(method) {
    for (const line of this.sheet.querySelectorAll(".pg-b-lit")) line.classList.remove("pg-b-lit");
    const line = method && this.sheet.querySelector(`[data-line="${CSS.escape(method)}"]`);
    if (!line) return;
    line.classList.add("pg-b-lit");
    line.parentElement?.append(line, ...this.sheet.querySelectorAll(".pg-b-at"));
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
    this.light(point?.method.key ?? "");
    if (!point) return;
    ring?.setAttribute("cx", String(point.x));
    ring?.setAttribute("cy", String(point.y));
    const { value, over, method, calls } = point, { shown } = this, more = here(this.points, point);
    const told = shown?.plane ? `${shown.across.title}: ${meanOf(over)} ${halfOf(over)} · ${plain(calls)} model calls` : `${plain(over.mean)} ${shown?.across.title ?? ""} · floor ${significant(value.floor)}`;
    this.tip.replaceChildren(el("b", { textContent: method.label }), ` ${meanOf(value)} ${halfOf(value)}`, el("small", { textContent: `${told} · ${counted(value.n, "seed")}` }),
      ...(more ? [el("small", { textContent: `${counted(more, "other point")} just here` })] : []));
    const { width } = this.root.getBoundingClientRect(), own = this.tip.offsetWidth;
    this.tip.style.left = `${Math.max(4, Math.min(width - own - 4, point.x + 12 + own > width ? point.x - own - 12 : point.x + 12))}px`;
    this.tip.style.top = `${Math.max(2, point.y - 44)}px`;
  }
}
