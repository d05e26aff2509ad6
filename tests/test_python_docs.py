"""docs/python.md: every block as it is printed, each in a namespace of its own; and every name that it tells is there."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

import playground as pg
from playground.core import spec

matplotlib = pytest.importorskip("matplotlib")
TEXT = (Path(__file__).resolve().parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
TASKS = re.findall(r"^## (.*?)\n.*?```python\n(.*?)```", TEXT, re.S | re.M)
SAVES = ("order.png", "distances.png", "score.png", None, None, "threes.png")


def test_tasks_are_found():
    assert len(TASKS) == TEXT.count("```python") == len(SAVES) == 6


@pytest.mark.parametrize(
    ("title", "block", "saves"), [(t, b, s) for (t, b), s in zip(TASKS, SAVES, strict=True)], ids=[t for t, _ in TASKS]
)
def test_block_runs(title, block, saves, tmp_path, monkeypatch):
    """The asserts in it are claims of the page. Mutant killed: a renamed function, a task whose picture is empty."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    before = dict(spec._REGISTERED)
    names: dict[str, Any] = {"__name__": "docs"}
    assert "assert " in block
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, f"docs/python.md: {title}", "exec"), names)
    finally:
        plt.close("all")
        spec._REGISTERED.clear()
        spec._REGISTERED.update(before)
        spec.changed()
    assert [p.name for p in tmp_path.iterdir()] == ([saves] if saves else [])
    if saves:
        assert (tmp_path / saves).stat().st_size > 5000


def test_every_name_is_there():
    """In the table and in the prose: ``pg.name``, and ``name(…)`` of the table's right column."""
    table = TEXT[TEXT.index("| run it") : TEXT.index("Points are tensors")]
    told = (
        set(re.findall(r"pg\.(\w+)", TEXT))
        | set(re.findall(r"`(\w+)\(", table))
        | set(re.findall(r"`([A-Z]\w+|slider|flag|register)`", table))
    )
    assert len(told) > 40
    assert {name for name in told if not hasattr(pg, name)} == set()
