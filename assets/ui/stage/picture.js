// What is drawn when: the canvas and its size, where panels stand on it, one picture of the moment, and how fine it is.
import { penOf } from "../lib/dom.js";
import { themeOf, unit } from "../lib/draw.js";
import { clamp } from "../lib/numbers.js";
import { naturalHeight } from "./arrange.js";
import { panelsOf } from "./panels.js";
import { locate } from "./run.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./panel.js").Scene} Scene */
/** @typedef {import("./geometry.js").Rect} Rect */

const SLOW_MS = 28; // a longer interval between pictures than this counts as slow
const JUMP_MS = 150; // a state that is held gives way to the next with a fade of this length
const FEW = 40; // with more states than this a fade would never end
const MID = 840; // below this width the time bar is all slider
const NARROW = 700; // a stage below this width has its legend in one scrolling row
const WINDOW_NARROW = 820; // in a window below this width panels are stacked
const FOOT = 20; // a line below the panels for the notes
const NOWHERE = { i: 0, f: 0 };

class Picture {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.ctx = penOf(stage.ui.canvas);
    this.theme = themeOf(stage.ui.view, this.ctx);
    /** @type {import("./panels.js").AnyPanel[]} */
    this.panels = [];
    /** In CSS pixels; null: it has no room yet. @type {{width: number, height: number} | null} */
    this.size = null;
    this.scale = 1; // pixels of the canvas for one of CSS
    this.coarse = false; // plain pixels, since the machine cannot keep up with fine ones
    /** Where images stand, where there are some. @type {Rect | null} */
    this.imagesRect = null;
    this.version = 0; // counts whatever makes still pictures out of date
    this.dirty = false;
    /** What is on the screen: of which run, and how many pictures there were. */
    this.painted = { key: /** @type {string | null} */ (null), seq: /** @type {number | null} */ (null), fieldsKey: /** @type {string | null} */ (null), count: 0, at: 0 };
    /** Times of recent pictures. @type {number[]} */
    this.paints = [];
    this.told = ""; // run and cursor that were told of last
    /** What was painted last. @type {{run: import("./run.js").Run, frame: number} | null} */
    this.before = null;
    /** When a held state gave way to the next. @type {number | null} */
    this.left = null;
    /** The picture of that state. @type {HTMLCanvasElement | null} */
    this.ghost = null;
  }

  /** What is shown is out of date; still: what does not move, too. */
  touch(still = false) {
    if (still) this.version++;
    this.dirty = true;
  }

  /** The page may have other colours or larger letters. */
  readTheme() {
    const theme = themeOf(this.stage.ui.view, this.ctx);
    const same = JSON.stringify(theme) === JSON.stringify(this.theme);
    this.theme = theme;
    if (same) return;
    this.stage.frame.bar.drawTicks();
    this.touch(true);
  }

  // -- where things stand --

  layout() {
    const { stage } = this, { run, root, ui: { view, canvas, head }, frame: { legend } } = stage;
    const narrow = view.clientWidth < NARROW, around = root.clientWidth; // several stages stand in one root
    root.classList.toggle("pg-narrow", around < NARROW);
    root.classList.toggle("pg-mid", around >= NARROW && around < MID * unit());
    // one row of words: the last one gives way to its mark where letters are wide
    root.classList.remove("pg-tight");
    if (around >= NARROW && legend.box.offsetHeight > 1.6 * legend.colour.offsetHeight) root.classList.add("pg-tight");
    const tall = run !== null && (run.panels.length > 1 || run.panels[0].kind === "torus"); // a torus is a square, which wants the whole width
    const stacked = narrow && tall && (window.innerWidth < WINDOW_NARROW || view.clientWidth < 420);
    root.classList.toggle("pg-stacked", stacked);
    view.style.minHeight = stacked ? `${Math.round(head.offsetHeight + view.clientWidth * run.panels.reduce((sum, p) => sum + naturalHeight(p), 0))}px` : "";
    const width = view.clientWidth, height = view.clientHeight, top = head.offsetHeight + 8;
    if (!width || !height) return;
    this.imagesRect = stage.images ? imagesRect(width, height, top, narrow) : null;
    stage.emit("layout", undefined);
    this.scale = this.coarse ? 1 : clamp(window.devicePixelRatio || 1, 1, 2);
    canvas.width = Math.round(width * this.scale);
    canvas.height = Math.round(height * this.scale);
    this.size = { width, height };
    if (run) this.panels = panelsOf(run.panels, width, height - this._foot(run), top, stacked, run.header.image ? this.imagesRect : null);
    stage.hand.place();
    this.touch(true);
    if (run) this.paint(performance.now()); // a resized canvas is empty: fill it before it is seen
  }

  /** Height of the line for the notes; a lone plane has them in a corner of the picture.
   * @param {import("./run.js").Run} run */
  _foot({ panels }) {
    const alone = panels.length === 1 && panels[0].kind === "plane";
    this.stage.root.classList.toggle("pg-alone", alone);
    return alone ? 0 : FOOT;
  }

  // -- drawing --

  /** What is shown at a cursor.
   * @param {import("./run.js").Run} run
   * @param {number} scale
   * @returns {Scene} */
  scene(run, scale, cursor = this.stage.cursor) {
    const { stage } = this, { fields } = stage, moment = run.facts(cursor), { clock } = moment;
    return {
      run, fields, faded: fields !== null && fields.faded, shown: stage.shown.visible(), scale, cursor, moment, clock, theme: this.theme, version: this.version, hover: stage.hover, pin: stage.pin,
      twins: stage.twins, overlay: stage.overlay, byClass: stage.colour === "class", at: { i: moment.i, f: moment.f }, fieldAt: fields ? locate(fields.clock, clock) : NOWHERE,
    };
  }

  /** Called before each picture of the screen: draws where something is out of date.
   * @param {number} now  ms */
  tick(now) {
    if (this.dirty && this.stage.run && this.size) this.paint(now);
  }

  /** @param {number} now */
  paint(now) {
    const { ctx, scale, size, stage } = this, { run } = stage;
    this.dirty = false;
    if (!run || !size) return;
    const scene = this.scene(run, scale), info = scene.moment;
    this._leave(scene, now);
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, size.width, size.height);
    this.panels.forEach((panel) => panel.draw(ctx, scene));
    this._fade(ctx, size, now);
    stage.frame.showTime(info);
    this._count(run, now);
    const news = `${run.key}|${run.header.seq}|${scene.cursor}`;
    if (news === this.told) return;
    this.told = news;
    stage.emit("cursor", info);
  }

  /** While it plays, a state that jumped fades out: what was painted last is laid over the new picture and vanishes.
   * @param {Scene} scene
   * @param {number} now */
  _leave({ run, moment }, now) {
    const { before } = this, { clock } = this.stage;
    this.before = { run, frame: moment.frame };
    const jumped = before && before.run === run && before.frame !== moment.frame && moment.held;
    if (!jumped || !clock.playing || clock.calm || this.coarse || run.frames > FEW) return;
    const { canvas } = this.stage.ui, sheet = (this.ghost ||= document.createElement("canvas"));
    Object.assign(sheet, { width: canvas.width, height: canvas.height });
    penOf(sheet).drawImage(canvas, 0, 0);
    this.left = now;
  }

  /** @param {CanvasRenderingContext2D} ctx
   * @param {{width: number, height: number}} size
   * @param {number} now */
  _fade(ctx, size, now) {
    const share = this.left === null || !this.stage.clock.playing ? 0 : 1 - (now - this.left) / JUMP_MS;
    if (!(share > 0) || !this.ghost) {
      this.left = null;
      return;
    }
    ctx.globalAlpha = share;
    ctx.drawImage(this.ghost, 0, 0, size.width, size.height);
    ctx.globalAlpha = 1;
    this.dirty = true;
  }

  // -- how fast it is --

  /** @param {import("./run.js").Run} run
   * @param {number} now */
  _count(run, now) {
    const { painted, paints } = this, { fields } = this.stage;
    painted.key = run.key;
    painted.seq = run.header.seq;
    painted.fieldsKey = fields && !fields.stale ? run.key : null;
    painted.count++;
    painted.at = now;
    paints.push(now);
    if (paints.length > 120) paints.shift();
    this._pace();
  }

  // A machine that cannot keep up with fine pixels gets plain ones while the picture moves, and fine ones again at rest.
  _pace() {
    if (this.coarse || !this.stage.clock.playing || this.scale <= 1 || this.paints.length < 40) return;
    const recent = this.paints.slice(-30);
    if (recent[29] - recent[0] < 29 * SLOW_MS || recent[29] - recent[0] > 29 * 200) return;
    this.setCoarse(true);
  }

  /** @param {boolean} coarse */
  setCoarse(coarse) {
    if (this.coarse === coarse) return;
    this.coarse = coarse;
    this.paints.length = 0;
    this.layout();
  }

  /** What is drawn now, read back from the screen's positions: of each panel the particles' coordinates in its axes; a: null where the clock
   * stands across. */
  drawn() {
    /** @param {Float32Array} pixels
     * @param {import("./geometry.js").Scale} scale */
    const read = (pixels, { k, o }) => Array.from(pixels, (p) => (p - o) / k);
    return this.panels.map((panel) => ({ id: panel.spec.id, a: panel.spec.a ? read(panel.xs, panel.toX) : null, b: read(panel.ys, panel.toY) }));
  }
}

/** Images stand on the left of the plane; narrow: there is no room for the plane.
 * @param {number} width
 * @param {number} height
 * @param {number} head
 * @param {boolean} narrow
 * @returns {Rect} */
function imagesRect(width, height, head, narrow) {
  return { x: 0, y: head, w: narrow ? width : Math.round(Math.min(0.64 * width, height - head + 20)), h: height - head };
}

export { NARROW, Picture };
