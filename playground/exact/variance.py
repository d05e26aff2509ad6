"""The mean posterior variance of Gaussian mixture data seen through noise: what Analytic-DPM's step needs, to about 1e-8."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from playground.core.kernel import small_inverse, small_logdet
from playground.core.mixture import GaussianMixture
from playground.exact.fast import features

REACH = 6.7  # standard deviations of a component to which the quadrature goes: e^{−22} of its mass lies beyond
APART = 26.0  # Bhattacharyya distance beyond which two components do not see each other
SETTLED = 1e-5  # relative change of a halved step below which it is taken: the rule's error is about the square of that
MOST_WORK = 6e7  # points × components of one grid: a finer one is not tried
FEW = 512  # components up to which their neighbours are looked for
ROWS = 16_384


def mean_posterior_variance(data: GaussianMixture, noise: float) -> float:
    """E tr Cov(x_0 | y)/d for y = x_0 + √noise ε, data on the line or in the plane.

    Cov(x_0 | y) = Σ r_k V_k + Σ r_k (μ_k − D)(μ_k − D)ᵀ. The first part's mean is Σ w_k tr V_k, without an integral. The second is one where
    components meet: by the trapezoidal rule, whose error falls like e^{−c/h} for such integrands, with halved steps until it rests. The
    grid lies over all data, or over each component in its own axes, whichever has fewer points; its first step is the narrowest standard
    deviation. (With thousands of narrow components the finest steps would take too long: then 1e-5.)
    """
    d, w = data.dim, data.weights
    centre = data.mean()
    means = data.means - centre
    cov = data.covs + noise * torch.eye(d, dtype=torch.float64)
    precision = small_inverse(cov)
    gain = data.covs @ precision
    inside = float(w @ gain.diagonal(dim1=-2, dim2=-1).sum(-1)) * noise  # V_k = C − C S⁻¹ C = noise C S⁻¹
    if data.components == 1:
        return inside / d
    tables = Tables.of(w, means, cov, precision, gain)
    narrow = float(torch.linalg.eigvalsh(cov)[:, 0].min().sqrt())
    spread = cov.diagonal(dim1=-2, dim2=-1).sqrt() * REACH
    low, high = (means - spread).amin(0), (means + spread).amax(0)
    everywhere = float(((high - low) / narrow + 1).prod()) * data.components

    few = data.components <= FEW
    near, finest = _neighbours(means, cov) if few else (torch.empty(0), torch.empty(0))
    if not few or everywhere <= float((2 * REACH / finest + 1) ** d @ near.sum(1).double()):
        between = _settle(lambda step: _over_all(tables, low, high, step), narrow, everywhere, d, inside)
    else:
        root = torch.linalg.cholesky(cov)
        between = 0.0
        for k in range(data.components):
            seen = tables.only(near[k])
            share = lambda step, k=k, seen=seen: float(w[k]) * _over_one(seen, means[k], root[k], step)  # noqa: E731
            work = (2 * REACH / float(finest[k]) + 1) ** d * int(near[k].sum())
            between += _settle(share, float(finest[k]), work, d, inside + between)
    return (inside + between) / d


class Tables:
    """Components as coefficients of φ(y) = (y_i y_j (i ≤ j), y_i, 1): ln w_k N(y; m_k, S_k), |μ_k(y)|² and μ_k(y), (features, K) each."""

    def __init__(self, logit: Tensor, square: Tensor, mean: Tensor):
        self.logit, self.square, self.mean = logit, square, mean

    @classmethod
    def of(cls, w: Tensor, means: Tensor, cov: Tensor, precision: Tensor, gain: Tensor) -> Tables:
        d = means.shape[1]
        i, j = torch.triu_indices(d, d)
        twice = torch.where(i == j, 1.0, 2.0).to(means)

        def quadratic(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
            """Coefficients of yᵀAy + bᵀy + c."""
            return torch.cat([twice * a[:, i, j], b, c[:, None]], 1).mT.contiguous()

        pull = (precision @ means[..., None])[..., 0]
        const = w.log() - 0.5 * ((pull * means).sum(-1) + small_logdet(cov) + d * math.log(2 * math.pi))
        offset = means - (gain @ means[..., None])[..., 0]
        square = quadratic(gain.mT @ gain, 2 * (gain.mT @ offset[..., None])[..., 0], offset.square().sum(-1))
        zero = torch.zeros(len(w), len(i), dtype=torch.float64)
        mean = torch.stack([torch.cat([zero, gain[:, a], offset[:, a, None]], 1).mT for a in range(d)])
        return cls(quadratic(-0.5 * precision, pull, const), square, mean)

    def only(self, which: Tensor) -> Tables:
        return Tables(self.logit[:, which], self.square[:, which], self.mean[..., which])

    def __call__(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """p(y) and p(y) (Σ r_k |μ_k|² − |D|²) at y (n, d), p the law of the components together."""
        f = features(y)
        part = (f @ self.logit).exp_()
        p = part.sum(-1)
        first = torch.stack([(part @ m.mT * f).sum(-1) for m in self.mean])
        second = (part @ self.square.mT * f).sum(-1)
        return p, (second - first.square().sum(0) / p.clamp_min(1e-300)).clamp_min(0)


def _neighbours(means: Tensor, cov: Tensor) -> tuple[Tensor, Tensor]:
    """Which components overlap, (K, K), and the narrowest standard deviation among those that overlap with each, in its own units (K,)."""
    near, finest = [], []
    logdet = small_logdet(cov)
    root = torch.linalg.cholesky(cov)
    for k in range(len(means)):
        gap, both = means - means[k], 0.5 * (cov + cov[k])
        distance = 0.125 * torch.einsum("ki,kij,kj->k", gap, small_inverse(both), gap) + 0.5 * (
            small_logdet(both) - 0.5 * (logdet + logdet[k])
        )
        near.append(distance < APART)
        white = torch.linalg.inv(root[k])
        finest.append(torch.linalg.eigvalsh(white @ cov[near[-1]] @ white.mT)[:, 0].min().clamp_max(1.0).sqrt())
    return torch.stack(near), torch.stack(finest)


def _settle(value, step: float, work: float, d: int, size: float) -> float:  # type: ignore[no-untyped-def]
    """The value at a step that halving no longer changes."""
    found = value(step)
    while work * 2**d <= MOST_WORK:
        step, work, before = step / 2, work * 2**d, found
        found = value(step)
        if abs(found - before) <= SETTLED * (size + found):
            break
    return found


def _grid(axes: list[Tensor]) -> Iterator[Tensor]:
    """Points of a product grid in pieces."""
    if len(axes) == 1:
        yield from axes[0][:, None].split(ROWS)
        return
    for a in axes[0].split(max(1, ROWS // len(axes[1]))):
        yield torch.cartesian_prod(a, axes[1])


def _over_all(tables: Tables, low: Tensor, high: Tensor, step: float) -> float:
    axes = [torch.arange(a, b + step, step, dtype=torch.float64) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return sum(float(tables(y)[1].sum()) for y in _grid(axes)) * step ** len(axes)


def _over_one(tables: Tables, mean: Tensor, root: Tensor, step: float) -> float:
    count = math.ceil(REACH / step)
    x = torch.arange(-count, count + 1, dtype=torch.float64) * step
    total = 0.0
    for z in _grid([x] * len(mean)):
        weight = torch.exp(-0.5 * z.square().sum(-1)) * (step / math.sqrt(2 * math.pi)) ** len(mean)
        p, spread = tables(mean + z @ root.mT)
        total += float(weight @ (spread / p.clamp_min(1e-300)))
    return total
