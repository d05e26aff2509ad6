from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from playground.core.exponential import adams_step, lagrange
from playground.core.fields import integer
from playground.core.problem import Problem
from playground.core.process import ScalarGaussian
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


@dataclass(frozen=True)
class LMS(Sampler):
    """y_s = y_t + Σ_j C_j d_j, d = (y − D)/ρ, C_j = ∫ ℓ_j dρ with Lagrange polynomials in the noise level ρ = σ/α itself.

    Adams–Bashforth with uneven steps on dy/dρ = d, exact quadrature; also the last step to ρ = 0. Order as chosen, up to 4 (the first
    steps have lower order, whose error shows only when the start is not yet pure noise), one model call a step. Order 1: DDIM.
    Crowson 2022, k-diffusion; the ρAB of Zhang & Chen 2022, 2204.13902.
    """

    info = Info(
        "LMS",
        "LMS",
        "linear multistep: a polynomial in σ/α through past slopes",
        "Crowson 2022; Zhang & Chen 2022",
        "2204.13902",
        group="linear multistep",
        rank=107,
        order=4,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"y_s = y_t + \textstyle\sum_j C_j\,d_j,\quad C_j=\int_{\rho_t}^{\rho_s}\!\ell_j(\rho)\,\mathrm d\rho,\ d=\frac{y-D}{\rho}"
    order: int = integer(4, 1, 4, help="how many slopes the polynomial passes through")

    @property
    def declared_order(self) -> float | None:
        return self.order

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Any:
        return ()

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Any, rng: Rng) -> tuple[Tensor, Any]:
        assert isinstance(problem.process, ScalarGaussian)
        kept = ((t, problem.eps(z, t)), *carry)[: self.order]
        return adams_step(problem.process, "rho", z, kept, s), kept

    def last(self, problem: Problem, z: Tensor, t: float, carry: Any, rng: Rng) -> Tensor:
        return self.step(problem, z, t, 0.0, carry, rng)[0]

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        assert isinstance(problem.process, ScalarGaussian)
        (c,) = lagrange(problem.process, "rho", (t,), s)
        return {r"\textstyle\sum_j C_j": c}
