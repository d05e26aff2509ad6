"""How Gaussian a denoising distribution is: entropy, KL and W2 of a Gaussian mixture against one Gaussian, and its modes.

All of it in float64. One dimension: composite Gauss–Legendre quadrature, accurate to about 1e-10. More dimensions: the quadrature of the
exact samplers (Gauss–Hermite on every component, Sobol points above two dimensions), whose error is estimated by a coarser rule.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import ExactLinear, mixture_at
from playground.core.kernel import small_inverse, small_logdet
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.exact.fast import features
from playground.exact.mixture import normal_nodes

LOG_2PI = math.log(2 * math.pi)
LIGHT = 1e-9  # components of less weight are left out: they move an entropy by less than LIGHT · |log LIGHT| each
VISIBLE = 1e-3  # modes below this share of the highest one are not counted
DIP = 0.01  # nor do two modes count where the density between them dips by less than this share
NEAR, ROPE, PULLS = 12, 13, 24  # neighbours of a mode, points and moves of a rope between two of them
DIRECTIONS, CELLS = 12, 240  # of a sliced W2


@functools.lru_cache(maxsize=8)
def _legendre(count: int) -> tuple[Tensor, Tensor]:
    x, w = np.polynomial.legendre.leggauss(count)
    return torch.from_numpy(x), torch.from_numpy(w)


def without_light(law: GaussianMixture, light: float = LIGHT) -> GaussianMixture:
    """The mixture of the components that weigh more than ``light``."""
    keep = law.weights > light
    return law if bool(keep.all()) else GaussianMixture(law.weights[keep], law.means[keep], law.covs[keep])


def line_nodes(law: GaussianMixture, order: int = 8, reach: int = 9) -> tuple[Tensor, Tensor]:
    """Points and weights (n,) of ∫ f(x) dx for functions that vary like a 1D mixture's density or its logarithm.

    Gauss–Legendre of ``order`` between neighbours of all m_k + j σ_k, j = −reach … reach; neighbours closer than a quarter of the smallest
    σ_k are one.
    """
    sd = law.covs[:, 0, 0].sqrt()
    edges = (law.means[:, :1] + sd[:, None] * torch.arange(-reach, reach + 1, dtype=torch.float64)).flatten().sort().values
    cell = torch.floor((edges - edges[0]) / (0.25 * float(sd.min())))
    edges = torch.cat([edges[:1], edges[1:][cell[1:] != cell[:-1]]])
    x, w = _legendre(order)
    half = 0.5 * edges.diff()[:, None]
    return (0.5 * (edges[1:] + edges[:-1])[:, None] + half * x).flatten(), (half * w).flatten()


def log_density(law: GaussianMixture, z: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
    """ln q at every row of z, (batch,): as GaussianMixture.log_prob, by one matrix product in coordinates around the mean (ten times faster;
    relative error about 1e-16 times the largest squared distance from the mean in standard deviations)."""
    centre = law.mean()
    logits = _logits(law, centre).to(dtype).mT @ features((z - centre).to(dtype)).mT  # (K, batch): sums over rows are the fast ones
    top = logits.amax(0)
    return top + logits.sub_(top).exp_().sum(0).log()


def _logits(law: GaussianMixture, centre: Tensor) -> Tensor:
    """Table (features, K) with φ(z − centre) · table = ln w_k N(z; m_k, C_k); see Tables in playground/exact/mixture.py."""
    mean, precision = law.means - centre, small_inverse(law.covs)
    pull = (precision @ mean[..., None])[..., 0]
    const = law.weights.log() - 0.5 * ((pull * mean).sum(-1) + small_logdet(law.covs) + law.dim * LOG_2PI)
    i, j = torch.triu_indices(law.dim, law.dim)
    quadratic = -torch.where(i == j, 0.5, 1.0) * precision[..., i, j]
    return torch.cat([quadratic, pull, const[:, None]], -1).mT.contiguous()


def gaussian_of(law: GaussianMixture) -> tuple[Tensor, Tensor]:
    """Mean (n,) and covariance (n, n) of a mixture: of all Gaussians the one with the least KL(q‖N)."""
    return law.mean(), law.cov()


def entropy(law: GaussianMixture) -> tuple[float, float]:
    """Differential entropy −∫ q ln q in nats, and an estimate of its error: the difference to a coarser rule."""
    law = without_light(law)
    if law.components == 1:
        return 0.5 * (law.dim * (LOG_2PI + 1) + float(small_logdet(law.covs[0]))), 0.0
    if law.dim == 1:
        values = []
        for order in (8, 6):
            x, w = line_nodes(law, order)
            log_q = log_density(law, x[:, None])
            values.append(-float((w * log_q.exp()) @ log_q))
        return values[0], abs(values[0] - values[1])
    values = []
    root = torch.linalg.cholesky(law.covs)
    for share in (1, 2):
        points, weights = normal_nodes(law.dim, share * law.components)
        z = law.means[:, None] + torch.einsum("kij,qj->kqi", root, points)
        inside = log_density(law, z.reshape(-1, law.dim)).view(law.components, -1) @ weights
        values.append(-float(law.weights @ inside))
    return values[0], abs(values[0] - values[1])


def cross_entropy(law: GaussianMixture, mean: Tensor, cov: Tensor) -> float:
    """−E_q ln N(x; mean, cov) = ½ [n ln 2π + ln det C + tr C⁻¹ (Cov q + δδᵀ)], δ = E q − mean; infinite for a singular C."""
    if float(torch.linalg.eigvalsh(cov)[0]) <= 1e-14 * max(1.0, float(cov.trace())):
        return math.inf
    gap = law.mean() - mean
    spread = law.cov() + gap[:, None] * gap
    return 0.5 * (law.dim * LOG_2PI + float(torch.linalg.slogdet(cov).logabsdet) + float(torch.linalg.solve(cov, spread).trace()))


def kl_to_gaussian(law: GaussianMixture, mean: Tensor, cov: Tensor, known: tuple[float, float] | None = None) -> tuple[float, float]:
    """KL(q‖N(mean, cov)) in nats ≥ 0, and its error; infinite where the covariance is singular. ``known``: q's entropy."""
    h, error = known or entropy(law)
    return max(0.0, cross_entropy(law, mean, cov) - h), error


