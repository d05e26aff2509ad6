// The header's buttons: what is copied and saved of the run on the stage.
import { filmOf } from "../images/film.js";
import { choose, shelves, show } from "../keep/open.js";
import { Shelf } from "../keep/shelf.js";
import { sheetOn } from "../compare/sheet.js";
import { kept } from "../keep/write.js";
import { copy as toClipboard } from "../lib/clipboard.js";
import { el } from "../lib/dom.js";
import { theme } from "../lib/start.js";
import { linesOf } from "../lib/streams.js";
import { linkOf } from "./address.js";
import { drawer } from "./drawer.js";
import { hook } from "./hook.js";
import { menus } from "./menus.js";
import { aborted, ask, messageOf, saidOf } from "./transport.js";

const REVOKE = 10000; // ms
const NARROWEST = 360; // px of a stage on a sheet

/** What is copied is told to tests as well. @param {string} words @param {HTMLElement} button */
async function copy(words, button) {
  await toClipboard(words, button);
  hook.copied = words;
}

/** Saves what the page has made, with the link of this picture inside.
 * @param {import("./form.js").Form} form @param {Blob} file @param {string} name
 * @param {import("./address.js").ViewWords} [view] what of the view is other than in the address */
export const keep = async (form, file, name, view = {}) => save(await kept(file, form.address.queryWith(view)), name);

/** Saves a file as if a link had been followed. @param {Blob | string} what a file, or its address @param {string} name */
function save(what, name) {
  const a = el("a", { href: typeof what === "string" ? what : URL.createObjectURL(what), download: name });
  document.body.append(a);
  a.click();
  a.remove();
  if (typeof what !== "string") setTimeout(() => URL.revokeObjectURL(a.href), REVOKE);
}

/** What the buttons of the header do, by their data-do.
 * @param {import("./form.js").Form} form @returns {Record<string, (button: HTMLElement) => void>} */
