// The phase-space lab: CLD beside VP. A map of friction and mass with the critical line, and four pictures: paths, damping, numbers, solvers.
// Numbers come from playground/views/phase.py.
import { form } from "../../form/form.js";
import { el } from "../../lib/dom.js";
import { unit } from "../../lib/draw.js";

const node = (tag, className = "", textContent = "") => el(tag, { className, textContent });
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const G = [0.05, 5], M = [0.02, 2]; // the sliders' ranges, playground/processes/cld.py
const NEAR = 7, FAST = 300, AHEAD = 700; // pixels within which the line holds the point; ms after which progress is shown; ms a hand is ahead
const STEPS = [5, 8, 12, 20, 30, 50, 80, 120, 200];
const PARTS = {
  paths: ["paths", "Three forward paths from the same data points under VP and CLD, over the exact marginals"],
  damping: ["damping", "The same data, noise and mass M with three frictions Γ"],
  numbers: ["numbers", "How rough the paths are, and how far the score is from a Gaussian’s"],
  solvers: ["SSCS or Euler", "Error of two samplers over the number of steps"],
};
const critical = (g) => { // the nearest exact point of Γ² = 4M inside the sliders
  const m = clamp((g * g) / 4, ...M);
  return m === (g * g) / 4 ? [g, m] : [2 * Math.sqrt(m), m];
};
const regime = (g, m) => (Math.abs(g * g - 4 * m) < 1e-9 ? "critically damped" : g * g > 4 * m ? "overdamped" : "underdamped");
const say = (v) => Number(v.toPrecision(3)).toString();

// ---- a canvas that follows its box ----------------------------------------------------------------------------------------------
class Sheet {
  constructor(className, draw) {
    this.canvas = node("canvas", className);
    this.draw = draw;
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }
  paint() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (!w || !h) return;
    const k = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(w * k)) this.canvas.width = Math.round(w * k);
    if (this.canvas.height !== Math.round(h * k)) this.canvas.height = Math.round(h * k);
    const ctx = this.canvas.getContext("2d"), style = getComputedStyle(this.canvas);
    const theme = (name) => style.getPropertyValue(`--pg-${name}`).trim();
    ctx.setTransform(k, 0, 0, k, 0, 0);
    ctx.clearRect(0, 0, w, h);
    ctx.textAlign = "left";
    ctx.font = `${Math.max(11.5, 11 * unit())}px ${theme("font")}`;
    this.draw(ctx, w, h, theme);
  }
}

