// The pure parts of assets/ui/lib and of "this step": numbers, time, mixtures, densities, drawing, formulas.
import assert from "node:assert/strict";
import { test } from "node:test";
import { python } from "./python.js";
import { canvas } from "./canvas.js";
import { fill, width } from "../../assets/ui/beside/formula.js";
import { must, targetOf } from "../../assets/ui/lib/dom.js";
import { Heat, enclosingLevels, softened, traceLevel } from "../../assets/ui/lib/density.js";
import { Sheet, Splat, contains, isNumber, number, rgbOf, ring, sized, spread, sprite, text, themeOf, ticks } from "../../assets/ui/lib/draw.js";
import { mixture } from "../../assets/ui/lib/mixture.js";
import { clamp, escaped, significant, subscripts, whole } from "../../assets/ui/lib/numbers.js";
import { time } from "../../assets/ui/lib/time.js";

globalThis.dispatchEvent = () => true;

const near = (a, b, by, words) => assert.ok(Math.abs(a - b) <= by, `${words ?? ""} ${a} is not within ${by} of ${b}`);

test("numbers as people read them", () => {
  const told = [[0.05123, "0.0512"], [12.345, "12.3"], [1.234e-5, "1.2e−5"], [-0.5, "−0.500"], [0, "0"], [1e-13, "0"], [999999, "999999"], [2.5e6, "2.5e6"], [NaN, "–"], [Infinity, "–"], [null, "–"], [undefined, "–"]];
  for (const [value, words] of told) assert.equal(significant(value), words, String(value));
  assert.equal(significant(3.14159, 5), "3.1416");
  assert.equal(whole(1234567.4), "1\u2009234\u2009567");
  assert.equal(whole(NaN), "–");
  assert.equal(number(-0.001, 2), "0.00");
  assert.equal(number(-1.5, 1), "−1.5");
  assert.equal(number(NaN, 1), "–");
});

test("plain text is no HTML", () => {
  assert.equal(escaped('<b>"&"'), "&lt;b&gt;&quot;&amp;&quot;");
  assert.equal(subscripts("p_T(z_t) <i>"), "p<sub>T</sub>(z<sub>t</sub>) &lt;i&gt;");
});

