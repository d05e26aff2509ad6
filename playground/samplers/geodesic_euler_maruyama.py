from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.brownian import Clock
from playground.core.fields import promised, slider
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.processes.torus import TorusBrownian, brownian
from playground.samplers.geodesic import Geodesic
from playground.spaces.torus import Torus


@dataclass(frozen=True)
class GeodesicEulerMaruyama(Geodesic):
    """θ_s = exp_θ[(1 + λ²)/2 Δ ∇log p_t(θ) + λ √Δ ξ], Δ = σ_t² − σ_s²: Euler steps of the λ-family of reverse processes in the noise's variance, along
    geodesics (of the torus: straight lines that wrap).

    λ = 1: the reverse of Brownian motion; λ = 0: its probability flow. The last step goes along σ_t² ∇log p_t, the mean of θ_0 − θ_t where the circle
    is unrolled. Weak order 1, one model call a step. De Bortoli et al. 2022, 2202.02763.
    """

    info = Info(
        "GeodesicEulerMaruyama",
        "geodesic Euler–Maruyama",
        "Euler on the reverse process, each step along a geodesic: on the torus it wraps around",
        "De Bortoli et al. 2022",
        "2202.02763",
        group="geodesic",
        rank=86,
        nfe=1,
        needs=frozenset({"brownian", "score"}),
    )
    formula = r"\theta_s = \exp_{\theta_t}\!\big[\tfrac{1+\lambda^2}{2}\,\Delta\,\nabla\log p_t + \lambda\sqrt{\Delta}\,z\big],\quad \Delta=\sigma_t^2-\sigma_s^2"
    strength: float = slider(1.0, 0.0, 2.0, 0.05, label="λ noise", help="0: probability flow, 1: the reverse process, more: more noise")

    @property
    def declared_order(self) -> float | None:
        return 1 if self.strength == 0 else None

    def noise_clock(self, process: Process) -> Clock | None:
        def variance(u: Tensor) -> Tensor:
            circle = promised(process, TorusBrownian, "process", "Brownian motion of angles")
            return circle.variance(circle.unevened(u).clamp(0, circle.t_max))

        return variance if self.strength else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        kernel = brownian(problem)
        gap = kernel.at(t)[0] - kernel.at(s)[0]
        u = 0.5 * (1 + self.strength**2) * gap * problem.score(z, t)
        if self.strength:
            u = u + self.strength * math.sqrt(gap) * rng.normal(tuple(z.shape))
        return Torus(z.shape[1]).move(z, u), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        kernel = brownian(problem)
        gap = kernel.at(t)[0] - kernel.at(s)[0]
        return {
            r"\Delta": gap,
            r"\tfrac{1+\lambda^2}{2}\,\Delta": 0.5 * (1 + self.strength**2) * gap,
            r"\lambda\sqrt{\Delta}": self.strength * math.sqrt(gap),
        }
