"""Wrapped normals and their mixtures: the laws of angles that stay closed under Brownian motion (variances add)."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.kernel import Kernel, t64
from playground.core.law import Law
from playground.core.placed import Stacked
from playground.core.rng import Rng
from playground.spaces.tokens import draw
from playground.spaces.torus import TURN, Torus, wrap

NARROW = 2.0  # the variance below which the sum over windings is taken, above which the Fourier series: both exact to 1e-13 there
WINDINGS, HARMONICS = 2, 8
PIECE = 1 << 17  # angles × components that are evaluated at once
Pair = tuple[Tensor, Tensor]


def by_windings(delta: Tensor, var: Tensor) -> Pair:
    """ln p and d ln p/dδ of a wrapped normal, p(δ) = Σ_n N(δ + 2πn; 0, var), |n| ≤ 2: δ in [−π, π], var of a shape that broadcasts.

    For var < 2 what is left out is below e^{−59} of p. Logarithms of sums: nothing underflows, however small var is.
    """
    turns = TURN * torch.arange(-WINDINGS, WINDINGS + 1, dtype=delta.dtype, device=delta.device)
    far = delta[..., None] + turns
    v = var[..., None]
    log_p = -0.5 * (far.square() / v + torch.log(TURN * v))
    share = torch.softmax(log_p, -1)
    return torch.logsumexp(log_p, -1), -(share * far / v).sum(-1)


def by_harmonics(delta: Tensor, var: Tensor) -> Pair:
    """The same by the theta series p(δ) = (1 + 2 Σ_n e^{−n² var/2} cos nδ)/2π, n ≤ 8: for var ≥ 2 what is left out is below e^{−81}."""
    n = torch.arange(1, HARMONICS + 1, dtype=delta.dtype, device=delta.device)
    weight = 2 * torch.exp(-0.5 * n.square() * var[..., None])
    angle = n * delta[..., None]
    p = 1 + (weight * angle.cos()).sum(-1)
    return torch.log(p / TURN), -(weight * n * angle.sin()).sum(-1) / p


def wrapped_normal(delta: Tensor, var: Tensor, sums: frozenset[bool] | None = None) -> Pair:
    """ln p(δ) and d ln p/dδ of the wrapped normal of variance ``var`` (which broadcasts) at δ in [−π, π]: by windings or by harmonics, whichever
    is the shorter sum. ``sums``: ``sums_of(var)``, where it is known already."""
    by = sums_of(var) if sums is None else sums
    if by == {True}:
        return by_windings(delta, var)
    if by == {False}:
        return by_harmonics(delta, var)
    narrow = var < NARROW
    one, two = by_windings(delta, var.clamp_max(NARROW)), by_harmonics(delta, var.clamp_min(NARROW))
    return torch.where(narrow, one[0], two[0]), torch.where(narrow, one[1], two[1])


def sums_of(var: Tensor) -> frozenset[bool]:
    """For which of these variances the sum over windings is taken: all {True}, none {False}, some."""
    return frozenset((var < NARROW).flatten().tolist())


@dataclass(frozen=True, eq=False)
class WrappedMixture:
    """Σ_k w_k Π_i WN(θ_i; m_ki, s_ki²) on the d-torus, float64: weights (K,), means (K, d) in radians, ``stds`` (K, d), labels (K,)."""

    gives: ClassVar[frozenset[str]] = frozenset({"wrapped mixture"})

    weights: Tensor
    means: Tensor
    stds: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        w, m, s = (torch.as_tensor(a, dtype=torch.float64) for a in (self.weights, self.means, self.stds))
        m = m[:, None] if m.ndim == 1 else m
        s = (s[:, None] if s.ndim == 1 else s).expand_as(m)
        if not bool(torch.isfinite(m).all()) or m.ndim != 2 or m.shape[0] < 1:
            raise BadValue("means", tuple(m.shape), "finite angles of shape (components, d)")
        if w.shape != (len(m),) or not bool((w > 0).all()) or not bool(torch.isfinite(w).all()):
            raise BadValue("weights", w.tolist(), f"{len(m)} positive numbers")
        if not bool(torch.isfinite(s).all()) or not bool((s > 0).all()):
            raise BadValue("stds", s.tolist(), "positive numbers")
        object.__setattr__(self, "weights", w / w.sum())
        object.__setattr__(self, "means", wrap(m))
        object.__setattr__(self, "stds", s)
        object.__setattr__(self, "labels", torch.as_tensor(self.labels, dtype=torch.int64).expand(len(m)))

    @functools.cached_property
    def _shelved(self) -> tuple[Stacked, int]:
        """Where its numbers lie: alone, or with those of a family."""
        return shelved([self]), 0

    @functools.cached_property
    def _sums(self) -> dict[torch.dtype, frozenset[bool]]:
        """Which sums its wrapped normals take, told on the host: a device would have to be asked."""
        return {dtype: sums_of(self.stds.square().to(dtype)) for dtype in (torch.float32, torch.float64)}

    def family(self, variances: list[float]) -> list[WrappedMixture]:
        """``widened`` by each of these; their numbers come to a device together."""
        laws = [self.widened(var) for var in variances]
        batch = shelved(laws)
        for place, law in enumerate(laws):
            law.__dict__["_shelved"] = batch, place
        return laws

    def numbers(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What ``terms`` is made of, on the device of ``like`` and in its dtype: means and variances (K, d), ln weights (K,)."""
        batch, place = self._shelved
        means, var, log_weights = batch.on(like.device, like.dtype)[place]
        return means, var, log_weights

    @property
    def dim(self) -> int:
        return self.means.shape[1]

    @property
    def space(self) -> Torus:
        return Torus(self.dim)

    def widened(self, var: float) -> WrappedMixture:
        """The law after Brownian motion of variance ``var``: a mixture again."""
        return WrappedMixture(self.weights, self.means, (self.stds.square() + var).sqrt(), self.labels)

    @property
    def components(self) -> int:
        return len(self.weights)

    def terms(self, theta: Tensor) -> Pair:
        """Of θ (batch, d): ln w_k p_k(θ), (batch, K), and its gradient, (batch, K, d), in θ's dtype."""
        means, var, log_weights = self.numbers(theta)
        log_p, slope = wrapped_normal(wrap(theta[:, None] - means), var, self._sums[theta.dtype])
        return log_weights + log_p.sum(-1), slope

    def along(self, axis: int, angle: Tensor) -> Tensor:
        """ln p_k of one of the angles, (batch, K), at (batch,)."""
        return wrapped_normal(wrap(angle[:, None] - self.means[:, axis]), self.stds[:, axis].square())[0]

    def component_log_prob(self, theta: Tensor) -> Tensor:
        """ln w_k p_k(θ), (batch, K), of θ (batch, d)."""
        return self.terms(theta)[0]

    def log_prob(self, theta: Tensor) -> Tensor:
        """ln p(θ), (batch,), of θ (batch, d): density over the angles, ∫ p dθ = 1."""
        return torch.cat([torch.logsumexp(self.terms(part)[0], -1) for part in self._parts(theta)])

    def score(self, theta: Tensor) -> Tensor:
        """∇ ln p(θ), (batch, d)."""
        out = []
        for part in self._parts(theta):
            log_p, slope = self.terms(part)
            out.append((torch.softmax(log_p, -1)[..., None] * slope).sum(1))
        return torch.cat(out)

    def _parts(self, theta: Tensor) -> tuple[Tensor, ...]:
        return theta.split(max(256, PIECE // self.means.numel()))

    def sample(self, uniform: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Angles (batch, d) and their components (batch,) from uniforms (batch,) and normals (batch, d)."""
        k = draw(self.weights.expand(len(uniform), -1).to(uniform.device), uniform)
        return wrap(self.means.to(normal)[k] + self.stds.to(normal)[k] * normal), k

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """n points and their components, from a stream of random numbers."""
        return self.sample(rng.uniform((n,)), rng.normal((n, self.dim)))

    def earlier(self, theta: Tensor, before: float, now: float, law: WrappedMixture, uniform: Tensor, normal: Tensor) -> Tensor:
        """A draw from the law of the Brownian motion's angles when its variance was ``before``, given θ (batch, d) at variance ``now`` ≥ before, where their law
        is ``law`` = ``widened(now)``.

        Unrolled onto the line it is Gaussian: component k by its share of p(θ), the turn n of each angle by its share of that component, and then
        N(m + (v/V)(θ − m + 2πn), v (V − v)/V), v = s_k² + before, V = s_k² + now. ``uniform`` (batch, 1 + d) picks k and n, ``normal`` (batch, d).
        """
        at = theta.double()
        k = draw(torch.softmax(law.component_log_prob(at), -1), uniform[:, 0])
        means, own, _ = self.numbers(at)
        mean, v, var = means[k], own[k] + before, own[k] + now
        most = math.ceil(8 * math.sqrt(float(self.stds.max()) ** 2 + now) / TURN) + 1  # turns: what is beyond has a share below e^{−32}
        turns = TURN * torch.arange(-most, most + 1, dtype=torch.float64, device=theta.device)
        far = wrap(at - mean)[..., None] + turns
        n = draw(torch.softmax(-0.5 * far.square() / var[..., None], -1), uniform[:, 1:])
        offset = far.gather(-1, n[..., None])[..., 0]
        return wrap(mean + v / var * offset + (v * (var - v) / var).sqrt() * normal.double()).to(theta)

    def moment(self, n: int) -> Tensor:
        """E e^{i n θ}, (d,) complex: Σ_k w_k e^{i n m_k − n² s_k²/2}."""
        return (self.weights[:, None] * torch.exp(1j * n * self.means - 0.5 * n * n * self.stds.square())).sum(0)

    def only(self, label: int) -> WrappedMixture:
        """The components of one class. Raises BadValue."""
        mine = self.labels == label
        if not bool(mine.any()):
            raise BadValue("label", label, "one of " + ", ".join(str(c) for c in sorted(set(self.labels.tolist()))))
        return WrappedMixture(self.weights[mine], self.means[mine], self.stds[mine], self.labels[mine])


def shelved(laws: Sequence[WrappedMixture]) -> Stacked:
    """The numbers of mixtures with as many components each: means and variances (K, d), ln weights (K,)."""
    numbers = ((law.means, law.stds.square(), law.weights.log()) for law in laws)
    return Stacked([torch.stack(field) for field in zip(*numbers, strict=True)])


class Winding(Protocol):
    """A process that adds normals of variance σ²(t) to angles; g² = dσ²/dt."""

    @property
    def kernel(self) -> Wrapped: ...
    @property
    def t_max(self) -> float: ...
    def variance(self, t: Tensor) -> Tensor: ...
    def g2(self, t: Tensor) -> Tensor: ...


class Wrapped(Kernel):
    """θ_t | θ_0: a normal of variance σ²(t) around θ_0 in every angle, wound round the circle."""

    key = "wrapped"

    def __init__(self, process: Winding):
        self.process = process
        self._at: dict[float, tuple[float, float]] = {}

    def at(self, t: float) -> tuple[float, float]:
        """σ²(t) and g²(t) (kept)."""
        if t not in self._at:
            self._at[t] = float(self.process.variance(t64(t))), float(self.process.g2(t64(t)))
        return self._at[t]

    def draw(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        return self.step(x0, 0.0, t, rng)

    def step(self, x: Tensor, s: float, t: float, rng: Rng) -> Tensor:
        """A draw from p(θ_t | θ_s), s ≤ t, (batch, d)."""
        return wrap(x + math.sqrt(self.at(t)[0] - self.at(s)[0]) * rng.normal(tuple(x.shape)))


class WrappedLaw(Law):
    """A mixture of wrapped normals, by name."""

    gives: ClassVar[frozenset[str]] = frozenset({"wrapped mixture", "sample"})
    group = "angles"
    usual: ClassVar[str] = "TorusBrownian"

    def __init__(self, mixture: WrappedMixture, key: str, title: str, tip: str, class_names: tuple[str, ...], rank: int = 100):
        self.wrapped, self.key, self.title, self.tip, self.class_names, self.rank = mixture, key, title, tip, class_names, rank
        self.labels, self.components = mixture.labels.unique(), mixture.components

    @property
    def space(self) -> Torus:
        return self.wrapped.space

    unclosed = "a Gaussian mixture, such as moons: {title} is a mixture of wrapped normals"

    @property
    def closed(self) -> WrappedMixture:
        return self.wrapped

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        theta, component = self.wrapped.sample(rng.uniform((n,)), rng.normal((n, self.wrapped.dim)))
        return theta, self.wrapped.labels.to(component.device)[component]

    def only(self, label: int) -> WrappedLaw:
        return WrappedLaw(self.wrapped.only(label), self.key, self.title, self.tip, self.class_names, self.rank)
