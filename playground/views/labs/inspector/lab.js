// The lab "denoising": what is exactly known at the pinned point: q(x_s | x_t) beside its best Gaussian and the law from which the chosen
// sampler draws in one such step, p(x₀ | x_t), every parameterisation, paths through the point, and the worst step of T.
// Reading order: pictures (Line, Plane, Bars, Worst) → the lab.
import { el } from "../../lib/dom.js";
import { unit } from "../../lib/draw.js";
import { significant, subscripts } from "../../lib/numbers.js";
import { arrayOf } from "../../lib/packet.js";

const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const sig = (v, d = 3) => significant(v, d);
const STEPS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 50, 100, 250, 1000]; // numbers of steps of the worst-step curve
const PAD = 10;

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const mix = (a, b, w) => `rgb(${rgb(a).map((v, i) => Math.round(v + (rgb(b)[i] - v) * w)).join(",")})`;
const alpha = (hex, a) => `rgba(${rgb(hex).join(",")},${a})`;

/** A canvas that fills its box, drawn in CSS pixels. */
class Picture {
  constructor(className, label) {
    this.canvas = el("canvas", { className: `pg-in-canvas ${className}` });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    new ResizeObserver(() => this.again()).observe(this.canvas);
  }
  say(words) { this.canvas.setAttribute("aria-label", words); }
  show(draw) {
    this.draw = draw;
    this.again();
  }
  again() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (!w || !h || !this.draw) return;
    const scale = clamp(window.devicePixelRatio || 1, 1, 2);
    if (this.canvas.width !== Math.round(w * scale)) this.canvas.width = Math.round(w * scale);
    if (this.canvas.height !== Math.round(h * scale)) this.canvas.height = Math.round(h * scale);
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, w, h);
    ctx.lineJoin = "round";
    this.draw(ctx, w, h, themeOf(this.canvas));
  }
}

function themeOf(node) {
  const theme = window.__pgStage?.theme;
  const style = getComputedStyle(node);
  return { ...theme, small: `${Math.min(13.5, Math.max(11.5, 11 * unit()))}px ${style.fontFamily}` };
}
/** Colours of step sizes: from pale to full pin colour to ink, and thicker, as the share of the way to 0 grows: told apart by lightness too. */
const sizeColour = (theme, i, of) => {
  const u = of > 1 ? i / (of - 1) : 1;
  return u < 0.5 ? mix(theme.panel, theme.pin, 0.4 + 1.2 * u) : mix(theme.pin, theme.ink, (u - 0.5) * 2);
};
const sizeWidth = (i, of) => 1 + (1.6 * i) / Math.max(1, of - 1);

function curve(ctx, xs, ys, X, Y, colour, width, dash, fill) {
  ctx.beginPath();
  for (let i = 0; i < xs.length; i++) ctx.lineTo(X(xs[i]), Y(ys[i]));
  ctx.setLineDash(dash || []);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
  ctx.setLineDash([]);
  if (!fill) return;
  ctx.lineTo(X(xs[xs.length - 1]), Y(0));
  ctx.lineTo(X(xs[0]), Y(0));
  ctx.fillStyle = fill;
  ctx.fill();
}
const most = (a) => a.reduce((x, y) => Math.max(x, y), 0);
const gauss = (x, m, v) => Math.exp((-0.5 * (x - m) ** 2) / v) / Math.sqrt(2 * Math.PI * v);

function axis(ctx, lo, hi, X, y, theme, label) {
  ctx.fillStyle = theme.soft;
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.font = theme.small;
  ctx.textAlign = "center";
  ctx.beginPath();
  ctx.moveTo(X(lo), y + 0.5);
  ctx.lineTo(X(hi), y + 0.5);
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5].find((s) => (hi - lo) / s <= 8) || 10;
  for (let v = Math.ceil(lo / step) * step; v <= hi + 1e-9; v += step) {
    ctx.moveTo(X(v), y);
    ctx.lineTo(X(v), y + 3);
    ctx.fillText(String(Number(v.toFixed(2))).replace("-", "−"), X(v), y + 14);
  }
  ctx.stroke();
  if (label) {
    ctx.textAlign = "right";
    ctx.fillText(label, X(hi), y - 4);
  }
}

