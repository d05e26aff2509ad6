// One rule for every box that takes a number, in the form and in the labs, and for the form's boxes of words: nothing half-typed counts.
// What is typed counts on Enter, when the box is left, or when it is a whole value that may stand there and the hand has rested. Arrow keys,
// sliders and scripts count at once. A number out of bounds is said to be wrong while it stands, and on leaving becomes the nearest that is
// allowed; no number at all gives way to the one before. Escape takes the typing back.
//
// It stands between the hand and everyone who listens: an `input` event of a half-typed value goes no further than this file.
import { config } from "./start.js";

/**
 * @typedef {HTMLInputElement | HTMLTextAreaElement} Box
 * @typedef {{lo: number, hi: number, whole: boolean}} Bounds
 *
 * @typedef {object} State  of a box
 * @property {string} good  what counted last
 * @property {number} timer  runs while a whole value waits for the hand to rest
 * @property {boolean} dirty  has been typed in since
 * @property {boolean} wrong  what stands in it may not stand there
 * @property {boolean} refused  it counted, and was refused elsewhere
 */

const REST = 500, STAY = 4000; // ms
/** What Python declares of each control. @type {Map<string, import("../python.js").Control>} */
const told = new Map(config.controls.map((/** @type {import("../python.js").Control} */ control) => [control.id, control]));
/** @type {WeakMap<Box, State>} */
const states = new WeakMap();
/** The box whose event of ours is passing. @type {Box | null} */
let passing = null;
let waiting = 0;

/** @param {Box} box @returns {box is HTMLInputElement} */
const isNumber = (box) => box.type === "number";
/** @param {EventTarget | null} node @returns {node is Box} */
const isBox = (node) => (node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement) && node.matches("input[type=number], .pg-text :is(input, textarea)");
/** @param {Box} box */
function stateOf(box) {
  let state = states.get(box);
  if (!state) states.set(box, (state = { good: box.value, timer: 0, dirty: false, wrong: false, refused: false }));
  return state;
}
/** @param {number} v */
const number = (v) => v.toLocaleString("en", { maximumFractionDigits: 6 });

/** What Python declares of the control that a box belongs to. @param {Element} box */
function controlOf(box) {
  for (let node = /** @type {Element | null} */ (box); node; node = node.parentElement) if (told.has(node.id)) return told.get(node.id);
  return null;
}
/** Of a number box: what its field declares, or its own attributes. @param {HTMLInputElement} box @returns {Bounds} */
function boundsOf(box) {
  const { lo, hi, whole = false } = controlOf(box) ?? {};
  if (lo != null && hi != null) return { lo, hi, whole };
  return { lo: box.min === "" ? -Infinity : +box.min, hi: box.max === "" ? Infinity : +box.max, whole: box.inputMode === "numeric" };
}
/** In words. @param {Bounds} bounds */
function allowed({ lo, hi, whole }) {
  const kind = whole ? "a whole number" : "a number";
  if (lo === -Infinity && hi === Infinity) return kind;
  return hi === Infinity ? `${kind} from ${number(lo)}` : lo === -Infinity ? `${kind} up to ${number(hi)}` : `${kind} from ${number(lo)} to ${number(hi)}`;
}
/** What is wrong with what stands in a box, in words; "" if it may count. @param {Box} box */
function wrong(box) {
  if (!isNumber(box)) return "";
  const { lo, hi, whole } = boundsOf(box), v = Number(box.value);
  return box.value.trim() !== "" && Number.isFinite(v) && v >= lo && v <= hi && !(whole && v !== Math.round(v)) ? "" : allowed({ lo, hi, whole });
}

