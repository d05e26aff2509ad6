import { el } from "../../lib/dom.js";
import { clamp } from "../../lib/numbers.js";
import { Picture } from "../picture.js";
import { FRICTION, MASS, critical, dampedAt, pixelOf, regime, say, stepped } from "./friction.js";
import { themed } from "./plots.js";

/** @typedef {import("./friction.js").Damped} Damped */

const AHEAD = 700; // ms that a hand is ahead of what is shown
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** The map of Γ and M, with a point that a hand moves. */
export class DampingMap {
  /** @type {Damped} */
  at = [1, 0.25];
  held = false;
  wrote = -Infinity;

  /** @param {import("../../page.js").Host["form"]} form */
  constructor(form) {
    this.form = form;
    this.picture = new Picture("pg-phase-plane");
    this.point = el("button", { type: "button", className: "pg-phase-point" });
    for (const [name, value] of [["role", "slider"], ["aria-label", "friction Γ and mass M"], ["aria-valuemin", FRICTION[0]], ["aria-valuemax", FRICTION[1]]]) {
      this.point.setAttribute(String(name), String(value));
    }
    this.plane = el("div", { className: "pg-phase-field" }, this.picture.canvas, this.point);
    this.words = el("div", { className: "pg-phase-words" });
    this.snap = el("button", { type: "button", className: "pg-phase-snap", textContent: "make critical", title: "Sets M = Γ²/4, exactly on the critical line" });
    this.snap.addEventListener("click", () => this.write(critical(this.at[0]), true));
    this.box = el("div", { className: "pg-phase-map" }, this.plane, this.words, this.snap);
    this.picture.draw = themed((...told) => this.draw(...told));
    this.listen();
  }

  listen() {
    const { plane } = this;
    plane.addEventListener("pointerdown", (e) => {
      if (e.button) return;
      plane.setPointerCapture(e.pointerId);
      this.held = true;
      this.to(e, false);
      e.preventDefault();
      this.point.focus({ preventScroll: true });
    });
    plane.addEventListener("pointermove", (e) => this.held && this.to(e, false));
    plane.addEventListener("pointerup", (e) => this.held && ((this.held = false), this.to(e, true)));
    plane.addEventListener("pointercancel", () => this.held && ((this.held = false), this.write(this.at, true)));
    plane.addEventListener("touchstart", (e) => e.preventDefault(), { passive: false });
    this.point.addEventListener("keydown", (e) => {
      const step = ARROWS[e.key];
      if (!step) return;
      e.preventDefault();
      e.stopPropagation();
      this.write(stepped(this.at, ...step), true);
    });
  }

  /** @param {Damped} at */
  pixel(at) {
    return pixelOf(at, this.plane.clientWidth, this.plane.clientHeight);
  }

  /** @param {PointerEvent} e @param {boolean} done */
  to(e, done) {
    const r = this.plane.getBoundingClientRect(), u = clamp((e.clientX - r.left) / r.width, 0, 1), v = clamp(1 - (e.clientY - r.top) / r.height, 0, 1);
    this.write(dampedAt(u, v, this.plane.clientWidth, this.plane.clientHeight), done);
  }

  /** @param {Damped} at @param {boolean} done */
  write(at, done) {
    this.set(at);
    this.wrote = performance.now();
    this.form.write([["process.friction", "CLD", at[0]], ["process.mass", "CLD", at[1]]], done);
  }

  /** What the shown experiment has; a hand on the map is ahead of it. @param {{friction: number, mass: number}} shown */
  follow({ friction, mass }) {
    if (!this.held && performance.now() - this.wrote > AHEAD) this.set([friction, mass]);
  }

  /** @param {Damped} at */
  set(at) {
    const [g, m] = (this.at = at), [x, y] = this.pixel(at), name = regime(g, m);
    this.point.style.transform = `translate(${x.toFixed(1)}px,${y.toFixed(1)}px)`;
    this.point.setAttribute("aria-valuenow", String(g));
    this.point.setAttribute("aria-valuetext", `Γ ${say(g)}, M ${say(m)}, ${name}`);
    this.words.textContent = `Γ ${say(g)} · M ${say(m)} · ${name}`;
    this.words.dataset.regime = name;
    this.snap.disabled = name === "critically damped";
  }

  /** @type {import("./plots.js").Draw} */
  draw(ctx, width, height, theme) {
    const [x0, y0] = this.pixel([2 * Math.sqrt(MASS[0]), MASS[0]]), [x1, y1] = this.pixel([2 * Math.sqrt(MASS[1]), MASS[1]]);
    ctx.fillStyle = theme("data");
    ctx.globalAlpha = 0.1;
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.lineTo(0, 0);
    ctx.lineTo(0, height);
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme("exact");
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.stroke();
    ctx.fillStyle = theme("soft");
    ctx.fillText("under: swings", 6, 14);
    ctx.textAlign = "right";
    ctx.fillText("over: creeps", width - 6, height - 8);
    ctx.save();
    ctx.translate((x0 + x1) / 2, (y0 + y1) / 2);
    ctx.rotate(Math.atan2(y1 - y0, x1 - x0));
    ctx.textAlign = "center";
    ctx.fillStyle = theme("exact");
    ctx.fillText("critical Γ² = 4M", 0.24 * Math.hypot(x1 - x0, y1 - y0), -5);
    ctx.restore();
    this.set(this.at);
  }
}