// ---- the map of Γ and M -----------------------------------------------------------------------------------------------------------
class DampingMap {
  constructor() {
    this.box = node("div", "pg-phase-map");
    this.sheet = new Sheet("pg-phase-plane", (...a) => this.draw(...a));
    this.point = node("button", "pg-phase-point");
    this.point.type = "button";
    this.point.setAttribute("role", "slider");
    this.point.setAttribute("aria-label", "friction Γ and mass M");
    this.point.setAttribute("aria-valuemin", G[0]);
    this.point.setAttribute("aria-valuemax", G[1]);
    const plane = node("div", "pg-phase-field");
    plane.append(this.sheet.canvas, this.point);
    this.words = node("div", "pg-phase-words");
    this.snap = node("button", "pg-phase-snap", "make critical");
    this.snap.type = "button";
    this.snap.title = "Sets M = Γ²/4, exactly on the critical line";
    this.snap.addEventListener("click", () => this.write(...critical(this.at[0]), true));
    this.box.append(plane, this.words, this.snap);
    this.plane = plane;
    this.at = [1, 0.25];
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
    plane.addEventListener("pointercancel", () => this.held && ((this.held = false), this.write(...this.at, true)));
    plane.addEventListener("touchstart", (e) => e.preventDefault(), { passive: false });
    this.point.addEventListener("keydown", (e) => {
      const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key] || [0, 0];
      if (!dx && !dy) return;
      e.preventDefault();
      e.stopPropagation();
      this.write(clamp(Number((this.at[0] + 0.05 * dx).toFixed(6)), ...G), clamp(Number((this.at[1] + 0.01 * dy).toFixed(6)), ...M), true);
    });
  }
  // both axes are logarithmic: the critical line is straight
  pixel([g, m]) {
    const { clientWidth: w, clientHeight: h } = this.plane;
    return [(w * Math.log(g / G[0])) / Math.log(G[1] / G[0]), h - (h * Math.log(m / M[0])) / Math.log(M[1] / M[0])];
  }
  to(e, done) {
    const r = this.plane.getBoundingClientRect();
    const u = clamp((e.clientX - r.left) / r.width, 0, 1), v = clamp(1 - (e.clientY - r.top) / r.height, 0, 1);
    let g = Number((G[0] * (G[1] / G[0]) ** u).toPrecision(3)), m = Number((M[0] * (M[1] / M[0]) ** v).toPrecision(3));
    const on = critical(g), [, y] = this.pixel(on), [, my] = this.pixel([g, m]);
    if (on[0] === g && Math.abs(y - my) < NEAR) m = on[1]; // close to the line: exactly on it
    this.write(g, m, done);
  }
  write(g, m, done) {
    this.set(g, m);
    this.wrote = performance.now();
    form.write([["process.friction", "CLD", g], ["process.mass", "CLD", m]], done);
  }
  /** What the shown experiment has; a hand on the map is ahead of it. */
  follow({ friction, mass }) {
    if (!this.held && performance.now() - (this.wrote ?? -Infinity) > AHEAD) this.set(friction, mass);
  }
  set(g, m) {
    this.at = [g, m];
    const [x, y] = this.pixel(this.at), name = regime(g, m);
    this.point.style.transform = `translate(${x.toFixed(1)}px,${y.toFixed(1)}px)`;
    this.point.setAttribute("aria-valuenow", g);
    this.point.setAttribute("aria-valuetext", `Γ ${say(g)}, M ${say(m)}, ${name}`);
    this.words.textContent = `Γ ${say(g)} · M ${say(m)} · ${name}`;
    this.words.dataset.regime = name;
    this.snap.disabled = name === "critically damped";
  }
  draw(ctx, w, h, theme) {
    const [x0, y0] = this.pixel([2 * Math.sqrt(M[0]), M[0]]), [x1, y1] = this.pixel([2 * Math.sqrt(M[1]), M[1]]);
    ctx.fillStyle = theme("data");
    ctx.globalAlpha = 0.1;
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.lineTo(0, 0);
    ctx.lineTo(0, h);
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
    ctx.fillText("over: creeps", w - 6, h - 8);
    ctx.save();
    ctx.translate((x0 + x1) / 2, (y0 + y1) / 2);
    ctx.rotate(Math.atan2(y1 - y0, x1 - x0));
    ctx.textAlign = "center";
    ctx.fillStyle = theme("exact");
    ctx.fillText("critical Γ² = 4M", 0.24 * Math.hypot(x1 - x0, y1 - y0), -5);
    ctx.restore();
    this.set(...this.at);
  }
}

// ---- plots --------------------------------------------------------------------------------------------------------------------------
const rgb = (colour) => /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour).slice(1).map((v) => parseInt(v, 16));
/** A marginal as a picture: rows × times from data to noise, drawn with noise on the left. */
function heat(array, colour) {
  const [rows, columns] = array.shape, image = new ImageData(columns, rows), [r, g, b] = rgb(colour);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) image.data.set([r, g, b, array.data[y * columns + (columns - 1 - x)] * 0.6], 4 * (y * columns + x));
  }
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
function frame(ctx, box, theme) {
  ctx.strokeStyle = theme("line");
  ctx.lineWidth = 1;
  ctx.strokeRect(box.x + 0.5, box.y + 0.5, box.w - 1, box.h - 1);
}
function timeline(ctx, box, theme, clock, ends) {
  if (ends) {
    ctx.fillStyle = theme("soft");
    ctx.textAlign = "left";
    ctx.fillText("noise", box.x, box.y + box.h + 12);
    ctx.textAlign = "right";
    ctx.fillText("data", box.x + box.w, box.y + box.h + 12);
    ctx.textAlign = "left";
  }
  if (clock == null) return;
  const x = box.x + (1 - clock) * box.w;
  ctx.strokeStyle = theme("soft");
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, box.y);
  ctx.lineTo(x, box.y + box.h);
  ctx.stroke();
}

