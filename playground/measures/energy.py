from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import Sampled
from playground.metrics import truth

PIECE = 1_000_000  # distances that are in memory at once


@dataclass(frozen=True)
class Energy(Sampled):
    """√(2E|x − y| − E|x − x'| − E|y − y'|) of particles x and exact samples y (Székely & Rizzo 2013)."""

    info: ClassVar[Info] = Info(
        key="Energy",
        title="energy distance",
        tip="zero only for equal laws, in any number of dimensions and on any space with a distance; less moved by few far points than W₂",
        paper="Székely & Rizzo 2013",
        rank=30,
        needs=frozenset({"marginals", "finite mean", "embedded"}),
    )
    unit: ClassVar[str] = "√(data units)"
    column: ClassVar[str] = "energy"

    def short(self, dim: int) -> str:
        return "energy"

    def name(self, dim: int) -> str:
        return self.info.title

    def projected(self, dim: int) -> truth.Projected:
        return truth.ENERGY

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """−wᵀ D w with weights 1/n of the first sample's points and −1/m of the second's, D their distances: all pairs at one pass over D."""
        x, y = (part.double() / part.sum(1, keepdim=True) for part in (first, second))
        w = x - y
        square = torch.zeros(len(first), dtype=torch.float64)
        for start in range(0, len(points), rows := max(1, PIECE // len(points))):
            apart = space.apart(points[start : start + rows], points).double()
            square -= ((w[:, start : start + rows] @ apart) * w).sum(1)
        return square.clamp_min(0).sqrt()