export function actionsOf(form) {
  const { parts, transport } = form;
  const shelf = new Shelf(form, (link) => show(form, link), save);
  shelves.set(form, shelf);
  const run = () => form.loop.shown?.run;
  const fileName = () => run()?.header.name ?? "diffusion-playground"; // what the server calls it
  /** @param {string} name */
  const liveUrl = (name) => {
    const url = new URL(`live/${name}`, document.baseURI);
    url.search = form.address.query;
    return url;
  };

  /** @param {HTMLElement} button */
  const link = (button) => {
    form.address.write();
    copy(new URL(form.address.link, location.href).href, button);
  };

  /** A text that Python writes of the experiment, to be saved. @param {string} name of the server's function @param {string} ending @returns {Promise<void>} */
  const text = async (name, ending) => {
    menus.close();
    try {
      const told = await transport.call(name, form.loop.shown?.q ?? form.chosen.query());
      if (told.error) return form.tell({ kind: "error", message: told.error.message });
      save(new Blob([told.text], { type: "application/json" }), `${fileName()}${ending}`);
    } catch {
      form.tell({ kind: "error", message: "The server does not answer.", action: { label: "Try again", run: () => text(name, ending) } });
    }
  };

  /** @param {HTMLElement} button @returns {Promise<void>} */
  const python = async (button) => {
    try {
      const query = form.loop.shown?.q ?? form.chosen.query(), { pin } = form.view.said;
      const stages = form.compare.queries, pinned = pin ? { ...query, "view.pin": pin } : query;
      const answer = await (stages.length > 1 ? transport.call("compared_of", stages) : transport.call("python_of", pinned));
      if (answer.error) return form.tell({ kind: "error", message: answer.error.message });
      await copy(answer.code, button);
    } catch {
      form.tell({ kind: "error", message: "The server does not answer.", action: { label: "Try again", run: () => python(button) } });
    }
  };

  /** All stages that are seen, on one sheet. @returns {Promise<Blob | null>} */
  const together = () => {
    const { seen } = form.compare, [{ stage: { theme: { stage: ground } } }] = seen;
    const pictures = seen.map(({ stage, images }) => {
      const { size } = stage.picture;
      return stage.run?.header.image ? images.picture() : stage.painter(Math.max(NARROWEST, size?.width ?? 0), Math.max(NARROWEST, (size?.height ?? 0) + 60), 2)(stage.cursor);
    });
    return new Promise((done) => sheetOn(ground)(pictures).toBlob(done, "image/png"));
  };

  const png = async () => {
    menus.close();
    const { stage, images } = parts;
    /** @type {import("./address.js").ViewWords} */
    const moment = stage?.run && stage.playing ? { at: String(stage.course.short(stage.clock.cursor)) } : {}; // a picture holds still
    try {
      /** @type {Blob | null | undefined} */
      const made = form.compare.seen.length > 1 ? await together() : run()?.header.image ? await images?.toBlob() : await stage?.toBlob();
      if (made) await keep(form, made, `${fileName()}.png`, moment);
    } catch (error) {
      form.tell({ kind: "error", message: `The picture could not be saved: ${messageOf(error)}` });
    }
  };

  const csv = () => {
    menus.close();
    const kind = run()?.header.image ? "npz" : "csv"; // images are too large for text
    save(liveUrl(`states.${kind}`).href, `${fileName()}.${kind}`);
  };

  /** The experiment alone, as pg.Experiment.from_json takes it. @returns {Promise<void>} */
  const json = async () => {
    menus.close();
    try {
      const told = await transport.call("told_of", { text: linkOf(form.loop.shown?.q ?? form.chosen.query(), {}) });
      if (told.error) return form.tell({ kind: "error", message: told.error.message });
      save(new Blob([told.json], { type: "application/json" }), `${fileName()}.json`);
    } catch {
      form.tell({ kind: "error", message: "The server does not answer.", action: { label: "Try again", run: json } });
    }
  };

  /** One file that shows this view without a server. @returns {Promise<void>} */
  const page = async () => {
    menus.close();
    const abort = new AbortController(), { signal } = abort, name = `${fileName()}.html`, url = liveUrl("page.html");
    form.compare.queries.slice(1).forEach((query, n) => url.searchParams.set(`view.beside.${n + 2}`, String(new URLSearchParams(query))));
    form.tell({ kind: "info", message: "Making the page…", stay: 60000, action: { label: "Cancel", run: () => abort.abort() } });
    try {
      const response = await ask(url, { signal });
      if (!response.ok) throw await transport.failure(response);
      save(await response.blob(), name);
      form.tell({ kind: "info", message: `Saved ${name}`, stay: 4000 });
    } catch (error) {
      if (aborted(error)) return form.notices.clear();
      form.tell({ kind: "error", message: saidOf(error) || "The page could not be made.", action: { label: "Try again", run: page } });
    }
  };

  /** The whole run as a moving picture: drawn by the page, joined by the server, which says how far it is. @param {"gif" | "mp4"} kind @returns {Promise<void>} */
  const film = async (kind) => {
    menus.close();
    const abort = new AbortController(), { signal } = abort;
    /** @param {string} message */
    const tell = (message) => form.tell({ kind: "info", message, stay: 60000, action: { label: "Cancel", run: () => abort.abort() } });
    try {
      tell("Drawing the film…");
      const url = liveUrl(`film.${kind}`), name = fileName(), told = form.address.query;
      const { body, times, ms } = await filmOf(form.compare.seen, kind, { signal, tell: (/** @type {number} */ done, /** @type {number} */ of) => tell(`Drawing the film: ${done} of ${of} frames`) });
      url.search = String(new URLSearchParams({ times, ms: String(ms), link: told }));
      const response = await ask(url, { method: "POST", body, signal });
      if (!response.ok) throw await transport.failure(response);
      for await (const line of linesOf(/** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body))) {
        if (line.error) throw transport.refusal(line.error);
        if (!line.film) {
          if (line.done % 5 === 0) tell(`Joining the film: ${Math.min(line.done, line.of)} of ${line.of} frames`);
          continue;
        }
        save(new Blob([Uint8Array.from(atob(line.film), (c) => c.charCodeAt(0))], { type: line.type }), `${name}.${kind}`);
        form.tell({ kind: "info", message: `Saved ${name}.${kind}`, stay: 4000 });
      }
    } catch (error) {
      if (aborted(error)) return form.notices.clear();
      form.tell({ kind: "error", message: saidOf(error) || "The film could not be made.", action: { label: "Try again", run: () => film(kind) } });
    }
  };

  return {
    link,
    python,
    png,
    csv,
    json,
    page,
    shelf() {
      menus.close();
      shelf.show();
    },
    open() {
      menus.close();
      choose(form);
    },
    notebook: () => text("notebook_of", ".ipynb"),
    sweep: () => text("sweep_of", ".sweep.json"),
    gif: () => film("gif"),
    mp4: () => film("mp4"),
    "more-link": link, // a phone has them in one menu with the exports
    "more-python": python,
    menu(button) { menus.toggle(button); },
    theme() { theme.toggle(); },
    intro() { menus.close(); parts.words?.intro.show(); },
    glossary() { menus.close(); parts.words?.glossary.open(); },
    keys() { menus.close(); parts.stage?.keys?.toggle(); },
    drawer() { drawer.show(!drawer.open); },
  };
}
