// The stage: particles, exact fields and one cursor in time, drawn on a Canvas2D from the packets of docs/packet.md.
//
// It joins its parts and is what the page talks to: what was sent (run.js), who owns time (clock.js), what is drawn when (picture.js) and kept
// (painter.js), which layers are on (shown.js), what the hand does (input.js, pin.js), what stands around the picture (frame.js).
import { Clock } from "./clock.js";
import { STILL, alone } from "./course.js";
import { Teller } from "./events.js";
import { Frame } from "./frame.js";
import { Keyboard, Pointer } from "./input.js";
import { LAYERS } from "./layers.js";
import { framed, painterOf } from "./painter.js";
import { Picture } from "./picture.js";
import { Pin } from "./pin.js";
import { Fields, Run } from "./run.js";
import { Shown } from "./shown.js";

/** @typedef {import("./run.js").Facts} Facts */
/** @typedef {import("../page.js").PinPoint} PinPoint */

const FADE_MS = 400; // so long may the fields of the run before be shown in full strength

class Stage extends Teller {
  /** @param {HTMLElement} root
   * @param {Stage | null} [beside]  the stage that it stands beside, which has the clock, the words of the layers, the time bar and the keyboard */
  constructor(root, beside = null) {
    super();
    this.root = root;
    /** @type {Run | null} */
    this.run = null;
    /** @type {Fields | null} */
    this.fields = null;
    /** @type {PinPoint | null} */
    this.pin = null;
    /** How far a run is from the truth, for captions. @type {{key: string, words: string} | null} */
    this.far = null;
    /** A lab's own layer. @type {import("./panel.js").Overlay | null} */
    this.overlay = null;
    /** Another run's particles, over this one's. @type {import("./panel.js").Overlay | null} */
    this.twins = null;
    this.images = false; // are there images beside the plane?
    this.hover = -1; // the particle under the pointer
    this.keysTaken = 0; // so many of the digits' keys are not for layers
    this.laid = ""; // the panels that were laid out
    this.shown = new Shown(() => this._shownChanged());
    /** How the clock is the run's. */
    this.course = STILL;
    /** What it is with a new run. */
    this.courseOf = alone;
    this.clock = beside?.clock ?? new Clock(
      {
        moved: () => this._moved(), changed: () => this.frame.bar.show(), settled: () => this.settle(),
        speed: (speed) => this.emit("speed", speed), loop: (on) => this.emit("loop", on),
      },
      matchMedia("(prefers-reduced-motion: reduce)").matches,
    );
    this.frame = new Frame(this);
    this.picture = new Picture(this);
    this.hand = new Pin(this);
    this.frame.watch(this.picture);
    new Pointer(this);
    if (!beside) {
      this.frame.furnish();
      new Keyboard(this);
    }
    const beat = beside ? () => {} : (/** @type {number} */ now) => this.clock.tick(now);
    /** @param {number} now */
    const tick = (now) => {
      requestAnimationFrame(tick);
      beat(now);
      this.picture.tick(now);
    };
    requestAnimationFrame(tick);
  }

  // -- data --

  /** @param {import("./run.js").RunPacket} decoded */
  setRun(decoded) {
    const run = new Run(decoded), before = this.run, { fields } = this;
    this.run = this.shown.run = run;
    this.frame.showForming();
    if (fields && before?.geometry !== run.geometry && fields.geometry !== run.geometry) this.fields = null;
    if (this.fields) this._age(this.fields, run);
    if (this.hover >= run.count) this.hover = -1;
    this.course = this.courseOf(run);
    if (this.course.motion) this.clock.setRun(this.course.motion);
    if (!before) this.root.classList.remove("pg-waiting");
    this.frame.legend.show(); // before the layout, which asks whether it fits
    const panels = JSON.stringify(run.panels);
    if (panels !== this.laid) {
      this.laid = panels;
      this.picture.layout();
    }
    this.hand.settle();
    this.frame.show();
    this.frame.showDivergence(run);
    this.touch(true);
    this.emit("level", run.header.level);
    this.frame.describe();
  }

  /** Its picture is of nothing that is asked for now. */
  forget() {
    this.run = this.shown.run = this.fields = null;
    this.root.classList.add("pg-waiting");
    this.picture.layout();
  }

  /** Fields of another run fade, but not at once: while a hand moves something they come a moment after each run.
   * @param {Fields} fields
   * @param {Run} run */
  _age(fields, run) {
    fields.stale = !fields.fits(run);
    if (!fields.stale) fields.faded = false;
    else if (!fields.faded) fields.fading ||= window.setTimeout(() => {
      fields.fading = 0;
      fields.faded = fields.stale;
      this.touch(true);
    }, FADE_MS);
  }

  /** False: they are of another run.
   * @param {import("./run.js").FieldsPacket} decoded */
  setFields(decoded) {
    const fields = new Fields(decoded), { run, fields: old } = this;
    if (!run || !fields.fits(run)) return false;
    const joins = old && !old.stale && old.fits(run) && old.clock.length === fields.clock.length && old.geometry === fields.geometry;
    if (joins) old.merge(decoded);
    else this.fields = fields;
    this.touch(true);
    return true;
  }

  /** Arrays of the server that the visible layers need; the host puts them into its requests. */
  wants() {
    return this.shown.wants();
  }

  /** @param {import("../python.js").LayerInfo} layer */
  _has({ packet, arrays }) {
    if (packet === "run") return Boolean(this.run?.arrays[arrays]);
    return Boolean(this.fields && !this.fields.stale && this.fields.has(arrays));
  }

  // -- time: clock.js --

