// Images of one's own: a folder or an .npz becomes a set of the server's, whose training-free models stand in the data picker.
import { el } from "../lib/dom.js";
import { config, experimentPart, tab } from "../lib/start.js";
import { form } from "./form.js";
import { Refused, Unreachable, ask, complaintOf, messageOf } from "./transport.js";

/** @typedef {import("../pickers/picker.js").Choice} Choice */
/**
 * @typedef {object} OwnSet What the server tells of a set.
 * @property {string} name
 * @property {string} title
 * @property {string[]} notes
 * @property {import("../python.js").Config["laws"][string]} law
 * @property {Choice} choice its tile
 * @property {Choice[]} models
 * @property {import("../python.js").Config["models"]} reasons by model, what cannot be chosen with it
 */

const MOST = config.limits.set_bytes, REMEMBERED = 6; // bytes of an upload; sets that this browser knows
const SUFFIX = /\.(png|jpe?g|gif|bmp|webp|tiff?|npz|npy)$/i;
const KEY = "pg-sets";

/** The names of the sets that this browser knows. @returns {string[]} */
function known() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "[]") || []; } catch { return []; }
}
/** @param {string[]} names */
function remember(names) {
  try { localStorage.setItem(KEY, JSON.stringify(names.slice(0, REMEMBERED))); } catch { /* private window */ }
}
/** @param {string} name */
const forget = (name) => remember(known().filter((n) => n !== name));

/** A set's models as entries of the picker; what fits them is what fits the built-in set. @param {OwnSet} set */
function enter(set) {
  config.laws[set.name] = set.law;
  for (const [key, reasons] of Object.entries(set.reasons)) config.models[`${set.name} ${key}`] = reasons;
  const { data, model } = form.pickers, { group } = set.choice;
  for (const choice of set.models) model.add(choice);
  data.add(set.choice);
  form.show();
  const box = data.boxes.get(group);
  if (!box || box.querySelector(".pg-mine-forget")) return;
  const button = el("button", { type: "button", className: "pg-mine-forget", textContent: "×", title: "Takes this set off the page. Its file stays with the app." });
  button.setAttribute("aria-label", `Forget ${set.title}`);
  button.addEventListener("click", () => {
    forget(set.name);
    if (form.value("pg-data") === set.name) data.set(Object.keys(config.laws).find((key) => config.laws[key].pictures) ?? "");
    data.drop(group);
  });
  box.append(button);
}

/** What the server tells of a set. Throws Refused where there is no such set, or its files cannot be read.
 * @param {Response} response @returns {Promise<OwnSet>} */
async function answerOf(response) {
  if (response.ok) return response.json();
  const complaint = await complaintOf(response), message = complaint?.message || `the server answered ${response.status}`;
  throw complaint && response.status === 400 ? new Refused(message) : new Unreachable(message);
}

/** Files as the server reads them: length of the name, name, length, bytes. @param {File[]} files */
function framed(files) {
  /** @param {number} n */
  const length = (n) => new Uint8Array(new Uint32Array([n]).buffer);
  return new Blob(files.flatMap((f) => {
    const name = new TextEncoder().encode(f.webkitRelativePath.split("/").slice(1).join("/") || f.name);
    return [length(name.length), name, length(f.size), f];
  }));
}

/** @param {string} title @param {Blob} body @param {(share: number) => void} onProgress how much has been sent, of 1 @returns {Promise<Response>} */
function send(title, body, onProgress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of how much has been sent
    request.open("POST", new URL(`live/sets?${new URLSearchParams({ title })}`, document.baseURI));
    for (const [name, value] of Object.entries(tab)) request.setRequestHeader(name, value);
    request.upload.onprogress = (e) => onProgress(e.loaded / Math.max(1, e.total));
    request.onload = () => done(new Response(request.response, { status: request.status }));
    request.onerror = () => failed(new Error("the server cannot be reached"));
    request.send(body);
  });
}

