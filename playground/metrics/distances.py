"""Distances between samples, each with the two-sample floor: what two exact samples of the same size show."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue

DIRECTIONS = 32
PAIRS = 1_000_000  # distances that are in memory at once


def wasserstein_1d(x: np.ndarray, y: np.ndarray, power: int = 1) -> np.ndarray:
    """(∫₀¹ |F_x⁻¹ − F_y⁻¹|^p du)^{1/p} of points along the last axis: sort and compare; exact for unequal numbers of points too."""
    a, b = np.sort(x, axis=-1), np.sort(y, axis=-1)
    n, m = a.shape[-1], b.shape[-1]
    if n == m:
        return np.mean(np.abs(a - b) ** power, axis=-1) ** (1 / power)
    # both quantile functions are constant between neighbouring multiples of 1/n and 1/m
    edges = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    middle = 0.5 * (edges[1:] + edges[:-1])
    gap = np.abs(a[..., (middle // m).astype(int)] - b[..., (middle // n).astype(int)])
    return (gap**power @ (np.diff(edges) / (n * m))) ** (1 / power)


def directions(dim: int, count: int = DIRECTIONS) -> np.ndarray:
    """Unit vectors (count, dim): evenly spaced angles in 2D, seeded random ones above."""
    if dim == 2:
        angle = np.pi * (np.arange(count) + 0.5) / count
        return np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)
    v = np.random.default_rng(0).standard_normal((count, dim))
    return (v / np.linalg.norm(v, axis=-1, keepdims=True)).astype(np.float32)


def sliced_w2(x: np.ndarray | Tensor, y: np.ndarray | Tensor) -> float:
    """√(mean over directions θ of W₂²(θ·x, θ·y)) in the data's units; on the line W₂ itself (Bonneel et al. 2015).

    Args: x (n, d) or (n,), y (m, d) or (m,), arrays or tensors. Raises: BadValue.
    """
    a, b = _rows("x", x), _rows("y", y)
    if a.shape[1] != b.shape[1]:
        raise BadValue("y", b.shape, f"as many columns as x has: {a.shape[1]}")
    if a.shape[1] == 1:
        return float(wasserstein_1d(a[:, 0], b[:, 0], 2))
    theta = directions(a.shape[1])
    return float(np.sqrt(np.mean(wasserstein_1d(theta @ a.T, theta @ b.T, 2) ** 2)))


def _rows(name: str, points: object) -> np.ndarray:
    """Points (n, d) of a caller as an array; (n,) are points on the line."""
    try:
        rows = (
            points.detach().cpu().numpy()
            if isinstance(points, Tensor)
            else np.asarray(points, dtype=None if hasattr(points, "dtype") else float)
        )
    except (TypeError, ValueError):
        raise BadValue(name, points, "points of shape (n, d), or (n,) on the line") from None
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or 0 in rows.shape or rows.dtype.kind not in "fiu":
        raise BadValue(name, rows.shape, "points of shape (n, d), or (n,) on the line, at least one")
    return rows


def energy_distance(x: Tensor, y: Tensor) -> float:
    """√(2E|X−Y| − E|X−X'| − E|Y−Y'|) of the two empirical laws (pairs of a point with itself included), x (n, d), y (m, d).

    Never negative, and positive for two samples of one law: compare with the floor, not with 0.
    """
    points = torch.cat([x, y])
    w = torch.cat([x.new_full((1, len(x)), 1 / len(x)), y.new_full((1, len(y)), -1 / len(y))], 1)
    if points.shape[1] == 1:
        return math.sqrt(float(energy_on_line(w, points[:, 0])))
    return math.sqrt(float(energy_of_pairs(w, lambda i, j: torch.cdist(points[i], points[j]))))


def energy_on_line(w: Tensor, x: Tensor) -> Tensor:
    """−Σ_ij w_ki w_kj |x_i − x_j| = 2 ∫ (Σ_{x_i ≤ s} w_ki)² ds, (K,), of points x (N,) on the line and weights w (K, N) whose rows sum to 0: by one sort."""
    x, order = x.double().sort()
    below = w.double()[:, order].cumsum(1)[:, :-1]
    return 2 * below.square() @ x.diff()


def energy_of_pairs(w: Tensor, apart: Callable[[slice, slice], Tensor]) -> Tensor:
    """−Σ_ij w_ki w_kj d(x_i, x_j), (K,), of weights w (K, N) whose rows sum to 0: all pairs of points, each once, in blocks of PAIRS.

    apart: rows, columns ↦ the distances between those points. N²/2 distances: 20,000 points take about 1 s of one core,
    3 s with the 33 rows of a comparison with its error and floor.
    """
    w, total, count = w.double(), torch.zeros(len(w), dtype=torch.float64), w.shape[1]
    rows = max(1, PAIRS // count)
    for start in range(0, count, rows):
        stop = min(start + rows, count)
        d = apart(slice(start, stop), slice(start, count)).double()
        inner = stop - start
        mine = w[:, start:stop]
        total += ((mine @ d[:, :inner]) * mine).sum(1) + 2 * ((mine @ d[:, inner:]) * w[:, stop:]).sum(1)
    return (-total).clamp_min(0)  # rounding can leave a tiny negative number for equal samples
