from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.exponential import Noises, adams_rise, lagrange, last_starts, raised
from playground.core.fields import above, choice, flag, integer, only
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler, Twin, Variant
from playground.core.spec import Info
from playground.samplers.ddim import first_order

SPACES = {"log rho": "log", "t": "t"}


@dataclass(frozen=True)
class DEIS(Sampler[Noises]):
    """y_s = y_t + Σ_j C_j ε̂_j, y = x/α, ρ = σ/α, C_j = ∫ ℓ_j dρ: the probability-flow ODE dy/dρ = ε̂ with ε̂ replaced by the Lagrange
    polynomial through the last ``order`` predictions, in t (tAB) or in ln ρ ("log-rho AB", which diffusers has).

    C_j by Gauss–Legendre quadrature. The paper counts the polynomial's degree: order p is its tAB(p − 1). Order as chosen (the first steps have
    lower order, whose error shows only when the start is not yet pure noise), one model call a step. Order 1: DDIM.
    Zhang & Chen 2022, 2204.13902.
    """

    info = Info(
        "DEIS",
        "DEIS (AB)",
        "integrates a polynomial through past noise predictions exactly",
        "Zhang & Chen 2022",
        "2204.13902",
        group="exponential integrator",
        rank=104,
        order=3,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"\frac{x_s}{\alpha_s} = \frac{x_t}{\alpha_t} + \textstyle\sum_j C_j\,\hat\varepsilon_j,\quad C_j=\int_{\rho_t}^{\rho_s}\!\ell_j\,\mathrm d\rho"
    matches = ("DEISMultistepScheduler",)
    twins = (Twin({"order": 1}, "DDIM"), Twin({"order": 1, "space": "t"}, "DDIM"))
    cold_start = True
    named = ({}, {"space": "t"})
    variants = (
        Variant("1", {"order": 1}),
        Variant("2", {"order": 2}),
        Variant("3", {"order": 3}),
        Variant("2 in t", {"order": 2, "space": "t"}),
        Variant("3 in t", {"order": 3, "space": "t"}),
    )
    order: int = integer(3, 1, 3, help="how many predictions the polynomial passes through")
    space: str = choice("log rho", ("log rho", "t"), help="the variable of the polynomial", when=above("order", 1))
    lower_final: bool = flag(
        False,
        label="lower order at the end",
        help="in runs of under 15 steps the order is at most the number of steps to go",
        when=only("order", 3),
    )

    @property
    def declared_order(self) -> float | None:
        return self.order

    @property
    def in_time(self) -> bool:
        return self.order > 1 and self.space == "t"

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Noises:
        return Noises(lowered=last_starts(grid, self.lower_final and self.order == 3))

    def called(self, process: Process) -> Called:
        if self.order == 1:
            return first_order(0)
        near = ["it has no step to σ = 0: its run ends at the table's first level"]
        near += [] if self.space == "log rho" else ["its polynomial is one of ln ρ"]
        known = Scheduler("DEISMultistepScheduler", {"solver_order": self.order}, near="; ".join(near))
        return Called((known,), comfyui="deis", near="ComfyUI's polynomial is one of σ itself")

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Noises, rng: Rng) -> tuple[Tensor, Noises]:
        x0 = problem.x0(z, t)
        kept = carry.at(problem.scalar, t, x0, self.order)
        rise = adams_rise(problem.scalar, SPACES[self.space], x0, kept[: carry.order(self.order, t)], s)
        return raised(problem.scalar, z, rise, t, s), carry.then(kept, x0, rise)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        (c,) = lagrange(problem.scalar, "log", (t,), s)
        return {r"\textstyle\sum_j C_j": c}
