// What labs may use of the page.
import { failed } from "./hook.js";
import { keep } from "./exports.js";

/** @typedef {import("../page.js").Host} Host */
/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("../lib/packet.js").Packet<any>} AnyPacket */
/** @typedef {{q: Query, resolve: (packet: AnyPacket) => void, reject: (error: unknown) => void}} Waiting */

/** One request of a layer is in flight and the newest waits; what it displaces rejects with an AbortError. */
class Queue {
  flying = false;
  /** @type {Waiting | null} */
  waiting = null;

  /** @param {(q: Query) => Promise<AnyPacket>} get */
  constructor(get) {
    this.get = get;
  }

  /** @param {Query} q @returns {Promise<AnyPacket>} */
  ask(q) {
    return new Promise((resolve, reject) => {
      this.waiting?.reject(new DOMException("a newer one waits", "AbortError"));
      this.waiting = { q, resolve, reject };
      this._fly();
    });
  }

  async _fly() {
    if (this.flying) return;
    this.flying = true;
    while (this.waiting) {
      const job = this.waiting;
      this.waiting = null;
      try {
        job.resolve(await this.get(job.q));
      } catch (error) {
        job.reject(error);
      }
    }
    this.flying = false;
  }
}

/** @param {import("./form.js").Form} form @returns {Host} */
export function hostOf(form) {
  /** @type {Map<string, Queue>} */
  const queues = new Map();
  const { parts, transport, view } = form;
  return {
    get stage() { return parts.stage; },
    get images() { return parts.images; },
    form,
    get query() { return { ...form.shownQuery }; },
    view: view.said,
    setView: (name, value) => view.set(name, value),
    notice: (n) => form.tell(n),
    save: (file, name) => keep(form, file, name),
    seek: (clock) => parts.stage?.seek(clock),
    call: (name, arg) => transport.call(name, arg),
    failed,
    fetch(layer, params = {}, of) {
      const name = of ? `${layer} of ${of.n}` : layer, queue = queues.get(name) ?? new Queue((q) => transport.packet(layer, "", q));
      queues.set(name, queue);
      return queue.ask({ ...(of?.query ?? form.shownQuery), ...Object.fromEntries(Object.entries(params).map(([k, v]) => [`lab.${k}`, String(v)])) });
    },
  };
}
