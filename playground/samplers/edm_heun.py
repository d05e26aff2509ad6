from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.exponential import time_of
from playground.core.fields import above, slider
from playground.core.names import Called, Scheduler, call
from playground.core.problem import Problem
from playground.core.process import Process, ScalarProcess
from playground.core.rng import Rng
from playground.core.sampler import STEEP, Ending, Sampler
from playground.core.spec import Info

MOST = math.sqrt(2) - 1
PLAIN = r"y_s = y_t + \tfrac{\rho_s-\rho_t}{2}\,(d + d'),\quad d=\frac{y_t-D}{\rho_t},\ d'=\frac{y'-D'}{\rho_s},\ y'=y_t+(\rho_s-\rho_t)\,d,\quad y=\tfrac{x}{\alpha},\ \rho=\tfrac{\sigma}{\alpha}"
"""The formula without churn."""


@dataclass(frozen=True)
class EDMHeun(Sampler[int]):
    """Heun's method in the noise level ρ = σ/α on y = x/α, after an optional rise of the noise level ("churn").

        γ = min(S_churn/N, √2 − 1) if S_min ≤ ρ ≤ S_max; ρ̂ = (1 + γ)ρ; ŷ = y + √(ρ̂² − ρ²) S_noise z
        d = (ŷ − D)/ρ̂; y' = ŷ + (ρ_s − ρ̂) d; d' = (y' − D')/ρ_s; y_s = ŷ + (ρ_s − ρ̂)(d + d')/2

    Order 2 without churn, two model calls a step and one in the last. Karras et al. 2022, 2206.00364 (algorithm 2).
    """

    info = Info(
        "EDMHeun",
        "EDM Heun",
        "second order in the noise level, with optional churn",
        "Karras et al. 2022",
        "2206.00364",
        group="second order",
        rank=90,
        order=2,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"\hat y = y_t + \sqrt{\hat\rho^2-\rho_t^2}\cdot S_{\mathrm{noise}}\,z,\ \hat\rho = (1+\gamma)\cdot\rho_t,\quad y_s = \hat y + \tfrac{\rho_s-\hat\rho}{2}\,(d + d'),\quad d=\frac{\hat y-D}{\hat\rho},\ d'=\frac{y'-D'}{\rho_s},\ y'=\hat y+(\rho_s-\hat\rho)\,d,\quad y=\tfrac{x}{\alpha},\ \rho=\tfrac{\sigma}{\alpha}"
    matches = ("HeunDiscreteScheduler",)
    tried = ({}, {"churn": 5.0})
    named = ({}, {"churn": 40.0})
    fine = ({"churn": 5.0},)
    rounding = STEEP
    unpathed: ClassVar[str] = "adds its noise (churn) before it takes it away again: noise of times that its steps share"
    churn: float = slider(0.0, 0.0, 100.0, 1.0, label="churn S", help="noise put back over the whole run; 0: deterministic")
    churn_from: float = slider(0.0, 0.0, 10.0, 0.01, label="S min", help="churn only above this noise level σ/α", when=above("churn", 0))
    churn_to: float = slider(100.0, 0.0, 200.0, 0.5, label="S max", help="churn only below this noise level σ/α", when=above("churn", 0))
    noise_scale: float = slider(1.0, 0.9, 1.1, 0.001, label="S noise", help="scale of the noise put back", when=above("churn", 0))

    @property
    def printed(self) -> str:
        return self.formula if self.churn else PLAIN

    @property
    def declared_order(self) -> float | None:
        return 2 if self.churn == 0 else None

    @property
    def ending(self) -> Ending:
        return Ending(1, False, "noise is added where the churn reaches this level; then {x}₀ is {mean}") if self.churn else Ending()

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> int:
        return len(grid) - 1

    def resume(self, problem: Problem, z: Tensor, grid: list[float], index: int) -> int:
        return len(grid) - 1  # N is the run's, wherever it goes on: the churn is shared out over all of its steps

    def _gamma(self, rho: float, steps: int) -> float:
        return min(self.churn / steps, MOST) if self.churn_from <= rho <= self.churn_to else 0.0

    def _raised(self, problem: Problem, z: Tensor, t: float, steps: int, rng: Rng) -> tuple[Tensor, float, float]:
        """(x̂ = α ŷ at the raised level, ρ̂, t̂)."""
        rho = math.exp(-problem.at(t).half_log_snr)
        gamma = self._gamma(rho, steps)
        if gamma == 0:
            return z, rho, t
        high = (1 + gamma) * rho
        raised = time_of(problem.scalar, -math.log(high))
        alpha = problem.at(raised).alpha
        spread = alpha * math.sqrt(high * high - rho * rho) * self.noise_scale
        return alpha / problem.at(t).alpha * z + spread * rng.normal(tuple(z.shape)), high, raised

    def called(self, process: Process) -> Called:
        if self.churn == 0:
            return Called((Scheduler("HeunDiscreteScheduler"),), "sample_heun", "Heun", "heun")
        told = {"s_churn": self.churn, "s_tmin": self.churn_from, "s_tmax": self.churn_to, "s_noise": self.noise_scale}
        heun = Scheduler("HeunDiscreteScheduler", near="it has no churn")
        return Called((heun,), call("sample_heun", told), "Heun, churn set", "heun, churn in SamplerCustom")

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: int, rng: Rng) -> tuple[Tensor, int]:
        if self.churn:
            z, _, t = self._raised(problem, z, t, carry, rng)
        scale, k, pull = heun(problem.process, t, s)  # type: ignore[arg-type]
        d = problem.x0(z, t)
        # x' = α_s/α_t k x̂ + α_s (1 − k) D; where α does not change that is one interpolation
        guess = torch.lerp(d, z, k) if scale == 1 else torch.add(z * (scale * k), d, alpha=problem.at(s).alpha * (1 - k))
        return torch.add(guess, problem.x0(guess, s) - d, alpha=pull), carry

    def last(self, problem: Problem, z: Tensor, t: float, carry: int, rng: Rng) -> Tensor:
        z, _, t = self._raised(problem, z, t, carry, rng)
        return problem.x0(z, t)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        rho, low = (math.exp(-problem.at(u).half_log_snr) for u in (t, s))
        return {r"\rho_t": rho, r"\rho_s": low}

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        found = self.terms(problem, grid[index], grid[index + 1])
        if not found or not self.churn:
            return found
        rho = found[r"\rho_t"]
        gamma = self._gamma(rho, len(grid) - 1)
        high = (1 + gamma) * rho
        rise = math.sqrt(high * high - rho * rho)
        return {**found, r"\gamma": gamma, r"\hat\rho": high, r"\sqrt{\hat\rho^2-\rho_t^2}": rise, r"S_{\mathrm{noise}}": self.noise_scale}


@functools.lru_cache(maxsize=1 << 14)
def heun(process: ScalarProcess, t: float, s: float) -> tuple[float, float, float]:
    """α_s/α_t, k = ρ_s/ρ̂ and c of Heun's step gathered in x = α y: x_s = x′ + c (D′ − D), c = α_s (ρ̂ − ρ_s)/(2ρ_s).

    From y′ = k ŷ + (1 − k) D and y_s = ŷ + (ρ_s − ρ̂)(d + d′)/2 with d = (ŷ − D)/ρ̂ and d′ = (y′ − D′)/ρ_s.
    """
    now, then = process.at(t), process.at(s)
    rho, low = math.exp(-now.half_log_snr), math.exp(-then.half_log_snr)
    return then.alpha / now.alpha, low / rho, 0.5 * then.alpha * (rho - low) / low
