from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.exponential import Ancestral, ancestral, middle, time_of
from playground.core.fields import only, slider
from playground.core.names import EQUAL, EVEN, STAGES, Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Variant
from playground.core.scaled import ScalesNoise
from playground.core.spec import Info
from playground.core.stages import FORMULA, GRID, Group, OnGrid, stages_option

NOISY = r"y_s = \tfrac{d}{\rho_t}\,y_t + \big(1-\tfrac{d}{\rho_t}\big)D(y_m,m) + u\,z,\quad y_m = \tfrac{\rho_m}{\rho_t}\,y_t + \big(1-\tfrac{\rho_m}{\rho_t}\big)D_t,\quad \rho_m=\sqrt{\rho_t\,d},\ d^2+u^2=\rho_s^2"
"""The formula with noise."""


@dataclass(frozen=True)
class DPMSolverPP2S(OnGrid[Group | None], ScalesNoise[Group | None]):
    """u = (σ_m/σ_t) x − α_m (e^{−h/2} − 1) D(x, t),  x_s = (σ_s/σ_t) x − α_s (e^{−h} − 1) D(u, m),  m half-way in L = ln(α/σ).

    Order 2, two model calls a step. Lu et al. 2022, 2211.01095 (algorithm 1, r = ½). "stages: grid": m is the grid's own time between, and a step is two of the grid's (core/stages.py).
    With η ("DPM++ 2S a", Crowson 2022, k-diffusion) the same in y = x/α, ρ = σ/α, from ρ_t down to d = √(ρ_s² − u²), with m half-way to there; noise of
    standard deviation u = η ρ_s √(1 − ρ_s²/ρ_t²) leads back up to ρ_s.
    """

    info = Info(
        "DPMSolverPP2S",
        "DPM-Solver++ 2S",
        "second order from the prediction in the middle of the step",
        "Lu et al. 2022",
        "2211.01095",
        group="exponential integrator",
        rank=101,
        order=2,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\sigma_s}{\sigma_t}\,x_t + \alpha_s\,(1-e^{-h})\,D(u,m),\quad u = \frac{\sigma_m}{\sigma_t}\,x_t + \alpha_m(1-e^{-h/2})\,D_t"
    matches = ("DPMSolverSinglestepScheduler",)
    fine = ({"eta": 1.0},)
    named = ({}, {"stages": "grid"}, {"eta": 1.0})
    variants = (Variant(""), Variant("η = 0.5", {"eta": 0.5}, weak=2), Variant("η = 1", {"eta": 1.0}, weak=2))
    eta: float = slider(0.0, 0.0, 1.0, 0.05, label="η noise", help="0: no noise, 1: full ancestral noise (“DPM++ 2S a”)")

    stages: str = stages_option((only("eta", 0.0),))

    @property
    def on_grid(self) -> bool:
        return self.stages == GRID and not self.eta

    @property
    def printed(self) -> str:
        return self.scaled(NOISY) if self.eta else FORMULA if self.on_grid else self.formula

    @property
    def declared_order(self) -> float | None:
        return None if self.eta else 2

    def called(self, process: Process) -> Called:
        if self.eta:
            eta = f", eta {self.eta:g}" if self.eta < 1 else ""
            return Called((), f"sample_dpmpp_2s_ancestral(eta={self.eta:g}{self.s_noise})", f"DPM++ 2S a{eta}", f"dpmpp_2s_ancestral{eta}")
        single = Scheduler("DPMSolverSinglestepScheduler", {"solver_order": 2}, near=STAGES)
        official = f'DPM_Solver(algorithm_type="dpmsolver++").sample(order=2, method="singlestep{"" if self.on_grid else "_fixed"}")'
        if self.on_grid:
            return Called((single._replace(near=EVEN),), dpm_solver=official, near=EQUAL)
        return Called((single,), "sample_dpmpp_2s_ancestral(eta=0)", "DPM++ 2S a, eta 0", "dpmpp_2s_ancestral, eta 0", official)

    def noise_clock(self, process: Process) -> Clock | None:
        return exponential(self.eta**2) if self.eta else None

    def group(self, grid: list[float]) -> Group:
        return Group.of(grid, 2)

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Group | None:
        return self.group(grid) if self.on_grid else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Group | None, rng: Rng) -> tuple[Tensor, Group | None]:
        if self.eta:
            return self._noisy(problem, z, t, s, rng), None
        if carry is not None:
            return carry.step(problem, z, t, s, self.in_noise)
        process = problem.scalar
        m = middle(process, t, s)
        now, mid, then = process.at(t), process.at(m), process.at(s)
        h = then.half_log_snr - now.half_log_snr
        u = mid.sigma / now.sigma * z - mid.alpha * math.expm1(-0.5 * h) * problem.x0(z, t)
        return then.sigma / now.sigma * z - then.alpha * math.expm1(-h) * problem.x0(u, m), None

    def _noisy(self, problem: Problem, z: Tensor, t: float, s: float, rng: Rng) -> Tensor:
        now, then = problem.at(t), problem.at(s)
        to = self._ends(problem, t, s)
        half = math.sqrt(to.down / to.rho)  # ρ_m/ρ_t
        m = time_of(problem.scalar, -math.log(half * to.rho))
        u = problem.at(m).alpha * (half / now.alpha * z + (1 - half) * problem.x0(z, t))
        keep = to.down / to.rho
        y = keep / now.alpha * z + (1 - keep) * problem.x0(u, m)
        return then.alpha * (y + to.up * self.noise_scale * rng.normal(tuple(z.shape)))

    def _ends(self, problem: Problem, t: float, s: float) -> Ancestral:
        return ancestral(math.exp(-problem.at(t).half_log_snr), math.exp(-problem.at(s).half_log_snr), self.eta)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        if self.eta:
            to = self._ends(problem, t, s)
            return {r"\rho_t": to.rho, r"\rho_m": math.sqrt(to.rho * to.down), "d": to.down, "u": to.up, **self.scale_terms}
        if self.on_grid:
            return {}
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {"h": h, r"\frac{\sigma_s}{\sigma_t}": then.sigma / now.sigma, r"\alpha_s(1-e^{-h})": -then.alpha * math.expm1(-h)}
