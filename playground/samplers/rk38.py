from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


@dataclass(frozen=True)
class RK38(Sampler[None]):
    """The 3/8 rule: with h = s − t, k₁ = u(z_t, t), k₂ = u(z_t + h/3 k₁, t + h/3), k₃ = u(z_t + h(k₂ − k₁/3), t + 2h/3), k₄ = u(z_t + h(k₁ − k₂ + k₃), s),
    z_s = z_t + h (k₁ + 3k₂ + 3k₃ + k₄)/8. Order 4, four model calls a step. Kutta 1901."""

    info = Info(
        "RK38",
        "3/8 rule",
        "four velocities, one at each third of the step, weighted 1 3 3 1",
        "Kutta 1901",
        group="probability-flow ODE",
        rank=61,
        order=4,
        nfe=4,
        needs=frozenset({"velocity", "mean"}),
    )
    formula = r"x_s = x_t + \tfrac{s-t}{8}\,(k_1+3k_2+3k_3+k_4)"
    from_noise: ClassVar[bool] = True
    rounding = (1e-4, 1e-4)

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        h, third = s - t, (s - t) / 3
        problem.prepare([t + third, t + 2 * third])  # their tables in one batch
        k1 = problem.velocity(z, t)
        k2 = problem.velocity(z + third * k1, t + third)
        k3 = problem.velocity(z + h * k2 - third * k1, t + 2 * third)
        k4 = problem.velocity(z + h * (k1 - k2 + k3), s)
        return z + h / 8 * (k1 + 3 * k2 + 3 * k3 + k4), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"s-t": s - t}
