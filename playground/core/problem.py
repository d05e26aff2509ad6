"""A process and a predictor together: what a sampler may ask, and the honest count of model calls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from torch import Tensor

from .fields import BadValue
from .predictor import Prediction, Predictor, complete
from .process import Coeffs, LinearProcess, Process, ScalarProcess

if TYPE_CHECKING:
    from .exact import Exact


def check_state(field: str, z: object, process: Process, size: int | None = None) -> None:
    """BadValue unless z is a tensor (batch, *event), of CLD (batch, 2, *event), and a state has ``size`` numbers where that is known."""
    parts = len(process.parts)
    fits = isinstance(z, Tensor) and z.ndim >= (2 if parts == 1 else 3) and (parts == 1 or z.shape[1] == parts)
    if not isinstance(z, Tensor) or not fits or (size is not None and math.prod(z.shape[1:]) != size):
        event = "*event" if size is None else str(size // parts)
        shape = f"(batch, {event})" if parts == 1 else f"(batch, {parts}, {event})"
        raise BadValue(field, tuple(z.shape) if isinstance(z, Tensor) else z, f"a tensor of shape {shape}")


def check_model_time(process: Process, t: float) -> None:
    """BadValue unless 0 < t ≤ t_max (math: at t = 0 the state is the data, and neither score nor ε̂ exists)."""
    if not 0 < t <= process.latest:
        raise BadValue("t", t, f"a time above 0 and up to {process.t_max:g} of {process.info.title}")


class Problem:
    """Conversions between parameterisations for linear processes (math 1.6), each at the price of one model call.

    score = −Σ(t)⁻¹ (z − ψ x̂_0), ε̂ = (z − α x̂_0)/σ, velocity u = F z − ½ GGᵀ score (= α̇ x̂_0 + σ̇ ε̂).
    """

    def __init__(self, process: Process, predictor: Predictor, law: Exact | None = None):
        """``law``: the exact p_t (``marginal``, ``rms``, ``dim``), for grids that measure; the predictor itself where that is exact."""
        self.process = process
        self.predictor = complete(predictor)
        self.law = law
        self.size = law.state_dim if self.predictor.state_dim is None and law is not None else self.predictor.state_dim
        self.calls = 0

    @property
    def exact(self) -> Exact:
        """The exact p_t, for grids that measure: ``law``, or the predictor itself where that is exact."""
        return self.law or cast("Exact", self.predictor)

    @property
    def scalar(self) -> ScalarProcess:
        """The process of a sampler that needs "snr"."""
        return self.process.scalar()

    @property
    def linear(self) -> LinearProcess:
        """The process of a sampler that needs "linear"."""
        return self.process.linear()

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
        check_state("z", z, self.process, self.size)
        self.calls += self.predictor.cost(t)

    def prepare(self, times: list[float]) -> None:
        """Tells a process and a predictor that keep tables which times are about to be asked for."""
        self.process.prepare(times)
        self.predictor.prepare(times)

    def at(self, t: float) -> Coeffs:
        return self.scalar.at(t)

    def x0(self, z: Tensor, t: float) -> Tensor:
        """x̂_0 = E[x_0 | z_t], (batch, *event), of z (batch, *state)."""
        return self.ask(z, t).mean

    def probabilities(self, z: Tensor, t: float) -> Tensor:
        """p(x_0 = k | z_t), (batch, *event, K), of symbols z (batch, *state)."""
        told = self.ask(z, t).probabilities
        if told is None:
            raise BadValue("predictor", "no probabilities", "a model of symbols")
        return told

    def eps(self, z: Tensor, t: float) -> Tensor:
        """ε̂ = (z − α x̂_0)/σ = −σ score, (batch, *event), of scalar processes."""
        c = self.at(t)
        return (z - c.alpha * self.x0(z, t)) / c.sigma

    def score_from(self, z: Tensor, x0: Tensor, t: float) -> Tensor:
        """−Σ⁻¹ (z − ψ x̂_0), (batch, *state), of z (batch, *state) and x̂_0 (batch, *event): no model call."""
        return self.linear.kernel.score(z, x0, t)

    def score(self, z: Tensor, t: float) -> Tensor:
        """∇_z log p_t(z), (batch, *state), in 1/units of the state; of CLD with respect to x and v: what the model tells, or −Σ⁻¹ (z − ψ x̂_0)."""
        if (
            self.predictor.knows_score
        ):  # near the data z − ψ x̂_0 is below float32's rounding of z: an exact model knows its score without it
            self._ready(z, t)
            return self.predictor.exact_score(z, t)
        told = self.ask(z, t)
        return self.score_from(z, told.mean, t) if told.score is None else told.score

    def drift(self, z: Tensor, t: float, strength: float = 0.0) -> Tensor:
        """F z − (1 + λ²)/2 GGᵀ score: drift of the reverse family (math 1.5), (batch, *state) per unit of t; λ = ``strength``.

        λ = 0 is the probability-flow velocity, λ = 1 the reverse SDE of Anderson 1982 (Song et al. 2021, 2011.13456). z (batch, *state).
        """
        told = self.ask(z, t)
        if told.velocity is not None and not strength:
            return told.velocity
        if told.velocity is not None:
            raise BadValue(
                "sampler", f"noise of strength {strength:g}", f"none: {self.process.info.title} has a velocity but no reverse SDE"
            )
        return self.process.reverse_drift(z, told.mean, t, strength)

    def velocity(self, z: Tensor, t: float) -> Tensor:
        """dz/dt = F z − ½ GGᵀ score of the probability-flow ODE, (batch, *state) per unit of t. Song et al. 2021, 2011.13456."""
        return self.drift(z, t)

    def denoise(self, z: Tensor, t: float) -> Tensor:
        """E[z_0 | z_t], (batch, *state): x̂_0, and for CLD also E[v_0 | z_t] = −γM A_{·v}ᵀ score. The last step of a sampler that has none of its
        own (``Sampler.last``)."""
        return self.process.end_mean(z, self.x0(z, t), t)
