// Colours as numbers: of a theme's #rgb and #rrggbb.

/** @typedef {[number, number, number]} Channels red, green and blue, 0 to 255 */

/** @param {string} colour @returns {Channels} black for what is not written in hexadecimals */
export const channels = (colour) => {
  const hex = colour.trim().replace("#", ""), six = hex.length === 3 ? hex.replace(/./g, "$&$&") : hex;
  const n = parseInt(six, 16) || 0;
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
};

/** The colour with an opacity; one that is not written in hexadecimals stays as it is. @param {string} colour @param {number} opacity */
export const faded = (colour, opacity) => (/^#?[0-9a-f]{6}$/i.test(colour.trim()) ? `rgba(${channels(colour).join(",")},${opacity})` : colour);

/** From a to b as w goes from 0 to 1. @param {Channels} a @param {Channels} b @param {number} w @returns {Channels} */
export const blended = (a, b, w) => [a[0] + (b[0] - a[0]) * w, a[1] + (b[1] - a[1]) * w, a[2] + (b[2] - a[2]) * w];

/** The same of colours, as a canvas takes it. @param {string} a @param {string} b @param {number} w @param {number} [opacity] */
export const mixed = (a, b, w, opacity = 1) => {
  const rgb = blended(channels(a), channels(b), w).map(Math.round).join(",");
  return opacity === 1 ? `rgb(${rgb})` : `rgba(${rgb},${opacity})`;
};
