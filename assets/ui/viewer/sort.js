// Tables whose heads sort them: a click, or the keyboard on the head's button. Numbers stand in data-value, what has none comes last.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0], heads = [...(table.tHead?.rows[0].cells ?? [])];
  heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    /** @param {HTMLTableRowElement} row */
    const cell = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent ?? "";
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [cell(a), cell(b)], [p, q] = [Number(x), Number(y)];
      if (x === "" || y === "") return Number(x === "") - Number(y === "");
      return (down ? -1 : 1) * (Number.isNaN(p) || Number.isNaN(q) ? x.localeCompare(y) : p - q);
    });
    body.append(...rows);
  }));
}
