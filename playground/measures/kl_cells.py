from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from playground.core.spec import Info
from playground.measures.in_cells import InCells
from playground.metrics.cells import kl


@dataclass(frozen=True)
class KLCells(InCells):
    """KL(p̂ ‖ p) over the cells of a grid: hard on particles where the law has hardly any."""

    info: ClassVar[Info] = Info(
        key="KLCells",
        title="KL on a grid",
        tip="Kullback–Leibler divergence of the particles’ histogram from the exact one: 64 cells on the line, 32 × 32 in the plane, and one outside",
        rank=58,
        needs=frozenset({"marginals", "vector", "mixture", "points", "data at the end"}),
    )
    formula: ClassVar[str] = r"\sum_j\hat p_j\ln(\hat p_j/p_j)"

    def between(self, share: np.ndarray, table: np.ndarray) -> np.ndarray:
        return kl(share, table)
