// Where numbers stand in a panel: px from its left and its top. Numbers only.

/** @typedef {import("./series.js").View} View */

export const MARGIN = { l: 44, r: 14, t: 5, b: 19 };

/** @param {number} width */
export const innerWidth = (width) => width - MARGIN.l - MARGIN.r;
/** @param {number} height */
export const innerHeight = (height) => height - MARGIN.t - MARGIN.b;

/** @param {View} view @param {number} width @param {number} x */
export const across = (view, width, x) => MARGIN.l + ((x - view.x[0]) / (view.x[1] - view.x[0])) * innerWidth(width);
/** @param {View} view @param {number} height @param {number} y of a logarithmic axis the exponent */
export const down = (view, height, y) => MARGIN.t + (1 - (y - view.y[0]) / (view.y[1] - view.y[0])) * innerHeight(height);

/** @param {View} view @param {number} width @param {number} px */
export const xAt = (view, width, px) => view.x[0] + ((px - MARGIN.l) / innerWidth(width)) * (view.x[1] - view.x[0]);
/** @param {View} view @param {number} height @param {number} px */
export const yAt = (view, height, px) => view.y[0] + (1 - (px - MARGIN.t) / innerHeight(height)) * (view.y[1] - view.y[0]);