test("round ticks inside an interval", () => {
  assert.deepEqual(ticks(-1, 1, 4).map((t) => t.text), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
  for (const [lo, hi, count] of [[0, 1, 5], [-3.3, 7.1, 4], [0.001, 0.0017, 3], [-2e6, 5e6, 6]]) {
    const list = ticks(lo, hi, count);
    assert.ok(list.length >= 1 && list.length <= 2 * count, `${list.length}`);
    for (const { value } of list) assert.ok(value >= lo - 1e-9 && value <= hi + 1e-9);
  }
});

test("small helpers of drawing", () => {
  assert.equal(clamp(5, 0, 1), 1);
  assert.equal(clamp(-5, 0, 1), 0);
  assert.deepEqual([0, NaN, Infinity, "1", null].map(isNumber), [true, false, false, false, false]);
  assert.deepEqual(rgbOf("#0172fe"), [1, 114, 254]);
  assert.ok(contains({ x: 0, y: 0, w: 2, h: 2 }, 2, 2) && !contains({ x: 0, y: 0, w: 2, h: 2 }, 3, 1));
  const a = new Float32Array(4);
  assert.equal(sized(a, 4), a);
  assert.equal(sized(a, 5).length, 5);
  assert.equal(sized(null, 2).length, 2);
  const values = Array.from({ length: 1000 }, (_, n) => spread(n));
  assert.ok(values.every((v) => v >= 0 && v < 1));
  near(values.reduce((sum, v) => sum + v, 0) / 1000, 0.5, 0.01, "the mean jitter");
});

test("a sheet is painted when its key changes", () => {
  const sheet = new Sheet();
  let painted = 0;
  for (const key of ["a", "a", "b"]) sheet.fresh(key, 10, 5, 2, () => painted++);
  sheet.fresh("b", 11, 5, 2, () => painted++);
  assert.equal(painted, 3);
  assert.deepEqual([sheet.canvas.width, sheet.canvas.height], [22, 10]);
});

test("dots are drawn once for each look", () => {
  assert.equal(sprite("#ff0000", 2, 1), sprite("#ff0000", 2, 1));
  assert.notEqual(sprite("#ff0000", 2, 1), sprite("#ff0000", 2, 1, true));
  const { ctx, calls } = canvas();
  ring(ctx, 1, 2, 3, "#00ff00", 1);
  text(ctx, "p", 0, 0, "left", "alphabetic", "#ffffff");
  assert.deepEqual(calls.filter((c) => /stroke|fill/i.test(c)), ["stroke", "strokeText", "fillText"]);
});

test("particles written into pixels lie where they are, and overlap is denser", () => {
  const splat = new Splat(), xs = Float32Array.of(2, 2, 50, -9), ys = Float32Array.of(3, 3, 50, 0);
  splat.begin(8, 8);
  splat.add(xs, ys, null, 4, "#102030", 0.5, 1);
  const at = (x, y) => splat.pixels[y * 8 + x];
  assert.equal(at(2, 3) & 0xffffff, 0x302010);
  const twice = at(2, 3) >>> 24;
  assert.equal([...splat.pixels].filter(Boolean).length, 1, "what lies outside is not drawn");
  splat.begin(8, 8);
  splat.add(xs, ys, Uint32Array.of(1), 1, "#102030", 0.5, 1);
  assert.ok(twice > at(2, 3) >>> 24 && at(2, 3) >>> 24 > 100);
  splat.begin(4, 4);
  assert.equal(splat.pixels.length, 16);
  assert.equal(splat.end(), splat.canvas);
});

test("the theme is the page's colours", () => {
  const { ctx } = canvas();
  globalThis.getComputedStyle = () => ({ fontFamily: "Ours", getPropertyValue: (name) => ({ "--pg-stage": "#101216", "--pg-u": "2" })[name] ?? "" });
  const theme = themeOf({}, ctx);
  assert.equal(theme.dark, true);
  assert.equal(theme.label, "24px Ours");
  assert.equal(theme.data, "#888888");
  assert.equal(theme.classes.length, 8);
});

test("a missing element is named", () => {
  class Node {}
  globalThis.HTMLElement = Node;
  const node = new Node(), root = { querySelector: (s) => (s === "b" ? node : null) };
  assert.equal(must(root, "b"), node);
  assert.throws(() => must(root, ".pg-none"), /no element "\.pg-none"/);
  assert.throws(() => must(root, "b", class Other {}), /no Other "b"/);
  globalThis.Element = Node;
  assert.equal(targetOf({ target: null }), null);
});

// ---- time --------------------------------------------------------------------------------------------------------------------------
test("one moment in the words of each paper", () => {
  const at = (logSnr, t = 0.5) => ({ t, logSnr });
  const told = { t: "t = 0.500", snr: "log-SNR = 1.00", sigma: "σ = 0.607", flow: "τ = 0.378", ddpm: "n = 171" };
  for (const [name, words] of Object.entries(told)) {
    time.choose(name);
    assert.equal(time.said(at(1)), words, name);
  }
  time.choose("snr");
  assert.equal(time.said(at(Infinity)), "log-SNR = ∞");
  assert.equal(time.said(at(NaN)), "t = 0.500", "a process without a log-SNR is told in its own time");
  time.choose("constructor");
  assert.equal(time.name, "t");
});

test("DDPM's index is that of its linear β", () => {
  const beta = Float64Array.from({ length: 1000 }, (_, i) => 1e-4 + ((0.02 - 1e-4) * i) / 999);
  let bar = 1;
  for (let i = 0; i < 1000; i++) {
    bar *= 1 - beta[i];
    if (i % 99 !== 50) continue;
    near(time.scales.ddpm.value({ t: 0, logSnr: Math.log(bar / (1 - bar)) }), i, 4, "of DDPM's own product, which is not quite the integral");
    const u = (i + 1) / 1000, B = 0.1 * u + 9.95 * u * u;
    assert.equal(time.scales.ddpm.value({ t: 0, logSnr: -Math.log(Math.expm1(B)) }), i, "of the integral");
  }
  assert.equal(time.scales.ddpm.value({ t: 0, logSnr: Infinity }), 0);
  assert.ok(Number.isNaN(time.scales.ddpm.value({ t: 0, logSnr: NaN })));
});

test("ends of a step are told in as many digits as tell them apart", () => {
  time.choose("t");
  const { text: words } = time.words({ t: 0.50001, logSnr: 0, from: { t: 0.50001, logSnr: 0 }, to: { t: 0.50002, logSnr: 0 } });
  assert.equal(words, "0.500010");
  assert.equal(time.scales.snr.say(0.123456, 1e-4), "0.1235");
  assert.equal(time.scales.t.say(1.5e-7), "1.5e−7");
  assert.equal(time.scales.t.say(0), "0");
});

test("other papers' scales are told only where they mean something", () => {
  time.choose("sigma");
  time.of({ words: "something else", shared: false });
  assert.equal(time.scale, time.scales.t);
  assert.match(time.scales.snr.tip, /^something else\.$/);
  time.of({ words: "ln(α²/σ²)", shared: true });
  assert.equal(time.scale, time.scales.sigma);
});

test("ticks of the told time lie at their values, apart, in order", () => {
  const of = (x) => ({ t: 1 - x, logSnr: -10 + 20 * x });
  for (const name of Object.keys(time.scales)) {
    time.choose(name);
    const list = time.ticks(of, 0, 1, 0.12);
    assert.ok(list.length >= 2, name);
    for (let i = 1; i < list.length; i++) assert.ok(list[i].x - list[i - 1].x >= 0.12 - 1e-9, name);
    for (const { x, value } of list) near(time.scale.value(of(x)), value, 0.02 * Math.max(1, Math.abs(value)), `${name} at ${x}`);
  }
  assert.deepEqual(time.ticks(() => ({ t: 0, logSnr: NaN }), 0, 1), [], "a time that stands still has no ticks");
  time.choose("t");
});

// ---- mixtures ----------------------------------------------------------------------------------------------------------------------
const mixtures = python(`
import json
import torch
from playground.laws import compact
from playground.core.mixture import GaussianMixture
torch.manual_seed(0)
out = []
for dim, k, labels in ((2, 1, False), (2, 5, True), (1, 4, True), (1, 1, False), (2, 256, False)):
    a = 0.3 * torch.randn(k, dim, dim, dtype=torch.float64)
    covs = a @ a.mT + 0.05 * torch.eye(dim, dtype=torch.float64)
    label = torch.arange(k) % 3 if labels else torch.zeros(k, dtype=torch.long)
    mix = GaussianMixture(torch.rand(k, dtype=torch.float64) + 0.1, torch.randn(k, dim, dtype=torch.float64), covs, label)
    text = compact.encode(mix)
    back = compact.decode(text)
    out.append({"text": text, "dim": dim, "weights": back.weights.tolist(), "means": back.means.tolist(), "covs": back.covs.tolist(), "labels": back.labels.tolist()})
print(json.dumps(out))
`);

test("a mixture's text is read as Python reads it, and written back to the letter", () => {
  for (const { text: words, dim, weights, means, covs, labels } of mixtures) {
    const mix = mixture.decode(words);
    assert.equal(mix.dim, dim);
    assert.deepEqual(mixture.size(words), [dim, weights.length]);
    mix.parts.forEach(({ w, m, axes, angle, label }, k) => {
      near(w, weights[k], 1e-6, "weight");
      m.forEach((v, i) => near(v, means[k][i], 1e-6, "centre"));
      const [a, b] = axes, c = Math.cos(angle), s = Math.sin(angle);
      if (dim === 1) near(a * a, covs[k][0][0], 1e-6, "variance");
      else [[c * c * a * a + s * s * b * b, 0, 0], [c * s * (a * a - b * b), 0, 1], [s * s * a * a + c * c * b * b, 1, 1]].forEach(([v, i, j]) => near(v, covs[k][i][j], 1e-6, "covariance"));
      assert.equal(label, labels[k]);
    });
    assert.equal(mixture.encode(mix), words);
  }
});

test("any other text is no mixture", () => {
  for (const words of ["", "moons", "mix3.AAAA", "mix2.", "mix2.AA!A", "mix2.AAAA.", " mix2.AAAA"]) {
    assert.equal(mixture.decode(words), null, words);
    assert.equal(mixture.size(words), null, words);
  }
});

// ---- densities ---------------------------------------------------------------------------------------------------------------------
const SIZE = 41;
const bump = Uint8Array.from({ length: SIZE * SIZE }, (_, p) => Math.round(255 * Math.exp(-(((p % SIZE) - 20) ** 2 + (Math.floor(p / SIZE) - 20) ** 2) / 50)));
const field = (uid, codes, frames = 1) => ({ uid, shape: [frames, SIZE, SIZE], data: codes });

test("levels enclose the shares of the mass that they say", () => {
  const mix = Float32Array.from(bump), total = mix.reduce((a, b) => a + b);
  const shares = [0.2, 0.5, 0.9], levels = enclosingLevels(mix, shares);
  levels.forEach((level, i) => near(mix.reduce((sum, v) => sum + (v > level ? v : 0), 0) / total, shares[i], 0.04, "share"));
  assert.ok(levels[0] > levels[1] && levels[1] > levels[2]);
});

test("a contour lies on its level", () => {
  const points = [], path = { moveTo: (x, y) => points.push([x, y]), lineTo: (x, y) => points.push([x, y]) };
  traceLevel(path, Float32Array.from(bump), SIZE, SIZE, 128, (x) => x, (y) => y);
  const radius = Math.sqrt(50 * Math.log(255 / 128));
  assert.ok(points.length > 40 && points.length % 2 === 0);
  for (const [x, y] of points) near(Math.hypot(x - 20, y - 20), radius, 0.1, "radius");
});

test("softening keeps what is even and takes the steps out of what is not", () => {
  const even = new Float32Array(25).fill(3), out = new Float32Array(25);
  assert.deepEqual(softened(even, 5, 5, out), even);
  const spike = new Float32Array(25);
  spike[12] = 16;
  const soft = softened(spike, 5, 5, new Float32Array(25));
  assert.deepEqual([soft[12], soft[11], soft[6], soft.reduce((a, b) => a + b)], [4, 2, 1, 16]);
});

test("heat blends frames, is painted once, and is densest where the density is", () => {
  const heat = new Heat(), two = Uint8Array.from([...bump, ...bump.map(() => 0)]), array = field(1, two, 2);
  heat.paint(array, { i: 0, f: 0 }, "#ff8000");
  const opacity = (x, y) => heat.pixels[y * 2 * SIZE + x] >>> 24, full = opacity(40, 40);
  assert.equal(heat.pixels[40 * 2 * SIZE + 40] & 0xffffff, 0x0080ff);
  assert.ok(full > 150 && opacity(20, 40) < full && opacity(0, 0) === 0);
  assert.deepEqual([heat.sheet.width, heat.sheet.height], [2 * SIZE, 2 * SIZE]);
  const { pixels } = heat;
  heat.paint(array, { i: 0, f: 0 }, "#ff8000");
  assert.equal(heat.pixels, pixels);
  heat.paint(array, { i: 0, f: 0.5 }, "#ff8000");
  assert.ok(opacity(40, 40) < full);
  near(heat.blended(array, { i: 0, f: 0.25 })[20 * SIZE + 20], 0.75 * 255, 1e-3, "a quarter of the way");
  assert.equal(new Heat().blended(array, { i: 1, f: 0 })[20 * SIZE + 20], 0);
});

// ---- formulas ----------------------------------------------------------------------------------------------------------------------
test("symbols give way to slots, the longest first", () => {
  const [filled, used] = fill("z_s = \\alpha_s \\hat x_0 + \\sigma_s z", ["\\sigma_s", "\\alpha_s", "z"]);
  assert.equal(filled, "z_s = {\\htmlClass{pg-slot pg-slot-1}{0}} \\hat x_0 + {\\htmlClass{pg-slot pg-slot-0}{0}} {\\htmlClass{pg-slot pg-slot-2}{0}}");
  assert.deepEqual([...used].sort(), [0, 1, 2]);
});

test("another symbol that begins the same is left alone", () => {
  assert.equal(fill("b_i + c", ["b"])[1].size, 0);
  assert.equal(fill("G G^\\top", ["G"])[1].size, 0);
  assert.equal(fill("x", [""])[0], "x");
});

test("widths of numbers", () => near(width("−1.5e−5"), 0.778 + 0.5 + 0.278 + 0.5 + 0.444 + 0.778 + 0.5, 1e-9));
