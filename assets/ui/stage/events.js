// What the stage tells of, to whoever listens.

/** @typedef {import("./run.js").Facts} Facts */

/** @typedef {object} Events
 * @property {undefined} moved  the clock stands elsewhere, though the moment may be the same
 * @property {number} number  a digit's key that is not for layers
 * @property {import("../lib/time.js").Level} level  what the log-SNR of a new run is
 * @property {Facts} cursor  another moment is on the screen
 * @property {Facts & {at: number}} settle  the hand has let go of the cursor; at: the cursor in few digits
 * @property {string[]} layers  that are on
 * @property {Set<string>} want  arrays that a layer needs and that are not there
 * @property {"class" | ""} color
 * @property {string} time  what time is told as
 * @property {number} speed
 * @property {boolean} loop
 * @property {import("../page.js").PinPoint | null} pin
 * @property {"forward" | "reverse"} toggle-mode  that is asked for
 * @property {import("../page.js").Notice} notice  something to be said once
 * @property {undefined} layout  the room is another */

class Teller {
  constructor() {
    /** @type {{[E in keyof Events]?: ((value: Events[E]) => void)[]}} */
    this.listeners = {};
  }

  /** @template {keyof Events} E
   * @param {E} name
   * @param {(value: Events[E]) => void} fn */
  on(name, fn) {
    /** @type {((value: Events[E]) => void)[]} */
    const list = (this.listeners[name] ??= []);
    list.push(fn);
  }

  /** @template {keyof Events} E
   * @param {E} name
   * @param {Events[E]} value */
  emit(name, value) {
    this.listeners[name]?.forEach((fn) => fn(value));
  }
}

export { Teller };
