// The lab "your data": the mixture p₀ held by hand on the stage, painted, or fitted to an uploaded table.
// What a hand does is written into the form as a compact mixture (mixture.js): link, back button and Copy as Python carry it, and one
// drag is one history entry. Reading order: Hands (what can be held, on a canvas over the stage) → Brush (points) → Own (the lab).
import { form } from "../../form/form.js";
import { el } from "../../lib/dom.js";
import { mixture } from "../../lib/mixture.js";
import { config } from "../../lib/start.js";

const REACH = 10, TOUCH = 22; // pixels
const SIGMAS = 2; // ellipses and bars reach so far: 86 % of a component in the plane, 95 % on the line
const CLEAR = 14; // pixels that a handle keeps from its centre, however narrow the component is
const POINTS_MOST = 8000, DAB = 16; // painted points, and those of one dab or of a radius of path
const LIMITS = config.limits;
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const minus = (text) => String(text).replace("-", "−");
const short = (v) => minus(Number(v).toPrecision(3).replace(/e\+?(-?)0*(\d)/, "e$1$2"));
const percent = (w) => String(Number((100 * w).toPrecision(w < 0.1 ? 2 : 3))) + " %";
const many = (n) => n.toLocaleString("en");
const copy = (mix) => ({ dim: mix.dim, parts: mix.parts.map((p) => ({ ...p, m: [...p.m], axes: [...p.axes] })) });

// ---- what can be held: handles on a canvas over the stage ------------------------------------------------------------------------
class Hands {
  /** own: {mix, index, points, brush, tool, held(part…)}; see Own. */
  constructor(own) {
    this.own = own;
    this.canvas = el("canvas", { className: "pg-own-hands", tabIndex: 0, pg: own });
    this.canvas.setAttribute("role", "application");
    this.canvas.addEventListener("keydown", (e) => own.key(e));
    this.canvas.addEventListener("focus", () => {
      this.canvas.classList.toggle("pg-own-keyed", !this.byHand);
      if (own.index < 0 && !this.byHand) own.select(0);
    });
  }

  get stage() { return this.own.host.stage; }
  /** The stage's panel of x, in the plane or over time. */
  get panel() { return this.stage?.panels.find((p) => p.spec.id === "x"); }
  get plane() { return this.panel?.spec.kind === "plane"; }

  /** Keys go to the component that the pointer has taken. */
  focus() {
    this.byHand = true;
    this.canvas.focus({ preventScroll: true });
    this.byHand = false;
  }

  open() {
    const { view, canvas } = this.stage.ui;
    if (this.view !== view) {
      this.view = view;
      canvas.after(this.canvas);
      const on = (name, fn, options) => view.addEventListener(name, (e) => !this.canvas.hidden && fn.call(this, e), { capture: true, ...options });
      on("pointerdown", this.down);
      on("pointermove", this.move);
      on("pointerup", (e) => this.up(e, true));
      on("pointercancel", (e) => this.up(e, false));
      on("pointerleave", () => this.point(null));
      on("dblclick", this.twice);
      on("wheel", this.wheel, { passive: false });
      // a finger on a handle drags it; elsewhere it may scroll the page
      on("touchstart", (e) => this.drag && e.preventDefault(), { passive: false });
      for (const name of ["dragover", "drop"]) on(name, (e) => this.drop(e));
      new ResizeObserver(() => this.draw()).observe(view);
    }
    this.canvas.hidden = false;
    this.draw();
  }
  close() {
    this.canvas.hidden = true;
    this.cancel();
  }

  cancel() {
    const d = this.drag;
    this.drag = null;
    if (d?.moved) this.own.undo(d.before);
    return Boolean(d?.moved);
  }

