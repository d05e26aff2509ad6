// The lab "tasks": inpainting, editing, interpolation, reconstruction and sweeps with an image model. Packets: playground/views/tasks.py.
// Reading order: this → task.js (what all tasks have) and each task's file → result.js and strip.js (what comes of it) → canvas.js (pictures, masks, drawings).
import { aborted } from "../../form/transport.js";
import { edges, sizeOf } from "../../images/draw.js";
import { config } from "../../lib/start.js";
import { address, ask } from "./ask.js";
import { box, button } from "./controls.js";
import { Edit } from "./edit.js";
import { Inpaint } from "./inpaint.js";
import { Interpolate } from "./interpolate.js";
import { NOT_CARRIED } from "./letters.js";
import { Reconstruct } from "./reconstruct.js";
import { Sweep } from "./sweep.js";

/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("../../lib/packet.js").Packet<import("../../python.js").RunHeader>} RunPacket */
/** @typedef {{default: number, lo: number, hi: number}} Bounds of a number that the server takes */

const TASKS = [Inpaint, Edit, Interpolate, Reconstruct, Sweep]; // the first is open anyway
const TELL_MS = 250; // of rest before a link is told of a task: pictures and masks must be packed

const KEY = "tasks";
const info = config.labs.find((lab) => lab.key === KEY);
const travels = (info?.view ?? []).filter((name) => name !== "task"); // of a task, in the link as view.…

export class Tasks {
  /** Of the model's pictures: channels, h, w. */
  event = [1, 28, 28];
  /** @type {RunPacket | null} */
  runShown = null;
  shown = false;
  /** @type {Task | null} that runs */
  going = null;
  /** @type {AbortController | null} */
  aborter = null;
  /** @type {Task | null} that is open */
  open = null;
  telling = 0;
  restoring = false;

  /**
   * @param {HTMLElement} root
   * @param {import("../../page.js").Host} host
   */
  constructor(root, host) {
    this.host = host;
    this.tabs = box("div", "pg-task-tabs");
    this.tabs.setAttribute("role", "tablist");
    this.left = box("div", "pg-task-left");
    this.right = box("div", "pg-task-right");
    this.box = box("div", "pg-tasks", this.tabs, this.left, this.right);
    root.replaceChildren(this.box);
    this.tasks = TASKS.map((Kind) => new Kind(this));
    this.buttons = this.tasks.map((task) => {
      const tab = button(task.word, task.tip, () => this.turn(task), "pg-task-tab");
      tab.setAttribute("role", "tab");
      return tab;
    });
    this.tabs.append(...this.buttons);
    edges(this.tabs);
    addEventListener("pg-picked", (e) => {
      if (!this.shown || (host.images?.picked ?? -1) < 0) return;
      const image = this.final();
      if (image && this.open?.picked(image)) e.preventDefault(); // it was picked for this: the enlarged view stays shut
    });
    const asked = this.tasks.find((task) => task.key === host.view.task);
    /** @type {Record<string, string> | null} a link that asks for a task, until it is made */
    this.said = asked || travels.some((name) => host.view[name]) ? { ...host.view } : null;
    this.turn(asked ?? this.tasks[0]);
  }

  // ---- what tasks ask ----
  /** What the server takes of the numbers that a task is asked with. */
  get asks() {
    return /** @type {Record<string, Bounds>} */ (info?.asks ?? {});
  }
  /** @returns {{lo: number, hi: number}} */
  get seed() {
    const { lo = 0, hi = 0 } = config.controls.find((c) => c.path === "seed") ?? {};
    return { lo, hi };
  }
  /** Why pictures cannot be encoded into noise, as the server says it, or "". */
  get noCode() {
    return this.runShown?.header.labs["tasks.encode"] ?? "";
  }
  /** The image that is picked, −1 for none. */
  get picked() {
    return this.host.images?.picked ?? -1;
  }
  /** The final state of image n, the picked one or the first; null if there is none. @returns {import("./canvas.js").Picture | null} */
  final(n = Math.max(0, this.picked)) {
    const run = this.runShown, image = run?.header.image;
    if (!run || !image) return null;
    const at = Math.min(n, image.shown - 1), bytes = run.arrays["image/x"].data;
    return { bytes, from: bytes.length - (image.shown - at) * sizeOf(this.event), event: this.event, source: { n: at, key: run.header.key } };
  }

  // ---- what the page tells ----
  /** @param {RunPacket} run */
  setRun(run) {
    const { image, key } = run.header;
    if (!image) return;
    if (String(image.event) !== String(this.event)) for (const task of this.tasks) task.begun = false;
    this.event = image.event;
    this.runShown = run;
    for (const task of this.tasks) {
      task.fit(image.event);
      if (task.did && task.did !== key && task !== this.going) task.result.said.textContent = "of earlier settings: run again";
    }
    const known = this.open ? this.fill(this.open) : undefined;
    this.ready();
    if (!this.said || !image.done || this.restoring) return;
    this.restoring = true;
    Promise.resolve(known).then(() => this.restore());
  }
  /** @param {boolean} on */
  show(on) {
    this.shown = on;
    if (on) {
      this._name();
      return this.tell();
    }
    clearTimeout(this.telling);
    for (const name of ["task", ...travels]) this.host.setView(name, ""); // of a lab that is shut nothing travels
  }
  _name() {
    if (!this.said) this.host.setView("task", !this.open || this.open === this.tasks[0] ? "" : this.open.key);
  }

