"""The exact model of a mixture of wrapped normals under Brownian motion: variances add."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.predictor import Prediction
from playground.exact.classes import ExactModel
from playground.spaces.torus import TURN, Torus
from playground.spaces.wrapped import Winding, WrappedMixture


class WrappedOracle(ExactModel):
    """∇ ln p_t of angles θ_t (batch, d), p_t = Σ w_k WN(m_k, s_k² + σ_t²), and −½ g² times it, the probability flow's velocity."""

    kernel: ClassVar[str] = "wrapped"
    needs: ClassVar[frozenset[str]] = frozenset({"wrapped mixture"})
    gives = frozenset({"score", "wrapped mixture", "marginals"})
    knows_density = True

    def __init__(self, data: WrappedMixture, process: Winding):
        self.data, self.process = data, process
        self.dim = self.state_dim = data.dim
        self._laws: dict[float, WrappedMixture] = {}

    @property
    def space(self) -> Torus:
        return self.data.space

    @property
    def weights(self) -> Tensor:
        return self.data.weights

    def rms(self, t: Tensor) -> Tensor:
        """1: nothing is far out on a torus."""
        return torch.ones(len(t), dtype=torch.float64)

    def marginal(self, t: float) -> WrappedMixture:
        """p_t (kept)."""
        if t not in self._laws:
            self.prepare([t])
        return self._laws[t]

    def lifted(self) -> WrappedMixture:
        return self.data

    def mismatch(self) -> float:
        """Total variation between p_T and the uniform law of one angle, the largest, by quadrature."""
        at = -math.pi + TURN * (torch.arange(512, dtype=torch.float64) + 0.5) / 512
        law = self.marginal(self.process.t_max)
        return max(0.5 * float((TURN * (law.along(i, at).exp() @ law.weights) - 1).abs().mean()) for i in range(self.dim))

    def prepare(self, times: list[float]) -> None:
        """The laws of many times, whose numbers come to a device together."""
        new = [t for t in dict.fromkeys(times) if t not in self._laws]
        if new:
            self._laws |= zip(new, self.data.family([self.process.kernel.at(t)[0] for t in new]), strict=True)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        """score and velocity, (batch, d) in z_t's dtype."""
        score = self.marginal(t).score(z_t)
        return Prediction(score=score, velocity=-0.5 * self.process.kernel.at(t)[1] * score)

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """ln p_t(z_t), (batch,)."""
        return self.marginal(t).log_prob(z_t)
