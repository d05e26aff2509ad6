// "hub model…": a small form under the tiles of the data. It loads a pipeline of the hub (or of a folder) on the server and makes it the data.
import { form } from "./form.js";
import { pickers } from "./picker.js";
import { el } from "../lib/dom.js";
import { config, first } from "../lib/start.js";
import { linesOf } from "../lib/streams.js";

const wanted = /^hub:/.test(first.query.data) ? { data: first.query.data, address: location.href } : null; // what a link asks for
const MB = 1e6, GB = 1e9;
const words = (error) => (error.allowed ? `This cannot be loaded. What works: ${error.allowed}.` : error.message);
const size = (bytes) => (bytes >= GB ? `${(bytes / GB).toFixed(1)} GB` : `${Math.round(bytes / MB)} MB`);

/** The page knows the model from here on: what cannot be chosen with it, and its title. */
function know(model) {
  config.laws[model.data] = { title: model.title, pictures: true, models: [model.data] };
  config.models[`${model.data} ${model.data}`] = model.reasons;
  form.show();
}

export const hub = (element) => {
  element.classList.add("pg-root");
  const open = el("button", { type: "button", className: "pg-hub-open", textContent: "hub model…" });
  open.dataset.tip = "hub model…: A pipeline of the Hugging Face hub, or of a folder: its network under these processes, samplers and grids.";
  open.setAttribute("aria-expanded", "false");
  const input = el("input", { type: "text", id: "pg-hub-source", placeholder: "google/ddpm-cifar10-32", spellcheck: false, autocomplete: "off", maxLength: 400 });
  const button = el("button", { type: "button", textContent: "Load" });
  const bar = el("progress", { max: 1, hidden: true });
  const said = el("p", { className: "pg-hub-said" });
  said.setAttribute("role", "status");
  const label = el("label", { textContent: "Repository of the hub, or a folder", htmlFor: "pg-hub-source" });
  const box = el("div", { className: "pg-hub", hidden: true }, label, el("div", { className: "pg-hub-row" }, input, button), bar, said);
  element.replaceChildren(open, box);
  let aborter = null, loaded = null;

  function say(words, bad = false) {
    said.textContent = words;
    said.classList.toggle("bad", bad);
  }
  function show(on) {
    box.hidden = !on;
    open.setAttribute("aria-expanded", String(on));
    if (on) input.focus({ preventScroll: true });
  }
  const about = (model) => `${model.title}: ${model.kind}.${model.text ? " Choose guidance “prompt” to tell it words." : model.classes.length ? ` ${model.classes.length} classes: guidance “classifier-free”.` : ""}`;

  async function status() {
    const told = await (await fetch("live/hub")).json();
    loaded = told.loaded;
    if (loaded) know(loaded), (input.value ||= loaded.data.slice(4));
    if (told.missing) say(`This server needs: ${told.missing}`, true);
    else if (loaded) say(`Loaded: ${about(loaded)}`);
    else say(`Families: DDPM, DiT, Stable Diffusion 1, 2, XL, 3. Safetensors only.${told.folders ? "" : " Folders: only those that this server’s owner gives."}`);
  }

  async function load() {
    const source = input.value.trim().replace(/^hub:/, "");
    if (!source) return say("A repository id looks like owner/name.", true);
    if (loaded?.data === `hub:${source}`) return use(loaded);
    aborter = new AbortController();
    button.textContent = "Cancel";
    bar.hidden = false;
    bar.removeAttribute("value");
    say("asking…");
    try {
      const response = await fetch("live/hub", { method: "POST", body: JSON.stringify({ source }), signal: aborter.signal });
      if (!response.ok) throw new Error(words((await response.json()).error));
      for await (const line of linesOf(response.body)) {
        if (line.error) throw new Error(words(line.error));
        if (line.words) {
          if (line.of) bar.value = line.done / line.of;
          say(line.of ? `${line.words}: ${size(line.done)} of ${size(line.of)}` : `${line.words}…`);
        }
        if (line.loaded) {
          loaded = line.loaded;
          know(loaded);
          say(`Loaded: ${about(loaded)}`);
          use(loaded);
        }
      }
    } catch (error) {
      say(error.name === "AbortError" ? "Cancelled. What has been downloaded is kept." : error instanceof TypeError ? "The server does not answer." : error.message, error.name !== "AbortError");
    } finally {
      aborter = null;
      button.textContent = "Load";
      bar.hidden = true;
    }
  }

  /** The model becomes the data; one that a link asked for comes with all that the link says. */
  function use(model) {
    if (wanted?.data === model.data && form.value("pg-data") !== model.data) location.href = wanted.address;
    else form.choose(model.data, model.images);
  }

  button.addEventListener("click", () => (aborter ? aborter.abort() : load()));
  input.addEventListener("keydown", (e) => {
    e.stopPropagation(); // letters and arrows are the box's own
    if (e.key === "Enter" && !aborter) load();
    if (e.key === "Escape") aborter ? aborter.abort() : (show(false), open.focus());
  });
  open.addEventListener("click", () => {
    show(box.hidden);
    if (!box.hidden && !aborter) status().catch(() => say("The server does not answer.", true));
  });
  // it is told with the pickers when the form is shown anew
  pickers["data.hub"] = {
    refresh() {
      const data = form.value("pg-data"), on = /^hub:/.test(data);
      open.setAttribute("aria-pressed", String(on));
      open.textContent = on ? `hub model: ${config.laws[data]?.title ?? data.slice(4)}` : "hub model…";
      const last = String(Math.max(24, (on && loaded?.data === data ? loaded.classes.length : 0) - 1));
      for (const box of document.querySelectorAll("#pg-guidance-ClassifierFree-label input")) if (box.max !== last) box.max = last;
    },
  };
  if (wanted) {
    input.value = wanted.data.slice(4);
    status().then(() => {
      if (loaded?.data === wanted.data) return;
      show(true);
      const words = `This link asks for the model ${wanted.data.slice(4)}, which is not loaded here yet`;
      say(`${words}. Press Load: the link then opens again by itself, as it was.`);
      const action = { label: "Load it", run: () => (show(true), aborter || load()) };
      form.tell({ kind: "warning", message: `${words}. Until it is loaded two moons are shown; then this link opens again by itself.`, action, stay: 60000 });
    }).catch(() => {});
  }
};
