from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.names import Called
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info


@dataclass(frozen=True)
class Renoise(Sampler[None]):
    """x_s = α_s D(x_t, t) + σ_s z: to the data and back to s with new noise, as consistency models take several steps ("LCM" in image generators).

    One model call a step. Exact, in law, where D is a consistency function, which maps p_t to the data. The posterior mean E[x_0 | x_t] is none: what is noised
    again has less spread than the data, Var E[x_0 | x_t] = Var x_0 − E Var(x_0 | x_t), so that there is no order: small steps forget what they were about.
    Song et al. 2023, 2303.01469 (algorithm 1, with ε = 0).
    """

    info = Info(
        "Renoise",
        "full renoising",
        "predicts the data and noises them anew at every step, as consistency models do; of a denoiser it loses spread",
        "Song et al. 2023",
        "2303.01469",
        group="ancestral",
        rank=27,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \alpha_s\,D(x_t,t) + \sigma_s\,z"
    unpathed: ClassVar[str] = "noises the data anew at every step: its draws are of levels, not of ways between them"
    from_noise: ClassVar[bool] = True
    fine = ()

    def called(self, process: Process) -> Called:
        return Called(
            k_diffusion="sample_lcm", a1111="LCM", comfyui="lcm", near="LCM's models are consistency functions, with a scaling of their own"
        )

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        then = problem.at(s)
        return then.alpha * problem.x0(z, t) + then.sigma * rng.normal(tuple(z.shape)), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        then = problem.at(s)
        return {r"\alpha_s": then.alpha, r"\sigma_s": then.sigma}
