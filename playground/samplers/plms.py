from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.exponential import History, Noises, clean, raised, rise_of
from playground.core.fields import flag
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process, ScalarProcess
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler
from playground.core.spec import Info

ADAMS: dict[int, tuple[float, ...]] = {
    1: (1.0,),
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}


def bent(process: ScalarProcess, x0: Tensor, bend: Tensor, t: float, s: float) -> Tensor:
    """φ(x, ε̂ + bend, t, s) in x/σ: the DDIM step's rise and (1 − ρ_t/ρ_s) bend. φ(x, e, t, s) = (α_s/α_t) x + (σ_s − (α_s/α_t) σ_t) e is the DDIM
    step with a given noise."""
    return rise_of(process, x0, t, s) + (1 - clean(process, s) / clean(process, t)) * bend


def adams(past: History) -> Tensor:
    """Adams–Bashforth combination of up to four noises, newest first, for even steps, less the newest one."""
    (_, e0), *others = past
    out = torch.zeros_like(e0)
    for c, (_, e) in zip(ADAMS[len(past)][1:], others, strict=True):
        out = out + c * (e - e0)
    return out


@dataclass(frozen=True)
class PLMS(Sampler[Noises]):
    """x_s = φ(x_t, e′, t, s), φ the DDIM step with the noise e′ = (55 e_0 − 59 e_1 + 37 e_2 − 9 e_3)/24 of the last four predictions.

    Warm-up: (e_0 + e_next)/2 (one extra model call), (3 e_0 − e_1)/2, (23 e_0 − 16 e_1 + 5 e_2)/12. The coefficients are of fourth order
    for even steps of an ODE in which the transfer is exact, which it is not: global order 2. One model call a step, N + 1 in all. The last step is
    x̂_0; diffusers goes on with e′ to σ = 0 ("as released").
    Liu et al. 2022, 2202.09778; warm-up by Crowson (latent diffusion).
    """

    info = Info(
        "PLMS",
        "PLMS",
        "DDIM steps with a linear multistep combination of past noises",
        "Liu et al. 2022",
        "2202.09778",
        group="linear multistep",
        rank=106,
        order=2,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\alpha_s}{\alpha_t}x_t + \big(\sigma_s-\frac{\alpha_s}{\alpha_t}\sigma_t\big)\,e',\quad e' = \tfrac{1}{24}(55e_0-59e_1+37e_2-9e_3),\quad \text{first step: } e' = \tfrac12(e_0+e_{\mathrm{next}})"
    matches = ("PNDMScheduler",)
    named = ({}, {"released": True})

    released: bool = flag(False, label="as released", help="last step: with the combined noise e′, as diffusers does; off: x̂₀")

    warm_steps: ClassVar[int] = 1

    def calls(self, steps: int) -> float | None:
        return steps + 1 if steps > 1 else 1

    @property
    def ending(self) -> Ending:
        return Ending(denoised=False, words="{x}₀ = ({x}_t − σ e′)/α: what the combined noise e′ leaves") if self.released else Ending()

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Noises:
        return Noises()

    def called(self, process: Process) -> Called:
        near = "" if self.released else "its last step goes on with the combined noise (here: “as released”)"
        known = Scheduler("PNDMScheduler", {"skip_prk_steps": True, "set_alpha_to_one": True}, near=near)
        return Called((known,), a1111="PLMS")

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Noises, rng: Rng) -> tuple[Tensor, Noises]:
        process = problem.scalar
        x0 = problem.x0(z, t)
        past = carry.at(process, t, x0, 4)
        bend = adams(past) if len(past) > self.warm_steps else self.warm_up(problem, z, x0, t, s)
        rise = bent(process, x0, bend, t, s)
        return raised(process, z, rise, t, s), Noises(past, x0, rise)

    def warm_up(self, problem: Problem, z: Tensor, x0: Tensor, t: float, s: float) -> Tensor:
        """e′ − ε̂ of one of the first ``warm_steps`` steps, for which there is no history yet; x0 is the prediction at (z, t)."""
        return 0.5 * self.change(problem, z, x0, torch.zeros_like(x0), t, s)

    def change(self, problem: Problem, z: Tensor, x0: Tensor, bend: Tensor, t: float, s: float) -> Tensor:
        """ε̂(φ(x, ε̂ + bend, t, s), s) − ε̂(x, t): one model call."""
        process = problem.scalar
        rise = bent(process, x0, bend, t, s)
        there = problem.x0(raised(process, z, rise, t, s), s)
        return rise - there * clean(process, s) + x0 * clean(process, t)

    def last(self, problem: Problem, z: Tensor, t: float, carry: Noises, rng: Rng) -> Tensor:
        process = problem.scalar
        x0 = problem.x0(z, t)
        return x0 - adams(carry.at(process, t, x0, 4)) / clean(process, t) if self.released else x0  # (x − σ e′)/α

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        ratio = then.alpha / now.alpha
        return {r"\frac{\alpha_s}{\alpha_t}": ratio, r"\sigma_s-\frac{\alpha_s}{\alpha_t}\sigma_t": then.sigma - ratio * now.sigma}
