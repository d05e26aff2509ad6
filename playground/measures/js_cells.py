from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from playground.core.spec import Info
from playground.measures.in_cells import InCells
from playground.metrics.cells import js


@dataclass(frozen=True)
class JSCells(InCells):
    """The Jensen–Shannon divergence over the cells of a grid: at most ln 2, which is reached by laws that share no cell."""

    info: ClassVar[Info] = Info(
        key="JSCells",
        title="JS on a grid",
        tip="Jensen–Shannon divergence of the particles’ histogram and the exact one, at most ln 2: 64 cells on the line, 32 × 32 in the plane, and one outside",
        paper="Lin 1991",
        rank=59,
        needs=frozenset({"marginals", "vector", "mixture", "points", "data at the end"}),
    )
    formula: ClassVar[str] = r"\tfrac12\mathrm{KL}(\hat p\,\|\,m)+\tfrac12\mathrm{KL}(p\,\|\,m),\quad m=\tfrac12(\hat p+p)"

    def between(self, share: np.ndarray, table: np.ndarray) -> np.ndarray:
        return js(share, table)
