from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.fields import promised
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler
from playground.core.spec import Info
from playground.exact.wrapped import WrappedOracle
from playground.processes.torus import brownian


@dataclass(frozen=True)
class WrappedAncestral(Sampler[None]):
    """θ_s ~ q(θ_s | θ_t) = Σ_{k,n} r_{k,n} WN(μ_{k,n}, V_k), the true denoising distribution of a mixture of wrapped normals, over components k and turns n.

    Exact at any number of steps, also in the last, which draws from p(θ_0 | θ_t). One model call, 1 + d uniforms and d normals a step.
    """

    info = Info(
        "WrappedAncestral",
        "exact ancestral (angles)",
        "draws from the true q(θ_s | θ_t), components and turns: exact at any number of steps",
        "closed form for wrapped normals",
        group="exact",
        rank=12,
        nfe=1,
        needs=frozenset({"brownian", "wrapped mixture"}),
    )
    moves: ClassVar[frozenset[str]] = frozenset({"tangent"})
    unpathed: ClassVar[str] = "draws components and turns besides normal numbers"
    formula = r"\theta_s \sim q(\theta_s\mid\theta_t)=\textstyle\sum_{k,n} r_{k,n}(\theta_t)\,\mathrm{WN}(\mu_{k,n}, V_k)"

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        oracle = promised(problem.predictor, WrappedOracle, "predictor", "the exact model of a mixture of wrapped normals")
        kernel = brownian(problem)
        problem.calls += 1
        draws = rng.uniform_and_normal((len(z), 1 + z.shape[1]), tuple(z.shape))
        return oracle.data.earlier(z, kernel.at(s)[0], kernel.at(t)[0], oracle.marginal(t), *draws), None

    @property
    def ending(self) -> Ending:
        return Ending(2, False, "θ₀ is a draw from the exact p(θ₀ | θ_t)")

    def last(self, problem: Problem, z: Tensor, t: float, carry: None, rng: Rng) -> Tensor:
        return self.step(problem, z, t, 0.0, carry, rng)[0]

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"t-s": t - s}
