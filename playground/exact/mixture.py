"""The exact predictor of Gaussian-mixture data under any linear process: score, x̂_0, denoising distributions, all closed form."""

from __future__ import annotations

import functools
import math
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.kernel import small_inverse
from playground.core.mixture import GaussianMixture
from playground.core.placed import Placed, Shelf, Stacked
from playground.core.problem import Prediction
from playground.core.process import LinearProcess, t64
from playground.exact.classes import Classes
from playground.exact.fast import CACHE_ROWS, features, mean_of
from playground.exact.variance import mean_posterior_variance

VARIANCES: dict[tuple, tuple[float, GaussianMixture]] = {}
QUADRATURE = 8192  # points for an expectation over p_t, all components together


@functools.lru_cache(maxsize=64)
def normal_nodes(dim: int, components: int) -> tuple[Tensor, Tensor]:
    """Points (q, dim) and weights (q,) for expectations over N(0, I): Gauss–Hermite up to two dimensions, else Sobol."""
    if dim > 2:
        points = torch.quasirandom.SobolEngine(dim, scramble=True, seed=0).draw(max(256, QUADRATURE // components), dtype=torch.float64)
        return torch.special.ndtri(points.clamp(1e-12, 1 - 1e-12)), torch.full((len(points),), 1 / len(points), dtype=torch.float64)
    per_axis = min(96 if dim == 1 else 40, max(8, int((QUADRATURE / components) ** (1 / dim))))
    x, w = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(per_axis))
    w = w / w.sum()
    if dim == 1:
        return x[:, None], w
    return torch.cartesian_prod(x, x), torch.outer(w, w).flatten()


@functools.lru_cache(maxsize=64)
def slope_places(n: int) -> Placed:
    """∂/∂z_a of Σ_{i≤j} c_ij z_i z_j is Σ_b c_ab z_b + c_aa z_a. Of these n + 1 terms, the first for all a, then the second, and so on: the place of c_ab among
    the pairs, and b, (n (n + 1),) each."""
    term, a = torch.arange(n + 1)[:, None], torch.arange(n)
    b = term - (term > a).long()
    i, j = torch.minimum(a, b), torch.maximum(a, b)
    return Placed((i * n - i * (i - 1) // 2 + j - i).flatten(), b.flatten())


class Tables(NamedTuple):
    """Everything that one evaluation at one time needs, in float64.

    With φ(z) = (z_i z_j (i ≤ j), z_i, 1): log[w_k N(z; m_k(t), S_k(t))] = φ(z) · logit_k and E[x_0 | z, k] = read_k0 + read_k z.
    """

    logit: Tensor  # (features, K)
    read: Tensor  # (K, d (1 + n))


class MixtureOracle(Classes[LinearProcess]):
    """E[x_0 | z_t] of mixture data, exactly (math: D = Σ r_k(z) μ_k, one k×k block process for all coordinates).

    Args:
        data: mixture on R^d. process: any linear process with k blocks; z has n = k·d numbers a particle.
    """

    kernel: ClassVar[str] = "linear"
    needs: ClassVar[frozenset[str]] = frozenset({"mixture"})
    gives = frozenset({"mean", "mixture"})
    flow_is_quantiles: ClassVar[bool] = True
    knows_score = True
    knows_density = True

    def __init__(self, data: GaussianMixture, process: LinearProcess):
        super().__init__(data, process)
        self._shelf: Shelf[float] = Shelf()
        self._pairs = torch.triu_indices(self.state_dim, self.state_dim)

    def rms(self, t: Tensor) -> Tensor:
        """√E|z_t|², (T,)."""
        mean, cov = self.moments(t)
        return ((mean.square().sum(-1) + cov.diagonal(dim1=-2, dim2=-1).sum(-1)) @ self.weights).sqrt()

    # exact laws -----------------------------------------------------------------------------------------------------------

    def lifted(self) -> GaussianMixture:
        """Law of z_0 (data, and CLD's initial velocity)."""
        k, d = len(self.process.parts), self.dim
        start = torch.kron(self.process.start_cov(), torch.eye(d, dtype=torch.float64))
        if k == 1:
            return self.data
        place = torch.zeros(self.state_dim, d, dtype=torch.float64)
        place[:d] = torch.eye(d, dtype=torch.float64)
        return GaussianMixture(self.data.weights, self.data.means @ place.mT, place @ self.data.covs @ place.mT + start, self.data.labels)

    def marginal(self, t: float) -> GaussianMixture:
        """p_t, a mixture on R^n: means ψ m_k, covariances ψψᵀ ⊗ C_k + Σ(t) ⊗ I."""
        mean, cov = self.moments(t64([t]))
        return GaussianMixture(self.data.weights, mean[0], cov[0], self.data.labels)

    def bridge(self, t: float, s: float) -> tuple[Tensor, Tensor, Tensor]:
        """Component k of q(z_s | z_t) is N(offset_k + gain_k z_t, cov_k) (math 1.3): (K, n, n), (K, n), (K, n, n), float64."""
        eye = torch.eye(self.dim, dtype=torch.float64)
        a, q = (torch.kron(m, eye) for m in self.process.transition(t64(s), t64(t)))
        at_s = self.lifted() if s == 0 else self.marginal(s)
        at_t = self.marginal(t)
        gain = at_s.covs @ a.mT @ torch.linalg.inv(at_t.covs)
        keep = torch.eye(self.state_dim, dtype=torch.float64) - gain @ a
        cov = keep @ at_s.covs @ keep.mT + gain @ q @ gain.mT  # Joseph's form stays positive
        return gain, at_s.means - (gain @ at_t.means[..., None])[..., 0], cov

    def denoising(self, z_t: Tensor, t: float, s: float) -> tuple[Tensor, Tensor, Tensor]:
        """q(z_s | z_t) = Σ_k r_k N(μ_k, V_k) at every particle; s = 0 gives the posterior of z_0.

        Args: z_t (batch, n) flattened state.
        Returns: log responsibilities (batch, K), means (batch, K, n), covariances (K, n, n), float64.
        """
        gain, offset, cov = self.bridge(t, s)
        z = z_t.to(torch.float64)
        mean = offset + torch.einsum("kij,bj->bki", gain, z)
        return torch.log_softmax(self.marginal(t).component_log_prob(z), -1), mean, cov

    def posterior_cov(self, z_t: Tensor, t: float) -> Tensor:
        """Cov(x_0 | z_t) = Σ_k r_k [V_k + (μ_k − D)(μ_k − D)ᵀ], D = Σ_k r_k μ_k, of every particle: (batch, d, d) in z_t's dtype."""
        flat = self.flatten(z_t)
        logit, read = self.tables(t, flat)
        inside = self._posterior(t)[:, : self.dim, : self.dim].to(flat)
        read = read.view(-1, self.dim, 1 + self.state_dim)
        out = []
        for z in flat.split(max(256, CACHE_ROWS // (4 * logit.shape[1]))):
            weight = torch.softmax(features(z) @ logit, -1)
            mean = read[..., 0] + torch.einsum("kin,bn->bki", read[..., 1:], z)
            gap = mean - torch.einsum("bk,bki->bi", weight, mean)[:, None]
            out.append(torch.einsum("bk,kij->bij", weight, inside) + torch.einsum("bk,bki,bkj->bij", weight, gap, gap))
        return torch.cat(out)

    def _posterior(self, t: float) -> Tensor:
        """V_k of p(z_0 | z_t), (K, n, n)."""
        return self.bridge(t, 0.0)[2]

    def mean_posterior_variance(self, t: float) -> float:
        """V(t) = E tr Cov(x_0 | z_t)/d over p_t: to 1e-8 on the line and in the plane, with Sobol points in every component above."""
        key = (id(self.data), self.process, t)
        if key not in VARIANCES:
            if len(VARIANCES) > 1 << 14:
                VARIANCES.clear()
            VARIANCES[key] = (self._expected_variance(t), self.data)  # the mixture is kept, so that its id stays its own
        return VARIANCES[key][0]

    def _expected_variance(self, t: float) -> float:
        if self.dim <= 2:  # all that z_t says of x_0 is y = ψᵀΣ⁻¹z/(ψᵀΣ⁻¹ψ)
            k = self.process.kernel.at(t)
            return mean_posterior_variance(self.data, 1 / float(k.psi @ k.precision @ k.psi))
        law = self.marginal(t)
        points, weights = normal_nodes(self.state_dim, law.components)
        root = torch.linalg.cholesky(law.covs)
        z = law.means[:, None] + torch.einsum("kij,qj->kqi", root, points)
        trace = self.posterior_cov(z.reshape(-1, self.state_dim), t).diagonal(dim1=-2, dim2=-1).mean(-1)
        return float(law.weights @ (trace.view(law.components, -1) @ weights))

    def flatten(self, z: Tensor) -> Tensor:
        """A state (batch, *state) as (batch, n), n = k·d: of CLD position and velocity, one after the other."""
        return z.reshape(z.shape[0], self.state_dim)

    # fast evaluation ------------------------------------------------------------------------------------------------------

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Means (T, K, n) and covariances (T, K, n, n) of p_t's components."""
        psi, sigma = self.process.mean_and_cov(t)
        steps, _k = psi.shape
        mean = torch.einsum("tb,kd->tkbd", psi, self.data.means).reshape(steps, -1, self.state_dim)
        grown = torch.einsum("ta,tb,kij->tkaibj", psi, psi, self.data.covs)
        eye = torch.eye(self.dim, dtype=torch.float64)
        noise = torch.einsum("tab,ij->taibj", sigma, eye)
        cov = (grown + noise[:, None]).reshape(steps, -1, self.state_dim, self.state_dim)
        return mean, cov

    def prepare(self, times: list[float]) -> None:
        """Tables for many times in one batch; times seen before cost nothing."""
        self._shelf.fill((t for t in times if t > 0), self._make)

    def _make(self, times: list[float]) -> Stacked:
        """``Tables`` of every time."""
        t = t64(times)
        mean, cov = self.moments(t)
        precision = small_inverse(cov)
        logdet = -torch.linalg.slogdet(precision).logabsdet if self.state_dim > 1 else cov[..., 0, 0].log()
        pull = (precision @ mean[..., None])[..., 0]
        const = self.data.weights.log() - 0.5 * ((pull * mean).sum(-1) + logdet + self.state_dim * math.log(2 * math.pi))
        i, j = self._pairs
        quadratic = -torch.where(i == j, 0.5, 1.0) * precision[..., i, j]
        logit = torch.cat([quadratic, pull, const[..., None]], -1).mT

        psi, _ = self.process.mean_and_cov(t)
        cross = torch.einsum("tb,kij->tkibj", psi, self.data.covs).reshape(len(times), -1, self.dim, self.state_dim)
        gain = cross @ precision
        offset = self.data.means - (gain @ mean[..., None])[..., 0]
        read = torch.cat([offset[..., None], gain], -1).flatten(-2)
        return Stacked([logit, read])

    def tables(self, t: float, like: Tensor) -> Tables:
        """The tables of time t in the dtype and on the device of ``like``."""
        logit, read = self._shelf.get(t, like, self._make)
        return Tables(logit, read)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        """x0_hat = E[x_0 | z_t], in z_t's dtype; z_t (batch, *state)."""
        flat = self.flatten(z_t)
        return Prediction(mean_of(flat, *self.tables(t, flat)).view(z_t.shape[0], *self._event(z_t)))

    def exact_score(self, z_t: Tensor, t: float) -> Tensor:
        """∇_z log p_t(z_t) = Σ_k r_k S_k⁻¹ (μ_k − z), z_t's shape: from the components, not from x̂_0, so that it keeps its digits near the data."""
        flat = self.flatten(z_t)
        logit = self.tables(t, flat).logit
        parts = flat.split(max(256, CACHE_ROWS // logit.shape[1]))
        return torch.cat([self._slope(z, logit, torch.softmax(features(z) @ logit, -1)) for z in parts]).view(z_t.shape)

    def slope(self, z_t: Tensor, t: float, share: Tensor) -> Tensor:
        flat = self.flatten(z_t)
        return self._slope(flat, self.tables(t, flat).logit, share).view(z_t.shape)

    def _slope(self, z: Tensor, logit: Tensor, share: Tensor) -> Tensor:
        """Σ_k c_k ∇ ln N_k at z (rows, n) for c = ``share`` (rows, K): Σ c_k logit_k, contracted with dφ/dz."""
        pair, other = slope_places(self.state_dim).on(z.device)
        slope = share @ logit.mT
        terms = slope.index_select(1, pair) * z.index_select(1, other)
        out = slope[:, -1 - self.state_dim : -1].clone()
        for term in terms.split(self.state_dim, 1):
            out += term
        return out

    def _event(self, z: Tensor) -> tuple[int, ...]:
        return tuple(z.shape[1:] if len(self.process.parts) == 1 else z.shape[2:])

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """log p_t(z_t), (batch,)."""
        flat = self.flatten(z_t)
        return torch.logsumexp(features(flat) @ self.tables(t, flat).logit, -1)

    def component_log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """log w_k N(z_t; m_k(t), S_k(t)), (batch, K)."""
        flat = self.flatten(z_t)
        return features(flat) @ self.tables(t, flat).logit