class Lab {
  constructor(root, host) {
    this.host = host;
    this.packets = {};
    this.map = new DampingMap();
    this.sheet = new Sheet("pg-phase-sheet", (...a) => this.draw(...a));
    this.sheet.canvas.setAttribute("role", "img");
    this.part = PARTS[host.view.phase] ? host.view.phase : "paths";
    this.tabs = node("div", "pg-phase-parts");
    this.tabs.setAttribute("role", "group");
    this.tabs.setAttribute("aria-label", "Picture");
    this.buttons = Object.entries(PARTS).map(([key, [word, tip]]) => {
      const b = node("button", "pg-phase-part", word);
      b.type = "button";
      b.title = tip;
      b.dataset.part = key;
      b.addEventListener("click", () => this.open(key));
      return b;
    });
    this.tabs.append(...this.buttons);
    this.progress = node("div", "pg-phase-progress");
    this.caption = node("div", "pg-phase-caption");
    const right = node("div", "pg-phase-right"), box = node("div", "pg-phase");
    right.append(this.tabs, this.sheet.canvas, this.progress, this.caption);
    box.append(this.map.box, right);
    root.replaceChildren(box);
    this.theme = new MutationObserver(() => this.repaint());
    this.theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-pg-theme"] });
    this.open(this.part);
  }

  open(part) {
    this.part = part;
    for (const b of this.buttons) b.setAttribute("aria-pressed", String(b.dataset.part === part));
    this.host.setView("phase", part === "paths" ? "" : part);
    this.sheet.canvas.setAttribute("aria-label", PARTS[part][1]);
    if (this.run) this.ask();
    this.repaint();
  }

  setRun(run) {
    this.run = run;
    this.ask();
  }
  cursor(info) {
    this.clock = info.clock;
    if (this.part !== "solvers") this.sheet.paint();
  }
  show(on) {
    this.open_ = on;
    if (on) this.repaint();
  }
  repaint() {
    this.pictures = new Map();
    this.map.sheet.paint();
    this.sheet.paint();
  }

  async ask() {
    const turn = (this.turn = (this.turn || 0) + 1);
    this.progress.style.width = "0";
    try {
      if (this.part === "solvers") return await this.solve(turn);
      const part = this.part, packet = await this.host.fetch("phase", { part });
      this.packets[part] = packet;
      this.map.follow(packet.header);
      this.failed = "";
    } catch (error) {
      if (error.name === "AbortError") return;
      this.failed = error.message;
    }
    if (turn === this.turn) this.repaint();
  }

  /** One number of steps after the other, so that the page stays live between them. */
  async solve(turn) {
    const started = performance.now(), found = [];
    this.solved = { found, done: false };
    for (const steps of STEPS) {
      const packet = await this.host.fetch("phase", { part: "solvers", steps });
      if (turn !== this.turn || !this.open_) return;
      found.push(packet.header);
      this.map.follow(packet.header);
      this.progress.style.width = performance.now() - started > FAST ? `${(100 * found.length) / STEPS.length}%` : "0";
      this.repaint();
    }
    this.solved.done = true;
    this.progress.style.width = "0";
    this.repaint();
  }

  draw(ctx, w, h, theme) {
    const packet = this.packets[this.part];
    if (this.failed) this.caption.textContent = this.failed;
    else if (this.part === "solvers") this.solvers(ctx, w, h, theme);
    else if (packet && this.part === "numbers") this.numbers(ctx, w, h, theme, packet);
    else if (packet) this.bundles(ctx, w, h, theme, packet);
  }