// ---- one dimension: the figure of two rows -----------------------------------------------------------------------------------------
/** Above: p_t at five times. Below: q(x_s | x_t) for several step sizes, each scaled to its peak; the chosen one is filled. */
function line(packet, gaps) {
  const { header: h } = packet, x = arrayOf(packet, "x"), n = x.length;
  const rows = (name) => { const a = arrayOf(packet, name); return Array.from({ length: a.length / n }, (_, i) => a.subarray(i * n, (i + 1) * n)); };
  const p = rows("p"), sizes = rows("sizes"), q = arrayOf(packet, "q");
  const { lo, hi } = h.view;
  return (ctx, w, height, theme) => {
    const top = Math.round(0.27 * height), left = PAD, right = w - PAD;
    // the row of p_t, data left, noise right
    const cell = (right - left) / p.length;
    h.strips.forEach(({ clock, t, pin }, i) => {
      const x0 = left + i * cell, X = (v) => x0 + 3 + ((v - lo) / (hi - lo)) * (cell - 6), peak = most(p[i]);
      const Y = (v) => top - 3 - (v / peak) * (top - 19);
      const colour = mix(theme.data, theme.noise, clock);
      curve(ctx, x, p[i], X, Y, colour, 1.4, null, colour.replace("rgb(", "rgba(").replace(")", ",.16)"));
      ctx.font = theme.small;
      ctx.textAlign = "left";
      ctx.fillStyle = pin ? theme.ink : theme.soft;
      ctx.fillText(`t = ${sig(t, 2)}`, x0 + 4, 11);
    });
    // where the pin stands in that row
    const near = h.strips.findIndex((s) => s.pin), value = h.z[0] * h.view.t;
    const px = left + near * cell + 3 + ((value - lo) / (hi - lo)) * (cell - 6);
    ctx.strokeStyle = theme.pin;
    ctx.lineWidth = 1.4;
    ctx.beginPath();
    ctx.moveTo(px, 17);
    ctx.lineTo(px, top - 3);
    ctx.stroke();
    ctx.strokeStyle = theme.line;
    ctx.beginPath();
    ctx.moveTo(left, top + 0.5);
    ctx.lineTo(right, top + 0.5);
    ctx.stroke();

    const bottom = height - 18, X = (v) => left + ((v - lo) / (hi - lo)) * (right - left), room = bottom - top - 12;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top + 2, right - left, bottom - top - 1);
    ctx.clip();
    // room for the Gaussians too, unless they are needles
    const high = [h.best, h.step].map((g) => (g.mean && g.cov[0][0] > 0 ? 1 / Math.sqrt(2 * Math.PI * g.cov[0][0]) / h.view.s : 0)), own = most(q);
    const peak = clamp(Math.max(...high), own, 2.2 * own), Y = (v) => bottom - (v / peak) * room;
    curve(ctx, x, q, X, Y, theme.pin, 0.1, null, alpha(theme.pin, 0.2));
    sizes.forEach((y, i) => {
      const s = most(y);
      curve(ctx, x, y, X, (v) => bottom - (v / s) * room * (own / peak), sizeColour(theme, i, sizes.length), sizeWidth(i, sizes.length));
    });
    curve(ctx, x, q, X, Y, theme.pin, 2.4);
    overlay(ctx, h, h.best, theme.learned, [5, 3], X, Y, bottom, lo, hi, h.view.s);
    if (h.step.mean && h.step.kind !== "exact") overlay(ctx, h, h.step, theme.sampler, h.step.kind === "other" ? [2, 3] : null, X, Y, bottom, lo, hi, h.view.s);
    ctx.strokeStyle = theme.pin;
    ctx.setLineDash([2, 3]);
    ctx.beginPath();
    ctx.moveTo(X(value), top + 6);
    ctx.lineTo(X(value), bottom);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.restore();
    axis(ctx, lo, hi, X, bottom, theme);
    gaps(h.sizes.map((s, i) => ({ ...s, colour: sizeColour(theme, i, h.sizes.length) })));
  };
}
/** A Gaussian over a curve, or a stem for a point. */
function overlay(ctx, h, law, colour, dash, X, Y, bottom, lo, hi, scale) {
  const m = law.mean[0] * scale, v = law.cov[0][0] * scale * scale;
  ctx.strokeStyle = colour;
  if (v < 1e-12) {
    ctx.lineWidth = 2;
    ctx.fillStyle = colour;
    ctx.beginPath();
    ctx.moveTo(X(m), bottom);
    ctx.lineTo(X(m), bottom - 40);
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(X(m), bottom - 40, 3.5, 0, 7);
    return ctx.fill();
  }
  const xs = Array.from({ length: 161 }, (_, i) => m + Math.sqrt(v) * (i / 20 - 4));
  curve(ctx, xs, xs.map((x) => gauss(x, m, v)), X, Y, colour, 1.8, dash);
}