// ---- one line of words at the box ---------------------------------------------------------------------------------------------
const line = document.createElement("div");
line.className = "pg-said";
line.id = "pg-said";
line.setAttribute("role", "status");
let lineTimer = 0;
/** @type {Element | null} */
let lineFor = null;
/** Words at a box. @param {Element} box @param {string} words @param {number} [stay]  ms; 0: until they are taken back */
function say(box, words, stay = 0) {
  clearTimeout(lineTimer);
  lineTimer = 0;
  if (!line.isConnected) document.body.append(line);
  if (lineFor && lineFor !== box) lineFor.removeAttribute("aria-describedby");
  lineFor = box;
  line.textContent = words;
  line.classList.add("on");
  box.setAttribute("aria-describedby", line.id);
  place();
  if (stay) lineTimer = setTimeout(quiet, stay);
}
function place() {
  const box = lineFor;
  if (!box) return;
  const at = box.getBoundingClientRect(), own = line.getBoundingClientRect();
  line.style.left = `${Math.max(6, Math.min(innerWidth - own.width - 6, at.right - own.width))}px`;
  line.style.top = `${at.bottom + own.height + 10 < innerHeight ? at.bottom + 3 : at.top - own.height - 3}px`;
}
function quiet() {
  clearTimeout(lineTimer);
  lineTimer = 0;
  line.classList.remove("on");
  line.textContent = "";
  lineFor?.removeAttribute("aria-describedby");
  lineFor = null;
}
for (const moved of ["scroll", "resize"]) addEventListener(moved, place, { capture: true, passive: true });

/** Says what is wrong with a box; "" nothing. @param {Box} box @param {string} words */
function mark(box, words) {
  const bad = Boolean(words);
  stateOf(box).wrong = bad;
  if (bad) box.setAttribute("aria-invalid", "true");
  else box.removeAttribute("aria-invalid");
  if (bad) say(box, words);
  else if (lineFor === box && !lineTimer) quiet(); // what has been said of a value that gave way stays for its time
}

/** The nearest number that is allowed. @param {number} v @param {Bounds} bounds */
const nearest = (v, { lo, hi, whole }) => Math.max(lo, Math.min(whole ? Math.floor(hi) : hi, whole ? Math.round(v) : v));

// ---- counting -------------------------------------------------------------------------------------------------------------------
/** Past what a framework has put in the way of the value's own setter. @param {Box} box @param {string} value */
function write(box, value) {
  if (box.value !== value) Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value")?.set?.call(box, value);
}
/** What is typed does not count yet. @param {Box} box */
function hold(box) {
  const state = stateOf(box);
  if (state.timer) clearTimeout(state.timer), waiting--;
  state.timer = 0;
}
/** What stands in the box counts: everyone hears of it. @param {Box} box */
function count(box) {
  const state = stateOf(box);
  hold(box);
  state.dirty = false;
  state.good = box.value;
  mark(box, "");
  passing = box;
  try {
    box.dispatchEvent(new Event("input", { bubbles: true }));
  } finally {
    passing = null;
  }
}
/** The hand leaves: what is right counts, a number out of bounds becomes the nearest, the rest is taken back. @param {Box} box */
function settle(box) {
  const state = stateOf(box);
  if (!state.dirty && !state.wrong) {
    if (isNumber(box) && box.value !== "") write(box, String(Number(box.value))); // "1e2" is told as 100
    return;
  }
  hold(box);
  let words = "";
  if (state.wrong) {
    const typed = box.value.trim() === "" ? NaN : Number(box.value);
    if (Number.isFinite(typed) && isNumber(box) && !state.refused) {
      const bounds = boundsOf(box), v = nearest(typed, bounds);
      words = v === bounds.hi ? `set to ${number(v)}, the most` : v === bounds.lo ? `set to ${number(v)}, the least` : `set to ${number(v)}: whole numbers only`;
      write(box, String(v));
    } else {
      write(box, state.good);
      words = `back to ${state.good || "nothing"}`;
    }
  } else if (isNumber(box)) write(box, String(Number(box.value)));
  state.refused = false;
  count(box);
  if (words) say(box, words, STAY);
}

