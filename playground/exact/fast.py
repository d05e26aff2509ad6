"""Posterior means of a Gaussian mixture by two matrix products: what every run spends its time on.

With φ(z) = (z_i z_j for i ≤ j, z_i, 1) the log of a weighted component density is φ(z) · logit_k, and the mean under component k is
read_k0 + read_k z; see ``Tables`` in mixture.py.
"""

from __future__ import annotations

import torch
from torch import Tensor

CACHE_ROWS = 1 << 18  # particles × components evaluated at once: keeps the (rows, K) weights in cache


def features(z: Tensor) -> Tensor:
    """φ(z), (batch, n (n + 1)/2 + n + 1), of z (batch, n); products in the order of ``torch.triu_indices``."""
    return torch.cat([*(z[:, i : i + 1] * z[:, i:] for i in range(z.shape[1])), z, torch.ones_like(z[:, :1])], -1)


def mean_of(z: Tensor, logit: Tensor, read: Tensor) -> Tensor:
    """Σ_k w_k(z) (read_k0 + read_k z), (batch, m); logit (features, K), read (K, m (1 + n)), w = softmax over k of φ(z) · logit."""
    n = z.shape[1]
    rows = max(256, CACHE_ROWS // logit.shape[1]) if z.device.type == "cpu" else 1 << 20
    parts = []
    for part in z.split(rows):
        weight = torch.softmax(features(part) @ logit, -1)
        out = (read.T @ weight.T).view(-1, 1 + n, len(part))  # this way round BLAS is four times as fast for a few columns
        parts.append((out[:, 0] + (out[:, 1:] * part.T).sum(1)).T)
    return (parts[0] if len(parts) == 1 else torch.cat(parts)).contiguous()