// ---- the plane: density with marginals -----------------------------------------------------------------------------------------------
const heatOf = (array, shape, colour) => {
  const [rows, columns] = shape, canvas = document.createElement("canvas"), [r, g, b] = rgb(colour);
  Object.assign(canvas, { width: columns, height: rows });
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(columns, rows);
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) {
    const o = 4 * ((rows - 1 - y) * columns + x);
    image.data.set([r, g, b, 235 * Math.pow(array[y * columns + x], 0.55)], o);
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
};
const ellipse = (ctx, law, axes, scale, X, Y, colour, dash, width = 1.8) => {
  const [i, j] = axes, [mx, my] = [law.mean[i] * scale, law.mean[j] * scale];
  const a = law.cov[i][i] * scale ** 2, b = law.cov[i][j] * scale ** 2, d = law.cov[j][j] * scale ** 2;
  ctx.strokeStyle = ctx.fillStyle = colour;
  if (a + d < 1e-12) {
    ctx.lineWidth = 2;
    ctx.beginPath();
    for (const s of [-1, 1]) (ctx.moveTo(X(mx) - 5, Y(my) - 5 * s), ctx.lineTo(X(mx) + 5, Y(my) + 5 * s));
    return ctx.stroke();
  }
  // Cholesky: a circle mapped to the curve of constant density
  const l = Math.sqrt(Math.max(a, 0)), m = l > 0 ? b / l : 0, k = Math.sqrt(Math.max(d - m * m, 0));
  ctx.lineWidth = width;
  ctx.setLineDash(dash || []);
  for (const r of [1, 2]) {
    ctx.beginPath();
    for (let u = 0; u <= 64; u++) {
      const c = r * Math.cos((u / 32) * Math.PI), s = r * Math.sin((u / 32) * Math.PI);
      ctx.lineTo(X(mx + l * c), Y(my + m * c + k * s));
    }
    ctx.stroke();
  }
  ctx.setLineDash([]);
};

function plane(packet) {
  const { header: h } = packet, { centre, half, axes, labels, scale } = h.plane;
  const shape = packet.arrays.q.shape, q = arrayOf(packet, "q"), sides = [arrayOf(packet, "q/a"), arrayOf(packet, "q/b")], modes = arrayOf(packet, "modes");
  let heat = null;
  return (ctx, w, height, theme) => {
    const side = Math.round(Math.min(46, 0.2 * height)), left = PAD, bottom = height - 18, top = side + 4, right = w - side - PAD;
    const k = Math.min((right - left) / (2 * half[0]), (bottom - top) / (2 * half[1])); // one scale for both axes
    const wide = 2 * half[0] * k, high = 2 * half[1] * k, ox = left + 0.5 * (right - left - wide), oy = bottom;
    const X = (v) => ox + (v - centre[0] + half[0]) * k, Y = (v) => oy - (v - centre[1] + half[1]) * k;
    if (heat?.colour !== theme.pin) heat = Object.assign(heatOf(q, shape, theme.pin), { colour: theme.pin });
    ctx.strokeStyle = theme.line;
    ctx.strokeRect(ox + 0.5, oy - high + 0.5, wide, high);
    ctx.drawImage(heat, ox, oy - high, wide, high);
    ctx.save();
    ctx.beginPath();
    ctx.rect(ox, oy - high, wide, high);
    ctx.clip();
    ellipse(ctx, h.best, axes, scale, X, Y, theme.learned, [5, 3]);
    if (h.step.mean && h.step.kind !== "exact") ellipse(ctx, h.step, axes, scale, X, Y, theme.sampler, h.step.kind === "other" ? [2, 3] : null);
    ctx.fillStyle = theme.exact;
    for (let i = 0; i + 1 < modes.length; i += 2) (ctx.beginPath(), ctx.arc(X(modes[i]), Y(modes[i + 1]), 2, 0, 7), ctx.fill());
    ctx.restore();
    // marginals: above and on the right; the best Gaussian's beside them
    const [nx, ny] = [sides[0].length, sides[1].length], at = (i, n, c, s) => c - s + (2 * s * i) / (n - 1);
    const peakA = most(sides[0]), peakB = most(sides[1]);
    const xs = Array.from({ length: nx }, (_, i) => at(i, nx, centre[0], half[0])), ys = Array.from({ length: ny }, (_, i) => at(i, ny, centre[1], half[1]));
    const UP = (v) => oy - high - 3 - (v / peakA) * (side - 8), OUT = (v) => ox + wide + 4 + (v / peakB) * (side - 8);
    curve(ctx, xs, sides[0], X, UP, theme.pin, 1.6, null, alpha(theme.pin, 0.2));
    const normal = (i) => (v) => gauss(v, h.best.mean[axes[i]] * scale, Math.max(1e-12, h.best.cov[axes[i]][axes[i]] * scale ** 2));
    curve(ctx, xs, xs.map(normal(0)), X, UP, theme.learned, 1.2, [4, 3]);
    const turned = (values, colour, width, dash) => {
      ctx.beginPath();
      ys.forEach((v, i) => ctx.lineTo(OUT(values[i]), Y(v)));
      ctx.setLineDash(dash || []);
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.stroke();
      ctx.setLineDash([]);
    };
    turned(sides[1], theme.pin, 1.6);
    turned(ys.map(normal(1)), theme.learned, 1.2, [4, 3]);
    axis(ctx, centre[0] - half[0], centre[0] + half[0], X, oy, theme, labels[0]);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.soft;
    ctx.fillText(labels[1], ox + 4, oy - high + 12);
  };
}

