"""Exact predictor of a process that attenuates two directions of the plane at different rates."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from playground.core.process import t64
from playground.exact.table import TableOracle
from playground.processes.anisotropic import Anisotropic


class AnisotropicOracle(TableOracle[Anisotropic]):
    """Component k of p_t is N(A m_k, A C_k A + σ² I), A = α_1 P_1 + α_2 P_2; with e = S⁻¹(x − A m): x̂_0 = m + C A e,
    u = Ȧ x̂_0 + σ̇ ε̂, ε̂ = σ e (components mixed by their responsibilities)."""

    kernel: ClassVar[str] = "anisotropic"
    needs: ClassVar[frozenset[str]] = frozenset({"mixture"})

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        a, _ = self.process.attenuation(t64(t))
        a = a[:, None]
        noise = self.process.sigma2(t64(t))[:, None, None, None] * self.process.eye
        return (a @ self.data.means[..., None])[..., 0], a @ self.data.covs @ a + noise

    def reads(self, t: Tensor, mean: Tensor, precision: Tensor) -> tuple[Tensor, Tensor]:
        a, da = (m[:, None] for m in self.process.attenuation(t64(t)))
        half_rate = 0.5 * self.process.dsigma2(t64(t))[:, None, None, None]
        to_x0 = self.data.covs @ a @ precision
        to_u = da @ to_x0 + half_rate * precision  # σ̇ ε̂ = σ σ̇ e = ½ d(σ²)/dt e: finite at t = 0
        gain = torch.cat([to_x0, to_u], -2)
        base = torch.cat([self.data.means.expand(len(t), -1, -1), (da @ self.data.means[..., None])[..., 0]], -1)
        return base - (gain @ mean[..., None])[..., 0], gain
