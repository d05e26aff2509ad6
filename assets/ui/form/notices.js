// One notice at a time, which the stage shows: what only informs goes by itself, an error stays until a picture has come.
import { hook } from "./hook.js";

/** @typedef {import("../page.js").Notice} Notice */

const STAY = 8000; // ms

export class Notices {
  timer = 0;
  kind = "";

  /** @param {import("./parts.js").Parts} parts the stage among them */
  constructor(parts) {
    this.parts = parts;
  }

  /** @param {Notice} n */
  tell(n) {
    clearTimeout(this.timer);
    this.kind = n.kind;
    hook.notice = n.message;
    this.parts.put((stage) => stage.notice({ ...n, kind: n.kind === "warning" ? "info" : n.kind }));
    if (n.kind !== "error") this.timer = setTimeout(() => this.clear(), n.stay ?? STAY);
  }

  /** @param {Notice["kind"]} [kind] only if it is of this kind */
  clear(kind) {
    if (!this.kind || (kind && this.kind !== kind)) return;
    this.kind = hook.notice = "";
    this.parts.put((stage) => stage.clearNotice());
  }
}
