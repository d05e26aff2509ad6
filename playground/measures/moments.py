from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import Sampled
from playground.metrics.fidelity import frechet_of_moments, known_moments


@dataclass(frozen=True)
class Moments(Sampled):
    """√(|m_x − m_y|² + tr(C_x + C_y − 2 (C_x C_y)^½)), W₂ of the Gaussians with the means and covariances of particles and exact samples: blind beyond
    two moments."""

    info: ClassVar[Info] = Info(
        key="Moments",
        title="distance of two moments",
        tip="W₂ between the Gaussians that have the mean and covariance of the particles and of exact samples: what two moments see",
        paper="Dowson & Landau 1982",
        rank=45,
        needs=frozenset({"marginals", "vector", "finite variance"}),
    )

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1)
        known: dict[bytes, tuple[Tensor, Tensor]] = {}

        def of(rows: Tensor) -> tuple[Tensor, Tensor]:
            """Each sample is of many pairs; its moments are taken once."""
            name = rows.numpy().tobytes()
            if name not in known:
                known[name] = known_moments("x", pool[rows])
            return known[name]

        (mx, cx), (my, cy) = ([torch.stack(part) for part in zip(*map(of, rows), strict=True)] for rows in (first, second))
        return frechet_of_moments((mx, cx), (my, cy)).clamp_min(0).sqrt()
