"""Forward processes. t = 0 is data, t = t_max is noise; the state z_t has shape (batch, *event), CLD's (batch, 2, *event).

Every linear process dz = F(t) z dt + G(t) dw acts on k parts of the data's shape in the same way in each coordinate (k = 1: x alone; k = 2:
position and velocity), so it is described by k × k matrices and one exact oracle serves all of them.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor

from .algebra import floats
from .fields import BadValue
from .kernel import Kernel, LinearGaussian, t64
from .names import NoiseElsewhere
from .rng import Rng
from .schedule import Schedule
from .space import Phase, Space, flat
from .spec import Misfit, Spec

TAME, RUNAWAY = 0.9, 3.0  # a curve that is over three times larger in the last tenth of the clock is drawn to the scale of the rest
Curve = tuple[str, str, str, Tensor]


class Coeffs(NamedTuple):
    """Coefficients of x_t = α x_0 + σ ε at one time, as plain floats: ``half_log_snr`` is L = ln(α/σ)."""

    alpha: float
    sigma: float
    half_log_snr: float
    dalpha: float
    dsigma: float
    g2: float


class Sized(Protocol):
    """Data, as far as a process asks whether it can diffuse them: a law or a mixture."""

    @property
    def dim(self) -> int: ...
    @property
    def components(self) -> int: ...


@dataclass(frozen=True)
class Process(Spec):
    """A forward process; ``caps`` says what it offers to samplers, grids and views, ``kernel`` which form p(z_t | x_0) has."""

    family: ClassVar[str] = "processes"
    caps: ClassVar[frozenset[str]] = frozenset()
    lives: ClassVar[frozenset[str]] = frozenset({"vector"})
    """What the space of data must be able to do, in the words of ``Space.caps``; the space of states can do it then too."""
    elsewhere: ClassVar[str] = "adds noise to numbers, which these data are not"
    """Why it cannot noise data that live elsewhere, to go on after its title."""
    formula: ClassVar[str] = ""
    noised: ClassVar[str] = "each time has its exact p_t; paths are drawn as the process defines them"
    """What its noised states are, in words."""
    level: ClassVar[str] = "ln(α²/σ²)"
    """What its log-SNR is, in words."""
    parts: ClassVar[tuple[str, ...]] = ("x",)
    """What a state consists of, each of the data's shape: ("x",), CLD ("x", "v")."""
    suits: ClassVar[str] = "UniformLogSNR"
    """The grid that comes with this process where a person chooses it: of those that know only the process, the one with the least sliced W₂ of
    its usual sampler at 10 and 20 steps, where that differs (tests/processes/test_suits.py). An experiment that names no grid has its
    ``fitting`` one, as ever."""

    t_min: ClassVar[float] = 1e-3
    """Where sampling stops before the last, denoising step; 0 < t_min < t_max."""

    @property
    def t_max(self) -> float:
        return 1.0

    @property
    def t_level(self) -> float:
        """The largest time whose log-SNR is a number: where grids that are even in levels begin. t_max, but for paths from pure noise."""
        return self.t_max

    @property
    def from_noise(self) -> bool:
        """Is nothing of the data left at t_max? Then log-SNR is −∞ there."""
        return False

    @property
    def latest(self) -> float:
        """The largest time that a model may be asked at: t_max, or as far beyond as churn raises the noise there."""
        return self.t_max * (1 + 1e-9)

    @property
    def kernel(self) -> Kernel:
        """The form of p(z_t | x_0)."""
        raise NotImplementedError

    # the stage's clock: 1 is noise, 0 is data (docs/packet.md)
    def clock(self, t: Tensor) -> Tensor:
        return t64(t) / self.t_max

    def unclock(self, c: Tensor) -> Tensor:
        return t64(c) * self.t_max

    def view_scale(self, t: Tensor) -> Tensor:
        """Factor that keeps the state on fixed axes; 1 unless the variance explodes."""
        return torch.ones_like(t64(t))

    view_scale_label: ClassVar[str] = ""

    # a coordinate in which the errors of samplers vary slowly: √t, or ln(α/σ) where there is a single noise level
    def evened(self, t: float) -> float:
        return t**0.5

    def unevened(self, u: Tensor) -> Tensor:
        return u.square()

    @property
    def speed(self) -> float:
        """Standard deviation of velocities in the law that noising tends to, for processes that have some."""
        return 1.0

    @property
    def moments(self) -> float:
        """E|z_t|^m is finite for m below this: what distances to p_t need."""
        return math.inf

    source_is_exact: ClassVar[bool] = False
    """Is the law from which sampling starts p_T itself, whatever the data?"""

    @property
    def prior_is_exact(self) -> bool:
        """Has the model that samplers ask that very p_T too? (Of finitely many pairs it has not.)"""
        return False

    @property
    def drawn(self) -> Schedule | None:
        """The noise schedule whose log-SNR the form's knots redraw, if there is one."""
        return None

    @property
    def noise_elsewhere(self) -> NoiseElsewhere:
        """How other libraries are told of it (core/names.py)."""
        return NoiseElsewhere()

    note: ClassVar[str] = ""
    """What the page says about this process under the stage, if anything."""

    def misfit(self, law: Sized) -> Misfit | None:
        """Why this process cannot diffuse a law, as far as it takes numbers to tell (dimension, components). For the judge (core/legal.py)."""
        return None

    def scalar(self) -> ScalarProcess:
        """This process as one with a single noise level ("snr" among its ``caps``). Raises BadValue where it has none."""
        raise BadValue("process", self.info.key, "a process with a single noise level σ/α")

    def linear(self) -> LinearProcess:
        """This process as one with a linear-Gaussian kernel ("linear" among its ``caps``). Raises BadValue where it has none."""
        raise BadValue("process", self.info.key, "a process with a Gaussian kernel: VP, sub-VP, VE, EDM, a path or CLD")

    def check_time(self, field: str, t: float) -> float:
        if not 0.0 <= t <= self.t_max * (1 + 1e-12):
            raise BadValue(field, t, f"a time from 0 to {self.t_max:g} of {self.info.title}")
        return float(t)

    def prepare(self, times: list[float]) -> None:
        """A whole grid is about to be asked for: those who keep tables make them in one batch."""

    # states
    def states(self, space: Space) -> Space:
        """Where the states of data of a ``space`` live."""
        return space if len(self.parts) == 1 else Phase(space)

    def split(self, z: Tensor) -> Tensor:
        """(batch, parts, *event) view of a state."""
        return z[:, None] if len(self.parts) == 1 else z

    def join(self, z: Tensor) -> Tensor:
        return z[:, 0] if len(self.parts) == 1 else z

    def hamiltonian(self, z: Tensor, t: float) -> Tensor:
        """The part of the flow that keeps the energy of position and velocity, (batch, *state); of processes with "phase" among their ``caps``."""
        raise NotImplementedError

    def lift(self, x0: Tensor, rng: Rng) -> Tensor:
        """z_0 (batch, *state) from data x_0 (batch, *event): attaches what the process adds (CLD: a velocity ~ N(0, γM))."""
        return x0

    def project(self, z: Tensor) -> Tensor:
        """The data part x of a state: (batch, *state) ↦ (batch, *event)."""
        return self.split(z)[:, 0]

    def state_shape(self, batch: int, event: tuple[int, ...]) -> tuple[int, ...]:
        return (batch, *self.states(flat(event)).shape)

    def end_mean(self, z: Tensor, x0: Tensor, t: float) -> Tensor:
        """E[z_0 | z_t], (batch, *state), from z_t and x̂_0 = E[x_0 | z_t]."""
        return x0

    def reverse_drift(self, z: Tensor, x0: Tensor, t: float, strength: float) -> Tensor:
        """F z − (1 + λ²)/2 GGᵀ score, (batch, *state), from z_t and x̂_0; λ = ``strength``. Processes whose x̂_0 does not tell it have none."""
        raise BadValue("predictor", "x̂_0 only", f"a Prediction with a velocity: under {self.info.title} x̂_0 does not tell it")

    def source(self, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor:
        """Draws of the law from which sampling starts, (batch, *state)."""
        raise NotImplementedError

    def source_below(self, t: float, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor | None:
        """The law from which a run starts that begins at t < t_max: p_t of data N(0, I). None: there is no such law, it starts from the exact p_t."""
        return None

    def source_cov(self, t: float) -> Tensor | None:
        """Where ``source``, or below t_max ``source_below``, is a Gaussian N(0, C ⊗ I): C (parts, parts), float64. None: it is none."""
        return None

    def prior(self, space: Space, batch: int, rng: Rng) -> Tensor:
        """Draws of the law from which sampling starts, (batch, *state), for data of a ``space``."""
        return self.source(batch, space.shape, rng)

    def noising(self, space: Space, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """``paths`` of data of a ``space``."""
        return self.paths(x0, times, rng)

    def marginal(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        """A draw from p(z_t | x_0), (batch, *state), of x_0 (batch, *event)."""
        return self.kernel.draw(x0, t, rng)

    def paths(self, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """States (batch, *state) at increasing times from data x0 (batch, *event), each with its exact marginal: the forward mode of the page."""
        raise NotImplementedError

    def log_snr(self, t: Tensor) -> Tensor:
        """ln(α²/σ²) as the stage's curve shows it: for the position alone where there is more."""
        raise NotImplementedError

    @property
    def regime(self) -> str:
        """How its states swing, if they do: words for the stage."""
        return ""

    def turned(self, t: Tensor) -> Tensor:
        """atan(σ/α), from 0 (data) to π/2 (noise), of t's shape: how far noising has turned the picture."""
        return torch.atan(torch.exp(-0.5 * self.log_snr(t)))

    def curves(self, t: Tensor) -> list[Curve]:
        """The schedule's plot over falling times t (n,): (name, label, role, values), scaled to share one axis from 0 to 1. What runs away (β of a
        cosine schedule) is scaled to the rest of it and leaves the frame."""
        return []


@functools.lru_cache(maxsize=256)
def _linear(process: LinearProcess) -> LinearGaussian:
    """Equal processes share one table of coefficients."""
    return LinearGaussian(process)


@dataclass(frozen=True)
class LinearProcess(Process):
    """dz = F(t) z dt + G(t) dw. Subclasses give ``mean_and_cov``, ``transition`` and ``sde`` for float64 times of any shape."""

    caps: ClassVar[frozenset[str]] = frozenset({"linear", "velocity"})
    noised: ClassVar[str] = "true SDE paths: every step is an exact draw from p(z_t | z_s)"

    def linear(self) -> LinearProcess:
        return self

    @property
    def kernel(self) -> LinearGaussian:
        return _linear(self)

    def mean_and_cov(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """z_t | x_0 ~ N(ψ(t) x_0, Σ(t)): psi (..., k), cov (..., k, k); CLD's initial velocity is marginalised."""
        raise NotImplementedError

    def transition(self, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """z_t | z_s ~ N(A z_s, Q) for s ≤ t: (..., k, k) each."""
        raise NotImplementedError

    def sde(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """F(t) and G(t)G(t)ᵀ, (..., k, k) each."""
        raise NotImplementedError

    @property
    def speed(self) -> float:
        return float(self.prior_cov()[-1, -1]) ** 0.5

    @property
    def start_known(self) -> bool:
        """Is what the process adds to the data (CLD's v_0) drawn and known in training (denoising score matching), or averaged out (hybrid)?"""
        return False

    def start_cov(self) -> Tensor:
        """Covariance of z_0 given x_0, (k, k): zero but for CLD's velocity."""
        return torch.zeros(len(self.parts), len(self.parts), dtype=torch.float64)

    def prior_cov(self) -> Tensor:
        """Covariance of the prior N(0, ·) from which sampling starts, (k, k)."""
        _, cov = self.mean_and_cov(t64(self.t_max))
        return cov

    def source(self, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor:
        """The prior N(0, prior_cov ⊗ I)."""
        return self.kernel.gaussian(self.prior_cov(), self.state_shape(batch, event), rng)

    def source_below(self, t: float, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor | None:
        """N(0, Σ(t) + ψψᵀ): N(0, I) for VP."""
        psi, cov = self.mean_and_cov(t64(t))
        return self.kernel.gaussian(cov + torch.outer(psi, psi), self.state_shape(batch, event), rng)

    def prepare(self, times: list[float]) -> None:
        self.kernel.prepare([t for t in times if t > 0])

    def source_cov(self, t: float) -> Tensor:
        if t >= self.t_max * (1 - 1e-9):
            return self.prior_cov()
        psi, cov = self.mean_and_cov(t64(t))
        return cov + torch.outer(psi, psi)

    def diffuse(self, z_s: Tensor, s: float, t: float, rng: Rng) -> Tensor:
        """A draw from p(z_t | z_s), s ≤ t, (batch, *state) both: one exact step of the forward SDE."""
        return self.kernel.step(z_s, s, t, rng)

    def paths(self, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """Paths of the forward SDE, exact at every one of the times (no discretisation)."""
        z = self.lift(x0, rng)
        yield z
        for s, t in itertools.pairwise(times):
            z = self.diffuse(z, s, t, rng)
            yield z

    def reverse_drift(self, z: Tensor, x0: Tensor, t: float, strength: float) -> Tensor:
        kernel = self.kernel
        k = kernel.beside(z, t)
        pull = kernel.apply(k.noise, kernel.score(z, x0, t))
        return kernel.apply(k.drift, z) - 0.5 * (1 + strength**2) * pull

    def end_mean(self, z: Tensor, x0: Tensor, t: float) -> Tensor:
        """x̂_0, and for CLD also E[v_0 | z_t] = −γM A_{·v}ᵀ score."""
        if len(self.parts) == 1:
            return x0
        a, _ = self.transition(torch.zeros((), dtype=torch.float64), t64(t))
        residual = -self.kernel.score(z, x0, t)
        # Cov(v_0, z_t) = γM A_{·v}ᵀ, and Σ⁻¹ (z − ψ x̂_0) is the residual
        column = (self.start_cov()[1, 1] * a[:, 1]).to(z)
        return torch.stack([x0, torch.einsum("b,nb...->n...", column, residual)], 1)

    def turned(self, t: Tensor) -> Tensor:
        """atan2(√Σ_xx, ψ_x): beyond π/2 where an under-damped position swings to the other side."""
        psi, cov = self.mean_and_cov(t)
        return torch.atan2(cov[..., 0, 0].sqrt(), psi[..., 0])

    def log_snr(self, t: Tensor) -> Tensor:
        psi, cov = self.mean_and_cov(t)
        return psi[..., 0].square().log() - cov[..., 0, 0].log()


@dataclass(frozen=True)
class ScalarProcess(Process):
    """x_t = α(t) x_0 + σ(t) ξ, ξ of any law around 0: one noise level at a time. Subclasses give α, σ, their derivatives, L = ln(α/σ) and its
    inverse, of float64 times of any shape, in that shape.

    f = α̇/α, g² = dσ²/dt − 2 f σ² = −2 σ² dL/dt; velocity u = α̇ x̂_0 + σ̇ ε̂ with ε̂ = (x − α x̂_0)/σ.
    """

    caps: ClassVar[frozenset[str]] = frozenset({"velocity", "snr"})

    def scalar(self) -> ScalarProcess:
        return self

    def alpha(self, t: Tensor) -> Tensor:
        raise NotImplementedError

    def sigma(self, t: Tensor) -> Tensor:
        raise NotImplementedError

    def dalpha(self, t: Tensor) -> Tensor:
        """dα/dt."""
        raise NotImplementedError

    def dsigma(self, t: Tensor) -> Tensor:
        """dσ/dt; may be infinite at t = 0."""
        raise NotImplementedError

    def half_log_snr(self, t: Tensor) -> Tensor:
        """L(t) = ln(α/σ), decreasing in t."""
        return self.alpha(t).log() - self.sigma(t).log()

    def ratio(self, t: float) -> float:
        """σ/α at one time."""
        return math.exp(-self.at(t).half_log_snr)

    def evened(self, t: float) -> float:
        return float(self.half_log_snr(t64(t)))

    def unevened(self, u: Tensor) -> Tensor:
        return self.time_at(u)

    def log_snr(self, t: Tensor) -> Tensor:
        return 2 * self.half_log_snr(t)

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        """The t with L(t) = half_log_snr."""
        raise NotImplementedError

    def g2(self, t: Tensor) -> Tensor:
        """g²(t) = 2 σ (σ̇ − σ α̇/α)."""
        a, s = self.alpha(t), self.sigma(t)
        return 2 * s * (self.dsigma(t) - s * self.dalpha(t) / a)

    def curves(self, t: Tensor) -> list[Curve]:
        scale, mark = self.view_scale(t), f" {self.view_scale_label}" if self.view_scale_label else ""
        return [("alpha", "α" + mark, "data", self.alpha(t) * scale), ("sigma", "σ" + mark, "noise", self.sigma(t) * scale)]

    def at(self, t: float) -> Coeffs:
        """All coefficients at one time as plain floats (kept)."""
        table = _coefficients(self)
        if t not in table:
            self.prepare([t])
        return table[t]

    def prepare(self, times: list[float]) -> None:
        """Coefficients of a whole grid at once: a drawn schedule takes longer to ask than to answer."""
        table = _coefficients(self)
        new = [t for t in times if t not in table]
        if new:
            if len(table) > 1 << 13:
                table.clear()
            u = t64(new)
            columns = [floats(f(u)) for f in (self.alpha, self.sigma, self.half_log_snr, self.dalpha, self.dsigma, self.g2)]
            table.update(zip(new, map(Coeffs, *columns), strict=True))

    @property
    def latest(self) -> float:
        """t_max, or as far beyond as churn raises the noise there, by √2."""
        return _churned(self)

    def reverse_drift(self, z: Tensor, x0: Tensor, t: float, strength: float) -> Tensor:
        c = self.at(t)
        eps = (z - c.alpha * x0) / c.sigma
        # u = α̇ x̂_0 + σ̇ ε̂ has no singularity where f = α̇/α has one; −λ²/2 g² s = +λ² g²/(2σ) ε̂
        push = 0.5 * strength**2 * c.g2 / c.sigma if strength else 0.0  # from pure noise g² is infinite
        return c.dalpha * x0 + (c.dsigma + push) * eps


@functools.lru_cache(maxsize=256)
def _coefficients(process: ScalarProcess) -> dict[float, Coeffs]:
    """Equal processes share one table."""
    return {}


@functools.lru_cache(maxsize=256)
def _churned(process: ScalarProcess) -> float:
    end = process.t_max * (1 + 1e-9)
    level = process.at(process.t_max).half_log_snr
    if math.isfinite(level):
        # one level of a grid, as a process is asked elsewhere
        raised = torch.tensor([level - 0.5 * math.log(2) - 1e-6], dtype=torch.float64)
        end = max(end, float(process.time_at(raised)[0]))
    return end


@dataclass(frozen=True)
class ScalarGaussian(ScalarProcess, LinearProcess):
    """x_t = α(t) x_0 + σ(t) ε with ε ~ N(0, I): the linear process of one noise level, dx = f x dt + g dw."""

    caps: ClassVar[frozenset[str]] = frozenset({"linear", "velocity", "snr"})

    def mean_and_cov(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return self.alpha(t)[..., None], self.sigma(t).square()[..., None, None]

    def transition(self, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        a = self.alpha(t) / self.alpha(s)
        gap = self.half_log_snr(t) - self.half_log_snr(s)
        # σ_t² − a² σ_s², written without cancellation: 1 − e^{2(L_t − L_s)}
        q = -self.sigma(t).square() * torch.expm1(2 * gap)
        return a[..., None, None], q[..., None, None]

    def sde(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return (self.dalpha(t) / self.alpha(t))[..., None, None], self.g2(t)[..., None, None]
