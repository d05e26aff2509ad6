// One moment, in the words of each paper. Every scale is a function of the log-SNR λ = ln(α²/σ²) alone, but for the process's own t.
(() => {
  "use strict";
  const PG = (window.PG = window.PG || {});
  const short = (v) => {
    if (!Number.isFinite(v)) return "–";
    const size = Math.abs(v);
    return (size >= 100 ? v.toFixed(0) : size >= 10 ? v.toFixed(1) : size >= 0.005 || size === 0 ? v.toFixed(2) : v.toPrecision(1).replace(/e-0?(\d+)/, "e−$1")).replace("-", "−");
  };
  // DDPM: 1 + σ²/α² = e^B with B(u) = 0.1 u + 9.95 u², the integral of its linear β from 0.1 to 20; index = 1000 u − 1
  const index = (snr) => {
    const B = snr > 30 ? Math.exp(-snr) : snr < -30 ? -snr : Math.log1p(Math.exp(-snr));
    return Math.round(1000 * ((Math.sqrt(0.01 + 39.8 * B) - 0.1) / 19.9) - 1);
  };

  const scales = {
    t: { symbol: "t", word: "t", tip: "The process's own time.", of: (f) => short(f.t) },
    snr: { symbol: "λ", word: "log-SNR", tip: "λ = ln(α²/σ²): the same for every process.", of: (f) => short(f.logSnr) },
    sigma: { symbol: "σ", word: "σ (EDM)", tip: "EDM's noise level: the σ/α of this moment.", of: (f) => short(Math.exp(-f.logSnr / 2)) },
    flow: { symbol: "τ", word: "flow time", tip: "Flow matching's time from data (0) to noise (1): σ/(α + σ) of this moment.", of: (f) => short(1 / (1 + Math.exp(f.logSnr / 2))) },
    ddpm: { symbol: "n", word: "DDPM index", tip: "The index (0 … 999) at which DDPM's linear β has this log-SNR; beyond its range at very high noise.", of: (f) => (Number.isFinite(f.logSnr) ? String(Math.max(0, index(f.logSnr))) : "–") },
  };

  PG.time = {
    scales,
    name: "t",
    /** {symbol, text} of a moment, facts = {t, logSnr}; the process's own t where it has no log-SNR. */
    words(facts) {
      const scale = Number.isFinite(facts.logSnr) ? scales[this.name] : scales.t;
      return { symbol: scale.symbol, text: scale.of(facts) };
    },
    said(facts) {
      const { symbol, text } = this.words(facts);
      return `${symbol} = ${text}`;
    },
    choose(name) {
      const to = name in scales ? name : "t";
      if (to === this.name) return;
      this.name = to;
      dispatchEvent(new Event("pg-time"));
    },
  };
})();