// ---- p(x₀ | x_t) ---------------------------------------------------------------------------------------------------------------------
function origin(packet) {
  const { header: h } = packet, r = arrayOf(packet, "r"), prior = arrayOf(packet, "prior"), x0 = arrayOf(packet, "x0");
  const x = arrayOf(packet, "x"), data = arrayOf(packet, "data");
  let heat = null;
  return (ctx, w, height, theme) => {
    const bars = 48, bottom = height - bars - 18;
    const label = (text, y) => {
      ctx.font = theme.small;
      ctx.textAlign = "left";
      ctx.fillStyle = theme.soft;
      ctx.fillText(text, PAD, y);
    };
    if (x) {
      const { lo, hi } = h.view, X = (v) => PAD + ((v - lo) / (hi - lo)) * (w - 2 * PAD), peak = most(x0), peakData = most(data);
      curve(ctx, x, data, X, (v) => bottom - (v / peakData) * (bottom - 8), theme.data, 1.2, null, alpha(theme.data, 0.1));
      curve(ctx, x, x0, X, (v) => bottom - (v / peak) * (bottom - 8), theme.pin, 2, null, alpha(theme.pin, 0.2));
      const m = X(h.x0.mean[0]);
      ctx.strokeStyle = theme.exact;
      ctx.lineWidth = 1.4;
      ctx.beginPath();
      ctx.moveTo(m, bottom);
      ctx.lineTo(m, bottom - 22);
      ctx.stroke();
      ctx.fillStyle = theme.exact;
      ctx.font = theme.small;
      ctx.textAlign = "center";
      ctx.fillText("x̂₀", m, bottom - 26);
      axis(ctx, lo, hi, X, bottom, theme);
    } else {
      const shape = packet.arrays.x0.shape, { centre, half } = h.wide;
      if (heat?.colour !== theme.pin) heat = Object.assign(heatOf(x0, shape, theme.pin), { colour: theme.pin });
      const k = Math.min((w - 2 * PAD) / (2 * half[0]), (bottom - 4) / (2 * half[1])), wide = 2 * half[0] * k, high = 2 * half[1] * k;
      const ox = 0.5 * (w - wide), X = (v) => ox + (v - centre[0] + half[0]) * k, Y = (v) => bottom - (v - centre[1] + half[1]) * k;
      ctx.strokeStyle = theme.line;
      ctx.strokeRect(ox + 0.5, bottom - high + 0.5, wide, high);
      ctx.drawImage(heat, ox, bottom - high, wide, high);
      const [mx, my] = h.x0.mean;
      ctx.strokeStyle = theme.exact;
      ctx.lineWidth = 1.6;
      ctx.beginPath();
      for (const s of [-1, 1]) (ctx.moveTo(X(mx) - 4, Y(my ?? 0) - 4 * s), ctx.lineTo(X(mx) + 4, Y(my ?? 0) + 4 * s));
      ctx.stroke();
      ctx.fillStyle = theme.exact;
      ctx.font = theme.small;
      ctx.textAlign = "left";
      ctx.fillText("x̂₀", X(mx) + 7, Y(my ?? 0) + 4);
    }
    // responsibilities: what each component's weight has become
    const n = r.length, y = height - 4, gap = Math.min(64, (w - 2 * PAD) / n), wide = Math.min(26, gap - 4), tall = bars - 20, peak = Math.max(most(r), most(prior)), rest = h.components.of - n;
    label(`${rest > 0 ? `${n} of ${h.components.of}` : n} component${h.components.of > 1 ? "s" : ""} (line: weight)`, height - bars + 9);
    for (let i = 0; i < n; i++) {
      const x1 = PAD + i * gap;
      ctx.fillStyle = theme.pin;
      ctx.fillRect(x1, y - (r[i] / peak) * tall, Math.max(2, wide), Math.max(0.5, (r[i] / peak) * tall));
      ctx.fillStyle = theme.exact;
      ctx.fillRect(x1, y - (prior[i] / peak) * tall - 0.5, Math.max(2, wide), 1);
      if (gap < 56) continue;
      ctx.textAlign = "left";
      ctx.fillText(sig(r[i], 2), x1 + wide + 3, y - 2);
    }
    ctx.strokeStyle = theme.line;
    ctx.beginPath();
    ctx.moveTo(PAD, y + 0.5);
    ctx.lineTo(w - PAD, y + 0.5);
    ctx.stroke();
  };
}

