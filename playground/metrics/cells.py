"""Densities on a grid: the exact probability of every cell under a mixture of one or two dimensions, and divergences of counts from it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import rel_entr

from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture

ACROSS = {1: 64, 2: 32}  # cells along an axis, by dimension
REACH = 4.0  # standard deviations around each component that the grid covers
NODES = 24  # of the quadrature along the first axis of a cell of the plane


@dataclass(frozen=True)
class Cells:
    """Equal cells of a box, and one for all that is outside, the last. ``edges``: along each axis; ``shares``: their exact probabilities, (cells + 1,)."""

    edges: tuple[np.ndarray, ...]
    shares: np.ndarray

    def counts(self, x: np.ndarray) -> np.ndarray:
        """How many of the points (n, d) lie in each cell; what is not finite is outside."""
        with np.errstate(invalid="ignore"):
            at = [np.searchsorted(edge, x[:, i], side="right") - 1 for i, edge in enumerate(self.edges)]
        sizes = [len(edge) - 1 for edge in self.edges]
        inside = np.isfinite(x).all(1)
        for i, size in zip(at, sizes, strict=True):
            inside &= (i >= 0) & (i < size)
        number = np.ravel_multi_index([np.where(inside, i, 0) for i in at], sizes)
        return np.bincount(np.where(inside, number, len(self.shares) - 1), minlength=len(self.shares))


@functools.lru_cache(maxsize=16)
def cells_of(law: GaussianMixture) -> Cells:
    """The grid of a law: 64 cells on the line, 32 × 32 in the plane, over all that is within REACH standard deviations of a component. Along the second axis a cell's
    probability given the first is a difference of Φ; along the first it is summed by Gauss–Legendre, on the line it is a difference itself. Raises: BadValue above the plane."""
    if law.dim not in ACROSS:
        raise BadValue("law", law.dim, "a mixture of one or two dimensions")
    w, m, c = law.weights.numpy(), law.means.numpy(), law.covs.numpy()
    spread = np.sqrt(np.diagonal(c, axis1=1, axis2=2))
    lo, hi = (m - REACH * spread).min(0), (m + REACH * spread).max(0)
    edges = tuple(np.linspace(a, b, ACROSS[law.dim] + 1) for a, b in zip(lo, hi, strict=True))
    if law.dim == 1:
        inside = _between(edges[0], m[:, 0], spread[:, 0]) @ w
    else:
        node, weight = np.polynomial.legendre.leggauss(NODES)
        half = 0.5 * np.diff(edges[0])
        x = (0.5 * (edges[0][1:] + edges[0][:-1])[:, None] + half[:, None] * node).ravel()
        u = (x[:, None] - m[:, 0]) / spread[:, 0]
        across = w * np.exp(-0.5 * u**2) / (np.sqrt(2 * np.pi) * spread[:, 0]) * (half[:, None] * weight).reshape(-1, 1)
        slope = c[:, 1, 0] / spread[:, 0]
        rest = np.sqrt(c[:, 1, 1] - slope**2)
        along = [_between(edges[1], m[:, 1] + slope * at, rest) for at in u]
        inside = np.stack([share @ given for share, given in zip(across, [a.T for a in along], strict=True)])
        inside = inside.reshape(len(half), NODES, -1).sum(1)
    shares = np.append(inside.ravel(), max(0.0, 1 - inside.sum()))
    shares = np.maximum(shares, np.finfo(float).tiny)
    return Cells(edges, shares / shares.sum())


def _between(edges: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """P(edge_i < N(mean_k, sd_k²) < edge_{i+1}), (cells, K), by the smaller tail."""
    u = (edges[:, None] - mean) / sd
    low, high = (torch.special.ndtr(torch.from_numpy(s)).numpy() for s in (u, -u))
    return np.where(u[:-1] > 0, high[:-1] - high[1:], low[1:] - low[:-1])


def kl(share: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Σ p̂ ln(p̂/p), nats, of shares (…, S) and a table (S,)."""
    return rel_entr(share, table).sum(-1)


def js(share: np.ndarray, table: np.ndarray) -> np.ndarray:
    """½ KL(p̂ ‖ m) + ½ KL(p ‖ m), m = ½ (p̂ + p), nats: at most ln 2."""
    middle = 0.5 * (share + table)
    return 0.5 * (kl(share, middle) + kl(np.broadcast_to(table, share.shape), middle))
