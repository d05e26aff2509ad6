// The lab "tasks": inpainting, editing, interpolation, reconstruction and sweeps with an image model.
// Packets: playground/views/tasks.py. Reading order: Sketch (a canvas to paint on) → Sheet (the cells that fill) → the tasks → Tasks (the lab).
import { form } from "../../form/form.js";
import { drawImage, edges } from "../../images/draw.js";
import { el } from "../../lib/dom.js";
import { packetsOf } from "../../lib/streams.js";

const FINE = 4; // a sketch has so many points a pixel of the model along each side
const node = (tag, className = "", more = {}) => el(tag, { className, ...more });
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const say = (v) => Number(Number(v).toPrecision(3)).toString();
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--pg-${name}`).trim();

function button(word, title, run, className = "pg-task-button") {
  const b = node("button", className, { type: "button", textContent: word, title });
  b.addEventListener("click", run);
  return b;
}
/** A slider with its word and value; `change(value)` while it moves. */
function slider(word, title, { lo, hi, step, value, format = say }, change) {
  const row = node("label", "pg-task-row", { title }), out = node("output");
  const input = node("input", "", { type: "range", min: lo, max: hi, step, value });
  const show = () => (out.textContent = format(+input.value));
  input.addEventListener("input", () => (show(), change(+input.value)));
  show();
  row.append(node("span", "", { textContent: word }), input, out);
  row.set = (v) => ((input.value = v), show());
  Object.defineProperty(row, "value", { get: () => +input.value });
  return row;
}
function number(word, title, value, options = {}) {
  const row = node("label", "pg-task-row", { title }), input = node("input", "", { type: "number", value, ...options });
  row.append(node("span", "", { textContent: word }), input);
  row.input = input;
  Object.defineProperty(row, "value", { get: () => +input.value });
  return row;
}
function select(word, title, options, change) {
  const row = node("label", "pg-task-row", { title }), input = node("select");
  row.fill = (list) => input.replaceChildren(...list.map(([value, text]) => node("option", "", { value, textContent: text })));
  row.fill(options);
  input.addEventListener("change", () => change?.(input.value));
  row.append(node("span", "", { textContent: word }), input);
  row.input = input;
  return row;
}

// ---- pictures and masks in a link ------------------------------------------------------------------------------------------------------
const LONGEST = 3000; // letters of one of them; what takes more stays behind, and the link says so
const NOT_CARRIED = "!";
const through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
/** Bytes as letters for a link, NOT_CARRIED where they are too many. */
async function pack(bytes) {
  const small = await through(bytes, new CompressionStream("deflate-raw"));
  if (small.length * 4 > LONGEST * 3) return NOT_CARRIED;
  return `z${btoa(String.fromCharCode(...small)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}
/** The bytes of such letters; null unless they are `size` bytes. */
async function unpack(words, size) {
  try {
    const small = Uint8Array.from(atob(words.slice(1).replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const bytes = await through(small, new DecompressionStream("deflate-raw"));
    return bytes.length === size ? bytes : null;
  } catch {
    return null; // a link that was cut, or is of another model
  }
}

// ---- a picture to paint on -----------------------------------------------------------------------------------------------------------
class Sketch {
  /** mode "mask": paints what is unknown over a picture; "draw": paints the picture itself; "show": paints nothing. lab: posts files. */
  constructor(lab, mode, label) {
    this.lab = lab;
    this.mode = mode;
    this.filled = false;
    this.size = 3; // of the brush, in pixels of the model
    this.base = node("canvas", "pg-task-base", { width: 28 * FINE, height: 28 * FINE });
    this.over = node("canvas", "pg-task-over", { width: 28 * FINE, height: 28 * FINE });
    this.over.setAttribute("aria-label", label);
    this.over.setAttribute("role", "img");
    this.pad = node("div", `pg-task-pad pg-task-pad-${mode}`);
    this.pad.append(this.base, this.over);
    this.box = node("div", "pg-task-sketch");
    this.tools = node("div", "pg-task-tools");
    this.box.append(this.pad, this.tools);
    if (mode !== "show") this._brush();
    this._files();
  }

  _brush() {
    const erase = (on) => {
      this.erases = on;
      brush.setAttribute("aria-pressed", String(!on));
      rubber.setAttribute("aria-pressed", String(on));
    };
    const brush = button("brush", this.mode === "mask" ? "Paint what is to be drawn anew" : "Paint in the chosen colour", () => erase(false));
    const rubber = button("eraser", "Take paint away", () => erase(true));
    const group = node("div", "pg-task-switch");
    group.setAttribute("role", "group");
    group.append(brush, rubber);
    erase(false);
    this.tools.append(group, button("clear", this.mode === "mask" ? "Removes the mask" : "An empty picture", () => this.clear()));
    if (this.mode === "mask") this.tools.append(button("lower half", "Masks the lower half: a mask without a pointer", () => this.half()));
    this.sizes = slider("brush", "Width of the brush in pixels of the model", { lo: 1, hi: 12, step: 0.5, value: this.size, format: (v) => `${v} px` }, (v) => (this.size = v));
    this.box.append(this.sizes);
    this.ink = node("input", "pg-task-ink", { type: "color", value: "#ffffff", title: "Colour of the brush" });
    this.ink.setAttribute("aria-label", "colour of the brush");
    if (this.mode === "draw") this.tools.append(this.ink);
    const at = (e) => {
      const r = this.over.getBoundingClientRect();
      return [((e.clientX - r.left) / r.width) * this.over.width, ((e.clientY - r.top) / r.height) * this.over.height];
    };
    this.pad.addEventListener("pointerdown", (e) => {
      if (e.button) return;
      this.pad.setPointerCapture(e.pointerId);
      this.from = at(e);
      this.stroke(this.from, this.from);
      e.preventDefault();
    });
    this.pad.addEventListener("pointermove", (e) => {
      if (!this.from) return;
      for (const one of e.getCoalescedEvents?.() ?? [e]) this.stroke(this.from, (this.from = at(one)));
    });
    const end = () => (this.from = null);
    this.pad.addEventListener("pointerup", end);
    this.pad.addEventListener("pointercancel", end);
  }

  _files() {
    const file = node("input", "pg-task-file", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp,image/bmp,image/tiff", tabIndex: -1 });
    file.setAttribute("aria-label", "A picture of yours");
    file.addEventListener("change", () => (file.files[0] && this.upload(file.files[0]), (file.value = "")));
    this.tools.append(button("upload", "A picture of yours: cropped to the middle and scaled. It is not kept.", () => file.click()), file);
    this.pad.addEventListener("dragover", (e) => e.preventDefault());
    this.pad.addEventListener("drop", (e) => (e.preventDefault(), e.dataTransfer.files[0] && this.upload(e.dataTransfer.files[0])));
    this.inverts = button("invert", "Light for dark: for dark ink on light paper", () => {
      this.inverts.setAttribute("aria-pressed", String(this.inverts.getAttribute("aria-pressed") !== "true"));
      this.upload(this.file);
    });
    this.inverts.setAttribute("aria-pressed", "false");
    this.inverts.hidden = true;
    this.tools.append(this.inverts);
  }

  /** What the server makes of a file is what is shown. */
  async upload(file) {
    const packets = await this.lab.post("picture", { invert: this.inverts.getAttribute("aria-pressed") === "true" ? 1 : 0 }, [file]);
    if (!packets) return;
    this.file = file;
    this.inverts.hidden = false;
    for (const p of packets) if (p.arrays.x) this.put(p.arrays.x.data, 0, this.lab.event);
  }

  /** A picture of the model's size, its points enlarged. */
  put(bytes, from, event, image = null) {
    const small = node("canvas");
    drawImage(small, bytes, from, event);
    this.fit(event);
    this.source = image; // {n, key}: an image of a run
    const ctx = this.base.getContext("2d");
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(small, 0, 0, this.base.width, this.base.height);
    this.filled = true;
    this.lab.ready();
  }

  fit([channels, h, w]) {
    this.ink && (this.ink.hidden = channels === 1);
    if (this.base.width === w * FINE && this.base.height === h * FINE) return;
    for (const c of [this.base, this.over]) (c.width = w * FINE), (c.height = h * FINE);
    this.pad.style.aspectRatio = `${w} / ${h}`;
    if (this.mode === "draw") this.clear(); // a canvas of another size is transparent, which is white paper to the server
  }

  stroke([x0, y0], [x1, y1]) {
    const mask = this.mode === "mask", ctx = (mask ? this.over : this.base).getContext("2d");
    ctx.globalCompositeOperation = mask && this.erases ? "destination-out" : "source-over";
    ctx.strokeStyle = mask ? colour("learned") : this.erases ? "#000" : this.ink.hidden ? "#fff" : this.ink.value;
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.lineWidth = this.size * FINE;
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1 + 0.01, y1);
    ctx.stroke();
    ctx.globalCompositeOperation = "source-over";
    if (!mask) (this.filled = true), (this.source = null);
    this.painted = true;
    this.lab.ready();
  }

  half() {
    const ctx = this.over.getContext("2d"), { width, height } = this.over;
    ctx.fillStyle = colour("learned");
    ctx.fillRect(0, height / 2, width, height / 2);
    this.painted = true;
    this.lab.ready();
  }

  clear() {
    const ctx = (this.mode === "mask" ? this.over : this.base).getContext("2d");
    ctx.clearRect(0, 0, this.over.width, this.over.height);
    if (this.mode === "draw") (ctx.fillStyle = "#000"), ctx.fillRect(0, 0, this.base.width, this.base.height), (this.filled = false), (this.source = null);
    this.painted = false;
    this.lab.ready();
  }

  image() { return new Promise((done) => this.base.toBlob(done)); }

  /** Means over the points of each pixel of the model, `from` a canvas: (values, pixels). */
  _means(from, event, values, of) {
    const [, h, w] = event, { data } = from.getContext("2d").getImageData(0, 0, w * FINE, h * FINE), sums = new Float64Array(values * h * w);
    for (let y = 0; y < h * FINE; y++) for (let x = 0; x < w * FINE; x++) for (let c = 0; c < values; c++) {
      sums[c * h * w + Math.floor(y / FINE) * w + Math.floor(x / FINE)] += of(data, 4 * (y * w * FINE + x), c) / FINE ** 2;
    }
    return sums;
  }
  /** What a link says of the picture: the number of the run's image, or its pixels. */
  async imageWords() {
    if (!this.filled) return "";
    const { source, lab } = this, { event } = lab;
    if (source && source.key === lab.runShown?.header.key) return source.n || this.host.images.picked > 0 ? String(source.n) : ""; // the first is what opens anyway
    return pack(Uint8Array.from(this._means(this.base, event, event[0], (d, i, c) => d[i + c]), Math.round));
  }
  /** What it says of the mask: a bit for each pixel of the model. */
  async maskWords() {
    if (!this.painted) return "";
    const on = this._means(this.over, this.lab.event, 1, (d, i) => (d[i + 3] > 127 ? 1 : 0)), bits = new Uint8Array(Math.ceil(on.length / 8));
    on.forEach((v, i) => { if (v >= 0.5) bits[i >> 3] |= 1 << (i & 7); });
    return bits.some(Boolean) ? pack(bits) : "";
  }
  /** Both again. False if the words are none of this model. */
  async loadImage(words) {
    const { event } = this.lab;
    if (/^\d{1,4}$/.test(words)) return this.lab.take((...a) => this.put(...a), +words);
    const bytes = await unpack(words, event.reduce((a, b) => a * b, 1));
    if (bytes) this.put(bytes, 0, event);
    return Boolean(bytes);
  }
  async loadMask(words) {
    const [, h, w] = this.lab.event, bits = await unpack(words, Math.ceil((h * w) / 8)), ctx = this.over.getContext("2d");
    if (!bits) return false;
    this.fit(this.lab.event);
    ctx.clearRect(0, 0, this.over.width, this.over.height);
    ctx.fillStyle = colour("learned");
    for (let i = 0; i < h * w; i++) if ((bits[i >> 3] >> (i & 7)) & 1) ctx.fillRect((i % w) * FINE, Math.floor(i / w) * FINE, FINE, FINE);
    this.painted = true;
    this.lab.ready();
    return true;
  }
  /** White where it is painted, at the model's size. */
  mask() {
    const flat = node("canvas", "", { width: this.over.width, height: this.over.height }), ctx = flat.getContext("2d");
    ctx.fillRect(0, 0, flat.width, flat.height);
    const paint = this.over.getContext("2d").getImageData(0, 0, flat.width, flat.height), d = paint.data;
    for (let i = 0; i < d.length; i += 4) d[i] = d[i + 1] = d[i + 2] = d[i + 3] > 127 ? 255 : 0, (d[i + 3] = 255);
    ctx.putImageData(paint, 0, 0);
    return new Promise((done) => flat.toBlob(done));
  }
}

// ---- the cells that fill -------------------------------------------------------------------------------------------------------------
class Sheet {
  constructor(lab) {
    this.lab = lab;
    this.kind = "x";
    this.box = node("div", "pg-task-scroll");
    this.grid = node("div", "pg-task-grid");
    this.box.append(this.grid);
    this.edges = edges(this.box, "cells of the task");
  }

  plan({ rows, columns, event, chosen, task }) {
    Object.assign(this, { rows, columns, event, task });
    this.cells = new Map();
    const named = rows.some((r) => r) && task !== "sweep";
    const least = rows.length === 2 ? 42 : 46, most = rows.length > 2 ? 53 : rows.length > 1 ? 62 : 96;
    this.grid.style.gridTemplateColumns = `${named ? "auto " : ""}repeat(${columns.length}, minmax(${least}px, 1fr))`;
    this.grid.style.maxWidth = `${columns.length * (most + 6) + (named ? 62 : 0)}px`;
    const nodes = [];
    if (named) nodes.push(node("span"));
    this.heads = columns.map((word, c) => {
      const head = node("span", "pg-task-head", { textContent: word });
      if (c === chosen) head.classList.add("on");
      nodes.push(head);
      return head;
    });
    for (let r = 0; r < rows.length; r++) {
      if (named) nodes.push(node("span", "pg-task-rowword", { textContent: rows[r] }));
      for (let c = 0; c < columns.length; c++) {
        const canvas = node("canvas", "pg-task-cell"), words = node("span", "pg-task-caption"), cell = node("figure", "pg-task-figure");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", [rows[r], columns[c]].filter(Boolean).join(", "));
        canvas.style.aspectRatio = `${event[2]} / ${event[1]}`;
        cell.append(canvas, words);
        this.cells.set(`${r},${c}`, { canvas, words, cell });
        nodes.push(cell);
      }
    }
    this.grid.replaceChildren(...nodes);
    this.edges();
  }

  step(packet) {
    const size = this.event.reduce((a, b) => a * b, 1), { x, x0 } = packet.arrays;
    packet.header.cells.forEach(([r, c], i) => {
      const cell = this.cells.get(`${r},${c}`);
      cell.x = x.data.subarray(i * size, (i + 1) * size);
      cell.x0 = x0 ? x0.data.subarray(i * size, (i + 1) * size) : packet.header.done == null ? cell.x : cell.x0;
      this.draw(cell);
    });
  }
  /** Everything has ended: what no run has filled is no cell. */
  settle() {
    for (const cell of this.cells?.values() ?? []) cell.canvas.style.visibility = cell.x ? "" : "hidden";
  }
  /** Before a run's first step nothing is expected yet: the cell waits. */
  draw(cell) {
    const bytes = this.kind === "x0" ? cell.x0 : cell.x;
    if (bytes) drawImage(cell.canvas, bytes, 0, this.event);
  }
  show(kind) {
    this.kind = kind;
    for (const cell of this.cells?.values() ?? []) this.draw(cell);
  }
  captions(list) {
    for (const [r, c, words] of list) {
      const cell = this.cells.get(`${r},${c}`);
      cell.words.textContent = words;
    }
  }

  /** The strip with its words as a PNG. */
  toBlob() {
    const [, h, w] = this.event, k = Math.max(1, Math.round(96 / w)), W = Math.max(k * w, 76) + 8, H = k * h + 34, left = this.rows.length > 1 ? 108 : 8;
    const sheet = node("canvas", "", { width: left + W * this.columns.length, height: 30 + H * this.rows.length }), ctx = sheet.getContext("2d");
    ctx.fillStyle = "#fff";
    ctx.fillRect(0, 0, sheet.width, sheet.height);
    ctx.imageSmoothingEnabled = false;
    ctx.fillStyle = "#1b1d21";
    ctx.font = "12px system-ui, sans-serif";
    this.columns.forEach((word, c) => ctx.fillText(word, left + c * W, 18));
    this.rows.forEach((word, r) => {
      if (this.rows.length > 1) ctx.fillText(word.replace("\n", " "), 8, 30 + r * H + (k * h) / 2);
      this.columns.forEach((_, c) => {
        const { canvas, words, x } = this.cells.get(`${r},${c}`);
        if (x) ctx.drawImage(canvas, left + c * W, 28 + r * H, k * w, k * h);
        words.textContent.split("\n").forEach((line, i) => ctx.fillText(line, left + c * W, 28 + r * H + k * h + 13 * (i + 1)));
      });
    });
    return new Promise((done) => sheet.toBlob(done));
  }
}

// ---- drawings beside the strip ---------------------------------------------------------------------------------------------------------
const power = (n) => (n === 0 ? "1" : `10${String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])}`);
/** Inversion's error against the number of steps, both axes logarithmic. */
function curve(points) {
  const W = 210, H = 140, l = 42, r = 12, t = 10, b = 34;
  const logs = points.map((p) => [Math.log10(p.steps), Math.log10(Math.max(p.rms, 1e-8))]);
  const x0 = Math.min(...logs.map((p) => p[0]), 0.6), x1 = Math.max(...logs.map((p) => p[0]), 2.05);
  const y0 = Math.floor(Math.min(...logs.map((p) => p[1]), -2)), y1 = Math.ceil(Math.max(...logs.map((p) => p[1]), 0));
  const X = (v) => l + ((v - x0) / (x1 - x0)) * (W - l - r), Y = (v) => H - b - ((v - y0) / (y1 - y0)) * (H - t - b);
  const rules = [];
  for (let n = y0; n <= y1; n++) rules.push(`<line class="grid" x1="${l}" x2="${W - r}" y1="${Y(n)}" y2="${Y(n)}"/><text x="${l - 5}" y="${Y(n) + 4}" text-anchor="end">${power(n)}</text>`);
  const marks = points.map((p, i) => `<circle cx="${X(logs[i][0])}" cy="${Y(logs[i][1])}" r="3.2"><title>${p.steps} steps: RMS ${say(p.rms)}</title></circle><text x="${X(logs[i][0])}" y="${H - b + 14}" text-anchor="middle">${p.steps}</text>`);
  return `<svg class="pg-task-curve" viewBox="0 0 ${W} ${H}" role="img" aria-label="RMS error a pixel against steps">${rules.join("")}
    <polyline points="${logs.map((p) => `${X(p[0])},${Y(p[1])}`).join(" ")}"/>${marks.join("")}
    <text x="${(l + W - r) / 2}" y="${H - 4}" text-anchor="middle">steps each way</text>
    <text transform="translate(10 ${(H - b + t) / 2}) rotate(-90)" text-anchor="middle">RMS a pixel</text></svg>`;
}
/** RePaint's draws of x₂ given x₁ = 1 beside the exact density, one small picture for each r. */
function densities({ header, arrays }) {
  const W = 150, H = 92, b = 16, x = arrays.x.floats(), exact = arrays.exact.floats(), drawn = arrays.drawn.floats(), n = x.length;
  const top = 1.06 * Math.max(...exact, ...drawn), step = x[1] - x[0], lo = x[0] - step / 2, hi = x[n - 1] + step / 2;
  const X = (v) => ((v - lo) / (hi - lo)) * W, Y = (v) => (H - b) * (1 - v / top);
  return header.runs.map((run, k) => {
    const bars = Array.from({ length: n }, (_, i) => {
      const v = drawn[k * n + i];
      return `<rect x="${X(x[i] - step / 2)}" width="${W / n - 0.4}" y="${Y(v)}" height="${H - b - Y(v)}"/>`;
    });
    const line = Array.from({ length: n }, (_, i) => `${X(x[i])},${Y(exact[i])}`);
    return `<figure class="pg-task-known"><figcaption><b>r ${run.r}</b> mean ${run.mean.toFixed(2)}, var ${run.variance.toFixed(2)}</figcaption>
      <svg viewBox="0 0 ${W} ${H}" role="img" aria-label="draws with r = ${run.r} and the exact density">${bars.join("")}<polyline points="${line.join(" ")}"/>
      <line class="axis" x1="0" x2="${W}" y1="${H - b}" y2="${H - b}"/>${[0, 1, 2].filter((v) => v > lo && v < hi).map((v) => `<text x="${X(v)}" y="${H - 3}" text-anchor="middle">${v}</text>`).join("")}</svg></figure>`;
  }).join("");
}

// ---- the tasks: controls, whether they can run, what they ask for ---------------------------------------------------------------------------
const MAKE = {
  inpaint(lab) {
    const sketch = new Sketch(lab, "mask", "the picture, painted over where it is to be drawn anew"), view = lab.host.view;
    const r = slider("resamples r", "Every step is made r times, noised again in between (RePaint). r = 1 ignores what is known too early.",
      { lo: 1, hi: 20, step: 1, value: clamp(+view.r || 5, 1, 20) }, () => (lab.ready(), clearTimeout(timer), (timer = setTimeout(known, 300))));
    const jump = slider("leap", "Steps that are gone down before the noise comes back. CLD needs about five: its noise reaches the picture only through the velocity.",
      { lo: 1, hi: 10, step: 1, value: clamp(+view.leap || 1, 1, 10) }, () => ((chosen = true), lab.ready(), clearTimeout(timer), (timer = setTimeout(known, 300))));
    const count = slider("variants", "How many draws side by side", { lo: 1, hi: 8, step: 1, value: clamp(+view.variants || 4, 1, 8) }, () => lab.ready());
    let timer = 0, asked = "", chosen = Boolean(+view.leap);
    const beside = node("div", "pg-task-exact");
    /** The same settings where the answer is known. */
    async function known() {
      const rs = [...new Set([1, r.value, 20])].sort((a, b) => a - b).join(), key = JSON.stringify([rs, jump.value, lab.host.query]);
      if (key === asked) return;
      asked = key;
      try {
        const packet = await lab.host.fetch("repaint", { r: rs, jump: jump.value });
        beside.innerHTML = `<p title="By this process, sampler and grid, ${packet.header.steps} steps, leaps of ${jump.value}.">Where the answer is known: these settings on a Gaussian with correlation 0.9, x₂ given x₁ = 1. Line: exact (mean 0.90, var 0.19); bars: 4,000 draws.</p><div>${densities(packet)}</div>`;
      } catch (error) {
        if (error.name !== "AbortError") (beside.textContent = `No comparison here: ${error.message}`), (asked = "");
      }
    }
    return {
      word: "inpaint", tip: "Paint over a part: the model draws it anew, given the rest (RePaint).", empty: "Paint over a part of the picture, then run. Click another image above to take it.",
      nodes: [sketch.box, r, jump, count], beside,
      picked: (...image) => sketch.put(...image),
      open: known,
      link: async () => ({
        image: await sketch.imageWords(), mask: await sketch.maskWords(),
        r: r.value === 5 ? "" : r.value, leap: chosen ? jump.value : "", variants: count.value === 4 ? "" : count.value,
      }),
      restore: async (said) => (!said.image || (await sketch.loadImage(said.image))) && (!said.mask || (await sketch.loadMask(said.mask))),
      numbersOf: ({ exact }) => exact && besideExact(exact),
      setRun() { if (!chosen) jump.set(lab.host.query.process === "CLD" ? 5 : 1); },
      why: () => (!sketch.filled ? "pick an image above" : !sketch.painted ? "paint a mask first" : ""),
      params: () => ({ r: r.value, jump: jump.value, variants: count.value }),
      files: async () => [await sketch.image(), await sketch.mask()],
    };
  },
  edit(lab) {
    const sketch = new Sketch(lab, "draw", "your drawing"), view = lab.host.view;
    sketch.tools.append(button("from the run", "Takes the image that is picked above, or the first", () => lab.take((...a) => sketch.put(...a))));
    sketch.clear();
    const strength = slider("strength t₀", "Share of the clock up to which the drawing is noised: little keeps it, 1 forgets it (SDEdit).",
      { lo: 0.05, hi: 1, step: 0.05, value: clamp(+view.strength || 0.5, 0.05, 1) }, () => lab.ready());
    return {
      word: "edit", tip: "Noise a drawing to a chosen level and sample from there (SDEdit).", empty: "Draw a digit, roughly; then run. The strip shows strengths from 0.2 to 0.9.",
      nodes: [sketch.box, strength], sketch,
      link: async () => ({ image: await sketch.imageWords(), strength: strength.value === 0.5 ? "" : strength.value }),
      restore: async (said) => !said.image || sketch.loadImage(said.image),
      why: () => (sketch.filled ? "" : "draw or upload something"),
      params: () => ({ strength: strength.value }),
      files: async () => [await sketch.image()],
    };
  },
  interpolate(lab) {
    const a = new Sketch(lab, "show", "first picture"), b = new Sketch(lab, "show", "second picture"), pair = node("div", "pg-task-pair");
    pair.append(a.box, b.box);
    let next = a;
    const mark = () => [a, b].forEach((s) => s.pad.classList.toggle("next", s === next));
    for (const s of [a, b]) s.pad.addEventListener("click", () => ((next = s), mark()));
    mark();
    const seeds = node("div", "pg-task-two"), one = number("seed", "Noise of the first end", 1, { min: 0, max: 2 ** 31 - 1, step: 1, inputMode: "numeric" }), two = number("and", "Noise of the last end", 2, { min: 0, max: 2 ** 31 - 1, step: 1, inputMode: "numeric" });
    seeds.append(one, two);
    for (const row of [one, two]) row.input.addEventListener("input", () => lab.ready());
    const turn = (v) => ((seeds.hidden = v !== "seeds"), (pair.hidden = v === "seeds"), lab.ready());
    const from = select("between", "Pictures are first encoded into noise; seeds are noise", [["pictures", "two pictures"], ["seeds", "two seeds"]], turn);
    seeds.hidden = true;
    return {
      word: "interpolate", tip: "Mix the noises of two pictures or seeds, and decode what lies between.", empty: "Click two images above, one for each place; then run.",
      nodes: [from, pair, seeds],
      picked: (...image) => { next.put(...image); next = next === a ? b : a; mark(); },
      first() { lab.take((...image) => a.put(...image), 0); lab.take((...image) => b.put(...image), 1); },
      link: async () => (from.input.value === "seeds" ? { seeds: `${one.value},${two.value}` } : { image: (await a.imageWords()) || "0", image2: await b.imageWords() }),
      async restore(said) {
        const told = /^(\d{1,10}),(\d{1,10})$/.exec(said.seeds ?? "");
        if (told) [one.input.value, two.input.value] = told.slice(1), (from.input.value = "seeds"), turn("seeds");
        return (!said.image || (await a.loadImage(said.image))) && (!said.image2 || (await b.loadImage(said.image2)));
      },
      numbersOf: ({ ends }) => ends?.length && `λ 0 and 1 are the two pictures encoded and decoded, ${ends.map(say).join(" and ")} (RMS of a pixel) from those that were given: inversion is exact only as the steps grow in number.`,
      why: () => (from.input.value === "seeds" ? "" : lab.noCode ? `${lab.noCode}, or two seeds` : a.filled && b.filled ? "" : "pick two images above"),
      params: () => (from.input.value === "seeds" ? { seeds: `${one.value},${two.value}` } : {}),
      files: async () => (from.input.value === "seeds" ? [] : [await a.image(), await b.image()]),
      note: "‖z‖: the noise’s size over the prior’s. Slerp keeps it; the straight line falls to √((1 − λ)² + λ²), off the shell where noise lives.",
    };
  },
  reconstruct(lab) {
    const sketch = new Sketch(lab, "show", "the picture"), beside = node("div", "pg-task-beside");
    return {
      word: "reconstruct", tip: "Encode a picture into noise and decode it again: the error falls with the steps.", empty: "Click an image above or upload one; then run.",
      nodes: [sketch.box], beside,
      picked: (...image) => sketch.put(...image),
      link: async () => ({ image: await sketch.imageWords() }),
      restore: async (said) => !said.image || sketch.loadImage(said.image),
      why: () => lab.noCode || (sketch.filled ? "" : "pick an image above"),
      params: () => ({}),
      files: async () => [await sketch.image()],
      told(header) { if (header.points) beside.innerHTML = curve(header.points); },
      note: "Inversion asks the model at the other end of each step: it is exact only as the steps grow in number.",
    };
  },
  sweep(lab) {
    let fields = [];
    const now = () => fields.find((f) => f.path === field.input.value);
    const pick = () => {
      const f = now();
      if (!f) return;
      const [lo, hi] = f.path === "grid.steps" ? [2, 40] : f.path === "guidance.weight" ? [0, 4] : [f.lo, f.hi];
      from.input.value = say(lo);
      to.input.value = say(hi);
      label.hidden = !f.with;
      field.title = f.help;
    };
    const field = select("what", "The number that is swept; all else stays", [], () => (pick(), lab.ready()));
    const label = select("class", "Guidance is off: for the strip it is on, towards this class", [], () => lab.ready());
    const from = number("from", "Value of the first column", 2, { step: "any" }), to = number("to", "Value of the last column", 40, { step: "any" });
    const count = slider("columns", "Each of them a full run with the same seed", { lo: 2, hi: 9, step: 1, value: 6 }, () => lab.ready());
    for (const row of [from, to]) row.input.addEventListener("input", () => lab.ready());
    const two = node("div", "pg-task-two");
    two.append(from, to);
    label.hidden = true;
    const values = () => {
      const f = now(), n = count.value, a = clamp(from.value, f.lo, f.hi), b = clamp(to.value, f.lo, f.hi), geometric = f.path === "grid.steps" && a > 0;
      const list = Array.from({ length: n }, (_, i) => (geometric ? a * (b / a) ** (i / (n - 1)) : a + ((b - a) * i) / (n - 1)));
      return [...new Set(list.map((v) => (f.whole ? Math.round(v) : Number(v.toPrecision(6)))))];
    };
    let swept = null;
    return {
      word: "sweep", tip: "One number over a range: each column is a full run with the same seed.", empty: "Choose what to sweep, then run. Click a column to take its value.",
      nodes: [field, label, two, count],
      async setRun() {
        const packet = await lab.host.fetch("numbers").catch(() => null); // a newer run has asked by then
        if (!packet) return;
        const { header } = packet;
        const was = field.input.value || "grid.steps", known = fields.map((f) => f.path + (f.with ? "+" : "")).join();
        fields = header.fields.sort((a, b) => order(a) - order(b));
        if (known === fields.map((f) => f.path + (f.with ? "+" : "")).join()) return;
        field.fill(fields.map((f) => [f.path, word(f)]));
        label.fill(Array.from({ length: header.classes }, (_, k) => [k, String(k)]));
        field.input.value = fields.some((f) => f.path === was) ? was : "grid.steps";
        pick();
        lab.ready();
      },
      link: async () => {
        const f = now(), told = f && [f.path, from.value, to.value, count.value, ...(f.with ? [label.input.value] : [])].join();
        return { sweep: told && told !== "grid.steps,2,40,6" ? told : "" };
      },
      async restore(said) {
        const [path, a, b, n, kind] = (said.sweep ?? "").split(",");
        if (!path) return true;
        if (!fields.some((f) => f.path === path) || ![a, b, n].every((v) => v && Number.isFinite(+v))) return false;
        field.input.value = path;
        pick();
        from.input.value = a;
        to.input.value = b;
        count.set(clamp(+n, 2, 9));
        if (kind && label.querySelector(`option[value="${Number(kind)}"]`)) label.input.value = Number(kind);
        return true;
      },
      why: () => (fields.length ? "" : "waiting for the run"),
      query: () => (now().with ? { ...now().with, "guidance.label": label.input.value } : {}),
      params: () => ((swept = { ...now(), values: values(), label: label.input.value }), { field: now().path, values: values().join() }),
      files: async () => [],
      planned(sheet) {
        const f = swept;
        sheet.heads.forEach((head, c) => {
          head.replaceChildren(button(`${f.word} ${say(f.values[c])}`, `Sets ${f.word} to ${say(f.values[c])}`, () => {
            const more = f.with ? [["guidance", "", "ClassifierFree"], ["guidance.label", "ClassifierFree", +f.label]] : [];
            form.write([...more, [f.path, f.kind, f.values[c]]], true);
          }, "pg-task-column"));
        });
      },
    };
    function order(f) { return ["grid.steps", "guidance.weight"].indexOf(f.path) < 0 ? 2 : ["grid.steps", "guidance.weight"].indexOf(f.path); }
    function word(f) {
      const [slot] = f.path.split(".");
      return f.path === "grid.steps" ? "steps" : f.path === "guidance.weight" ? "guidance weight W" : f.path.includes(".") ? `${slot}: ${f.word}` : f.word;
    }
  },
};

const TRAVELS = ["image", "image2", "mask", "r", "leap", "variants", "strength", "seeds", "sweep"]; // of a task, in the link as view.…
/** RePaint's variants beside the exact law, in one sentence. */
const besideExact = ({ draws, mean, floor, spread, exact }) =>
  `Mean of ${draws === 1 ? "one variant" : `the ${draws} variants`}: ${say(mean)} from the exact mean (RMS of the painted pixels), where ${draws === 1 ? "one exact draw has" : `${draws} exact draws have`} ${say(floor)} on average`
  + (spread == null ? "." : `; spread ${say(spread)}, exactly ${say(exact)}.`);

// ---- the lab ---------------------------------------------------------------------------------------------------------------------------
class Tasks {
  constructor(root, host) {
    this.host = host;
    this.event = [1, 28, 28];
    this.box = node("div", "pg-tasks");
    this.tabs = node("div", "pg-task-tabs");
    this.tabs.setAttribute("role", "tablist");
    this.left = node("div", "pg-task-left");
    this.right = node("div", "pg-task-right");
    this.box.append(this.tabs, this.left, this.right);
    root.replaceChildren(this.box);
    this.parts = {};
    this.buttons = Object.fromEntries(Object.keys(MAKE).map((key) => [key, button("", "", () => this.open(key), "pg-task-tab")]));
    for (const [key, make] of Object.entries(MAKE)) {
      const part = (this.parts[key] = { ...make(this), key, sheet: new Sheet(this), said: node("span", "pg-task-said"), line: node("div", "pg-task-line") });
      part.said.setAttribute("role", "status");
      this._right(part);
      this.buttons[key].textContent = part.word;
      this.buttons[key].title = part.tip;
      this.buttons[key].setAttribute("role", "tab");
    }
    this.tabs.append(...Object.values(this.buttons));
    edges(this.tabs);
    addEventListener("pg-picked", (e) => {
      if (!this.shown || this.host.images.picked < 0 || !this.part.picked) return;
      this.take((...a) => this.part.picked(...a));
      e.preventDefault(); // it was picked for this: the enlarged view stays shut
    });
    const { task } = host.view;
    this.said = TRAVELS.some((name) => host.view[name]) || MAKE[task] ? { ...host.view } : null; // a link that asks for a task
    this.open(MAKE[task] ? task : "inpaint");
  }

  _right(part) {
    part.go = button("run", "", () => (this.going === part ? this.stop() : this.run(part)), "pg-task-go");
    part.kinds = node("div", "pg-task-switch");
    part.kinds.setAttribute("role", "group");
    part.kinds.setAttribute("aria-label", "What forms");
    const show = (kind) => {
      part.sheet.show(kind);
      [...part.kinds.children].forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.kind === kind)));
    };
    for (const [kind, html, title] of [["x", "x<sub>t</sub>", "The sampler’s states while they form"], ["x0", "x̂<sub>0</sub>", "What the model expects behind each state"]]) {
      const b = button("", title, () => show(kind));
      b.innerHTML = html;
      b.dataset.kind = kind;
      part.kinds.append(b);
    }
    show("x0");
    part.save = button("PNG", "Saves the strip with its words", async () => this.save(await part.sheet.toBlob(), `${part.key}.png`));
    part.save.hidden = part.kinds.hidden = true;
    part.head = node("div", "pg-task-bar");
    part.head.append(part.go, part.said, part.kinds, part.save);
    part.words = node("p", "pg-task-empty", { textContent: part.empty });
    part.notes = node("p", "pg-task-note", { textContent: part.note || "", hidden: true });
    part.results = node("div", "pg-task-results");
    part.numbers = node("p", "pg-task-note pg-task-numbers", { hidden: true });
    part.results.append(part.words, part.sheet.box, part.numbers, ...(part.beside ? [part.beside] : []), part.notes);
    edges(part.results, "result of the task");
  }

  open(key) {
    const part = (this.part = this.parts[key]);
    for (const [k, b] of Object.entries(this.buttons)) {
      b.setAttribute("aria-selected", String(k === key));
      b.tabIndex = 0;
    }
    this.box.dataset.task = key;
    this.left.replaceChildren(...part.nodes);
    this.right.replaceChildren(part.head, part.line, part.results);
    if (!this.said) this.host.setView("task", key === "inpaint" ? "" : key);
    if (this.runShown) this.fill(part);
    this.ready();
  }

  /** What a link asks for is made again, and run; what it could not carry is named. */
  async restore() {
    const { said, part } = this;
    const left = ["image", "image2", "mask"].filter((name) => said[name] === NOT_CARRIED);
    const whole = await part.restore(Object.fromEntries(Object.entries(said).filter(([, v]) => v !== NOT_CARRIED)));
    this.said = null;
    this.ready();
    if (part !== this.part) return;
    if (left.length) this.say(part, `This link does not carry the ${left.includes("mask") ? "mask" : "picture"}, which is too large for an address: ${part.key === "inpaint" && left.includes("mask") ? "paint it" : "pick, draw or upload it"}, then run.`);
    else if (!whole) this.say(part, "What this link says of the picture or the numbers does not fit this model: choose them, then run.");
    else if (this.why) this.say(part, `The link is without this: ${this.why}, then run.`);
    else this.run(part);
  }

  /** The task that is open as the page's link tells it; after a moment of rest, since pictures and masks must be packed. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(async () => {
      const { part } = this, told = this.said || !this.runShown ? null : await part.link();
      if (told && part === this.part && !this.said) for (const name of TRAVELS) this.host.setView(name, String(told[name] ?? ""));
    }, 250);
  }

  /** A task that has no picture yet starts with the one that is picked, or the first. */
  fill(part) {
    if (!part.begun) {
      part.begun = true;
      if (part.first) part.first();
      else if (part.picked) this.take((...a) => part.picked(...a));
    }
    const known = part.setRun?.();
    part.open?.();
    return known;
  }

  /** Hands the final state of image n (the picked one) to `use(bytes, from, event, {n, key})`. False if there is none. */
  take(use, n = Math.max(0, this.host.images?.picked ?? 0)) {
    const run = this.runShown;
    if (!run) return false;
    const { shown } = run.header.image, size = this.event.reduce((a, b) => a * b, 1), { data } = run.arrays["image/x"];
    n = Math.min(n, shown - 1);
    use(data, data.length - (shown - n) * size, this.event, { n, key: run.header.key });
    return true;
  }

  setRun(run) {
    if (!run.header.image) return;
    const event = run.header.image.event;
    if (String(event) !== String(this.event)) for (const part of Object.values(this.parts)) part.begun = false;
    this.event = event;
    this.runShown = run;
    for (const part of Object.values(this.parts)) part.sketch?.fit(event);
    const now = run.header.key;
    for (const part of Object.values(this.parts)) if (part.did && part.did !== now && part !== this.going) part.said.textContent = "of earlier settings: run again";
    const known = this.fill(this.part);
    this.ready();
    if (this.said && run.header.image.done && !this.restoring) this.restoring = Promise.resolve(known).then(() => this.restore());
  }
  show(on) {
    this.shown = on;
    if (on) {
      if (!this.said) this.host.setView("task", this.part.key === "inpaint" ? "" : this.part.key);
      return this.tell();
    }
    clearTimeout(this.telling);
    for (const name of ["task", ...TRAVELS]) this.host.setView(name, ""); // of a lab that is shut nothing travels
  }

  /** Why pictures cannot be encoded into noise, '' if they can. */
  /** Why pictures cannot be encoded into noise, as the server says it, or "". */
  get noCode() {
    return this.runShown?.header.labs["tasks.encode"] ?? "";
  }

  ready() {
    const part = this.part;
    if (!part) return;
    const why = part.why();
    this.buttons.reconstruct.classList.toggle("pg-task-never", Boolean(this.noCode));
    this.buttons.reconstruct.title = this.noCode || this.parts.reconstruct.tip;
    part.go.textContent = this.going === part ? "stop" : "run";
    part.go.disabled = Boolean(this.going && this.going !== part);
    part.go.classList.toggle("pg-task-waits", Boolean(why) && this.going !== part);
    part.words.textContent = (part.key === "reconstruct" && this.noCode && `${this.noCode[0].toUpperCase()}${this.noCode.slice(1)}.`) || part.empty;
    part.go.title = this.going === part ? "Ends after the present step; what has formed stays" : why || part.tip;
    this.why = why;
    this.tell();
  }

  url(task, params, more = {}) {
    const named = Object.fromEntries(Object.entries({ task, ...params }).map(([k, v]) => [`lab.${k}`, String(v)]));
    return `live/task?${new URLSearchParams({ ...this.host.query, ...more, ...named })}`;
  }
  async body(files) {
    const raw = await Promise.all(files.map((f) => f.arrayBuffer())), out = new Uint8Array(raw.reduce((n, r) => n + 4 + r.byteLength, 0));
    let at = 0;
    for (const r of raw) {
      new DataView(out.buffer).setUint32(at, r.byteLength, true);
      out.set(new Uint8Array(r), at + 4);
      at += 4 + r.byteLength;
    }
    return out;
  }

  /** A short task: all its packets, or null after saying what is wrong. */
  async post(task, params, files) {
    const part = this.part;
    try {
      const response = await fetch(this.url(task, params), { method: "POST", body: await this.body(files) });
      if (!response.ok) throw new Error((await response.json()).error.message);
      const all = [];
      for await (const p of packetsOf(response.body)) all.push(p);
      this.say(part, all[0].header.notes.join("; "));
      return all;
    } catch (error) {
      this.fail(part, error);
      return null;
    }
  }

  say(part, words) {
    part.said.textContent = words;
    part.said.classList.remove("bad");
  }
  fail(part, error) {
    part.said.textContent = error instanceof TypeError ? "The server does not answer. Try again." : error.message;
    part.said.classList.add("bad");
  }
  stop() { this.aborter?.abort(); }

  async run(part) {
    this.ready();
    if (this.why) return this.say(part, this.why);
    this.going = part;
    this.aborter = new AbortController();
    this.ready();
    this.say(part, "starting …");
    const { signal } = this.aborter, { sheet } = part;
    const asked = this.runShown?.header.key;
    let began = 0, calls = 0;
    try {
      const params = part.params();
      const response = await fetch(this.url(part.key, params, part.query?.()), { method: "POST", body: await this.body(await part.files()), signal });
      if (!response.ok) throw new Error((await response.json()).error.message);
      for await (const packet of packetsOf(response.body)) {
        if (signal.aborted) break;
        const { header } = packet, kind = header.kind.slice(5);
        if (kind === "error") throw new Error(header.error.message);
        if (kind === "plan") {
          sheet.plan(header);
          part.planned?.(sheet);
          part.words.hidden = true;
          part.save.hidden = part.kinds.hidden = false;
          part.notes.textContent = [...header.notes, part.note].filter(Boolean).join(" · ");
          part.notes.hidden = !part.notes.textContent;
          began = performance.now();
        } else if (kind === "step") {
          sheet.step(packet);
          if (header.done != null) {
            calls = header.calls;
            const spent = (performance.now() - began) / 1000, left = header.done > 0.05 ? (spent / header.done) * (1 - header.done) : NaN;
            part.line.style.setProperty("--done", header.done);
            this.say(part, [header.word, `step ${header.step} of ${header.steps}`, left > 0.7 ? `about ${Math.ceil(left)} s left` : ""].filter(Boolean).join(" · "));
          }
        } else if (kind === "captions") sheet.captions(header.captions);
        else if (kind === "done") {
          part.did = asked;
          sheet.settle();
          const more = header.asked ? ` and ${header.asked} for the last x̂₀` : "";
          this.say(part, `${header.calls.toLocaleString("en")} model calls${more}, ${(header.ms / 1000).toFixed(1)} s`);
        }
        if (kind === "plan" || kind === "done") {
          part.numbers.textContent = (kind === "done" && part.numbersOf?.(header)) || "";
          part.numbers.hidden = !part.numbers.textContent;
        }
        part.told?.(header);
      }
    } catch (error) {
      if (error.name !== "AbortError") this.fail(part, error);
    }
    if (signal.aborted) this.say(part, `stopped after ${calls} model calls of this run; what has formed stays`);
    this.going = this.aborter = null;
    part.line.style.setProperty("--done", 0);
    this.ready();
  }

  save(blob, name) {
    const a = node("a", "", { href: URL.createObjectURL(blob), download: name });
    document.body.append(a);
    a.click();
    a.remove();
    setTimeout(() => URL.revokeObjectURL(a.href), 10000);
  }
}

export default {
  mount: (root, host) => new Tasks(root, host),
};
