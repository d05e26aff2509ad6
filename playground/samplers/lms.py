from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.exponential import Noises, adams_rise, lagrange, last_starts, raised
from playground.core.fields import above, flag, integer, only
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler, Twin, Variant
from playground.core.spec import Info
from playground.samplers.ddim import first_order


@dataclass(frozen=True)
class LMS(Sampler[Noises]):
    """y_s = y_t + Σ_j C_j d_j, d = (y − D)/ρ, C_j = ∫ ℓ_j dρ with Lagrange polynomials in the noise level ρ = σ/α itself.

    Adams–Bashforth with uneven steps on dy/dρ = d, exact quadrature. Order as chosen, up to 4 (the first steps have lower order, whose error
    shows only when the start is not yet pure noise), one model call a step. Order 1: DDIM. The last step is x̂_0; k-diffusion and diffusers
    extrapolate the cubic to ρ = 0 there ("as released"), over a distance that is many of its steps: Σ|C_j|/ρ is 31 at 40 steps and 48,000 at
    500, which ruins pictures. Crowson 2022, k-diffusion; the ρAB of Zhang & Chen 2022, 2204.13902.
    """

    info = Info(
        "LMS",
        "LMS",
        "linear multistep: a polynomial in σ/α through past slopes",
        "Crowson 2022; Zhang & Chen 2022",
        "2204.13902",
        group="linear multistep",
        rank=107,
        order=4,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"y_s = y_t + \textstyle\sum_j C_j\,d_j,\quad C_j=\int_{\rho_t}^{\rho_s}\!\ell_j(\rho)\,\mathrm d\rho,\ d=\frac{y-D}{\rho}"
    matches = ("LMSDiscreteScheduler",)
    twins = (Twin({"order": 1}, "DDIM"),)
    cold_start = True
    named = ({}, {"released": True})
    variants = (
        Variant("1", {"order": 1}),
        Variant("2", {"order": 2}),
        Variant("3", {"order": 3}),
        Variant("4", {"order": 4}),
    )
    order: int = integer(4, 1, 4, help="how many slopes the polynomial passes through")
    released: bool = flag(
        False,
        label="as released",
        help="last step: the polynomial extrapolated to σ = 0, as k-diffusion and diffusers do; off: x̂₀",
        when=above("order", 1),
    )
    lower_final: bool = flag(
        False,
        label="lower order at the end",
        help="in runs of under 15 steps the order is at most the number of steps to go",
        when=only("order", 3, 4),
    )

    @property
    def declared_order(self) -> float | None:
        return self.order

    @property
    def ending(self) -> Ending:
        return Ending(denoised=False, words="{x}₀ is its polynomial of slopes, extrapolated to σ = 0") if self.released else Ending()

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Noises:
        return Noises(lowered=last_starts(grid, self.lower_final and self.order > 2))

    def called(self, process: Process) -> Called:
        if self.order == 1:
            return first_order(0)
        near = "" if self.released else "its last step extrapolates the polynomial to σ = 0 (here: “as released”)"
        known = Scheduler("LMSDiscreteScheduler", step={"order": self.order}, near=near)
        told = f"sample_lms(order={self.order})"
        return Called((known,), told, "LMS", "lms", near="" if self.released else "so do k-diffusion, A1111 and ComfyUI")

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Noises, rng: Rng) -> tuple[Tensor, Noises]:
        x0 = problem.x0(z, t)
        kept = carry.at(problem.scalar, t, x0, self.order)
        rise = adams_rise(problem.scalar, "rho", x0, kept[: carry.order(self.order, t)], s)
        return raised(problem.scalar, z, rise, t, s), carry.then(kept, x0, rise)

    def last(self, problem: Problem, z: Tensor, t: float, carry: Noises, rng: Rng) -> Tensor:
        x0 = problem.x0(z, t)
        if not self.released:
            return x0
        (_, e0), *past = kept = carry.at(problem.scalar, t, x0, self.order)
        _, *weights = lagrange(problem.scalar, "rho", tuple(u for u, _ in kept), 0.0)
        for c, (_, e) in zip(weights, past, strict=True):  # y + Σ C_j ε̂_j with Σ C_j = −ρ
            x0 = x0 + c * (e - e0)
        return x0

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        (c,) = lagrange(problem.scalar, "rho", (t,), s)
        return {r"\textstyle\sum_j C_j": c}
