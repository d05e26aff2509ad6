from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.fields import integer, slider
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


def langevin(problem: Problem, z: Tensor, t: float, step: float, repeats: int, rng: Rng) -> Tensor:
    """x ← x + (c σ²/2) score + √c σ z, ``repeats`` times, with σ² score = −(x − α x̂_0)."""
    at = problem.at(t)
    for noise in rng.normals(repeats, tuple(z.shape)):
        z = (1 - 0.5 * step) * z + 0.5 * step * at.alpha * problem.x0(z, t) + math.sqrt(step) * at.sigma * noise
    return z


@dataclass(frozen=True)
class AnnealedLangevin(Sampler[None]):
    """At every level s of the grid: x ← (α_s/α_t) x, then L times x ← x + (a/2) score + √a z with a = c σ_s².

    NCSN has L = 100 and a_i = 2·10⁻⁵ σ_i²/σ_10² = 0.2 σ_i²: the relative step √a/(2σ) = 0.2236 is the same on every level. The last step is the
    denoiser (Jolicoeur-Martineau et al. 2020, 2009.05475). L model calls a step. A step c leaves the Gaussian N(0, σ²) with variance
    σ²/(1 − c/4). A level is left before its law is reached where L c is small: at 20 steps of VE on two moons W₂ is 0.57 with L = 5 and NCSN's
    c = 0.2, 0.09 with c = 0.5, 0.05 with L = 20 and c = 0.2. Song & Ermon 2019, 1907.05600.
    """

    info = Info(
        "AnnealedLangevin",
        "annealed Langevin",
        "Langevin steps on one noise level after the other (NCSN)",
        "Song & Ermon 2019",
        "1907.05600",
        group="Langevin",
        rank=112,
        nfe=5,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x \leftarrow \tfrac{\alpha_s}{\alpha_t}x,\ \text{then}\ L\times:\ x \leftarrow x + \tfrac{a}{2}\nabla\log p_s(x) + \sqrt{a}\;z,\quad a = c\,\sigma_s^2"
    fine = ({"repeats": 12, "size": 0.1},)
    unpathed: ClassVar[str] = "draws several times on every noise level, not along the way"
    level_only = False
    repeats: int = integer(5, 1, 200, label="L repeats", help="Langevin steps on every level (NCSN: 100)")
    size: float = slider(
        0.5, 0.01, 1.0, 0.01, label="c step", help="squared step over σ² (NCSN: 0.2, which needs L = 20 or more on every level)"
    )

    def calls(self, steps: int) -> float | None:
        return self.repeats * (steps - 1) + 1

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        z = problem.at(s).alpha / problem.at(t).alpha * z
        return langevin(problem, z, s, self.size, self.repeats, rng), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {
            r"\tfrac{\alpha_s}{\alpha_t}": problem.at(s).alpha / problem.at(t).alpha,
            "a": self.size * problem.at(s).sigma ** 2,
            r"\sqrt{a}/2\sigma": 0.5 * math.sqrt(self.size),
        }
