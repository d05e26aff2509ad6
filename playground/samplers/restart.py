from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.exponential import time_of
from playground.core.fields import BadValue, above, integer, slider
from playground.core.names import Called
from playground.core.problem import Problem
from playground.core.process import Process, ScalarProcess
from playground.core.rng import Rng
from playground.core.sampler import STEEP, Sampler, Twin, Variant
from playground.core.spec import Info
from playground.samplers.edm_heun import EDMHeun

HEUN = EDMHeun()
RHO = 7.0  # Karras's exponent of the inner grid


@dataclass(frozen=True)
class Restart(Sampler[None]):
    """EDM Heun; on reaching the first grid level ρ_s ≤ low, K times: noise up to ``high`` and n Heun steps (Karras grid) back down to ρ_s.

        y ← y + √(high² − ρ_s²) S_noise z,   y ← Heun from high to ρ_s     (y = x/α, ρ = σ/α)

    The noise contracts errors made earlier, the ODE makes few of its own. K = 0: EDM Heun, order 2. Model calls: 2N − 1 + 2Kn.
    Xu et al. 2023, 2306.14878.
    """

    info = Info(
        "Restart",
        "Restart",
        "Heun, but goes back up in noise a few times and down again: contracts accumulated error",
        "Xu et al. 2023",
        "2306.14878",
        group="reverse SDE",
        rank=86,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"y \leftarrow y + \sqrt{\rho_{\max}^2-\rho_s^2}\;S_{\mathrm{noise}}\,z,\quad y\leftarrow \mathrm{ODE}(\rho_{\max}\to\rho_s)\quad K\ \text{times where}\ \rho_s\le\rho_{\min}<\rho_t"
    unpathed: ClassVar[str] = "adds noise anew where it goes back up"
    rounding = STEEP
    fine = ({}, {"low": 0.2, "high": 2.0})
    twins = (Twin({"times": 0}, "EDMHeun"),)
    variants = (Variant("K = 0", {"times": 0}),)
    low: float = slider(
        0.06, 0.01, 5.0, 0.01, label="ρ min", help="restart from the first grid level σ/α at or below this", when=above("times", 0)
    )
    high: float = slider(0.5, 0.02, 40.0, 0.01, label="ρ max", help="the noise level σ/α to go back up to", when=above("times", 0))
    times: int = integer(2, 0, 20, label="K times", help="how many times")
    inner: int = integer(4, 1, 30, label="n inner", help="Heun steps on each way down", when=above("times", 0))
    noise_scale: float = slider(1.003, 0.9, 1.1, 0.001, label="S noise", help="scale of the noise put back", when=above("times", 0))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise BadValue("high", self.high, f"more than low = {self.low:g}")

    @property
    def declared_order(self) -> float | None:
        return 2 if self.times == 0 else None

    def calls(self, steps: int) -> float | None:
        """Of a grid that passes ``low``; ``calls_on`` knows for a given one."""
        return 2 * steps - 1 + (2 * self.times * self.inner if steps > 1 else 0)

    def calls_afresh(self, steps: int) -> float | None:
        return self.calls(steps)  # the restart is made once, and there is no history

    def _top(self, process: ScalarProcess, above: float, here: float) -> float | None:
        """The level to go back up to after the step from level ``above`` to ``here``; None where the run goes on."""
        top = min(self.high, math.exp(-process.at(process.t_max).half_log_snr))
        return top if here <= self.low < above and here < top else None

    def calls_on(self, process: Process, grid: list[float]) -> float:
        """2N − 1 and, where a step reaches ``low``, 2Kn more."""
        scalar = process.scalar()
        levels = [math.exp(-scalar.at(t).half_log_snr) for t in grid if t > 0]
        passed = sum(self._top(scalar, a, b) is not None for a, b in itertools.pairwise(levels))
        return 2 * (len(levels) - 1) + (grid[-1] == 0) + 2 * self.times * self.inner * passed

    def calls_first(self, process: Process, grid: list[float]) -> float:
        """Whether that step reaches ``low`` is seen from the grid."""
        whole = self.calls_on(process, grid)
        return whole if len(grid) == 2 else whole - self.calls_on(process, grid[1:])

    def called(self, process: Process) -> Called:
        if self.times == 0:
            return HEUN.called(process)
        return Called(a1111="Restart", near="A1111's levels and numbers of restarts are its own")

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        process = problem.scalar
        z = HEUN.step(problem, z, t, s, 1, rng)[0]
        above, here = (math.exp(-process.at(u).half_log_snr) for u in (t, s))
        top = self._top(process, above, here)
        if top is None:
            return z, None
        a, b = top ** (1 / RHO), here ** (1 / RHO)
        levels = [(a + (b - a) * i / self.inner) ** RHO for i in range(self.inner)]
        down = [time_of(process, -math.log(level)) for level in levels] + [s]
        lift = process.at(down[0]).alpha / process.at(s).alpha
        spread = process.at(down[0]).alpha * math.sqrt(top * top - here * here) * self.noise_scale
        for noise in rng.normals(self.times, tuple(z.shape)):
            z = lift * z + spread * noise
            for u, v in itertools.pairwise(down):
                z = HEUN.step(problem, z, u, v, 1, rng)[0]
        return z, None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        rho, low = (math.exp(-problem.at(u).half_log_snr) for u in (t, s))
        found = {r"\rho_t": rho, r"\rho_s": low}
        top = self._top(problem.scalar, rho, low)
        return {**found, r"\rho_{\max}": top, r"S_{\mathrm{noise}}": self.noise_scale} if top and self.times else found
