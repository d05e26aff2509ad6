from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler
from playground.core.spec import Info
from playground.processes.torus import brownian
from playground.spaces.torus import Torus


@dataclass(frozen=True)
class GeodesicHeun(Sampler[None]):
    """k₁ = u(θ_t, t), k₂ = u(exp_θ((s − t) k₁), s), θ_s = exp_θ((s − t)(k₁ + k₂)/2): Heun on the probability flow u = −½ g² ∇log p_t.

    On the torus tangent vectors are carried from place to place unchanged; on a curved space k₂ would be transported first. The last step goes along
    σ_t² ∇log p_t. Order 2, two model calls a step.
    """

    info = Info(
        "GeodesicHeun",
        "geodesic Heun",
        "probability flow by two velocities, along geodesics: no noise, order 2",
        "Heun 1900, along geodesics",
        group="geodesic",
        rank=57,
        order=2,
        nfe=2,
        needs=frozenset({"brownian", "score"}),
    )
    moves: ClassVar[frozenset[str]] = frozenset({"tangent"})
    formula = r"\theta_s = \exp_{\theta_t}\!\big[\tfrac{s-t}{2}(k_1+k_2)\big],\quad k_2 = u\big(\exp_{\theta_t}[(s-t)k_1],\,s\big),\quad u=-\tfrac12 g^2\nabla\log p_t"

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        move = Torus(z.shape[1]).move
        k1 = problem.velocity(z, t)
        k2 = problem.velocity(move(z, (s - t) * k1), s)
        return move(z, 0.5 * (s - t) * (k1 + k2)), None

    @property
    def ending(self) -> Ending:
        return Ending(denoised=False, words="one geodesic by σ_t² ∇log p_t: to the mean of θ₀, were the circle unrolled")

    def last(self, problem: Problem, z: Tensor, t: float, carry: None, rng: Rng) -> Tensor:
        return Torus(z.shape[1]).move(z, brownian(problem).at(t)[0] * problem.score(z, t))

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"s-t": s - t, "g^2": brownian(problem).at(t)[1]}
