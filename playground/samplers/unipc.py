from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from torch import Tensor

from playground.core.ending import LowersAbove, lowered_above
from playground.core.exponential import phi
from playground.core.fields import above, choice, flag, integer, only
from playground.core.names import NO_END, Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Ending, Variant
from playground.core.spec import Info

NOISE = r"x_s = \tfrac{\alpha_s}{\alpha_t}x_t - \sigma_s(e^{h}-1)\,\hat\varepsilon_0 - \sigma_s B\big(\textstyle\sum_i a_i\tfrac{\hat\varepsilon_{-i}-\hat\varepsilon_0}{r_i} + a_p(\hat\varepsilon_s-\hat\varepsilon_0)\big)"
"""The formula in noise prediction."""
ORDER_THREE = "ComfyUI's is of order 3; A1111's order and B(h) are in its settings (3, bh1)"
DATA_ONLY = "A1111's and ComfyUI's predict the data alone"


class Past(NamedTuple):
    """What UniPC keeps: predictions (L_i, D_i) or (L_i, ε̂_i), newest first, the newest one at the current state; the grid; steps done."""

    values: tuple[tuple[float, Tensor], ...]
    grid: list[float]
    done: int


@dataclass(frozen=True)
class UniPC(LowersAbove[Past]):
    """With H = −h, B = H (bh1) or e^H − 1 (bh2), r_i = (L_{−i} − L_t)/h, D_i = (D_{−i} − D_0)/r_i:

        predictor x_p = (σ_s/σ_t) x − α_s (e^H − 1) D_0 − α_s B Σ a_i D_i
        corrector x_s = (σ_s/σ_t) x − α_s (e^H − 1) D_0 − α_s B (Σ a'_i D_i + a'_p (D(x_p, s) − D_0))

    with Σ_i a_i r_i^{k−1} = k! φ_{k+1}(H) H/B (predictor p = 2 and corrector p = 1 use a = ½). D(x_p, s) is the next step's D_0: one model
    call a step. No corrector in the last step. UniPC-p has order p + 1 (the first steps have lower order, whose error shows only when the
    start is not yet pure noise). In noise prediction ε̂ stands for D, H = h, and α_s/α_t and σ_s for σ_s/σ_t and α_s. Zhao et al. 2023, 2302.04867.
    """

    info = Info(
        "UniPC",
        "UniPC",
        "predictor and corrector from the same predictions: one order more for no model call",
        "Zhao et al. 2023",
        "2302.04867",
        group="exponential integrator",
        rank=103,
        order=3,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \tfrac{\sigma_s}{\sigma_t}x_t - \alpha_s(e^{-h}-1)D_0 - \alpha_s B\big(\textstyle\sum_i a_i\tfrac{D_{-i}-D_0}{r_i} + a_p(D_s-D_0)\big)"
    matches = ("UniPCMultistepScheduler",)
    named = ({}, {"variant": "bh1"}, {"predicts": "noise"})
    variants = (
        Variant("1 bh1", {"order": 1, "variant": "bh1"}),
        Variant("2 bh1", {"order": 2, "variant": "bh1"}),
        Variant("3 bh1", {"order": 3, "variant": "bh1"}),
        Variant("1", {"order": 1}),
        Variant("2", {"order": 2}),
        Variant("3", {"order": 3}),
        Variant("1 noise", {"order": 1, "predicts": "noise"}),
        Variant("2 noise", {"predicts": "noise"}),
        # 3 noise comes to its order, 4, from above, beyond these grids: a test of its own
    )
    order: int = integer(2, 1, 3, label="p order", help="UniPC-p has order p + 1")
    variant: str = choice("bh2", ("bh1", "bh2"), label="B(h) form", help="bh1: B = −h, bh2: B = e^{−h} − 1; they differ for long steps")
    lower_final: bool = flag(True, label="lower order at the end", help="p falls to 2 in the step before the last", when=only("order", 3))
    lower_above: bool = lowered_above(above("order", 1))
    predicts: str = choice("data", ("data", "noise"), help="what the polynomial passes through: predictions of the data, or of the noise")

    @property
    def printed(self) -> str:
        return NOISE if self.predicts == "noise" else self.formula

    @property
    def declared_order(self) -> float | None:
        return self.order + 1

    @property
    def begins_in_noise(self) -> bool:
        return (
            self.predicts == "data" and self.variant == "bh2" and self.order < 3
        )  # bh1 weighs by h itself, order 3 by ratios of infinite ones

    def calls(self, steps: int) -> float | None:
        return steps  # two in the first step, one in the others, none in the last

    def calls_on(self, process: Process, grid: list[float]) -> float | None:
        return len(grid) - 1  # the last one is without a corrector, wherever it ends

    def calls_afresh(self, steps: int) -> float | None:
        return 2 * steps - 1

    @property
    def ending(self) -> Ending:
        if self.predicts == "noise":
            return Ending(denoised=False, words="{x}₀ is {x} less the ε̂ of its last call, which it has already")
        return Ending(denoised=False, words="{x}₀ is the x̂₀ of its last call, which it has already")

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Past:
        return Past((), grid, 0)

    def ahead(self, carry: Past, steps: int) -> Past:
        return carry._replace(done=steps)

    def called(self, process: Process) -> Called:
        told: dict[str, object] = {"solver_order": self.order, "solver_type": self.variant}
        if self.order == 3 and not self.lower_final:
            told["lower_order_final"] = False
        if self.predicts == "noise":
            told |= {"predict_x0": False, "final_sigmas_type": "sigma_min"}
            return Called((Scheduler("UniPCMultistepScheduler", told, near=NO_END),), near=DATA_ONLY)
        near = "its last step, to σ = 0, is NaN with bh1" if self.variant == "bh1" else ""
        known = Scheduler("UniPCMultistepScheduler", told, near=near)
        return Called((known,), "", "UniPC", "uni_pc_bh2" if self.variant == "bh2" else "uni_pc", near=ORDER_THREE)

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Past, rng: Rng) -> tuple[Tensor, Past]:
        past = carry
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        in_noise = self.predicts == "noise"
        values = past.values or ((now.half_log_snr, self._told(problem, z, t)),)
        left = len(past.grid) - 1 - past.done
        p = min(self.order, len(values))
        if self.lowers(past.grid, self.lower_final):
            p = min(p, left)
        ratios = tuple((values[i][0] - now.half_log_snr) / h for i in range(1, p))
        d0 = values[0][1]
        big, factor = (h, then.sigma) if in_noise else (-h, then.alpha)
        ahead, behind = coefficients(-big, ratios, self.variant)
        grow = factor * math.expm1(big)
        scale = factor * (big if self.variant == "bh1" else math.expm1(big))
        # in noise: σ_s e^h = (α_s/α_t) σ_t, so that what would cancel where α is small is one difference
        base = then.alpha / now.alpha * (z - now.sigma * d0) + then.sigma * d0 if in_noise else then.sigma / now.sigma * z - grow * d0
        slopes = [(values[i][1] - d0) / r for i, r in enumerate(ratios, start=1)]
        guess = base
        for a, d in zip(ahead, slopes, strict=True):
            guess = guess - scale * a * d
        if left == 1:  # the run ends here: a corrector would cost a call of its own
            return guess, past
        d_s = self._told(problem, guess, s)
        out = base - scale * behind[-1] * (d_s - d0)
        for a, d in zip(behind[:-1], slopes, strict=True):
            out = out - scale * a * d
        return out, Past(((then.half_log_snr, d_s), *values)[:3], past.grid, past.done + 1)

    def last(self, problem: Problem, z: Tensor, t: float, carry: Past, rng: Rng) -> Tensor:
        if not carry.values:
            return problem.x0(z, t)
        told = carry.values[0][1]
        now = problem.at(t)
        return (z - now.sigma * told) / now.alpha if self.predicts == "noise" else told

    def _told(self, problem: Problem, z: Tensor, t: float) -> Tensor:
        """What the polynomial passes through: x̂_0 or ε̂."""
        return problem.eps(z, t) if self.predicts == "noise" else problem.x0(z, t)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        if self.predicts == "noise":
            step = {r"\tfrac{\alpha_s}{\alpha_t}": then.alpha / now.alpha, r"\sigma_s(e^{h}-1)": then.sigma * math.expm1(h)}
            return {"h": h, **step, r"\sigma_s B": then.sigma * (h if self.variant == "bh1" else math.expm1(h))}
        step = {r"\tfrac{\sigma_s}{\sigma_t}": then.sigma / now.sigma, r"\alpha_s(e^{-h}-1)": then.alpha * math.expm1(-h)}
        return {"h": h, **step, r"\alpha_s B": then.alpha * (-h if self.variant == "bh1" else math.expm1(-h))}


@functools.lru_cache(maxsize=1 << 14)
def coefficients(h: float, ratios: tuple[float, ...], variant: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The predictor's a (p − 1) and the corrector's (p, the last one for the new value)."""
    p, big = len(ratios) + 1, -h
    b = big if variant == "bh1" else math.expm1(big)
    right = np.array([math.factorial(k) * phi(k + 1, big) * big / b for k in range(1, p + 1)])
    left = np.vander(np.array([*ratios, 1.0]), p, increasing=True).T
    ahead = (0.5,) if p == 2 else tuple(np.linalg.solve(left[:-1, :-1], right[:-1]).tolist()) if p > 2 else ()
    behind = (0.5,) if p == 1 else tuple(np.linalg.solve(left, right).tolist())
    return ahead, behind
