// The header's pages: the toys, the images, the board.
import { config } from "../lib/start.js";
import { linkOf } from "./address.js";

/** Turns to a page. The board is another view of the same link; from it one comes back to the stage as it was. @param {import("./form.js").Form} form @param {string} page "board", "toys" or "images" */
export function turnTo(form, page) {
  const { address, view } = form, { board = "" } = view.said, to = page === "board" ? board || config.board.presets[0].key : "";
  if (to !== board) {
    form.hands.touch();
    address.go(linkOf(form.shownQuery, { ...view.said, board: to }) || "?");
    form.linkOpened();
  }
  if (page !== "board") form.turnTo(page);
}
