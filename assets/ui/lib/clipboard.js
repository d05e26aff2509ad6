// Words to the clipboard.
import { el } from "./dom.js";

const COPIED = 1400; // ms

/** @type {WeakMap<HTMLElement, {words: string, timer: number}>} */
const copied = new WeakMap();

/** Words to the clipboard; the button says so for a moment. @param {string} words @param {HTMLElement} button */
export async function copy(words, button) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    const box = el("textarea", { value: words, className: "pg-offscreen" });
    document.body.append(box);
    box.select();
    document.execCommand("copy"); // plain http has no clipboard
    box.remove();
  }
  const was = copied.get(button) ?? { words: button.textContent ?? "", timer: 0 };
  button.style.minWidth = `${button.offsetWidth}px`;
  button.textContent = "Copied";
  clearTimeout(was.timer);
  was.timer = setTimeout(() => (button.textContent = was.words), COPIED);
  copied.set(button, was);
}
