"""How far an Experiment walks: the files of which a function takes one while a packet is made. What only needs a process, a law or a run is given that."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from playground.core.experiment import Experiment
from playground.server import jobs

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "playground"


def visited(query: dict[str, str], layer: str, want: frozenset[str] = frozenset()) -> set[str]:
    """Files of ours, counted as the code runs: a file is visited where one of its functions is called with an Experiment (or on one)."""
    job, found = jobs.packet_job({**query, "layer": layer, "want": ",".join(sorted(want))}), set()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(HOME)):
            given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            if any(isinstance(frame.f_locals.get(name), Experiment) for name in given):
                found.add(Path(code.co_filename).relative_to(HOME).as_posix())

    was = sys.getprofile()
    sys.setprofile(watch)
    try:
        assert b"".join(jobs.parts_of(job))
    finally:
        sys.setprofile(was)
    return found


SPACES = [{"data": "moons"}, {"data": "two_modes", "process": "CLD"}, {"data": "letters"}, {"data": "torus_peaks"}]
IMAGES = {"data": "digits", "model": "gaussian"}  # which have no fields


@pytest.mark.parametrize(
    ("layer", "most", "query"),
    [
        *(("run", 12, query) for query in [*SPACES, IMAGES]),
        *(("metrics", 7, query) for query in [*SPACES, IMAGES]),
        *(("fields", 7, query) for query in SPACES),
    ],
)
def test_an_experiment_walks_through_few_files(layer: str, most: int, query: dict[str, str]) -> None:
    """Layers, which each say whether they can be seen of it, are beside: ``views/layers/``. A seed of its own for each, so that nothing is kept yet."""
    want = frozenset({"density", "score"}) if layer == "fields" else frozenset[str]()
    files = visited({**query, "particles": "20", "grid.steps": "4", "seed": str(len(layer))}, layer, want)
    assert "core/experiment.py" in files
    beside = {name for name in files if name.startswith("views/layers/")}
    assert len(files - beside) <= most, sorted(files - beside)
