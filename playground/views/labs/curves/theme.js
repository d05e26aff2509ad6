// The page's colours as Plotly and SVG take them.

/** @typedef {import("./series.js").Colours} Colours */

/** @type {Colours} */
export const FALLBACK = { ink: "#1b1d21", soft: "#6b7078", line: "#e3e3df", panel: "#ffffff", accent: "#0072B2",
  data: "#0072B2", noise: "#8a8f98", exact: "#1b1d21", sampler: "#009E73", learned: "#D55E00",
  stage1: "#009E73", stage2: "#D55E00", stage3: "#CC79A7", stage4: "#E69F00", stage5: "#8a6d00", stage6: "#1b1d21" };

/** A role's colour for a style sheet. @param {string} role */
export const colourOf = (role) => `var(--pg-${role}, ${FALLBACK[role]})`;

/** Colours and font now. @param {HTMLElement} root @returns {{colours: Colours, font: string}} */
export function themeOf(root) {
  const style = getComputedStyle(root);
  const colours = Object.fromEntries(Object.entries(FALLBACK).map(([role, fallback]) => [role, style.getPropertyValue(`--pg-${role}`).trim() || fallback]));
  return { colours, font: style.fontFamily };
}
