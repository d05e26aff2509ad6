// What axes say: powers of ten, round distances of ticks.

/** 10ⁿ in one line of plain text; "1" for 10⁰. @param {number} n a whole number */
export const power = (n) => (n === 0 ? "1" : `10${String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(d)])}`);

const ROUND = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
/** Multiples of a round number from lo to hi, at most `most` distances of them. @param {number} lo @param {number} hi @param {number} [most] */
export const roundValues = (lo, hi, most = 8) => {
  const step = ROUND.find((s) => (hi - lo) / s <= most) ?? 10, values = [];
  for (let v = Math.ceil(lo / step) * step; v <= hi + 1e-9; v += step) values.push(v);
  return values;
};

/**
 * Lines and labels of the decades of a logarithmic axis, as SVG: 10^bottom to 10^top, at the heights that `y` gives the exponents.
 * @param {{left: number, right: number, bottom: number, top: number, y: (exponent: number) => number, gap: number}} axis gap: between a label and the frame, px
 */
export const decades = ({ left, right, bottom, top, y, gap }) => {
  const parts = [];
  for (let n = bottom; n <= top; n++) {
    const at = y(n).toFixed(1);
    parts.push(`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text x="${left - gap}" y="${+at + 4}" text-anchor="end">${power(n)}</text>`);
  }
  return parts.join("");
};

/** The ends of time under a plot, as SVG: noise on the left. @param {number} left @param {number} right @param {number} y */
export const timeEnds = (left, right, y) => `<text x="${left}" y="${y}">noise</text><text x="${right}" y="${y}" text-anchor="end">data</text>`;
