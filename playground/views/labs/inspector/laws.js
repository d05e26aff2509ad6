// Densities and their shapes: numbers only.

/** @typedef {ArrayLike<number>} Values */
/** @typedef {[number, number]} Point */

/** The largest of values that are not negative. @param {Values} values */
export const most = (values) => {
  let top = 0;
  for (let i = 0; i < values.length; i++) top = Math.max(top, values[i]);
  return top;
};

/** The rows of a matrix that is sent flat, each of n. @param {Float32Array} flat @param {number} n */
export const rowsOf = (flat, n) => Array.from({ length: flat.length / n }, (_, i) => flat.subarray(i * n, (i + 1) * n));

/** N(m, v) at x. @param {number} x @param {number} m @param {number} v */
export const gauss = (x, m, v) => Math.exp((-0.5 * (x - m) ** 2) / v) / Math.sqrt(2 * Math.PI * v);

/** N(m, v) over m ± 4 standard deviations. @param {number} m @param {number} v @returns {{xs: number[], ys: number[]}} */
export const bell = (m, v) => {
  const xs = Array.from({ length: 161 }, (_, i) => m + Math.sqrt(v) * (i / 20 - 4));
  return { xs, ys: xs.map((x) => gauss(x, m, v)) };
};

/** n even places from centre − half to centre + half. @param {number} n @param {number} centre @param {number} half */
export const places = (n, centre, half) => Array.from({ length: n }, (_, i) => centre - half + (2 * half * i) / (n - 1));

/** Two of a law's components in the units of the picture: its mean and [[a, b], [b, d]]. */
export class Flat {
  /**
   * @param {{mean: number[], cov: number[][]}} law
   * @param {number[]} axes the two components
   * @param {number} scale from a state's units to the picture's
   */
  constructor({ mean, cov }, [i, j], scale) {
    this.x = mean[i] * scale;
    this.y = mean[j] * scale;
    this.a = cov[i][i] * scale ** 2;
    this.b = cov[i][j] * scale ** 2;
    this.d = cov[j][j] * scale ** 2;
  }

  get point() { return this.a + this.d < 1e-12; }

  /** The curve of constant density r standard deviations from the mean: a circle, mapped by the covariance's Cholesky factor. @param {number} r @returns {Point[]} */
  ellipse(r) {
    const l = Math.sqrt(Math.max(this.a, 0)), m = l > 0 ? this.b / l : 0, k = Math.sqrt(Math.max(this.d - m * m, 0));
    return Array.from({ length: 65 }, (_, u) => {
      const c = r * Math.cos((u / 32) * Math.PI), s = r * Math.sin((u / 32) * Math.PI);
      return [this.x + l * c, this.y + m * c + k * s];
    });
  }
}
