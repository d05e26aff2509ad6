// One rule for every box that takes a number, in the form and in the labs, and for the form's boxes of words: nothing half-typed counts.
// What is typed counts on Enter, when the box is left, or when it is a whole value that may stand there and the hand has rested. Arrow keys,
// sliders and scripts count at once. A number out of bounds is said to be wrong while it stands, and on leaving becomes the nearest that is
// allowed; no number at all gives way to the one before. Escape takes the typing back.
//
// It stands between the hand and everyone who listens: an `input` event of a half-typed value goes no further than this file.
import { config } from "./start.js";

const REST = 500, STAY = 4000; // ms
const told = new Map(config.controls.map((c) => [c.id, c])); // bounds, as Python declares them
const states = new WeakMap(); // box → {good, timer, dirty, wrong}
let passing = null, waiting = 0;

const isNumber = (box) => box.type === "number";
const isBox = (node) => node instanceof HTMLElement && (node.matches("input[type=number]") || node.matches(".pg-text :is(input, textarea)"));
const stateOf = (box) => states.get(box) || states.set(box, { good: box.value, timer: 0, dirty: false, wrong: false }).get(box);
const number = (v) => v.toLocaleString("en", { maximumFractionDigits: 6 });

function controlOf(box) {
  for (let node = box; node; node = node.parentElement) if (told.has(node.id)) return told.get(node.id);
  return null;
}
/** {lo, hi, whole} of a number box: what its field declares, or its own attributes. */
function boundsOf(box) {
  const { lo, hi, whole } = controlOf(box) || {};
  if (lo != null) return { lo, hi, whole };
  return { lo: box.min === "" ? -Infinity : +box.min, hi: box.max === "" ? Infinity : +box.max, whole: box.inputMode === "numeric" };
}
function allowed({ lo, hi, whole }) {
  const kind = whole ? "a whole number" : "a number";
  if (lo === -Infinity && hi === Infinity) return kind;
  return hi === Infinity ? `${kind} from ${number(lo)}` : lo === -Infinity ? `${kind} up to ${number(hi)}` : `${kind} from ${number(lo)} to ${number(hi)}`;
}
/** What is wrong with what stands in a box, in words; "" if it may count. */
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
let lineTimer = 0, lineFor = null;
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

function mark(box, words) {
  const bad = Boolean(words);
  stateOf(box).wrong = bad;
  bad ? box.setAttribute("aria-invalid", "true") : box.removeAttribute("aria-invalid");
  if (bad) say(box, words);
  else if (lineFor === box && !lineTimer) quiet(); // what has been said of a value that gave way stays for its time
}

// ---- counting -------------------------------------------------------------------------------------------------------------------
function write(box, value) {
  if (box.value !== value) Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, value);
}
function hold(box) {
  const state = stateOf(box);
  if (state.timer) clearTimeout(state.timer), waiting--;
  state.timer = 0;
}
/** What stands in the box counts: everyone hears of it. */
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
/** The hand leaves: what is right counts, a number out of bounds becomes the nearest, the rest is taken back. */
function settle(box) {
  const state = stateOf(box);
  if (!state.dirty && !state.wrong) return isNumber(box) && box.value !== "" ? write(box, String(Number(box.value))) : undefined; // "1e2" is told as 100
  hold(box);
  let words = "";
  if (state.wrong) {
    const { lo, hi, whole } = isNumber(box) ? boundsOf(box) : {}, typed = box.value.trim() === "" ? NaN : Number(box.value);
    if (Number.isFinite(typed) && lo != null && !state.refused) {
      const most = whole ? Math.floor(hi) : hi, v = Math.max(lo, Math.min(most, whole ? Math.round(typed) : typed));
      words = v === hi ? `set to ${number(v)}, the most` : v === lo ? `set to ${number(v)}, the least` : `set to ${number(v)}: whole numbers only`;
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
  const typed = typeof e.inputType === "string" && e.inputType !== "" && e.inputType !== "insertReplacementText";
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
  /** Writes into a box as a script: it counts, whatever it is. */
  set(box, value) {
    write(box, String(value));
    count(box);
  },
  /** What counted has been refused: while the hand is in the box it stays to be mended, then it gives way to the value before. False: no hand. */
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

/** Writes into a Gradio number, slider or radio as a person would. */
export const setNumber = (id, value) => {
  const input = document.querySelector(`#${CSS.escape(id)} input[type=number]`);
  if (input && input.value !== String(value)) boxes.set(input, value);
};
/** The same for a text box; false if it says so already. */
export const setText = (id, value) => {
  const box = document.querySelector(`#${CSS.escape(id)} :is(input, textarea)`);
  if (!box || box.value === String(value)) return false;
  boxes.set(box, value);
  return true;
};
export const setRadio = (id, value) => document.querySelector(`#${CSS.escape(id)} input[type=radio][value="${CSS.escape(value)}"]`)?.click();
