"""Forward processes. t = 0 is data, t = t_max is noise; the state z_t has shape (batch, *event), CLD's (batch, 2, *event).

Every linear process dz = F(t) z dt + G(t) dw acts on k blocks of the data's shape in the same way in each coordinate
(k = 1: x alone; k = 2: position and velocity), so it is described by k × k matrices and one exact oracle serves all of them.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from .fields import BadValue
from .rng import Rng
from .spec import Misfit, Spec


def t64(t: float | Sequence[float] | Tensor) -> Tensor:
    """Times as a float64 tensor of their own shape."""
    return torch.as_tensor(t, dtype=torch.float64)


class Coeffs(NamedTuple):
    """Coefficients of x_t = α x_0 + σ ε at one time, as plain floats: ``half_log_snr`` is L = ln(α/σ)."""

    alpha: float
    sigma: float
    half_log_snr: float
    dalpha: float
    dsigma: float
    g2: float


class Kernel(NamedTuple):
    """z_t | x_0 ~ N(ψ x_0, Σ) and the SDE's F, GGᵀ at one time, in float64: psi (k,), cov (k, k), drift (k, k), noise (k, k)."""

    psi: Tensor
    cov: Tensor
    precision: Tensor
    drift: Tensor
    noise: Tensor


@dataclass(frozen=True)
class Process(Spec):
    """A forward process; ``caps`` says what it offers to samplers, grids and views."""

    family: ClassVar[str] = "processes"
    caps: ClassVar[frozenset[str]] = frozenset()
    formula: ClassVar[str] = ""
    blocks: ClassVar[int] = 1
    suits: ClassVar[str] = "UniformLogSNR"
    """The grid that comes with this process where a person chooses it: of those that know only the process, the one with the least sliced W₂ of
    its usual sampler at 10 and 20 steps, where that differs (tests/processes/test_suits.py). An experiment that names no grid has its
    ``fitting`` one, as ever."""

    t_min: ClassVar[float] = 1e-3
    """Where sampling stops before the last, denoising step; 0 < t_min < t_max."""

    @property
    def t_max(self) -> float:
        return 1.0

    # the stage's clock: 1 is noise, 0 is data (docs/packet.md)
    def clock(self, t: Tensor) -> Tensor:
        return t64(t) / self.t_max

    def unclock(self, c: Tensor) -> Tensor:
        return t64(c) * self.t_max

    def view_scale(self, t: Tensor) -> Tensor:
        """Factor that keeps the state on fixed axes; 1 unless the variance explodes."""
        return torch.ones_like(t64(t))

    view_scale_label: ClassVar[str] = ""

    @property
    def moments(self) -> float:
        """E|z_t|^m is finite for m below this: what distances to p_t need."""
        return math.inf

    note: ClassVar[str] = ""
    """What the page says about this process under the stage, if anything."""

    def misfit(self, law: Any) -> Misfit | None:
        """Why this process cannot diffuse a law, as far as it takes numbers to tell (dimension, components). For the judge (core/legal.py)."""
        return None

    def check_time(self, field: str, t: float) -> float:
        if not 0.0 <= t <= self.t_max * (1 + 1e-12):
            raise BadValue(field, t, f"a time from 0 to {self.t_max:g} of {self.info.title}")
        return float(t)

    # blocks: (batch, k, *event) view of a state
    def split(self, z: Tensor) -> Tensor:
        return z[:, None] if self.blocks == 1 else z

    def join(self, z: Tensor) -> Tensor:
        return z[:, 0] if self.blocks == 1 else z

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
        return (batch, *event) if self.blocks == 1 else (batch, self.blocks, *event)

    def source(self, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor:
        """Draws of the law from which sampling starts, (batch, *state)."""
        raise NotImplementedError

    def source_below(self, t: float, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor | None:
        """The law from which a run starts that begins at t < t_max: p_t of data N(0, I). None: there is no such law, it starts from the exact p_t."""
        return None

    def paths(self, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """States (batch, *state) at increasing times from data x0 (batch, *event), each with its exact marginal: the forward mode of the page."""
        raise NotImplementedError

    def log_snr(self, t: Tensor) -> Tensor:
        """ln(α²/σ²) as the stage's curve shows it: for the position alone where there is more."""
        raise NotImplementedError

    def curves(self, t: Tensor) -> list[tuple[str, str, str, Tensor]]:
        """(name, label, role, values in about [0, 1]) of the schedule's plot; [] leaves the choice to the view."""
        return []


@dataclass(frozen=True)
class LinearProcess(Process):
    """dz = F(t) z dt + G(t) dw. Subclasses give ``mean_and_cov``, ``transition`` and ``sde`` for float64 times of any shape."""

    caps: ClassVar[frozenset[str]] = frozenset({"linear", "velocity"})

    def mean_and_cov(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """z_t | x_0 ~ N(ψ(t) x_0, Σ(t)): psi (..., k), cov (..., k, k); CLD's initial velocity is marginalised."""
        raise NotImplementedError

    def transition(self, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """z_t | z_s ~ N(A z_s, Q) for s ≤ t: (..., k, k) each."""
        raise NotImplementedError

    def sde(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """F(t) and G(t)G(t)ᵀ, (..., k, k) each."""
        raise NotImplementedError

    def start_cov(self) -> Tensor:
        """Covariance of z_0 given x_0, (k, k): zero but for CLD's velocity."""
        return torch.zeros(self.blocks, self.blocks, dtype=torch.float64)

    def prior_cov(self) -> Tensor:
        """Covariance of the prior N(0, ·) from which sampling starts, (k, k)."""
        _, cov = self.mean_and_cov(t64(self.t_max))
        return cov

    @functools.lru_cache(maxsize=1 << 15)  # noqa: B019 - specs are frozen and hashable: the cache is a table of coefficients
    def kernel(self, t: float) -> Kernel:
        psi, cov = self.mean_and_cov(t64(t))
        drift, noise = self.sde(t64(t))
        return Kernel(psi, cov, small_inverse(cov), drift, noise)

    def apply(self, matrix: Tensor, z: Tensor) -> Tensor:
        """(k, k) matrix on the blocks of z (batch, *state)."""
        if self.blocks == 1:
            return z * float(matrix[0, 0])
        return torch.einsum("ij,bj...->bi...", matrix.to(z), z)

    def gaussian(self, cov: Tensor, shape: tuple[int, ...], rng: Rng) -> Tensor:
        """N(0, cov ⊗ I) of a state's shape; cov is (k, k), positive semi-definite."""
        normal = rng.normal(shape)
        if self.blocks == 1:
            return normal * float(cov[0, 0].clamp_min(0)) ** 0.5
        return self.apply(semi_cholesky(cov), normal)

    def source(self, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor:
        """The prior N(0, prior_cov ⊗ I)."""
        return self.gaussian(self.prior_cov(), self.state_shape(batch, event), rng)

    def source_below(self, t: float, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor | None:
        """N(0, Σ(t) + ψψᵀ): N(0, I) for VP."""
        psi, cov = self.mean_and_cov(t64(t))
        return self.gaussian(cov + torch.outer(psi, psi), self.state_shape(batch, event), rng)

    def marginal(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        """A draw from p(z_t | x_0) = N(ψ x_0, Σ), (batch, *state), of x_0 (batch, *event)."""
        k = self.kernel(t)
        mean = self.join(torch.stack([x0 * float(p) for p in k.psi], 1))
        return mean + self.gaussian(k.cov, tuple(mean.shape), rng)

    def diffuse(self, z_s: Tensor, s: float, t: float, rng: Rng) -> Tensor:
        """A draw from p(z_t | z_s), s ≤ t, (batch, *state) both: one exact step of the forward SDE."""
        a, q = self.transition(t64(s), t64(t))
        return self.apply(a, z_s) + self.gaussian(q, tuple(z_s.shape), rng)

    def paths(self, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """Paths of the forward SDE, exact at every one of the times (no discretisation)."""
        z = self.lift(x0, rng)
        yield z
        for s, t in itertools.pairwise(times):
            z = self.diffuse(z, s, t, rng)
            yield z

    def log_snr(self, t: Tensor) -> Tensor:
        psi, cov = self.mean_and_cov(t)
        return psi[..., 0].square().log() - cov[..., 0, 0].log()


def small_inverse(m: Tensor) -> Tensor:
    """Inverse of symmetric (..., k, k) matrices; in closed form for k ≤ 2 (exact for 1, and cheap in large batches)."""
    if m.shape[-1] == 1:
        return 1 / m
    if m.shape[-1] > 2:
        return torch.linalg.inv(m)
    a, b, d = m[..., 0, 0], m[..., 0, 1], m[..., 1, 1]
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-b, a], -1)], -2)
    return adjugate / (a * d - b * b)[..., None, None]


def small_logdet(m: Tensor) -> Tensor:
    """ln det of symmetric positive definite (..., k, k) matrices; in closed form for k ≤ 2, a tenth of slogdet's time in large batches."""
    if m.shape[-1] == 1:
        return m[..., 0, 0].log()
    if m.shape[-1] > 2:
        return torch.linalg.slogdet(m).logabsdet
    return (m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1].square()).log()


def semi_cholesky(cov: Tensor) -> Tensor:
    """Lower triangular root of a 2×2 positive semi-definite matrix; exact zeros stay zeros."""
    a = cov[0, 0].clamp_min(0).sqrt()
    b = torch.where(a > 0, cov[1, 0] / a.clamp_min(1e-300), torch.zeros_like(a))
    c = (cov[1, 1] - b * b).clamp_min(0).sqrt()
    return torch.stack([torch.stack([a, torch.zeros_like(a)]), torch.stack([b, c])])


def symmetric_root(cov: Tensor) -> Tensor:
    """V √Λ Vᵀ of (..., n, n) positive semi-definite matrices, in float64.

    The one root that does not depend on which eigenvectors LAPACK returns (V √Λ does: on their signs, and on a whole basis where eigenvalues
    meet), so that one seed gives one draw in every precision. In float64, since a root halves the digits of a singular matrix.
    """
    values, vectors = torch.linalg.eigh(cov.to(torch.float64))
    return (vectors * values.clamp_min(0).sqrt()[..., None, :]) @ vectors.mT


@dataclass(frozen=True)
class ScalarGaussian(LinearProcess):
    """x_t = α(t) x_0 + σ(t) ε. Subclasses give α, σ, their derivatives, L = ln(α/σ) and its inverse, of float64 times of any shape, in that shape.

    f = α̇/α, g² = dσ²/dt − 2 f σ² = −2 σ² dL/dt; velocity u = α̇ x̂_0 + σ̇ ε.
    """

    caps: ClassVar[frozenset[str]] = frozenset({"linear", "velocity", "snr"})

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

    def log_snr(self, t: Tensor) -> Tensor:
        return 2 * self.half_log_snr(t)

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        """The t with L(t) = half_log_snr."""
        raise NotImplementedError

    def g2(self, t: Tensor) -> Tensor:
        """g²(t) = 2 σ (σ̇ − σ α̇/α)."""
        a, s = self.alpha(t), self.sigma(t)
        return 2 * s * (self.dsigma(t) - s * self.dalpha(t) / a)

    def at(self, t: float) -> Coeffs:
        """All coefficients at one time as plain floats (kept)."""
        table = self._table()
        if t not in table:
            self.prepare([t])
        return table[t]

    def prepare(self, times: list[float]) -> None:
        """Coefficients of a whole grid at once: a drawn schedule takes longer to ask than to answer."""
        table = self._table()
        new = [t for t in times if t not in table]
        if new:
            if len(table) > 1 << 13:
                table.clear()
            u = t64(new)
            columns = [f(u).tolist() for f in (self.alpha, self.sigma, self.half_log_snr, self.dalpha, self.dsigma, self.g2)]
            table.update(zip(new, map(Coeffs, *columns), strict=True))

    @functools.lru_cache(maxsize=256)  # noqa: B019 - see LinearProcess.kernel
    def _table(self) -> dict[float, Coeffs]:
        return {}

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
