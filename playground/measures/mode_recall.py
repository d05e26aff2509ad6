from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from playground.core.mixture import GaussianMixture
from playground.core.spec import Info
from playground.measures.ended import Ended, on_components


@dataclass(frozen=True)
class ModeRecall(Ended):
    """The share of the law's components that at least one particle is within three standard deviations of: modes that are found, however badly they are weighted."""

    info: ClassVar[Info] = Info(
        key="ModeRecall",
        title="mode recall",
        tip="share of the mixture’s components with at least one particle within three standard deviations (Mahalanobis): 1 where no mode is lost",
        paper="Srivastava et al. 2017",
        arxiv="1705.07761",
        rank=53,
        needs=frozenset({"marginals", "vector", "mixture", "points", "data at the end"}),
    )
    better: ClassVar[str] = "higher"
    degree: ClassVar[int] = 0

    def seen(self, law: GaussianMixture, parts: Tensor) -> Tensor:
        return on_components(law, parts).double()

    def number(self, law: GaussianMixture, means: np.ndarray) -> np.ndarray:
        return (means > 0).mean(-1)
