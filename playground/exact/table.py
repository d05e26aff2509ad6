"""Exact predictors of processes that are not k × k linear: everything is read off one Gaussian mixture a time."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from playground.core.exact import Marginal
from playground.core.kernel import small_inverse, small_logdet
from playground.core.mixture import GaussianMixture
from playground.core.placed import Shelf, Stacked
from playground.core.problem import Prediction
from playground.core.process import t64
from playground.exact.classes import Classes, Diffused
from playground.exact.fast import features, mean_of


class TableOracle(Classes[Diffused]):
    """p_t = Σ_k w_k N(m_k(t), S_k(t)) on R^d, and quantities whose conditional means given component and state are affine in the state.

    Subclasses give ``weights`` (K,), ``moments(t)`` and ``reads(t)``; the rest (score, x̂_0, velocity, log p, draws) follows. One evaluation is
    features φ(z) = (z_i z_j, z_i, 1), a matrix product, a softmax, a matrix product, as in MixtureOracle.
    """

    gives = frozenset({"mean"})
    has_velocity = True
    knows_density = True

    def __init__(self, data: GaussianMixture, process: Diffused):
        super().__init__(data, process)
        self._shelf: Shelf[float] = Shelf()
        self._pairs = torch.triu_indices(self.dim, self.dim)

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Means (T, K, d) and covariances (T, K, d, d) of p_t's components, float64."""
        raise NotImplementedError

    def reads(self, t: Tensor, mean: Tensor, precision: Tensor) -> tuple[Tensor, Tensor]:
        """Offsets (T, K, m) and gains (T, K, m, d): E[q | z, k] = offset + gain z for the m numbers x̂_0 (d) and, where there is one, velocity (d)."""
        raise NotImplementedError

    # exact laws -----------------------------------------------------------------------------------------------------------

    def lifted(self) -> GaussianMixture:
        """Law of z_0."""
        return self._at(0.0)

    def marginal(self, t: float) -> Marginal:
        return self._at(t)

    def _at(self, t: float) -> GaussianMixture:
        mean, cov = self.moments(t64([t]))
        return GaussianMixture(self.weights, mean[0], cov[0])

    def rms(self, t: Tensor) -> Tensor:
        """√E|z_t|², (T,)."""
        mean, cov = self.moments(t)
        return ((mean.square().sum(-1) + cov.diagonal(dim1=-2, dim2=-1).sum(-1)) @ self.weights).sqrt()

    # fast evaluation ------------------------------------------------------------------------------------------------------

    def _make(
        self, weights: Tensor, mean: Tensor, cov: Tensor, reads: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, Tensor]:
        """Logit tables (T, features, K) and read tables (T, K, m (1 + d)); ``reads(mean, precision)`` gives offsets and gains."""
        precision = small_inverse(cov)
        pull = (precision @ mean[..., None])[..., 0]
        const = weights.log() - 0.5 * ((pull * mean).sum(-1) + small_logdet(cov) + self.dim * math.log(2 * math.pi))
        i, j = self._pairs
        quadratic = -torch.where(i == j, 0.5, 1.0) * precision[..., i, j]
        offset, gain = reads(mean, precision)
        return torch.cat([quadratic, pull, const[..., None]], -1).mT, torch.cat([offset[..., None], gain], -1).flatten(-2)

    def prepare(self, times: list[float]) -> None:
        self._shelf.fill((t for t in times if t > 0), self._at_times, 64)

    def _at_times(self, times: list[float]) -> Stacked:
        t = t64(times)
        return Stacked(self._make(self.weights, *self.moments(t), functools.partial(self.reads, t)))

    def tables(self, t: float, like: Tensor) -> tuple[Tensor, Tensor]:
        logit, read = self._shelf.get(t, like, self._at_times)
        return logit, read

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        """x̂_0 and, unless it follows from x̂_0, the velocity; z_t (batch, d)."""
        out = mean_of(z_t, *self.tables(t, z_t))
        return Prediction(out[:, : self.dim], out[:, self.dim :] if self.has_velocity else None)

    def component_log_prob(self, z_t: Tensor, t: float) -> Tensor:
        return features(z_t) @ self.tables(t, z_t)[0]

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """log p_t, (batch,)."""
        return torch.logsumexp(self.component_log_prob(z_t, t), -1)
