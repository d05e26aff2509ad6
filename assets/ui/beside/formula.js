// LaTeX as tokens: just enough to put numbers in the places of symbols.
const IGNORED = /^(\s+|\\[,;:! ]|\\(text|display|script)style)$/;
/** @param {string} tex */
const tokens = (tex) => tex.match(/\\[a-zA-Z]+\s*|\\.|\s+|[^\\\s]/g) ?? [];
/** @param {string} token */
const bare = (token) => (token.startsWith("\\") ? token.trim() : token);
/** @param {string} token */
const ignored = (token) => IGNORED.test(bare(token)) || /^\s+$/.test(token);
/** Where the value of symbol j goes. @param {number} j */
const slot = (j) => `{\\htmlClass{pg-slot pg-slot-${j}}{0}}`;

/**
 * A formula with every symbol replaced by a slot, the longest first, and which symbols occur.
 * @param {string} tex
 * @param {string[]} symbols
 * @returns {[filled: string, used: Set<number>]}
 */
export function fill(tex, symbols) {
  const list = tokens(tex);
  /** @type {Set<number>} */
  const used = new Set();
  const order = symbols.map((s, j) => ({ symbol: tokens(s).map(bare).filter((t) => !ignored(t)), j })).sort((a, b) => b.symbol.length - a.symbol.length);
  for (const { symbol, j } of order) {
    if (!symbol.length) continue;
    for (let i = 0; i < list.length; i++) {
      let k = i, m = 0;
      while (m < symbol.length && k < list.length) {
        if (m > 0 && ignored(list[k])) k++;
        else if (bare(list[k]) === symbol[m]) k++, m++;
        else break;
      }
      if (m < symbol.length) continue;
      // b in b_i is another symbol, and the matrices in G Gᵀ are not numbers in a row
      let next = k;
      while (next < list.length && ignored(list[next])) next++;
      const alone = symbol.length > 1 || (list[i - 1] !== "_" && bare(list[i - 1] ?? "") !== symbol[0] && bare(list[next] ?? "") !== symbol[0]);
      if (!alone || list[next] === "_" || list[next] === "^") continue;
      list.splice(i, k - i, slot(j));
      used.add(j);
    }
  }
  return [list.join(""), used];
}

/** @type {Record<string, number>} */
const WIDTH = { ".": 0.278, "−": 0.778, e: 0.444, "–": 0.5 };
/** How wide a number is as KaTeX sets it, in em. @param {string} text */
export const width = (text) => [...text].reduce((sum, ch) => sum + (WIDTH[ch] ?? 0.5), 0);
