from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.exponential import ancestral
from playground.core.fields import slider
from playground.core.names import Called
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Twin, Variant
from playground.core.scaled import ScalesNoise
from playground.core.spec import Info
from playground.samplers.ddim import ANCESTRAL, STRAIGHT, first_order


@dataclass(frozen=True)
class EulerAncestral(ScalesNoise[None]):
    """y_s = y_t + (d − ρ_t)(y_t − D)/ρ_t + u z in y = x/α, ρ = σ/α: u = η ρ_s √(1 − ρ_s²/ρ_t²), d = √(ρ_s² − u²).

    η = 0: Euler in ρ, which is DDIM (order 1); η = 1: d = ρ_s²/ρ_t, which is DDPM with small variance. For 0 < η < 1 it is DDIM(η) too:
    one sampler under its third name, in the variables that image generators show. One model call a step. Crowson 2022, k-diffusion.
    """

    info = Info(
        "EulerAncestral",
        "Euler ancestral",
        "Euler in the noise level below the target, then noise back up to it",
        "Crowson 2022 (k-diffusion); Karras et al. 2022",
        "2206.00364",
        group="ancestral",
        rank=25,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"y_s = y_t + (d-\rho_t)\,\frac{y_t-D}{\rho_t} + u\,z,\quad d^2+u^2=\rho_s^2"
    matches = ("EulerAncestralDiscreteScheduler",)
    named = ({}, {"eta": 0.5}, {"eta": 0.0})
    twins = (Twin({"eta": 0.0}, "DDIM"), Twin({"eta": 0.4}, "DDIM", {"eta": 0.4}), Twin({}, "DDPM"))
    variants = (
        Variant("η = 0", {"eta": 0.0}),
        Variant("", {}, weak=1),
        Variant("η = 0.5", {"eta": 0.5}, weak=1),
    )
    eta: float = slider(1.0, 0.0, 1.0, 0.05, label="η noise", help="0: Euler in the noise level, 1: full ancestral noise")

    @property
    def declared_order(self) -> float | None:
        return 1 if self.eta == 0 else None

    def called(self, process: Process) -> Called:
        order = {0.0: STRAIGHT[1:] + STRAIGHT[:1], 1.0: (ANCESTRAL[1], ANCESTRAL[0], *ANCESTRAL[2:])}
        eta = f", eta {self.eta:g}" if 0 < self.eta < 1 else ""
        if self.eta == 0:
            return first_order(0)._replace(diffusers=order[0.0], a1111="Euler", comfyui="euler")
        return Called(
            order.get(self.eta, first_order(self.eta).diffusers),
            f"sample_euler_ancestral(eta={self.eta:g}{self.s_noise})",
            f"Euler a{eta}",
            f"euler_ancestral{eta}",
        )

    def noise_clock(self, process: Process) -> Clock | None:
        return exponential(self.eta**2) if self.eta else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        now, then = problem.at(t), problem.at(s)
        rho, down, up = ancestral(math.exp(-now.half_log_snr), math.exp(-then.half_log_snr), self.eta)
        keep = down / rho
        z_s = then.alpha * keep / now.alpha * z + then.alpha * (1 - keep) * problem.x0(z, t)
        return (z_s + then.alpha * up * self.noise_scale * rng.normal(tuple(z.shape)) if up > 0 else z_s), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        rho, low = (math.exp(-problem.at(u).half_log_snr) for u in (t, s))
        step = ancestral(rho, low, self.eta)
        return {r"\rho_t": step.rho, "d": step.down, "u": step.up, **self.scale_terms}
