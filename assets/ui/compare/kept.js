// Stages of the toys and of images do not stand beside each other: where the page turns from one to the other they are kept, and come back with their page.
/** @typedef {"toys" | "images"} Page */

export class Kept {
  /** By page, the link of its stages. @type {Partial<Record<Page, string>>} */
  links = {};

  /** The page has another picture since: what was kept of it is past. @param {Page} page */
  drop(page) { delete this.links[page]; }

  /** @param {Page} page @param {string} link @param {number} count of stages @returns {string} what is told */
  keep(page, link, count) {
    this.links[page] = link;
    const name = document.querySelector(`nav a[data-page=${page}]`)?.textContent?.trim() ?? page;
    return `Your ${count} stages are kept: they come back with "${name}".`;
  }

  /** The link of a page's stages; "": none are kept. @param {string} page */
  of(page) { return this.links[/** @type {Page} */ (page)] ?? ""; }
}
