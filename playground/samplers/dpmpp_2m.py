from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


@dataclass(frozen=True)
class DPMSolverPP2M(Sampler[tuple[Tensor, float] | None]):
    """x_s = (σ_s/σ_t) x_t + α_s (1 − e^{−h}) D̃,  D̃ = (1 + 1/2r) D_t − D_prev/2r,  r = h_prev/h,  h = L_s − L_t.

    First step D̃ = D. Order 2, one model call a step. Lu et al. 2022, 2211.01095.
    """

    info = Info(
        "DPMSolverPP2M",
        "DPM-Solver++ 2M",
        "second order from the last two predictions, one model call a step",
        "Lu et al. 2022",
        "2211.01095",
        group="second order",
        rank=100,
        order=2,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\sigma_s}{\sigma_t}\,x_t + \alpha_s\,(1-e^{-h})\,\tilde D,\quad \tilde D = D_t + \tfrac{1}{2r}(D_t-D_{\mathrm{prev}}),\ r = \tfrac{h_{\mathrm{prev}}}{h},\quad \text{first step: }\tilde D = D_t"
    matches = ("DPMSolverMultistepScheduler",)

    def step(
        self, problem: Problem, z: Tensor, t: float, s: float, carry: tuple[Tensor, float] | None, rng: Rng
    ) -> tuple[Tensor, tuple[Tensor, float] | None]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        d = problem.x0(z, t)
        blend = d
        if carry is not None:
            before, h_before = carry
            blend = d + 0.5 * h / h_before * (d - before)
        return then.sigma / now.sigma * z - then.alpha * math.expm1(-h) * blend, (d, h)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {"h": h, r"\frac{\sigma_s}{\sigma_t}": then.sigma / now.sigma, r"\alpha_s(1-e^{-h})": -then.alpha * math.expm1(-h)}

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        found = self.terms(problem, grid[index], grid[index + 1])
        return {**found, "r": ratio(problem, grid, index)} if found and index and not afresh else found


def ratio(problem: Problem, grid: list[float], index: int) -> float:
    """r = h_prev/h, the lengths in L of the step before the one from grid[index] and of that one."""
    before, now, then = (problem.at(t).half_log_snr for t in grid[index - 1 : index + 2])
    return (now - before) / (then - now)
