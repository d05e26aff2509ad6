from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.ending import LowersAbove
from playground.core.exponential import FORMS, Before, capped, last_starts, weight_of_slope
from playground.core.fields import choice
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Variant
from playground.core.spec import Info

HALF, EXACT, RATIO = r"\tfrac{1}{2r}", r"\tfrac{\varphi_2}{\varphi_1 r}", r"\tfrac{\varphi_2}{\varphi_1}"
"""The slope's weight in D̃: of the form "midpoint", of "heun", and what of the latter is a number of the step."""


def multistep(near: str = "", **told: object) -> tuple[Scheduler, ...]:
    """The multistep schedulers of `diffusers`."""
    return tuple(Scheduler(name, told, near=near) for name in ("DPMSolverMultistepScheduler", "EDMDPMSolverMultistepScheduler"))


@dataclass(frozen=True)
class DPMSolverPP2M(LowersAbove[Before]):
    """x_s = (σ_s/σ_t) x_t + α_s (1 − e^{−h}) D̃,  D̃ = (1 + 1/2r) D_t − D_prev/2r,  r = h_prev/h,  h = L_s − L_t.

    That is the form "midpoint"; "heun" integrates the line through D_t and D_prev exactly: φ_2(−h)/φ_1(−h) in place of ½ (as `solver_type` of
    diffusers and k-diffusion's SDE solver call the two). First step D̃ = D. Order 2 in both, one model call a step. Lu et al. 2022, 2211.01095.
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
    from_noise: ClassVar[bool] = True
    matches = ("DPMSolverMultistepScheduler",)
    named = ({}, {"form": "heun"})
    variants = (Variant(""), Variant("heun", {"form": "heun"}))
    form: str = choice("midpoint", FORMS, help="the last two predictions: their line read in the middle of the step, or integrated exactly")

    @property
    def printed(self) -> str:
        return in_form(self.formula, self.form)

    def called(self, process: Process) -> Called:
        if self.form == "midpoint":
            official = 'DPM_Solver(algorithm_type="dpmsolver++").sample(order=2, method="multistep")'
            return Called(multistep(solver_order=2), "sample_dpmpp_2m", "DPM++ 2M", "dpmpp_2m", official)
        official = 'DPM_Solver(algorithm_type="dpmsolver++").sample(order=2, method="multistep", solver_type="taylor")'
        return Called(multistep(solver_order=2, solver_type="heun"), dpm_solver=official)

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Before:
        return Before(lowered=last_starts(grid, self.lowers(grid, False)))

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Before, rng: Rng) -> tuple[Tensor, Before]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        d = problem.x0(z, t)
        blend = d
        if (before := carry.earlier(2, t)) is not None:
            blend = d + weight_of_slope(self.form, -h) * h / carry.h * (d - before)
        return then.sigma / now.sigma * z - then.alpha * math.expm1(-h) * blend, carry._replace(told=d, h=h)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {"h": h, r"\frac{\sigma_s}{\sigma_t}": then.sigma / now.sigma, r"\alpha_s(1-e^{-h})": -then.alpha * math.expm1(-h)}

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        found = self.terms(problem, grid[index], grid[index + 1])
        if not found or not index or afresh or capped(2, last_starts(grid, self.lowers(grid, False)), grid[index]) < 2:
            return found
        return {**found, **slope_terms(problem, grid, index, self.form, -found["h"])}


def in_form(tex: str, form: str) -> str:
    """A formula that is written in the form "midpoint", in a ``form``."""
    return tex.replace(HALF, EXACT) if form == "heun" else tex


def slope_terms(problem: Problem, grid: list[float], index: int, form: str, grow: float) -> dict[str, float]:
    """The numbers of the slope in D̃ or ε̃, of a step that has one before it: r, and the weight at ``grow`` where it is not ½."""
    weight = {RATIO: weight_of_slope(form, grow)} if form == "heun" else {}
    return {"r": ratio(problem, grid, index), **weight}


def ratio(problem: Problem, grid: list[float], index: int) -> float:
    """r = h_prev/h, the lengths in L of the step before the one from grid[index] and of that one."""
    before, now, then = (problem.at(t).half_log_snr for t in grid[index - 1 : index + 2])
    return (now - before) / (then - now)
