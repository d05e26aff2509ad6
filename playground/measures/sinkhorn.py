from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import AtEnd, pairs
from playground.metrics.kernels import width_of
from playground.metrics.transport import entropic_cost, sinkhorn_divergence

EPSILON = 0.25  # in mean variances of the data's coordinates


@dataclass(frozen=True)
class Sinkhorn(AtEnd):
    """S_ε = OT_ε(x, y) − ½ OT_ε(x, x) − ½ OT_ε(y, y) with cost |x − y|² and ε a quarter of the mean variance of the second sample's coordinates: between W₂² (ε → 0) and
    what a kernel sees (ε → ∞)."""

    info: ClassVar[Info] = Info(
        key="Sinkhorn",
        title="Sinkhorn divergence",
        tip="squared W₂ with an entropy that blurs it (ε: a quarter of the data’s mean variance), less what that costs each sample with itself; of 500 points",
        paper="Feydy et al. 2019",
        arxiv="1810.08278",
        rank=44,
        needs=frozenset({"marginals", "vector", "finite variance"}),
    )
    formula: ClassVar[str] = r"\mathrm{OT}_\varepsilon(x,y)-\tfrac12\mathrm{OT}_\varepsilon(x,x)-\tfrac12\mathrm{OT}_\varepsilon(y,y)"
    unit: ClassVar[str] = "(data units)²"
    in_squares: ClassVar[bool] = False
    degree: ClassVar[int] = 2
    most: ClassVar[int] = 500

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1).double().numpy()
        epsilon = EPSILON * width_of(pool[second[0].numpy()], 1.0) ** 2
        known: dict[bytes, float] = {}

        def own(rows: Tensor) -> float:
            """Each sample is of many pairs; its cost with itself is taken once."""
            name = rows.numpy().tobytes()
            if name not in known:
                x = pool[rows.numpy()]
                known[name] = entropic_cost(x, x, epsilon)
            return known[name]

        told = [
            sinkhorn_divergence(x, y, epsilon, (own(a), own(b)))
            for (x, y), a, b in zip(pairs(pool, first, second), first, second, strict=True)
        ]
        return torch.tensor(told, dtype=torch.float64)
