from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.grid import Grid
from playground.core.problem import Problem
from playground.core.process import Process, ScalarProcess, t64
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info, Misfit
from playground.grids.auto import stand_in

MOST = 200  # steps
LEVELS, NODES = (
    256,
    33,
)  # levels that steps may end at, among them the even grid's; and where the variance is measured, ln V by straight lines between them
PARTICLES = 1024


@dataclass(frozen=True)
class OptimalTrajectory(Grid):
    """The times at which n steps of Analytic-DPM lose least: of all ways over about 256 levels, even in ln(α/σ), the one with the least

        Σ J(s_i, t_i),   J(s, t) = ½ ln(σ*²/β̃),   σ*² = β̃ + c E tr Cov(x_0 | x_t)/d

    found by dynamic programming: d Σ J is, but for a constant, the KL divergence of the forward chain at these times from a chain of Gaussian steps with DDPM's mean and the optimal isotropic
    variance. The variance is measured at 33 levels. Bao et al. 2022, 2201.06503 (section 4); dynamic programming: Watson et al. 2021, 2106.03802.
    """

    info = Info(
        "OptimalTrajectory",
        "optimal trajectory",
        "the times at which ancestral steps with the optimal variance lose least, by dynamic programming",
        "Bao et al. 2022",
        "2201.06503",
        rank=71,
        needs=frozenset({"snr", "linear", "mixture", "oracle"}),
    )
    formula: ClassVar[str] = r"\min_{t_0>\dots>t_n}\ \sum_i \tfrac12\ln\frac{\sigma^{*2}_{t_{i+1}\mid t_i}}{\tilde\beta_{t_{i+1}\mid t_i}}"

    def misfit(self, process: Process) -> Misfit | None:
        if self.steps <= MOST:
            return None
        return Misfit(field="steps", value=self.steps, allowed=f"at most {MOST}: ways over so many levels are compared")

    def times(self, process: Process, problem: Problem | None = None, sampler: Sampler | None = None) -> Tensor:
        intervals = self.steps - 1 if self.denoise else self.steps
        if intervals <= 1:
            return Grid.times(self, process)
        scalar = process.scalar()
        first, last = scalar.evened(process.t_level), scalar.evened(process.t_min)
        levels = np.linspace(first, last, intervals * max(1, LEVELS // intervals) + 1)
        nodes = np.linspace(first, last, NODES)
        known = measured(problem or stand_in(process), scalar.time_at(t64(nodes.tolist())).tolist())
        variance = np.exp(np.interp(levels, nodes, np.log(known)))
        chosen = shortest(losses(scalar, levels, variance), intervals)
        inner = scalar.time_at(t64(levels[chosen].tolist()))
        inner[0], inner[-1] = process.t_max, process.t_min
        return torch.cat([inner, torch.zeros(1, dtype=torch.float64)]) if self.denoise else inner

    def place(self, process: Process, u: Tensor) -> Tensor:
        return process.t_max + (process.t_min - process.t_max) * u  # a single interval: nothing to choose


def measured(problem: Problem, times: list[float]) -> np.ndarray:
    """E tr Cov(x_0 | x_t)/d = E|x_0 − x̂_0|²/d at these times, to some per cent: of the same data and noise at all of them, so that it has no jumps."""
    asked, data = Problem(problem.process, problem.predictor), problem.exact.data
    rng = Rng(0, dtype=torch.float64).stream("trajectory")
    x0, _ = data.sample(rng.uniform((PARTICLES,)), rng.normal((PARTICLES, data.dim)))
    noise = rng.normal(tuple(x0.shape))
    asked.prepare(times)
    with torch.no_grad():
        told = [asked.x0(asked.at(t).alpha * x0 + asked.at(t).sigma * noise, t).reshape(x0.shape) for t in times]
    return np.array([float((x - x0).square().mean()) for x in told])


def losses(process: ScalarProcess, levels: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """J of a step from level i (row) to level j (column), rising ln(α/σ) (n,), with E tr Cov(x_0 | x_t)/d at each (n,); ∞ where j ≤ i."""
    t = process.time_at(t64(levels.tolist()))
    alpha, sigma = process.alpha(t).numpy(), process.sigma(t).numpy()
    h = levels[None, :] - levels[:, None]
    down = h > 0
    h = np.where(down, h, 1.0)
    least = sigma[None, :] ** 2 * -np.expm1(-2 * h)  # β̃
    c = (alpha[None, :] * -np.expm1(-2 * h)) ** 2  # α_s − (σ_s/σ_t) e^{−h} α_t
    return np.where(down, 0.5 * np.log1p(c * variance[:, None] / least), np.inf)


def shortest(cost: np.ndarray, steps: int) -> np.ndarray:
    """The way of so many steps from the first to the last place, (steps + 1,), whose costs sum to the least."""
    best, came = cost[0], []
    for _ in range(steps - 1):
        through = best[:, None] + cost
        came.append(through.argmin(0))
        best = through.min(0)
    way = [len(cost) - 1]
    for before in reversed(came):
        way.append(int(before[way[-1]]))
    return np.array([0, *reversed(way)])