  // ---- between data and pixels ----
  place(m) {
    const p = this.panel;
    return this.plane ? [p.toX.o + p.toX.k * m[0], p.toY.o + p.toY.k * m[1]] : [p.box.x + p.box.w, p.toY.o + p.toY.k * m[0]];
  }
  data([x, y]) {
    const p = this.panel, b = (y - p.toY.o) / p.toY.k;
    return this.plane ? [(x - p.toX.o) / p.toX.k, b] : [b];
  }
  /** Where the handles of the axes of a part stand: from its centre by SIGMAS deviations, at least CLEAR pixels. */
  ends(part) {
    const k = Math.abs(this.panel.toY.k), [x, y] = this.place(part.m);
    const reach = (a) => Math.max(CLEAR, SIGMAS * a * k);
    if (!this.plane) return [[x, y - reach(part.axes[0])]];
    const c = Math.cos(part.angle), s = Math.sin(part.angle), [a, b] = part.axes.map(reach);
    return [[x + a * c, y - a * s], [x - b * s, y - b * c]];
  }
  spot(e) {
    const r = this.view.getBoundingClientRect();
    return [e.clientX - r.left, e.clientY - r.top];
  }
  inside([x, y]) {
    const { box } = this.panel ?? {};
    return Boolean(box) && x >= box.x && x <= box.x + box.w + (this.plane ? 0 : 90) && y >= box.y && y <= box.y + box.h;
  }
  /** {index, axis} under the pointer; axis −1: the centre. */
  near(e) {
    if (!this.panel || !this.own.mix || this.own.mix.dim !== (this.plane ? 2 : 1)) return null;
    const [x, y] = this.spot(e), { parts } = this.own.mix;
    let least = e.pointerType === "touch" ? TOUCH : REACH, best = null;
    const look = (at, index, axis, bonus) => {
      const d = Math.hypot(at[0] - x, at[1] - y) - bonus;
      if (d < least) (least = d), (best = { index, axis });
    };
    const held = parts[this.own.index];
    if (held) this.ends(held).forEach((at, axis) => look(at, this.own.index, axis, 3));
    parts.forEach((p, index) => look(this.place(p.m), index, -1, index === this.own.index ? 2 : 0));
    return best;
  }

