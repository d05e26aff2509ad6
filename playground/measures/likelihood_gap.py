from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.mixture import GaussianMixture
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.measures.ended import Ended

MANY = 32_768  # exact points from which the law's own mean is taken


@dataclass(frozen=True)
class LikelihoodGap(Ended):
    """E ln p − mean ln p of the particles, under the exact density: above 0 where they lie in places that the law seldom visits, below where they keep to its peaks."""

    info: ClassVar[Info] = Info(
        key="LikelihoodGap",
        title="log-likelihood gap",
        tip="by how much the exact ln p of the particles is below that of the law’s own points, on average: below 0 where they keep to the peaks",
        rank=57,
        needs=frozenset({"marginals", "vector", "mixture", "points", "data at the end"}),
    )
    formula: ClassVar[str] = r"\mathrm{E}_{p}\ln p(y)-\tfrac1n\sum_i\ln p(x_i)"
    unit: ClassVar[str] = "nats"
    better: ClassVar[str] = "floor"
    degree: ClassVar[int] = 0

    def seen(self, law: GaussianMixture, parts: Tensor) -> Tensor:
        return torch.logsumexp(parts, -1, keepdim=True)

    def number(self, law: GaussianMixture, means: np.ndarray) -> np.ndarray:
        return own(law) - means[..., 0]


@functools.lru_cache(maxsize=64)
def own(law: GaussianMixture) -> float:
    """E ln p of a mixture's own points."""
    return float(law.log_prob(law.draw(MANY, Rng(1, dtype=torch.float64).stream("entropy"))[0]).mean())