// ---- the worst step of T ------------------------------------------------------------------------------------------------------------
function worst(found, doing) {
  return (ctx, w, height, theme) => {
    const left = 40, right = w - PAD, top = 18, bottom = height - 20, LO = -7, HI = 1;
    const X = (T) => left + (1 - Math.log(T / 2) / Math.log(500)) * (right - left), Y = (v) => bottom - ((clamp(Math.log10(Math.max(v, 1e-9)), LO, HI) - LO) / (HI - LO)) * (bottom - top);
    ctx.font = theme.small;
    ctx.strokeStyle = theme.line;
    ctx.fillStyle = theme.soft;
    ctx.lineWidth = 1;
    for (let e = LO + 1; e <= HI; e += 2) {
      ctx.beginPath();
      ctx.moveTo(left, Math.round(Y(10 ** e)) + 0.5);
      ctx.lineTo(right, Math.round(Y(10 ** e)) + 0.5);
      ctx.stroke();
      ctx.textAlign = "right";
      ctx.fillText(e === 0 ? "1" : e === 1 ? "10" : `10${String(e).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])}`, left - 5, Y(10 ** e) + 4);
    }
    ctx.textAlign = "center";
    for (const T of [1000, 100, 16, 8, 4, 2]) ctx.fillText(String(T), clamp(X(T), left + 10, right - 4), bottom + 14);
    ctx.textAlign = "left";
    const ok = found.filter((f) => f.kl != null), searched = Math.min(...ok.filter((f) => !f.every).map((f) => f.steps));
    const words = ["nats, worst step of T", ...(Number.isFinite(searched) ? [`from ${searched} on by search`] : [])];
    if (ctx.measureText(words.join("; ")).width < right - left) words.splice(0, 2, words.join("; "));
    words.forEach((line, n) => ctx.fillText(line, left + 4, top - 3 + 14 * n));
    ctx.strokeStyle = ctx.fillStyle = theme.exact;
    ctx.lineWidth = 1.8;
    ctx.beginPath();
    for (const f of ok) ctx.lineTo(X(f.steps), Y(f.kl));
    ctx.stroke();
    for (const f of ok) {
      ctx.globalAlpha = f.kl < 3 * f.error ? 0.35 : 1;
      ctx.beginPath();
      ctx.arc(X(f.steps), Y(f.kl), 2.8, 0, 7);
      ctx.fill();
    }
    ctx.globalAlpha = 1;
    if (doing) {
      ctx.fillStyle = theme.soft;
      ctx.fillText(doing, left + 4, top - 3 + 14 * (words.length + 0.3));
    }
  };
}

