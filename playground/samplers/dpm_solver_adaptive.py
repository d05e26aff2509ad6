from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from torch import Tensor

from playground.core.exponential import middle, phi, raised, rise_of, time_of
from playground.core.fields import BadValue, integer, slider
from playground.core.names import Called, call
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info
from playground.samplers.dpm_solver import change

FIRST, SAFETY, MOST_CALLS = 0.05, 0.9, 20_000


class Pace(NamedTuple):
    """What it keeps: the length in L of the step that it means to make, and the last x of lower order."""

    length: float = FIRST
    lower: Tensor | None = None


@dataclass(frozen=True)
class DPMSolverAdaptive(Sampler[Pace]):
    """DPM-Solver between the grid's times in steps of its own: two solutions of the step h in L from the same predictions, of order 1 and 2 (DPM-Solver-12) or 2 and 3
    (DPM-Solver-23). The step is taken, with the higher one, where E ≤ 1 for every particle; then, or else again, h becomes 0.9 h E^{−1/order}, at most to the next time.

        E = max over particles of √(mean ((x_high − x_low)/δ)²),    δ = max(atol, rtol max(|x_low|, |x_low of the step before|))

    12: DDIM, and singlestep 2. 23: singlestep 2 with its prediction at h/3, and singlestep 3. The first h is 0.05. How many model calls that is follows from the
    tolerances. Order 2 or 3. Lu et al. 2022, 2206.00927 (appendix C).
    """

    info = Info(
        "DPMSolverAdaptive",
        "DPM-Solver adaptive",
        "DPM-Solver-12 or -23: chooses its own steps between the grid’s times",
        "Lu et al. 2022",
        "2206.00927",
        group="exponential integrator",
        rank=102,
        order=3,
        nfe=None,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_{\mathrm{high}},\,x_{\mathrm{low}}\ \text{of a step}\ h\ \text{in}\ L,\quad h \to 0.9\,h\,E^{-1/p},\quad \text{taken where}\ E = \Big\|\tfrac{x_{\mathrm{high}}-x_{\mathrm{low}}}{\delta}\Big\| \le 1"
    unprinted = "chooses its own steps: the formula has no numbers of one step"
    rounding = (1e-4, 1e-4)
    level_only: ClassVar[bool] = False  # the tolerance is one of x
    order: int = integer(3, 2, 3, help="2: DPM-Solver-12, 3: DPM-Solver-23")
    rtol: float = slider(0.05, 0.001, 0.5, log=True, label="relative tol", help="of the size of a coordinate")
    atol: float = slider(0.0078, 0.0001, 0.1, log=True, label="absolute tol", help="in units of x")

    @property
    def couples_particles(self) -> bool:
        return True

    @property
    def declared_order(self) -> float | None:
        return self.order

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Pace:
        return Pace()

    def called(self, process: Process) -> Called:
        told = {"order": self.order, "rtol": self.rtol, "atol": self.atol}
        official = call("sample", {"method": "adaptive", **told})
        near = "they have one grid, from the first level to the last: here the steps are chosen between the grid's times"
        return Called(
            (),
            call("sample_dpm_adaptive", told),
            "DPM adaptive",
            "dpm_adaptive",
            f'DPM_Solver(algorithm_type="dpmsolver").{official}',
            near,
        )

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Pace, rng: Rng) -> tuple[Tensor, Pace]:
        process = problem.scalar
        at, end = process.at(t).half_log_snr, process.at(s).half_log_snr
        length, before, calls = carry.length, z if carry.lower is None else carry.lower, problem.calls
        x0 = problem.x0(z, t)
        while True:
            at_end = length >= (end - at) * (1 - 1e-12)
            h = end - at if at_end else length
            to = s if at_end else time_of(process, at + h)
            low, high = self._pair(problem, z, x0, t, to)
            off = ((high - low) / (self.rtol * low.abs().maximum(before.abs())).clamp_min(self.atol)).flatten(1)
            error = float(off.square().mean(1).sqrt().max())
            if problem.calls - calls > MOST_CALLS:
                raise BadValue("rtol", self.rtol, f"a tolerance met within {MOST_CALLS} model calls a step")
            if error != error:  # NaN: the state has left the finite range, the run reports it
                return high, Pace(length, low)
            grown = SAFETY * h * (error ** (-1 / self.order) if error else math.inf)
            if error > 1:
                length = grown
                continue
            z, t, at, before = high, to, at + h, low
            if at_end:
                return z, Pace(min(max(length, grown), 1e3), before)  # a step cut off by the grid says nothing against a longer one
            length = grown
            x0 = problem.x0(z, t)

    def _pair(self, problem: Problem, z: Tensor, x0: Tensor, t: float, s: float) -> tuple[Tensor, Tensor]:
        """x_s of the lower and of the higher order."""
        process = problem.scalar
        h = process.at(s).half_log_snr - process.at(t).half_log_snr
        rise = rise_of(process, x0, t, s)
        if self.order == 2:
            m = middle(process, t, s)
            problem.prepare([m, s])  # their tables in one batch
            low, high = rise, rise - math.expm1(h) * change(problem, z, x0, t, m)
        else:
            one, two = (middle(process, t, s, share) for share in (1 / 3, 2 / 3))
            problem.prepare([one, two, s])
            h2 = 2 * h / 3
            d1 = change(problem, z, x0, t, one)
            low = rise - 1.5 * math.expm1(h) * d1
            high = rise - 1.5 * h * phi(2, h) * change(problem, z, x0, t, two, 2 * h2 * phi(2, h2) * d1)
        return raised(process, z, low, t, s), raised(process, z, high, t, s)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"p": float(self.order)}
