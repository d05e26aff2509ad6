from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import rel_entr

from playground.core.spec import Info
from playground.measures.symbols import OfTable


@dataclass(frozen=True)
class RelativeEntropy(OfTable):
    """KL(p̂ ‖ p) = Σ_k p̂_k ln(p̂_k/p_k), nats: infinite where a symbol was drawn that the exact law does not have."""

    info: ClassVar[Info] = Info(
        key="RelativeEntropy",
        title="relative entropy",
        tip="Kullback–Leibler divergence of the particles' shares from the exact probabilities; n draws of the exact law show about (symbols − 1)/2n",
        rank=46,
        needs=frozenset({"marginals", "discrete"}),
    )
    unit: ClassVar[str] = "nats"
    degree: ClassVar[int] = 2
    column: ClassVar[str] = "kl"

    def short(self, dim: int) -> str:
        return "KL"

    def name(self, dim: int) -> str:
        return "KL to p_t"

    def between(self, share: np.ndarray, table: np.ndarray) -> np.ndarray:
        return rel_entr(share, table).sum(-1)
