"""docs/sweeps.md: its block runs as it is printed, and the names that it tells are there."""

import contextlib
import io
import re
from pathlib import Path

import playground as pg
from playground.core.limits import declared, variable
from playground.sweeps.presets import presets

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "sweeps.md").read_text(encoding="utf-8")


def test_the_block_runs():
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block, "docs/sweeps.md", "exec"), {"__name__": "docs"})
    assert len(out.getvalue().splitlines()) == 9
    assert "* " in out.getvalue()


def test_names_are_there():
    told = set(re.findall(r"PLAYGROUND_\w+", TEXT)) - {"PLAYGROUND_CACHE", "PLAYGROUND_RAY"}
    assert told == {variable(name) for name in declared() if name.startswith("cell")}
    assert set(re.findall(r"sweeps preset (\w+)", TEXT)) <= set(presets())
    assert {name for name in re.findall(r"pg\.(\w+)", TEXT) if not hasattr(pg, name)} == set()