def w2_line(law: GaussianMixture, mean: float, variance: float) -> float:
    """W2 of a 1D mixture and N(mean, variance): W2² = ∫ (x − G⁻¹(F(x)))² q(x) dx, the quantile map; a point for variance 0."""
    if variance <= 0:
        return math.sqrt(float(law.cov()[0, 0]) + (float(law.mean()[0]) - mean) ** 2)
    x, w = line_nodes(law)
    u = (x - law.means) / law.covs[:, 0].sqrt()
    below, above = law.weights @ torch.special.ndtr(u), law.weights @ torch.special.ndtr(-u)
    # each tail from its own side: 1 − F loses all digits where F is nearly 1
    quantile = torch.where(below < 0.5, torch.special.ndtri(below.clamp(1e-300, 1)), -torch.special.ndtri(above.clamp(1e-300, 1)))
    q = log_density(law, x[:, None]).exp()
    return math.sqrt(max(0.0, float((w * q) @ (x - mean - math.sqrt(variance) * quantile).square())))


def sliced_w2(law: GaussianMixture, others: list[tuple[Tensor, Tensor]]) -> list[float]:
    """Sliced W2 of a mixture to Gaussians (mean, cov): √ of the mean of W2² over directions, those of a half turn in the plane, Sobol points
    on the sphere above. Each W2² is Σ (x − G⁻¹(F(x)))² ΔF over CELLS cells."""
    if law.dim == 2:
        angle = math.pi * torch.arange(DIRECTIONS, dtype=torch.float64) / DIRECTIONS
        a = torch.stack([angle.cos(), angle.sin()], -1)
    else:
        a = torch.nn.functional.normalize(normal_nodes(law.dim, 1)[0][:DIRECTIONS], dim=-1)
    mean = a @ law.means.mT  # (directions, K)
    sd = torch.einsum("di,kij,dj->dk", a, law.covs, a).sqrt()
    low, high = (mean - 6 * sd).amin(1, keepdim=True), (mean + 6 * sd).amax(1, keepdim=True)
    x = low + (high - low) * torch.linspace(0, 1, CELLS + 1, dtype=torch.float64)
    below = torch.einsum("k,dkx->dx", law.weights, torch.special.ndtr((x[:, None] - mean[..., None]) / sd[..., None]))
    mass = below.diff(dim=1)
    middle, level = 0.5 * (x[:, 1:] + x[:, :-1]), 0.5 * (below[:, 1:] + below[:, :-1])
    quantile = torch.special.ndtri(level.clamp(1e-12, 1 - 1e-12))
    out = []
    for m, c in others:
        spread = torch.einsum("di,ij,dj->d", a, c, a).clamp_min(0).sqrt()
        gap = middle - (a @ m)[:, None] - spread[:, None] * quantile
        out.append(math.sqrt(float((mass * gap.square()).sum(1).mean())))
    return out


