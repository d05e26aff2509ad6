from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.ending import ToZero
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process, t64
from playground.core.rng import Rng
from playground.core.sampler import Variant
from playground.core.spec import Info


@dataclass(frozen=True)
class ReverseDiffusion(ToZero):
    """z_s = (2I − A) z_t + Q score(z_t, t) + √Q ξ, where z_t | z_s ~ N(A z_s, Q) is the forward process's own step.

    VP: (2 − √(1−β_i)) x + β_i score + √β_i ξ with β_i = 1 − (α_t/α_s)²; VE: x + (σ_t² − σ_s²) score + √(σ_t² − σ_s²) ξ. Any linear process.
    Weak order 1, one model call a step. Song et al. 2021, 2011.13456 (appendix E).
    """

    info = Info(
        "ReverseDiffusion",
        "reverse diffusion",
        "mirrors the forward step: the predictor of Song's predictor–corrector",
        "Song et al. 2021",
        "2011.13456",
        group="reverse SDE",
        rank=81,
        nfe=1,
        needs=frozenset({"linear", "mean"}),
    )
    formula = r"x_s = (2-A)\,x_t + Q\,\nabla\log p_t(x_t) + \sqrt{Q}\;z,\quad x_t\mid x_s\sim\mathcal N(A x_s, Q)"
    from_noise: ClassVar[bool] = True
    unpathed: ClassVar[str] = "draws position and velocity together here: two numbers of one motion"
    matches = ("ScoreSdeVeScheduler",)
    variants = (Variant("", {}, weak=1),)

    def called(self, process: Process) -> Called:
        return Called((Scheduler("ScoreSdeVeScheduler", {"correct_steps": 0}),))

    def noise_clock(self, process: Process) -> Clock | None:
        """√Q = α_t √(ρ_t² − ρ_s²) where there is one noise level."""
        return exponential(-1.0) if "snr" in process.caps else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        kernel = problem.linear.kernel
        a, q = problem.linear.transition(t64(s), t64(t))
        back, pull, root = kernel.near(z, self._back(a), q, kernel.root(q))
        mean = kernel.apply(back, z) + kernel.apply(pull, problem.score(z, t))
        return mean + kernel.apply(root, rng.normal(tuple(z.shape))), None

    def to_zero(self, problem: Problem, z: Tensor, t: float) -> Tensor:
        kernel = problem.linear.kernel
        a, q = problem.linear.transition(t64(0.0), t64(t))
        back, pull = kernel.near(z, self._back(a), q)
        return kernel.apply(back, z) + kernel.apply(pull, problem.score(z, t))

    def _back(self, a: Tensor) -> Tensor:
        return 2 * torch.eye(len(a), dtype=torch.float64) - a

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        a, q = problem.linear.transition(t64(s), t64(t))
        return {"A": float(a[0, 0]), "Q": float(q[-1, -1]), r"\sqrt{Q}": math.sqrt(float(q[-1, -1]))}
