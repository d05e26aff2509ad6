from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.measure import Estimate
from playground.core.mixture import GaussianMixture
from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import Sampled, Truth
from playground.metrics.fidelity import frechet_of_moments, known_moments
from playground.metrics.truth import read


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

    def told(self, truth: Truth, x: np.ndarray, exact: np.ndarray, law: GaussianMixture | None) -> Estimate:
        """As of all pairs of points, from the moments of each sample: those of the exact ones are kept where runs share them."""
        points = np.concatenate([x[None], exact])
        theirs = truth.kept(self.info.key, lambda: _table(points[1:]))
        mean, cov = np.split(np.concatenate([_table(points[:1]), theirs]), [x.shape[1]], 1)
        known, (i, j) = (
            (torch.from_numpy(mean), torch.from_numpy(cov).unflatten(1, (x.shape[1], -1))),
            torch.triu_indices(len(points), len(points), 1),
        )
        d = np.zeros((len(points), len(points)))
        d[i, j] = d[j, i] = _apart([part[i] for part in known], [part[j] for part in known]).numpy()
        return read(d)

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        pool = points.flatten(1)
        (mx, cx), (my, cy) = (
            [torch.stack(part) for part in zip(*(known_moments("x", pool[row]) for row in rows), strict=True)] for rows in (first, second)
        )
        return _apart((mx, cx), (my, cy))


def _table(samples: np.ndarray) -> np.ndarray:
    """Mean and covariance of each sample (S, n, d), (S, d + d²), float64."""
    told = (known_moments("x", torch.from_numpy(sample)) for sample in samples)
    return np.stack([torch.cat([mean, cov.flatten()]).numpy() for mean, cov in told])


def _apart(x: Sequence[Tensor], y: Sequence[Tensor]) -> Tensor:
    """The distances of means (K, d) and covariances (K, d, d), (K,)."""
    return frechet_of_moments((x[0], x[1]), (y[0], y[1])).clamp_min(0).sqrt()
