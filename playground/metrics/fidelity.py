"""How far generated samples are from real ones in a feature space (math 2.23)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from playground.core.fields import BadValue, Whole


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """‖m_x − m_y‖² + tr(C_x + C_y − 2 (C_x C_y)^½) of features x (n, d), y (m, d): the squared W₂ of the moment-matched Gaussians.

    tr (C_x C_y)^½ = Σ √eigenvalues of C_x^½ C_y C_x^½, in float64. Blind beyond two moments. At least two rows each. Raises: BadValue. Called FID only with the features of FID's own network.
    """
    mine, theirs = known_moments("x", x), known_moments("y", y)
    if x.shape[1] != y.shape[1]:
        raise BadValue("y", tuple(y.shape), f"as many columns as x has: {x.shape[1]}")
    return float(frechet_of_moments(mine, theirs))


def known_moments(name: str, rows: Tensor) -> tuple[Tensor, Tensor]:
    """``moments`` of at least two rows. Raises: BadValue."""
    _check_rows(name, rows, 2)
    return moments(rows)


def frechet_of_moments(x: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor]) -> Tensor:
    """The same of means (…, d) and covariances (…, d, d), (…)."""
    (mx, cx), (my, cy) = x, y
    value, vector = torch.linalg.eigh(cx)
    root = (vector * value.clamp_min(0).sqrt()[..., None, :]) @ vector.mT
    cross = torch.linalg.eigvalsh(root @ cy @ root).clamp_min(0).sqrt().sum(-1)
    traces = (cx.diagonal(dim1=-2, dim2=-1) + cy.diagonal(dim1=-2, dim2=-1)).sum(-1)
    return (mx - my).square().sum(-1) + traces - 2 * cross


NEIGHBOURS = Whole(3, 1, 1000)


def _check_rows(name: str, rows: Tensor, least: int) -> None:
    if not isinstance(rows, Tensor) or rows.ndim != 2 or len(rows) < least:
        raise BadValue(
            name,
            tuple(rows.shape) if isinstance(rows, Tensor) else type(rows).__name__,
            f"features of shape (n, d) with at least {least} rows",
        )


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) of rows, float64, n − 1 in the denominator."""
    x = x.double()
    return x.mean(0), torch.cov(x.T).reshape(x.shape[1], x.shape[1])


class Coverage(NamedTuple):
    """precision: share of generated samples inside the real manifold; recall: share of real ones inside the generated manifold."""

    precision: float
    recall: float


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> Coverage:
    """Union of balls to the k-th neighbour (Kynkäänniemi et al. 2019, 1904.06991); real (n, d), fake (m, d), n and m above k. Raises: BadValue."""
    k = NEIGHBOURS.clean("k", k)
    for name, rows in (("real", real), ("fake", fake)):
        _check_rows(name, rows, k + 1)
    if real.shape[1] != fake.shape[1]:
        raise BadValue("fake", tuple(fake.shape), f"as many columns as real has: {real.shape[1]}")
    return Coverage(inside(fake, real, k), inside(real, fake, k))


def inside(points: Tensor, manifold: Tensor, k: int) -> float:
    """The share of points (n, d) that are no farther from one of the manifold's points (m, d), m above k, than its k-th neighbour there is."""
    radius = torch.cat([torch.cdist(part, manifold).kthvalue(k + 1).values for part in manifold.split(2000)])
    hits = [(torch.cdist(part, manifold) <= radius).any(1) for part in points.split(2000)]
    return float(torch.cat(hits).float().mean())
