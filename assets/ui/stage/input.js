// What the hand does: the pointer on the picture (scrub, point at a particle, pin) and the keys of the page.
import { contains } from "../lib/draw.js";
import { LAYER_KEYS } from "./layers.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./panels.js").AnyPanel} AnyPanel */

const TAP = 6; // a hand that moved less than this has clicked
const NEAR = 9; // a particle is pointed at from so far

// what has keys of its own: while the keyboard is there the stage hears none
const OWN_KEYS = ["input", "textarea", "select", "dialog", "[contenteditable]", ...["combobox", "dialog", "grid", "listbox", "menu", "menubar", "menuitem", "option",
  "radio", "radiogroup", "searchbox", "slider", "spinbutton", "tab", "tablist", "textbox", "tree"].map((role) => `[role=${role}]`)].join(", ");
// what lies open over the page takes all of them, wherever the keyboard is
const isOpen = () => [...document.querySelectorAll(".pg-pop, [role=menu], dialog[open], [aria-modal=true]:not(.pg-help)")].some((node) => node.getClientRects().length);

class Pointer {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** Where it went down. @type {{panel: AnyPanel, x: number, y: number} | null} */
    this.down = null;
    const { canvas } = stage.ui;
    canvas.addEventListener("pointerdown", (e) => this._down(e));
    canvas.addEventListener("pointermove", (e) => this._move(e));
    canvas.addEventListener("pointerup", (e) => this._up(e));
    canvas.addEventListener("pointercancel", () => (this.down = null));
    canvas.addEventListener("pointerleave", () => this._hover(null, 0, 0));
  }

  /** @param {PointerEvent} e */
  _at(e) {
    const box = this.stage.ui.canvas.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  }

  /** @param {number} x
   * @param {number} y */
  _panelAt(x, y) {
    return this.stage.panels.find((panel) => contains(panel.rect, x, y)) ?? null;
  }

  /** @param {PointerEvent} e */
  _down(e) {
    if (e.button) return;
    const [x, y] = this._at(e), panel = this._panelAt(x, y);
    if (!panel || !this.stage.run) return;
    this.down = { panel, x, y };
    this.stage.ui.canvas.setPointerCapture(e.pointerId);
    if (panel.scrubs && e.pointerType === "mouse") this.stage.scrub(panel.clockAt(x));
  }

  /** @param {PointerEvent} e */
  _move(e) {
    const [x, y] = this._at(e), { down } = this;
    if (down?.panel.scrubs) return this.stage.scrub(down.panel.clockAt(x));
    if (!down && e.pointerType === "mouse") this._hover(this._panelAt(x, y), x, y);
  }

  /** @param {PointerEvent} e */
  _up(e) {
    const [x, y] = this._at(e), { down } = this;
    this.down = null;
    if (!down) return;
    const { panel } = down;
    if (panel.scrubs) {
      this.stage.scrub(panel.clockAt(x));
      this.stage.settle();
    }
    if (Math.hypot(x - down.x, y - down.y) < TAP) this._pin(panel, x, y);
  }

  /** @param {AnyPanel | null} panel
   * @param {number} x
   * @param {number} y */
  _hover(panel, x, y) {
    const { stage } = this;
    stage.ui.canvas.style.cursor = !panel ? "" : panel.scrubs ? "ew-resize" : "crosshair";
    stage.pointAt(panel && stage.shown.on.has("particles") ? panel.nearest(x, y, NEAR) : -1);
  }

  /** A click near the pin takes it away: pin.js.
   * @param {AnyPanel} panel
   * @param {number} x
   * @param {number} y */
  _pin(panel, x, y) {
    const { stage } = this, { run } = stage;
    if (!run || run.header.image || !panel.spec.pins || !contains(panel.box, x, y)) return;
    stage.pinTo(stage.hand.under(panel, x, y, run.facts(stage.cursor).clock));
  }
}

class Keyboard {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    document.addEventListener("keydown", (e) => this._key(e));
  }

  /** @param {KeyboardEvent} e */
  _key(e) {
    const { stage } = this, { keys, bar } = stage.frame;
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || !stage.root.getClientRects().length) return;
    if (e.key === "Escape") return isOpen() ? undefined : this._escape(e);
    if (keys.open) return e.key === "?" ? keys.hide() : undefined;
    const target = e.target instanceof Element ? e.target : document.body;
    const owner = target.closest(OWN_KEYS);
    if (owner && owner !== bar.range) return;
    if (isOpen()) return;
    if (e.key === " " && target.closest("button, a, summary, [role=button], [role=checkbox], [role=switch]")) return;
    const act = this._action(e.key, e.shiftKey);
    if (!act) return;
    e.preventDefault();
    act();
  }

  /** @param {KeyboardEvent} e */
  _escape(e) {
    const { stage } = this, { keys, toast } = stage.frame;
    if (keys.open) keys.hide();
    else if (toast.open) toast.hide();
    else if (stage.pin) stage.pinTo(null);
    else return;
    e.preventDefault();
  }

  /** @param {string} key
   * @param {boolean} shift
   * @returns {(() => void) | undefined} */
  _action(key, shift) {
    const { stage } = this, { clock } = stage;
    if (/^[1-9]$/.test(key)) return () => (Number(key) <= stage.keysTaken ? stage.emit("number", Number(key)) : stage.toggleLayer(LAYER_KEYS[Number(key) - 1]));
    /** @type {Record<string, () => void>} */
    const actions = {
      " ": () => clock.toggle(),
      ArrowLeft: shift ? () => clock.seek(Math.max(clock.start, clock.end)) : () => clock.stepRight(-1),
      ArrowRight: shift ? () => clock.seek(Math.min(clock.start, clock.end)) : () => clock.stepRight(1),
      "[": () => clock.faster(-1),
      "]": () => clock.faster(1),
      l: () => (clock.loop = !clock.loop),
      c: () => stage.toggleColour(),
      r: () => stage.askMode(clock.mode === "forward" ? "reverse" : "forward"),
      "?": () => stage.frame.keys.toggle(),
    };
    return actions[key] || actions[key.toLowerCase()];
  }
}

export { Keyboard, Pointer };
