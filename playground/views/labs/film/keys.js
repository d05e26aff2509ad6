// Where keys go in a strip. No DOM.

/**
 * The cell that a key goes to from column i, row: [column, row], which may lie beyond the strip; null for a key that goes nowhere.
 * @param {string} key
 * @param {number} i
 * @param {number} row
 * @param {number} columns  how many there are
 * @returns {[number, number] | null}
 */
export function goes(key, i, row, columns) {
  switch (key) {
    case "ArrowLeft": return [i - 1, row];
    case "ArrowRight": return [i + 1, row];
    case "ArrowUp": return [i, row - 1];
    case "ArrowDown": return [i, row + 1];
    case "Home": return [0, row];
    case "End": return [columns - 1, row];
    case "Enter": case " ": return [i, row];
    default: return null;
  }
}
