"""Coefficients that exponential integrators share: φ functions, Lagrange polynomials integrated over ρ = σ/α, noise-level steps.

All are plain floats, found once for a step and kept: a run of many samplers on one grid computes them once.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .process import ScalarProcess, t64

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def phi(k: int, h: float) -> float:
    """φ_k(h) = ∫₀¹ e^{(1−θ)h} θ^{k−1}/(k−1)! dθ: φ_0 = e^h, φ_{k+1} = (φ_k − 1/k!)/h; by its series where that would cancel."""
    if k == 0:
        return math.exp(h)
    if abs(h) < 1:
        return sum(h**j / math.factorial(j + k) for j in range(20))
    return math.expm1(h) / h if k == 1 else (phi(k - 1, h) - 1 / math.factorial(k - 1)) / h


FORMS = ("midpoint", "heun")


def weight_of_slope(form: str, grow: float) -> float:
    """c in ∫ e^{…} D dL ∝ D + c h D′, D linear in L: ½ ("midpoint", D from the middle of the step) or φ_2/φ_1 at ``grow`` ("heun", the exact integral)."""
    return phi(2, grow) / phi(1, grow) if form == "heun" else 0.5


@functools.lru_cache(maxsize=1 << 15)
def time_of(process: ScalarProcess, half_log_snr: float) -> float:
    """The t with ln(α/σ) = half_log_snr, as a float."""
    return float(process.time_at(t64(half_log_snr)))


def middle(process: ScalarProcess, t: float, s: float, share: float = 0.5) -> float:
    """The time that divides the step from t to s at this share of its length in L = ln(α/σ)."""
    now, then = process.at(t).half_log_snr, process.at(s).half_log_snr
    return time_of(process, now + share * (then - now))


@functools.lru_cache(maxsize=1 << 14)
def lagrange(process: ScalarProcess, space: str, nodes: tuple[float, ...], s: float) -> tuple[float, ...]:
    """C_j = ∫ ℓ_j dρ from ρ(nodes[0]) to ρ(s), ℓ_j the Lagrange polynomials through the times ``nodes`` in t, ln ρ or ρ.

    24-point Gauss–Legendre: in ln ρ for t and ln ρ (dρ = ρ d ln ρ), in ρ for ρ, where it is exact. s may be 0 for ρ.
    """
    ends = [math.exp(-process.at(t).half_log_snr) for t in nodes]
    stop = 0.0 if s == 0 else math.exp(-process.at(s).half_log_snr)
    if space == "rho":
        known = ends
        points = ends[0] + (stop - ends[0]) * 0.5 * (NODES + 1)
        measure = 0.5 * (stop - ends[0]) * WEIGHTS
    else:
        logs = math.log(ends[0]) + math.log(stop / ends[0]) * 0.5 * (NODES + 1)
        measure = 0.5 * math.log(stop / ends[0]) * WEIGHTS * np.exp(logs)
        if space == "t":
            known, points = list(nodes), process.time_at(torch.as_tensor(-logs)).numpy()
        else:
            known, points = [math.log(e) for e in ends], logs
    out: list[float] = []
    for j, a in enumerate(known):
        basis = np.ones_like(points)
        for i, b in enumerate(known):
            if i != j:
                basis = basis * (points - b) / (a - b)
        out.append(float(measure @ basis))
    return tuple(out)


History = tuple[tuple[float, Tensor], ...]
"""Values (L_i, f_i) or (t_i, f_i) of past steps, newest first."""


class Noises(NamedTuple):
    """The carry of solvers in ε̂: differences of past ε̂ without ever forming (α_s/α_t) x − (α_s/α_t) σ_t ε̂, which at the noise end, where α is
    about 0.001, loses three digits (float32: all that matter).

    Such a step in x̂_0 is x_s/σ_s = x_t/σ_t + rise with rise = (1/ρ_s − 1/ρ_t) x̂_0 + …, ρ = σ/α, and since ε̂ = x/σ − x̂_0/ρ,
    ε̂_s − ε̂_t = rise − x̂_0(s)/ρ_s + x̂_0(t)/ρ_t: every term is as small as what it is about.

    ``values``: (t_i, ε̂_i up to one constant), newest first; ``x0``, ``rise``: x̂_0 at the newest time and the step made from there; ``lowered``: the
    times from which on the order is at most 3, 2 and 1 (``last_starts``), where it is lowered at the end.
    """

    values: History = ()
    x0: Tensor | None = None
    rise: Tensor | None = None
    lowered: tuple[float, ...] = ()

    def order(self, order: int, t: float) -> int:
        """The order of the step from t, where it is lowered at the end."""
        return capped(order, self.lowered, t)

    def then(self, values: History, x0: Tensor, rise: Tensor) -> Noises:
        """The carry after a step."""
        return Noises(values, x0, rise, self.lowered)

    def at(self, process: ScalarProcess, t: float, x0: Tensor, size: int) -> History:
        """The newest ``size`` values with that of the prediction x̂_0 at t among them."""
        if self.x0 is None or self.rise is None:
            return ((t, torch.zeros_like(x0)),)
        (before, e), *_ = self.values
        e = e + self.rise - x0 * clean(process, t) + self.x0 * clean(process, before)
        return ((t, e), *self.values)[:size]


FEW = 15  # times of a grid: the multistep solvers lower their order at the end of a run that has no more


def last_starts(grid: list[float], lower: bool) -> tuple[float, ...]:
    """The starts of the last, the second and the third last step, in short runs (``lower_order_final`` of the multistep solvers); none of one that encodes,
    whose times rise."""
    return tuple(grid[-2 : -min(len(grid), 4) - 1 : -1]) if lower and len(grid) <= FEW and grid[-1] < grid[0] else ()


def capped(order: int, lowered: tuple[float, ...], t: float) -> int:
    """The order of the step from t: at most as many as there are steps to go, where it is lowered at the end (``last_starts``)."""
    return min([order, *(left for left, start in enumerate(lowered, start=1) if t <= start)])


class Before(NamedTuple):
    """The carry of two-step solvers: the prediction of the step before, and that step's length in L; ``lowered``: as ``Noises`` has it."""

    told: Tensor | None = None
    h: float = 1.0
    lowered: tuple[float, ...] = ()

    def earlier(self, order: int, t: float) -> Tensor | None:
        """The prediction before, where the step from t has this order and uses it."""
        return self.told if capped(order, self.lowered, t) > 1 else None


