"""A results object as one page that needs no server: its figure and its table, which sorts. Nothing in it moves or is computed anew."""

from __future__ import annotations

import functools
import html
import math
import re

from playground.core.files import ASSETS
from playground.measures.panel import named as measure_named
from playground.sweeps.export import FORMATS, Shown
from playground.sweeps.results import Results, Row
from playground.viewer.document import HEAD

SAFE = functools.partial(html.escape, quote=True)
PAGE = (
    HEAD
    + """<body class="pg-viewer-board">
<h1>{title}</h1>
<p>{said}</p>
<figure>{figure}</figure>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
<details><summary>The sweep, as JSON</summary><pre>{sweep}</pre></details>
<script type="module">
{sort}
</script>
</body>
</html>
"""
)


def figure(results: Results, measure: str | None, cost: str) -> str:
    """The plot of a publication as SVG that can stand within a page. Raises BadValue."""
    made = FORMATS["svg"].made(results, Shown(measure, cost)).decode()
    return re.sub(r"^.*?(?=<svg)", "", made, count=1, flags=re.DOTALL)


def number(value: float, digits: int = 4) -> str:
    """As a cell shows it: "–" where there is none."""
    return f"{value:.{digits}g}" if math.isfinite(value) else "–"


def cell(text: str, value: float | None = None) -> str:
    sorts = "" if value is None else f' data-value="{value:.10g}"' if math.isfinite(value) else ' data-value=""'
    return f"<td{sorts}>{SAFE(text)}</td>"


def page(results: Results, measure: str | None = None, cost: str = "calls") -> str:
    """HTML. ``measure``: of the figure, and the first column; None: the sweep's first one. ``cost``: "calls" or "ms". Raises BadValue."""
    sweep = results.sweep
    asked = sweep.measures[0] if measure is None else measure_named(measure).info.key
    keys = [asked, *(key for key in sweep.measures if key != asked)]
    found = {key: {row.at: row for row in results.rows(key, cost)} for key in keys}
    first = found[keys[0]]
    title = sweep.title or f"{sweep.base.who.title}: {', '.join(axis.title for axis in sweep.axes)}"
    heads = [
        *(axis.title for axis in sweep.axes),
        "model calls",
        "ms",
        *(measure_named(key).info.title for key in keys),
        "floor",
        "front",
        "",
    ]
    there = sum(not cell.failed for cell in results.cells.values())
    said = (
        f"{there:,} of {sweep.count:,} cells, {len(sweep.seeds)} seeds each. Means with the 95 % interval over seeds; the floor is what exact draws show; "
        f"“front”: no place is better for no more {'model calls' if cost == 'calls' else 'milliseconds'} ({measure_named(keys[0]).info.title}). {results.machine}"
    )
    rows = "\n".join(_row(row, [found[key][at] for key in keys]) for at, row in first.items())
    return PAGE.format(
        more="",
        title=SAFE(title),
        style=(ASSETS / "ui" / "viewer" / "board.css").read_text(encoding="utf-8"),
        said=SAFE(said),
        figure=figure(results, measure, cost),
        heads="".join(f'<th><button type="button">{SAFE(words)}</button></th>' if words else "<th></th>" for words in heads),
        rows=rows,
        sweep=SAFE(sweep.to_json()),
        sort=(ASSETS / "ui" / "viewer" / "sort.js").read_text(encoding="utf-8"),
    )


def _row(row: Row, measured: list[Row]) -> str:
    lost = [f"{row.diverged} of {row.seeds} diverged"] * (row.diverged > 0)
    cells = [*map(cell, row.labels), cell(number(row.calls), row.calls), cell(number(row.ms, 3), row.ms)]
    for one in measured:
        wide = (one.value.high - one.value.low) / 2
        cells.append(cell(number(one.value.mean) + (f" ± {wide:.2g}" if math.isfinite(wide) else ""), one.value.mean))
    cells += [
        cell(number(row.floor, 3), row.floor),
        cell("●" if row.front else "", float(not row.front)),
        cell("; ".join([*lost, *([row.why] if row.why else [])])),
    ]
    return f"<tr>{''.join(cells)}</tr>"
