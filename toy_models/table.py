"""Points from a text file: one or two columns of numbers, read piece by piece, never more of it than is allowed."""

from __future__ import annotations

import math
import re
from array import array

import torch
from torch import Tensor

from playground.core.fields import BadValue

MOST_ROWS = 100_000
MOST_BYTES = 8_000_000
LONGEST_LINE = 2_000  # letters: a longer one is no table
MOST_VALUE = 1e15
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")  # float() would also take 1_000, inf and nan
ALLOWED = f"numbers in one or two columns, at most {MOST_ROWS:,} rows and {MOST_BYTES // 1_000_000} MB"


class Table:
    """``feed`` pieces of the file in order, then ``points()``. Columns are parted by comma, semicolon, tab or spaces; the first line may be a
    header; empty lines are skipped. Raises BadValue with the row's number (as an editor counts lines) as soon as it is known to be bad."""

    def __init__(self) -> None:
        self.values = array("d")
        self.columns = self.line = self.bytes = 0
        self.rest = b""
        self.parter: str | None = None
        self.header: list[str] = []

    @property
    def rows(self) -> int:
        return len(self.values) // max(1, self.columns)

    def feed(self, piece: bytes) -> None:
        self.bytes += len(piece)
        if self.bytes > MOST_BYTES:
            raise BadValue("file", f"more than {MOST_BYTES // 1_000_000} MB", ALLOWED)
        *lines, self.rest = (self.rest + piece).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            self._line(line)
        if len(self.rest) > LONGEST_LINE:
            raise BadValue(f"row {self.line + 1}", self.rest[:20].decode("utf-8", "replace") + "…", ALLOWED)

    def points(self) -> Tensor:
        """(rows, columns) in float64, columns 1 or 2. Raises BadValue for fewer than two different rows."""
        if self.rest:
            self._line(self.rest)
            self.rest = b""
        x = torch.tensor(self.values, dtype=torch.float64).view(-1, max(1, self.columns))
        if len(x) < 2:
            raise BadValue("rows", len(x), "at least two rows of numbers")
        if bool((x == x[0]).all()):
            raise BadValue("rows", f"{len(x)} equal ones", "at least two different rows")
        return x

    def _line(self, raw: bytes) -> None:
        self.line += 1
        where = f"row {self.line}"
        if len(raw) > LONGEST_LINE:
            raise BadValue(where, raw[:20].decode("utf-8", "replace") + "…", ALLOWED)
        try:
            words = raw.decode("utf-8-sig" if self.line == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise BadValue(where, raw[:20].decode("utf-8", "replace"), "text in UTF-8: " + ALLOWED) from None
        if not words:
            return
        if self.parter is None:  # a decimal comma beside semicolons is then complained of as a number
            self.parter = next((p for p in ";\t," if p in words), None)
        cells = words.split() if self.parter is None else [c.strip().strip('"') for c in words.split(self.parter)]
        if not self.columns and not self.header and not any(NUMBER.fullmatch(c) for c in cells) and not any(_special(c) for c in cells):
            self.header = cells
            return
        if len(cells) > 2 or (self.columns and len(cells) != self.columns):
            raise BadValue(
                where, f"{len(cells)} columns", f"{self.columns} as in the rows before" if self.columns else "one or two columns"
            )
        self.columns = len(cells)
        if self.rows >= MOST_ROWS:
            raise BadValue("rows", f"more than {MOST_ROWS:,}", ALLOWED)
        for cell in cells:
            value = float(cell) if NUMBER.fullmatch(cell) else math.nan
            if not abs(value) <= MOST_VALUE:
                raise BadValue(where, cell[:40], f"finite numbers with a decimal point, up to ±{MOST_VALUE:g}")
            self.values.append(value)


def _special(cell: str) -> bool:
    """What stands for a number that is none: such a first row is no header."""
    return cell.lower().lstrip("+-") in ("", "nan", "na", "null", "none", "inf", "infinity")
