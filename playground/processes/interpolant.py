from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.catalog import check_data, law_of
from playground.core.coupling import PAIRS, SMOOTH, minibatch_ot
from playground.core.fields import BadValue, choice, free, slider
from playground.core.kernel import Kernel
from playground.core.mixture import MAX_COMPONENTS, GaussianMixture
from playground.core.process import Curve, Process, Sized, t64
from playground.core.rng import Rng
from playground.core.spec import Info, Misfit

GAUSSIAN = "gaussian"  # the source that is N(0, I) in the data's dimension


def _check(name: str, value: object) -> str:
    """'gaussian' or data, stored as an Experiment's are."""
    if value == GAUSSIAN:
        return GAUSSIAN
    try:
        return check_data(name, value)
    except BadValue as error:
        raise BadValue(error.field, value, f"{GAUSSIAN}; {error.allowed}") if error.field == name else error from None


@dataclass(frozen=True)
class Blend(Kernel):
    """(1 − t) x_0 + t x_1 + γ z with x_1 of the source, independent of x_0."""

    key = "interpolant"
    process: Interpolant

    def draw(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        return next(self.process.paths(x0, [t], rng))


@dataclass(frozen=True)
class Paired(Blend):
    """The same with x_1 paired to x_0: no closed form."""

    key = "paired"


@dataclass(frozen=True)
class Interpolant(Process):
    """Stochastic interpolant between the data (t = 0) and any other distribution (t = 1), no Gaussian needed:

        x_t = (1 − t) x_0 + t x_1 + γ(t) z,  γ = g √(2t(1 − t)),   u(x, t) = E[x_1 − x_0 + γ̇ z | x_t = x]

    For mixtures u, the score and p_t are closed form (pairs of components). g = 0 and Euler steps are alpha-blending (IADB); g = 0 with a
    Gaussian source is the linear flow. The SNR is not a number here: solvers of the probability flow apply, noise-level samplers do not.
    Coupling "minibatch OT" pairs draws of both ends by optimal transport inside batches of 256: its velocity has no closed form, so it is the
    exact velocity of 2048 such pairs, each smoothed by N(0, 0.05² I).
    Albergo et al. 2023, 2303.08797; Heitz et al. 2023, 2305.03486; Tong et al. 2023, 2302.00482 (minibatch OT).
    """

    info = Info(
        "Interpolant",
        "interpolant",
        "blends the data with any other distribution: x_t = (1 − t) x₀ + t x₁ + γ(t) z",
        "Albergo et al. 2023; Heitz et al. 2023",
        "2303.08797",
        rank=58,
    )
    suits: ClassVar[str] = "UniformTime"
    caps: ClassVar[frozenset[str]] = frozenset({"velocity"})
    view_scale_label: ClassVar[str] = ""
    of_data: ClassVar[frozenset[str]] = frozenset({"origin"})

    origin: str = free("gaussian", _check, label="source", help="the other end: 'gaussian', a distribution's name, or a mixture as JSON")
    gamma: float = slider(0.0, 0.0, 2.0, 0.05, label="g noise", help="extra noise between the ends: γ = g √(2t(1 − t)); 0: alpha-blending")
    coupling: str = choice(
        "independent", ("independent", "minibatch OT"), help="how the ends are paired; OT: straighter paths, finite pairs"
    )

    formula = r"x_t = (1-t)\,x_0 + t\,x_1 + \gamma(t)\,z,\quad u = \mathbb E[x_1 - x_0 + \dot\gamma z\mid x_t]"

    @property
    def note(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - here it depends on the choices
        if self.coupling == "independent":
            return ""
        return (
            f"minibatch OT: the velocity is that of {PAIRS} drawn pairs, each smoothed by {SMOOTH:g}: an approximation of the coupled law"
        )

    @property
    def kernel(self) -> Blend:
        return Blend(self) if self.coupling == "independent" else Paired(self)

    source_is_exact: ClassVar[bool] = True

    @property
    def prior_is_exact(self) -> bool:
        """At t = 1 the state is the source itself; the smoothed pairs of minibatch OT only approximate it."""
        return self.coupling == "independent"

    def gamma2(self, t: Tensor) -> Tensor:
        """γ²."""
        return 2 * self.gamma**2 * t * (1 - t)

    def gamma_dgamma(self, t: Tensor) -> Tensor:
        """γ γ̇ = ½ dγ²/dt, finite at both ends where γ̇ is not."""
        return self.gamma**2 * (1 - 2 * t)

    def ends(self, dim: int) -> GaussianMixture:
        """The source as a mixture on R^dim."""
        if self.origin == GAUSSIAN:
            return GaussianMixture([1.0], torch.zeros(1, dim), torch.eye(dim)[None])  # type: ignore[arg-type]
        return law_of(self.origin).mixture

    def misfit(self, law: Sized) -> Misfit | None:
        """Both ends must lie in one dimension, and have no more pairs of components than a mixture may have."""
        if self.origin == GAUSSIAN:  # in any dimension, of one component
            return None
        other = law_of(self.origin)
        source, name = other.mixture, other.title
        if source.dim != law.dim:
            return Misfit(
                f"needs both ends in one dimension: its source, {name}, is in {source.dim}D, the data in {law.dim}D",
                field="origin",
                value=self.origin,
                allowed=f"'gaussian' or a distribution in {law.dim}D, like the data",
            )
        ends, count = source.components, law.components
        if self.coupling != "independent" or ends * count <= MAX_COMPONENTS:
            return None
        return Misfit(
            f"needs at most {MAX_COMPONENTS:,} pairs of components: the source, {name}, has {ends}, the data have {count}; or take minibatch OT",
            field="origin",
            value=f"{self.origin} ({ends} components)",
            allowed=f"a source of at most {MAX_COMPONENTS // count} components beside data of {count} ({MAX_COMPONENTS} pairs), or minibatch OT",
        )

    def source(self, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor:
        x, _ = self.ends(event[0]).sample(rng.uniform((batch,)), rng.normal((batch, *event)))
        return x

    def paths(self, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """x_t along t with one x_1 and one z a particle."""
        x1 = self.source(x0.shape[0], tuple(x0.shape[1:]), rng).to(x0)
        if self.coupling == "minibatch OT":
            x1 = minibatch_ot(x0, x1)
        z = rng.normal(tuple(x0.shape)).to(x0)
        for t in times:
            yield (1 - t) * x0 + t * x1 + float(self.gamma2(t64(t))) ** 0.5 * z

    def log_snr(self, t: Tensor) -> Tensor:
        """2 ln((1 − t)/√(t² + γ²)): what is left of the data against everything else, for ends of unit size."""
        t = t64(t).clamp(1e-6, 1 - 1e-6)
        return 2 * torch.log1p(-t) - torch.log(t * t + self.gamma2(t))

    def curves(self, t: Tensor) -> list[Curve]:
        out = [("alpha", "1 − t", "data", 1 - t), ("sigma", "t", "noise", t)]
        if self.gamma:
            out.append(("gamma", "γ", "learned", self.gamma2(t).clamp_min(0).sqrt()))
        return out
