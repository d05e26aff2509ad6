"""Exact predictor of mixture data under PFGM++'s Student-t kernel: a Gaussian mixture over the kernel's random scale, by quadrature."""

from __future__ import annotations

import functools
import math
from typing import ClassVar

import numpy as np
import torch
from scipy.special import gammaln, loggamma
from torch import Tensor

from playground.core.mixture import GaussianMixture
from playground.core.placed import Packed, Shelf
from playground.core.process import t64
from playground.core.rng import Rng, chi2_over
from playground.exact.table import TableOracle
from playground.processes.pfgmpp import PFGMPP

PRECISE, LIVE, SHOWN = 1e-11, 2e-5, 2e-3  # relative accuracy of the quadrature: float64, float32, pictures


@functools.lru_cache(maxsize=256)
def scale_nodes(freedom: float, dim: int, eps: float) -> tuple[Tensor, Tensor]:
    """Nodes τ_q and weights of E f(τ), τ = D/χ²_D, for f(τ) like N(x; m, C + σ²τ I): both (Q,), float64.

    In u = ln τ the density is a^a/Γ(a) exp(−a u − a e^{−u}), a = D/2, and N(x; …) multiplies it by at most e^{−du/2 − ρ²e^{−u}/2}. The trapezoidal
    rule converges like |Γ(a + d/2 + 2πi/h)|/Γ(a + d/2); its range covers ρ = |x − m|/σ of all but a share eps^0.8 of the prior's own draws. For
    large D Gauss's rule for the Gamma law of 1/τ (Golub & Welsch 1969) needs fewer nodes: two at D = 1e6.
    """
    a, shape = freedom / 2, (freedom + dim) / 2
    # Gauss: relative error about n! z^{2n}/(2n)! with z the change of the exponent over one standard deviation of 1/τ
    far = min(-2 * math.log(eps) + dim, 1e3)
    z = 0.5 * far * math.sqrt(2 / freedom)
    count = next((n for n in range(2, 40) if gammaln(n + 1) + 2 * n * math.log(z) - gammaln(2 * n + 1) < math.log(eps)), None)

    # trapezoid: the step from the decay of the Fourier transform, the ends from the integrand's tails
    omega = np.geomspace(1.0, 1e6, 6000)
    decay = loggamma(shape + 1j * omega).real - gammaln(shape)
    step = 2 * math.pi / float(omega[np.argmax(decay < math.log(eps))])
    share = eps**0.8
    reach = freedom * math.expm1(min(-2 / freedom * math.log(share), 60.0))
    grid = np.linspace(-40, 90, 130_001) if freedom < 1e3 else np.linspace(-2, 2, 200_001)

    def tail(power: float, rate: float) -> np.ndarray:
        f = -power * grid - rate * np.exp(np.minimum(-grid, 200.0))
        return grid[f - f.max() > math.log(eps)]

    low = min(float(tail(p, a)[0]) for p in (a, shape))
    high = max(float(tail(a, a)[-1]) if freedom > 8 else -np.inf, float(tail(shape, a + reach / 2)[-1]))
    points = np.arange(low, high + step, step)
    if count is not None and len(points) > count:
        k = np.arange(count)
        values, vectors = np.linalg.eigh(
            np.diag(2 * k + a) + np.diag(np.sqrt(k[1:] * (k[1:] + a - 1)), 1) + np.diag(np.sqrt(k[1:] * (k[1:] + a - 1)), -1)
        )
        return torch.tensor(a / values), torch.tensor(vectors[0] ** 2)
    log_w = a * math.log(a) - gammaln(a) - a * points - a * np.exp(-points) + math.log(step)
    return torch.tensor(np.exp(points)), torch.tensor(np.exp(log_w))


def wide(data: GaussianMixture) -> float:
    """The variance s of a Gaussian kernel from which on E[x_0 | x] of the data and of one Gaussian with their mean and covariance agree to LIVE.

    With y = (x − E x_0)/s the cumulants of the data beyond the second add κ_3 y²/2 + κ_4 y³/6 + … to E[x_0 | x], and |y| is about 1/√s: the
    terms are κ_3/s and κ_4/s^{3/2}, to be below LIVE of the data's standard deviation. ‖κ_3‖ exactly, for κ_4 the larger E|x_0 − E x_0|⁴.
    """
    w, c = data.weights, data.covs
    m = data.means - data.mean()
    ccc = torch.einsum("k,ki,kjl->ijl", w, m, c)
    skew = torch.einsum("k,ki,kj,kl->ijl", w, m, m, m) + ccc + ccc.permute(1, 0, 2) + ccc.permute(2, 1, 0)
    trace = c.diagonal(dim1=-2, dim2=-1).sum(-1)
    fourth = w @ ((m.square().sum(-1) + trace) ** 2 + 2 * (c * c).sum((-2, -1)) + 4 * torch.einsum("ki,kij,kj->k", m, c, m))
    allowed = LIVE * float(torch.linalg.eigvalsh(data.cov())[-1]) ** 0.5
    return max(float(skew.norm()) / allowed, (float(fourth) / allowed) ** (2 / 3))