  /** Opens a task. @param {Task} task */
  turn(task) {
    this.open = task;
    this.tasks.forEach((one, i) => {
      this.buttons[i].setAttribute("aria-selected", String(one === task));
      this.buttons[i].tabIndex = 0;
    });
    this.box.dataset.task = task.key;
    this.left.replaceChildren(...task.nodes);
    this.right.replaceChildren(task.result.head, task.result.line, task.result.box);
    this._name();
    if (this.runShown) this.fill(task);
    this.ready();
  }
  /** A task that has no picture yet starts with the one that is picked, or the first. @param {Task} task */
  fill(task) {
    if (!task.begun) {
      task.begun = true;
      task.start();
    }
    return task.setRun();
  }

  /** Something has changed: whether the task that is open can run. */
  ready() {
    const { open, going } = this;
    if (!open) return;
    const { result } = open, why = open.why(), runs = going === open;
    this.tasks.forEach((task, i) => {
      this.buttons[i].classList.toggle("pg-task-never", Boolean(task.never));
      this.buttons[i].title = task.never || task.tip;
    });
    result.go.textContent = runs ? "stop" : "run";
    result.go.disabled = Boolean(going && !runs);
    result.go.classList.toggle("pg-task-waits", Boolean(why) && !runs);
    result.go.title = runs ? "Ends after the present step; what has formed stays" : why || open.tip;
    result.words.textContent = open.never ? `${open.never[0].toUpperCase()}${open.never.slice(1)}.` : open.empty;
    this.tell();
  }

  // ---- the link ----
  /** The task that is open as the page's link tells it. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(async () => {
      const { open } = this, told = this.said || !this.runShown || !open ? null : await open.link();
      if (told && open === this.open && !this.said) for (const name of travels) this.host.setView(name, String(told[name] ?? ""));
    }, TELL_MS);
  }
  /** What a link asks for is made again, and run; what it could not carry is named. */
  async restore() {
    const { said, open } = this;
    if (!said || !open) return;
    const left = ["image", "image2", "mask"].filter((name) => said[name] === NOT_CARRIED);
    const whole = await open.restore(Object.fromEntries(Object.entries(said).filter(([, v]) => v !== NOT_CARRIED)));
    this.said = null;
    this.ready();
    if (open !== this.open) return;
    const what = left.includes("mask") ? "mask" : "picture", why = open.why();
    if (left.length) open.result.say(`This link does not carry the ${what}, which is too large for an address: ${what === "mask" ? "paint it" : "pick, draw or upload it"}, then run.`);
    else if (!whole) open.result.say("What this link says of the picture or the numbers does not fit this model: choose them, then run.");
    else if (why) open.result.say(`The link is without this: ${why}, then run.`);
    else this.run(open);
  }

  // ---- runs ----
  /** A short task: all its packets, or null after saying what is wrong. @param {string} task @param {import("./ask.js").Params} params @param {Blob[]} files */
  async post(task, params, files) {
    const result = this.open?.result;
    try {
      const all = [];
      for await (const packet of ask(address(this.host.query, task, params), files)) all.push(packet);
      const plan = all[0].header;
      if (plan.kind === "task-plan") result?.say(plan.notes.join("; "));
      return all;
    } catch (error) {
      result?.fail(error);
      return null;
    }
  }
  /** Runs a task, or stops it. @param {Task} task */
  toggle(task) {
    if (this.going === task) this.aborter?.abort();
    else this.run(task);
  }
  /** @param {Task} task */
  async run(task) {
    const { result } = task, why = task.why();
    this.ready();
    if (why) return result.say(why);
    this.going = task;
    const { signal } = (this.aborter = new AbortController());
    this.ready();
    result.begin();
    const asked = this.runShown?.header.key ?? "", url = address({ ...this.host.query, ...task.query() }, task.key, task.params());
    try {
      for await (const packet of ask(url, await task.files(), signal)) {
        if (signal.aborted) break;
        if (packet.header.kind === "task-done") task.did = asked;
        result.told(packet);
      }
    } catch (error) {
      if (!aborted(error)) result.fail(error);
    }
    if (signal.aborted) result.say(`stopped after ${result.calls} model calls of this run; what has formed stays`);
    this.going = this.aborter = null;
    result.done = 0;
    this.ready();
  }
}

/** @type {import("../../page.js").Lab} */
export default {
  mount: (root, host) => new Tasks(root, host),
};
