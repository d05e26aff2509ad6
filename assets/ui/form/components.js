// Gradio's components: what a hand puts in them is read from the document, tens of milliseconds before Gradio tells of it; what the page chooses is written
// into them as a hand would.
import { setFlag, setNumber, setRadio, setText } from "../lib/boxes.js";

/** @typedef {import("./query.js").Control} Control */
/** @typedef {import("./query.js").Value} Value */

const AHEAD = 1000; // ms in which what is heard of a component that a hand is in may be older

/** Writes into components.
 * @param {import("../pickers/pickers.js").Pickers} pickers @returns {(control: Control, value: Value) => boolean} see Chosen */
export const writer = (pickers) => (c, value) => {
  const picker = pickers.of(c.path) ?? pickers.of(`${c.kind}:${c.path}`);
  if (picker) return picker.set(String(value));
  if (c.type === "choice") return setRadio(c.id, String(value));
  if (c.type === "free") return setText(c.id, String(value));
  if (c.type === "flag") return setFlag(c.id, value === true);
  return c.type !== "pick" && setNumber(c.id, Number(value));
};

/** Sliders and number boxes: `moved` is called as soon as one of them says something else.
 * @param {import("./chosen.js").Chosen} chosen @param {{deaf: () => boolean, moved: () => void}} page deaf: what components say now is the page's own doing */
export function listen(chosen, { deaf, moved }) {
  const { byId } = chosen.grammar;
  /** The id of the component around an element. @param {EventTarget | null} target */
  const idOf = (target) => {
    for (let node = target instanceof Element ? target : null; node; node = node.parentElement) if (byId.has(node.id)) return node.id;
    return null;
  };
  document.addEventListener("input", ({ target }) => {
    if (deaf() || !(target instanceof HTMLInputElement) || !/^(range|number)$/.test(target.type)) return;
    if (target.value === "" || !Number.isFinite(+target.value)) return;
    const id = idOf(target);
    if (id === null) return;
    chosen.values[id] = Number(target.value);
    chosen.ahead.set(id, { value: chosen.values[id], until: performance.now() + AHEAD });
    moved();
  }, true);
  // a hand on a control: from here on what its component says is new
  document.addEventListener("pointerdown", ({ target }) => {
    for (let node = target instanceof Element ? target : null; node; node = node.parentElement) chosen.ahead.delete(node.id);
  }, true);
}
