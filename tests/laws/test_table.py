"""Tables of points: what is read, and what is refused with its row."""

from __future__ import annotations

import pytest

from playground.core.fields import BadValue
from playground.laws.table import LONGEST_LINE, MOST_ROWS, Table


def read(text: str | bytes, piece: int = 7) -> Table:
    """In small pieces, as a network gives them."""
    raw = text.encode() if isinstance(text, str) else text
    table = Table()
    for i in range(0, len(raw), piece):
        table.feed(raw[i : i + piece])
    return table


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4.5\n",
        "1,2\n3,4.5",
        "x,y\n1,2\n3,4.5\n",
        "\ufeffx;y\r\n1;2\r\n3;4.5\r\n",
        '"height","weight"\n"1","2"\n"3","4.5"\n',
        "1\t2\n\n\n3\t4.5\n",
        "  1   2\n3 4.5\n",
        "+1e0, .2e1\n3.,45e-1\n",
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_what_is_read(text, piece):
    """Mutant killed: a row that is cut by the end of a piece."""
    assert read(text, piece).points().tolist() == [[1, 2], [3, 4.5]]


def test_one_column():
    assert read("value\n1\n-2\n").points().tolist() == [[1], [-2]]


@pytest.mark.parametrize(
    "text",
    [
        "x;y\n1,25;-2\n3;4,5\n",
        "1,25;-2\n3;4,5\n",
        "x\ty\n1,25\t-2\n3\t4,5\n",
        "1,25 -2\n3 4,5\n",
        "x y\n1.25 -2\n3 4.5\n",
        '"x, in m";"y"\r\n"1,25";"-2"\r\n"3";"4,5"\r\n',
        '"x, in m","y"\n"1,25","-2"\n"3","4,5"\n',
        "x,y,\n1.25,-2,\n3,4.5,\n",
        "x;y;\n1,25;-2;\n3;4,5\n",
        "\ufeffsep=;\r\nx;y\r\n1,25;\u22122\r\n3;4,5\r\n",
        "# saved by a program\n# x y\n1.25 -2\n3 4.5\n",
        "1.25,-2\r3,4.5\r",
        "length (m),weight (kg)\n1.25,-2\n3,4.5\n",
        "1.25, -2\n3, 4.5\n",
    ],
)
@pytest.mark.parametrize("piece", [1, 10_000])
def test_tables_as_programs_write_them(text, piece):
    """Decimal commas where a comma does not part columns, separators at line ends, directives, old line ends. Mutant killed: "\\r" cut from its "\\n"."""
    assert read(text, piece).points().tolist() == [[1.25, -2], [3, 4.5]]


@pytest.mark.parametrize(
    "text",
    ["x\n1,5\n-2,25\n3\n", '"x, in m"\n1,5\n-2,25\n3\n', "x;\n1,5;\n-2,25;\n3;\n", "1.5,\n-2.25,\n3,\n", "length in mm\n1.5\n-2.25\n3\n"],
)
def test_one_column_as_programs_write_it(text):
    """A header of one cell heads one column: 1,5 was read as the point (1, 5)."""
    assert read(text).points().tolist() == [[1.5], [-2.25], [3]]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("x\n1,234\n2,345\n", "row 2", "thousands"),
        ("x;y\n1,234;2,345\n3;4\n", "row 2", "thousands"),
        ("x\n1,234,567\n2\n", "row 2", "thousands"),
        ("x;y\n1.234,5;2\n3;4\n", "row 2", "thousands"),
        ("x\n1 234\n5 678\n", "row 2", "header has (1)"),
        ("x\n1\u202f234\n5\u202f678\n", "row 2", "finite"),
        ("x;y\n1'234;2\n3;4\n", "row 2", "finite"),
        ("x\n1;2\n3;4\n", "row 2", "header has (1)"),
        ("x,y\n1\n2\n", "row 2", "header has (2)"),
        ("x;y\n1,2\n3,4\n", "row 2", "header has (2)"),
        ("x,y,z\n1,2\n3,4\n", "row 2", "header has (3)"),
        ("length mm\n1,5\n2,25\n", "row 2", "header has (1)"),
        ("1,05\n2,25\n", "row 1", "is this comma decimal"),
        ("x\n1,5\n2.5\n", "row 3", "finite"),
        ("x;y\n1;2\n3;NaN\n", "row 3", "finite"),
        ("x,y,\n1,,\n", "row 2", "finite"),
        ("1,2\n3,4".encode("utf-16-le"), "row 1", "UTF-8"),
        ("1,2\n3,4".encode("utf-16"), "row 1", "UTF-8"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text, field, words):
    with pytest.raises(BadValue) as caught:
        read(text).points()
    assert caught.value.field == field
    assert words in caught.value.allowed


@pytest.mark.parametrize(
    ("text", "field", "allowed"),
    [
        ("1,2\n3,abc\n", "row 2", "finite"),
        ("a,b\n1,2\n\n3,nan\n", "row 4", "finite"),
        ("1,2\n3,inf\n", "row 2", "finite"),
        ("1,2\n3,1e999\n", "row 2", "finite"),
        ("1,2\n3,1e300\n", "row 2", "finite"),
        ("nan\n1\n2\n", "row 1", "finite"),
        ("1_000,2\n3,4\n", "row 1", "finite"),
        ("1,2\n3,\n", "row 2", "finite"),
        ("1,2\n3,0x10\n", "row 2", "finite"),
        ("1;2,5\n3.5;4\n", "row 2", "decimal point"),
        ("1,2\n3,__import__('os')\n", "row 2", "finite"),
        ("1,2,3\n", "row 1", "one or two columns"),
        ("1,2\n3\n", "row 2", "2 as in the rows before"),
        ("1\n3,4\n", "row 2", "1 as in the rows before"),
        ("1,2\n", "rows", "two"),
        ("", "rows", "two"),
        ("x,y\n", "rows", "two"),
        ("x,y\nz,w\n1,2\n", "row 2", "finite"),
        ("1,2\n1,2\n1,2\n", "rows", "different"),
        (b"1,2\n\xff\xfe\x00,4\n", "row 2", "UTF-8"),
        (b"\x89PNG" + bytes(range(256)) * 20, "row 1", ""),
        ("1" * (LONGEST_LINE + 1), "row 1", "columns"),
    ],
)
def test_what_is_refused(text, field, allowed):
    with pytest.raises(BadValue) as caught:
        read(text, 4096).points()
    assert caught.value.field == field
    assert allowed in caught.value.allowed


def feed_all(table: Table, piece: bytes, times: int) -> None:
    for _ in range(times):
        table.feed(piece)


def test_a_million_rows_stop_at_the_limit():
    table = Table()
    with pytest.raises(BadValue, match="more than 100,000"):
        feed_all(table, b"1,2\n" * 1000, 1000)
    assert table.rows == MOST_ROWS
    assert table.bytes == 4 * (MOST_ROWS + 1000)


def test_nothing_is_kept_beyond_the_longest_line():
    """One endless line is refused after the longest one that there may be, not after a gigabyte."""
    table = Table()
    with pytest.raises(BadValue, match="row 1"):
        feed_all(table, b"1" * 1000, 1_000_000)
    assert table.bytes <= LONGEST_LINE + 1000
