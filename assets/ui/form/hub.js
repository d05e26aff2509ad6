// "hub model…": a small form under the tiles of the data. It loads a pipeline of the hub (or of a folder) on the server and makes it the data.
import { el } from "../lib/dom.js";
import { config, first } from "../lib/start.js";
import { linesOf } from "../lib/streams.js";
import { form } from "./form.js";
import { Unreachable, aborted, ask, complaintOf, messageOf } from "./transport.js";

/**
 * @typedef {object} HubModel What the server tells of a pipeline that it has loaded.
 * @property {string} data its name as data, "hub:…"
 * @property {string} title
 * @property {string} kind
 * @property {boolean} text does it take words?
 * @property {string[]} classes
 * @property {number} [images] how many at a time
 * @property {import("../python.js").Config["models"][string]} reasons what cannot be chosen with it
 */
/** @typedef {{allowed?: string, message: string}} Complaint */

const MB = 1e6, GB = 1e9, LABELS = 24; // the slider of labels goes so far, or to the model's last class
const STAY = 60000; // ms
/** What a link asks for. */
const wanted = /^hub:/.test(first.query.data) ? { data: first.query.data, address: location.href } : null;
/** @param {Complaint} error */
const words = (error) => (error.allowed ? `This cannot be loaded. What works: ${error.allowed}.` : error.message);
/** @param {number} bytes */
const size = (bytes) => (bytes >= GB ? `${(bytes / GB).toFixed(1)} GB` : `${Math.round(bytes / MB)} MB`);
/** @param {HubModel} model */
const about = (model) => {
  const classes = model.classes.length ? ` ${model.classes.length} classes: guidance “classifier-free”.` : "";
  return `${model.title}: ${model.kind}.${model.text ? " Choose guidance “prompt” to tell it words." : classes}`;
};

/** The page knows the model from here on: what cannot be chosen with it, and its title. @param {HubModel} model */
function know(model) {
  config.laws[model.data] = { title: model.title, pictures: true, models: [model.data] };
  config.models[`${model.data} ${model.data}`] = model.reasons;
  form.show();
}

class HubForm {
  /** Of a model that is being loaded. @type {AbortController | null} */
  aborter = null;
  /** @type {HubModel | null} */
  loaded = null;

  /** @param {HTMLElement} element */
  constructor(element) {
    element.classList.add("pg-root");
    this.opener = el("button", { type: "button", className: "pg-hub-open", textContent: "hub model…" });
    this.opener.dataset.tip = "hub model…: A pipeline of the Hugging Face hub, or of a folder: its network under these processes, samplers and grids.";
    this.opener.setAttribute("aria-expanded", "false");
    this.input = el("input", { type: "text", id: "pg-hub-source", placeholder: "google/ddpm-cifar10-32", spellcheck: false, autocomplete: "off", maxLength: 400 });
    this.button = el("button", { type: "button", textContent: "Load" });
    this.bar = el("progress", { max: 1, hidden: true });
    this.said = el("p", { className: "pg-hub-said" });
    this.said.setAttribute("role", "status");
    const label = el("label", { textContent: "Repository of the hub, or a folder", htmlFor: this.input.id });
    this.box = el("div", { className: "pg-hub", hidden: true }, label, el("div", { className: "pg-hub-row" }, this.input, this.button), this.bar, this.said);
    element.replaceChildren(this.opener, this.box);
    this.button.addEventListener("click", () => (this.aborter ? this.aborter.abort() : this.load()));
    this.input.addEventListener("keydown", (e) => this._key(e));
    this.opener.addEventListener("click", () => {
      this.show(this.box.hidden);
      if (!this.box.hidden && !this.aborter) this.status().catch(() => this.say("The server does not answer.", true));
    });
    form.pickers.followers.push(() => this.refresh());
  }

  /** @param {string} text */
  say(text, bad = false) {
    this.said.textContent = text;
    this.said.classList.toggle("bad", bad);
  }

  /** @param {boolean} on */
  show(on) {
    this.box.hidden = !on;
    this.opener.setAttribute("aria-expanded", String(on));
    if (on) this.input.focus({ preventScroll: true });
  }

