from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.ending import LowersAbove, lowered_above
from playground.core.exponential import FORMS, Before, capped, last_starts, weight_of_slope
from playground.core.fields import choice, integer, only, slider
from playground.core.names import NO_END, Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Twin, Variant
from playground.core.spec import Info
from playground.samplers.dpmpp_2m import in_form, slope_terms

PLAIN = r"\tilde\varepsilon = \hat\varepsilon"
BLEND = r"\tilde\varepsilon = \hat\varepsilon + \tfrac{1}{2r}(\hat\varepsilon-\hat\varepsilon_{\mathrm{prev}}),\ r = \tfrac{h_{\mathrm{prev}}}{h},\quad \text{first step: }\tilde\varepsilon = \hat\varepsilon"


@dataclass(frozen=True)
class SDEDPMSolver(LowersAbove[Before]):
    """x_s = (α_s/α_t) x_t − (1 + η²) σ_s (e^h − 1) ε̃ + η σ_s √(e^{2h} − 1) z, h = L_s − L_t: the reverse SDE of strength η with ε̂ held, or (order 2) on the line through
    the last two, ε̃ = ε̂ + c (h/h_prev)(ε̂ − ε̂_prev), c = ½ ("midpoint") or φ_2(h)/φ_1(h) ("heun", the exact integral).

    η = 1: SDE-DPM-Solver, η = 0: multistep DPM-Solver. The noise of a long step is large, σ_s √(e^{2h} − 1) ≈ σ_t α_s/α_t, since ε̂ of its start has to take it away again:
    SDE-DPM-Solver++, in x̂_0, does without. One model call a step. Lu et al. 2022, 2211.01095 (appendix).
    """

    info = Info(
        "SDEDPMSolver",
        "SDE-DPM-Solver (in ε̂)",
        "exponential integrator of the reverse SDE in the noise prediction, order 1 or 2",
        "Lu et al. 2022",
        "2211.01095",
        group="reverse SDE",
        rank=85,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = (
        r"x_s = \frac{\alpha_s}{\alpha_t}\,x_t - (1+\eta^2)\,\sigma_s\,(e^{h}-1)\,\tilde\varepsilon + \eta\,\sigma_s\sqrt{e^{2h}-1}\;z"
    )
    matches = ("DPMSolverMultistepScheduler",)
    rounding = (1e-4, 1e-4)
    twins = (
        Twin({"order": 1, "eta": 0.0}, "DDIM"),
        Twin({"eta": 0.0}, "DPMSolver", {"variant": "multistep"}),
    )
    variants = (
        Variant("1, η = 0", {"order": 1, "eta": 0.0}),
        Variant("2, η = 0", {"eta": 0.0}),
        Variant("2 heun, η = 0", {"eta": 0.0, "form": "heun"}),
        Variant("1", {"order": 1}, weak=1),
        Variant("2", {}, weak=2),
        Variant("2 heun", {"form": "heun"}, weak=2),
    )
    order: int = integer(2, 1, 2, help="how many predictions are used")
    eta: float = slider(1.0, 0.0, 1.0, 0.05, label="η noise", help="1: the reverse SDE, 0: no noise")
    lower_above: bool = lowered_above(only("order", 2))
    form: str = choice(
        "midpoint",
        FORMS,
        help="the last two predictions: their line read in the middle of the step, or integrated exactly",
        when=only("order", 2),
    )

    @property
    def printed(self) -> str:
        return rf"{self.formula},\quad {PLAIN if self.order == 1 else in_form(BLEND, self.form)}"

    @property
    def declared_order(self) -> float | None:
        return None if self.eta else self.order

    def called(self, process: Process) -> Called:
        told: dict[str, object] = {"algorithm_type": "sde-dpmsolver", "solver_order": self.order, "final_sigmas_type": "sigma_min"}
        if self.order == 2 and self.form == "heun":
            told["solver_type"] = "heun"
        near = NO_END + ("" if self.eta == 1 else "; its η is 1")
        return Called((Scheduler("DPMSolverMultistepScheduler", told, near=near),))

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Before:
        return Before(lowered=last_starts(grid, self.lowers(grid, False)))

    def noise_clock(self, process: Process) -> Clock | None:
        return exponential(-1.0) if self.eta else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Before, rng: Rng) -> tuple[Tensor, Before]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        x0 = problem.x0(z, t)
        e = (z - now.alpha * x0) / now.sigma
        # (α_s/α_t) x = α_s x̂_0 + σ_s e^h ε̂: what would cancel where α is small is not formed
        out = then.alpha * x0 + then.sigma * (1 - self.eta**2 * math.expm1(h)) * e
        if (before := carry.earlier(self.order, t)) is not None:
            out = out - (1 + self.eta**2) * then.sigma * math.expm1(h) * weight_of_slope(self.form, h) * h / carry.h * (e - before)
        if self.eta:
            out = out + self.eta * then.sigma * math.sqrt(math.expm1(2 * h)) * rng.normal(tuple(z.shape))
        return out, carry._replace(told=e, h=h)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {
            "h": h,
            r"\frac{\alpha_s}{\alpha_t}": then.alpha / now.alpha,
            r"(1+\eta^2)\,\sigma_s\,(e^{h}-1)": (1 + self.eta**2) * then.sigma * math.expm1(h),
            r"\eta\,\sigma_s\sqrt{e^{2h}-1}": self.eta * then.sigma * math.sqrt(math.expm1(2 * h)),
        }

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        found = self.terms(problem, grid[index], grid[index + 1])
        if not found or not index or afresh or capped(self.order, last_starts(grid, self.lowers(grid, False)), grid[index]) < 2:
            return found
        return {**found, **slope_terms(problem, grid, index, self.form, found["h"])}
