"""docs/samplers.md is what the generator would write, and docs/replay.md's example runs."""

import re
from pathlib import Path

import pytest
import torch

from docs.generate import TARGET, TITLES, row
from playground.core.spec import registry
from tests.samplers.family_orders import SOLVERS, WEAK, measured
from tests.samplers.geodesic import GEODESIC
from tests.samplers.parity import PARITY


def rows():
    lines = [line for line in TARGET.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    cut = ([c.strip() for c in line.strip("|").split("|")] for line in lines)
    return {cells[0].strip("`"): cells for cells in cut if len(cells) == len(TITLES)}


def test_current():
    """Every sampler has its row, and every cell that is not measured is what the registry says. Run ``python -m docs.generate`` after a change."""
    found = rows()
    assert list(found) == list(registry("samplers"))
    for key, cells in found.items():
        want = row(key, measure=False)
        assert [cells[i] for i in (0, 1, 3, 5, 6)] == [want[i] for i in (0, 1, 3, 5, 6)], key


def test_measured_numbers():
    """Every variant stands in its cell, |measured − declared| ≤ 0.15, parity ≤ 1e-6; three slopes are measured again."""
    text = TARGET.read_text(encoding="utf-8")
    pairs = re.findall(r": (?:weak )?(\d) : (\d\.\d\d)", text)
    assert len(pairs) == len(SOLVERS) + len(GEODESIC) + sum(order is not None for _, order in WEAK.values())
    assert all(abs(float(a) - float(b)) <= 0.15 for a, b in pairs)
    errors = [float(cell) for cells in rows().values() for cell in re.findall(r": (\de-\d+)", cells[4])]
    assert len(errors) == len(PARITY)
    assert max(errors) <= 1e-6
    for label in ("DPMSolverPP3M", "UniPC 2", "KDPM2"):
        key = label.split()[0]
        name = label[len(key) :].strip() or "–"
        shown = re.search(rf"(?:^|<br>|\| ){re.escape(name)}: \d : (\d\.\d\d)", rows()[key][2])
        assert shown
        assert measured(label) == pytest.approx(float(shown.group(1)), abs=0.02)


@pytest.mark.filterwarnings("ignore")
def test_replay_example(capsys):
    """The block in docs/replay.md. Mutant killed: levels of the wrong end of the table."""
    source = (Path(__file__).parents[2] / "docs" / "replay.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", source, re.S)
    assert block
    exec(compile(block.group(1), "docs/replay.md", "exec"), {})
    assert "largest difference" in capsys.readouterr().out
    assert torch.get_default_dtype() == torch.float32
