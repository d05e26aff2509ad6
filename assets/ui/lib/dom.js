// Elements in one line.

/**
 * A new element with these properties and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [props]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export const el = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

/**
 * The first element beneath `root` that a selector finds; throws where there is none, or one of another kind.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [kind]  what it is, if it is not just any HTMLElement: HTMLInputElement, SVGElement …
 * @returns {T}
 */
export const must = (root, selector, kind) => {
  const found = root.querySelector(selector);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`there is no ${kind?.name ?? "element"} "${selector}"`);
  return /** @type {T} */ (found);
};

/**
 * The element that an event happened at, or the nearest around it that a selector finds.
 * @param {Event} event
 * @param {string} [selector]
 * @returns {HTMLElement | null}
 */
export const targetOf = (event, selector = "*") => {
  const found = event.target instanceof Element ? event.target.closest(selector) : null;
  return found instanceof HTMLElement ? found : null;
};

/**
 * What one draws with on a canvas.
 * @param {HTMLCanvasElement} canvas
 */
export const penOf = (canvas) => {
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser gives no 2D context");
  return pen;
};
