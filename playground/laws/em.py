"""Points → Gaussian mixture by expectation–maximisation (Dempster, Laird, Rubin 1977), with the number of components from held-out likelihood.

With φ(x) = (x_i x_j, x_i, 1) the log of w_k N(x; m_k, C_k) is linear in φ, and so are the sums of the M step: one step is a matrix product, a
softmax, a matrix product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.core.distance import distance
from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture
from playground.laws.compact import LIMIT, axes_of, covs_of, decode, encode

MOST_COMPONENTS = 128
MOST_POINTS = 20_000  # of more rows a random part is fitted
LEAST_AXIS = 0.02  # of a fitted component, in data units: a point drawn twice would make one of width zero
COUNTS = (1, 2, 4, 8, 16, 32, 64)  # what is tried when nobody says
GOOD = 0.005  # nats a point: what twice as many components must gain on points that were not fitted
START_POINTS, TRIAL_POINTS, TRIAL_STEPS, STEPS = 4_000, 6_000, 25, 60
FEW, STARTS, SHORT = 8, 4, 12  # up to so many components are started so often, for so many steps
SETTLED = 1e-4  # nats a point from one step to the next
METRIC_POINTS, METRIC_REPEATS = 2000, 4
ALIKE = 4.0  # columns whose deviations differ by less share one scale, so that shapes stay


@dataclass(frozen=True)
class Fit:
    """What a fit is worth. ``error``: distance (W1 on the line, sliced W2 in the plane, data units) of ``points`` rows to as many draws of the
    mixture; ``floor``: of two such draws; each a mean of a few. ``columns``: (shift, scale) a column: data = (row − shift)/scale."""

    text: str  # the mixture in compact form
    components: int
    rows: int
    fitted: int
    error: float
    floor: float
    points: int
    columns: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]


def standardise(x: Tensor) -> tuple[Tensor, tuple[tuple[float, float], ...]]:
    """(x − mean)/s and the (mean, s) of each column; s is the root mean variance, or each column's own where they differ much."""
    shift, spread = x.mean(0), x.std(0, correction=0)
    least, most = float(spread.min()), float(spread.max())
    common = torch.full_like(spread, math.sqrt(float(spread.square().mean())))
    scale = spread if least > 0 and most / least > ALIKE else common
    return (x - shift) / scale, tuple(zip(shift.tolist(), scale.tolist(), strict=True))


def _features(x: Tensor) -> Tensor:
    """φ(x), (n, 3) on the line: x², x, 1; (n, 6) in the plane: x², xy, y², x, y, 1."""
    one = torch.ones_like(x[:, :1])
    if x.shape[1] == 1:
        return torch.cat([x * x, x, one], -1)
    a, b = x[:, :1], x[:, 1:]
    return torch.cat([a * a, a * b, b * b, a, b, one], -1)


def _rows(mix: GaussianMixture) -> Tensor:
    """ρ with log w_k N(x; m_k, C_k) = φ(x)·ρ_k, (K, 3) or (K, 6)."""
    p = torch.linalg.inv(mix.covs)
    pull = (p @ mix.means[..., None])[..., 0]
    const = mix.weights.log() - 0.5 * ((pull * mix.means).sum(-1) - torch.linalg.slogdet(p).logabsdet + mix.dim * math.log(2 * math.pi))
    quadratic = [-0.5 * p[:, 0, 0]] if mix.dim == 1 else [-0.5 * p[:, 0, 0], -p[:, 0, 1], -0.5 * p[:, 1, 1]]
    return torch.stack([*quadratic, *pull.unbind(-1), const], -1)


def mean_log_likelihood(mix: GaussianMixture, x: Tensor) -> float:
    """(1/n) Σ log p(x_i), nats."""
    return float(torch.logsumexp(_features(x) @ _rows(mix).mT, -1).mean())