  // ---- paths over exact marginals ------------------------------------------------------------------------------------------------
  bundles(ctx, w, h, theme, packet) {
    const { items } = packet.header, paths = this.part === "paths";
    const cells = paths ? items.flatMap((item, column) => item.components.map((c, i) => [item, i, column + i, 0]))
      : items.flatMap((item, column) => item.components.map((c, i) => [item, i, column, i]));
    const across = 3, down = paths ? 1 : 2, narrow = paths && w < 480;
    const columns = narrow ? 1 : across, rows = narrow ? 3 : down;
    const left = 20, top = 16, gap = 12, foot = 15;
    const cw = (w - left - gap * (columns - 1) - 2) / columns, rowGap = narrow ? 20 : 5;
    const ch = (h - top - foot - rowGap * (rows - 1)) / rows;
    for (const [item, i, column, row] of cells) {
      const [x, y] = narrow ? [0, column] : [column, row];
      const box = { x: left + x * (cw + gap), y: top + y * (ch + rowGap), w: cw, h: ch };
      const c = item.components[i], key = `${item.id}/density:${c.name}`;
      if (!this.pictures.has(key)) this.pictures.set(key, heat(packet.arrays[key], theme("data")));
      ctx.drawImage(this.pictures.get(key), box.x, box.y, box.w, box.h);
      frame(ctx, box, theme);
      this.lines(ctx, box, theme, packet, item, i, c);
      ctx.fillStyle = theme("ink");
      if (paths || i === 0) {
        const title = paths ? `${item.title}  ${c.label}(t)` : `${item.title}  Γ = ${say(item.friction)}`;
        ctx.fillText(title, box.x, box.y - 5);
      }
      if (!paths && x === 0) ctx.fillText(c.label, 4, box.y + box.h / 2 + 4);
      timeline(ctx, box, theme, this.clock, narrow ? y === rows - 1 : y === rows - 1);
    }
    this.caption.textContent = paths
      ? "True forward paths from the same three data points and seed. VP (its default β from 0.1 to 20) puts noise into x itself; CLD puts it into v, and x is its smooth integral."
      : "Same data points, noise and M. Too little friction: v swings before it forgets. Too much: x creeps to the prior.";
  }
  lines(ctx, box, theme, packet, item, component, c) {
    const array = packet.arrays[`${item.id}/paths`], z = array.floats(), [times, k, n] = array.shape;
    const clock = packet.arrays.clock.floats();
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.x, box.y, box.w, box.h);
    ctx.clip();
    ctx.lineWidth = 1.3;
    ctx.lineJoin = "round";
    ["sampler", "exact", "pin"].forEach((role, m) => {
      if (m >= n) return;
      ctx.strokeStyle = theme(role);
      ctx.beginPath();
      for (let t = 0; t < times; t++) {
        const v = z[(t * k + component) * n + m];
        ctx.lineTo(box.x + (1 - clock[t]) * box.w, box.y + ((c.hi - v) / (c.hi - c.lo)) * box.h);
      }
      ctx.stroke();
    });
    ctx.restore();
  }

  // ---- roughness and score ---------------------------------------------------------------------------------------------------------
  numbers(ctx, w, h, theme, packet) {
    const { header, arrays } = packet, narrow = w < 480, gap = narrow ? 44 : 62, left = 36;
    const bw = narrow ? w - left - 10 : (w - left - gap - 10) / 2, bh = narrow ? (h - 18 - gap - 16) / 2 : h - 34;
    const boxes = [{ x: left, y: 18, w: bw, h: bh }, narrow ? { x: left, y: 18 + bh + gap, w: bw, h: bh } : { x: left + bw + gap, y: 18, w: bw, h: bh }];
    const style = { vp: "noise", cld: "exact" };
    const plot = (box, title, clock, series, least) => { // least: the bottom of a logarithmic axis
      const most = Math.max(1e-6, ...series.flatMap((s) => Array.from(s.y)));
      const share = (v) => (least ? Math.log(Math.max(v, least) / least) / Math.log(most / least) : v / most) / 1.08;
      frame(ctx, box, theme);
      ctx.fillStyle = theme("ink");
      ctx.fillText(title, box.x, box.y - 6);
      ctx.fillStyle = theme("soft");
      ctx.textAlign = "right";
      for (const v of least ? [least, 1e-2, 1e-1, 1, 10, 100].filter((p) => p <= most) : [0, most]) {
        ctx.fillText(v === least ? `≤${v}` : say(v), box.x - 4, box.y + box.h - share(v) * box.h + 4);
      }
      ctx.textAlign = "left";
      for (const s of series) {
        const at = (i) => [box.x + (1 - clock[i]) * box.w, box.y + box.h - share(s.y[i]) * box.h];
        ctx.strokeStyle = ctx.fillStyle = theme(s.role);
        ctx.lineWidth = 1.8;
        ctx.beginPath();
        for (let i = 0; i < clock.length; i += s.dots ? 10 : 1) {
          const [x, y] = at(i);
          if (s.dots) ctx.rect(x - 1.5, y - 1.5, 3, 3);
          else ctx.lineTo(x, y);
        }
        s.dots ? ctx.fill() : ctx.stroke();
        if (s.word) {
          const i = clock.findIndex((c) => c >= 1 - s.place), [x, y] = at(i);
          ctx.textAlign = s.before ? "right" : "left";
          ctx.fillText(s.word, x + (s.before ? -6 : 6), clamp(y - 7, box.y + 12, box.y + box.h - 6));
          ctx.textAlign = "left";
        }
      }
      timeline(ctx, box, theme, this.clock, true);
    };
    const of = (name) => arrays[name].floats();
    plot(boxes[0], `roughness: Σ (Δx)² from the data on, ${header.steps} steps`, of("clock"), header.items.flatMap((item) => [
      { y: of(`rough/${item.id}`), role: style[item.id], word: `${item.title} ${say(item.expected)}`, place: 0.1 },
      { y: of(`measured/${item.id}`), role: "sampler", dots: true },
    ]));
    plot(boxes[1], "score against a Gaussian’s: E‖s − s_G‖² / E‖s_G‖²", of("score/clock"), header.items.map((item) => (
      { y: of(`score/${item.id}`), role: style[item.id], word: item.title, place: item.id === "vp" ? 0.75 : 0.84, before: item.id === "vp" })), 1e-3);
    const [vp, cld] = header.items;
    this.caption.textContent = `Lines: exact expectation; dots: ${header.paths} paths (VP ${say(vp.measured)} ± ${say(vp.measured_se)}, CLD ${say(cld.measured)} ± ${say(cld.measured_se)}). `
      + `With ever finer steps: VP ${say(vp.limit)} = ∫β dt, CLD 0. s_G: score of the Gaussian with pₜ’s mean and covariance, of CLD the velocity part; ${header.score_by}, error ≤ ${Math.max(vp.score_error, cld.score_error).toPrecision(1)}.`;
  }

  // ---- SSCS against Euler–Maruyama ------------------------------------------------------------------------------------------------------
  solvers(ctx, w, h, theme) {
    const found = this.solved?.found || [];
    const box = { x: 44, y: 18, w: w - 58, h: h - 36 };
    frame(ctx, box, theme);
    if (!found.length) return void (this.caption.textContent = "Running SSCS and Euler–Maruyama …");
    const first = Math.log(STEPS[0]), last = Math.log(STEPS.at(-1));
    const values = found.flatMap((f) => [f.error.sscs, f.error.em, f.floor]);
    const lo = Math.log10(Math.min(...values)) - 0.25, hi = Math.min(2, Math.log10(Math.max(...values)) + 0.15);
    const X = (n) => box.x + 8 + ((Math.log(n) - first) / (last - first)) * (box.w - 16);
    const Y = (v) => box.y + ((hi - Math.log10(v)) / (hi - lo)) * box.h;
    ctx.fillStyle = theme("soft");
    ctx.textAlign = "center";
    for (const n of STEPS) ctx.fillText(n === STEPS.at(-1) ? `${n} steps` : String(n), n === STEPS.at(-1) ? X(n) - 14 : X(n), box.y + box.h + 13);
    ctx.textAlign = "right";
    for (let p = Math.ceil(lo); p <= hi; p++) ctx.fillText(String(10 ** p), box.x - 5, Y(10 ** p) + 4);
    ctx.textAlign = "left";
    const line = (role, value, dash) => {
      ctx.strokeStyle = ctx.fillStyle = theme(role);
      ctx.setLineDash(dash);
      ctx.lineWidth = 1.8;
      ctx.beginPath();
      for (const f of found) ctx.lineTo(X(f.steps), Y(value(f)));
      ctx.stroke();
      ctx.setLineDash([]);
      if (!dash.length || dash[0] > 2) for (const f of found) ctx.fillRect(X(f.steps) - 2, Y(value(f)) - 2, 4, 4);
    };
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.x, box.y, box.w, box.h);
    ctx.clip();
    line("noise", (f) => f.floor, [2, 3]);
    line("learned", (f) => f.error.em, [6, 4]);
    line("sampler", (f) => f.error.sscs, []);
    ctx.restore();
    let x = box.x;
    for (const [role, word] of [["sampler", "━ SSCS"], ["learned", "╍ Euler–Maruyama"], ["noise", "┈ floor: two exact samples"]]) {
      ctx.fillStyle = theme(role);
      ctx.fillText(word, x, 12);
      x += ctx.measureText(word).width + 14;
    }
    const f = found.at(-1), equal = Math.abs(f.error.sscs - f.error.em) < 3 * f.floor_sd;
    this.caption.textContent = `${f.label}, ${f.points.toLocaleString("en")} particles from the same exact draw of the law at noise, uniform steps. `
      + (this.solved.done ? (equal ? `At ${f.steps} steps the two are equal within the floor’s spread: SSCS wins at few steps only.`
        : `At ${f.steps} steps they still differ: SSCS ${say(f.error.sscs)}, Euler–Maruyama ${say(f.error.em)}.`) : `${found.length} of ${STEPS.length} …`);
  }
}

export default {
  mount: (root, host) => new Lab(root, host),
};
