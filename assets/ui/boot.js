// Runs while the document is read: the theme, and the request for the first picture, long before Gradio has mounted.
(() => {
  const PG = (window.PG = window.PG || {});
  const root = document.documentElement;
  let saved = null;
  try { saved = localStorage.getItem("pg-theme"); } catch { /* private window */ }
  const system = matchMedia("(prefers-color-scheme: dark)");
  const listeners = [];
  const asked = new URLSearchParams(location.search).get("__theme");
  let dark = asked === "dark" || asked === "light" ? asked === "dark" : saved ? saved === "dark" : system.matches;

  function apply() {
    root.dataset.pgTheme = dark ? "dark" : "light";
    document.body?.classList.toggle("dark", dark);
  }
  PG.theme = {
    get dark() { return dark; },
    on(fn) { listeners.push(fn); },
    toggle() {
      dark = !dark;
      try { localStorage.setItem("pg-theme", dark ? "dark" : "light"); } catch { /* private window */ }
      apply();
      listeners.forEach((fn) => fn(dark));
    },
  };
  apply();
  system.addEventListener("change", (e) => {
    if (saved) return;
    dark = e.matches;
    apply();
    listeners.forEach((fn) => fn(dark));
  });
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    // Gradio sets the class from the system's preference when it mounts: ours is kept
    new MutationObserver(() => {
      if (document.body.classList.contains("dark") !== dark) apply();
    }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  });

  // the part of a link that is the experiment
  PG.experimentPart = (search) => {
    const out = {};
    for (const [k, v] of new URLSearchParams(search)) {
      if (!/^(view\.|__|utm_)/.test(k) && !["fbclid", "gclid", "logs", "ssr"].includes(k)) out[k] = v;
    }
    return out;
  };
  PG.packetUrl = (layer, want, query, extra = {}) => {
    const url = new URL("live/packet", document.baseURI);
    url.search = new URLSearchParams({ layer, ...(want ? { want } : {}), ...extra, ...query });
    return url;
  };
  const on = (new URLSearchParams(location.search).get("view.layers") || "").split(",");
  const query = PG.experimentPart(location.search);
  const want = window.PG_CONFIG.layers.filter((layer) => layer.packet === "run" && layer.arrays && on.includes(layer.key)).map((layer) => layer.arrays).join(",");
  const own = /^set:[0-9a-f]{8}-(\w+)$/.exec(query.data ?? ""), like = own && window.PG_CONFIG.images[`digits-${own[1]}`];
  if (like) window.PG_CONFIG.images[query.data] = like; // images of one's own: what fits them is what fits the built-in set
  if (/^hub:/.test(query.data)) window.PG_CONFIG.images[query.data] ??= { process: {}, sampler: {}, grid: {}, guidance: {}, own: {} }; // hub.js fills it
  const images = query.data in window.PG_CONFIG.images; // these form step by step, which form.js asks for
  if (images && !("particles" in query)) query.particles = String(window.PG_CONFIG.batch);
  PG.first = { query, want, response: images ? null : fetch(PG.packetUrl("run", want, query)).catch((error) => error) };
})();
