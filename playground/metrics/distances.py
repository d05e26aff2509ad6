"""Distances between samples, each with the two-sample floor: what two exact samples of the same size show."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

DIRECTIONS = 32


def wasserstein_1d(x: np.ndarray, y: np.ndarray, power: int = 1) -> np.ndarray:
    """(∫₀¹ |F_x⁻¹ − F_y⁻¹|^p du)^{1/p} of equally many points along the last axis: sort and compare."""
    gap = np.abs(np.sort(x, axis=-1) - np.sort(y, axis=-1))
    return np.mean(gap**power, axis=-1) ** (1 / power)


def directions(dim: int, count: int = DIRECTIONS) -> np.ndarray:
    """Unit vectors (count, dim): evenly spaced angles in 2D, seeded random ones above."""
    if dim == 2:
        angle = np.pi * (np.arange(count) + 0.5) / count
        return np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)
    v = np.random.default_rng(0).standard_normal((count, dim))
    return (v / np.linalg.norm(v, axis=-1, keepdims=True)).astype(np.float32)


def sliced_w2(x: np.ndarray, y: np.ndarray) -> float:
    """√(mean over directions θ of W₂²(θ·x, θ·y)); x, y (n, d) with equally many points."""
    theta = directions(x.shape[1])
    return float(np.sqrt(np.mean(wasserstein_1d(theta @ x.T, theta @ y.T, 2) ** 2)))


def energy_distance(x: Tensor, y: Tensor) -> float:
    """√(2E|X−Y| − E|X−X'| − E|Y−Y'|) of the two empirical laws (pairs of a point with itself included), x (n, d), y (m, d).

    Never negative, and positive for two samples of one law: compare with the floor, not with 0.
    """
    within = torch.cdist(x, x).mean() + torch.cdist(y, y).mean()
    # rounding can leave a tiny negative number for equal samples
    return math.sqrt(max(0.0, float(2 * torch.cdist(x, y).mean() - within)))
