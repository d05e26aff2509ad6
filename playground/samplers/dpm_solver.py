from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, cast

from torch import Tensor

from playground.core.exponential import History, Noises, clean, differences, last_starts, middle, phi, raised, rise_of
from playground.core.fields import above, choice, flag, integer, only
from playground.core.names import EQUAL, EVEN, MIXED, NO_END, STAGES, Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process, ScalarProcess
from playground.core.rng import Rng
from playground.core.sampler import Twin, Variant
from playground.core.spec import Info
from playground.core.stages import FORMULA_NOISE, GRID, Group, OnGrid, lowered_option, stages_option
from playground.samplers.ddim import first_order


@dataclass(frozen=True)
class DPMSolver(OnGrid[Noises | Group]):
    """Exponential integrator of the ε-form, x_s = (α_s/α_t) x_t − σ_s ∫ e^{L_s−L} ε̂ dL. With E(h) = e^h − 1, h = L_s − L_t:

        order 1: (α_s/α_t) x − σ_s E(h) ε̂                                                 (DDIM)
        singlestep 2: the same with ε̂ from the middle of the step in L
        singlestep 3, u₁ at h/3, u₂ at 2h/3: u₂ = (α_2/α_t) x − σ_2 E(2h/3) ε̂ − 2 σ_2 (E(2h/3)/(2h/3) − 1)(ε̂₁ − ε̂),
            x_s = (α_s/α_t) x − σ_s E(h) ε̂ − (3/2) σ_s (E(h)/h − 1)(ε̂₂ − ε̂)
        multistep 2: ε̂ + (h/2h_prev)(ε̂ − ε̂_prev) in place of ε̂; 3: a quadratic through the last three ε̂;
            `diffusers` halves the quadratic's second derivative, which leaves order 2: "as released"

    Singlestep with "stages: grid": the middles are the grid's own times, a step of order k is k of the grid's (core/stages.py).
    Order as chosen; multistep starts with lower orders, whose error shows only when the start is not yet pure noise.
    Model calls a step: order (singlestep) or one. Lu et al. 2022, 2206.00927; multistep as in Lu et al. 2022, 2211.01095.
    """

    info = Info(
        "DPMSolver",
        "DPM-Solver",
        "exponential integrator of the noise prediction, order 1 to 3, single- or multistep",
        "Lu et al. 2022",
        "2206.00927",
        group="exponential integrator",
        rank=102,
        order=2,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\alpha_s}{\alpha_t}\,x_t - \sigma_s\,(e^{h}-1)\,\hat\varepsilon,\quad \hat\varepsilon\ \text{from inside the step or its history}"
    matches = ("DPMSolverSinglestepScheduler", "DPMSolverMultistepScheduler")
    twins = (Twin({"order": 1}, "DDIM"), Twin({"order": 1, "variant": "multistep"}, "DDIM"))
    rounding = (1e-4, 1e-4)
    in_noise: ClassVar[bool] = True
    named = (
        {},
        {"stages": "grid"},
        {"order": 3},
        {"order": 3, "stages": "grid"},
        {"order": 1},
        {"variant": "multistep"},
        {"variant": "multistep", "order": 3},
        {"variant": "multistep", "order": 3, "released": True},
    )
    variants = (
        Variant("1", {"order": 1}),
        Variant("2", {"order": 2}),
        Variant("3", {"order": 3}),
        Variant("2 multistep", {"order": 2, "variant": "multistep"}),
        Variant("3 multistep", {"order": 3, "variant": "multistep"}),
        Variant("3 multistep, released", {"order": 3, "variant": "multistep", "released": True}),
    )
    order: int = integer(2, 1, 3, help="order of the solver")
    variant: str = choice("singlestep", ("singlestep", "multistep"), help="more model calls in a step, or the last steps' calls")

    released: bool = flag(
        False,
        label="as released",
        help="multistep 3: halve the second difference, as diffusers does (order 2)",
        when=(only("order", 3), only("variant", "multistep")),
    )
    lower_final: bool = flag(
        False,
        label="lower order at the end",
        help="in runs of under 15 steps the order is at most the number of steps to go",
        when=(only("order", 3), only("variant", "multistep")),
    )

    stages: str = stages_option((only("variant", "singlestep"), above("order", 1)))
    lower_last: bool = lowered_option((only("variant", "singlestep"), only("order", 3)))

    @property
    def on_grid(self) -> bool:
        return self.stages == GRID and self.variant == "singlestep" and self.order > 1

    @property
    def printed(self) -> str:
        return FORMULA_NOISE if self.on_grid else self.formula

    @property
    def declared_order(self) -> float | None:
        return 2 if self.order == 3 and self.variant == "multistep" and self.released else self.order

    def calls(self, steps: int) -> float | None:
        return steps if self.on_grid else (self.order if self.variant == "singlestep" else 1) * (steps - 1) + 1

    def group(self, grid: list[float]) -> Group:
        return Group.of(grid, self.order, self.lower_last)

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Noises | Group:
        return self.group(grid) if self.on_grid else Noises(lowered=last_starts(grid, self.lower_final and self.order == 3))

    def called(self, process: Process) -> Called:
        told = {"algorithm_type": "dpmsolver", "solver_order": self.order}
        if self.order == 1:
            return first_order(0)._replace(dpm_solver='DPM_Solver(algorithm_type="dpmsolver").sample(order=1)')
        if self.variant == "multistep":
            near = NO_END + ("; it halves the second difference (here: “as released”)" if self.order == 3 and not self.released else "")
            known = Scheduler("DPMSolverMultistepScheduler", {**told, "final_sigmas_type": "sigma_min"}, near=near)
            return Called((known,), dpm_solver=f'DPM_Solver(algorithm_type="dpmsolver").sample(order={self.order}, method="multistep")')
        known = Scheduler("DPMSolverSinglestepScheduler", {**told, "final_sigmas_type": "sigma_min"}, near=STAGES)
        if self.on_grid:
            official = f'DPM_Solver(algorithm_type="dpmsolver").sample(order={self.order}, method="singlestep")'
            theirs = self.order == 2 or self.lower_last
            return Called((known._replace(near=MIXED if self.order == 3 else EVEN),), dpm_solver=official * theirs, near=EQUAL)
        fast = ("sample_dpm_fast", "DPM fast", "dpm_fast") if self.order == 3 else ("", "", "")
        near = "DPM fast is of order 3 with one or two steps of lower order at the end" if self.order == 3 else ""
        return Called(
            (known,), *fast, f'DPM_Solver(algorithm_type="dpmsolver").sample(order={self.order}, method="singlestep_fixed")', near
        )

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Noises | Group, rng: Rng) -> tuple[Tensor, Noises | Group]:
        if self.on_grid:
            return cast("Group", carry).step(problem, z, t, s, self.in_noise)
        process, past = problem.scalar, cast("Noises", carry)
        x0 = problem.x0(z, t)
        kept = past.at(process, t, x0, 3)
        rise = rise_of(process, x0, t, s)  # −(e^h − 1) ε̂ in x/σ; what is left are differences of ε̂
        if self.variant == "multistep":
            rise = rise - self._history(process, kept[: past.order(self.order, t)], s)
            return raised(process, z, rise, t, s), past.then(kept, x0, rise)
        return raised(process, z, rise - self._single(problem, z, x0, t, s), t, s), carry

    def _history(self, process: ScalarProcess, kept: History, s: float) -> Tensor | float:
        """∫ e^{L_s − L} (ε̂ − ε̂_0) dL with ε̂ a polynomial through the history (newest first); order 2 in the midpoint form."""
        history = tuple((process.at(u).half_log_snr, e) for u, e in kept)
        (l0, e0), rest = history[0], history[1:]
        h = process.at(s).half_log_snr - l0
        if len(rest) == 1:
            (l1, e1) = rest[0]
            return 0.5 * math.expm1(h) * (h / (l0 - l1)) * (e0 - e1)
        if len(rest) == 2:
            d1, d2 = differences(history, h, self.released)
            return h * phi(2, h) * d1 + h * phi(3, h) * d2
        return 0.0

    def _single(self, problem: Problem, z: Tensor, x0: Tensor, t: float, s: float) -> Tensor | float:
        """The same of the singlestep variants, from predictions inside the step."""
        process = problem.scalar
        h = process.at(s).half_log_snr - process.at(t).half_log_snr
        if self.order == 1:
            return 0.0
        if self.order == 2:
            return math.expm1(h) * change(problem, z, x0, t, middle(process, t, s))
        h2 = 2 * h / 3
        d = change(problem, z, x0, t, middle(process, t, s, 1 / 3))
        return 1.5 * h * phi(2, h) * change(problem, z, x0, t, middle(process, t, s, 2 / 3), 2 * h2 * phi(2, h2) * d)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        if self.on_grid:
            return {}
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {"h": h, r"\frac{\alpha_s}{\alpha_t}": then.alpha / now.alpha, r"\sigma_s(e^{h}-1)": then.sigma * math.expm1(h)}


def change(problem: Problem, z: Tensor, x0: Tensor, t: float, m: float, more: Tensor | float = 0.0) -> Tensor:
    """ε̂(u, m) − ε̂(x, t) at u/σ_m = x/σ_t + the DDIM step − more: one model call."""
    process = problem.scalar
    rise = rise_of(process, x0, t, m) - more
    return rise - problem.x0(raised(process, z, rise, t, m), m) * clean(process, m) + x0 * clean(process, t)
