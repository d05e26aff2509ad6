"""Optimal transport between samples, and between a sample and a mixture on the line: exact costs, and the Sinkhorn divergence."""

from __future__ import annotations

import functools
import math

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture
from playground.metrics.distances import wasserstein_1d

MOST_POINTS = 2000  # of each sample, for the network simplex: 0.6 s of one core
SIMPLEX = 10_000_000  # pivots; 2,000 points take about 100,000
HALVINGS = 60  # of an interval that holds a quantile: to the last digit
SINKHORN, NEWTON = 3, 60  # iterations at each ε, and steps at the last
TOLERANCE = 1e-8  # of the marginals: the value, a maximum, is then right to about its square
STEADY = 1e-12  # of the Hessian's size, on its diagonal
SMALLEST, ROUNDED = 1e-3, 1e-5  # part of a step below which rounding is all that is left, and what may be missing then


def wasserstein(x: np.ndarray, y: np.ndarray, power: int) -> float:
    """W_p, p = 1 or 2, of points x (n, d), y (m, d), each with weight 1/n and 1/m, in their units: exact. On the line by sorting, else by the network simplex of POT
    (Bonneel et al. 2011). Raises: BadValue for more than MOST_POINTS of either off the line."""
    if x.shape[1] == 1:
        return float(wasserstein_1d(x[:, 0], y[:, 0], power))
    if max(len(x), len(y)) > MOST_POINTS:
        raise BadValue("x", (len(x), len(y)), f"at most {MOST_POINTS:,} points of each sample")
    from ot.lp import emd2  # importing POT takes a second

    cost = _squares(x, y)
    cost = np.sqrt(cost) if power == 1 else cost
    total = np.asarray(emd2(np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y)), cost, numItermax=SIMPLEX)).item()
    return total if power == 1 else math.sqrt(max(0.0, total))


def _squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """|x_i − y_j|², (n, m), float64, from differences: no cancellation."""
    return sum((np.subtract.outer(x[:, i], y[:, i]) ** 2 for i in range(x.shape[1])), np.zeros((len(x), len(y))))


# a sample and a mixture on the line -------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def quantiles(law: GaussianMixture, n: int) -> np.ndarray:
    """F⁻¹(i/n), i = 1 … n − 1, of a mixture on the line, by halving on the smaller tail."""
    w, m, s = _line(law)
    u = np.arange(1, n) / n
    lo, hi = np.full(n - 1, float((m - 40 * s).min())), np.full(n - 1, float((m + 40 * s).max()))
    upper = u > 0.5
    goal = np.where(upper, (n - np.arange(1, n)) / n, u)
    for _ in range(HALVINGS):
        mid = 0.5 * (lo + hi)
        sign = np.where(upper, -1.0, 1.0)
        tail = (w * _ndtr(sign[:, None] * (mid[:, None] - m) / s)).sum(1)
        short = np.where(upper, tail > goal, tail < goal)  # the quantile lies above mid
        lo, hi = np.where(short, mid, lo), np.where(short, hi, mid)
    return 0.5 * (lo + hi)


def _ndtr(u: np.ndarray) -> np.ndarray:
    return torch.special.ndtr(torch.from_numpy(u)).numpy()


def _density(u: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * u**2) / math.sqrt(2 * math.pi)


