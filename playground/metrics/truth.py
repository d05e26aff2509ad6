"""How far particles are from draws of an exact law: the same estimator at every time, for every measure, with its floor.

Given n particles and K ≥ 4 independent exact samples of n points each, a measure's value is the mean of its distance to those samples, and its
floor the mean of its K (K − 1)/2 distances between them: what a perfect sampler would show. All measures read the same sorted projections on
directions (in one dimension the points themselves), so that more of them cost little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from playground.metrics.distances import directions

FAR = 1e3  # where particles that are lost, or farther than this, are put
OUTSIDE = 0.05  # share of the points that "middle" leaves out on either side
CELLS = 6.0  # CELLS √n equal shares of a sample's points stand for it in the energy distance
EVERY = 4  # the share of the directions that is enough for it: eight give |v| to 3e-3 on average
BESIDE = 2  # times on either side over which spreads are pooled
PIECE = 200_000  # numbers that are sorted at once: they stay in cache


@dataclass(frozen=True)
class Reading:
    """``value``: mean distance to the exact samples; ``se``: its standard error over other such samples, the particles being what they are;
    ``floor``, ``floor_sd``: mean and standard deviation of the distances between two exact samples.
    """

    value: float
    se: float
    floor: float
    floor_sd: float


@dataclass(frozen=True)
class Measure:
    """A distance between samples, as √ of a mean over directions. ``squared``: sorted projections (directions, samples, n) ↦ the sum over
    directions of its square for every pair of samples (samples, samples). ``moment``: it exists where E|x|^moment does. ``every``: which
    directions it takes."""

    key: str
    moment: float
    squared: Callable[[np.ndarray], np.ndarray]
    factor: Callable[[int], float] = lambda dim: 1.0
    every: int = 1

    def short(self, dim: int) -> str:
        """Of a choice: W₁ on the line is exact, W₂ in the plane a mean over directions."""
        return {"w": "W₁" if dim == 1 else "sliced W₂", "middle": f"middle {100 - 200 * OUTSIDE:.0f} %", "energy": "energy"}[self.key]

    def name(self, dim: int) -> str:
        """In full."""
        short = self.short(dim)
        return {"middle": f"{'W₁' if dim == 1 else 'sliced W₂'} of the {short}", "energy": "energy distance"}.get(self.key, short)

    @property
    def unit(self) -> str:
        return "√(data units)" if self.key == "energy" else "data units"


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


def measures(dim: int) -> tuple[Measure, ...]:
    """All measures for data of ``dim`` dimensions, the first to be shown in front.

    w: W₁ on the line; in the plane sliced W₂, √(mean over directions θ of W₂²(θ·x, θ·y)). middle: the same of the points between the quantiles
    OUTSIDE and 1 − OUTSIDE of each projection, which exists for every law. energy: √(2E|x − y| − E|x − x'| − E|y − y'|); |v| is π/2 times the mean
    of |θ·v| over the plane's directions, so that it too is read off projections (8 of them: 1e-2, and less on average).
    """
    w = _line if dim == 1 else _quantiles
    # E|θ·v| = |v| Γ(d/2)/(√π Γ((d+1)/2))
    factor = lambda d: math.sqrt(math.pi) * math.gamma((d + 1) / 2) / math.gamma(d / 2)  # noqa: E731
    return Measure("w", 1.0 if dim == 1 else 2.0, w), Measure("energy", 1.0, _energy, factor, EVERY), Measure("middle", 0.0, _middle(w))


def compare(x: np.ndarray, exact: np.ndarray, by: Sequence[Measure]) -> list[Reading]:
    """Particles x (n, d) against K exact samples (K, n, d): one Reading a measure. What is not finite or beyond FAR counts as at FAR."""
    points = np.nan_to_num(np.concatenate([x[None], exact], dtype=np.float32), nan=FAR).clip(-FAR, FAR)
    samples, n, dim = points.shape
    flat = np.ascontiguousarray(points.reshape(samples * n, dim).T)
    theta = directions(dim) if dim > 1 else np.ones((1, 1), np.float32)
    sums, taken = np.zeros((len(by), samples, samples)), np.zeros(len(by))
    piece = max(1, PIECE // (samples * n))
    for start in range(0, len(theta), piece):
        some = theta[start : start + piece]
        q = some[:, :1] * flat[0]  # a BLAS's threads cost more than this
        for i in range(1, dim):
            q += some[:, i : i + 1] * flat[i]
        q = q.reshape(-1, samples, n)
        q.sort(-1)
        for k, measure in enumerate(by):
            part = q[-start % measure.every :: measure.every]
            if len(part):
                sums[k] += measure.squared(part)
                taken[k] += len(part)
    out = []
    for total, count, measure in zip(sums, taken, by, strict=True):
        d = np.sqrt(measure.factor(dim) * total / count)
        pairs = d[1:, 1:][np.triu_indices(samples - 1, 1)]
        # the variance behind it: the mean of those of every sample's distances to the exact ones
        rows = [d[0, 1:], *(np.delete(row[1:], i) for i, row in enumerate(d[1:]))]
        se = math.sqrt(np.mean([row.var(ddof=1) for row in rows]) / (samples - 1))
        out.append(Reading(float(d[0, 1:].mean()), se, float(pairs.mean()), float(pairs.std(ddof=1))))
    return out


def steadied(readings: Sequence[Reading]) -> list[Reading]:
    """The readings of one measure at successive times with spreads that can be believed: those of five samples scatter by a factor of two, so
    each is the root mean square over BESIDE neighbours on either side, in units of the floor there. Values and floors stay as they are."""
    table = np.array([[r.se, r.floor_sd] for r in readings]) / np.array([[max(r.floor, 1e-30)] for r in readings])
    out = []
    for i, r in enumerate(readings):
        near = table[max(0, i - BESIDE) : i + BESIDE + 1]
        se, sd = (r.floor * np.sqrt(np.mean(near**2, 0))).tolist()
        out.append(replace(r, se=se, floor_sd=sd))
    return out
