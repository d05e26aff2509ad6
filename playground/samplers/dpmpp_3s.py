from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.exponential import middle, phi
from playground.core.names import STAGES, Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


@dataclass(frozen=True)
class DPMSolverPP3S(Sampler[None]):
    """Three predictions in one step, D at t, D₁ at a third and D₂ at two thirds of it in L = ln(α/σ); h = L_s − L_t:

        u₁ = (σ_1/σ_t) x + α_1 (1 − e^{−h/3}) D,    u₂ = (σ_2/σ_t) x + α_2 (1 − e^{−2h/3}) D + 2 α_2 (2h/3) φ_2(−2h/3) (D₁ − D)
        x_s = (σ_s/σ_t) x + α_s (1 − e^{−h}) D + (3/2) α_s h φ_2(−h) (D₂ − D)

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

    def called(self, process: Process) -> Called:
        single = Scheduler("DPMSolverSinglestepScheduler", {"solver_order": 3}, near=STAGES)
        return Called((single,), dpm_solver='DPM_Solver(algorithm_type="dpmsolver++").sample(order=3, method="singlestep_fixed")')

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
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
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {
            "h": h,
            r"\frac{\sigma_s}{\sigma_t}": then.sigma / now.sigma,
            r"\alpha_s(1-e^{-h})": -then.alpha * math.expm1(-h),
            r"\alpha_s h\varphi_2(-h)": then.alpha * h * phi(2, -h),
        }