document.addEventListener("input", (e) => {
  const box = e.target;
  if (!isBox(box) || passing === box) return;
  const state = stateOf(box), words = wrong(box);
  hold(box);
  state.refused = false;
  // a hand that types tells how; arrow keys, the wheel and scripts do not, or say that they put another value in the old one's place
  const typed = e instanceof InputEvent && e.inputType !== "" && e.inputType !== "insertReplacementText";
  mark(box, words);
  if (!typed && !words) {
    state.dirty = false;
    state.good = box.value;
    return;
  }
  e.stopImmediatePropagation();
  state.dirty = true;
  if (words) return;
  waiting++;
  state.timer = setTimeout(() => count(box), REST);
}, true);
document.addEventListener("focusin", ({ target }) => {
  if (!isBox(target)) return;
  const state = stateOf(target);
  if (!state.dirty && !state.wrong) state.good = target.value;
  if (isNumber(target) && boundsOf(target).whole) target.inputMode = "numeric";
}, true);
document.addEventListener("focusout", ({ target }) => isBox(target) && settle(target), true);
document.addEventListener("keydown", (e) => {
  const box = e.target;
  if (!isBox(box) || e.isComposing) return;
  const state = stateOf(box);
  if (e.key === "Enter") settle(box);
  else if (e.key === "Escape" && (state.dirty || state.wrong)) {
    write(box, state.good);
    count(box);
    e.stopPropagation();
    e.preventDefault();
  }
}, true);

export const boxes = {
  /** Is a hand's typing about to count? */
  get waiting() { return waiting > 0; },
  /** Writes into a box as a script: it counts, whatever it is. @param {Box} box @param {string | number} value */
  set(box, value) {
    write(box, String(value));
    count(box);
  },
  /**
   * What counted has been refused: while the hand is in the box it stays to be mended, then it gives way to the value before. False: no hand.
   * @param {string} id  of its control
   * @param {string | number | boolean} value  the one before
   * @param {string} words
   */
  refuse(id, value, words) {
    const box = document.activeElement;
    if (!isBox(box) || controlOf(box)?.id !== id) return false;
    const state = stateOf(box);
    Object.assign(state, { good: String(value), refused: true });
    mark(box, words);
    return true;
  },
  say,
};

/** @param {string} id  of a control @param {string} inside */
const boxIn = (id, inside) => {
  const box = document.querySelector(`#${CSS.escape(id)} ${inside}`);
  return box instanceof HTMLInputElement || box instanceof HTMLTextAreaElement ? box : null;
};
/** @param {string} id  of a control @param {string} inside */
const checkIn = (id, inside) => /** @type {HTMLInputElement | null} */ (document.querySelector(`#${CSS.escape(id)} ${inside}`));
/** @param {Box | null} box @param {string | number} value */
const setBox = (box, value) => {
  if (!box || box.value === String(value)) return false;
  boxes.set(box, value);
  return true;
};
/** Writes into a Gradio number or slider as a person would; false: there is no box, or it says so already. @param {string} id  of the control @param {string | number} value */
export const setNumber = (id, value) => setBox(boxIn(id, "input[type=number]"), value);
/** The same for a text box. @param {string} id @param {string | number} value */
export const setText = (id, value) => setBox(boxIn(id, ":is(input, textarea)"), value);
/** The same for a radio. @param {string} id @param {string} value */
export const setRadio = (id, value) => {
  const radio = checkIn(id, `input[type=radio][value="${CSS.escape(value)}"]`);
  if (!radio || radio.checked) return false;
  radio.disabled = false; // it could not be chosen with what was chosen before
  radio.click();
  return true;
};
/** The same for a checkbox. @param {string} id @param {boolean} on */
export const setFlag = (id, on) => {
  const box = checkIn(id, "input[type=checkbox]");
  if (!box || box.checked === on) return false;
  box.click();
  return true;
};
