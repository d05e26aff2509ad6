from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.brownian import BrownianPath
from playground.core.measure import Estimate, Measure, Measured, mean_of
from playground.core.problem import Problem
from playground.core.process import Process, t64
from playground.core.rng import Rng
from playground.core.run import run as steps_of
from playground.core.spec import Info

PARTS, FEWER = 16, 8  # of every step, in the fine run and in the one that tells how far that one is off
STEPS = 2048  # of the fine run, about, at most: steps of long runs are divided less


@dataclass(frozen=True)
class PathError(Measure):
    """The mean distance of each particle from where the same sampler takes its own start along its own Brownian path in steps a sixteenth as long, in the data's part, the last step to
    t = 0 being made from the same time. Of strong order p that is the run's own strong error but for a share 16^−p. ``floor``: how far the fine run itself is off, as its distance from one
    of half as many steps (of order 1: what its own error is)."""

    info: ClassVar[Info] = Info(
        key="PathError",
        title="strong error on one path",
        tip="mean distance of the particles from where much smaller steps take the same noise: a stochastic solver’s own error, path by path",
        rank=62,
        needs=frozenset({"path", "points", "reverse"}),
    )
    formula: ClassVar[str] = r"\tfrac1n\sum_i|x_i^{\,h}-x_i^{\,h/16}|\quad\text{on one Brownian path}"
    in_squares: ClassVar[bool] = False
    cheap: ClassVar[bool] = False
    how: ClassVar[str] = (
        "of the last states to those of a run of the same path in 16 times as many steps; ± the standard error of the mean over particles"
    )
    floor_of: ClassVar[str] = "the fine run and one of half as many steps"

    def of(self, run: Measured) -> Estimate:
        times = [frame.t for frame in run.frames]
        parts = max(2, min(PARTS, STEPS // len(times)))
        fine, half = (self._ended(run, finer(run.process, times, k)) for k in (parts, parts // 2))
        apart, off = (self._apart(run, fine, z) for z in (run.frames[-1].z, half))
        return Estimate(*mean_of(apart), *mean_of(off))

    def _ended(self, run: Measured, times: list[float]) -> Tensor:
        """Where the run's sampler takes its start over these times along its path."""
        start, sampler = run.frames[0].z, run.exp.sampler
        rng = BrownianPath(Rng(run.exp.seed, start.device, start.dtype).stream("path"), run.process, sampler)
        problem = Problem(run.process, run.predictor)
        with torch.no_grad():
            *_, last = steps_of(problem, sampler, start, times, rng)
        return last.z

    def _apart(self, run: Measured, a: Tensor, b: Tensor) -> Tensor:
        """Distances in the data's part, (n,)."""
        return run.process.project((a - b).double()).flatten(1).square().sum(1).sqrt().cpu()


def finer(process: Process, times: Sequence[float], parts: int) -> list[float]:
    """Every step in so many parts, evenly in ln(α/σ) (or in √t), that from pure noise in t; the last one to t = 0 whole."""
    out = [times[0]]
    for t, s in itertools.pairwise(times):
        if s > 0:
            a, b = process.evened(t), process.evened(s)
            shares = torch.linspace(0, 1, parts + 1, dtype=torch.float64)[1:-1]
            inner = process.unevened(t64(a) + (b - a) * shares) if math.isfinite(a) else t + (s - t) * shares
            out += inner.tolist()
        out.append(s)
    return out
