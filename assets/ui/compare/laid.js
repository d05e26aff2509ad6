// What can be laid over the selected stage's run: another stage's run, or the exact flow of its own particles.
import { aborted, messageOf } from "../form/transport.js";
import { locate } from "../stage/run.js";
import { pairsOf } from "./twins.js";

/** @typedef {import("../stage/run.js").Run} Run */
/** @typedef {import("../stage/stage.js").Stage} Stage */
/** @typedef {import("./twins.js").Pairs} Pairs */
/** @typedef {import("./twins.js").States} States */
/** @typedef {import("./twins.js").Moment} Moment */
/** @typedef {import("../lib/packet.js").Packet<import("../python.js").FlowHeader>} FlowPacket */

/** @typedef {object} Laid
 * @property {string} name  behind "over it: "
 * @property {string} colour
 * @property {boolean} alone  is only the selected stage seen with it?
 * @property {string} key  of what is laid over; another one, another curve
 * @property {States | null} states
 * @property {string} why  there are none
 * @property {(id: string) => Pairs | string} pairs  of a panel; or why not
 * @property {(hand: import("../stage/course.js").Hand) => Moment & {clock: number}} at  where it is when the page's clock stands there
 * @property {(points: number) => number[]} hands  where the curve of the mean length is read
 * @property {() => void} renew  the selected stage may show another run */

/** The even places of a course, from its start to its end. @param {Stage} lead @param {number} points */
function even({ course: { motion } }, points) {
  const { start, end } = motion ?? { start: 1, end: 0 };
  return Array.from({ length: points + 1 }, (_, k) => start + ((end - start) * k) / points);
}

/** Another stage's run. @implements {Laid} */
export class OtherRun {
  alone = true;

  /** @param {Stage} lead @param {import("./place.js").Place} place @param {number} n its number @param {string} colour */
  constructor(lead, place, n, colour) {
    this.lead = lead;
    this.place = place;
    this.name = `stage ${n}`;
    this.colour = colour;
  }

  get run() { return this.place.stage?.run ?? null; }
  get states() { return this.run; }
  get key() { return this.run?.key ?? ""; }
  get why() { return "the other run is still to come"; }

  /** @param {string} id */
  pairs(id) { return this.lead.run && this.run ? pairsOf(this.lead.run, this.run, id) : this.why; }

  /** @param {import("../stage/course.js").Hand} hand */
  at(hand) {
    const { run, stage } = { run: this.run, stage: this.place.stage };
    return run && stage ? run.facts(stage.course.own(hand)) : { i: 0, f: 0, clock: hand };
  }

  /** @param {number} points */
  hands(points) { return even(this.lead, points); }
  renew() {}
}

/** The exact flow of the selected run's particles, from where they began. @implements {Laid} */
export class ExactFlow {
  alone = false;
  name = "the exact flow";
  /** @type {FlowPacket | null} */
  packet = null;
  /** @type {States | null} */
  found = null;
  /** @type {ArrayLike<number>} */
  clock = [];
  /** The run that it was asked for. */
  asked = "";
  failed = "";
  /** @type {AbortController | null} */
  aborter = null;

  /** @param {Stage} lead @param {{fetch: (signal: AbortSignal) => Promise<FlowPacket>, told: () => void}} page */
  constructor(lead, page) {
    this.lead = lead;
    this.page = page;
  }

  get colour() { return this.lead.theme.exact; }
  get key() { return `flow ${this.packet?.header.key}`; }
  /** Of the run that is shown, if they are there. */
  get states() { return this.packet?.header.key === this.lead.run?.key ? this.found : null; }
  get why() { return this.failed || this.packet?.header.reason || "it is being computed"; }

  renew() {
    const { run } = this.lead;
    if (!run || run.key === this.asked) return;
    this.asked = run.key;
    this.ask(run.key);
  }

  /** @param {string} key */
  async ask(key) {
    this.aborter?.abort();
    const own = (this.aborter = new AbortController());
    this.failed = "";
    this.packet = this.found = null;
    try {
      const packet = await this.page.fetch(own.signal);
      if (key !== this.asked || packet.header.key !== key) return;
      this.packet = packet;
      this.read(packet);
    } catch (error) {
      if (aborted(error) || key !== this.asked) return;
      this.failed = messageOf(error);
    }
    this.page.told();
  }

  /** @param {FlowPacket} packet */
  read({ arrays }) {
    const { flow, clock } = arrays;
    if (!flow || !clock) return;
    const [frames, width, count] = flow.shape;
    this.clock = clock.data;
    this.found = { frames, count, z: flow.floats(), at: (i, c) => (i * width + c) * count };
  }

  /** @param {string} id */
  pairs(id) { return this.lead.run ? pairsOf(this.lead.run, this.lead.run, id) : this.why; }

  /** As late as the run is shown. @param {import("../stage/course.js").Hand} hand */
  at(hand) {
    const { run, course } = this.lead, { clock } = run ? run.facts(course.own(hand)) : { clock: hand };
    return { ...locate(this.clock, clock), clock };
  }

  /** Where the run has states: between them it is drawn straight, and the flow bends. */
  hands() { return this.lead.run ? Array.from(this.lead.run.clock, (clock) => this.lead.course.hand(clock)) : []; }
}
