"""Textbook solvers of the probability-flow ODE dz/dt = F z − ½ GGᵀ score, in the process's own time, for every linear process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.ending import ToZero
from playground.core.fields import BadValue, slider
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info
from playground.samplers.ddim import STRAIGHT

ODE = frozenset({"velocity", "mean"})


def _info(key: str, title: str, tip: str, paper: str, rank: int, order: float, nfe: float | None) -> Info:
    return Info(key, title, tip, paper, group="probability-flow ODE", rank=rank, order=order, nfe=nfe, needs=ODE)


@dataclass(frozen=True)
class Euler(ToZero):
    """z_s = z_t + (s − t) u(z_t, t). Order 1, one model call a step. Song et al. 2021, 2011.13456."""

    info = _info("Euler", "Euler", "one straight step along the velocity, in t", "Euler 1768", 40, 1, 1)
    formula = r"x_s = x_t + (s-t)\,u(x_t,t)"
    from_noise: ClassVar[bool] = True
    matches = ("EulerDiscreteScheduler",)

    def called(self, process: Process) -> Called:
        """Elsewhere Euler steps in σ/α, which is DDIM; in t where σ or straight lines are the time."""
        if process.noise_elsewhere.time in ("sigma", "flow"):
            return Called(
                STRAIGHT[1:] + STRAIGHT[:1], "sample_euler", "Euler", "euler", 'DPM_Solver(algorithm_type="dpmsolver++").sample(order=1)'
            )
        return Called()

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        return z + (s - t) * problem.velocity(z, t), None

    def to_zero(self, problem: Problem, z: Tensor, t: float) -> Tensor:
        return z - t * problem.velocity(z, t)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"s-t": s - t}


@dataclass(frozen=True)
class Heun(Sampler[None]):
    """k₁ = u(z_t, t), k₂ = u(z_t + (s − t) k₁, s), z_s = z_t + (s − t)(k₁ + k₂)/2. Order 2, two model calls a step."""

    info = _info("Heun", "Heun", "averages the velocity at both ends of the step", "Heun 1900", 50, 2, 2)
    formula = r"x_s = x_t + \tfrac{s-t}{2}\,(k_1+k_2),\quad k_2 = u(x_t+(s-t)k_1,\,s)"
    from_noise: ClassVar[bool] = True
    rounding = (1e-4, 1e-4)

    def called(self, process: Process) -> Called:
        """Elsewhere Heun steps in σ/α."""
        if process.noise_elsewhere.time == "sigma":
            return Called((Scheduler("HeunDiscreteScheduler"),), "sample_heun", "Heun", "heun")
        return Called()

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        k1 = problem.velocity(z, t)
        k2 = problem.velocity(z + (s - t) * k1, s)
        return z + 0.5 * (s - t) * (k1 + k2), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"s-t": s - t}


@dataclass(frozen=True)
class RK4(Sampler[None]):
    """The classical Runge–Kutta method: z_s = z_t + (s − t)(k₁ + 2k₂ + 2k₃ + k₄)/6. Order 4, four model calls a step."""

    info = _info("RK4", "RK4", "four velocities a step, weighted 1 2 2 1", "Kutta 1901", 60, 4, 4)
    formula = r"x_s = x_t + \tfrac{s-t}{6}\,(k_1+2k_2+2k_3+k_4)"
    from_noise: ClassVar[bool] = True
    rounding = (1e-4, 1e-4)

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        h, m = s - t, 0.5 * (s + t)
        k1 = problem.velocity(z, t)
        k2 = problem.velocity(z + 0.5 * h * k1, m)
        k3 = problem.velocity(z + 0.5 * h * k2, m)
        k4 = problem.velocity(z + h * k3, s)
        return z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {"s-t": s - t}


# Dormand & Prince 1980, RK5(4)7M
NODES = (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0)
STAGES = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
)
FIFTH = (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)
ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
MOST_CALLS = 20_000


@dataclass(frozen=True)
class RK45(Sampler[tuple[float | None, Tensor | None]]):
    """Adaptive Dormand–Prince 5(4) between the grid's times; the root-mean-square error over the batch is kept under tolerance.

    The number of model calls follows from the tolerance, not from the grid. Order 5. Dormand & Prince 1980; Song et al. 2021.
    """

    info = _info(
        "RK45", "RK45 adaptive", "chooses its own steps between the grid's times to meet a tolerance", "Dormand & Prince 1980", 70, 5, None
    )
    formula = r"x_s = x_t + \tau\textstyle\sum_i b_i k_i,\quad \tau \text{ from } \|e\|\le \mathrm{tol}"
    from_noise: ClassVar[bool] = True
    unprinted = "chooses its own steps: the formula has no numbers of one step"
    rounding = (1e-4, 1e-4)
    couples_particles: ClassVar[bool] = True  # type: ignore[assignment]
    log_tol: float = slider(-5.0, -10.0, -2.0, 0.5, label="log₁₀ tol", help="relative and absolute tolerance, 10^…")

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> tuple[float | None, Tensor | None]:
        return None, None  # (last step length, last velocity)

    def step(
        self, problem: Problem, z: Tensor, t: float, s: float, carry: tuple[float | None, Tensor | None], rng: Rng
    ) -> tuple[Tensor, tuple[float | None, Tensor | None]]:
        tol = 10.0**self.log_tol
        length, k1 = carry
        length = min(length or 0.1 * (t - s), t - s)
        calls = problem.calls
        k1 = problem.velocity(z, t) if k1 is None else k1
        at_end = False
        while not at_end:
            at_end = length >= (t - s) * (1 - 1e-12)
            tau = (t - s) if at_end else length
            slopes = [k1]
            problem.prepare([t - node * tau for node in NODES[1:]])  # their tables in one batch
            for node, row in zip(NODES[1:], STAGES[1:], strict=True):
                stage = z - tau * sum(a * k for a, k in zip(row, slopes, strict=True))
                slopes.append(problem.velocity(stage, t - node * tau))
            z_new = z - tau * sum(b * k for b, k in zip(FIFTH, slopes, strict=True) if b)
            t_new = s if at_end else t - tau
            slopes.append(problem.velocity(z_new, t_new))
            error = tau * sum(e * k for e, k in zip(ERROR, slopes, strict=True) if e)
            ratio = float((error / (tol + tol * z.abs().maximum(z_new.abs()))).square().mean().sqrt())
            if problem.calls - calls > MOST_CALLS:
                raise BadValue("log_tol", self.log_tol, f"a tolerance met within {MOST_CALLS} model calls a step")
            if ratio != ratio:  # NaN: the state has left the finite range, the run reports it
                return z_new, (length, None)
            factor = 5.0 if ratio == 0 else min(5.0, max(0.2, 0.9 * ratio**-0.2))
            if ratio <= 1:
                z, t, k1 = z_new, t_new, slopes[-1]
                length = tau * factor if not at_end else max(length, tau * factor)
            else:
                length, at_end = tau * factor, False
        return z, (length, k1)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {r"\mathrm{tol}": 10.0**self.log_tol}
