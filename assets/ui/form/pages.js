// The header's pages: the toys, the images, the board.
import { show } from "../keep/open.js";
import { config } from "../lib/start.js";
import { linkOf } from "./address.js";

/** Turns to a page. The board is another view of the same link; from it one comes back to the stage as it was. Stages beside each
 * other come back as they were, too. @param {import("./form.js").Form} form @param {string} page "board", "toys" or "images" */
export function turnTo(form, page) {
  const { address, view } = form, { board = "" } = view.said, to = page === "board" ? board || config.board.presets[0].key : "";
  if (to !== board) {
    form.hands.touch();
    address.go(linkOf(form.shownQuery, { ...view.said, board: to }) || "?");
    form.linkOpened();
  }
  const kept = form.compare.kept.of(page);
  if (kept) {
    form.notices.clear("info"); // which said that they will
    show(form, kept);
  } else if (page !== "board") form.turnTo(page);
}