def clean(process: ScalarProcess, t: float) -> float:
    """1/ρ = α/σ."""
    return math.exp(process.at(t).half_log_snr)


def rise_of(process: ScalarProcess, x0: Tensor, t: float, s: float) -> Tensor:
    """(1/ρ_s − 1/ρ_t) x̂_0: the DDIM step from t to s in x/σ."""
    return (clean(process, s) - clean(process, t)) * x0


def raised(process: ScalarProcess, z: Tensor, rise: Tensor, t: float, s: float) -> Tensor:
    """x_s with x_s/σ_s = x_t/σ_t + rise."""
    now, then = process.at(t), process.at(s)
    return then.sigma / now.sigma * z + then.sigma * rise


def adams_rise(process: ScalarProcess, space: str, x0: Tensor, history: History, s: float) -> Tensor:
    """Adams–Bashforth with uneven steps on dy/dρ = ε̂, y = x/α, from t = history[0][0] to s, in x/σ: x̂_0's own step and Σ_j C_j (ε̂_j − ε̂_0)/ρ_s,
    the polynomial through the ε̂ of ``history`` integrated exactly (Σ_j C_j = ρ_s − ρ_t)."""
    (t, e0), *past = history
    out = rise_of(process, x0, t, s)
    _, *weights = lagrange(process, space, tuple(u for u, _ in history), s)
    for c, (_, e) in zip(weights, past, strict=True):
        out = out + c * clean(process, s) * (e - e0)
    return out


class Ancestral(NamedTuple):
    """A step of the noise level ρ → down → s: the ODE goes to ``down``, noise of standard deviation ``up`` restores ρ_s."""

    rho: float
    down: float
    up: float


def ancestral(rho: float, low: float, eta: float) -> Ancestral:
    """up = η ρ_s √(1 − ρ_s²/ρ²) (at most ρ_s), down = √(ρ_s² − up²). η = 1: the variance of q(y_s | y_t, x_0)."""
    up = min(low, eta * low * math.sqrt(max(0.0, 1 - (low / rho) ** 2)))
    return Ancestral(rho, math.sqrt(low * low - up * up), up)


def differences(history: History, h: float, halved: bool = False) -> tuple[Tensor, Tensor]:
    """h f′ and h² f″ at the newest of three values of the quadratic through them; f″ halved as in `diffusers`' multistep solvers."""
    (l0, f0), (l1, f1), (l2, f2) = history
    a, b = (l0 - l1) / h, (l1 - l2) / h
    first, second = (f0 - f1) / a, (f1 - f2) / b
    bend = (first - second) / (a + b)
    return first + a * bend, bend if halved else 2 * bend
