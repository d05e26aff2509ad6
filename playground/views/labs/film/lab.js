// The lab "film strip": one image through all steps.
import { Film } from "./film.js";

/** @type {import("../../page.js").Lab} */
export default {
  mount(root, host) {
    const film = new Film(root, host);
    return { setRun: (run) => film.setRun(run), show: (on) => film.show(on), cursor: (info) => film.cursor(info.clock) };
  },
};
