// Files that go out of the board and come in again.
import { hook } from "../form/hook.js";
import { el, targetOf } from "../lib/dom.js";

const COPIED = 1400, REVOKE = 10_000; // ms

/** @param {Blob} file @param {string} name */
export function download(file, name) {
  const a = el("a", { href: URL.createObjectURL(file), download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(a.href), REVOKE);
}

/** Words to the clipboard; the button says so for a moment. @param {string} words @param {HTMLElement} button */
export async function copyOf(words, button) {
  const was = button.textContent;
  hook.copied = words;
  await navigator.clipboard?.writeText(words).catch(() => {});
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = was), COPIED);
}

/** Lets one choose a file. @param {(file: File) => void} take */
export function fileFrom(take) {
  const chooser = el("input", { type: "file", accept: ".json", hidden: true, className: "pg-b-file" });
  chooser.setAttribute("aria-label", "A results.json or sweep.json");
  chooser.addEventListener("change", () => {
    if (chooser.files?.[0]) take(chooser.files[0]);
    chooser.remove();
  });
  chooser.addEventListener("cancel", () => chooser.remove());
  document.body.append(chooser);
  chooser.click();
}

/** Files of JSON that are dropped on the board; others hold a link, which the page opens. @param {HTMLElement} root @param {(file: File) => void} take */
export function drops(root, take) {
  root.addEventListener("drop", (e) => {
    const file = e.dataTransfer?.files[0];
    if (!file || targetOf(e, "input, textarea") || !/\.json$|^application\/json$/i.test(file.type || file.name)) return;
    e.preventDefault();
    document.documentElement.classList.remove("pg-file-over");
    take(file);
  });
}
