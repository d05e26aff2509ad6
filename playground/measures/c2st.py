from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import AtEnd, pairs
from playground.metrics.classifier import told_apart


@dataclass(frozen=True)
class C2ST(AtEnd):
    """The share of particles and exact points that a small network puts on the right side, by five-fold cross-validation: ½ where it learns nothing, at most
    ½ (1 + TV). Of at most 1,000 of each."""

    info: ClassVar[Info] = Info(
        key="C2ST",
        title="classifier’s accuracy",
        tip="how often a small network tells particles from exact points that it has not seen: ½ for a perfect run, at most ½ (1 + total variation)",
        paper="Lopez-Paz & Oquab 2017",
        arxiv="1610.06545",
        rank=52,
        needs=frozenset({"marginals", "vector"}),
    )
    unit: ClassVar[str] = ""
    in_squares: ClassVar[bool] = False
    degree: ClassVar[int] = 0
    most: ClassVar[int] = 1000

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1).double().numpy()
        return torch.tensor([told_apart(x, y) for x, y in pairs(pool, first, second)], dtype=torch.float64)