def w2_to_gaussian(law: GaussianMixture, mean: Tensor, cov: Tensor) -> float:
    """W2 to N(mean, cov): exact in one dimension and to a point, else sliced."""
    law = without_light(law)
    if law.dim == 1:
        return w2_line(law, float(mean[0]), float(cov[0, 0]))
    if float(cov.trace()) <= 0:
        return math.sqrt(float(law.cov().trace()) + float((law.mean() - mean).square().sum()))
    return sliced_w2(without_light(law, 1e-6), [(mean, cov)])[0]


def modes(law: GaussianMixture) -> Tensor:
    """Modes of a mixture, (number, n): those of at least VISIBLE of the highest density that a dip of at least DIP sets apart from a higher one.

    One dimension: the maxima of the density on a lattice of σ_k/8. More: the fixed point x ← (Σ r_k C_k⁻¹)⁻¹ Σ r_k C_k⁻¹ m_k from every mean
    (Carreira-Perpiñán 2000), and between two ends the path whose lowest point is highest: the straight line, or a curved one along a ridge.
    Whether a maximum counts depends on the whole landscape, never on the order of equal ones: flooded from the top, it counts if the water falls by
    DIP of its own height before it reaches a higher one. A mixture may have more modes than components in two dimensions; such ones are not found.
    """
    law = without_light(law, 1e-6)
    if law.dim == 1:
        sd = law.covs[:, 0, 0].sqrt()
        x = (law.means[:, :1] + sd[:, None] * torch.linspace(-4, 4, 65, dtype=torch.float64)).flatten().sort().values
        cell = torch.floor((x - x[0]) / (0.124 * float(sd.min())))
        x = x[torch.cat([torch.ones(1, dtype=torch.bool), cell.diff() > 0])]
        log_q = log_density(law, x[:, None])
        top = torch.nn.functional.pad((log_q[1:-1] > log_q[:-2]) & (log_q[1:-1] >= log_q[2:]), (1, 1))
        kept: list[int] = []
        for i in torch.nonzero(top & (log_q > log_q.max() + math.log(VISIBLE)))[:, 0].tolist():
            while kept and float(log_q[kept[-1] : i + 1].min()) > float(min(log_q[kept[-1]], log_q[i])) + math.log1p(-DIP):
                if log_q[kept[-1]] >= log_q[i]:
                    break
                kept.pop()  # the ripple's higher end stands for it
            else:
                kept.append(i)
        return x[kept][:, None]
    precision = small_inverse(law.covs)
    pull = (precision @ law.means[..., None])[..., 0]
    centre = law.mean()
    table, flat = _logits(law, centre), precision.flatten(1)

    def climb(x: Tensor) -> Tensor:
        r = torch.softmax(features(x - centre) @ table, -1)
        return (small_inverse((r @ flat).view(-1, law.dim, law.dim)) @ (r @ pull)[..., None])[..., 0]

    x = law.means.clone()
    for _ in range(60):
        x = climb(x)
    log_q = log_density(law, x)
    order = log_q.argsort(descending=True)
    order = order[log_q[order] > log_q.max() + math.log(VISIBLE)]
    x, log_q = x[order], log_q[order]
    same = torch.cdist(x, x) < 1e-3 * float(torch.linalg.eigvalsh(law.covs)[:, 0].min().sqrt())
    first = same.float().argmax(1) == torch.arange(len(x))  # of ends at one place the highest stands for all
    x, log_q = x[first], log_q[first]
    i, j = torch.triu_indices(len(x), len(x), 1)
    if len(x) > NEAR:  # a path to a far mode leads past near ones
        near = torch.cdist(x, x).topk(NEAR, largest=False).values[:, -1]
        gap = (x[i] - x[j]).norm(dim=-1)
        i, j = i[keep := gap <= torch.maximum(near[i], near[j])], j[keep]
    share = torch.linspace(0, 1, 2 * ROPE - 1, dtype=torch.float64)[1:-1, None, None]
    straight = x[i] + share * (x[j] - x[i])
    low = log_density(law, straight.flatten(0, 1)).view(len(share), -1).amin(0) if len(i) else torch.zeros(0, dtype=torch.float64)
    kept, home = _summits(log_q, i, j, low)
    if len(kept) > 1:
        # ridges are curved: ropes between the summits' nearest grounds are pulled up
        best: dict[tuple[int, int], int] = {}
        for e in low.argsort(descending=True).tolist():
            ends = sorted((home[int(i[e])], home[int(j[e])]))
            if ends[0] != ends[1]:
                best.setdefault((ends[0], ends[1]), e)
        some = torch.tensor(list(best.values())[: 2 * len(kept)], dtype=torch.long)
        low[some] = torch.maximum(low[some], _pulled_up(law, x[i[some]], x[j[some]], climb))
        kept, _ = _summits(log_q, i, j, low)
    return x[kept]


