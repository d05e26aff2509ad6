// A file that a page has saved shows the same again: dropped on the page, or chosen under "Export". Where something has a use of its own for a file
// (points for your data, a picture for a task), it is theirs. What cannot be opened changes nothing.
import { linkOf } from "../form/address.js";
import { el, targetOf } from "../lib/dom.js";
import { config, experimentPart } from "../lib/start.js";
import { Unread, read } from "./read.js";

/** @typedef {import("../form/form.js").Form} Form */

const ACCEPT = ".png,.gif,.mp4,.svg,.html,.csv,.parquet,.npz,.json";
const NAME = 60; // letters of a file's name in a message
/** Who takes a file of kept states. @type {WeakMap<Form, {take(name: string, text: string): void, show(): void}>} */
export const shelves = new WeakMap();

const OVER = "pg-file-over"; // of the document, while a file is held over it

/** @param {string} name */
const short = (name) => (name.length > NAME ? `${name.slice(0, NAME - 1)}…` : name);

/** What a link shows, as a page of the history of its own. @param {Form} form @param {string} link its query */
export function show(form, link) {
  const { data = "" } = experimentPart(link), { address } = form;
  if (/^(set|hub):/.test(data) && !(data in config.laws)) return location.assign(location.pathname + link); // what is known of these comes with the page
  form.hands.touch();
  address.write(); // where one was before
  address.go(link);
  form.linkOpened();
}

/** A file of kept states. @param {Form} form @param {string} name @param {string} text */
function shelved(form, name, text) {
  const shelf = shelves.get(form);
  shelf?.show();
  shelf?.take(name, text);
}

/** Shows what a file tells of. @param {Form} form @param {File} file */
async function open(form, file) {
  const name = short(file.name);
  try {
    const found = await read(file);
    if ("shelf" in found) return shelved(form, name, found.shelf);
    if ("board" in found) return await form.parts.board?.read(file);
    const text = "json" in found ? found.json : found.link;
    const whose = "json" in found || found.version === config.kept.version ? "" : ` It was saved by version ${found.version} of this app; this is ${config.kept.version}.`;
    const told = await form.transport.call("told_of", { text });
    if (told.error) return form.tell({ kind: "error", message: `${name} cannot be opened: ${told.error.message}.${whose}` });
    form.tell({ kind: "info", message: `Opened ${name}.${whose}` });
    show(form, "json" in found ? linkOf(told.query, {}) || "?" : text);
  } catch (error) {
    if (error instanceof Unread) return form.tell({ kind: "error", message: `${name} ${error.message}.` });
    form.tell({ kind: "error", message: `${name} could not be opened: the server does not answer.`, action: { label: "Try again", run: () => open(form, file) } });
  }
}

/** Lets one choose a file. @param {Form} form */
export function choose(form) {
  const chooser = el("input", { type: "file", accept: ACCEPT, hidden: true });
  chooser.setAttribute("aria-label", "A file that this page has saved");
  const done = () => chooser.remove();
  chooser.addEventListener("change", () => {
    if (chooser.files?.[0]) open(form, chooser.files[0]);
    done();
  });
  chooser.addEventListener("cancel", done);
  document.body.append(chooser);
  chooser.click();
}

/** Files that are dropped where nothing else takes them. @param {Form} form */
export function listen(form) {
  const root = document.documentElement;
  /** Is it ours? @param {DragEvent} e */
  const ours = (e) => !e.defaultPrevented && e.dataTransfer?.types.includes("Files") && !targetOf(e, "input, textarea");
  document.addEventListener("dragover", (e) => {
    const is = Boolean(ours(e));
    root.classList.toggle(OVER, is);
    if (is) e.preventDefault();
  });
  document.addEventListener("dragleave", (e) => e.relatedTarget || root.classList.remove(OVER));
  document.addEventListener("drop", (e) => {
    root.classList.remove(OVER);
    const file = e.dataTransfer?.files[0];
    if (!ours(e) || !file) return;
    e.preventDefault();
    open(form, file);
  });
}
