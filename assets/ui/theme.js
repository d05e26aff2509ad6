// Runs while the document is read: light or dark, as a link, this browser or the system says.
(() => {
  const start = window.PG_START;
  const root = document.documentElement;
  let saved = null;
  try { saved = localStorage.getItem("pg-theme"); } catch { /* private window */ }
  const system = matchMedia("(prefers-color-scheme: dark)");
  /** @type {((dark: boolean) => void)[]} */
  const listeners = [];
  const asked = new URLSearchParams(location.search).get("__theme");
  let dark = asked === "dark" || asked === "light" ? asked === "dark" : saved ? saved === "dark" : system.matches;

  function apply() {
    root.dataset.pgTheme = dark ? "dark" : "light";
    document.body?.classList.toggle("dark", dark);
  }
  start.theme = {
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
})();
