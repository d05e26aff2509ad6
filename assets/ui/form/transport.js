// How the server is asked: packets over HTTP, or through Gradio where a host lets none of our routes through.
import { decode } from "../lib/packet.js";
import { packetUrl, tab } from "../lib/start.js";
import { Once } from "./once.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {{field: string, value: unknown, allowed?: string, message: string, again?: number}} Complaint What the server refused (BadValue of playground/core/fields.py), or does not do now: seconds after which it may (server/failure.py). */

/** What the server refused, in the words that stand in the form. */
export class Refused extends Error {
  /** @param {string} message @param {string} [id] of the control that was refused @param {string} [allowed] what it takes */
  constructor(message, id, allowed) {
    super(message);
    this.id = id;
    this.allowed = allowed;
  }
}
/** There is no answer now, and may be one later. */
export class Unreachable extends Error {
  /** @param {string} [message] @param {string} [said] what the server says of it, where it says something */
  constructor(message, said = "") {
    super(message);
    this.said = said;
  }
}

/** Was a request given up because something newer is wanted?
 * @param {unknown} error */
export const aborted = (error) => error instanceof Error && error.name === "AbortError";
/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** What the server itself says of why it gave no answer; "": nothing. @param {unknown} error */
export const saidOf = (error) => (error instanceof Refused ? error.message : error instanceof Unreachable ? error.said : "");

/** A request of this tab. The server is fair between tabs: they are told apart by a number without a meaning, made anew with every page.
 * @param {URL | string} url @param {RequestInit} [options] */
export const ask = (url, options = {}) => fetch(url, { ...options, headers: { ...options.headers, ...tab } });

/** @typedef {{status: number, type: string, bytes: ArrayBuffer}} Answer */

/** A whole answer. By XMLHttpRequest: fetch tells of the head and then of the bytes, and each of the two waits until a frame of the animation is drawn.
 * Throws Unreachable or an AbortError.
 * @param {URL} url @param {AbortSignal} [signal] @returns {Promise<Answer>} */
const answerOf = (url, signal) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest(), gone = () => reject(new DOMException("nobody waits for it any more", "AbortError"));
  if (signal?.aborted) return gone();
  request.open("GET", url);
  request.responseType = "arraybuffer";
  for (const [name, value] of Object.entries(tab)) request.setRequestHeader(name, value);
  request.onload = () => resolve({ status: request.status, type: request.getResponseHeader("content-type") ?? "", bytes: request.response });
  request.onerror = () => reject(new Unreachable("no answer"));
  request.onabort = gone;
  signal?.addEventListener("abort", () => request.abort(), { once: true });
  request.send();
});

/** The same of a request that boot.js has made.
 * @param {Promise<Response | Error>} begun @returns {Promise<Answer>} */
async function answerTo(begun) {
  const response = await begun;
  if (response instanceof Error) throw new Unreachable(String(response));
  return { status: response.status, type: response.headers.get("content-type") ?? "", bytes: await response.arrayBuffer() };
}

/** What an answer says in JSON; null if it is none. @param {Answer} answer */
function jsonOf({ bytes }) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** What the server refused, of a response that is none of success; null: it does not say so in JSON, as a proxy does not.
 * @param {Response} response @returns {Promise<Complaint | null>} */
export const complaintOf = async (response) => (await response.json().catch(() => null))?.error ?? null;

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

  /** Exact fields, which depend on data and process only: stages that have the same ask once. */
  once = new Once();

  /** @param {(complaint: Complaint) => Refused | Unreachable} refusal what was refused, in words of the form */
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
    const answer = await (begun ? answerTo(begun) : answerOf(packetUrl(layer, wants, q, { seq: ++this.asked }), signal));
    if (answer.status === 200 && /octet-stream/.test(answer.type)) return decode(answer.bytes);
    const body = jsonOf(answer);
    if (body?.error) throw this.refusal(body.error);
    if (answer.status >= 502) throw new Unreachable(`status ${answer.status}`);
    return this.packetByGradio({ layer, want: wants, ...q }); // a host that does not let our route through
  }

  /** The exact fields of an experiment. key: which experiments have the same.
   * @param {{q: Query, key: string, want: string}} job @param {AbortSignal} [signal] */
  fields({ q, key, want }, signal) {
    return this.once.ask(`${key} ${want}`, (own) => this.packet("fields", want, q, own), signal);
  }

  /** @param {Query} q */
  async packetByGradio(q) {
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

  /** Why a response is none of success.
   * @param {Response} response */
  async failure(response) {
    const complaint = await complaintOf(response);
    return complaint ? this.refusal(complaint) : new Unreachable(`status ${response.status}`);
  }

  /** The answer to a run of images, whose packets follow each other.
   * @param {Query} q @param {AbortSignal} signal */
  async images(q, signal) {
    const response = await ask(`live/images?${new URLSearchParams({ ...q, seq: String(++this.asked) })}`, { signal }).catch((error) => {
      if (aborted(error)) throw error;
      throw new Unreachable(String(error));
    });
    if (!response.ok) throw await this.failure(response);
    return /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
  }
}
