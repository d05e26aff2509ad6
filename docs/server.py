"""Writes the tables of docs/server.md: ``python -m docs.server`` (``python -m docs.generate`` does it too). tests/server/test_command.py holds them current."""

from __future__ import annotations

import re
from pathlib import Path

from playground.server import command

TARGET = Path(__file__).parent / "server.md"
BEGIN, END = "<!-- variables: python -m docs.server -->", "<!-- end of variables -->"


def document() -> str:
    """The page with its tables as they are declared now."""
    between = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.S)
    return between.sub(lambda _: f"{BEGIN}\n\n{command.table()}\n\n{END}", TARGET.read_text(encoding="utf-8"))


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
