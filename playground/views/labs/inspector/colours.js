// Colours of step sizes: from pale to full pin colour to ink, and thicker, as the share of the way to 0 grows: told apart by lightness too.
import { mixed } from "../colours.js";

/**
 * Of size i of so many.
 * @param {{panel: string, pin: string, ink: string}} theme
 * @param {number} i
 * @param {number} of
 */
export const sizeColour = (theme, i, of) => {
  const u = of > 1 ? i / (of - 1) : 1;
  return u < 0.5 ? mixed(theme.panel, theme.pin, 0.4 + 1.2 * u) : mixed(theme.pin, theme.ink, (u - 0.5) * 2);
};
/** px @param {number} i @param {number} of */
export const sizeWidth = (i, of) => 1 + (1.6 * i) / Math.max(1, of - 1);
