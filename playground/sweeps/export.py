"""A results file as a table, a row a cell and measure: CSV, or Parquet where pyarrow is there."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from playground.core.fields import BadValue
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


def to_csv(results: Results, path: Path) -> None:
    """Comma-separated, UTF-8, a head of names; numbers with all their digits, "nan" where there is none."""
    rows = list(results.flat())
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]) if rows else ["measure"])
            table.writeheader()
            table.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    except OSError as error:
        raise BadValue("out", str(path), f"a file that can be written ({error.strerror})") from None


def _plain(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else "" if value is None else value


def to_parquet(results: Results, path: Path) -> None:
    """The same table for pandas, polars, DuckDB. Raises BadValue where pyarrow is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise BadValue("out", str(path), "a name that ends in .csv: Parquet needs pyarrow (pip install pyarrow)")
    arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(list(results.flat())), str(path))


def to_sweep(results: Results, path: Path) -> None:
    """The sweep alone."""
    write(path, results.sweep.to_json().encode())


WRITERS: dict[str, Callable[[Results, Path], None]] = {".csv": to_csv, ".parquet": to_parquet, ".json": to_sweep}


def export(results: Results, path: Path) -> None:
    """By the name's ending. Raises BadValue."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise BadValue("out", str(path), "a name that ends in .csv, .parquet or .json (the sweep alone)")
    writer(results, path)
