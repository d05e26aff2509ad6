from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from playground.core.spec import Info
from playground.measures.symbols import OfTable


@dataclass(frozen=True)
class TotalVariation(OfTable):
    """½ Σ_k |p̂_k − p_k|: the share of the particles that would have to change their symbol."""

    info: ClassVar[Info] = Info(
        key="TotalVariation",
        title="total variation",
        tip="share of the particles that would have to change their symbol to have the exact probabilities",
        rank=44,
        needs=frozenset({"marginals", "discrete"}),
    )
    column: ClassVar[str] = "tv"

    def short(self, dim: int) -> str:
        return "TV"

    def name(self, dim: int) -> str:
        return self.info.title

    def between(self, share: np.ndarray, table: np.ndarray) -> np.ndarray:
        return 0.5 * np.abs(share - table).sum(-1)