// ---- the lab ---------------------------------------------------------------------------------------------------------------------------
const HTML = `
  <div class="pg-in-empty">
    <p><b>Pin a point</b> and see what is exactly known there: the true denoising distribution q(x<sub>s</sub> | x<sub>t</sub>) for any step size, its best Gaussian, and what the sampler draws instead.</p>
    <p><button type="button" data-in="suggest">pin a point for me</button> or click on the picture above.</p>
  </div>
  <p class="pg-in-why" hidden></p>
  <section class="pg-in-q">
    <header><span class="pg-in-title" title="The exact law of x at the earlier time s, given the pinned x at time t: a mixture of Gaussians in closed form.">q(x<sub>s</sub> | x<sub>t</sub>)</span>
      <label class="pg-in-slider" title="How far one step goes: from a small step to the whole way to 0.">step <input type="range" min="0.01" max="1" step="0.01" aria-label="step size, share of the way to 0"><output></output></label></header>
    <div class="pg-in-box" data-in="q"></div>
    <div class="pg-in-key"></div>
  </section>
  <section class="pg-in-x0">
    <header role="tablist"><button type="button" role="tab" data-in="tab-x0" title="The posterior of the data point, and what each component contributes.">p(x<sub>0</sub> | x<sub>t</sub>)</button><button type="button" role="tab" data-in="tab-worst" title="Mean KL of q(x_s | x_t) to its best Gaussian, for the worst step of a uniform grid of T steps.">worst step</button></header>
    <div class="pg-in-box" data-in="x0"></div>
    <div class="pg-in-box" data-in="worst" hidden></div>
  </section>
  <section class="pg-in-numbers" tabindex="0" aria-label="Numbers at the pin">
    <table class="pg-in-kl"><thead><tr><th></th><th title="KL(q‖·) in nats; infinite for a point. A dash: not known in closed form.">KL</th><th data-in="w2">W₂</th></tr></thead><tbody></tbody></table>
    <p class="pg-in-says"></p>
    <table class="pg-in-point"><tbody></tbody></table>
  </section>`;

class Inspector {
  constructor(root, host) {
    this.host = host;
    this.root = root;
    root.classList.add("pg-in");
    root.innerHTML = HTML;
    this.at = Object.fromEntries([...root.querySelectorAll("[data-in]")].map((n) => [n.dataset.in, n]));
    this.slider = root.querySelector(".pg-in-slider input");
    this.output = root.querySelector("output");
    this.key = root.querySelector(".pg-in-key");
    this.says = root.querySelector(".pg-in-says");
    this.q = new Picture("pg-in-main", "denoising distribution at the pin");
    this.x0 = new Picture("", "distribution of the data point given the pin");
    this.w = new Picture("", "worst step over the number of steps");
    this.at.q.append(this.q.canvas);
    this.at.x0.append(this.x0.canvas);
    this.at.worst.append(this.w.canvas);
    this.gap = clamp(Number(host.view.gap) || 0.5, 0.01, 1);
    this.slider.value = this.gap;
    this.slider.addEventListener("input", () => {
      this.gap = Number(this.slider.value);
      host.setView("gap", this.gap === 0.5 ? "" : String(this.gap));
      this.ask();
    });
    this.at.suggest.addEventListener("click", () => this.suggest());
    this.at["tab-x0"].addEventListener("click", () => this.tab("x0"));
    this.at["tab-worst"].addEventListener("click", () => this.tab("worst"));
    this.found = [];
    this.times = []; // from a change to its picture, ms
    window.__pgInspector = this;
    this.tab(host.view.side === "worst" ? "worst" : "x0");
    this.empty();
  }

  get stage() { return this.host.stage; }

  show(on) {
    this.on = on;
    if (!this.stage) return;
    this.stage.overlay = on ? (ctx, panel, scene) => this.over(ctx, panel, scene) : null;
    this.stage._touch();
  }

  setRun(run) {
    const q = run.header.fields_key;
    if (q !== this.law) (this.law = q), (this.found = []), this.why(""), this.measure();
    this.ask();
  }
  pin(pin) {
    this.pinned = pin;
    if (!pin) this.packet = this.paths = null;
    this.empty();
    this.ask();
  }
  empty() {
    this.root.classList.toggle("pg-in-none", !this.pinned);
    if (!this.pinned && this.stage) this.stage._touch();
  }

  async suggest() {
    try {
      const { header } = await this.host.fetch("inspect", { suggest: 1 });
      if (header.why) return this.why(header.why);
      this.stage.setPin(header.suggest);
      if (this.pinned) this.host.seek(this.pinned.clock);
    } catch (error) { this.failed(error); }
  }
  failed(error) {
    if (error.name !== "AbortError") this.host.notice({ kind: "error", message: error.message });
  }
  why(words) {
    const p = this.root.querySelector(".pg-in-why");
    p.innerHTML = subscripts(words);
    p.hidden = !words;
    this.root.classList.toggle("pg-in-cannot", Boolean(words));
  }

