// The drawer of a phone: a sheet from below with the form, so that the stage stays in sight while one chooses.
import { el, must } from "../lib/dom.js";

export const drawer = {
  get open() { return document.body.classList.contains("pg-drawer-open"); },

  /** @param {boolean} open @param {string} [section] the id of what is to be seen first */
  show(open, section) {
    const left = must(document, "#pg-left"), button = document.querySelector("[data-do=drawer]");
    if (!left.querySelector(".pg-done")) {
      const done = el("button", { type: "button", className: "pg-done", textContent: "Done" });
      done.addEventListener("click", () => this.show(false));
      left.prepend(done);
    }
    document.body.classList.toggle("pg-drawer-open", open);
    button?.setAttribute("aria-expanded", String(open));
    if (open) {
      scrollTo({ top: 0 });
      document.querySelector(".pg-page")?.scrollTo({ top: 0 });
      if (section) left.scrollTop = must(document, `#${section}`).offsetTop - 44;
      must(left, ".pg-done").focus({ preventScroll: true });
    } else if (left.contains(document.activeElement) && button instanceof HTMLElement) button.focus();
  },
};
