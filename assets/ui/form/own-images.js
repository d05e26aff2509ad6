// Images of one's own: a folder or an .npz becomes a set of the server's, whose training-free models stand in the data picker.
import { form } from "./form.js";
import { pickers } from "./picker.js";
import { el } from "../lib/dom.js";
import { config, experimentPart } from "../lib/start.js";

const MOST = config.limits.set_bytes, REMEMBERED = 6; // bytes of an upload; sets that this browser knows
const SUFFIX = /\.(png|jpe?g|gif|bmp|webp|tiff?|npz|npy)$/i;
const KEY = "pg-sets";
const node = (tag, className, text = "", title = "") => el(tag, { className, textContent: text, title });

function known() {
  try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; }
}
function remember(list) {
  try { localStorage.setItem(KEY, JSON.stringify(list.slice(0, REMEMBERED))); } catch { /* private window */ }
}

/** A set's models as entries of the picker; what fits them is what fits the built-in set. */
function enter(record) {
  config.laws[record.name] = record.law;
  for (const [key, reasons] of Object.entries(record.reasons)) config.models[`${record.name} ${key}`] = reasons;
  record.models.forEach(pickers.model.add);
  pickers.data.add(record.choice);
  const group = record.choice.group, box = pickers.data.boxes.get(group);
  form.show();
  if (box.querySelector(".pg-mine-forget")) return;
  const forget = node("button", "pg-mine-forget", "×", "Takes this set off the page. Its file stays with the app.");
  forget.type = "button";
  forget.setAttribute("aria-label", `Forget ${record.title}`);
  forget.addEventListener("click", () => {
    remember(known().filter((n) => n !== record.name));
    if (form.value("pg-data") === record.name) pickers.data.set(Object.keys(config.laws).find((key) => config.laws[key].pictures));
    pickers.data.drop(group);
  });
  box.append(forget);
}

async function answerOf(response) {
  const told = await response.json().catch(() => null);
  if (!response.ok || !told || told.error) throw new Error(told?.error?.message || `the server answered ${response.status}`);
  return told;
}

/** Files as the server reads them: length of the name, name, length, bytes. */
function framed(files) {
  const length = (n) => new Uint8Array(new Uint32Array([n]).buffer);
  return new Blob(files.flatMap((f) => {
    const name = new TextEncoder().encode(f.webkitRelativePath.split("/").slice(1).join("/") || f.name);
    return [length(name.length), name, length(f.size), f];
  }));
}

function send(title, body, onProgress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of how much has been sent
    request.open("POST", new URL(`live/sets?${new URLSearchParams({ title })}`, document.baseURI));
    request.upload.onprogress = (e) => onProgress(e.loaded / Math.max(1, e.total));
    request.onload = () => done(new Response(request.response, { status: request.status }));
    request.onerror = () => failed(new Error("the server cannot be reached"));
    request.send(body);
  });
}

function mount() {
  const root = pickers?.data?.root;
  if (!root) return requestAnimationFrame(mount); // Gradio has not made the form yet
  const open = node("button", "pg-mine-images", "your images …", "A folder of images or an .npz becomes data of training-free models. They are stored on the machine that runs this app.");
  open.type = "button";
  open.setAttribute("aria-expanded", "false");
  const area = node("div", "pg-mine-area");
  area.hidden = true;
  const row = node("div", "pg-mine-row");
  const folder = input("folder …", "All images of a folder; its subfolders are classes, in the order of their names (2 before 10)", { webkitdirectory: true, multiple: true });
  const file = input(".npz …", "Images (count, height, width[, 3]) as uint8, uint16 or floats from 0 to 1 and, if there are, labels", { accept: ".npz,.npy" });
  const bar = node("i", "pg-mine-bar"), said = node("p", "pg-mine-said");
  said.setAttribute("role", "status");
  said.textContent = `2 to ${config.limits.set_images.toLocaleString("en")} images, ${MOST / 1e6} MB together; cut to the middle square, at most 32 pixels a side.`;
  row.append(folder, file);
  area.append(row, bar, said);
  root.append(open, area);
  open.addEventListener("click", () => {
    area.hidden = !area.hidden;
    open.setAttribute("aria-expanded", String(!area.hidden));
  });

  function input(words, tip, more) {
    const button = node("button", "", words, tip);
    button.type = "button";
    const chooser = node("input", { type: "file", hidden: true, ...more });
    chooser.setAttribute("aria-label", words);
    button.addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      take([...chooser.files]);
      chooser.value = "";
    });
    const both = node("span", "");
    both.append(button, chooser);
    return both;
  }

  function say(words, bad = false) {
    said.textContent = words;
    said.classList.toggle("pg-mine-bad", bad);
  }

  async function take(all) {
    if (!all.length) return;
    const files = all.filter((f) => SUFFIX.test(f.name));
    const title = all[0].webkitRelativePath.split("/")[0] || all[0].name.replace(/\.np[zy]$/i, "");
    const size = files.reduce((sum, f) => sum + f.size, 0);
    if (!files.length) return say(`No images in ${title}: ${all.length} other files.`, true);
    if (size > MOST) return say(`${(size / 1e6).toFixed(0)} MB are too many: at most ${MOST / 1e6} MB together.`, true);
    for (const b of row.querySelectorAll("button")) b.disabled = true;
    say(`sending ${files.length.toLocaleString("en")} ${files.length > 1 ? "files" : "file"}, ${(size / 1e6).toFixed(1)} MB`);
    try {
      const record = await answerOf(await send(title, framed(files), (share) => {
        bar.style.setProperty("--done", share);
        if (share === 1) say("reading the images");
      }));
      enter(record);
      remember([record.name, ...known().filter((n) => n !== record.name)]);
      say(`${record.title}: ${record.notes.join("; ")}.`);
      pickers.data.set(record.name);
    } catch (error) {
      say(error.message, true);
    }
    bar.style.setProperty("--done", 0);
    for (const b of row.querySelectorAll("button")) b.disabled = false;
  }

  const linked = /^(set:[0-9a-f]{8})$/.exec(experimentPart(location.search).data ?? "")?.[1];
  for (const name of new Set([...(linked ? [linked] : []), ...known()])) {
    fetch(new URL(`live/sets?${new URLSearchParams({ name })}`, document.baseURI)).then(answerOf).then(enter, () => remember(known().filter((n) => n !== name)));
  }
}
mount();
