// The lab "training-free": a run's x̂_0 beside exact denoisers of the same images, and the nearest training image. Numbers: playground/views/free.py.
import { drawImage } from "../../images/draw.js";
import { el } from "../../lib/dom.js";
import { significant } from "../../lib/numbers.js";

const KINDS = ["ideal", "wiener", "local", "equivariant"];
const MARGIN = { l: 42, r: 12, t: 8, b: 20 };
const LEAST = 1e-4; // per pixel, of a range of two: no axis goes below; what does is drawn on its edge, and the edge says so
const node = (tag, className, text = "", title = "") => el(tag, { className, textContent: text, title });
const S = (v) => significant(v, 2);
const power = (n) => (n === 0 ? "1" : `10${String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])}`);

class Free {
  constructor(root, host) {
    this.root = root;
    this.host = host;
    this.clock = 0;
    this.plot = node("div", "pg-free-plot");
    this.line = node("i", "pg-free-cursor");
    this.legend = node("div", "pg-free-legend");
    this.title = node("span", "pg-free-title", "x̂₀ of this run against denoisers");
    this.word = node("span", "pg-free-word", "RMS per pixel");
    this.row = node("div", "pg-free-row");
    this.says = node("p", "pg-free-says");
    const left = node("section", "pg-free-lines"), right = node("section", "pg-free-images"), head = node("header", "");
    this.about = node("span", "pg-free-title");
    this.at = node("span", "pg-free-word");
    head.append(this.title, this.word);
    left.append(head, this.plot, this.legend);
    const over = node("header", "");
    over.append(this.about, this.at);
    right.append(over, this.row, this.says);
    const all = node("div", "pg-free");
    all.append(left, right);
    root.replaceChildren(all);
    this.plot.addEventListener("pointerdown", (e) => this._seek(e));
    new ResizeObserver(() => this._paint()).observe(this.plot);
    addEventListener("pg-picked", () => this._images());
  }

  setRun(run) {
    if (!run.header.set || run.header.key === this.key) return;
    this.key = run.header.key;
    this.run = run;
    this.parts = {};
    delete this.root.dataset.shown;
    this._ask(this.key);
  }

  /** One denoiser after the other: what is quick is there while the score machines still work. */
  async _ask(key) {
    this.root.classList.add("pg-free-busy");
    for (const of of ["nearest", ...KINDS]) {
      try {
        const packet = await this.host.fetch("free", { of });
        if (key !== this.key || packet.header.key !== key) return;
        this.parts[of] = packet;
      } catch (error) {
        if (error.name === "AbortError" || key !== this.key) return;
        this.says.textContent = error.message;
        break;
      }
      this._paint();
      this._images();
    }
    this.root.classList.remove("pg-free-busy");
    this.root.dataset.shown = key;
  }

  /** The root mean square over images at each state. */
  _curve(of) {
    const { rms } = this.parts[of].arrays, [states, images] = rms.shape;
    return Array.from({ length: states }, (_, i) => {
      let sum = 0;
      for (let n = 0; n < images; n++) sum += rms.data[i * images + n] ** 2;
      return Math.sqrt(sum / images);
    });
  }

  _paint() {
    const width = this.plot.clientWidth, height = this.plot.clientHeight, near = this.parts?.nearest;
    if (!near || width < 60 || height < 40) return;
    const own = near.header.self, clocks = near.arrays.clock.data;
    this.title.textContent = `x̂₀ of this run against denoisers ${near.header.with}`;
    this.title.title = "At the states of this run, from which its steps start: the root mean square over images and pixels of x̂₀ minus the denoiser’s x̂₀. Pixels go from −1 to 1. "
      + "Each image is compared with what was asked of it: the denoiser of its class or of all, blended as the run’s own guidance blends.";
    const lines = KINDS.filter((k) => this.parts[k] && k !== own).map((k) => ({ kind: k, values: this._curve(k) }));
    const values = lines.flatMap((l) => l.values).filter((v) => v > LEAST);
    const top = Math.ceil(Math.log10(Math.max(0.1, ...values)) - 1e-9), bottom = Math.min(top - 1, Math.floor(Math.log10(Math.max(LEAST, Math.min(1, ...values))) + 1e-9));
    const w = width - MARGIN.l - MARGIN.r, h = height - MARGIN.t - MARGIN.b;
    this.X = (c) => MARGIN.l + w * (1 - c);
    const Y = (v) => MARGIN.t + (h * (top - Math.log10(Math.max(v, 10 ** bottom)))) / (top - bottom);
    const parts = [];
    for (let n = bottom; n <= top; n++) {
      const y = Y(10 ** n).toFixed(1);
      parts.push(`<line class="grid" x1="${MARGIN.l}" x2="${MARGIN.l + w}" y1="${y}" y2="${y}"/><text x="${MARGIN.l - 6}" y="${+y + 4}" text-anchor="end">${power(n)}</text>`);
    }
    for (const { kind, values: v } of lines) {
      const path = v.map((a, i) => `${i ? "L" : "M"}${this.X(clocks[i]).toFixed(1)} ${Y(a).toFixed(1)}`).join("");
      parts.push(`<path class="pg-free-${kind}" d="${path}"/>`);
    }
    if (lines.some((l) => l.values.some((v) => v < 10 ** bottom * 0.999))) parts.push(`<text x="${MARGIN.l + w}" y="${(MARGIN.t + h - 4).toFixed(1)}" text-anchor="end">on the edge: ≤ ${power(bottom)}</text>`);
    parts.push(`<text x="${MARGIN.l}" y="${height - 5}">noise</text><text x="${MARGIN.l + w}" y="${height - 5}" text-anchor="end">data</text>`);
    this.plot.innerHTML = `<svg viewBox="0 0 ${width} ${height}">${parts.join("")}</svg>`;
    this.plot.append(this.line);
    this.legend.replaceChildren(...near.header.kinds.map(({ kind, word, tip }) => {
      const key = node("span", `pg-free-key pg-free-${kind}`, "", tip);
      key.innerHTML = '<svg viewBox="0 0 22 8"><path d="M0 4H22"/></svg>';
      key.append(kind === own ? `${word}: this run` : this.parts[kind] ? word : `${word} …`);
      return key;
    }));
    this._place();
  }

