// Ctrl-Z and Ctrl-Shift-Z (of a Mac: Cmd) over whole experiments. What is undone is the browser's own history: every experiment that was shown is a page of it.
import { targetOf } from "../lib/dom.js";

// what is typed has its own undoing; in what lies open over the page nothing is undone
const TYPED = ":is(input, textarea):not([type=range], [type=checkbox], [type=radio], [type=button], [type=file]), [contenteditable=true], dialog, [role=dialog]";

/** What a key asks for: -1 undo, 1 redo, 0 neither. @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">} e */
export const asked = (e) => (e.key.toLowerCase() !== "z" || e.altKey || e.ctrlKey === e.metaKey ? 0 : e.shiftKey ? 1 : -1);

/** The experiment before, or the one after again. False: there is none.
 * @param {import("./form.js").Form} form @param {1 | -1} way */
function step(form, way) {
  const { address } = form;
  address.write();
  if (!address.pending) return address.step(way); // what is shown stands in the history
  if (way > 0) return false;
  form.linkOpened(); // its picture is still to come: the address is that of the one before
  return true;
}

/** An address without what it asks. @param {string} address */
const page = (address) => address.split(/[?#]/)[0];

/** @param {import("./form.js").Form} form */
export function listen(form) {
  // a link of the page to itself, as of an example, loads it anew: then the page before is ours
  if (!history.state && history.length > 1 && page(document.referrer) === page(location.href)) form.address.follows();
  addEventListener("keydown", (e) => {
    const way = asked(e);
    if (!way || e.defaultPrevented || targetOf(e, TYPED)) return;
    e.preventDefault();
    if (!step(form, way)) form.tell({ kind: "info", message: way < 0 ? "There is nothing to undo." : "There is nothing to redo.", stay: 2500 });
  });
}
