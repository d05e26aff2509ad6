"""Maximum mean discrepancy with the kernel k(x, y) = exp(−|x − y|²/2ℓ²) (Gretton et al. 2012): between samples, and between a sample and a mixture."""

from __future__ import annotations

import functools
import math

import numpy as np
import torch
from torch import Tensor

from playground.core.mixture import GaussianMixture

MOST_PAIRS = 65_536  # of components, whose overlaps are in closed form
BLOCK = 1000  # rows of a kernel matrix at once


def kernel(x: Tensor, y: Tensor, width: float) -> Tensor:
    """k of points x (n, d), y (m, d), (n, m), float64."""
    a, b = x.double(), y.double()
    middle = a.mean(0)
    a, b = a - middle, b - middle
    squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.mT
    return squares.clamp_min_(0).mul_(-0.5 / width**2).exp_()


def mmd_of_masks(points: Tensor, first: Tensor, second: Tensor, width: float) -> Tensor:
    """The U-statistic of MMD² for K pairs of samples, rows of ``points`` (N, d) that are True in ``first`` and ``second`` (K, N): mean k of pairs of different points of the
    one, the same of the other, less twice the mean k between them. Its mean is MMD² itself, so that it is below 0 half of the time for equal laws."""
    a, b = first.double(), second.double()
    n, m = a.sum(1), b.sum(1)
    within, between = torch.zeros(2, len(a), dtype=torch.float64), torch.zeros(len(a), dtype=torch.float64)
    for rows in torch.arange(len(points)).split(BLOCK):
        k = kernel(points[rows], points, width)
        from_a, from_b = a[:, rows] @ k, b[:, rows] @ k
        within += torch.stack([(from_a * a).sum(1), (from_b * b).sum(1)])
        between += (from_a * b).sum(1)
    return (within[0] - n) / (n * (n - 1)) + (within[1] - m) / (m * (m - 1)) - 2 * between / (n * m)


def pairs_of(x: Tensor, width: float) -> float:
    """The mean of k over pairs of different points of x (n, d)."""
    n = len(x)
    return (sum(float(kernel(part, x, width).sum()) for part in x.split(BLOCK)) - n) / (n * (n - 1))


def embedding(law: GaussianMixture, x: Tensor, width: float) -> Tensor:
    """E k(x, Y) for Y from a mixture, at points x (n, d), (n,): (2πℓ²)^{d/2} times the density of the mixture with ℓ² added to its covariances."""
    return (wider(law, width).log_prob(x.double()) + 0.5 * law.dim * math.log(2 * math.pi * width**2)).exp()


@functools.lru_cache(maxsize=64)
def wider(law: GaussianMixture, width: float) -> GaussianMixture:
    """A mixture with N(0, ℓ² I) added."""
    return law.affine(torch.eye(law.dim, dtype=torch.float64), width**2 * torch.eye(law.dim, dtype=torch.float64))


@functools.lru_cache(maxsize=64)
def self_similarity(law: GaussianMixture, width: float) -> float:
    """E k(Y, Y') of two independent points of a mixture: Σ w_i w_j |I + (C_i + C_j)/ℓ²|^{−½} exp(−½ Δᵀ (ℓ² I + C_i + C_j)⁻¹ Δ)."""
    total = 0.0
    for w, m, c in zip(law.weights, law.means, law.covs, strict=True):
        other = GaussianMixture(law.weights, law.means, law.covs + c)
        total += float(w * embedding(other, m[None], width))
    return total


def mmd_to_mixture(x: Tensor, law: GaussianMixture, width: float) -> float:
    """The same of points x (n, d) and a mixture, whose part is exact: only the points' own pairs are a U-statistic."""
    return pairs_of(x, width) - 2 * float(embedding(law, x, width).mean()) + self_similarity(law, width)


def null_sd(law: GaussianMixture, exact: Tensor, n: int, width: float) -> float:
    """Standard deviation of ``mmd_to_mixture`` over samples of n points of the mixture itself: √(2 E h²/(n (n − 1))), where h(x, x') = k − μ(x) − μ(x') + E k and
    E h² = E k² − 2 E μ² + (E k)². Only E μ² is estimated, from points ``exact`` (m, d)."""
    squared = (
        self_similarity(law, width / math.sqrt(2))
        - 2 * float(embedding(law, exact, width).square().mean())
        + self_similarity(law, width) ** 2
    )
    return math.sqrt(max(0.0, 2 * squared) / (n * (n - 1)))


def width_of(points: Tensor | np.ndarray, share: float) -> float:
    """ℓ: a share of the root mean variance of the points' coordinates (n, d)."""
    return share * math.sqrt(max(float(torch.as_tensor(points).double().flatten(1).var(0).mean()), 1e-24))
