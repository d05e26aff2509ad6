from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.sampler import STEEP
from playground.core.spec import Info
from playground.samplers.plms import PLMS


@dataclass(frozen=True)
class PNDM(PLMS):
    """Three pseudo Runge–Kutta steps, then PLMS (whose step, last step and "as released" it shares). With the DDIM step φ and m = (t + s)/2:

        k₁ = ε̂(x, t), k₂ = ε̂(φ(x, k₁, t, m), m), k₃ = ε̂(φ(x, k₂, t, m), m), k₄ = ε̂(φ(x, k₃, t, s), s)
        x_s = φ(x, (k₁ + 2k₂ + 2k₃ + k₄)/6, t, s), later x_s = φ(x, (55 e_0 − 59 e_1 + 37 e_2 − 9 e_3)/24, t, s)

    Global order 2 despite the fourth-order coefficients. N + 9 model calls. Liu et al. 2022, 2202.09778 (algorithm 2).
    """

    info = Info(
        "PNDM",
        "PNDM",
        "pseudo Runge–Kutta for three steps, then a linear multistep of noises",
        "Liu et al. 2022",
        "2202.09778",
        group="linear multistep",
        rank=105,
        order=2,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\alpha_s}{\alpha_t}x_t + \big(\sigma_s-\frac{\alpha_s}{\alpha_t}\sigma_t\big)\,e',\quad e' = \tfrac{1}{24}(55e_0-59e_1+37e_2-9e_3),\quad \text{first three steps: } e' = \tfrac16(k_1+2k_2+2k_3+k_4)"
    matches = ("PNDMScheduler",)
    level_only = False
    rounding = STEEP

    warm_steps: ClassVar[int] = 3

    def calls(self, steps: int) -> float | None:
        return steps + 3 * min(steps - 1, 3)

    def called(self, process: Process) -> Called:
        near = "the middles of its first three steps are whole entries of the table"
        near += "" if self.released else "; its last step goes on with the combined noise (here: “as released”)"
        return Called((Scheduler("PNDMScheduler", {"set_alpha_to_one": True}, near=near),))

    def warm_up(self, problem: Problem, z: Tensor, x0: Tensor, t: float, s: float) -> Tensor:
        m = 0.5 * (t + s)
        second = self.change(problem, z, x0, torch.zeros_like(x0), t, m)  # k₂ − k₁
        third = self.change(problem, z, x0, second, t, m)
        fourth = self.change(problem, z, x0, third, t, s)
        return (2 * second + 2 * third + fourth) / 6
