// Numbers and plain text as people read them.

/** The nearest number from lo to hi. @type {(x: number, lo: number, hi: number) => number} */
export const clamp = (x, lo, hi) => Math.min(hi, Math.max(lo, x));

/**
 * A number with `digits` significant digits: 0.0512, 12.3, 1.2e−5; "–" for what is not a number.
 * @param {number | null | undefined} value
 */
export const significant = (value, digits = 3) => {
  if (value == null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size < 1e-12) return "0";
  let text = value.toPrecision(digits);
  if (size < 1e-4 || size >= 1e6) text = value.toExponential(Math.max(0, digits - 2));
  else if (text.includes("e")) text = value.toFixed(0);
  return text.replace("e+", "e").replaceAll("-", "−");
};

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** Plain text as HTML. @param {string} text */
export const escaped = (text) => text.replace(/[&<>"]/g, (ch) => ENTITIES[ch]);
/** The same with its subscripts: p_T, z_t, √Σ_xx. @param {string} text */
export const subscripts = (text) => escaped(text).replace(/_(\w{1,3})\b/g, "<sub>$1</sub>");

/** A whole number with thin spaces between thousands. @param {number} v */
export const whole = (v) => (Number.isFinite(v) ? Math.round(v).toLocaleString("en").replaceAll(",", "\u2009") : "–");
