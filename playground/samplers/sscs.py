from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import promised
from playground.core.problem import Problem
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info
from playground.processes.cld import CLD

MIRROR = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)  # J A J with J = diag(1, −1)


@dataclass(frozen=True)
class SSCS(Sampler[None]):
    """Symmetric splitting CLD sampler: exact half step of the Ornstein–Uhlenbeck part, score kick, exact half step.

        u ← Ã u + N(0, E − Ã E Ãᵀ), Ã = J A(b) J, b = ∫β over the half step
        v ← v + 2Γ (∫β over the step) [score_v(u, t) + v/M]        (score at the step's start time t, as in the paper's code)
        u ← Ã' u + N(0, E − Ã' E Ã'ᵀ) with the second half's own ∫β

    Global order 1, one model call a step; better than Euler–Maruyama at few steps only. Dockhorn et al. 2022, 2112.07068.
    """

    info = Info(
        "SSCS",
        "SSCS",
        "splits CLD into a part solved exactly and a score kick",
        "Dockhorn et al. 2022",
        "2112.07068",
        group="phase space",
        rank=110,
        nfe=1,
        needs=frozenset({"phase", "mean"}),
    )
    formula = r"u \leftarrow e^{\frac h2 A}\, e^{h S}\, e^{\frac h2 A}\,u,\quad S:\ v \leftarrow v + 2\Gamma\!\textstyle\int\!\beta\,[\nabla_v\log p_t + M^{-1}v]"
    unpathed: ClassVar[str] = "draws position and velocity of two half steps together: two numbers of one motion"
    unprinted = "phase space only: its half steps are matrices (test_phase)"

    def _half(self, process: CLD, b: Tensor) -> tuple[Tensor, Tensor]:
        """Ã and a root of E − Ã E Ãᵀ."""
        return process.propagator(b) * MIRROR, process.kernel.root(process.noise_cov(b) * MIRROR)

    def _integrals(self, process: CLD, t: float, s: float) -> tuple[Tensor, Tensor]:
        top, mid, low = process.schedule.integral(t64([t, 0.5 * (t + s), s]))
        return top - mid, mid - low

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        process = promised(problem.process, CLD, "process", "CLD")
        apply = process.kernel.apply
        first, second = self._integrals(process, t, s)
        move, root, onward, last = process.kernel.near(z, *self._half(process, first), *self._half(process, second))
        noise = rng.normals(2, tuple(z.shape))
        u = apply(move, z) + apply(root, next(noise))
        x, v = u[:, 0], u[:, 1]
        score_v = problem.score(u, t)[:, 1]
        v = v + 2 * process.friction * float(first + second) * (score_v + v / process.mass)
        return apply(onward, torch.stack([x, v], 1)) + apply(last, next(noise)), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        process = promised(problem.process, CLD, "process", "CLD")
        first, second = self._integrals(process, t, s)
        return {"h": t - s, r"2\Gamma\!\int\!\beta": 2 * process.friction * float(first + second)}