  /** The picture of the newest pin; while a hand moves something the displaced ones are dropped. */
  async ask() {
    if (!this.pinned || !this.on) return;
    const from = performance.now(), { pinned: p } = this;
    const params = { clock: p.clock, components: p.components.join(","), at: (p.a == null ? [p.b] : [p.a, p.b]).join(","), gap: this.gap };
    try {
      const packet = await this.host.fetch("inspect", params);
      if (!this.pinned) return;
      this.why(packet.header.why || "");
      if (packet.header.why) return (this.packet = this.paths = null), this.stage?._touch();
      this.packet = packet;
      this.paint();
      this.times.push(performance.now() - from);
      const paths = await this.host.fetch("paths", params);
      this.paths = paths.header.why ? null : paths;
      this.stage?._touch();
    } catch (error) { this.failed(error); }
  }

  paint() {
    const { packet } = this, h = packet.header;
    const t = sig(h.t), s = h.s === 0 ? "0" : sig(h.s);
    this.output.textContent = `t = ${t} → s = ${s}`;
    this.sizes = "";
    this.q.show(h.plane ? plane(packet) : line(packet, (list) => this.legend(list)));
    if (h.plane) this.legend([]);
    this.x0.show(origin(packet));
    const kl = (v, e) => (v == null ? "∞" : v < 1e-7 ? "0" : sig(v) + (e > 0.05 * v ? ` ± ${sig(e, 1)}` : ""));
    const row = (colour, dash, name, r, title) => `<tr title="${title}"><th><i style="--c:var(--pg-${colour})" class="${dash}"></i>${name}</th><td>${/other|none|point/.test(r.kind) ? "–" : kl(r.kl, r.error)}</td><td>${r.w2 == null || r.kind === "point" ? "–" : sig(r.w2)}</td></tr>`;
    this.at.w2.title = `${h.w2} between q and the law of the row`;
    this.root.querySelector(".pg-in-kl tbody").innerHTML =
      row("learned", "dash", "best Gaussian", h.best, "The Gaussian with the mean and covariance of q: of all Gaussians the one with the least KL(q‖·).") +
      row("sampler", "", subscripts(h.step.title), h.step, h.step.kind === "point" ? "Where the chosen sampler goes in one step from t to s: a point, not a law to be compared with q." : "What the chosen sampler draws from in one step from t to s, read off the sampler itself.");
    const words = [`${h.modes} mode${h.modes === 1 ? "" : "s"}`, h.step.note, ...h.notes].filter(Boolean);
    this.says.innerHTML = words.map(subscripts).join(" · ");
    this.root.querySelector(".pg-in-point tbody").innerHTML = h.point
      .map((r) => `<tr title="${r.tip}" class="${r.values.length > 2 ? "pg-in-long" : ""}"><th>${subscripts(r.name)}<span>${subscripts(r.formula)}</span></th><td>${r.values.map((v) => sig(v)).join(", ")}</td></tr>`).join("");
    this.q.say(`q of x at ${s} given the pin at ${t}: ${h.modes} modes; best Gaussian KL ${kl(h.best.kl, 0)} nats`);
  }
  legend(sizes) {
    const words = sizes.map((s) => `<span title="step of ${Math.round(100 * s.gap)} % of the way to 0: KL to its best Gaussian ${sig(s.kl)} nats, ${s.modes} mode${s.modes > 1 ? "s" : ""}"><i style="--c:${s.colour}"></i>${sig(s.gap * 100, 2)} %</span>`);
    const text = (words.length ? `<span title="The chosen step, filled"><i style="--c:var(--pg-pin)"></i>q</span><b title="How far the step goes, as a share of the way to 0; each curve is scaled to its peak.">step sizes</b>${words.join("")}` : `<span><i style="--c:var(--pg-pin)"></i>q, dots: modes</span>`)
      + `<span><i class="dash" style="--c:var(--pg-learned)"></i>best Gaussian</span><span><i style="--c:var(--pg-sampler)"></i>the sampler's step</span>`;
    if (text !== this.sizes) this.key.innerHTML = this.sizes = text;
  }

  // ---- the worst step ----------------------------------------------------------------------------------------------------------------
  tab(name) {
    this.open = name;
    for (const key of ["x0", "worst"]) {
      this.at[key].hidden = key !== name;
      this.at[`tab-${key}`].setAttribute("aria-selected", String(key === name));
    }
    this.host.setView("side", name === "worst" ? "worst" : "");
    this.measure();
  }
  /** One number of steps at a time, from few to many; a change of data or process begins anew. */
  async measure() {
    this.w.show(worst(this.found, ""));
    if (this.open !== "worst" || this.measuring || !this.law) return;
    this.measuring = true;
    const law = this.law;
    try {
      while (this.open === "worst" && this.law === law && this.found.length < STEPS.length) {
        const steps = STEPS[this.found.length];
        this.w.show(worst(this.found, `${this.found.length} of ${STEPS.length}`));
        const { header } = await this.host.fetch("worst", { steps });
        if (header.why) return this.why(header.why);
        if (this.law === law) this.found.push(header);
      }
    } catch (error) { this.failed(error); } finally {
      this.measuring = false;
      this.w.show(worst(this.found, ""));
    }
    const four = this.found.find((f) => f.steps === 4);
    if (four) this.w.say(`worst step's mean KL to a Gaussian: ${sig(four.kl)} nats at 4 steps`);
    if (this.law !== law) this.measure();
  }