  // ---- the pointer ----
  down(e) {
    if (e.button || !e.target.closest("canvas") || !this.own.mix) return;
    const at = this.spot(e);
    if (this.own.tool !== "move") {
      if (!this.inside(at)) return;
      this.drag = { id: e.pointerId, paints: true, before: null };
      this.own.stroke(this.data(at), true);
    } else {
      const hit = this.near(e);
      if (!hit) return this.own.select(-1);
      const part = this.own.mix.parts[hit.index], centre = this.place(part.m);
      this.own.select(hit.index);
      this.drag = { id: e.pointerId, ...hit, at, moved: false, before: this.own.state(), centre,
        grip: hit.axis < 0 ? [at[0] - centre[0], at[1] - centre[1]] : this.polar(this.ends(part)[hit.axis], centre) };
    }
    this.focus();
    this.view.setPointerCapture(e.pointerId);
    e.stopPropagation();
    e.preventDefault();
  }
  polar([x, y], [cx, cy]) {
    return [Math.hypot(x - cx, y - cy), Math.atan2(cy - y, x - cx)];
  }
  move(e) {
    const at = this.spot(e), d = this.drag;
    this.point(e.pointerType === "touch" && !d ? null : at, e);
    if (!d || d.id !== e.pointerId) return this.hot || this.own.tool !== "move" ? e.stopPropagation() : undefined;
    e.stopPropagation();
    if (d.paints) {
      for (const one of e.getCoalescedEvents?.() ?? [e]) this.own.stroke(this.data(this.spot(one)), false);
      return;
    }
    if (!d.moved && Math.hypot(at[0] - d.at[0], at[1] - d.at[1]) < 3) return;
    d.moved = true;
    const part = this.own.mix.parts[d.index], was = d.before.mix.parts[d.index];
    if (d.axis < 0) {
      const { box } = this.panel;
      part.m = this.data([clamp(at[0] - d.grip[0], box.x, box.x + box.w), clamp(at[1] - d.grip[1], box.y, box.y + box.h)]);
    } else {
      // relative to where it was taken, so that nothing jumps: the handle of a narrow component stands off its end
      const [length, turn] = this.polar(at, d.centre), wide = this.plane ? length : Math.abs(at[1] - d.centre[1]);
      this.own.axis(part, d.axis, (was.axes[d.axis] * wide) / d.grip[0]);
      if (this.plane) part.angle = was.angle + turn - d.grip[1];
    }
    this.own.moved();
  }
  up(e, done) {
    const d = this.drag;
    if (!d || d.id !== e.pointerId) return;
    e.stopPropagation();
    if (!done && !d.paints) this.cancel();
    this.drag = null;
    if (d.paints) this.own.lift();
    else if (done && d.moved) this.own.write(true);
    this.draw();
  }
  /** The pointer is at a place, or nowhere. */
  point(at, e) {
    this.pointer = at;
    const hot = at && !this.drag && this.own.tool === "move" ? this.near(e) : null;
    if (this.hot?.index !== hot?.index || this.hot?.axis !== hot?.axis || this.own.tool !== "move") {
      this.hot = hot;
      this.draw();
    }
    this.view.classList.toggle("pg-own-holds", Boolean(hot));
    this.view.classList.toggle("pg-own-paints", this.own.tool !== "move" && Boolean(at) && this.inside(at));
  }
  twice(e) {
    if (this.own.tool !== "move" || !e.target.closest("canvas") || !this.inside(this.spot(e))) return;
    e.stopPropagation();
    e.preventDefault();
    this.focus();
    const hit = this.near(e);
    if (hit) this.own.remove(hit.index);
    else this.own.add(this.data(this.spot(e)));
  }
  wheel(e) {
    if (this.own.tool !== "move") return;
    const hit = this.near(e);
    if (!hit) return;
    e.preventDefault();
    e.stopPropagation();
    this.own.select(hit.index);
    this.own.weigh(this.own.mix.parts[hit.index].w * Math.exp(-clamp(e.deltaY, -120, 120) / 400), false);
    clearTimeout(this.rolling);
    this.rolling = setTimeout(() => this.own.write(true), 250);
  }
  drop(e) {
    if (![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
    e.preventDefault();
    if (e.type === "drop") this.own.upload(e.dataTransfer.files[0]);
  }

  // ---- the picture ----
  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.canvas.hidden) this.paint();
    });
  }
  paint() {
    const { canvas, own } = this, { stage } = this, panel = this.panel;
    const width = this.view.clientWidth, height = this.view.clientHeight, scale = clamp(window.devicePixelRatio || 1, 1, 2);
    if (!width || !panel) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const ctx = canvas.getContext("2d"), { theme } = stage;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, width, height);
    if (!own.mix || own.mix.dim !== (this.plane ? 2 : 1)) return;
    ctx.save();
    ctx.globalAlpha = stage.cursor > 0.02 ? 0.45 : 1; // the hands hold p₀: at other times they step back
    const fade = ctx.globalAlpha;
    if (own.tool === "move") this.components(ctx, theme, fade);
    else this.painted(ctx, theme, fade);
    ctx.restore();
    this.canvas.setAttribute("aria-label", own.words());
  }
  components(ctx, theme, fade) {
    const { parts } = this.own.mix, crowded = parts.length > 40, held = this.drag?.index ?? this.own.index;
    ctx.strokeStyle = ctx.fillStyle = theme.data;
    parts.forEach((p, n) => {
      if (n === held) return;
      const hot = this.hot?.index === n;
      ctx.globalAlpha = fade * (hot ? 1 : crowded ? 0.35 : 0.75);
      ctx.lineWidth = hot ? 1.6 : 1;
      this.outline(ctx, p, n);
      ctx.globalAlpha = fade * (hot ? 1 : 0.85);
      this.dot(ctx, theme, this.place(p.m), hot ? 5 : crowded ? 2.4 : 3.4, hot);
    });
    const p = parts[held];
    if (!p) return;
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.ink;
    ctx.lineWidth = 1.8;
    this.outline(ctx, p, held);
    const centre = this.place(p.m);
    this.ends(p).forEach((end, axis) => {
      ctx.lineWidth = 1.2;
      ctx.beginPath();
      ctx.moveTo(...centre);
      ctx.lineTo(...end);
      ctx.stroke();
      const side = this.hot?.axis === axis || this.drag?.axis === axis ? 5 : 4;
      ctx.fillStyle = theme.panel;
      ctx.fillRect(end[0] - side, end[1] - side, 2 * side, 2 * side);
      ctx.strokeRect(end[0] - side, end[1] - side, 2 * side, 2 * side);
    });
    ctx.strokeStyle = theme.ink;
    this.dot(ctx, theme, centre, 5.5, true);
    // its weight on the side where no handle stands
    const away = this.ends(p).reduce((sum, end) => sum.map((v, i) => v + (centre[i] - end[i]) / Math.hypot(end[0] - centre[0], end[1] - centre[1])), [0, 0]);
    const off = this.plane ? away.map((v) => (22 * v) / Math.hypot(...away)) : [-24, 0];
    ctx.font = `600 11px ${theme.family}`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "center";
    ctx.lineJoin = "round";
    ctx.lineWidth = 3;
    ctx.strokeStyle = theme.stage;
    ctx.strokeText(percent(p.w), centre[0] + off[0], centre[1] + off[1]);
    ctx.fillStyle = theme.ink;
    ctx.fillText(percent(p.w), centre[0] + off[0], centre[1] + off[1]);
  }
  dot(ctx, theme, [x, y], radius, ring) {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 7);
    if (!ring) { // a rim of the ground parts it from the particles
      ctx.strokeStyle = theme.stage;
      ctx.lineWidth = 1;
      ctx.fill();
      ctx.stroke();
      ctx.strokeStyle = theme.data;
      return;
    }
    ctx.fillStyle = theme.panel;
    ctx.fill();
    ctx.lineWidth = 2;
    ctx.stroke();
    ctx.fillStyle = theme.data;
  }
  /** In the plane the ellipse of SIGMAS deviations; on the line a bar as long, beside the data's end. */
  outline(ctx, part, n) {
    const [x, y] = this.place(part.m), k = Math.abs(this.panel.toY.k) * SIGMAS;
    ctx.beginPath();
    if (this.plane) ctx.ellipse(x, y, part.axes[0] * k, part.axes[1] * k, -part.angle, 0, 7);
    else {
      const beside = x + 6 + 5 * (n % 5);
      ctx.moveTo(beside, y - part.axes[0] * k);
      ctx.lineTo(beside, y + part.axes[0] * k);
      ctx.moveTo(x, y);
      ctx.lineTo(beside, y);
    }
    ctx.stroke();
  }
  painted(ctx, theme, fade) {
    const { points, brush, tool } = this.own;
    ctx.fillStyle = theme.data;
    ctx.globalAlpha = 0.7 * fade;
    for (const p of points) {
      const [x, y] = this.place(p);
      ctx.fillRect(x - 1 + (this.plane ? 0 : p.shift), y - 1, 2, 2);
    }
    if (!this.pointer || !this.inside(this.pointer)) return;
    ctx.globalAlpha = 1;
    ctx.strokeStyle = tool === "erase" ? theme.ink : theme.data;
    ctx.lineWidth = 1.5;
    if (tool === "erase") ctx.setLineDash([4, 3]);
    const radius = brush * Math.abs(this.panel.toY.k);
    ctx.beginPath();
    if (this.plane) ctx.arc(...this.pointer, radius, 0, 7);
    else for (const side of [-1, 1]) {
      ctx.moveTo(this.panel.box.x, this.pointer[1] + side * radius);
      ctx.lineTo(this.panel.box.x + this.panel.box.w, this.pointer[1] + side * radius);
    }
    ctx.stroke();
  }
}

