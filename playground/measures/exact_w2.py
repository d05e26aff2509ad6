from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.measure import Estimate
from playground.core.mixture import GaussianMixture
from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import AtEnd, of_formula, pairs
from playground.metrics.transport import w2_to_mixture, wasserstein


@dataclass(frozen=True)
class ExactW2(AtEnd):
    """W₂ itself: on the line of the particles and the law (by cells between its quantiles, no samples in between), elsewhere to exact samples by the network simplex. Mostly
    random numbers of points a mode: its floor is high."""

    info: ClassVar[Info] = Info(
        key="ExactW2",
        title="W₂, exact",
        tip="least root mean square way by which particles must be moved to make them the law (on the line) or exact samples of at most 2,000 points",
        paper="Bonneel et al. 2011",
        rank=42,
        needs=frozenset({"marginals", "vector", "finite variance"}),
    )
    formula: ClassVar[str] = r"W_2^2=\min_P\sum_{ij}P_{ij}|x_i-y_j|^2"

    def exactly(self, law: GaussianMixture, x: np.ndarray, exact: np.ndarray) -> Estimate | None:
        return None if law.dim > 1 else of_formula(lambda points: w2_to_mixture(points[:, 0], law), x, exact)

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1).double().numpy()
        return torch.tensor([wasserstein(x, y, 2) for x, y in pairs(pool, first, second)], dtype=torch.float64)
