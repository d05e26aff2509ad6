from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.ending import ToZero
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import Info


@dataclass(frozen=True)
class Heun3(ToZero):
    """k₁ = u(z_t, t), k₂ = u(z_t + h/3 k₁, t + h/3), k₃ = u(z_t + 2h/3 k₂, t + 2h/3), z_s = z_t + h (k₁ + 3k₃)/4, h = s − t. Order 3, three model calls a step.
    Heun 1900."""

    info = Info(
        "Heun3",
        "Heun’s third order",
        "three velocities, at the start, a third and two thirds of the step, weighted 1 0 3",
        "Heun 1900",
        group="probability-flow ODE",
        rank=58,
        order=3,
        nfe=3,
        needs=frozenset({"velocity", "mean"}),
    )
    formula = r"x_s = x_t + \tfrac{s-t}{4}\,(k_1+3k_3),\quad k_2 = u\big(x_t+\tfrac{s-t}{3}k_1,\,t+\tfrac{s-t}{3}\big),\ k_3 = u\big(x_t+\tfrac{2(s-t)}{3}k_2,\,t+\tfrac{2(s-t)}{3}\big)"
    from_noise: ClassVar[bool] = True
    rounding = (1e-4, 1e-4)

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        return self._moved(problem, z, t, s), None

    def to_zero(self, problem: Problem, z: Tensor, t: float) -> Tensor:
        return self._moved(problem, z, t, 0.0)

    def _moved(self, problem: Problem, z: Tensor, t: float, s: float) -> Tensor:
        third = (s - t) / 3
        problem.prepare([t + third, t + 2 * third])  # their tables in one batch
        k1 = problem.velocity(z, t)
        k2 = problem.velocity(z + third * k1, t + third)
        k3 = problem.velocity(z + 2 * third * k2, t + 2 * third)
        return z + (s - t) / 4 * (k1 + 3 * k3)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"s-t": s - t}
