// The header's menus: one is open at a time.
import { must, targetOf } from "../lib/dom.js";

/** The entries that can be seen. @param {Element} menu */
const itemsOf = (menu) => [.../** @type {NodeListOf<HTMLElement>} */ (menu.querySelectorAll("[role=menuitem]"))].filter((item) => item.getClientRects().length);

export const menus = {
  get open() { return Boolean(document.querySelector(".pg-menu-list:not([hidden])")); },

  /** Opens the menu of this button and closes the others; null closes all. @param {Element | null} button */
  show(button) {
    for (const menu of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".pg-menu-list"))) {
      const its = must(/** @type {HTMLElement} */ (menu.parentElement), "[data-do=menu]"), had = menu.contains(document.activeElement);
      menu.hidden = its !== button;
      its.setAttribute("aria-expanded", String(!menu.hidden));
      if (!menu.hidden) itemsOf(menu)[0].focus();
      else if (had && !button) its.focus();
    }
  },

  /** @param {Element} button */
  toggle(button) { this.show(button.getAttribute("aria-expanded") === "true" ? null : button); },
  close() { this.show(null); },

  /** The arrow keys within each menu of the header. @param {HTMLElement} header */
  mount(header) {
    for (const menu of /** @type {NodeListOf<HTMLElement>} */ (header.querySelectorAll("[role=menu]"))) {
      menu.addEventListener("keydown", (e) => {
        const items = itemsOf(menu), i = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
        if (e.key === "ArrowDown") items[(i + 1) % items.length].focus();
        else if (e.key === "ArrowUp") items[(i - 1 + items.length) % items.length].focus();
        else if (e.key === "Escape") this.close();
        else return;
        e.preventDefault();
      });
    }
  },
};

document.addEventListener("pointerdown", (e) => {
  if (!targetOf(e, ".pg-menu")) menus.close();
});