def _start(x: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Centres (count, d) by greedy k-means++ (Arthur & Vassilvitskii 2007: of a few candidates the one that helps most) and k-means."""
    x = x[:START_POINTS]
    centres = [x[rng.integers(len(x))]]
    near = (x - centres[0]).square().sum(-1)
    tries = 2 + int(math.log(count))
    for _ in range(count - 1):
        total = near.cumsum(0)
        if not float(total[-1]) > 0:  # fewer different points than components
            break
        picks = torch.searchsorted(total, torch.from_numpy(rng.random(tries)) * total[-1]).clamp_max(len(x) - 1)
        nearer = torch.minimum(near, (x[picks, None] - x).square().sum(-1))
        best = int(nearer.sum(-1).argmin())
        centres.append(x[picks[best]])
        near = nearer[best]
    middle = torch.stack(centres)
    for _ in range(4):
        mine = torch.cdist(x, middle).argmin(1)
        sums = torch.zeros_like(middle).index_add_(0, mine, x)
        sizes = torch.bincount(mine, minlength=len(middle))
        middle = torch.where(sizes[:, None] > 0, sums / sizes[:, None].clamp_min(1), middle)
    return middle


def _maximise(sums: Tensor, total: float, dim: int) -> GaussianMixture:
    """The M step from Σ_i r_ik φ(x_i), (K, 3 or 6): the likeliest mixture whose axes are at least LEAST_AXIS; empty components are dropped."""
    sums = sums[sums[:, -1] > 1e-6 * total]
    size = sums[:, -1:]
    if dim == 1:
        m = sums[:, 1:2] / size
        c = (sums[:, :1] / size - m * m).clamp_min(LEAST_AXIS**2)[:, :, None]
    else:
        m, (aa, ab, bb) = sums[:, 3:5] / size, (sums[:, :3] / size).unbind(-1)
        xx, xy, yy = aa - m[:, 0] ** 2, ab - m[:, 0] * m[:, 1], bb - m[:, 1] ** 2
        axes, angle = axes_of(torch.stack([xx, xy, xy, yy], -1).view(-1, 2, 2))
        c = covs_of(axes.clamp_min(LEAST_AXIS), angle)
    return GaussianMixture(size[:, 0] / size.sum(), m, c)


def fit(x: Tensor, count: int, *, seed: int = 0, steps: int = STEPS) -> GaussianMixture:
    """A mixture of at most ``count`` components whose likelihood EM has raised until it rests. x: (n, d) in float64, d = 1 or 2.

    Likelihood has many maxima: of a few starts the one that is best after a few steps is followed.
    """
    rng, phi = np.random.default_rng(seed), _features(x)
    starts = STARTS if count <= FEW else 1
    tried = [_climb(_first(x, phi, count, rng), phi, steps if starts == 1 else SHORT) for _ in range(1 if count == 1 else starts)]
    return _climb(max(tried, key=lambda t: t[1])[0], phi, steps)[0] if starts > 1 else tried[0][0]


def _first(x: Tensor, phi: Tensor, count: int, rng: np.random.Generator) -> GaussianMixture:
    """One Gaussian for each cell of k-means."""
    centres = _start(x, min(count, len(x)), rng)
    mine = torch.cdist(x, centres).argmin(1)
    return _maximise(torch.zeros(len(centres), phi.shape[1], dtype=x.dtype).index_add_(0, mine, phi), len(x), x.shape[1])


def _climb(mix: GaussianMixture, phi: Tensor, steps: int) -> tuple[GaussianMixture, float]:
    """At most ``steps`` steps of EM; the mixture and the mean log-likelihood before its last step."""
    before = -math.inf
    for _ in range(steps):
        logs = phi @ _rows(mix).mT
        norm = torch.logsumexp(logs, -1, keepdim=True)
        now = float(norm.mean())
        if now - before < SETTLED:
            break
        before = now
        mix = _maximise((logs - norm).exp_().mT @ phi, len(phi), mix.dim)
    return mix, before


def choose_count(x: Tensor, *, seed: int = 0) -> int:
    """The number of components, doubled as long as that gains GOOD nats a point on the half that was not fitted. x in random order."""
    x = x[:TRIAL_POINTS]
    fitted, held = x[::2], x[1::2]
    best, score = 1, -math.inf
    for count in COUNTS:
        if count > 1 and 8 * count > len(fitted):
            break
        now = mean_log_likelihood(fit(fitted, count, seed=seed, steps=TRIAL_STEPS), held)
        if now < score + GOOD:
            if count > 4 * best:
                break
            continue  # one doubling may gain nothing where the next one does: a ring of three
        best, score = count, now
    return best


def fit_points(points: Tensor, *, components: int = 0, scale: bool = True, seed: int = 0) -> Fit:
    """Points (n, 1 or 2), any order, as a mixture in compact form. ``components`` 0: chosen by held-out likelihood. ``scale``: standardised first."""
    if not 0 <= components <= MOST_COMPONENTS:
        raise BadValue("components", components, f"a whole number from 1 to {MOST_COMPONENTS}, or 0 to have it chosen")
    x, columns = standardise(points) if scale else (points, ())
    rng = np.random.default_rng(seed)
    x = x[torch.from_numpy(rng.permutation(len(x)))]
    part = x[:MOST_POINTS]
    mix = fit(part, components or choose_count(part, seed=seed), seed=seed)
    notes = []
    if len(part) < len(x):
        notes.append(f"a random {len(part):,} of {len(x):,} rows were fitted")
    far = mix.means.abs().amax(-1) > LIMIT
    if bool(far.any()):
        share = float(mix.weights[far].sum())
        notes.append(f"{100 * share:.2g} % of the weight lies beyond ±8 and was moved to the edge")
    axes, angle = axes_of(mix.covs) if mix.dim == 2 else (mix.covs[:, 0].sqrt(), None)
    thin = int((axes.amin(-1) < 1.001 * LEAST_AXIS).sum())
    if thin:
        notes.append(f"{thin} component{'s were' if thin > 1 else ' was'} widened to {LEAST_AXIS:g}")
    axes = axes.clamp_max(LIMIT)
    covs = covs_of(axes, angle) if angle is not None else axes.square()[:, :, None]
    text = encode(GaussianMixture(mix.weights, mix.means.clamp(-LIMIT, LIMIT), covs))
    mix = decode(text)
    error, floor, used = _error(x, mix, rng)
    return Fit(text, mix.components, len(x), len(part), error, floor, used, columns, tuple(notes))


def _error(x: Tensor, mix: GaussianMixture, rng: np.random.Generator) -> tuple[float, float, int]:
    """Distance of rows to draws of the mixture, and of draws to draws: means of METRIC_REPEATS; and how many rows each."""
    count = min(METRIC_POINTS, len(x))
    rows = x.numpy()

    def draw() -> np.ndarray:
        return mix.sample(torch.from_numpy(rng.random(count)), torch.from_numpy(rng.standard_normal((count, mix.dim))))[0].numpy()

    error, floor = [], []
    for _ in range(METRIC_REPEATS):
        a = draw()
        error.append(distance(rows[rng.permutation(len(rows))[:count]], a))
        floor.append(distance(draw(), a))
    return float(np.mean(error)), float(np.mean(floor)), count