def _line(law: GaussianMixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and standard deviations (K,) of a mixture on the line. Raises: BadValue."""
    if law.dim != 1:
        raise BadValue("law", law.dim, "a mixture on the line")
    return law.weights.numpy(), law.means[:, 0].numpy(), law.covs[:, 0, 0].sqrt().numpy()


def w2_to_mixture(x: np.ndarray, law: GaussianMixture) -> float:
    """W₂ of points x (n,) and a mixture on the line, exact: √((1/n) Σ [(x_(i) − m_i)² + v_i]), m_i and v_i mean and variance of the law between its quantiles (i − 1)/n and
    i/n. Everything is taken about the law's mean: moments about a far origin would cancel."""
    w, m, s = _line(law)
    centre, n = float(w @ m), len(x)
    m, x = m - centre, np.sort(np.asarray(x, dtype=np.float64)) - centre
    ends = (np.concatenate([[-np.inf], quantiles(law, n) - centre, [np.inf]])[:, None] - m) / s
    inside = np.abs(ends) < np.inf
    phi = np.where(inside, _density(np.where(inside, ends, 0.0)), 0.0)
    # of each component between two quantiles: its share, ∫ u φ and ∫ u² φ of the standardised u
    share = np.diff(_ndtr(np.where(ends <= 0, ends, 0.0)), axis=0) - np.diff(_ndtr(np.where(ends > 0, -ends, 0.0)), axis=0)
    first, second = -np.diff(phi, axis=0), share - np.diff(np.where(inside, ends, 0.0) * phi, axis=0)
    off = m - x[:, None]
    cells = (w * (off**2 * share + 2 * off * s * first + s**2 * second)).sum(1)
    return math.sqrt(max(0.0, float(cells.sum())))


def w1_to_mixture(x: np.ndarray, law: GaussianMixture) -> float:
    """W₁ = ∫ |F_n − F| of points x (n,) and a mixture on the line, exact: between two sorted points F meets i/n at most once, at its quantile."""
    w, m, s = _line(law)
    centre, n = float(w @ m), len(x)
    m, x = m - centre, np.sort(np.asarray(x, dtype=np.float64)) - centre

    def area(b: np.ndarray) -> np.ndarray:
        """∫_{−∞}^b F."""
        u = (b[:, None] - m) / s
        return (w * s * (u * _ndtr(u) + _density(u))).sum(1)

    level, a, b = np.arange(1, n) / n, x[:-1], x[1:]
    q = np.clip(quantiles(law, n) - centre, a, b)
    at = area(q)
    below = level * (q - a) - (at - area(a)) if n > 1 else np.zeros(0)
    above = (area(b) - at) - level * (b - q) if n > 1 else np.zeros(0)
    ends = area(x[:1])[0] + area(x[-1:])[0] - x[-1]  # ∫ F up to the first, ∫ (1 − F) from the last: the mean is 0
    return float(ends + below.sum() + above.sum())


# Sinkhorn ---------------------------------------------------------------------------------------------------------------------------


def entropic_cost(x: np.ndarray, y: np.ndarray, epsilon: float) -> float:
    """OT_ε = min over couplings P of Σ P_ij |x_i − y_j|² + ε KL(P | 1/(n m)), of points x (n, d), y (m, d): in squared units.

    The maximum of the dual Σ f/n + Σ g/m: Sinkhorn's iteration while ε falls from the largest cost by halves, and Newton's steps in f, g being the best one for it, since
    Sinkhorn's needs 10⁵ and more where clusters are far apart and hold unlike numbers of points. Raises: ArithmeticError where that does not settle.
    """
    cost = torch.from_numpy(_squares(x, y))
    n, m = cost.shape
    f = torch.zeros(n, dtype=torch.float64)
    level = max(float(cost.max()), epsilon)
    while True:
        for _ in range(SINKHORN):
            f = _soft(cost, _soft(cost.mT, f, level), level)
        if level == epsilon:
            break
        level = max(epsilon, 0.5 * level)
    size = 1.0
    for _ in range(NEWTON):
        g = _soft(cost.mT, f, epsilon)
        value = f.mean() + g.mean()
        plan = torch.exp((f[:, None] + g - cost) / epsilon) / (n * m)
        rows = plan.sum(1)
        off = 1 / n - rows
        missing = float(off.abs().sum())
        if missing < TOLERANCE or (size < SMALLEST and missing < ROUNDED):
            return float(value)
        bend = (torch.diag(rows) - m * plan @ plan.mT + 1 / n**2) / epsilon  # the last term: f and f + c are one
        step = torch.cholesky_solve(off[:, None], _root(bend))[:, 0]
        size = 1.0
        while size >= SMALLEST and float((f + size * step).mean() + _soft(cost.mT, f + size * step, epsilon).mean()) < float(value):
            size *= 0.5
        f = f + size * step
    raise ArithmeticError(f"the entropic transport has not settled after {NEWTON} steps (ε = {epsilon:g})")


def _root(bend: Tensor) -> Tensor:
    """The Cholesky factor of a matrix that may be singular to rounding: with as little on its diagonal as it takes."""
    eye, more = torch.eye(len(bend), dtype=bend.dtype) * bend.diagonal().mean(), STEADY
    while True:
        root, info = torch.linalg.cholesky_ex(bend + more * eye)
        if not int(info):
            return root
        more *= 10


def _soft(cost: Tensor, f: Tensor, epsilon: float) -> Tensor:
    """−ε ln mean_j exp((f_j − C_ij)/ε): the best potential beside f, for costs (n, m) and f (m,)."""
    return -epsilon * (torch.logsumexp((f - cost) / epsilon, 1) - math.log(cost.shape[1]))


def sinkhorn_divergence(x: np.ndarray, y: np.ndarray, epsilon: float, own: tuple[float, float] | None = None) -> float:
    """S_ε = OT_ε(x, y) − ½ OT_ε(x, x) − ½ OT_ε(y, y) with the cost |x − y|² (Feydy et al. 2019): 0 for equal samples, W₂² as ε → 0. ``own``: the two costs of a sample with
    itself, where they are known."""
    mine, theirs = own or (entropic_cost(x, x, epsilon), entropic_cost(y, y, epsilon))
    return entropic_cost(x, y, epsilon) - 0.5 * (mine + theirs)


def rows_of(pool: Tensor, rows: Tensor) -> np.ndarray:
    """The points of a pool (N, *shape) in a mask (N,), (n, d), float64."""
    return pool[rows].flatten(1).double().numpy()
