"""Functions of torch and SciPy that have no types of their own, told once, so that all else in the core is checked strictly."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportMissingTypeStubs=false
# torch.linalg, Tensor.tolist and SciPy tell no types: this file is where they get some; SciPy is imported by those alone that need it

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor


def floats(x: Tensor) -> list[float]:
    """The numbers of x (n,)."""
    return x.tolist()


def wholes(x: Tensor) -> list[int]:
    """The whole numbers of x (n,)."""
    return x.tolist()


def nested(x: Tensor) -> list[object]:
    """The numbers of x, in lists of lists as it has axes."""
    return x.tolist()


def distinct(x: Tensor) -> Tensor:
    """The different values of x, rising, (k,)."""
    return x.unique()


def inverse(m: Tensor) -> Tensor:
    """m⁻¹ of (..., n, n)."""
    return torch.linalg.inv(m)


def cholesky(m: Tensor) -> Tensor:
    """L with L Lᵀ = m of positive definite (..., n, n)."""
    return torch.linalg.cholesky(m)


def definite(m: Tensor) -> bool:
    """Are all of these symmetric matrices (..., n, n) positive definite?"""
    _, failed = cast("tuple[Tensor, Tensor]", torch.linalg.cholesky_ex(m))
    return not bool(failed.any())


def log_abs_det(m: Tensor) -> Tensor:
    """ln |det m| of (..., n, n)."""
    return torch.linalg.slogdet(m).logabsdet


def eigen(m: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (..., n), rising, and eigenvectors (..., n, n) of symmetric m."""
    values, vectors = torch.linalg.eigh(m)
    return values, vectors


def norm(z: Tensor, dim: int) -> Tensor:
    """The Euclidean norm along one axis."""
    return torch.linalg.vector_norm(z, dim=dim)


def normal_cdf(z: Tensor) -> Tensor:
    """Φ(z) of a standard normal."""
    return torch.special.ndtr(z)


def assignment(cost: np.ndarray) -> Sequence[int]:
    """Which column each row gets where the sum of costs (n, n) is smallest."""
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(cost)[1]


def pchip(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficients (pieces, 4), of rising powers, of the monotone interpolant of at least three knots. Fritsch & Carlson 1980."""
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(x, y).c[::-1].T


def inverse_gamma(shape: float, share: Tensor) -> Tensor:
    """The x at which a gamma distribution of this shape has so much below it: share (n,), float64."""
    from scipy.special import gammaincinv

    return torch.as_tensor(gammaincinv(shape, share.numpy()))
