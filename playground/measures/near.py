"""Precision and recall by neighbours: what both share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.space import Space
from playground.measures.sampled import AtEnd
from playground.metrics.fidelity import inside

NEIGHBOURS = 3


@dataclass(frozen=True)
class Near(AtEnd):
    """The share of one sample that lies in the balls of the other to their NEIGHBOURS-th neighbour."""

    of_first: ClassVar[bool]
    """Is it the share of the first sample in the second's balls?"""
    unit: ClassVar[str] = ""
    in_squares: ClassVar[bool] = False
    better: ClassVar[str] = "higher"
    degree: ClassVar[int] = 0

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        flat = points.flatten(1).double()
        mine, others = (first, second) if self.of_first else (second, first)
        return torch.tensor([inside(flat[a], flat[b], NEIGHBOURS) for a, b in zip(mine, others, strict=True)], dtype=torch.float64)