def _summits(height: Tensor, i: Tensor, j: Tensor, low: Tensor) -> tuple[list[int], list[int]]:
    """Of points by falling ``height`` (log density), joined by paths i–j whose lowest point is ``low``: those that a dip of DIP sets apart from
    any higher one; and to which of them every point belongs. Paths are taken from the highest down; where two areas meet the lower summit counts
    if it stands high enough above the meeting."""
    home = list(range(len(height)))
    stands = set(home)

    def top(k: int) -> int:
        while home[k] != k:
            k = home[k]
        return k

    area = list(range(len(height)))  # areas grow on after a summit has been found to count

    def whole(k: int) -> int:
        while area[k] != k:
            k = area[k]
        return k

    for e in low.argsort(descending=True).tolist():
        a, b = sorted((whole(int(i[e])), whole(int(j[e]))))
        if a == b:
            continue
        area[b] = a  # the higher summit stands for the whole
        if float(height[b] - low[e]) < -math.log1p(-DIP):
            stands.discard(b)
            home[b] = a
    return sorted(stands), [top(k) for k in range(len(height))]


def _pulled_up(law: GaussianMixture, a: Tensor, b: Tensor, climb: Callable[[Tensor], Tensor]) -> Tensor:
    """ln q at the lowest point of ropes (pairs,) between points a, b (pairs, n), pulled uphill by ``climb`` and kept evenly spaced: the string
    method (E, Ren & Vanden-Eijnden 2007), which ends on the ridge through the saddle."""
    u = torch.linspace(0, 1, ROPE, dtype=torch.float64)
    rope = a[:, None] + u[:, None] * (b - a)[:, None]
    out = torch.full((len(a),), -math.inf, dtype=torch.float64)
    moving = torch.arange(len(a))
    for pull in range(PULLS):
        if not len(moving):
            break
        rope[:, 1:-1] = climb(rope[:, 1:-1].flatten(0, 1)).view(len(rope), ROPE - 2, -1)
        length = torch.nn.functional.pad(rope.diff(dim=1).norm(dim=-1).cumsum(1), (1, 0))
        at = u * length[:, -1:]
        k = torch.searchsorted(length[:, 1:-1].contiguous(), at)
        left, right = length.gather(1, k), length.gather(1, k + 1)
        w = ((at - left) / (right - left).clamp_min(1e-300))[..., None]
        pick = k[..., None].expand(-1, -1, rope.shape[2])
        rope = (1 - w) * rope.gather(1, pick) + w * rope.gather(1, pick + 1)
        if pull % 4 == 3:
            low = log_density(law, rope.flatten(0, 1)).view(len(rope), ROPE).amin(1)
            still = low > out[moving] + 1e-3 * DIP  # others have come to rest
            out[moving] = torch.maximum(out[moving], low)
            moving, rope = moving[still], rope[still]
    return out


