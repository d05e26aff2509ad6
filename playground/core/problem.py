"""A process and a predictor together: what a sampler may ask, and the honest count of model calls."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from .fields import BadValue
from .process import Coeffs, Process, ScalarGaussian


class Prediction(NamedTuple):
    """x0_hat: E[x_0 | z_t], (batch, *event). velocity: dz/dt of the probability flow, for processes where x0_hat does not determine it."""

    x0_hat: Tensor
    velocity: Tensor | None = None


class Predictor(Protocol):
    """Canonical content: x0_hat = E[x_0 | z_t]; every other parameterisation is a conversion, written once in Problem.

    Optional: ``cost(t)``, models asked in one call; ``prepare(times)``; what guidance needs (``Guidance.guide``).
    """

    @property
    def gives(self) -> frozenset[str]:
        """What it offers beyond a process's caps: "mean" (x̂_0), "mixture" (the exact law), "classes", "text"."""
        ...

    def __call__(self, z_t: Tensor, t: float) -> Prediction: ...


def check_state(field: str, z: Any, process: Process, size: int | None = None) -> None:
    """BadValue unless z is a tensor (batch, *event), of CLD (batch, 2, *event), and a state has ``size`` numbers where that is known."""
    blocks = process.blocks
    fits = isinstance(z, Tensor) and z.ndim >= (2 if blocks == 1 else 3) and (blocks == 1 or z.shape[1] == blocks)
    if not fits or (size is not None and math.prod(z.shape[1:]) != size):
        event = "*event" if size is None else str(size // blocks)
        shape = f"(batch, {event})" if blocks == 1 else f"(batch, {blocks}, {event})"
        raise BadValue(field, tuple(z.shape) if isinstance(z, Tensor) else z, f"a tensor of shape {shape}")


@functools.lru_cache(maxsize=256)
def _latest(process: Process) -> float:
    """The largest time that a model may be asked at: t_max, or as far beyond as churn raises the noise there, by √2."""
    end = process.t_max * (1 + 1e-9)
    if isinstance(process, ScalarGaussian) and math.isfinite(level := process.at(process.t_max).half_log_snr):
        # one level of a grid, as a process is asked elsewhere
        raised = torch.tensor([level - 0.5 * math.log(2) - 1e-6], dtype=torch.float64)
        end = max(end, float(process.time_at(raised)[0]))
    return end


def check_model_time(process: Process, t: float) -> None:
    """BadValue unless 0 < t ≤ t_max (math: at t = 0 the state is the data, and neither score nor ε̂ exists)."""
    if not 0 < t <= _latest(process):
        raise BadValue("t", t, f"a time above 0 and up to {process.t_max:g} of {process.info.title}")


class Problem:
    """Conversions between parameterisations for linear processes (math 1.6), each at the price of one model call.

    score = −Σ(t)⁻¹ (z − ψ x̂_0), ε̂ = (z − α x̂_0)/σ, velocity u = F z − ½ GGᵀ score (= α̇ x̂_0 + σ̇ ε̂).
    """

    def __init__(self, process: Process, predictor: Predictor, law: Any = None):
        """``law``: the exact p_t (``marginal``, ``rms``, ``dim``), for grids that measure; the predictor itself where that is exact."""
        self.process: Any = process  # samplers check through ``needs`` that it has what they use
        self.predictor = predictor
        self.law = law
        size = getattr(predictor, "state_dim", getattr(law, "state_dim", None))
        self.size = size if isinstance(size, int) else None
        self.calls = 0

    def ask(self, z: Tensor, t: float) -> Prediction:
        """One evaluation of the model at z (batch, *state) and time t: x̂_0 (batch, *event) and, where there is one, the velocity. Guided
        predictors say how many models that is.

        Raises: BadValue for t outside of (0, t_max] (a little beyond t_max is what churn asks for) or a state of the wrong shape.
        """
        self._ready(z, t)
        return self.predictor(z, t)

    def _ready(self, z: Tensor, t: float) -> None:
        """Checks and counts one evaluation."""
        check_model_time(self.process, t)
        if self.size is not None or not isinstance(z, Tensor) or z.ndim < 2:
            check_state("z", z, self.process, self.size)
        cost = getattr(self.predictor, "cost", None)
        self.calls += 1 if cost is None else cost(t)

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
        """x̂_0 = E[x_0 | z_t], (batch, *event), of z (batch, *state)."""
        return self.ask(z, t).x0_hat

    def eps(self, z: Tensor, t: float) -> Tensor:
        """ε̂ = (z − α x̂_0)/σ = −σ score, (batch, *event), of scalar processes."""
        c = self.at(t)
        return (z - c.alpha * self.x0(z, t)) / c.sigma

    def score_from(self, z: Tensor, x0: Tensor, t: float) -> Tensor:
        """−Σ⁻¹ (z − ψ x̂_0), (batch, *state), of z (batch, *state) and x̂_0 (batch, *event): no model call."""
        k = self.process.kernel(t)
        mean = torch.stack([x0 * float(p) for p in k.psi], 1)
        return (
            self.process.join(self.process.apply(-k.precision, self.process.split(z) - mean))
            if self.process.blocks > 1
            else ((z - float(k.psi[0]) * x0) * -float(k.precision[0, 0]))
        )

    def score(self, z: Tensor, t: float) -> Tensor:
        """∇_z log p_t(z) = −Σ⁻¹ (z − ψ x̂_0), (batch, *state), in 1/units of the state; of CLD with respect to x and v."""
        exact = getattr(self.predictor, "exact_score", None)
        if exact is None:
            return self.score_from(z, self.x0(z, t), t)
        self._ready(z, t)  # near the data z − ψ x̂_0 is below float32's rounding of z: an exact model knows its score without it
        return exact(z, t)

    def drift(self, z: Tensor, t: float, strength: float = 0.0) -> Tensor:
        """F z − (1 + λ²)/2 GGᵀ score: drift of the reverse family (math 1.5), (batch, *state) per unit of t; λ = ``strength``.

        λ = 0 is the probability-flow velocity, λ = 1 the reverse SDE of Anderson 1982 (Song et al. 2021, 2011.13456). z (batch, *state).
        """
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
        """dz/dt = F z − ½ GGᵀ score of the probability-flow ODE, (batch, *state) per unit of t. Song et al. 2021, 2011.13456."""
        return self.drift(z, t)

    def denoise(self, z: Tensor, t: float) -> Tensor:
        """E[z_0 | z_t], (batch, *state): x̂_0, and for CLD also E[v_0 | z_t] = −γM A_{·v}ᵀ score. The last step of a sampler that has none of its
        own (``Sampler.last``)."""
        x0 = self.x0(z, t)
        if self.process.blocks == 1:
            return x0
        a, _ = self.process.transition(torch.zeros((), dtype=torch.float64), torch.as_tensor(t, dtype=torch.float64))
        residual = -self.score_from(z, x0, t)
        # Cov(v_0, z_t) = γM A_{·v}ᵀ, and Σ⁻¹ (z − ψ x̂_0) is the residual
        column = (self.process.start_cov()[1, 1] * a[:, 1]).to(z)
        return torch.stack([x0, torch.einsum("b,nb...->n...", column, residual)], 1)
