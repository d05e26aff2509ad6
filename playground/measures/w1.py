from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import Sampled, pairs
from playground.metrics import truth
from playground.metrics.distances import wasserstein_1d


@dataclass(frozen=True)
class W1(Sampled):
    """W₁ of particles and exact samples on the line: ∫ |F⁻¹(u) − G⁻¹(u)| du = mean |x_(i) − y_(i)| of sorted points."""

    info: ClassVar[Info] = Info(
        key="W1",
        title="W₁",
        tip="how far, on average, particles must be moved to make them an exact sample (1-Wasserstein, earth mover's distance)",
        rank=10,
        needs=frozenset({"marginals", "line", "finite mean"}),
    )
    column: ClassVar[str] = "w"

    def projected(self, dim: int) -> truth.Projected:
        return truth.W1

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1).numpy()
        return torch.tensor([float(wasserstein_1d(x[:, 0], y[:, 0])) for x, y in pairs(pool, first, second)], dtype=torch.float64)
