from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.spec import Info
from playground.measures.sampled import Sampled
from playground.metrics import truth


@dataclass(frozen=True)
class Middle(Sampled):
    """W₁ on the line, sliced W₂ in the plane, of the points between the quantiles 5 % and 95 % of each projection: it exists for every law."""

    info: ClassVar[Info] = Info(
        key="Middle",
        title="distance of the middle",
        tip="what stays of a Wasserstein distance where p_t has no variance: the outer 5 % on either side of each projection are left out",
        rank=40,
        needs=frozenset({"marginals", "vector"}),
    )
    column: ClassVar[str] = "middle"
    instead_of: ClassVar[str] = "w"

    def short(self, dim: int) -> str:
        return f"middle {100 - 200 * truth.OUTSIDE:.0f} %"

    def name(self, dim: int) -> str:
        return f"{'W₁' if dim == 1 else 'sliced W₂'} of the {self.short(dim)}"

    def distance(self, dim: int) -> truth.Projected:
        return truth.middle(truth.W1 if dim == 1 else truth.W2)
