from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from playground.core.mixture import GaussianMixture
from playground.core.spec import Info
from playground.measures.ended import Ended, on_components


@dataclass(frozen=True)
class OnModes(Ended):
    """The share of the particles within three standard deviations of a component; the rest lies between the modes."""

    info: ClassVar[Info] = Info(
        key="OnModes",
        title="on-mode share",
        tip="share of the particles within three standard deviations (Mahalanobis) of a component of the mixture; the rest lies between the modes",
        paper="Srivastava et al. 2017",
        arxiv="1705.07761",
        rank=54,
        needs=frozenset({"marginals", "vector", "mixture", "points", "data at the end"}),
    )
    better: ClassVar[str] = "higher"
    degree: ClassVar[int] = 0

    def seen(self, law: GaussianMixture, parts: Tensor) -> Tensor:
        return on_components(law, parts).any(-1, keepdim=True).double()

    def number(self, law: GaussianMixture, means: np.ndarray) -> np.ndarray:
        return means[..., 0]
