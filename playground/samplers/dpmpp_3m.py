from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.ending import LowersAbove
from playground.core.exponential import History, capped, last_starts, phi
from playground.core.fields import flag
from playground.core.names import Called
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Variant
from playground.core.spec import Info
from playground.samplers.sde_dpmpp import combine, three_m


@dataclass(frozen=True)
class DPMSolverPP3M(LowersAbove[tuple[History, tuple[float, ...]]]):
    """x_s = (σ_s/σ_t) x_t + α_s h [φ_1(−h) D + φ_2(−h) h D′ + φ_3(−h) h² D″], D a quadratic in L through the last three predictions.

    `diffusers` halves D″, which leaves order 2 ("as released"). Order 3 (the first two steps have order 1 and 2, whose
    error shows only when the start is not yet pure noise), one model call a step. Lu et al. 2022, 2211.01095.
    """

    info = Info(
        "DPMSolverPP3M",
        "DPM-Solver++ 3M",
        "third order from the last three predictions, one model call a step",
        "Lu et al. 2022",
        "2211.01095",
        group="exponential integrator",
        rank=101,
        order=3,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\sigma_s}{\sigma_t}\,x_t + \alpha_s h\,[\varphi_1 D + \varphi_2\,h D' + \varphi_3\,h^2 D''](-h)"
    from_noise: ClassVar[bool] = True
    matches = ("DPMSolverMultistepScheduler",)
    cold_start = True
    named = ({}, {"released": True})
    variants = (
        Variant(""),
        Variant("released", {"released": True}),
    )
    lower_final: bool = flag(
        True, label="lower order at the end", help="second order in the step before the last, in runs of under 15 steps"
    )
    released: bool = flag(False, label="as released", help="halve the second difference, as diffusers does (order 2)")

    @property
    def declared_order(self) -> float | None:
        return 2 if self.released else 3

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> tuple[History, tuple[float, ...]]:
        return (), last_starts(grid, self.lowers(grid, self.lower_final))

    def called(self, process: Process) -> Called:
        return three_m(self.lower_final, self.released)

    def step(
        self, problem: Problem, z: Tensor, t: float, s: float, carry: tuple[History, tuple[float, ...]], rng: Rng
    ) -> tuple[Tensor, tuple[History, tuple[float, ...]]]:
        past, lowered = carry
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        kept = ((now.half_log_snr, problem.x0(z, t)), *past)[:3]
        if math.isinf(h):  # from pure noise: h φ_1(−h) = 1
            return then.sigma / now.sigma * z + then.alpha * kept[0][1], (kept, lowered)
        blend = combine(kept[: capped(3, lowered, t)], h, -h, self.released)
        return then.sigma / now.sigma * z + then.alpha * h * blend, (kept, lowered)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {
            "h": h,
            r"\frac{\sigma_s}{\sigma_t}": then.sigma / now.sigma,
            r"\alpha_s h": then.alpha * h,
            **{rf"\varphi_{k}": phi(k, -h) for k in (1, 2, 3)},
        }
