// The images of a run, on the left of the stage: as they form step by step, and afterwards under the stage's cursor.
(() => {
  "use strict";
  const PG = (window.PG = window.PG || {});
  const KINDS = {
    x: { word: "x<sub>t</sub>", tip: "The sampler’s states: noise that becomes an image." },
    x0: { word: "x̂<sub>0</sub>", tip: "E[x₀ | x_t]: the image that the model expects behind each state." },
    v: { word: "v<sub>t</sub>", tip: "The velocities of critically damped Langevin diffusion; grey is rest." },
  };
  const GAP = 3;

  /** Packets of a stream, each after its length (4 bytes, little endian). */
  PG.packetsOf = async function* (body) {
    const reader = body.getReader();
    let held = new Uint8Array(0);
    const room = () => (held.length >= 4 ? 4 + new DataView(held.buffer, held.byteOffset).getUint32(0, true) : Infinity);
    try {
      for (;;) {
        while (held.length >= room()) {
          const size = room();
          yield PG.decode(held.slice(4, size).buffer);
          held = held.slice(size);
        }
        const { done, value } = await reader.read();
        if (done) return;
        const joined = new Uint8Array(held.length + value.length);
        joined.set(held);
        joined.set(value, held.length);
        held = joined;
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  };

  /** Draws image n of an array of bytes (…, channels, h, w) that starts at `from` into a canvas of its size. */
  PG.drawImage = function (canvas, bytes, from, [channels, h, w]) {
    if (canvas.width !== w || canvas.height !== h) (canvas.width = w), (canvas.height = h);
    const picture = new ImageData(w, h), size = h * w, out = picture.data;
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < 3; c++) out[4 * i + c] = bytes[from + (channels === 3 ? c * size : 0) + i];
      out[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(picture, 0, 0);
  };

  class Images {
    /** stage: its view holds the pane. host: {stop(), picked(n)}. */
    constructor(stage, host) {
      PG.images = this;
      this.stage = stage;
      this.kind = "x";
      this.run = null; // the whole run's packet, once there is one
      this.steps = []; // of the run that is forming
      this.picked = -1;
      const pane = (this.pane = PG.el("div", { className: "pg-images", hidden: true }));
      this.bar = PG.el("div", { className: "pg-images-bar" });
      this.words = PG.el("div", { className: "pg-images-kinds" });
      this.words.setAttribute("role", "group");
      this.words.setAttribute("aria-label", "What the images show");
      this.buttons = {};
      for (const [kind, { word, tip }] of Object.entries(KINDS)) {
        const b = (this.buttons[kind] = PG.el("button", { type: "button", className: "pg-chip", innerHTML: word, title: tip }));
        b.addEventListener("click", () => this.show(kind));
        this.words.append(b);
      }
      this.said = PG.el("span", { className: "pg-images-said" });
      this.said.setAttribute("role", "status");
      this.stop = PG.el("button", { type: "button", className: "pg-chip pg-images-stop", textContent: "stop", title: "Ends this run after the present step; what has formed stays. Key Esc.", hidden: true });
      this.stop.addEventListener("click", () => host.stop());
      this.bar.append(this.words, this.said, this.stop);
      this.grid = PG.el("div", { className: "pg-images-grid" });
      this.grid.setAttribute("role", "listbox");
      this.grid.setAttribute("aria-label", "Images of the batch");
      this.grid.addEventListener("click", (e) => {
        const n = this.cells.indexOf(e.target.closest("canvas"));
        if (n >= 0) this.pick(n === this.picked ? -1 : n), host.picked?.(this.picked);
      });
      this.grid.addEventListener("keydown", (e) => this._keys(e, host));
      pane.append(this.bar, this.grid);
      this.cells = [];
      stage.ui.view.append(pane);
      stage.on("layout", () => this._place());
    }

    /** A run begins to form. */
    begin() {
      this.steps = [];
      this.forming = true;
      this.stop.hidden = false;
      this._open(true);
    }

    /** One step of the run that is forming. */
    step(packet) {
      const { header } = packet;
      this.steps.push(packet);
      this.said.textContent = `step ${header.step} of ${header.steps}`;
      this.pane.style.setProperty("--done", header.step / header.steps);
      this._cells(header.images, header.event);
      this._draw();
    }

    /** The run that was forming has ended, or was stopped. */
    end() {
      this.forming = false;
      this.stop.hidden = true;
    }

    setRun(run) {
      const image = run.header.image;
      this.end();
      this.run = image ? run : null;
      this._open(Boolean(image));
      if (!image) return;
      this.steps = [];
      const { batch, shown } = image;
      this.said.textContent = batch > shown ? `${shown} of ${batch} images` : `${shown} image${shown > 1 ? "s" : ""}`;
      this.pane.style.setProperty("--done", 0);
      this._cells(shown, image.event);
      this.event = image.event;
      this.buttons.v.hidden = !image.velocity;
      if (!image.velocity && this.kind === "v") this.kind = "x";
      this._draw();
    }

    cursor(info) {
      this.clock = info.clock ?? info.c;
      if (this.run && !this.forming) this._draw();
    }

    show(kind) {
      this.kind = kind;
      this.drawn = null;
      this._draw();
    }

    /** The frame of the run that the cursor shows: the last state that was reached by then. */
    get frame() {
      const clocks = this.run.arrays.clock.data;
      let i = 0;
      while (i + 1 < clocks.length && clocks[i + 1] >= (this.clock ?? 0) - 1e-6) i++;
      return i;
    }

    pick(n) {
      this.picked = n;
      dispatchEvent(new Event("pg-picked"));
      this.cells.forEach((c, i) => c.setAttribute("aria-selected", String(i === n)));
    }

    /** The grid as it is shown, as a PNG. */
    toBlob() {
      const [, h, w] = this.event, k = Math.max(1, Math.floor(640 / (this.columns * w))), rows = Math.ceil(this.cells.length / this.columns);
      const sheet = PG.el("canvas", { width: this.columns * (k * w + GAP) - GAP, height: rows * (k * h + GAP) - GAP }), ctx = sheet.getContext("2d");
      ctx.fillStyle = "#fff";
      ctx.fillRect(0, 0, sheet.width, sheet.height);
      ctx.imageSmoothingEnabled = false;
      this.cells.forEach((c, n) => ctx.drawImage(c, (n % this.columns) * (k * w + GAP), Math.floor(n / this.columns) * (k * h + GAP), k * w, k * h));
      return new Promise((done) => sheet.toBlob(done));
    }

    _keys(e, host) {
      const at = this.cells.indexOf(document.activeElement);
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[e.key];
      if (at < 0 || (!step && e.key !== "Enter" && e.key !== " ")) return;
      e.preventDefault();
      e.stopPropagation();
      if (step) return this.cells[Math.min(this.cells.length - 1, Math.max(0, at + step))].focus();
      this.pick(at === this.picked ? -1 : at);
      host.picked?.(this.picked);
    }

    _open(on) {
      if (this.pane.hidden === !on && this.stage.images === on) return;
      this.pane.hidden = !on;
      this.stage.setImages(on);
    }

    _cells(count, event) {
      this.event = event;
      if (this.cells.length === count) return;
      this.picked = -1;
      this.cells = Array.from({ length: count }, (_, n) => {
        const c = PG.el("canvas", { className: "pg-images-cell", tabIndex: n ? -1 : 0 });
        c.setAttribute("role", "option");
        c.setAttribute("aria-label", `image ${n + 1}`);
        c.setAttribute("aria-selected", "false");
        return c;
      });
      this.grid.replaceChildren(...this.cells);
      this.drawn = null;
      this._place();
    }

    _place() {
      const r = this.stage.imagesRect;
      if (!r || !this.event) return;
      Object.assign(this.pane.style, { left: `${r.x}px`, top: `${r.y}px`, width: `${r.w}px`, height: `${r.h}px` });
      const n = Math.max(1, this.cells.length), w = r.w - 28, h = r.h - 46, [, ih, iw] = this.event;
      let best = 0;
      for (let columns = 1; columns <= n; columns++) {
        const rows = Math.ceil(n / columns), side = Math.min((w + GAP) / columns - GAP, (((h + GAP) / rows - GAP) * iw) / ih);
        if (side > best) (best = side), (this.columns = columns);
      }
      this.grid.style.gridTemplateColumns = `repeat(${this.columns}, ${Math.max(4, Math.floor(best))}px)`;
    }

    _draw() {
      const live = this.forming && this.steps.at(-1);
      for (const [kind, b] of Object.entries(this.buttons)) b.setAttribute("aria-pressed", String(kind === this.kind));
      let array, from;
      if (live) {
        array = (live.arrays[this.kind] || live.arrays.x);
        from = 0;
        this.drawn = null;
      } else if (this.run) {
        const i = this.frame, key = `${this.run.header.key}|${this.kind}|${i}`;
        if (key === this.drawn) return;
        this.drawn = key;
        array = this.run.arrays[`image/${this.kind}`] || this.run.arrays["image/x"];
        from = i * this.cells.length;
      } else return;
      let event = this.event;
      if (!live && this.run.header.image.final && this.kind !== "v" && this.frame === this.run.arrays.clock.data.length - 1) {
        event = this.run.header.image.final; // the decoder's own picture: larger than those on the way
        array = this.run.arrays["image/final"];
        from = 0;
      }
      const size = event.reduce((a, b) => a * b, 1);
      this.cells.forEach((c, n) => PG.drawImage(c, array.data, (from + n) * size, event));
    }
  }
  PG.Images = Images;

  // The lab "film strip": one image through all steps.
  PG.lab?.({
    key: "film", word: "film strip", tip: "One image through all its steps: the states, and what the model expects behind each.", order: 1,
    why: (run) => (run.header.image ? "" : "for image models: choose one under Images"),
    mount(root, host) {
      const says = PG.el("p"), rows = PG.el("div", { className: "pg-film-rows" });
      root.replaceChildren(PG.el("div", { className: "pg-film" }, says, PG.el("div", { className: "pg-film-scroll" }, rows)));
      let run = null, columns = [];
      const shown = () => Math.max(0, PG.images?.picked ?? 0);
      function draw() {
        if (!run) return;
        const image = run.header.image, n = Math.min(shown(), image.shown - 1), clocks = run.arrays.clock.data, size = image.event.reduce((a, b) => a * b, 1);
        says.textContent = `image ${n + 1} of ${image.shown}; click another above, a column to go there`;
        const kinds = ["x", "x0", ...(image.velocity ? ["v"] : [])];
        rows.style.gridTemplateColumns = `auto repeat(${clocks.length}, minmax(30px, 64px))`;
        columns = Array.from(clocks, () => []);
        const nodes = [];
        for (const kind of kinds) {
          nodes.push(PG.el("span", { className: "pg-film-word", innerHTML: KINDS[kind].word, title: KINDS[kind].tip }));
          for (let i = 0; i < clocks.length; i++) {
            const c = PG.el("canvas");
            c.setAttribute("role", "img");
            c.setAttribute("aria-label", `step ${run.arrays.step.data[i]}`);
            c.addEventListener("click", () => host.seek(clocks[i]));
            PG.drawImage(c, run.arrays[`image/${kind}`].data, (i * image.shown + n) * size, image.event);
            columns[i].push(c);
            nodes.push(c);
          }
        }
        nodes.push(PG.el("span"), ...Array.from(run.arrays.step.data, (s) => PG.el("span", { className: "pg-film-t", textContent: String(Math.round(s)) })));
        rows.replaceChildren(...nodes);
        mark(host.stage?.cursor ?? 0);
      }
      let at = -1;
      function mark(clock) {
        if (!run) return;
        const clocks = run.arrays.clock.data;
        let i = 0;
        while (i + 1 < clocks.length && clocks[i + 1] >= clock - 1e-6) i++;
        if (i === at) return;
        at = i;
        columns.forEach((column, j) => column.forEach((c) => (c.className = j === i ? "on" : j < i ? "past" : "")));
      }
      addEventListener("pg-picked", () => (at = -1, draw()));
      return { setRun(r) { run = r.header.image ? r : null; at = -1; draw(); }, cursor: (info) => mark(info.c ?? info.clock) };
    },
  });
})();