class StudentLaw:
    """p_t itself, to draw from: x = y + σ ξ/√(χ²_D/D), y the data, ξ ~ N(0, I) on R^d (Xu et al. 2023, 2302.04265, PFGM++)."""

    def __init__(self, data: GaussianMixture, sigma: float, freedom: float):
        self.data, self.sigma, self.freedom, self.dim = data, sigma, freedom, data.dim

    def mean(self) -> Tensor:
        """The data's, (d,) (the kernel is symmetric); for D = 1 it is its median only."""
        return self.data.mean()

    def cov(self) -> Tensor:
        """Cov x_0 + σ² D/(D − 2) I, (d, d) in squared data units; infinite for D ≤ 2."""
        spread = self.sigma**2 * self.freedom / (self.freedom - 2) if self.freedom > 2 else math.inf
        return self.data.cov() + torch.diag(torch.full((self.dim,), spread, dtype=torch.float64))

    def sample(self, uniform: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Exact draws from given randomness: the component by ``uniform``, the scale by what that choice leaves of it, the point by ``normal``.

        uniform (batch,), normal (batch, d) → x (batch, d) in data units and in normal's dtype, component (batch,).
        """
        edges = self.data.weights.cumsum(0).to(uniform)
        k = torch.searchsorted(edges, uniform.contiguous()).clamp_max(self.data.components - 1)
        w = self.data.weights.to(uniform)[k]
        rest = ((uniform - (edges[k] - w)) / w).clamp(1e-9, 1 - 1e-9)
        tau = chi2_over(rest, self.freedom)
        cov = self.data.covs.to(normal)[k] + (self.sigma**2 * tau)[:, None, None].to(normal) * torch.eye(self.dim).to(normal)
        root = torch.linalg.cholesky(cov)
        return self.data.means.to(normal)[k] + (root @ normal[..., None])[..., 0], k

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """``n`` draws and their components, in float64 from a stream of their own, named by σ: a tail is not drawn in single precision."""
        precise = Rng(rng.seed, dtype=torch.float64, name=f"{rng.name} at {self.sigma!r}")
        return self.sample(precise.uniform((n,)), precise.normal((n, self.dim)))


class StudentOracle(TableOracle[PFGMPP]):
    """p_t = Σ_k π_k ∫ N(m_k, C_k + σ²τ I) p(dτ), τ = D/χ²_D (math 2.15), as the mixture over components × quadrature nodes.

    float64 states get a quadrature accurate to about 1e-10, float32 ones to about 1e-5: fewer nodes, and wide ones for all components at once (half
    of the work at D = 1), so that it stays live. x̂_0 = E[x_0 | x_t]; the velocity (x − x̂_0)/σ follows from it as for EDM.
    """

    kernel: ClassVar[str] = "student"
    needs: ClassVar[frozenset[str]] = frozenset({"mixture"})

    has_velocity = False

    def __init__(self, data: GaussianMixture, process: PFGMPP):
        super().__init__(data, process)
        self._shelves = {precise: Shelf[float]() for precise in (False, True)}
        self._wide = wide(data)

    def _spread(self, t: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        """Weights (K·Q), means (T, K·Q, d), covariances (T, K·Q, d, d)."""
        tau, omega = scale_nodes(self.process.D, self.dim, eps)
        k, q = self.data.components, len(tau)
        weights = (self.data.weights[:, None] * omega).flatten()
        noise = (t64(t)[:, None] ** 2 * tau)[:, None, :, None, None] * torch.eye(self.dim, dtype=torch.float64)
        cov = (self.data.covs[None, :, None] + noise).reshape(-1, k * q, self.dim, self.dim)
        return weights, self.data.means.repeat_interleave(q, 0).expand(len(t), -1, -1), cov

    @property
    def weights(self) -> Tensor:
        omega = scale_nodes(self.process.D, self.dim, SHOWN)[1]
        return (self.data.weights[:, None] * omega).flatten()

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """For pictures: a coarse quadrature (relative error about 1e-3)."""
        _, mean, cov = self._spread(t, SHOWN)
        return mean, cov

    def rms(self, t: Tensor) -> Tensor:
        if self.process.D <= 4:  # no second moment to speak of: only states that are not finite count as lost
            return torch.full_like(t64(t), math.inf)
        size = self.data.mean().square().sum() + self.data.cov().trace()
        return (size + self.dim * t64(t) ** 2 * self.process.D / (self.process.D - 2)).sqrt()

    def marginal(self, t: float) -> StudentLaw:
        return StudentLaw(self.data, t, self.process.D)

    def lifted(self) -> GaussianMixture:
        return self.data

    def _nodes(self, t: float, precise: bool) -> tuple[Tensor, Tensor]:
        """Logit and read tables at time t; in float32 nodes with σ²τ beyond ``wide(data)`` see the data as one Gaussian."""
        tau, omega = scale_nodes(self.process.D, self.dim, PRECISE if precise else LIVE)
        data, eye = self.data, torch.eye(self.dim, dtype=torch.float64)
        width = t * t * tau
        near = width <= (math.inf if precise else self._wide)
        q, far = int(near.sum()), int((~near).sum())
        weights = torch.cat([(data.weights[:, None] * omega[near]).flatten(), omega[~near]])
        mean = torch.cat([data.means.repeat_interleave(q, 0), data.mean().expand(far, -1)])
        spread = torch.cat([data.covs.repeat_interleave(q, 0), data.cov().expand(far, -1, -1)])  # of x_0
        cov = spread + torch.cat([width[near].repeat(data.components), width[~near]])[:, None, None] * eye

        def reads(m: Tensor, precision: Tensor) -> tuple[Tensor, Tensor]:
            gain = spread @ precision
            return m - (gain @ m[..., None])[..., 0], gain

        logit, read = self._make(weights, mean[None], cov[None], reads)
        return logit[0], read[0]

    def prepare(self, times: list[float]) -> None:
        """Nothing yet: tables are made when a dtype is known."""
        for shelf in self._shelves.values():
            shelf.expect([t for t in times if t > 0])

    def tables(self, t: float, like: Tensor) -> tuple[Tensor, Tensor]:
        precise = like.dtype == torch.float64
        shelf = self._shelves[precise]
        logit, read = shelf.get(t, like, lambda times: Packed([self._nodes(u, precise) for u in times]))
        return logit, read
