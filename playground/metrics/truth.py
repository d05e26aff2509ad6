"""How far particles are from draws of an exact law: the same estimator at every time, for every measure, with its floor.

Given n particles and K ≥ 4 independent exact samples of n points each, a measure's value is the mean of its distance to those samples, and its
floor the mean of its K (K − 1)/2 distances between them: what a perfect sampler would show. All measures read the same sorted projections on
directions (in one dimension the points themselves), so that more of them cost little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from playground.core.exact import Exact, law_at
from playground.core.measure import Estimate
from playground.core.rng import Rng
from playground.metrics.distances import directions

FAR = 1e3  # where particles that are lost, or farther than this, are put
OUTSIDE = 0.05  # share of the points that "middle" leaves out on either side
CELLS = 6.0  # CELLS √n equal shares of a sample's points stand for it in the energy distance
EVERY = 4  # the share of the plane's directions that is enough for it: eight give |v| to 3e-3 on average
BESIDE = 2  # times on either side over which spreads are pooled
PIECE = 200_000  # numbers that are sorted at once: they stay in cache


@dataclass(frozen=True)
class Projected:
    """A distance between samples, as √ of a mean over directions. ``squared``: sorted projections (directions, samples, n) ↦ the sum over
    directions of its square for every pair of samples (samples, samples). ``every``: which directions it takes."""

    key: str
    squared: Callable[[np.ndarray], np.ndarray]
    factor: Callable[[int], float] = lambda dim: 1.0
    every: int = 1


def _gram(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Σ a bᵀ over the first axis, (samples, samples), by torch: its threads are those that the page's worker has set."""
    return torch.bmm(torch.from_numpy(a), torch.from_numpy(b).mT).double().sum(0).numpy()


def _apart(gram: np.ndarray) -> np.ndarray:
    """|v_a − v_b|² from the inner products of all v."""
    own = np.diag(gram)
    return np.maximum(own[:, None] + own - 2 * gram, 0)


def _quantiles(q: np.ndarray) -> np.ndarray:
    """Σ over directions of mean |Q_a − Q_b|², by one product of quantile functions around the exact samples' mean one, which cancels little."""
    q = q - q[:, 1:].mean(1, keepdims=True)
    return _apart(_gram(q, q) / q.shape[2])


def _line(q: np.ndarray) -> np.ndarray:
    """(mean |Q_a − Q_b|)² on the line."""
    q = q[0]
    out = np.zeros((len(q), len(q)))
    for i in range(len(q) - 1):
        out[i, i + 1 :] = out[i + 1 :, i] = np.abs(q[i + 1 :] - q[i]).mean(1, dtype=np.float64) ** 2
    return out


