from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.exponential import middle
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


@dataclass(frozen=True)
class DPMSolverPP2S(Sampler[None]):
    """u = (σ_m/σ_t) x − α_m (e^{−h/2} − 1) D(x, t),  x_s = (σ_s/σ_t) x − α_s (e^{−h} − 1) D(u, m),  m half-way in L = ln(α/σ).

    Order 2, two model calls a step. Lu et al. 2022, 2211.01095 (algorithm 1, r = ½).
    """

    info = Info(
        "DPMSolverPP2S",
        "DPM-Solver++ 2S",
        "second order from the prediction in the middle of the step",
        "Lu et al. 2022",
        "2211.01095",
        group="exponential integrator",
        rank=101,
        order=2,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\sigma_s}{\sigma_t}\,x_t + \alpha_s\,(1-e^{-h})\,D(u,m),\quad u = \frac{\sigma_m}{\sigma_t}\,x_t + \alpha_m(1-e^{-h/2})\,D_t"
    matches = ("DPMSolverSinglestepScheduler",)

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        process = problem.scalar
        m = middle(process, t, s)
        now, mid, then = process.at(t), process.at(m), process.at(s)
        h = then.half_log_snr - now.half_log_snr
        u = mid.sigma / now.sigma * z - mid.alpha * math.expm1(-0.5 * h) * problem.x0(z, t)
        return then.sigma / now.sigma * z - then.alpha * math.expm1(-h) * problem.x0(u, m), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {"h": h, r"\frac{\sigma_s}{\sigma_t}": then.sigma / now.sigma, r"\alpha_s(1-e^{-h})": -then.alpha * math.expm1(-h)}
