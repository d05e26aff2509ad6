from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.special import xlogy
from torch import Tensor

from playground.core.algebra import distinct
from playground.core.mixture import GaussianMixture
from playground.core.spec import Info
from playground.measures.ended import Ended


@dataclass(frozen=True)
class ClassEntropy(Ended):
    """−Σ_c p̄_c ln p̄_c, p̄_c the mean of the exact p(c | x) over the particles: how many kinds of things the whole population has; e to its power is their number."""

    info: ClassVar[Info] = Info(
        key="ClassEntropy",
        title="class entropy",
        tip="entropy of the classes of all particles together: below that of exact samples where classes are lost, 0 where one is left",
        rank=56,
        needs=frozenset({"marginals", "vector", "mixture", "points", "kinds", "data at the end"}),
    )
    formula: ClassVar[str] = r"-\sum_c\bar p_c\ln\bar p_c,\quad\bar p_c=\tfrac1n\sum_i p(c\mid x_i)"
    unit: ClassVar[str] = "nats"
    better: ClassVar[str] = "floor"
    degree: ClassVar[int] = 0

    def seen(self, law: GaussianMixture, parts: Tensor) -> Tensor:
        share = torch.softmax(parts, -1)
        return torch.stack([share[:, law.labels == c].sum(1) for c in distinct(law.labels)], 1)

    def number(self, law: GaussianMixture, means: np.ndarray) -> np.ndarray:
        return -xlogy(means, means).sum(-1)
