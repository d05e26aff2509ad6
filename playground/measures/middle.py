from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import Sampled, pairs
from playground.metrics import truth
from playground.metrics.distances import directions, wasserstein_1d


@dataclass(frozen=True)
class Middle(Sampled):
    """W₁ on the line, sliced W₂ in the plane, of the points between the quantiles 5 % and 95 % of each projection: it exists for every law."""

    info: ClassVar[Info] = Info(
        key="Middle",
        title="distance of the middle",
        tip="what stays of a Wasserstein distance where p_t has no variance: the outer 5 % on either side of each projection are left out",
        rank=40,
        needs=frozenset({"marginals", "vector"}),
    )
    column: ClassVar[str] = "middle"
    instead_of: ClassVar[str] = "w"

    def short(self, dim: int) -> str:
        return f"middle {100 - 200 * truth.OUTSIDE:.0f} %"

    def name(self, dim: int) -> str:
        return f"{'W₁' if dim == 1 else 'sliced W₂'} of the {self.short(dim)}"

    def projected(self, dim: int) -> truth.Projected:
        return truth.middle(truth.W1 if dim == 1 else truth.W2)

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1).numpy()
        dim = pool.shape[1]
        theta = directions(dim) if dim > 1 else np.ones((1, 1))

        def inner(x: np.ndarray) -> np.ndarray:
            cut = int(truth.OUTSIDE * len(x))
            return np.sort(theta @ x.T)[:, cut : len(x) - cut]

        squares = [wasserstein_1d(inner(x), inner(y), min(dim, 2)) ** 2 for x, y in pairs(pool, first, second)]
        return torch.tensor([float(np.sqrt(np.mean(s))) for s in squares], dtype=torch.float64)
