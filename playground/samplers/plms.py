from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info

ADAMS: dict[int, tuple[float, ...]] = {
    1: (1.0,),
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}


def transfer(problem: Problem, z: Tensor, e: Tensor, t: float, s: float) -> Tensor:
    """φ(x, e, t, s) = (α_s/α_t) x + (σ_s − (α_s/α_t) σ_t) e: the DDIM step with a given noise; to t = 0 it is (x − σ e)/α."""
    now = problem.at(t)
    alpha, sigma = (1.0, 0.0) if s == 0 else problem.at(s)[:2]
    ratio = alpha / now.alpha
    return ratio * z + (sigma - ratio * now.sigma) * e


def adams(past: tuple[Tensor, ...]) -> Tensor:
    """Adams–Bashforth combination of up to four noises, newest first, for even steps."""
    first, *rest = ADAMS[len(past)]
    out = past[0] * first
    for c, e in zip(rest, past[1:], strict=True):
        out = out + c * e
    return out


@dataclass(frozen=True)
class PLMS(Sampler):
    """x_s = φ(x_t, e′, t, s), φ the DDIM step with the noise e′ = (55 e_0 − 59 e_1 + 37 e_2 − 9 e_3)/24 of the last four predictions.

    Warm-up: (e_0 + e_next)/2 (one extra model call), (3 e_0 − e_1)/2, (23 e_0 − 16 e_1 + 5 e_2)/12. The coefficients are of fourth order
    for even steps of an ODE in which the transfer is exact, which it is not: global order 2. One model call a step, N + 1 in all.
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
    formula = r"x_s = \phi(x_t, e', t, s),\quad e' = \tfrac{1}{24}(55e_0-59e_1+37e_2-9e_3)"

    warm_steps: ClassVar[int] = 1

    def calls(self, steps: int) -> float | None:
        return steps + 1 if steps > 1 else 1

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Any:
        return ()

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Any, rng: Rng) -> tuple[Tensor, Any]:
        e = problem.eps(z, t)
        past = (e, *carry)[:4]
        warm = len(past) > self.warm_steps or s == 0
        return transfer(problem, z, adams(past) if warm else self.warm_up(problem, z, e, t, s), t, s), past

    def warm_up(self, problem: Problem, z: Tensor, e: Tensor, t: float, s: float) -> Tensor:
        """The noise of one of the first ``warm_steps`` steps, for which there is no history yet; e is the prediction at (z, t)."""
        return 0.5 * (e + problem.eps(transfer(problem, z, e, t, s), s))

    def last(self, problem: Problem, z: Tensor, t: float, carry: Any, rng: Rng) -> Tensor:
        return self.step(problem, z, t, 0.0, carry, rng)[0]

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        ratio = then.alpha / now.alpha
        return {r"\frac{\alpha_s}{\alpha_t}": ratio, r"\sigma_s-\frac{\alpha_s}{\alpha_t}\sigma_t": then.sigma - ratio * now.sigma}
