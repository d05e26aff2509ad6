"""Points from a text file: one or two columns of numbers, read piece by piece, never more of it than is allowed."""

from __future__ import annotations

import csv
import math
import re
from array import array

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.limits import limits, megabytes

MOST_ROWS = limits().table_rows
MOST_BYTES = limits().table_bytes
LONGEST_LINE = 2_000  # letters: a longer one is no table
MOST_VALUE = 1e15
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # float() would also take 1_000, inf and nan
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)  # 1,234: 1.234 or 1234
PADDED = re.compile(r"0\d+", re.ASCII)  # 05 after a comma: the decimals of 1,05
SPACES = re.compile(r"[ \t]+")  # a no-break space is no end of a number
ALLOWED = f"numbers in one or two columns, at most {MOST_ROWS:,} rows and {megabytes(MOST_BYTES)}"
POINTS = "with a decimal point, and columns parted by semicolons or tabs"


class Table:
    """``feed`` pieces of the file in order, then ``points()``. Columns are parted by comma, semicolon, tab or spaces; the first line may be a
    header; empty lines and those that begin with "#" are skipped. A comma is decimal where it does not part columns: beside semicolons, tabs and
    spaces, in quotes, and in a column whose header is one word. Raises BadValue with the row's number (as an editor counts lines) as soon as it is
    known to be bad, or could be read in two ways."""

    def __init__(self) -> None:
        self.values = array("d")
        self.columns = self.line = self.bytes = 0
        self.rest = b""
        self.parter: str | None = None  # None: not known yet, or spaces
        self.header: list[str] = []
        self.lone = self.spaced = False  # the header is of one word, or of two that nothing but a space parts
        self.trailing = False  # each line ends with a separator
        self.commas: tuple[str, str] | None = None  # (row, cell) of the first decimal comma
        self.sure = self.pointed = False  # a comma was decimal beyond doubt; a number had a decimal point

    @property
    def rows(self) -> int:
        return len(self.values) // max(1, self.columns)

    def feed(self, piece: bytes) -> None:
        self.bytes += len(piece)
        if self.bytes > MOST_BYTES:
            raise BadValue("file", f"more than {megabytes(MOST_BYTES)}", ALLOWED)
        told = self.rest + piece
        cut = told[-1:] if told.endswith(b"\r") else b""  # its line feed may come with the next piece
        *lines, self.rest = told[: len(told) - len(cut)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.rest += cut
        for line in lines:
            self._line(line)
        if len(self.rest) > LONGEST_LINE:
            raise BadValue(f"row {self.line + 1}", self.rest[:20].decode("utf-8", "replace") + "…", ALLOWED)

    def points(self) -> Tensor:
        """(rows, columns) in float64, columns 1 or 2. Raises BadValue for fewer than two different rows, and for commas that are decimal or not."""
        if self.rest:
            self._line(self.rest)
            self.rest = b""
        x = torch.tensor(self.values, dtype=torch.float64).view(-1, max(1, self.columns))
        if len(x) < 2:
            raise BadValue("rows", len(x), "at least two rows of numbers")
        if self.commas and not self.sure:
            where, cell = self.commas
            raise BadValue(where, cell, f"numbers {POINTS}: is the comma decimal, or does it part thousands?")
        if bool((x == x[0]).all()):
            raise BadValue("rows", f"{len(x)} equal ones", "at least two different rows")
        return x

    def _line(self, raw: bytes) -> None:
        self.line += 1
        where = f"row {self.line}"
        if len(raw) > LONGEST_LINE:
            raise BadValue(where, raw[:20].decode("utf-8", "replace") + "…", ALLOWED)
        try:
            words = raw.decode("utf-8-sig" if self.line == 1 else "utf-8").strip(" \t\r")
        except UnicodeDecodeError:
            words = "\0"
        if "\0" in words:
            raise BadValue(where, raw[:20].decode("utf-8", "replace"), "text in UTF-8: " + ALLOWED)
        if not words or words.startswith("#"):
            return
        if self.line == 1 and (told := re.fullmatch("sep=([;,\t])", words, re.IGNORECASE)):
            self.parter = told[1]
            return
        cells = self._cells(words, where)
        if not self.columns and not self.header and not any(_number(c) for c in cells) and not any(_special(c) for c in cells):
            self.header = cells
            return
        if len(cells) > 2 or (self.columns and len(cells) != self.columns):
            raise BadValue(
                where, f"{len(cells)} columns", f"{self.columns} as in the rows before" if self.columns else "one or two columns"
            )
        if (
            self.header
            and not self.columns
            and len(cells) != len(self.header)
            and not (self.spaced and self.parter is None and len(cells) == 2)
        ):
            raise BadValue(where, words[:40], f"as many columns as the header has ({len(self.header)}), parted as there; numbers {POINTS}")
        self.columns = len(cells)
        if self.rows >= MOST_ROWS:
            raise BadValue("rows", f"more than {MOST_ROWS:,}", ALLOWED)
        self.values.extend(self._value(cell, where) for cell in cells)

    def _cells(self, words: str, where: str) -> list[str]:
        """A line's cells; the first line decides what parts them, and the first row of numbers where nothing does in the header."""
        bare = re.sub(r'"[^"]*"', '""', words) if '"' in words else words
        if self.parter is None and not self.columns:
            self.parter = self._parter(words, bare)
            if self.parter is None and not self.header and not any(_number(c) for c in SPACES.split(words)):
                count = len(SPACES.split(bare))
                self.lone, self.spaced = count == 1, count == 2  # "x y" heads two columns that a space parts, or one; "height in cm" one
                return [words.strip('"')]
        if self.parter is None:
            decimal = self.commas or self.header or self.columns != 1  # "1", then "3,4": one column has become two
            return [c.strip('"') for c in (SPACES.split(words) if decimal or "," not in bare else bare.split(","))]
        cells = next(csv.reader([words], delimiter=self.parter, skipinitialspace=True)) if '"' in words else words.split(self.parter)
        cells = [c.strip(' \t"') for c in cells]
        if not self.columns and not self.header and len(cells) > 1 and not cells[-1]:
            self.trailing = True
        if self.trailing and len(cells) > max(1, self.columns or len(self.header)) and not cells[-1]:
            cells.pop()
        whole = self.parter == "," and len(cells) == 2 and not self.header and re.fullmatch(r"[+-]?\d+", cells[0])
        if whole and PADDED.fullmatch(cells[1]):
            raise BadValue(where, words[:40], f"numbers {POINTS}: is this comma decimal?")
        return cells

    def _parter(self, words: str, bare: str) -> str | None:
        """What parts the cells of this line, None for spaces. A comma does not beneath a header of one word, nor in "1,5 2,5"."""
        for mark in ";\t":
            if mark in bare:
                return mark
        cells = SPACES.split(words)
        decimal = self.lone or (len(cells) > 1 and all(map(_number, cells)))
        return "," if "," in bare and not decimal else None

    def _value(self, cell: str, where: str) -> float:
        cell = cell.replace("\u2212", "-")
        value = math.nan
        if NUMBER.fullmatch(cell):
            value = float(cell)
            self.pointed |= "." in cell
        elif DECIMAL_COMMA.fullmatch(cell) and not self.pointed:
            value = float(cell.replace(",", "."))
            self.commas = self.commas or (where, cell)
            self.sure |= not THOUSANDS.fullmatch(cell)
        if not abs(value) <= MOST_VALUE or (self.commas and self.pointed):
            raise BadValue(where, cell[:40], f"finite numbers with a decimal point, up to ±{MOST_VALUE:g}, without separators of thousands")
        return value


def _number(cell: str) -> bool:
    cell = cell.strip('"').replace("\u2212", "-")
    return bool(NUMBER.fullmatch(cell) or DECIMAL_COMMA.fullmatch(cell))


def _special(cell: str) -> bool:
    """What stands for a number that is none: such a first row is no header."""
    return cell.lower().lstrip("+-") in ("", "nan", "na", "n/a", "null", "none", "inf", "infinity")
