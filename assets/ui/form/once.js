// What several ask for is asked for once, and given up when nobody waits for it any more.

/** @template T @typedef {{answer: Promise<T>, waiting: number, give: AbortController}} Flight */

/** @template T */
export class Once {
  /** By key, what is on its way. @type {Map<string, Flight<T>>} */
  flying = new Map();

  /** The answer to a key; while it is on its way, one for all who ask. Rejects with an AbortError when the signal says so.
   * @param {string} key @param {(signal: AbortSignal) => Promise<T>} get @param {AbortSignal} [signal] @returns {Promise<T>} */
  async ask(key, get, signal) {
    signal?.throwIfAborted();
    const flight = this.flying.get(key) ?? this._fly(key, get);
    flight.waiting++;
    /** @type {() => void} */
    let leave = () => {};
    const left = new Promise((_, reject) => (leave = () => reject(new DOMException("nobody waits for it any more", "AbortError"))));
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return /** @type {T} */ (await Promise.race([flight.answer, left]));
    } finally {
      signal?.removeEventListener("abort", leave);
      if (!--flight.waiting && this.flying.get(key) === flight) {
        this.flying.delete(key);
        flight.give.abort();
      }
    }
  }

  /** @param {string} key @param {(signal: AbortSignal) => Promise<T>} get */
  _fly(key, get) {
    const give = new AbortController(), answer = get(give.signal);
    answer.catch(() => {}).finally(() => this.flying.get(key)?.give === give && this.flying.delete(key)); // who waits hears of it
    /** @type {Flight<T>} */
    const flight = { answer, waiting: 0, give };
    this.flying.set(key, flight);
    return flight;
  }
}
