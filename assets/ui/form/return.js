// A picture that could not be had is asked for again when the server answers again.
const FIRST = 2000, MOST = 30000; // ms between two looks: twice as long each time

export class Return {
  timer = 0;
  pause = FIRST;
  /** What is asked for again. @type {(() => void) | null} */
  run = null;

  constructor() {
    addEventListener("online", () => this.look());
  }

  /** @param {() => void} run */
  wait(run) {
    this.run = run;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), this.pause);
    this.pause = Math.min(MOST, 2 * this.pause);
  }

  /** A picture has come, or something else is wanted. */
  over() {
    clearTimeout(this.timer);
    this.pause = FIRST;
    this.run = null;
  }

  async look() {
    const { run } = this;
    if (!run) return;
    const there = document.visibilityState === "visible" && (await fetch(new URL("live/health", document.baseURI), { cache: "no-store" }).then((r) => r.ok, () => false));
    if (this.run !== run) return; // something else has come meanwhile
    if (there) run();
    else this.wait(run);
  }
}
