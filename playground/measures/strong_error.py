from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.measure import Estimate, Measure, Measured, mean_of
from playground.core.mixture import GaussianMixture
from playground.core.process import Process
from playground.core.spec import Info
from playground.exact import oracle_for
from playground.metrics.flow import any_flow


@dataclass(frozen=True)
class StrongError(Measure):
    """The mean distance of each particle from where the exact probability flow takes its own start, in the data's part. It has no floor: a perfect solver shows 0. Of a sampler
    that draws noise a path of its own would have to be solved (``PathError``); here it says that it needs one that draws none."""

    info: ClassVar[Info] = Info(
        key="StrongError",
        title="strong error",
        tip="mean distance of the particles from where the exact flow takes the same noise: the solver’s own error, with no randomness of samples in it",
        rank=61,
        needs=frozenset({"marginals", "vector", "mixture", "velocity", "deterministic", "reverse"}),
    )
    formula: ClassVar[str] = r"\tfrac1n\sum_i|x_i-\Phi_{T\to0}(z_i)|"
    in_squares: ClassVar[bool] = False
    cheap: ClassVar[bool] = False
    how: ClassVar[str] = "of the last states to the exact flow from their starts; ± the standard error of the mean over particles"
    floor_of: ClassVar[str] = "0: the exact flow itself"

    def of(self, run: Measured) -> Estimate:
        if not run.exp.guidance.is_none:
            raise BadValue("guidance", run.exp.guidance.info.key, "none: the exact flow of a guided field is not in closed form")
        first, last = run.frames[0], run.frames[-1]
        start = first.z.cpu().double().contiguous()
        exact = _flow(run.oracle.data, run.process, start.numpy().tobytes(), tuple(start.shape), first.t, last.t)
        apart = run.process.project(last.z.cpu().double() - exact).flatten(1).square().sum(1).sqrt()
        return Estimate(*mean_of(apart))


@functools.lru_cache(maxsize=64)
def _flow(law: GaussianMixture, process: Process, start: bytes, shape: tuple[int, ...], t: float, s: float) -> Tensor:
    """Where the exact flow takes states: the samplers of a board begin at the same ones."""
    z = torch.frombuffer(bytearray(start), dtype=torch.float64).view(shape)
    with torch.no_grad():
        return any_flow(oracle_for(law, process), z, t, s)
