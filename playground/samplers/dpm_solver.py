from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from playground.core.exponential import History, differences, middle, phi
from playground.core.fields import choice, flag, integer, only
from playground.core.problem import Problem
from playground.core.process import ScalarGaussian
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


@dataclass(frozen=True)
class DPMSolver(Sampler):
    """Exponential integrator of the ε-form, x_s = (α_s/α_t) x_t − σ_s ∫ e^{L_s−L} ε̂ dL. With E(h) = e^h − 1, h = L_s − L_t:

        order 1: (α_s/α_t) x − σ_s E(h) ε̂                                                 (DDIM)
        singlestep 2: the same with ε̂ from the middle of the step in L
        singlestep 3, u₁ at h/3, u₂ at 2h/3: u₂ = (α_2/α_t) x − σ_2 E(2h/3) ε̂ − 2 σ_2 (E(2h/3)/(2h/3) − 1)(ε̂₁ − ε̂),
            x_s = (α_s/α_t) x − σ_s E(h) ε̂ − (3/2) σ_s (E(h)/h − 1)(ε̂₂ − ε̂)
        multistep 2: ε̂ + (h/2h_prev)(ε̂ − ε̂_prev) in place of ε̂; 3: a quadratic through the last three ε̂;
            `diffusers` halves the quadratic's second derivative, which leaves order 2: "as released"

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
    order: int = integer(2, 1, 3, help="order of the solver")
    variant: str = choice("singlestep", ("singlestep", "multistep"), help="more model calls in a step, or the last steps' calls")

    released: bool = flag(
        False,
        label="as released",
        help="multistep 3: halve the second difference, as diffusers does (order 2)",
        when=(only("order", 3), only("variant", "multistep")),
    )

    @property
    def declared_order(self) -> float | None:
        return 2 if self.order == 3 and self.variant == "multistep" and self.released else self.order

    def calls(self, steps: int) -> float | None:
        return (self.order if self.variant == "singlestep" else 1) * (steps - 1) + 1

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Any:
        return ()

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Any, rng: Rng) -> tuple[Tensor, Any]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        e = problem.eps(z, t)
        if self.variant == "multistep":
            history = ((now.half_log_snr, e), *carry)[:3]
            return then.alpha / now.alpha * z - then.sigma * self._history(history[: self.order], h), history
        return self._single(problem, z, t, s, e), ()

    def _history(self, history: History, h: float) -> Tensor:
        """∫ e^{L_s − L} ε̂ dL with ε̂ a polynomial through the history (newest first); order 2 in the midpoint form."""
        (l0, e0), rest = history[0], history[1:]
        out = math.expm1(h) * e0
        if len(rest) == 1:
            (l1, e1) = rest[0]
            return out + 0.5 * math.expm1(h) * (h / (l0 - l1)) * (e0 - e1)
        if len(rest) == 2:
            d1, d2 = differences(history, h, self.released)
            return out + h * phi(2, h) * d1 + h * phi(3, h) * d2
        return out

    def _single(self, problem: Problem, z: Tensor, t: float, s: float, e: Tensor) -> Tensor:
        process = problem.process
        assert isinstance(process, ScalarGaussian)
        now, then = process.at(t), process.at(s)
        h = then.half_log_snr - now.half_log_snr
        ratio, grow = then.alpha / now.alpha, then.sigma * math.expm1(h)
        if self.order == 1:
            return ratio * z - grow * e
        if self.order == 2:
            m = middle(process, t, s)
            at_m = process.at(m)
            u = at_m.alpha / now.alpha * z - at_m.sigma * math.expm1(0.5 * h) * e
            return ratio * z - grow * problem.eps(u, m)
        t1, t2 = middle(process, t, s, 1 / 3), middle(process, t, s, 2 / 3)
        one, two = process.at(t1), process.at(t2)
        u = one.alpha / now.alpha * z - one.sigma * math.expm1(h / 3) * e
        d = problem.eps(u, t1) - e
        h2 = 2 * h / 3
        u = two.alpha / now.alpha * z - two.sigma * (math.expm1(h2) * e + 2 * h2 * phi(2, h2) * d)
        d = problem.eps(u, t2) - e
        return ratio * z - grow * e - 1.5 * then.sigma * h * phi(2, h) * d

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {"h": h, r"\frac{\alpha_s}{\alpha_t}": then.alpha / now.alpha, r"\sigma_s(e^{h}-1)": then.sigma * math.expm1(h)}
