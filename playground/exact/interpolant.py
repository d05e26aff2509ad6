"""Exact velocity, score and x̂_0 of a stochastic interpolant between two Gaussian mixtures, through the joint mixture over pairs of components."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from playground.core.coupling import PAIRS, SMOOTH, minibatch_ot
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.core.rng import Rng
from playground.exact.table import TableOracle
from playground.processes.interpolant import Interpolant


class InterpolantOracle(TableOracle[Interpolant]):
    """x_t = (1 − t) x_0 + t x_1 + γ z with independent x_0 ~ Σ π_i N(m_i, C_i), x_1 ~ Σ ρ_j N(n_j, B_j) (math 2.11).

    Pair (i, j): mean (1 − t) m_i + t n_j, S = (1 − t)² C_i + t² B_j + γ² I; given pair and state, with e = S⁻¹(x − mean):
    E x_0 = m_i + (1 − t) C_i e, u = n_j − m_i + (t B_j − (1 − t) C_i + γ γ̇ I) e. Only γ² and γ γ̇ occur: nothing is singular at the ends.
    """

    kernel: ClassVar[str] = "interpolant"
    needs: ClassVar[frozenset[str]] = frozenset({"mixture"})

    def __init__(self, data: GaussianMixture, process: Interpolant):
        super().__init__(data, process)
        self.ends = source = process.ends(data.dim)
        k, j = data.components, source.components
        self._i, self._j = torch.arange(k).repeat_interleave(j), torch.arange(j).repeat(k)
        self._w = data.weights[self._i] * source.weights[self._j]

    @property
    def weights(self) -> Tensor:
        return self._w

    def _parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.data.means[self._i], self.data.covs[self._i], self.ends.means[self._j], self.ends.covs[self._j]

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        m, c, n, b = self._parts()
        u = t64(t)[:, None, None]
        eye = torch.eye(self.dim, dtype=torch.float64)
        spread = self.process.gamma2(t64(t))[:, None, None, None] * eye
        return (1 - u) * m + u * n, ((1 - u) ** 2)[..., None] * c + (u**2)[..., None] * b + spread

    def reads(self, t: Tensor, mean: Tensor, precision: Tensor) -> tuple[Tensor, Tensor]:
        m, c, n, b = self._parts()
        u = t64(t)[:, None, None, None]
        eye = torch.eye(self.dim, dtype=torch.float64)
        to_x0 = ((1 - u) * c) @ precision
        to_u = (u * b - (1 - u) * c + self.process.gamma_dgamma(t64(t))[:, None, None, None] * eye) @ precision
        gain = torch.cat([to_x0, to_u], -2)
        base = torch.cat([m, n - m], -1)
        return base - (gain @ mean[..., None])[..., 0], gain


class PairedOracle(TableOracle[Interpolant]):
    """The interpolant between finitely many given pairs (x_0, x_1), smoothed: pair i is x_0i + h e, x_1i + h e with one e ~ N(0, I).

    Component i of p_t is N((1 − t) x_0i + t x_1i, (h² + γ²) I) with velocity x_1i − x_0i + γγ̇/(h² + γ²) (x − mean): exact for this smoothed,
    finite set of pairs, and an approximation (kernel regression) of the coupling that the pairs were drawn from.
    """

    kernel: ClassVar[str] = "paired"
    needs: ClassVar[frozenset[str]] = frozenset({"mixture"})

    def __init__(self, data: GaussianMixture, process: Interpolant):
        """Of pairs that minibatch optimal transport makes of draws of both ends."""
        super().__init__(data, process)
        rng = Rng(0, dtype=torch.float64).stream("pairs")
        self.x0, x1 = (law.sample(rng.uniform((PAIRS,)), rng.normal((PAIRS, data.dim)))[0] for law in (data, process.ends(data.dim)))
        self.x1, self.width = minibatch_ot(self.x0, x1), SMOOTH
        self._w = torch.full((PAIRS,), 1 / PAIRS, dtype=torch.float64)

    @property
    def weights(self) -> Tensor:
        return self._w

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        u = t64(t)[:, None, None]
        var = (self.width**2 + self.process.gamma2(t64(t)))[:, None, None, None]
        return (1 - u) * self.x0 + u * self.x1, (var * torch.eye(self.dim, dtype=torch.float64)).expand(-1, len(self.x0), -1, -1)

    def reads(self, t: Tensor, mean: Tensor, precision: Tensor) -> tuple[Tensor, Tensor]:
        eye = torch.eye(self.dim, dtype=torch.float64)
        to_x0 = self.width**2 * precision
        to_u = self.process.gamma_dgamma(t64(t))[:, None, None, None] * eye @ precision
        gain = torch.cat([to_x0, to_u], -2)
        base = torch.cat([self.x0, self.x1 - self.x0], -1)
        return base - (gain @ mean[..., None])[..., 0], gain
