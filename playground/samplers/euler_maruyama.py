from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.brownian import Clock, process_time
from playground.core.ending import ToZero
from playground.core.fields import slider
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Variant
from playground.core.spec import Info


@dataclass(frozen=True)
class EulerMaruyama(ToZero):
    """z_s = z_t + (s − t)[F z − (1 + λ²)/2 GGᵀ score] + λ G √(t − s) ξ on the λ-family of reverse SDEs, any linear process.

    λ = 1: Anderson's reverse SDE; λ = 0: Euler on the probability-flow ODE. Every λ has the same marginals in the limit.
    Weak order 1, one model call a step. Song et al. 2021, 2011.13456.
    """

    info = Info(
        "EulerMaruyama",
        "Euler–Maruyama",
        "Euler on the reverse SDE; λ sets how much noise is put back",
        "Song et al. 2021",
        "2011.13456",
        group="reverse SDE",
        rank=80,
        nfe=1,
        needs=frozenset({"linear", "mean"}),
    )
    formula = r"x_s = x_t + (s-t)\,\big[F x_t - \tfrac{1+\lambda^2}{2}\,GG^{\!\top}\nabla\log p_t\big] + \lambda G\sqrt{t-s}\;z"
    rounding = (1e-4, 1e-4)
    variants = (Variant("", {}, weak=1),)
    strength: float = slider(1.0, 0.0, 2.0, 0.05, label="λ noise", help="0: ODE, 1: the reverse SDE, more: more noise")

    @property
    def declared_order(self) -> float | None:
        return 1 if self.strength == 0 else None

    def noise_clock(self, process: Process) -> Clock | None:
        return process_time(process) if self.strength else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        z_s = z + (s - t) * problem.drift(z, t, self.strength)
        if self.strength == 0:
            return z_s, None
        noise = problem.linear.kernel.at(t).noise * (self.strength**2 * (t - s))
        return z_s + problem.linear.kernel.gaussian(noise, tuple(z.shape), rng), None

    def to_zero(self, problem: Problem, z: Tensor, t: float) -> Tensor:
        return z - t * problem.drift(z, t, self.strength)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        g = math.sqrt(float(problem.linear.kernel.at(t).noise[-1, -1]))
        drift = {"F": float(problem.linear.kernel.at(t).drift[0, 0])} if len(problem.process.parts) == 1 else {}
        return {"s-t": s - t, **drift, "G": g, r"\lambda G\sqrt{t-s}": self.strength * g * math.sqrt(t - s)}