  // ---- over the stage ------------------------------------------------------------------------------------------------------------------
  over(ctx, panel, scene) {
    const { paths } = this;
    if (!paths || !scene.pin) return;
    const { spec } = panel, { theme } = scene, flat = spec.kind === "plane";
    const draw = (name, colour, width, dash, opacity) => {
      const array = paths.arrays[name], clock = arrayOf(paths, `${name}/clock`);
      const [times, components, count] = array.shape, z = array.floats();
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.globalAlpha = opacity;
      ctx.setLineDash(dash);
      ctx.beginPath();
      for (let p = 0; p < count; p++) for (let i = 0; i < times; i++) {
        const at = (c) => z[(i * components + c) * count + p];
        const x = flat ? panel.toX.o + panel.toX.k * at(spec.a.component) : panel.x(clock[i]), y = panel.toY.o + panel.toY.k * at(spec.b.component);
        if (i) ctx.lineTo(x, y);
        else ctx.moveTo(x, y);
      }
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
    };
    draw("forth", theme.noise, 0.8, [], flat ? 0.3 : 0.5);
    draw("back", theme.pin, 1.2, [], 0.75);
    draw("ode/back", theme.exact, 1.8, [], 0.95);
    draw("ode/forth", theme.exact, 1.8, [], 0.95);
    if (flat && spec.id === scene.pin.panel) this.arrows(ctx, panel, scene);
  }

  /** At a pin in a plane: a dotted line to x̂₀, and the directions of score and velocity (their sizes stand in the table). */
  arrows(ctx, panel, { pin, theme }) {
    if (!this.packet) return;
    const { a, b } = panel.spec, x = panel.toX.o + panel.toX.k * pin.a, y = panel.toY.o + panel.toY.k * pin.b;
    const of = (name) => this.packet.header.point.find((r) => r.name === name)?.values;
    ctx.font = theme.small;
    ctx.textAlign = "left";
    const word = (text, px, py, colour) => {
      ctx.lineWidth = 3;
      ctx.strokeStyle = theme.stage;
      ctx.strokeText(text, px, py);
      ctx.fillStyle = colour;
      ctx.fillText(text, px, py);
    };
    for (const [name, colour, length] of [["score", theme.exact, 44], ["u", theme.accent, 78]]) {
      const v = of(name), [vx, vy] = [v?.[a.component], v?.[b.component]];
      const size = Math.hypot(vx, vy);
      if (!(size > 1e-9)) continue;
      const [dx, dy] = [vx / size, -vy / size], ex = x + length * dx, ey = y + length * dy, turn = Math.atan2(dy, dx);
      ctx.strokeStyle = colour;
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.moveTo(x + 8 * dx, y + 8 * dy);
      ctx.lineTo(ex, ey);
      for (const side of [-2.6, 2.6]) (ctx.moveTo(ex, ey), ctx.lineTo(ex + 7 * Math.cos(turn + side), ey + 7 * Math.sin(turn + side)));
      ctx.stroke();
      word(name, ex + 5 + 9 * Math.abs(dy), ey + 4 + 6 * dy, colour);
    }
    const x0 = of("x̂₀");
    if (a.component !== 0 || b.component !== 1 || x0.length < 2) return;
    const [px, py] = [panel.toX.o + panel.toX.k * x0[0], panel.toY.o + panel.toY.k * x0[1]];
    ctx.strokeStyle = theme.exact;
    ctx.setLineDash([2, 3]);
    ctx.lineWidth = 1.4;
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(px, py);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = theme.exact;
    ctx.beginPath();
    ctx.arc(px, py, 3, 0, 7);
    ctx.fill();
    if (Math.hypot(px - x, py - y) > 26) word("x̂₀", px - 20, py - 4, theme.exact);
  }
}
export { Inspector };

export default {
  mount: (root, host) => new Inspector(root, host),
};
