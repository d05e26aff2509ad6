// The lab "film strip": one image through all steps.
import { drawImage, edges, frameAt, reveal } from "../../images/draw.js";
import { KINDS, SAID } from "../../images/kinds.js";
import { el } from "../../lib/dom.js";


export default {
  mount(root, host) {
    const says = el("p"), rows = el("div", { className: "pg-film-rows" });
    const png = el("button", { type: "button", className: "pg-chip", textContent: "PNG", title: "This strip as a picture" });
    png.addEventListener("click", async () => host.save(await strip(), `image-${shown() + 1}-strip.png`));
    const scroll = el("div", { className: "pg-film-scroll" }, rows), fade = edges(scroll);
    root.replaceChildren(el("div", { className: "pg-film" }, el("div", { className: "pg-film-head" }, says, png), scroll));
    let run = null, columns = [];
    const shown = () => Math.max(0, host.images?.picked ?? 0);
    function draw() {
      if (!run) return;
      const image = run.header.image, n = Math.min(shown(), image.shown - 1), clocks = run.arrays.clock.data, size = image.event.reduce((a, b) => a * b, 1);
      const kinds = ["x", "x0", ...(image.velocity ? ["v"] : [])], steps = Array.from(run.arrays.step.data, Math.round);
      const every = steps.length > 2 && steps[1] > 1 ? `; every ${steps[1]} steps of ${run.header.steps}` : "";
      says.textContent = `image ${n + 1} of ${image.shown}; click another above, a column to go there${every}`;
      const held = columns.flat().includes(document.activeElement);
      rows.style.gridTemplateColumns = `auto repeat(${clocks.length}, minmax(24px, 64px))`;
      rows.style.setProperty("--columns", clocks.length);
      rows.setAttribute("role", "group");
      rows.setAttribute("aria-label", `Steps of image ${n + 1}`);
      columns = Array.from(clocks, () => []);
      const nodes = [];
      kinds.forEach((kind, row) => {
        nodes.push(el("span", { className: "pg-film-word", innerHTML: KINDS[kind].word, title: KINDS[kind].tip }));
        for (let i = 0; i < clocks.length; i++) {
          const c = el("canvas", { tabIndex: -1 });
          c.setAttribute("role", "button");
          c.setAttribute("aria-label", `step ${steps[i]}, ${SAID[kind]}`);
          c.addEventListener("click", () => go(i, row));
          drawImage(c, run.arrays[`image/${kind}`].data, (i * image.shown + n) * size, image.event);
          columns[i].push(c);
          nodes.push(c);
        }
      });
      nodes.push(el("span"), ...steps.map((s) => el("span", { className: "pg-film-t", textContent: String(s) })));
      rows.replaceChildren(...nodes);
      fade();
      at = -1;
      mark(host.stage?.cursor ?? 0);
      if (held) columns[at][0].focus({ preventScroll: true });
    }
    /** To a column: the stage's cursor goes there, and the keyboard with it. */
    function go(i, row) {
      if (!columns[i]) return;
      host.seek(run.arrays.clock.data[i]);
      mark(run.arrays.clock.data[i]);
      columns[i][Math.min(Math.max(0, row), columns[i].length - 1)].focus({ preventScroll: true });
    }
    rows.addEventListener("keydown", (e) => {
      const i = columns.findIndex((column) => column.includes(document.activeElement)), row = i < 0 ? 0 : columns[i].indexOf(document.activeElement);
      const to = { ArrowLeft: [i - 1, row], ArrowRight: [i + 1, row], ArrowUp: [i, row - 1], ArrowDown: [i, row + 1], Home: [0, row], End: [columns.length - 1, row], Enter: [i, row], " ": [i, row] }[e.key];
      if (i < 0 || !to) return;
      e.preventDefault();
      e.stopPropagation();
      go(...to);
    });
    /** The strip as a PNG: a row for what the model sees, a row for what it expects, a column a step. */
    function strip() {
      const [, h, w] = run.header.image.event, k = Math.max(1, Math.round(56 / w)), gap = 3, lines = columns[0].length;
      const sheet = el("canvas", { width: columns.length * (k * w + gap) - gap, height: lines * (k * h + gap) - gap }), ctx = sheet.getContext("2d");
      ctx.fillStyle = "#fff";
      ctx.fillRect(0, 0, sheet.width, sheet.height);
      ctx.imageSmoothingEnabled = false;
      columns.forEach((column, i) => column.forEach((c, j) => ctx.drawImage(c, i * (k * w + gap), j * (k * h + gap), k * w, k * h)));
      return new Promise((done) => sheet.toBlob(done));
    }
    let at = -1;
    function mark(clock) {
      if (!run) return;
      const i = frameAt(run, clock);
      if (i === at) return;
      for (const c of columns[at] ?? []) (c.className = ""), (c.tabIndex = -1);
      at = i;
      columns[i].forEach((c, row) => ((c.className = "on"), (c.tabIndex = row ? -1 : 0)));
      reveal(scroll, columns[i][0]);
    }
    addEventListener("pg-picked", () => draw());
    return { setRun(r) { run = r.header.image ? r : null; draw(); }, show(on) { if (on && run && at >= 0) reveal(scroll, columns[at][0]); }, cursor: (info) => mark(info.clock) };
  },
};
