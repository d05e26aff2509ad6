from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.mixture import GaussianMixture
from playground.core.spec import Info
from playground.measures.ended import Ended


@dataclass(frozen=True)
class WeightError(Ended):
    """½ Σ_k |mean of p(k | x) − w_k| over the mixture's components k: each particle counts by the exact probabilities that components made it, whose mean over the law is w_k."""

    info: ClassVar[Info] = Info(
        key="WeightError",
        title="weight error",
        tip="share of the particles that would have to change their component for the mixture’s own weights, each counted by the exact p(component | x)",
        rank=55,
        needs=frozenset({"marginals", "vector", "mixture", "points", "data at the end"}),
    )
    formula: ClassVar[str] = r"\tfrac12\sum_k\left|\tfrac1n\sum_i p(k\mid x_i)-w_k\right|"

    def seen(self, law: GaussianMixture, parts: Tensor) -> Tensor:
        return torch.softmax(parts, -1)

    def number(self, law: GaussianMixture, means: np.ndarray) -> np.ndarray:
        return 0.5 * np.abs(means - law.weights.numpy()).sum(-1)
