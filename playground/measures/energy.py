from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.spec import Info
from playground.measures.sampled import Sampled
from playground.metrics import truth


@dataclass(frozen=True)
class Energy(Sampled):
    """√(2E|x − y| − E|x − x'| − E|y − y'|) of particles x and exact samples y (Székely & Rizzo 2013)."""

    info: ClassVar[Info] = Info(
        key="Energy",
        title="energy distance",
        tip="zero only for equal laws, in any number of dimensions and on any space with a distance; less moved by few far points than W₂",
        paper="Székely & Rizzo 2013",
        rank=30,
        needs=frozenset({"marginals", "finite mean"}),
    )
    unit: ClassVar[str] = "√(data units)"
    column: ClassVar[str] = "energy"

    def short(self, dim: int) -> str:
        return "energy"

    def name(self, dim: int) -> str:
        return self.info.title

    def distance(self, dim: int) -> truth.Projected:
        return truth.ENERGY
