from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.exponential import time_of
from playground.core.fields import integer, slider
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler
from playground.core.spec import Info
from playground.samplers.annealed_langevin import langevin


@dataclass(frozen=True)
class Langevin(Sampler[str | None]):
    """Langevin steps on one small noise level ρ = σ/α all the time, whatever the grid's times: x ← x + (a/2) score + √a z, a = c σ².

    It shows why annealing is needed: particles find the nearest mode and stay, so the modes' weights are those of the start (here the
    prior's draw scaled to N(0, I)), not the data's. The last step is the denoiser of that level. L model calls a step.
    Roberts & Tweedie 1996; Song & Ermon 2019, 1907.05600 (section 3.2).
    """

    info = Info(
        "Langevin",
        "Langevin on one level",
        "Langevin steps without annealing: finds modes, but not their weights",
        "Song & Ermon 2019",
        "1907.05600",
        group="Langevin",
        rank=113,
        nfe=5,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x \leftarrow x + \tfrac{a}{2}\nabla\log p_{\rho}(x) + \sqrt{a}\;z,\quad a = c\,\sigma^2"
    from_noise: ClassVar[bool] = True
    fine = ()  # its particles do not get from one mode to another in so few steps
    unpathed: ClassVar[str] = "draws on one noise level, not along the way"
    level_only = False
    level: float = slider(0.1, 0.01, 2.0, 0.01, label="ρ level", help="the noise level σ/α of the score")
    repeats: int = integer(5, 1, 200, label="L repeats", help="Langevin steps in every step of the grid")
    size: float = slider(0.2, 0.01, 1.0, 0.01, label="c step", help="squared step over σ²")

    def calls(self, steps: int) -> float | None:
        return self.repeats * (steps - 1) + 1

    @property
    def ending(self) -> Ending:
        return Ending(denoised=False, words=f"{{x}}₀ is {{mean}}, at the level ρ = {self.level:g} where it has moved")

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> str | None:
        return "start"

    def resume(self, problem: Problem, z: Tensor, grid: list[float], index: int) -> str | None:
        return "start" if index == 0 else None  # later the state is on the level already

    def _time(self, problem: Problem) -> float:
        return time_of(problem.scalar, -math.log(self.level))

    def _begin(self, problem: Problem, z: Tensor, t: float, carry: str | None) -> Tensor:
        at = problem.at(t)
        return z / math.sqrt(at.alpha**2 + at.sigma**2) if carry == "start" else z

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: str | None, rng: Rng) -> tuple[Tensor, str | None]:
        z = self._begin(problem, z, t, carry)
        return langevin(problem, z, self._time(problem), self.size, self.repeats, rng), None

    def last(self, problem: Problem, z: Tensor, t: float, carry: str | None, rng: Rng) -> Tensor:
        return problem.x0(self._begin(problem, z, t, carry), self._time(problem))

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        at = problem.at(self._time(problem))
        return {"a": self.size * at.sigma**2, r"\sigma": at.sigma}