  /** The form is shown anew. */
  refresh() {
    const data = String(form.value("pg-data")), on = /^hub:/.test(data);
    this.opener.setAttribute("aria-pressed", String(on));
    this.opener.textContent = on ? `hub model: ${config.laws[data]?.title ?? data.slice(4)}` : "hub model…";
    const last = String(Math.max(LABELS, (on && this.loaded?.data === data ? this.loaded.classes.length : 0) - 1));
    for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("#pg-guidance-ClassifierFree-label input"))) if (box.max !== last) box.max = last;
  }

  async status() {
    const told = await (await ask("live/hub")).json();
    this.loaded = /** @type {HubModel | null} */ (told.loaded);
    if (this.loaded) {
      know(this.loaded);
      this.input.value ||= this.loaded.data.slice(4);
    }
    if (told.missing) this.say(`This server needs: ${told.missing}`, true);
    else if (this.loaded) this.say(`Loaded: ${about(this.loaded)}`);
    else this.say(`Families: DDPM, DiT, Stable Diffusion 1, 2, XL, 3. Safetensors only.${told.folders ? "" : " Folders: only those that this server’s owner gives."}`);
  }

  async load() {
    const source = this.input.value.trim().replace(/^hub:/, "");
    if (!source) return this.say("A repository id looks like owner/name.", true);
    if (this.loaded?.data === `hub:${source}`) return this.use(this.loaded);
    this.aborter = new AbortController();
    this.button.textContent = "Cancel";
    this.bar.hidden = false;
    this.bar.removeAttribute("value");
    this.say("asking…");
    try {
      const response = await ask("live/hub", { method: "POST", body: JSON.stringify({ source }), signal: this.aborter.signal });
      if (!response.ok) {
        const complaint = await complaintOf(response);
        throw complaint ? new Error(words(complaint)) : new Unreachable();
      }
      for await (const line of linesOf(/** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body))) this._hear(line);
    } catch (error) {
      const gone = aborted(error), message = error instanceof TypeError || error instanceof Unreachable ? "The server does not answer." : messageOf(error);
      this.say(gone ? "Cancelled. What has been downloaded is kept." : message, !gone);
    } finally {
      this.aborter = null;
      this.button.textContent = "Load";
      this.bar.hidden = true;
    }
  }

  /** How far it is. @param {{error?: Complaint, words?: string, of?: number, done?: number, loaded?: HubModel}} line */
  _hear(line) {
    if (line.error) throw new Error(words(line.error));
    if (line.words) {
      const { of = 0, done = 0 } = line;
      if (of) this.bar.value = done / of;
      this.say(of ? `${line.words}: ${size(done)} of ${size(of)}` : `${line.words}…`);
    }
    if (line.loaded) {
      this.loaded = line.loaded;
      know(line.loaded);
      this.say(`Loaded: ${about(line.loaded)}`);
      this.use(line.loaded);
    }
  }

  /** The model becomes the data; one that a link asked for comes with all that the link says. @param {HubModel} model */
  use(model) {
    if (wanted?.data === model.data && form.value("pg-data") !== model.data) location.href = wanted.address;
    else form.choose(model.data, model.images);
  }

  /** @param {KeyboardEvent} e */
  _key(e) {
    e.stopPropagation(); // letters and arrows are the box's own
    if (e.key === "Enter" && !this.aborter) this.load();
    if (e.key !== "Escape") return;
    if (this.aborter) return this.aborter.abort();
    this.show(false);
    this.opener.focus();
  }

  /** A link asks for a model. @param {string} data */
  async offer(data) {
    this.input.value = data.slice(4);
    await this.status();
    if (this.loaded?.data === data) return;
    this.show(true);
    const missing = `This link asks for the model ${data.slice(4)}, which is not loaded here yet`;
    this.say(`${missing}. Press Load: the link then opens again by itself, as it was.`);
    const run = () => {
      this.show(true);
      if (!this.aborter) this.load();
    };
    form.tell({ kind: "warning", message: `${missing}. Until it is loaded two moons are shown; then this link opens again by itself.`, action: { label: "Load it", run }, stay: STAY });
  }
}

/** Called when Gradio mounts it. @param {HTMLElement} element */
export const hub = (element) => {
  const made = new HubForm(element);
  if (wanted) made.offer(wanted.data).catch(() => {});
};
