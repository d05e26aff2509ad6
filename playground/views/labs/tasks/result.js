// The right side of a task: the button that runs it, how far it is, its strip and its numbers.
import { edges } from "../../images/draw.js";
import { box, button, group } from "./controls.js";
import { progress, spentOn } from "./said.js";
import { Strip } from "./strip.js";

/** @typedef {import("./ask.js").TaskPacket} TaskPacket */
/** @typedef {import("./strip.js").Kind} Kind */

/** @type {[Kind, string, string][]} */
const KINDS = [["x", "x<sub>t</sub>", "The sampler’s states while they form"], ["x0", "x̂<sub>0</sub>", "What the model expects behind each state"]];

/**
 * A packet as what it is: its header's kind says so.
 * @template {TaskPacket["header"]} H
 * @param {TaskPacket} packet
 * @param {H} header
 */
const of = (packet, header) => /** @type {import("../../lib/packet.js").Packet<H>} */ ({ ...packet, header });

export class Result {
  began = 0;
  /** Model calls of the run so far. */
  calls = 0;

  /**
   * @param {import("./task.js").Task} task
   * @param {import("./lab.js").Tasks} lab
   */
  constructor(task, lab) {
    this.task = task;
    this.strip = new Strip();
    this.go = button("run", "", () => lab.toggle(task), "pg-task-go");
    this.said = box("span", "pg-task-said");
    this.said.setAttribute("role", "status");
    this.kinds = group("What forms");
    for (const [kind, html, title] of KINDS) {
      const b = button("", title, () => this.show(kind));
      b.innerHTML = html;
      b.dataset.kind = kind;
      this.kinds.append(b);
    }
    this.save = button("PNG", "Saves the strip with its words", async () => lab.host.save(await this.strip.toBlob(), `${task.key}.png`));
    this.save.hidden = this.kinds.hidden = true;
    this.head = box("div", "pg-task-bar", this.go, this.said, this.kinds, this.save);
    this.line = box("div", "pg-task-line");
    this.words = box("p", "pg-task-empty", task.empty);
    this.numbers = box("p", "pg-task-note pg-task-numbers");
    this.notes = box("p", "pg-task-note", task.note);
    this.numbers.hidden = this.notes.hidden = true;
    this.box = box("div", "pg-task-results", this.words, this.strip.box, this.numbers, ...task.beside, this.notes);
    edges(this.box, "result of the task");
    this.show("x0");
  }

  /** @param {Kind} kind */
  show(kind) {
    this.strip.show(kind);
    for (const b of this.kinds.children) b.setAttribute("aria-pressed", String(b instanceof HTMLElement && b.dataset.kind === kind));
  }

  /** @param {string} words */
  say(words) {
    this.said.textContent = words;
    this.said.classList.remove("bad");
  }
  /** @param {unknown} error */
  fail(error) {
    this.said.textContent = error instanceof TypeError ? "The server does not answer. Try again." : /** @type {Error} */ (error).message;
    this.said.classList.add("bad");
  }
  /** @param {number} share of the task that is done */
  set done(share) {
    this.line.style.setProperty("--done", String(share));
  }

  begin() {
    this.began = this.calls = 0;
    this.say("starting …");
  }
  /** What the server tells while a task runs. @param {TaskPacket} packet */
  told(packet) {
    const { header } = packet, { task, strip } = this;
    switch (header.kind) {
      case "task-plan":
        strip.plan(header, task.named && header.rows.some(Boolean));
        task.planned(strip);
        this.words.hidden = true;
        this.save.hidden = this.kinds.hidden = false;
        fill(this.notes, [...header.notes, task.note].filter(Boolean).join(" · "));
        fill(this.numbers, "");
        this.began = performance.now();
        break;
      case "task-step":
        strip.step(of(packet, header));
        if (header.done == null) break;
        this.calls = header.calls ?? 0;
        this.done = header.done;
        this.say(progress(header, (performance.now() - this.began) / 1000));
        break;
      case "task-captions":
        strip.captions(header.captions);
        task.points(header.points);
        break;
      case "task-done":
        strip.settle();
        task.points(header.points);
        fill(this.numbers, task.numbers(header));
        this.say(spentOn(header));
    }
  }
}

/** Words where there are some. @param {HTMLElement} place @param {string} words */
function fill(place, words) {
  place.textContent = words;
  place.hidden = !words;
}