  _state() {
    const clocks = this.parts.nearest.arrays.clock.data;
    let i = 0;
    while (i + 1 < clocks.length && clocks[i + 1] >= this.clock - 1e-6) i++;
    return i;
  }

  _place() {
    if (!this.X) return;
    this.line.style.left = `${this.X(Math.min(1, Math.max(0, this.clock))).toFixed(1)}px`;
  }

  _images() {
    const near = this.parts?.nearest;
    if (!near) return;
    const h = near.header, i = this._state(), picked = this.host.images?.picked ?? -1, n = picked < 0 ? 0 : picked;
    const step = near.arrays.state.data[i];
    this.about.textContent = `x̂₀ of image ${n + 1}`;
    this.about.title = "Pick another image of the batch above.";
    this.at.textContent = step < h.steps ? `before step ${step + 1}` : `after step ${step}, the last`;
    if (n >= h.images) {
      this.row.replaceChildren();
      this.says.textContent = `The first ${h.images} images of the batch are compared; pick one of them.`;
      return;
    }
    const size = h.event.reduce((a, b) => a * b, 1), from = (i * h.images + n) * size;
    const cell = (name, word, tip, bytes, number) => {
      const box = node("figure", `pg-free-cell pg-free-of-${name}`, "", tip), canvas = el("canvas", {}), under = node("figcaption", "");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", word);
      if (bytes) drawImage(canvas, bytes, from, h.event);
      under.append(node("b", "", word), node("small", "", number));
      box.append(canvas, under);
      return box;
    };
    const ofKind = ({ kind, word, tip }) => {
      const part = this.parts[kind];
      return cell(kind, word, tip, part?.arrays.x0.data, part ? S(part.arrays.rms.data[i * h.images + n]) : "…");
    };
    const far = near.arrays.distance.data[i * h.images + n], close = near.arrays.close.data[n], memorised = far < close, kind = near.arrays.class.data[n];
    const of = `${near.arrays.count.data[n].toLocaleString("en")} training images${kind < 0 ? "" : ` of class ${kind}`}`;
    this.row.replaceChildren(
      cell("own", "this run", "What the run’s own model expects at this state.", near.arrays.own.data, " "),
      ...h.kinds.filter(({ kind }) => kind !== h.self).map(ofKind),
      cell("nearest", "nearest", `The training image nearest to this run’s x̂₀, of ${of}.`, near.arrays.x0.data, S(far)),
    );
    this.says.innerHTML = memorised
      ? `<b class="pg-free-memorised">memorised</b>: x̂₀ is ${S(far)} from the nearest of ${of}, closer than ${S(close)}.`
      : `Not memorised here: x̂₀ is ${S(far)} from the nearest of ${of}; closer than ${S(close)} would count.`;
    this.says.title = "The threshold is a third of the median distance between nearest ones of these training images. All numbers: root mean square over pixels, which go from −1 to 1.";
  }

  _seek(e) {
    const w = this.plot.clientWidth - MARGIN.l - MARGIN.r;
    this.host.seek(Math.min(1, Math.max(0, 1 - (e.offsetX - MARGIN.l) / w)));
  }

  cursor(info) {
    this.clock = info.clock;
    if (!this.parts?.nearest) return;
    this._place();
    const i = this._state(), of = `${this.key}|${i}`;
    if (of === this.shown) return;
    this.shown = of;
    this._images();
  }
}

export default {
  mount(root, host) {
    const lab = new Free(root, host);
    return { setRun: (r) => lab.setRun(r), cursor: (info) => lab.cursor(info), show(on) { if (on) lab._paint(); }, lab };
  },
};
