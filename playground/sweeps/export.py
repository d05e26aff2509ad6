"""A results file as a table, a row a cell and measure (CSV, or Parquet where pyarrow is there), and as a figure of publication size (SVG, PNG, PDF by matplotlib)."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from playground.core.fields import BadValue
from playground.origin import FIELD, LONGEST, link_of, origin
from playground.sweeps import figure
from playground.sweeps.results import Results

FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet would compute


def write(path: Path, body: bytes) -> None:
    """A whole file or the one before it. Raises BadValue where it cannot be written."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(body)
        os.replace(part, path)
    except OSError as error:
        raise BadValue("out", str(path), f"a file that can be written ({error.strerror})") from None


class Shown(NamedTuple):
    """What a figure shows: ``measure`` (None: the sweep's first) against ``cost``, "calls" or "ms"."""

    measure: str | None = None
    cost: str = "calls"


def says(results: Results, shown: Shown) -> str:
    """What a file says of where it comes from: the link that shows this board again. "": no link is as long."""
    view = {"": "own", ".sweep": results.sweep.to_json(), ".measure": shown.measure or "", ".cost": shown.cost, ".run": "on"}
    link = link_of({**results.sweep.base.to_query(), **{f"view.board{name}": value for name, value in view.items() if value}})
    return origin(link) if len(link) <= LONGEST else ""


def to_csv(results: Results, shown: Shown) -> bytes:
    """Comma-separated, UTF-8, a head of names; numbers with all their digits, "nan" where there is none. What the file ``says`` is a last column, in its first row: any program reads the rest."""
    rows = list(results.flat())
    for row in rows[:1]:
        row[FIELD] = says(results, shown)
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, list(rows[0]) if rows else ["measure"])
    table.writeheader()
    table.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return out.getvalue().encode()


def _plain(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else "" if value is None else value


def to_parquet(results: Results, shown: Shown) -> bytes:
    """The same table for pandas, polars, DuckDB; what it ``says`` is in its metadata. Raises BadValue where pyarrow is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise BadValue("out", "parquet", "csv: Parquet needs pyarrow (pip install pyarrow)")
    arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    out = io.BytesIO()
    table = arrow.Table.from_pylist(list(results.flat()))
    parquet.write_table(table.replace_schema_metadata({FIELD: says(results, shown)}), out)
    return out.getvalue()


def to_sweep(results: Results, shown: Shown) -> bytes:
    """The sweep alone."""
    return results.sweep.to_json().encode()


def drawn(kind: figure.Kind) -> Callable[[Results, Shown], bytes]:
    """The plot."""
    return lambda results, shown: figure.drawn(results, shown.measure, shown.cost, kind, says(results, shown))


@dataclass(frozen=True)
class Format:
    """made: the bytes of a file. Raises BadValue."""

    media_type: str
    made: Callable[[Results, Shown], bytes]


FORMATS: dict[str, Format] = {
    "csv": Format("text/csv; charset=utf-8", to_csv),
    "parquet": Format("application/vnd.apache.parquet", to_parquet),
    "json": Format("application/json", to_sweep),
    **{kind.name: Format(kind.media_type, drawn(kind)) for kind in figure.KINDS},
}
"""By the endings of files."""


def export(results: Results, path: Path, shown: Shown = Shown()) -> None:
    """By the name's ending. Raises BadValue."""
    found = FORMATS.get(path.suffix.lower().removeprefix("."))
    if found is None:
        raise BadValue("out", str(path), f"a name that ends in {', '.join('.' + kind for kind in FORMATS)} (.json: the sweep alone)")
    write(path, found.made(results, shown))
