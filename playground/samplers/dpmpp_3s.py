from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.exponential import middle, phi
from playground.core.names import EQUAL, MIXED, STAGES, Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.core.stages import FORMULA, GRID, Group, OnGrid, lowered_option, stages_option


@dataclass(frozen=True)
class DPMSolverPP3S(OnGrid[Group | None]):
    """Three predictions in one step, D at t, D₁ at a third and D₂ at two thirds of it in L = ln(α/σ); h = L_s − L_t:

        u₁ = (σ_1/σ_t) x + α_1 (1 − e^{−h/3}) D,    u₂ = (σ_2/σ_t) x + α_2 (1 − e^{−2h/3}) D + 2 α_2 (2h/3) φ_2(−2h/3) (D₁ − D)
        x_s = (σ_s/σ_t) x + α_s (1 − e^{−h}) D + (3/2) α_s h φ_2(−h) (D₂ − D)

    "stages: grid": D₁ and D₂ at the grid's own times, a step is three of the grid's (core/stages.py).
    Order 3, three model calls a step. Lu et al. 2022, 2211.01095 (DPM-Solver-3 of 2206.00927 in x̂_0).
    """

    info = Info(
        "DPMSolverPP3S",
        "DPM-Solver++ 3S",
        "third order from two more predictions inside the step",
        "Lu et al. 2022",
        "2211.01095",
        group="exponential integrator",
        rank=101,
        order=3,
        nfe=3,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\sigma_s}{\sigma_t}\,x_t + \alpha_s\,(1-e^{-h})\,D_t + \tfrac32\,\alpha_s h\varphi_2(-h)\,(D_2-D_t),\quad D_2 = D(u_2)\ \text{at}\ \tfrac23 h,\ \text{by way of}\ D_1\ \text{at}\ \tfrac13 h"
    matches = ("DPMSolverSinglestepScheduler",)
    named = ({}, {"stages": "grid"})
    stages: str = stages_option()
    lower_last: bool = lowered_option()

    @property
    def on_grid(self) -> bool:
        return self.stages == GRID

    @property
    def printed(self) -> str:
        return FORMULA if self.on_grid else self.formula

    def group(self, grid: list[float]) -> Group:
        return Group.of(grid, 3, self.lower_last)

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Group | None:
        return self.group(grid) if self.on_grid else None

    def called(self, process: Process) -> Called:
        single = Scheduler("DPMSolverSinglestepScheduler", {"solver_order": 3}, near=MIXED if self.on_grid else STAGES)
        official = f'DPM_Solver(algorithm_type="dpmsolver++").sample(order=3, method="singlestep{"" if self.on_grid else "_fixed"}")'
        if not self.on_grid:
            return Called((single,), dpm_solver=official)
        return Called((single,), dpm_solver=official if self.lower_last else "", near=EQUAL)

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Group | None, rng: Rng) -> tuple[Tensor, Group | None]:
        if carry is not None:
            return carry.step(problem, z, t, s, self.in_noise)
        process = problem.scalar
        now, then = process.at(t), process.at(s)
        h = then.half_log_snr - now.half_log_snr
        d = problem.x0(z, t)

        def reached(u: float, share: float, more: Tensor | float = 0.0) -> Tensor:
            """x at u, that share of the step away."""
            to = process.at(u)
            return to.sigma / now.sigma * z + to.alpha * (-math.expm1(-share * h) * d + more)

        one, two = (middle(process, t, s, share) for share in (1 / 3, 2 / 3))
        problem.prepare([one, two])  # their tables in one batch
        first = problem.x0(reached(one, 1 / 3), one) - d
        second = problem.x0(reached(two, 2 / 3, 2 * (2 * h / 3) * phi(2, -2 * h / 3) * first), two) - d
        return reached(s, 1.0, 1.5 * h * phi(2, -h) * second), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        if self.on_grid:
            return {}
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {
            "h": h,
            r"\frac{\sigma_s}{\sigma_t}": then.sigma / now.sigma,
            r"\alpha_s(1-e^{-h})": -then.alpha * math.expm1(-h),
            r"\alpha_s h\varphi_2(-h)": then.alpha * h * phi(2, -h),
        }
