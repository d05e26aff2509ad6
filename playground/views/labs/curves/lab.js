// The lab that opens anyway: log-SNR, distances and coefficients over time. Plotly draws the curves when something changes; the cursor and its
// dots are plain elements. Reading order: what is shown (snr.js, distance.js, batch.js, schedule.js), panel.js with its parts (legend.js,
// scrub.js, plot.js, sketch.js), curves.js, painter.js; hold.js lets a hand hold the grid's steps and a drawn schedule's knots.
import { Curves } from "./curves.js";
import { Hold } from "./hold.js";

/** @type {import("../../page.js").Lab} */
export default {
  mount(root, host) {
    const curves = new Curves(root, {
      seek: (clock) => host.seek(clock),
      measure: (name) => host.setView("measure", name),
      hide: (names) => host.setView("hide", names),
      save(what, name) {
        host.save(what, name);
        host.notice({ kind: "info", message: `Saved ${name}`, stay: 4000 });
      },
    });
    curves.measure = host.view.measure || "";
    curves.hidden = host.view.hide || "";
    const hold = new Hold(curves, host);
    return {
      setRun(run) {
        curves.setRun(run);
        hold.setRun(run);
      },
      setBeside: (stages) => curves.setBeside(stages),
      setMetrics: (metrics) => curves.setMetrics(metrics),
      cursor: (info) => curves.cursor(info.clock, info.c),
    };
  },
};
