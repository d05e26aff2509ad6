from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.spec import Info
from playground.measures.sampled import Sampled
from playground.metrics import truth


@dataclass(frozen=True)
class W1(Sampled):
    """W₁ of particles and exact samples on the line: ∫ |F⁻¹(u) − G⁻¹(u)| du = mean |x_(i) − y_(i)| of sorted points."""

    info: ClassVar[Info] = Info(
        key="W1",
        title="W₁",
        tip="how far, on average, particles must be moved to make them an exact sample (1-Wasserstein, earth mover's distance)",
        rank=10,
        needs=frozenset({"marginals", "line", "finite mean"}),
    )
    column: ClassVar[str] = "w"

    def distance(self, dim: int) -> truth.Projected:
        return truth.W1
