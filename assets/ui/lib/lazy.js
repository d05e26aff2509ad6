// Libraries that are loaded when the first picture that needs them is drawn. Their types are what the page uses of them (plotly.d.ts).

/**
 * @typedef {object} KatexOptions
 * @property {boolean} [throwOnError]
 * @property {"html" | "htmlAndMathml"} [output]
 * @property {"ignore"} [strict]
 * @property {(context: {command: string}) => boolean} [trust]
 * @typedef {{renderToString(tex: string, options?: KatexOptions): string}} Katex
 */

/** @param {string} url */
const absolute = (url) => new URL(url, document.baseURI).href;

/**
 * A classic script by its address, and the global that it leaves. The page's own global of that name, if it has one, stays what it was.
 * @template T
 * @param {string} url
 * @param {string} name  of the global, and of the library
 * @returns {Promise<T>}
 */
function library(url, name) {
  const globals = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (window));
  return new Promise((resolve, reject) => {
    const before = globals[name], script = document.createElement("script");
    script.src = absolute(url);
    script.onload = () => {
      const ours = /** @type {T} */ (globals[name]);
      if (before) globals[name] = before;
      resolve(ours);
    };
    script.onerror = () => reject(new Error(`${name} could not be loaded`));
    document.head.append(script);
  });
}

/**
 * The same promise whoever asks; asked anew if it has failed.
 * @template T
 * @param {() => Promise<T>} load
 */
function once(load) {
  /** @type {Promise<T> | null} */
  let loading = null;
  return () => (loading ??= load().catch((error) => {
    loading = null;
    throw error;
  }));
}

const PLOTLY = "live/plotly.js", KATEX = "live/assets/vendor/katex/";

export const loadPlotly = once(() => /** @type {Promise<import("./plotly.js").Plotly>} */ (library(PLOTLY, "Plotly")));

export const loadKatex = once(async () => {
  const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: absolute(`${KATEX}katex.min.css`) });
  const styled = new Promise((done) => (sheet.onload = sheet.onerror = done));
  document.head.append(sheet);
  const katex = /** @type {Katex} */ (await library(`${KATEX}katex.min.js`, "katex"));
  await styled;
  return katex;
});
