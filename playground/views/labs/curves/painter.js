import { loadPlotly } from "../../lib/lazy.js";

/** @typedef {import("./panel.js").Panel} Panel */

const REST = 160; // ms that nothing has changed before Plotly draws

/** When panels are drawn: their lines at the next frame, all of them by Plotly (tens of milliseconds) when nothing has changed for a while. */
export class Painter {
  /** @type {import("../../lib/plotly.js").Plotly | null} */
  plotly = null;
  /** @type {Set<Panel>} */
  dirty = new Set();
  asked = false;
  rough = 0; // of the frame that sketches
  painting = 0; // of the timer until Plotly draws

  /** @param {import("./curves.js").Curves} owner */
  constructor(owner) {
    this.owner = owner;
  }

  /** @param {Panel} panel @param {number} [wait] ms */
  paint(panel, wait = REST) {
    if (!panel.figure.drawn || wait) this.rough ||= requestAnimationFrame(() => this.sketch());
    panel.due = performance.now() + (panel.figure.drawn ? wait : 0);
    this.dirty.add(panel);
    if (this.plotly) this.later(this.plotly);
  }

  sketch() {
    this.rough = 0;
    for (const p of this.dirty) {
      if ((p.figure.drawn && p.due <= performance.now()) || !p.measure()) continue;
      p.sketch(this.owner.colours);
      p.place(this.owner.clock);
    }
  }

  /** @param {import("../../lib/plotly.js").Plotly} plotly */
  later(plotly) {
    if (this.painting) return;
    const wait = Math.max(0, Math.min(...Array.from(this.dirty, (p) => p.due)) - performance.now());
    // one panel a frame, so that the stage keeps its own
    this.painting = setTimeout(() => requestAnimationFrame(async () => {
      const panel = Array.from(this.dirty).find((p) => p.due <= performance.now());
      if (panel) {
        this.dirty.delete(panel);
        try {
          await panel.draw(plotly, this.owner.colours, this.owner.font);
        } catch (error) {
          console.error(error);
        }
      }
      this.painting = 0;
      if (this.dirty.size) this.later(plotly);
    }), wait);
  }

  /** Plotly: after the first picture has been painted, and when the browser has a moment. */
  load() {
    if (this.asked) return;
    this.asked = true;
    const soon = window.requestIdleCallback ?? ((/** @type {() => void} */ fn) => setTimeout(fn, 50));
    const now = () => loadPlotly().then((plotly) => {
      this.plotly = plotly;
      for (const panel of this.owner.panels) this.paint(panel, 0);
    }, () => {
      this.asked = false; // the sketch stays; the next run tries again
    });
    requestAnimationFrame(() => requestAnimationFrame(() => soon(now, { timeout: 1500 })));
  }
}
