from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import Sampled, pairs
from playground.metrics import truth
from playground.metrics.distances import sliced_w2


@dataclass(frozen=True)
class W2(Sampled):
    """√(mean over directions θ of W₂²(θ·x, θ·y)) of particles and exact samples; on the line W₂ itself (Bonneel et al. 2015)."""

    info: ClassVar[Info] = Info(
        key="W2",
        title="W₂, sliced",
        tip="root mean square way by which particles must be moved to make them an exact sample; in the plane the mean over 32 directions",
        paper="Bonneel et al. 2015",
        rank=20,
        needs=frozenset({"marginals", "vector", "finite variance"}),
    )
    column: ClassVar[str] = "w"

    def short(self, dim: int) -> str:
        return "W₂" if dim == 1 else "sliced W₂"

    def projected(self, dim: int) -> truth.Projected:
        return truth.W2

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1).numpy()
        return torch.tensor([float(sliced_w2(x, y)) for x, y in pairs(pool, first, second)], dtype=torch.float64)
