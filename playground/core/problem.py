"""A process and a predictor together: what a sampler may ask, and the honest count of model calls."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from .process import Coeffs, Process, ScalarGaussian


class Prediction(NamedTuple):
    """x0_hat: E[x_0 | z_t], (batch, *event). velocity: dz/dt of the probability flow, for processes where x0_hat does not determine it."""

    x0_hat: Tensor
    velocity: Tensor | None = None


class Predictor(Protocol):
    """Canonical content: x0_hat = E[x_0 | z_t]; every other parameterisation is a conversion, written once in Problem."""

    @property
    def gives(self) -> frozenset[str]: ...

    def __call__(self, z_t: Tensor, t: float) -> Prediction: ...


class Problem:
    """Conversions between parameterisations for linear processes (math 1.6), each at the price of one model call.

    score = −Σ(t)⁻¹ (z − ψ x̂_0), ε̂ = (z − α x̂_0)/σ, velocity u = F z − ½ GGᵀ score (= α̇ x̂_0 + σ̇ ε̂).
    """

    def __init__(self, process: Process, predictor: Predictor, law: Any = None):
        """``law``: the exact p_t (``marginal``, ``rms``, ``dim``), for grids that measure; the predictor itself where that is exact."""
        self.process: Any = process  # samplers check through ``needs`` that it has what they use
        self.predictor = predictor
        self.law = law
        self.calls = 0

    def ask(self, z: Tensor, t: float) -> Prediction:
        """One evaluation of the model; guided predictors say how many networks that is."""
        cost = getattr(self.predictor, "cost", None)
        self.calls += 1 if cost is None else cost(t)
        return self.predictor(z, t)

    def prepare(self, times: list[float]) -> None:
        """Tells a process and a predictor that keep tables which times are about to be asked for."""
        if isinstance(self.process, ScalarGaussian):
            self.process.prepare(times)
        make = getattr(self.predictor, "prepare", None)
        if make is not None:
            make(times)

    def at(self, t: float) -> Coeffs:
        assert isinstance(self.process, ScalarGaussian)
        return self.process.at(t)

    def x0(self, z: Tensor, t: float) -> Tensor:
        """x̂_0 = E[x_0 | z_t]."""
        return self.ask(z, t).x0_hat

    def eps(self, z: Tensor, t: float) -> Tensor:
        """ε̂ = (z − α x̂_0)/σ, scalar processes."""
        c = self.at(t)
        return (z - c.alpha * self.x0(z, t)) / c.sigma

    def score_from(self, z: Tensor, x0: Tensor, t: float) -> Tensor:
        """−Σ⁻¹ (z − ψ x̂_0), the state's shape."""
        k = self.process.kernel(t)
        mean = torch.stack([x0 * float(p) for p in k.psi], 1)
        return (
            self.process.join(self.process.apply(-k.precision, self.process.split(z) - mean))
            if self.process.blocks > 1
            else ((z - float(k.psi[0]) * x0) * -float(k.precision[0, 0]))
        )

    def score(self, z: Tensor, t: float) -> Tensor:
        """∇_z log p_t(z)."""
        return self.score_from(z, self.x0(z, t), t)

    def drift(self, z: Tensor, t: float, strength: float = 0.0) -> Tensor:
        """F z − (1 + λ²)/2 GGᵀ score: drift of the reverse family (math 1.5); λ = 0 is the probability-flow velocity."""
        told = self.ask(z, t)
        x0, velocity = told.x0_hat, getattr(told, "velocity", None)  # a predictor of one's own may tell x0_hat only
        if velocity is not None:
            if strength:
                raise NotImplementedError(f"{self.process.info.title} has a velocity but no reverse SDE")
            return velocity
        if isinstance(self.process, ScalarGaussian):
            c = self.process.at(t)
            eps = (z - c.alpha * x0) / c.sigma
            # u = α̇ x̂_0 + σ̇ ε̂ has no singularity where f = α̇/α has one; −λ²/2 g² s = +λ² g²/(2σ) ε̂
            return c.dalpha * x0 + (c.dsigma + 0.5 * strength**2 * c.g2 / c.sigma) * eps
        k = self.process.kernel(t)
        pull = self.process.apply(k.noise, self.score_from(z, x0, t))
        return self.process.apply(k.drift, z) - 0.5 * (1 + strength**2) * pull

    def velocity(self, z: Tensor, t: float) -> Tensor:
        """dz/dt of the probability-flow ODE."""
        return self.drift(z, t)

    def denoise(self, z: Tensor, t: float) -> Tensor:
        """E[z_0 | z_t], the last step of every sampler but the exact one: x̂_0, and for CLD E[v_0 | z_t] = −γM A_{·v}ᵀ score."""
        x0 = self.x0(z, t)
        if self.process.blocks == 1:
            return x0
        a, _ = self.process.transition(torch.zeros((), dtype=torch.float64), torch.as_tensor(t, dtype=torch.float64))
        residual = -self.score_from(z, x0, t)
        # Cov(v_0, z_t) = γM A_{·v}ᵀ, and Σ⁻¹ (z − ψ x̂_0) is the residual
        column = (self.process.start_cov()[1, 1] * a[:, 1]).to(z)
        return torch.stack([x0, torch.einsum("b,nb...->n...", column, residual)], 1)
