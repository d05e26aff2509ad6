"""The grid that a process brings when a person chooses it: measured, not chosen by taste."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.legal import fitting, why_illegal
from playground.core.spec import registry
from playground.engine import simulate
from playground.metrics.distances import sliced_w2
from tests.named import mixture_of
from tests.real import real

N = 4000
DATA = ("moons", "swiss_roll")


def exact(data: str, seed: int) -> np.ndarray:
    rng = torch.Generator().manual_seed(seed)
    x, _ = mixture_of(data).sample(torch.rand(N, generator=rng, dtype=torch.float64), torch.randn(N, 2, generator=rng, dtype=torch.float64))
    return x.numpy().astype(np.float32)


def error(process: str, grid: str) -> float:
    """Root mean square over data and 10 and 20 steps of the sliced W₂ beyond its floor."""
    total = []
    for data in DATA:
        truth = [exact(data, k) for k in range(3)]
        floor = np.mean([sliced_w2(truth[i], truth[j]) ** 2 for i in range(3) for j in range(i)])
        for steps in (10, 20):
            exp = Experiment(data=data, process={"kind": process}, grid={"kind": grid, "steps": steps}, particles=N)
            x = simulate(exp, max_frames=2).x[-1].numpy().astype(np.float32)
            total.append(max(0.0, np.mean([sliced_w2(x, y) ** 2 for y in truth]) - floor))
    return float(np.sqrt(np.mean(total)))


@pytest.mark.parametrize("process", real("processes"))
def test_no_closed_form_grid_is_clearly_better(process: str) -> None:
    """Grids that know only the process (not "automatic" and "optimal trajectory", which know the data, nor one's own)."""
    cls = registry("processes")[process]
    assert cls.suits in registry("grids")
    assert not why_illegal(registry("grids")[cls.suits](), cls)  # type: ignore[arg-type]
    found = {
        key: error(process, key)
        for key, grid in registry("grids").items()
        if key not in ("Auto", "OptimalTrajectory", "Custom") and not why_illegal(grid(), cls)
    }  # type: ignore[arg-type]
    best = min(found.values())
    assert found[cls.suits] <= 1.15 * best + 0.008, found
    if cls.suits != fitting("grid", cls):  # type: ignore[arg-type]
        assert found[cls.suits] < 0.9 * found[fitting("grid", cls)] + 0.004, found  # type: ignore[arg-type]
