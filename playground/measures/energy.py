from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import Sampled
from playground.metrics import truth
from playground.metrics.distances import energy_of_pairs, energy_on_line


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
    column: ClassVar[str] = "energy"

    def unit_in(self, space: Space) -> str:
        return f"√({space.unit})"

    def short(self, dim: int) -> str:
        return "energy"

    def name(self, dim: int) -> str:
        return self.info.title

    def projected(self, dim: int) -> truth.Projected | None:
        """In the plane evenly spaced directions give |v| to 1 %; in more dimensions hundreds at random do not."""
        return truth.ENERGY if dim <= 2 else None

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """−wᵀ D w with weights 1/n of the first sample's points and −1/m of the second's, D their distances: on the line by a sort, else all pairs at one
        pass over D."""
        x, y = (part.double() / part.sum(1, keepdim=True) for part in (first, second))
        flat = space.embed(points) if space.embedded else points.flatten(1)
        if space.embedded and flat.shape[1] == 1:
            return energy_on_line(x - y, flat[:, 0]).sqrt()
        return energy_of_pairs(x - y, lambda i, j: space.apart(points[i], points[j])).sqrt()