def _middle(of: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def squared(q: np.ndarray) -> np.ndarray:
        cut = int(OUTSIDE * q.shape[2])
        return of(q[:, :, cut : q.shape[2] - cut])

    return squared


def _energy(q: np.ndarray) -> np.ndarray:
    """Σ over directions of 2∫(F_a − F_b)² = 2E|a − b| − E|a − a'| − E|b − b'|, all pairs of points.

    A sample is stood for by the means of about CELLS √n equal shares of its sorted points, which moves a distance at its floor by 1 %.
    """
    lines, samples, n = q.shape
    if n > (cells := round(CELLS * math.sqrt(n))):
        width = -(-n // cells)
        count = n // width
        starts = np.arange(count) * width + np.minimum(np.arange(count), n - count * width)
        q = np.add.reduceat(q, starts, -1) / np.diff(np.append(starts, n)).astype(q.dtype)
    m = q.shape[2]
    pooled = q.reshape(lines, samples * m)
    order = np.argsort(pooled, -1)
    gaps = np.diff(np.take_along_axis(pooled, order, -1), axis=-1)
    below = np.cumsum((order[:, :-1] // m)[:, None] == np.arange(samples)[:, None], -1, dtype=np.int32)  # m F, whole numbers
    f = below.astype(np.float32)
    f -= f.mean(1, keepdims=True)
    return 2 * _apart(_gram(f * gaps[:, None], f) / m**2)


def _from_lines(dim: int) -> float:
    """|v|/E|θ·v| over directions θ of R^d: √π Γ((d+1)/2)/Γ(d/2)."""
    return math.sqrt(math.pi) * math.gamma((dim + 1) / 2) / math.gamma(dim / 2)


W1 = Projected("w", _line)
"""W₁ on the line."""
W2 = Projected("w", _quantiles)
"""W₂ on the line; in the plane sliced W₂, √(mean over directions θ of W₂²(θ·x, θ·y))."""
ENERGY = Projected("energy", _energy, _from_lines, EVERY)
"""√(2E|x − y| − E|x − x'| − E|y − y'|); |v| is π/2 times the mean of |θ·v| over the plane's directions, so that it too is read off projections
(8 of them: 1e-2, and less on average)."""


def middle(of: Projected) -> Projected:
    """The same of the points between the quantiles OUTSIDE and 1 − OUTSIDE of each projection, which exists for every law."""
    return Projected("middle", _middle(of.squared))


def projected(dim: int) -> tuple[Projected, Projected, Projected]:
    """W₁ (on the line) or sliced W₂, energy distance, and the first one of the middle."""
    w = W1 if dim == 1 else W2
    return w, ENERGY, middle(w)


def exact_draws(exact: Exact, t: float, draws: int, count: int, rng: Rng) -> np.ndarray:
    """Independent exact samples of the data part of p_t (t = 0: of the data), (draws, count, d)."""
    x = law_at(exact, t).draw(draws * count, rng)[0]
    return x[:, : exact.dim].reshape(draws, count, exact.dim).numpy()


def read(d: np.ndarray) -> Estimate:
    """From the distances (1 + K, 1 + K) between the particles, first, and K ≥ 3 exact samples."""
    samples = len(d)
    pairs = d[1:, 1:][np.triu_indices(samples - 1, 1)]
    # the variance behind the error: the mean of those of every sample's distances to the exact ones
    others = d[1:, 1:][~np.eye(samples - 1, dtype=bool)].reshape(samples - 1, -1)
    error = math.sqrt((d[0, 1:].var(ddof=1) + others.var(1, ddof=1).sum()) / samples / (samples - 1))
    return Estimate(float(d[0, 1:].mean()), error, float(pairs.mean()), float(pairs.std(ddof=1)))


def compare(x: np.ndarray, exact: np.ndarray, by: Sequence[Projected], ready: np.ndarray | None = None) -> list[Estimate]:
    """Particles x (n, d) against K exact samples (K, n, d): one Estimate a distance. What is not finite or beyond FAR counts as at FAR. ``ready``: what
    ``lined_up`` says of the exact samples, where that was kept; the numbers are the same."""
    points = x[None] if ready is not None else np.concatenate([x[None], exact], dtype=np.float32)
    samples, n, dim = 1 + len(exact), *x.shape
    flat, theta = _flat(points), _lines(dim)
    sums, taken = np.zeros((len(by), samples, samples)), np.zeros(len(by))
    piece = max(1, PIECE // (samples * n))
    for start in range(0, len(theta), piece):
        q = _sorted(flat, theta[start : start + piece], len(points))
        if ready is not None:
            q = np.concatenate([q, ready[start : start + piece]], 1)
        for k, measure in enumerate(by):
            part = q[-start % measure.every :: measure.every]
            if len(part):
                sums[k] += measure.squared(part)
                taken[k] += len(part)
    return [read(np.sqrt(one.factor(dim) * total / count)) for one, total, count in zip(by, sums, taken, strict=True)]


def lined_up(exact: np.ndarray) -> np.ndarray:
    """Samples (K, n, d) as ``compare`` sees them: their projections, sorted, (directions, K, n)."""
    flat, theta, (samples, n, _) = _flat(exact), _lines(exact.shape[2]), exact.shape
    piece = max(1, PIECE // (samples * n))
    return np.concatenate([_sorted(flat, theta[start : start + piece], samples) for start in range(0, len(theta), piece)])


def _lines(dim: int) -> np.ndarray:
    return directions(dim) if dim > 1 else np.ones((1, 1), np.float32)


def _flat(points: np.ndarray) -> np.ndarray:
    """Samples (S, n, d) as coordinates (d, S n) that can be sorted."""
    near = np.nan_to_num(points.astype(np.float32, copy=False), nan=FAR).clip(-FAR, FAR)
    return np.ascontiguousarray(near.reshape(-1, points.shape[2]).T)


def _sorted(flat: np.ndarray, theta: np.ndarray, samples: int) -> np.ndarray:
    """The projections of S samples on directions (L, d), sorted, (L, S, n)."""
    q = theta[:, :1] * flat[0]  # a BLAS's threads cost more than this
    for i in range(1, len(flat)):
        q += theta[:, i : i + 1] * flat[i]
    q = q.reshape(len(theta), samples, -1)
    q.sort(-1)
    return q


def steadied(readings: Sequence[Estimate]) -> list[Estimate]:
    """The readings of one measure at successive times with spreads that can be believed: those of five samples scatter by a factor of two, so
    each is the root mean square over BESIDE neighbours on either side, in units of the floor there. Values and floors stay as they are."""
    table = np.array([[r.error, r.floor_sd] for r in readings]) / np.array([[max(r.floor, 1e-30)] for r in readings])
    out = []
    for i, r in enumerate(readings):
        near = table[max(0, i - BESIDE) : i + BESIDE + 1]
        error, sd = (r.floor * np.sqrt(np.mean(near**2, 0))).tolist()
        out.append(r._replace(error=error, floor_sd=sd))
    return out
