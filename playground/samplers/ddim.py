from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.fields import slider
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler, Twin
from playground.core.spec import Info

STRAIGHT = (
    Scheduler("DDIMScheduler", {"clip_sample": False}),
    Scheduler("EulerDiscreteScheduler"),
    Scheduler("EDMEulerScheduler"),
    Scheduler("FlowMatchEulerDiscreteScheduler"),
    Scheduler("DPMSolverMultistepScheduler", {"solver_order": 1}),
)
"""The same step by many names: DDIM, Euler in σ/α, DPM-Solver++ of order 1."""
ANCESTRAL = (
    Scheduler("DDPMScheduler", {"clip_sample": False}),
    Scheduler("EulerAncestralDiscreteScheduler"),
    Scheduler("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++", "solver_order": 1}),
    Scheduler("EDMDPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++", "solver_order": 1}),
)
"""DDPM with small variance by its other names."""


def first_order(eta: float) -> Called:
    """What DDIM's step with noise η is called."""
    noisy = Scheduler("DDIMScheduler", {"clip_sample": False}, {"eta": eta})
    if eta == 0:
        return Called(STRAIGHT, "sample_euler", "DDIM", "ddim", 'DPM_Solver(algorithm_type="dpmsolver++").sample(order=1)')
    return Called(
        (noisy, *ANCESTRAL) if eta == 1 else (noisy,),
        f"sample_euler_ancestral(eta={eta:g})",
        f"DDIM, η {eta:g}",
        "euler_ancestral" + (f", eta {eta:g}" if eta < 1 else ""),
    )


@dataclass(frozen=True)
class DDIM(Sampler[None]):
    """x_s = α_s x̂_0 + √(σ_s² − c²) ε̂ + c z, c² = η² σ_s² (1 − e^{−2h}), h = L_s − L_t.

    η = 0: Euler on the probability-flow ODE in σ/α (order 1, no draws); η = 1: DDPM with small variance. One model call a step.
    Song, Meng & Ermon 2020, 2010.02502.
    """

    info = Info(
        "DDIM",
        "DDIM",
        "moves along the straight line to x̂₀; η adds noise back",
        "Song et al. 2020",
        "2010.02502",
        group="first order",
        rank=30,
        order=1,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \alpha_s\,\hat x_0 + \sqrt{\sigma_s^2-c^2}\;\hat\varepsilon + c\,z"
    from_noise: ClassVar[bool] = True
    matches = ("DDIMScheduler",)
    tried = ({}, {"eta": 0.4})
    named = ({}, {"eta": 0.5}, {"eta": 1.0})
    twins = (Twin({"eta": 1.0}, "DDPM"),)
    eta: float = slider(0.0, 0.0, 1.0, 0.05, label="η noise", help="0: deterministic, 1: DDPM")

    @property
    def declared_order(self) -> float | None:
        return 1 if self.eta == 0 else None

    def _coefficients(self, problem: Problem, t: float, s: float) -> tuple[float, float, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        c = self.eta * then.sigma * math.sqrt(-math.expm1(-2 * h)) if self.eta else 0.0  # η = 0 also runs backwards (inversion)
        return then.alpha, math.sqrt(then.sigma**2 - c * c), c

    def called(self, process: Process) -> Called:
        return first_order(self.eta)

    def noise_clock(self, process: Process) -> Clock | None:
        return exponential(self.eta**2) if self.eta else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        alpha, keep, c = self._coefficients(problem, t, s)
        now = problem.at(t)
        x0 = problem.x0(z, t)
        # ε̂ = (x_t − α_t x̂_0)/σ_t, put in so that the step is two multiplications
        r = keep / now.sigma
        z_s = r * z + (alpha - r * now.alpha) * x0
        if c > 0:
            z_s = z_s + c * rng.normal(tuple(z.shape))
        return z_s, None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        alpha, keep, c = self._coefficients(problem, t, s)
        return {r"\alpha_s": alpha, r"\sqrt{\sigma_s^2-c^2}": keep, "c": c}