// ---- the lab -----------------------------------------------------------------------------------------------------------------------
const FINGER = matchMedia("(pointer: coarse)").matches;
const TOOLS = [
  ["move", "Hold", FINGER ? "Drag centres and axes; a double tap adds and removes." : "Drag centres and axes; the wheel changes a weight; double click adds and removes."],
  ["paint", "Paint", "Paint points with the pointer; a mixture is fitted to them as you paint."],
  ["erase", "Erase", "Take points away; of data that were not painted, 2,000 draws."],
];

class Own {
  constructor(root, host) {
    Object.assign(this, { root, host, mix: null, text: null, index: -1, tool: "move", points: [], brush: 0.25, fitting: null });
    this.hands = new Hands(this);
    this.build();
  }

  // ---- what the page tells ----
  show(on) {
    if (!on) return this.hands.close();
    if (!this.host.view.at) this.host.seek(0);
    this.hands.open();
    this.tell();
  }
  cursor() { this.hands.draw(); }
  setRun(run) {
    this.dim = run.header.dim;
    this.sync();
    this.hands.draw();
  }
  /** Takes the mixture of the data that are shown, unless it is ours. */
  async sync() {
    const text = form.value("pg-data");
    if (this.hands.drag || this.fitting || text === this.text) return;
    this.text = text;
    this.points = [];
    this.fitSaid = mixture.size(text) ? this.host.view.fit : "";
    if (!this.fitSaid) this.host.setView("fit", "");
    let mix = mixture.decode(text), note = "";
    if (!mix) {
      await null; // the page is still telling of this run: a moment later it is the one that host.fetch asks about
      try {
        const { header } = await this.host.fetch("mixture");
        mix = mixture.decode(header.text);
        note = header.note;
      } catch (error) {
        if (error.name !== "AbortError") this.host.notice({ kind: "error", message: error.message });
        return;
      }
      if (this.text !== text) return;
    }
    this.mix = mix;
    this.index = -1;
    if (note) this.host.notice({ kind: "info", message: note });
    this.tell();
  }