/** The area below the tiles of the data. */
class Upload {
  constructor() {
    this.opener = el("button", {
      type: "button", className: "pg-mine-images", textContent: "your images …",
      title: "A folder of images or an .npz becomes data of training-free models. They are stored on the machine that runs this app.",
    });
    this.opener.setAttribute("aria-expanded", "false");
    const folder = this._chooser("folder …", "All images of a folder; its subfolders are classes, in the order of their names (2 before 10)", { webkitdirectory: true, multiple: true });
    const file = this._chooser(".npz …", "Images (count, height, width[, 3]) as uint8, uint16 or floats from 0 to 1 and, if there are, labels", { accept: ".npz,.npy" });
    this.row = el("div", { className: "pg-mine-row" }, folder, file);
    this.bar = el("i", { className: "pg-mine-bar" });
    this.said = el("p", { className: "pg-mine-said", textContent: `2 to ${config.limits.set_images.toLocaleString("en")} images, ${MOST / 1e6} MB together; cut to the middle square, at most 32 pixels a side.` });
    this.said.setAttribute("role", "status");
    this.area = el("div", { className: "pg-mine-area", hidden: true }, this.row, this.bar, this.said);
    this.opener.addEventListener("click", () => {
      this.area.hidden = !this.area.hidden;
      this.opener.setAttribute("aria-expanded", String(!this.area.hidden));
    });
  }

  /** A button that lets one choose files. @param {string} words @param {string} title @param {Partial<HTMLInputElement>} more */
  _chooser(words, title, more) {
    const button = el("button", { type: "button", textContent: words, title }), chooser = el("input", { type: "file", hidden: true, ...more });
    chooser.setAttribute("aria-label", words);
    button.addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      this._take([...(chooser.files ?? [])]);
      chooser.value = "";
    });
    return el("span", {}, button, chooser);
  }

  /** @param {string} words */
  _say(words, bad = false) {
    this.said.textContent = words;
    this.said.classList.toggle("pg-mine-bad", bad);
  }

  /** @param {boolean} on */
  _busy(on) {
    for (const b of this.row.querySelectorAll("button")) b.disabled = on;
  }

  /** @param {File[]} all */
  async _take(all) {
    if (!all.length) return;
    const files = all.filter((f) => SUFFIX.test(f.name));
    const title = all[0].webkitRelativePath.split("/")[0] || all[0].name.replace(/\.np[zy]$/i, "");
    const size = files.reduce((sum, f) => sum + f.size, 0);
    if (!files.length) return this._say(`No images in ${title}: ${all.length} other files.`, true);
    if (size > MOST) return this._say(`${(size / 1e6).toFixed(0)} MB are too many: at most ${MOST / 1e6} MB together.`, true);
    this._busy(true);
    this._say(`sending ${files.length.toLocaleString("en")} ${files.length > 1 ? "files" : "file"}, ${(size / 1e6).toFixed(1)} MB`);
    try {
      const set = await answerOf(await send(title, framed(files), (share) => {
        this.bar.style.setProperty("--done", String(share));
        if (share === 1) this._say("reading the images");
      }));
      enter(set);
      remember([set.name, ...known().filter((n) => n !== set.name)]);
      this._say(`${set.title}: ${set.notes.join("; ")}.`);
      form.pickers.data.set(set.name);
    } catch (error) {
      this._say(messageOf(error), true);
    }
    this.bar.style.setProperty("--done", "0");
    this._busy(false);
  }
}

function mount() {
  const root = form.pickers.data?.root;
  if (!root) return requestAnimationFrame(mount); // Gradio has not made the form yet
  const upload = new Upload();
  root.append(upload.opener, upload.area);
  const linked = /^(set:[0-9a-f]{8})$/.exec(experimentPart(location.search).data ?? "")?.[1];
  for (const name of new Set([...(linked ? [linked] : []), ...known()])) {
    ask(new URL(`live/sets?${new URLSearchParams({ name })}`, document.baseURI)).then(answerOf).then(enter, (error) => error instanceof Refused && forget(name)); // a server that is away keeps its sets
  }
}
mount();
