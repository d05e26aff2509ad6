// A person's hands on the page: when they last touched it, and whether one holds something.

export class Hands {
  /** ms: when the form was touched last; 0: never. */
  touched = 0;
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

  touch() { this.touched = performance.now(); }

  /** Has the page been left alone for so many ms? @param {number} ms */
  rest(ms) { return performance.now() - this.touched > ms; }
}
