import { unit } from "../../lib/draw.js";
import { time } from "../../lib/time.js";
import { PICTURE, alone, layoutOf, tracesOf } from "./figure.js";
import { innerWidth } from "./frame.js";

/** @typedef {import("../../lib/plotly.js").Plotly} Plotly */
/** @typedef {import("../../lib/plotly.js").Figure} Figure */
/** @typedef {import("../../lib/plotly.js").Layout} Layout */
/** @typedef {import("./series.js").Colours} Colours */

const typeSize = () => Math.min(14, Math.max(11.5, 11 * unit())); // px

/** What Plotly draws of a panel, with its tools. */
export class Plot {
  drawn = false;
  /** @type {false | string} Plotly's drag tool */
  tool = false;
  /** Whether the ranges are the user's. */
  zoomed = false;
  /** @type {Plotly | null} */
  plotly = null;

  /** @param {import("./panel.js").Panel} panel @param {HTMLElement} root */
  constructor(panel, root) {
    this.panel = panel;
    this.root = /** @type {Figure} */ (root);
  }

  /** The tool that a hand has chosen. */
  get dragmode() {
    return this.root._fullLayout?.dragmode;
  }

  /** @param {Plotly} plotly @param {Colours} colours @param {string} font */
  async draw(plotly, colours, font) {
    this.plotly = plotly;
    await plotly.react(this.root, tracesOf(this.panel.series, this.panel.off, colours), this.layout(colours, font), this.config(plotly));
    if (!this.drawn) this.listen(plotly);
    this.drawn = true;
    this.look();
  }

  /** @param {Colours} colours @param {string} font */
  layout(colours, font) {
    const { width, height, view, range, log, yTicks } = this.panel;
    /** @type {import("./series.js").View} */
    const ranges = this.zoomed ? { x: [...view.x], y: [...view.y] } : { x: [0, 1], y: [...range] };
    return layoutOf({ width, height, colours, font, size: typeSize(), view: ranges, times: this.times(), log, yTicks, tool: this.tool });
  }

  /** @param {Plotly} plotly */
  config({ Icons }) {
    // _baseUrl: Gradio's page has a <base>, for which Plotly names what it clips by with the page's whole address: the browser fetches the page again whenever that changes
    return { _baseUrl: "", displayModeBar: "hover", displaylogo: false, responsive: false, doubleClick: false, showTips: false,
      modeBarButtons: [["zoom2d", "pan2d", { name: "everything", title: "Show everything (double click)", icon: Icons.home, click: () => this.all() },
        { name: "svg", title: "Save as SVG, with title, legend and axes", icon: Icons.camera, click: () => this.save() }]] };
  }

  /** Where the times under the plot stand, and what they are called. */
  times() {
    return this.panel.owner.timeTicks(this.panel.view.x, innerWidth(this.panel.width));
  }

  /** @param {Plotly} plotly */
  listen(plotly) {
    const { root } = this;
    root.on("plotly_relayout", (change) => {
      // a tool that is chosen again is put away: dragging moves the cursor again
      if (change.dragmode && change.dragmode === this.tool) return void plotly.relayout(root, { dragmode: (this.tool = false) });
      if (change.dragmode !== undefined) this.tool = change.dragmode;
      if (Object.keys(change).some((key) => key.includes(".range"))) this.zoomed = true;
      this.look();
      const [tickvals, ticktext] = this.times();
      if (String(root.layout.xaxis.ticktext) !== String(ticktext)) plotly.relayout(root, { "xaxis.tickvals": tickvals, "xaxis.ticktext": ticktext });
    });
    root.on("plotly_relayouting", () => this.look());
    root.on("plotly_doubleclick", () => this.all()); // with a tool chosen Plotly takes the clicks
  }

  /** Shows everything again. */
  all() {
    const done = () => {
      this.zoomed = this.tool = false;
    };
    done();
    this.plotly?.relayout(this.root, { "xaxis.range": [0, 1], "yaxis.range": [...this.panel.range], dragmode: false }).then(done);
  }

  /** The axes' ranges as they are drawn now. */
  look() {
    const { xaxis, yaxis } = this.root._fullLayout ?? {};
    if (!xaxis || !yaxis) return;
    this.panel.view = { x: [...xaxis.range], y: [...yaxis.range] };
    this.panel.place(this.panel.owner.clock);
  }

  /** The panel as a picture by itself, handed out. */
  async save() {
    const { panel, plotly } = this, { run, colours, font } = panel.owner;
    if (!plotly || !run) return;
    const { name, title: { data, process, sampler }, mode, steps, seed } = run.header;
    const of = [data, process, mode === "forward" ? "noising" : `${sampler}, ${steps} steps`, `seed ${seed}`].join(" · ");
    const words = { title: `${panel.heading}<br><span style="font-size:12px">${of}</span>`, time: `${time.scale.word}: noise on the left, data on the right`, axis: panel.axis };
    const figure = alone(tracesOf(panel.series, panel.off, colours), this.layout(colours, font), words, colours, font);
    const svg = await plotly.toImage(figure, { format: "svg", ...PICTURE });
    const text = decodeURIComponent(svg.slice(svg.indexOf(",") + 1));
    panel.owner.told.save(new Blob([text], { type: "image/svg+xml" }), `${name}-${panel.name}.svg`);
  }
}
