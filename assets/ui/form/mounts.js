// What Gradio's empty slots become: the header, the stage, the labs, the panel of the step, the status line.
import { Labs, firstLab } from "../beside/labs.js";
import { Status } from "../beside/status.js";
import { StepPanel } from "../beside/step-panel.js";
import { Words } from "../beside/words.js";
import { Board } from "../board/page.js";
import { ofStages } from "../compare/link.js";
import { Images } from "../images/images.js";
import { setRadio } from "../lib/boxes.js";
import { listen as listenForFiles } from "../keep/open.js";
import { targetOf } from "../lib/dom.js";
import { time } from "../lib/time.js";
import { Pin } from "../stage/pin.js";
import { Stage } from "../stage/stage.js";
import { drawer } from "./drawer.js";
import { actionsOf } from "./exports.js";
import { hostOf } from "./host.js";
import { menus } from "./menus.js";
import { turnTo } from "./pages.js";
import { listen as listenForUndo } from "./undo.js";

/** @typedef {import("./form.js").Form} Form */
/** @typedef {import("../python.js").Query} Query */

/** The shown layers as a link says them. @param {Iterable<string>} names */
const layersText = (names) => [...names].join(",");

/** What of the view the stage shows, as the link says it.
 * @param {Form} form */
function viewOf(form) {
  const { parts, view, chosen } = form;
  let usual = ""; // the layers that are shown when nothing is said
  return {
    /** The stage as it is before it has heard of a link. @param {Stage} stage */
    begin(stage) { usual = layersText(stage.layers); },

    /** @param {Iterable<string>} names */
    layers(names) {
      const now = layersText(names);
      view.set("layers", now === usual ? "" : now || "none");
    },

    /** The stage as the view says. */
    show() {
      const { stage, images, labs } = parts, { said } = view;
      if (!stage) return;
      const layers = said.layers || usual;
      if (layers !== (layersText(stage.layers) || "none")) stage.setLayers(layers.split(","));
      stage.setColor(said.color || "");
      time.choose(said.time || "t");
      stage.speed = Number(said.speed || 1);
      stage.loop = said.loop !== "off";
      form.cost.show();
      if (said.at && Number.isFinite(+said.at)) stage.seek(+said.at);
      stage.setPin(said.pin || "");
      if (chosen.pictures) images?.compare.restore(ofStages(said.compare || "") ? "" : said.compare || "");
      labs?.open(said.lab || firstLab);
    },
  };
}

/** @param {Form} form */
export function mountsOf(form) {
  const { parts, view, loop, chosen } = form;
  const host = hostOf(form), actions = actionsOf(form), viewed = viewOf(form);

  /** What the stage tells is told on, and stands in the link. @param {Stage} stage */
  function listen(stage) {
    stage.on("want", () => loop.refetch());
    stage.on("layers", (names) => viewed.layers(names));
    stage.on("settle", (moment) => view.set("at", stage.playing ? "" : String(moment.at)));
    stage.on("level", (level) => time.of(level));
    stage.on("time", (name) => view.set("time", name === "t" ? "" : name));
    stage.on("speed", (v) => view.set("speed", v === 1 ? "" : String(v)));
    stage.on("loop", (on) => view.set("loop", on ? "" : "off"));
    stage.on("color", (c) => view.set("color", String(c ?? "")));
    stage.on("cursor", (info) => {
      if (stage.playing && view.said.at) view.set("at", "");
      parts.cursor = info;
      parts.images?.cursor(info);
      parts.tellAll("cursor", info);
    });
    stage.on("pin", (pin) => {
      parts.pin = pin;
      view.set("pin", Pin.text(pin));
      parts.tell(parts.labs, "pin", pin);
    });
    stage.on("notice", host.notice);
    stage.on("number", (n) => form.compare.select(n - 1));
    stage.on("toggle-mode", (mode) => {
      const said = typeof mode === "string" && /^(reverse|forward)$/.test(mode);
      setRadio("pg-mode", said ? mode : chosen.of("mode") === "reverse" ? "forward" : "reverse");
    });
  }

  listenForFiles(form);
  listenForUndo(form);
  addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || e.defaultPrevented) return;
    if (menus.open) menus.close();
    else if (drawer.open) drawer.show(false);
  });

  /** @type {Record<string, (root: HTMLElement) => void>} */
  const mounts = {
    header(root) {
      document.getElementById("pg-shell")?.remove(); // what stood in its place
      root.addEventListener("click", (e) => {
        const button = targetOf(e, "[data-do]"), page = targetOf(e, "nav a")?.dataset.page;
        if (button) actions[button.dataset.do ?? ""]?.(button);
        if (!page) return;
        e.preventDefault();
        turnTo(form, page);
      });
      menus.mount(root);
    },
    editing(root) { form.compare.editing.mount(root); },
    summary() { form.formShown.chips(); },
    stage(root) {
      const stage = (parts.stage = new Stage(root));
      window.__pgStage = stage;
      viewed.begin(stage);
      parts.images = new Images(stage, {
        stop: () => loop.stop(),
        goOn: () => loop.shown && loop.ask(loop.shown.q),
        notice: host.notice,
        setView: host.setView,
        difference: (/** @type {Query} */ a, /** @type {Query} */ b) => form.titles.differences([a, b]),
        query: () => loop.shown?.q ?? chosen.query(),
        fetchRun: (/** @type {Query} */ q) => form.transport.packet("run", form.wants().run, q),
      });
      if (loop.shown) parts.images.setRun(loop.shown.run);
      listen(stage);
      form.compare.mount(stage);
      form.checkView();
      viewed.show();
      form.compare.opened();
      if (chosen.ready) form.tellView();
      for (const fn of parts.waiting.splice(0)) fn(stage);
      loop.refetch(); // the layers of a link may need more than what was asked for before the stage was there
    },
    lesson(root) {
      parts.words = new Words(root, host);
      parts.tellRun(parts.words, loop.shown?.run);
    },
    labs(root) {
      parts.labs = new Labs(root, host);
      if (parts.pin) parts.tell(parts.labs, "pin", parts.pin);
      parts.tellRun(parts.labs, loop.shown?.run);
      if (!loop.working) loop.metricsLater();
    },
    board(root) { parts.board = new Board(root, form); },
    panel(root) {
      parts.panel = new StepPanel(root);
      parts.tellRun(parts.panel, loop.shown?.run);
    },
    status(root) {
      parts.status = new Status(root);
      if (loop.shown) parts.tellStatus(loop.shown.run, 0);
    },
  };

  return {
    /** @param {string} name of a slot @param {HTMLElement} element */
    mount(name, element) {
      element.classList.add("pg-root");
      mounts[name](name === "header" ? element : /** @type {HTMLElement} */ (element.firstElementChild ?? element));
    },
    showView() {
      viewed.show();
      parts.board?.show();
    },
  };
}