  // ---- changes: a mixture is always whole ----
  select(index) {
    this.index = this.mix?.parts[index] ? index : -1;
    this.tell();
  }
  axis(part, i, value) {
    if (value < mixture.LEAST_AXIS) this.warn(`Axes are at least ${mixture.LEAST_AXIS}: a narrower component would be a point.`);
    part.axes[i] = clamp(value, mixture.LEAST_AXIS, mixture.LIMIT);
  }
  weigh(value, done) {
    const { parts } = this.mix, part = parts[this.index], least = mixture.LEAST_WEIGHT;
    if (!part || parts.length < 2) return;
    if (value < least) this.warn(`A weight is at least ${100 * least} %; Del removes the component.`);
    const w = clamp(value, least, 1 - least * (parts.length - 1)), rest = (1 - w) / (1 - part.w);
    for (const p of parts) p.w = p === part ? w : p.w * rest;
    done ? this.write(true) : this.moved();
  }
  add(m) {
    const { mix } = this, { parts } = mix;
    if (parts.length >= mixture.MOST) return this.warn(`A link holds at most ${mixture.MOST} components.`);
    const far = (p) => Math.hypot(...p.m.map((v, i) => v - m[i]));
    const near = parts.reduce((a, b) => (far(b) < far(a) ? b : a)), w = 1 / (parts.length + 1);
    for (const p of parts) p.w *= 1 - w;
    parts.push({ w, m: [...m], axes: near.axes.map((a) => clamp(a, 0.12, 0.6)), angle: near.angle, label: near.label });
    this.index = parts.length - 1;
    this.write(true);
  }
  remove(index) {
    const { parts } = this.mix;
    if (!parts[index]) return;
    if (parts.length < 2) return this.warn("The last component stays: data need at least one.");
    parts.splice(index, 1);
    const total = parts.reduce((sum, p) => sum + p.w, 0);
    for (const p of parts) p.w /= total;
    this.index = Math.min(index, parts.length - 1);
    this.write(true);
  }
  state() {
    return { mix: copy(this.mix), text: form.value("pg-data"), fit: this.fitSaid, points: this.points };
  }
  undo({ mix, text, fit, points }) {
    Object.assign(this, { mix, text, points, fitSaid: fit });
    form.write([["data", "", text]], true);
    this.tell();
  }
  warn(message) {
    if (performance.now() - (this.warned ?? -1e9) < 3000) return;
    this.warned = performance.now();
    this.host.notice({ kind: "info", message });
  }
  /** Something moves: the picture follows, one change a frame. */
  moved() {
    this.hands.draw();
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.mix) this.write(false);
    });
  }
  write(done, fit = "") {
    cancelAnimationFrame(this.waiting);
    this.waiting = 0;
    if (!fit.startsWith("paint")) this.points = []; // they are no longer what is shown
    this.text = mixture.encode(this.mix);
    form.write([["data", "", this.text]], done);
    this.fitSaid = fit;
    if (done) this.host.setView("fit", fit);
    this.tell();
  }

  key(e) {
    const part = this.mix?.parts[this.index], by = e.shiftKey ? 0.2 : 0.05;
    this.hands.canvas.classList.add("pg-own-keyed");
    if (e.key === "Escape" && (this.hands.cancel() || part)) return this.select(-1), e.preventDefault(), e.stopPropagation();
    if (!part || e.ctrlKey || e.metaKey || e.altKey) return;
    const step = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[e.key];
    const next = { PageDown: 1, PageUp: -1 }[e.key], scale = { "]": 1.1, "[": 1 / 1.1 }[e.key], weight = { "+": 1.1, "=": 1.1, "-": 1 / 1.1 }[e.key];
    if (step) this.centre(part, this.mix.dim === 2 ? part.m.map((v, i) => v + step[i]) : [part.m[0] + (step[1] || step[0])]);
    else if (next) return this.select((this.index + next + this.mix.parts.length) % this.mix.parts.length), e.preventDefault();
    else if (scale) part.axes.forEach((a, i) => this.axis(part, i, a * scale));
    else if (weight) this.weigh(part.w * weight, false);
    else if (e.key === "Delete" || e.key === "Backspace") return this.remove(this.index), e.preventDefault();
    else return;
    e.preventDefault();
    e.stopPropagation();
    this.write(true);
  }
  centre(part, m) {
    const { spec } = this.hands.panel, range = this.mix.dim === 2 ? [spec.a, spec.b] : [spec.b];
    part.m = m.map((v, i) => clamp(v, range[i].lo, range[i].hi));
  }
  words() {
    const part = this.mix?.parts[this.index];
    if (!part) return "The data's components: focus, then page up and down choose one";
    const place = part.m.map((v) => v.toFixed(2)).join(", ");
    return `Component ${this.index + 1} of ${this.mix.parts.length}: weight ${percent(part.w)}, centre ${place}. Arrows move it, plus and minus weigh it, brackets widen it, Delete removes it.`;
  }

  // ---- painting ----
  stroke(at, first) {
    if (first) {
      if (this.tool === "erase" && !this.points.length) this.points = this.draws(2000);
      this.last = at;
    }
    const { brush } = this, way = Math.hypot(...at.map((v, i) => v - this.last[i]));
    if (this.tool === "erase") {
      const gone = (p) => p.every((_, i) => Math.abs(p[i] - at[i]) <= brush) && Math.hypot(...at.map((v, i) => v - p[i])) <= brush;
      const left = this.points.filter((p) => !gone(p));
      if (left.length >= 2) this.points = left;
    } else {
      const count = first ? DAB : (DAB * way) / brush, whole = Math.floor(count + Math.random());
      for (let n = 0; n < whole; n++) {
        const u = Math.random(), r = brush * Math.sqrt(Math.random()), turn = 2 * Math.PI * Math.random();
        const from = this.last.map((v, i) => v + (at[i] - v) * u);
        this.dot(at.length === 2 ? [from[0] + r * Math.cos(turn), from[1] + r * Math.sin(turn)] : [from[0] + brush * (2 * Math.random() - 1)]);
      }
    }
    this.last = at;
    this.title.textContent = `${many(this.points.length)} points`;
    this.hands.draw();
    this.fit(false);
  }
  dot(p) {
    p.shift = -4 - 40 * Math.random(); // on the line: so that they can be told apart
    if (this.points.length < POINTS_MOST) this.points.push(p);
    else this.points[Math.floor(Math.random() * POINTS_MOST)] = p;
  }
  lift() { this.fit(true); }
  /** Points drawn from the mixture that is shown. */
  draws(count) {
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    return Array.from({ length: count }, () => {
      let u = Math.random(), k = 0;
      while (k < this.mix.parts.length - 1 && (u -= this.mix.parts[k].w) > 0) k++;
      const { m, axes, angle } = this.mix.parts[k], e = axes.map((a) => a * normal()), c = Math.cos(angle), s = Math.sin(angle);
      return Object.assign(m.length === 2 ? [m[0] + c * e[0] - s * e[1], m[1] + s * e[0] + c * e[1]] : [m[0] + e[0]], { shift: -4 - 40 * Math.random() });
    });
  }
  /** A mixture for the painted points: one request in flight, the newest waits. */
  async fit(done) {
    if (this.fitting) return void (this.fitting.again = this.fitting.again === true || done ? true : false);
    if (new Set(this.points.map(String)).size < 2) return;
    const mine = (this.fitting = {}), from = this.text, body = this.points.map((p) => p.map((v) => v.toFixed(4)).join(",")).join("\n");
    let answer = null;
    try {
      answer = await this.ask(body, false);
    } catch (error) {
      this.host.notice({ kind: "error", message: error.message });
    }
    this.fitting = null;
    if (form.value("pg-data") !== from) return this.sync(); // other data were chosen meanwhile
    const more = "again" in mine;
    if (answer) this.take(answer, "paint", done && !more);
    if (more) this.fit(mine.again);
  }

  // ---- points → mixture, by the server ----
  async ask(body, scale) {
    const params = { components: this.count.value || "0", scale: scale ? "1" : "0" };
    const url = new URL("live/fit", document.baseURI);
    url.search = new URLSearchParams(params);
    let answer = null;
    try {
      const response = await fetch(url, { method: "POST", body, headers: { "Content-Type": "text/csv" } });
      answer = await response.json().catch(() => null);
    } catch {
      throw new Error("The server does not answer. Nothing has changed; try again.");
    }
    answer ??= await this.host.call("fit_text", { text: typeof body === "string" ? body : await body.text(), ...params });
    if (answer.error) throw new Error(answer.error.message);
    return answer;
  }
  take(answer, kind, done) {
    this.mix = mixture.decode(answer.data);
    this.index = -1;
    this.notes = answer.notes;
    const numbers = [answer.rows, answer.fitted, answer.distance, answer.floor, answer.points, ...answer.columns.flat().map((v) => Number(v.toPrecision(5)))];
    this.write(done, [kind, ...numbers].join(","));
    if (done && answer.notes.length) this.host.notice({ kind: "info", message: `The fit: ${answer.notes.join("; ")}.` });
  }
  async upload(file) {
    if (!file) return;
    const fail = (message) => this.host.notice({ kind: "error", message: `${file.name}: ${message}` });
    if (file.size > LIMITS.table_bytes) return fail(`${(file.size / 1e6).toPrecision(3)} MB cannot be used; allowed: numbers in one or two columns, at most ${LIMITS.table_rows.toLocaleString("en")} rows and ${LIMITS.table_bytes / 1e6} MB`);
    this.root.classList.add("pg-own-busy");
    const from = form.value("pg-data");
    try {
      const answer = await this.ask(file, true);
      if (form.value("pg-data") !== from) return;
      this.setTool("move");
      this.take(answer, "file", true);
    } catch (error) {
      fail(error.message);
    } finally {
      this.root.classList.remove("pg-own-busy");
      this.file.value = "";
    }
  }

  // ---- the panel below the stage ----
  build() {
    const button = (words, title, fn, className = "") => {
      const b = el("button", { type: "button", className: `pg-own-button ${className}`, textContent: words, title });
      b.addEventListener("click", fn);
      return b;
    };
    const tools = el("div", { className: "pg-own-tools" });
    tools.setAttribute("role", "radiogroup");
    tools.setAttribute("aria-label", "What the pointer does");
    this.toolButtons = TOOLS.map(([key, word, tip]) => {
      const b = button(word, tip, () => this.setTool(key));
      b.setAttribute("role", "radio");
      b.dataset.tool = key;
      return b;
    });
    tools.append(...this.toolButtons);
    tools.addEventListener("keydown", (e) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key], at = this.toolButtons.indexOf(document.activeElement);
      if (!by || at < 0) return;
      e.preventDefault();
      e.stopPropagation();
      const to = this.toolButtons[(at + by + TOOLS.length) % TOOLS.length];
      this.setTool(to.dataset.tool);
      to.focus();
    });
    this.size = this.field("brush", { type: "range", min: 0.05, max: 1, step: 0.05, value: this.brush }, (v) => ((this.brush = v), this.hands.draw()), "Radius of brush and eraser, data units");
    this.count = el("select", { title: "How many Gaussians are fitted to points. As many as needed: doubled as long as points that were not fitted become more likely" });
    this.count.setAttribute("aria-label", "Gaussians in a fit");
    this.count.append(...["auto", 1, 2, 4, 8, 16, 32, 64, 128].map((n) => el("option", { value: n === "auto" ? "0" : n, textContent: n === "auto" ? "as needed" : `${n} Gaussian${n > 1 ? "s" : ""}` })));
    this.count.addEventListener("change", () => this.points.length && this.fit(true));
    const count = el("label", { className: "pg-own-row" }, el("span", { textContent: "fit with" }), this.count);
    this.file = el("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", className: "pg-own-file", tabIndex: -1 });
    this.file.setAttribute("aria-label", "A table of points");
    this.file.addEventListener("change", () => this.upload(this.file.files[0]));
    this.help = el("p", { className: "pg-own-help" });
    const left = el("section", {}, tools, this.help, this.size.row, count,
      el("div", { className: "pg-own-buttons" },
        (this.clear = button("Clear", "Takes all painted points away: the next stroke begins anew", () => ((this.points = []), this.tell()))),
        button("Upload points…", "A CSV of one or two columns, up to 100,000 rows; or drop it on the stage", () => this.file.click()), this.file));

    const part = () => this.mix?.parts[this.index];
    const set = (fn) => (v) => { if (part()) (fn(part(), v), this.write(true)); };
    this.title = el("h2");
    this.fields = {
      w: this.field("weight %", { type: "number", min: 0.1, max: 100, step: 1 }, (v) => this.weigh(v / 100, true), "Its share of the probability; the others keep their proportions"),
      angle: this.field("angle °", { type: "number", step: 5 }, set((p, v) => (p.angle = (v / 180) * Math.PI)), "Of the first axis, from the right, anticlockwise"),
      x: this.field("centre x₁", { type: "number", step: 0.05 }, set((p, v) => this.centre(p, [v, ...p.m.slice(1)]))),
      y: this.field("centre x₂", { type: "number", step: 0.05 }, set((p, v) => this.centre(p, [p.m[0], v]))),
      a: this.field("axis a", { type: "number", min: 0.01, max: 7, step: 0.02 }, set((p, v) => this.axis(p, 0, v)), "Standard deviation along the first axis"),
      b: this.field("axis b", { type: "number", min: 0.01, max: 7, step: 0.02 }, set((p, v) => this.axis(p, 1, v)), "Standard deviation across it"),
    };
    const middle = el("section", {}, this.title, (this.fieldBox = el("div", { className: "pg-own-fields" }, ...Object.values(this.fields).map((f) => f.row))),
      el("div", { className: "pg-own-buttons" }, (this.plus = button("Add", "A new component; or double click where it shall stand", () => this.mix && this.add(this.mix.dim === 2 ? [0, 0] : [0]))),
        (this.del = button("Remove", "Key Del", () => this.remove(this.index)))));

    this.says = el("div", { className: "pg-own-says" });
    this.says.setAttribute("role", "status");
    const right = el("section", {}, el("h2", { textContent: "This mixture" }), this.says);
    this.root.append(el("div", { className: "pg-own" }, left, middle, right));
    this.setTool("move");
  }
  field(word, props, change, title = "") {
    const input = el("input", props), out = el("output"), row = el("label", { className: "pg-own-row", title }, el("span", { textContent: word }), input);
    if (props.type === "range") row.append(out);
    input.addEventListener("input", () => {
      out.textContent = input.value;
      if (input.value !== "" && Number.isFinite(+input.value)) change(+input.value);
    });
    out.textContent = props.value;
    input.addEventListener("focusout", () => this.tell()); // not blur: what was typed counts first (boxes.js)
    return { row, input };
  }
  setTool(tool) {
    this.tool = tool;
    this.hands.hot = null;
    for (const b of this.toolButtons) {
      const on = b.dataset.tool === tool;
      b.setAttribute("aria-checked", String(on));
      b.tabIndex = on ? 0 : -1;
    }
    this.help.textContent = TOOLS.find(([key]) => key === tool)[2];
    this.hands.view?.classList.toggle("pg-own-brush", tool !== "move");
    this.tell();
  }
  tell() {
    const { mix, fields } = this, holds = this.tool === "move", part = holds ? mix?.parts[this.index] : null;
    this.size.row.hidden = holds;
    this.clear.hidden = holds || !this.points.length;
    if (!holds) this.title.textContent = this.points.length ? `${many(this.points.length)} points` : "No points yet";
    else this.title.textContent = part ? `Component ${this.index + 1} of ${mix.parts.length}` : mix ? `${FINGER ? "Tap" : "Click"} a component on the stage` : "";
    this.plus.hidden = !holds;
    const plane = mix?.dim !== 1;
    for (const name of ["y", "b", "angle"]) fields[name].row.hidden = !plane;
    fields.x.row.firstChild.textContent = plane ? "centre x₁" : "centre x";
    fields.a.row.firstChild.textContent = plane ? "axis a" : "deviation";
    const values = part && { w: 100 * part.w, x: part.m[0], y: part.m[1], a: part.axes[0], b: part.axes[1], angle: (((part.angle / Math.PI) * 180) % 180 + 180) % 180 };
    for (const [name, { input, row }] of Object.entries(fields)) {
      if (row.hidden) continue;
      input.disabled = !part || (name === "w" && mix.parts.length < 2);
      if (input === document.activeElement) continue;
      input.value = part ? String(Number(values[name].toFixed({ a: 3, b: 3 }[name] ?? 2))) : "";
    }
    this.fieldBox.hidden = this.del.hidden = !part;
    this.say();
    this.hands.draw();
  }
  say() {
    if (!this.mix) return;
    const { parts, dim } = this.mix, mine = Boolean(mixture.size(this.text));
    const lines = [[mine ? `${parts.length} Gaussian${parts.length > 1 ? "s" : ""}, ${many(mixture.encode(this.mix).length)} letters of the link` : `${parts.length} Gaussian${parts.length > 1 ? "s" : ""}. Change one and this becomes your own mixture; the link keeps it.`]];
    const fit = mine && this.fitted();
    if (fit) {
      const what = fit.kind === "paint" ? "painted points" : "rows", some = fit.fitted < fit.rows ? ` (a random ${many(fit.fitted)} of them)` : "";
      lines.push([`Fitted by EM to ${many(fit.rows)} ${what}${some}: ${dim === 1 ? "W₁" : "sliced W₂"} ${fit.error.toFixed(3)} to them, floor ${fit.floor.toFixed(3)} between two draws of the mixture (${many(fit.points)} points each)`, "approx"]);
      const names = fit.columns.length > 1 ? ["x₁", "x₂"] : ["x"];
      if (fit.columns.length) lines.push([fit.columns.map(([shift, scale], i) => `${names[i]} = (column ${i + 1} ${shift < 0 ? "+" : "−"} ${short(Math.abs(shift))}) / ${short(scale)}`).join(", "), "approx"]);
    } else if (mine) lines.push(["Rounded for the link: centres to 0.0002, axes to 0.0001"]);
    this.says.replaceChildren(...lines.map(([words, kind]) => el("p", { textContent: words, className: kind === "approx" ? "pg-own-approx" : "" })));
  }
  /** What the link says of the fit, as numbers; null if it makes no sense. */
  fitted() {
    const [kind, ...rest] = String(this.fitSaid || "").split(","), numbers = rest.map(Number);
    if (!["paint", "file"].includes(kind) || numbers.length < 5 || !numbers.every(Number.isFinite)) return null;
    const [rows, fitted, error, floor, points, ...columns] = numbers;
    return { kind, rows, fitted, error, floor, points, columns: columns.length === 2 * this.mix.dim ? Array.from({ length: this.mix.dim }, (_, i) => columns.slice(2 * i, 2 * i + 2)) : [] };
  }
}

export default {
  mount(root, host) {
    const own = new Own(root, host);
    return { setRun: (run) => own.setRun(run), cursor: () => own.cursor(), show: (on) => own.show(on), own };
  },
};