  /** The run's own clock. */
  get cursor() {
    return this.course.own(this.clock.cursor);
  }

  set cursor(clock) {
    this.clock.cursor = this.course.hand(clock);
  }

  _moved() {
    this.picture.touch();
    this.emit("moved", undefined);
  }

  get playing() {
    return this.clock.playing;
  }

  get mode() {
    return this.clock.mode;
  }

  get end() {
    return this.clock.end;
  }

  get speed() {
    return this.clock.speed;
  }

  set speed(speed) {
    this.clock.speed = speed;
  }

  get loop() {
    return this.clock.loop;
  }

  set loop(on) {
    this.clock.loop = on;
  }

  /** @param {number} clock */
  seek(clock) {
    this.clock.seek(this.course.hand(clock));
  }

  /** A hand holds the cursor: it settles when it lets go.
   * @param {number} clock */
  scrub(clock) {
    this.clock.scrub(this.course.hand(clock));
  }

  play() {
    this.clock.play();
  }

  pause() {
    this.clock.pause();
  }

  /** @param {number} by */
  step(by) {
    this.clock.step(by);
  }

  /** @param {"forward" | "reverse"} mode */
  askMode(mode) {
    if (mode !== this.mode) this.emit("toggle-mode", mode);
  }

  /** The hand has let go: fine pixels, and what is shown is told of. */
  settle() {
    const { run, cursor } = this;
    this.picture.setCoarse(false);
    this.frame.describe();
    if (run) this.emit("settle", { ...run.facts(cursor), at: this.course.short(this.clock.cursor) });
  }

  // -- what is shown: shown.js --

  get layers() {
    return this.shown.layers;
  }

  get colour() {
    return this.shown.colour;
  }

  /** @param {Iterable<string>} names */
  setLayers(names) {
    this.shown.set(names);
    this.emit("layers", this.layers);
  }

  /** @param {string} key */
  toggleLayer(key) {
    const on = this.shown.toggle(key), layer = LAYERS.find((l) => l.key === key);
    this.emit("layers", this.layers);
    if (on && layer?.arrays && !this._has(layer)) this.emit("want", this.wants());
  }

  /** @param {string} how  "class": particles in the colours of their classes */
  setColor(how) {
    this.shown.setColour(how);
    this.emit("color", this.colour === "class" ? "class" : "");
  }

  toggleColour() {
    if (!this.shown.why("classes")) this.setColor(this.colour === "class" ? "" : "class");
  }

  _shownChanged() {
    this.frame.legend.show();
    this.touch(true);
  }

  /** @param {number} n  the particle under the pointer; −1: none */
  pointAt(n) {
    if (n === this.hover) return;
    this.hover = n;
    this.touch();
  }

  /** Words for the link, or a pin to come from a link; what is wrong with them is said in a notice.
   * @param {string} words */
  setPin(words) {
    const complaint = this.hand.want(words);
    if (complaint) this.emit("notice", { kind: "warning", message: complaint });
  }

  /** @param {PinPoint | null} pin */
  pinTo(pin) {
    if (!pin && !this.pin) return;
    this.pin = pin;
    this.emit("pin", pin);
    this.touch();
  }

  // -- what stands around the picture: frame.js --

  get ui() {
    return this.frame.ui;
  }

  get keys() {
    return this.frame.keys;
  }

  /** @param {Parameters<Frame["forming"]>[0]} at */
  setForming(at) {
    this.frame.forming(at);
  }

  /** Images stand on the left of the plane, or above it where there is little room.
   * @param {boolean} on */
  setImages(on) {
    this.images = on;
    this.root.classList.toggle("pg-with-images", on);
    this.frame.showForming();
    this.picture.layout();
  }

  get imagesRect() {
    return this.picture.imagesRect;
  }

  /** @param {boolean} on */
  setBusy(on) {
    this.frame.busy(on);
  }

  /** Shows words over the picture until they are taken away: what wants to say something emits "notice".
   * @param {import("../page.js").Notice} notice */
  notice(notice) {
    this.frame.toast.show(notice, "notice");
  }

  clearNotice() {
    this.frame.toast.free("notice");
  }

  /** Why there is no first picture.
   * @param {string} words */
  setEmpty(words) {
    this.frame.empty.textContent = words;
  }

  // -- drawing: picture.js --

  get panels() {
    return this.picture.panels;
  }

  get painted() {
    return this.picture.painted;
  }

  get theme() {
    return this.picture.theme;
  }

  get dirty() {
    return this.picture.dirty;
  }

  /** What is shown is out of date; still: what does not move, too. */
  touch(still = false) {
    this.picture.touch(still);
  }

  /** The moment and what is drawn of it, read back from the screen. */
  drawn() {
    return this.run && { ...this.run.facts(this.cursor), panels: this.picture.drawn() };
  }

  // -- pictures to keep: painter.js --

  /** @param {number} width
   * @param {number} height
   * @param {number} scale */
  painter(width, height, scale) {
    if (!this.run) throw new Error("nothing to draw yet");
    return painterOf(this, this.run, width, height, scale);
  }

  /** @param {HTMLCanvasElement} picture
   * @param {number} cursor
   * @param {string} what */
  framed(picture, cursor, what, first = "") {
    if (!this.run) throw new Error("nothing to draw yet");
    return framed(this, this.run, picture, cursor, what, first);
  }

  /** The stage as it is now, twice as fine, as a PNG.
   * @returns {Promise<Blob>} */
  async toBlob() {
    const { size } = this.picture;
    if (!size) throw new Error("nothing to draw yet");
    const canvas = this.painter(size.width, size.height + 60, 2)(this.cursor);
    return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"));
  }
}

export { Stage };
