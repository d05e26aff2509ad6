from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.processes.torus import brownian
from playground.samplers.geodesic import Geodesic
from playground.spaces.torus import Torus


@dataclass(frozen=True)
class GeodesicHeun(Geodesic):
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
    formula = r"\theta_s = \exp_{\theta_t}\!\big[\tfrac{s-t}{2}(k_1+k_2)\big],\quad k_2 = u\big(\exp_{\theta_t}[(s-t)k_1],\,s\big),\quad u=-\tfrac12 g^2\nabla\log p_t"

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        move = Torus(z.shape[1]).move
        k1 = problem.velocity(z, t)
        k2 = problem.velocity(move(z, (s - t) * k1), s)
        return move(z, 0.5 * (s - t) * (k1 + k2)), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"s-t": s - t, "g^2": brownian(problem).at(t)[1]}
