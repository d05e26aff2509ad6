// A person's hands on the page: when they last touched it, and whether one holds something.

export class Hands {
  /** ms: when the form was touched last. */
  touched = 0;
  /** Has a person done anything yet? Until then no address is a new page of the history. */
  used = false;
  /** Is a pointer down? A slider that is dragged is let go first. */
  held = false;

  /** @param {() => void} released a pointer was lifted */
  constructor(released) {
    const options = { capture: true, passive: true };
    for (const name of ["input", "click", "keydown", "pointerup", "popstate"]) addEventListener(name, () => this.touch(), options);
    for (const name of ["pointerdown", "pointerup", "pointercancel"]) addEventListener(name, () => {
      this.held = name === "pointerdown";
      if (!this.held) released();
    }, options);
  }

  touch() {
    this.touched = performance.now();
    this.used = true;
  }

  /** What the page does to its own components makes events as hands do, and is none. @param {() => void} fn */
  without(fn) {
    const { used } = this;
    fn();
    this.used = used;
  }

  /** Has the page been left alone for so many ms? @param {number} ms */
  rest(ms) { return performance.now() - this.touched > ms; }
}
