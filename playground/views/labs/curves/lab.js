// The lab that opens anyway: log-SNR, distances and coefficients over time, with a run that is held beside it. Its drawing: curves.js, hold.js.
import { Curves } from "./curves.js";
import { Hold } from "./hold.js";

export default {
  mount(root, host) {
    const curves = new Curves(root);
    curves.on("cursor", (c) => host.seek(c));
    curves.on("measure", (name) => host.setView("measure", name));
    curves.measure = host.view.measure || "";
    curves.on("save", ({ blob, name }) => (host.save(blob, name), host.notice({ kind: "info", message: `Saved ${name}`, stay: 4000 })));
    curves.on("hide", (names) => host.setView("hide", names));
    curves.hidden = host.view.hide || "";
    const hold = new Hold(curves, host);
    return { setRun: (r) => { curves.setRun(r); hold.setRun(r); }, setMetrics: (m) => curves.setMetrics(m), cursor: (info) => curves.cursor(info.clock, info.c), show() {}, curves };
  },
};
