// How the server is asked: packets over HTTP, or through Gradio where a host lets none of our routes through.
import { decode } from "../lib/packet.js";
import { packetUrl, tab } from "../lib/start.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {{field: string, value: unknown, allowed?: string, message: string}} Complaint What the server refused (BadValue of playground/core/fields.py). */

/** What the server refused, in the words that stand in the form. */
export class Refused extends Error {
  /** @param {string} message @param {string} [id] of the control that was refused @param {string} [allowed] what it takes */
  constructor(message, id, allowed) {
    super(message);
    this.id = id;
    this.allowed = allowed;
  }
}
export class Unreachable extends Error {}

/** Was a request given up because something newer is wanted?
 * @param {unknown} error */
export const aborted = (error) => error instanceof Error && error.name === "AbortError";
/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** A request of this tab. The server is fair between tabs: they are told apart by a number without a meaning, made anew with every page.
 * @param {URL | string} url @param {RequestInit} [options] */
export const ask = (url, options = {}) => fetch(url, { ...options, headers: { ...options.headers, ...tab } });

export class Transport {
  /** Requests made so far: the newest has the largest number. */
  asked = 0;
  /** Those of them that asked for a run. */
  runs = 0;
  /** @type {Record<string, (arg: unknown) => Promise<any>> | null} Functions of the Gradio server. */
  server = null;
  /** @type {() => void} */
  openDoor = () => {};
  opened = new Promise((/** @type {(_: void) => void} */ resolve) => (this.openDoor = resolve));

  /** @param {(complaint: Complaint) => Refused} refusal what was refused, in words of the form */
  constructor(refusal) {
    this.refusal = refusal;
  }

  /** Gradio's component is mounted: its functions can be called.
   * @param {Record<string, (arg: unknown) => Promise<any>>} server */
  open(server) {
    this.server = server;
    this.openDoor();
  }

  /** A function of the Gradio server.
   * @param {string} name @param {unknown} arg */
  async call(name, arg) {
    await this.opened;
    return /** @type {NonNullable<typeof this.server>} */ (this.server)[name](arg);
  }

  /** A packet of the experiment. Throws Refused, Unreachable, an AbortError, or what decoding says.
   * @param {string} layer @param {string} wants names of arrays @param {Query} q @param {AbortSignal} [signal]
   * @param {Promise<Response | Error> | null} [begun] the request, where it has been made already */
  async packet(layer, wants, q, signal, begun) {
    if (layer === "run") this.runs++;
    let response;
    try {
      response = await (begun ?? ask(packetUrl(layer, wants, q, { seq: ++this.asked }), { signal }));
      if (response instanceof Error) throw response;
    } catch (error) {
      if (aborted(error)) throw error;
      throw new Unreachable(String(error));
    }
    if (response.ok && /octet-stream/.test(response.headers.get("content-type") || "")) return decode(await response.arrayBuffer());
    const body = await response.json().catch(() => null);
    if (body?.error) throw this.refusal(body.error);
    if (response.status >= 502) throw new Unreachable(`status ${response.status}`);
    return this.packetByGradio({ layer, want: wants, ...q }); // a host that does not let our route through
  }

  /** @param {Query} q */
  async packetByGradio(q) {
    await this.opened;
    let answer;
    try {
      answer = await this.call("packet_base64", q);
    } catch (error) {
      throw new Unreachable(String(error));
    }
    if (answer?.error) throw this.refusal(answer.error);
    const { fromBase64 } = /** @type {{fromBase64?: (text: string) => Uint8Array<ArrayBuffer>}} */ (/** @type {unknown} */ (Uint8Array));
    const raw = fromBase64 ? fromBase64.call(Uint8Array, answer.packet) : Uint8Array.from(atob(answer.packet), (c) => c.charCodeAt(0));
    return decode(raw.buffer);
  }

  /** The answer to a run of images, whose packets follow each other.
   * @param {Query} q @param {AbortSignal} signal */
  async images(q, signal) {
    const response = await ask(`live/images?${new URLSearchParams({ ...q, seq: String(++this.asked) })}`, { signal }).catch((error) => {
      if (aborted(error)) throw error;
      throw new Unreachable(String(error));
    });
    if (!response.ok) throw this.refusal((await response.json()).error);
    return /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
  }
}
