// Libraries that are loaded when the first picture that needs them is drawn.

const loads = new Map();
/** Plotly from `url`, once. The page's own copy (Gradio brings one) stays what window.Plotly says. */
export const loadPlotly = (url) => {
  if (!loads.has(url)) {
    loads.set(url, new Promise((resolve, reject) => {
      const before = window.Plotly;
      const script = document.createElement("script");
      script.src = new URL(url, document.baseURI).href;
      script.onload = () => {
        const ours = window.Plotly;
        if (before) window.Plotly = before;
        resolve(ours);
      };
      script.onerror = () => {
        loads.delete(url);
        reject(new Error("Plotly could not be loaded"));
      };
      document.head.append(script);
    }));
  }
  return loads.get(url);
};

/** KaTeX from `base` (a folder with katex.min.js, katex.min.css, fonts/), once; resolves to the katex object. */
export const loadKatex = (base) => {
  const url = (file) => new URL(file, new URL(base.replace(/\/?$/, "/"), document.baseURI)).href;
  if (!loads.has(base)) {
    loads.set(base, new Promise((resolve, reject) => {
      const sheet = document.createElement("link");
      sheet.rel = "stylesheet";
      sheet.href = url("katex.min.css");
      const styled = new Promise((done) => (sheet.onload = sheet.onerror = done));
      const before = window.katex;
      const script = document.createElement("script");
      script.src = url("katex.min.js");
      script.onload = () => {
        const ours = window.katex;
        if (before) window.katex = before;
        styled.then(() => resolve(ours));
      };
      script.onerror = () => {
        loads.delete(base);
        reject(new Error("KaTeX could not be loaded"));
      };
      document.head.append(sheet, script);
    }));
  }
  return loads.get(base);
};