def mean_kl(oracle: ExactLinear, t: float, s: float) -> tuple[float, float]:
    """E over x_t of KL(q(z_s | z_t) ‖ its best Gaussian) in nats, and an estimate of the quadrature's error.

    By Bayes' rule the mean entropy of q(z_s | z_t) is h(p_s) + h(z_t | z_s) − h(p_t), the middle one a Gaussian's, so that

        E KL = ½ E ln det 2πe C(z_t) − h(p_s) − ½ ln det 2πe Q + h(p_t),   C = Cov(z_s | z_t)
    """
    law, then = mixture_at(oracle, t), mixture_at(oracle, s)
    _, q = oracle.process.transition(t64(s), t64(t))
    (h_s, e_s), (h_t, e_t) = entropy(then), entropy(law)
    constant = 0.5 * oracle.state_dim * (LOG_2PI + 1)
    given = constant + 0.5 * oracle.dim * float(small_logdet(q))
    if law.dim == 1:
        x, w = line_nodes(law)
        mean = float((w * log_density(law, x[:, None]).exp()) @ _half_logdet(oracle, x[:, None], t, s))
        error = 0.0
    else:
        values = []
        root = torch.linalg.cholesky(law.covs)
        for share in (1, 2):
            points, weights = normal_nodes(law.dim, share * law.components)
            z = law.means[:, None] + torch.einsum("kij,qj->kqi", root, points)
            values.append(float(law.weights @ (_half_logdet(oracle, z.reshape(-1, law.dim), t, s).view(law.components, -1) @ weights)))
        mean, error = values[0], abs(values[0] - values[1])
    return max(0.0, constant + mean - h_s - given + h_t), error + e_s + e_t


def _half_logdet(oracle: ExactLinear, z: Tensor, t: float, s: float) -> Tensor:
    """½ ln det Cov(z_s | z_t) at every row of z."""
    out = []
    for part in z.split(max(64, 200_000 // oracle.data.components)):
        log_r, mean, cov = oracle.denoising(part, t, s)
        r = log_r.exp()
        gap = mean - torch.einsum("bk,bki->bi", r, mean)[:, None]
        whole = torch.einsum("bk,kij->bij", r, cov) + torch.einsum("bk,bki,bkj->bij", r, gap, gap)
        out.append(0.5 * small_logdet(whole))
    return torch.cat(out)


def worst_step(oracle: ExactLinear, steps: int, most: int = 24) -> tuple[float, float, float, float, bool]:
    """The largest mean KL over the steps of a uniform grid in t from t_max to t_min: (nats, error, its t, its s, were all steps looked at).

    More than ``most`` steps: those on a grid that is denser towards both ends, then the neighbours of the worst.
    """
    low, top = oracle.process.t_min, oracle.process.t_max

    def at(k: int) -> float:
        return low + (top - low) * k / steps

    def of(k: int) -> tuple[float, float, int]:
        value, error = mean_kl(oracle, at(k), at(k - 1))
        return value, error, k

    if steps <= most:
        value, error, k = max(of(k) for k in range(1, steps + 1))
        return value, error, at(k), at(k - 1), True
    spread = np.sin(0.5 * np.pi * np.linspace(0, 1, most // 2)) ** 2
    ks = sorted({1 + round(float(u) * (steps - 1)) for u in spread})
    seen = {k: of(k) for k in ks}
    for _ in range(3):
        known = sorted(seen)
        best = known.index(max(seen.values())[2])
        for other in (best - 1, best + 1):
            if 0 <= other < len(known):
                k = (known[best] + known[other]) // 2
                if k not in seen:
                    seen[k] = of(k)
    value, error, k = max(seen.values())
    return value, error, at(k), at(k - 1), False
