from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.names import Called, Scheduler, call
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Twin, Variant
from playground.core.spec import Info
from playground.samplers.ddim import first_order
from playground.samplers.edm_heun import EDMHeun, heun

PLAIN = r"y_s = y_t + (\rho_s-\rho_t)\,d,\quad d=\frac{y_t-D}{\rho_t},\quad y=\tfrac{x}{\alpha},\ \rho=\tfrac{\sigma}{\alpha}"
"""The formula without churn."""


@dataclass(frozen=True)
class EDMEuler(EDMHeun):
    """Euler's method in the noise level ρ = σ/α on y = x/α, after an optional rise of the noise level ("churn"): the stochastic sampler of EDM with order 1.

        γ = min(S_churn/N, √2 − 1) if S_min ≤ ρ ≤ S_max; ρ̂ = (1 + γ)ρ; ŷ = y + √(ρ̂² − ρ²) S_noise z
        y_s = ŷ + (ρ_s − ρ̂)(ŷ − D)/ρ̂

    Order 1 without churn, where it is DDIM; one model call a step. Karras et al. 2022, 2206.00364 (algorithm 2 without its second stage; k-diffusion's "Euler").
    """

    info = Info(
        "EDMEuler",
        "EDM Euler",
        "one straight step in the noise level, with optional churn",
        "Karras et al. 2022",
        "2206.00364",
        group="first order",
        rank=32,
        order=1,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"\hat y = y_t + \sqrt{\hat\rho^2-\rho_t^2}\cdot S_{\mathrm{noise}}\,z,\ \hat\rho = (1+\gamma)\cdot\rho_t,\quad y_s = \hat y + (\rho_s-\hat\rho)\,d,\quad d=\frac{\hat y-D}{\hat\rho},\quad y=\tfrac{x}{\alpha},\ \rho=\tfrac{\sigma}{\alpha}"
    matches = ("EulerDiscreteScheduler",)
    twins = (Twin({}, "DDIM"),)
    named = ({}, {"churn": 40.0})
    variants = (Variant(""),)

    @property
    def printed(self) -> str:
        return self.formula if self.churn else PLAIN

    @property
    def declared_order(self) -> float | None:
        return 1 if self.churn == 0 else None

    def called(self, process: Process) -> Called:
        if self.churn == 0:
            return first_order(0)._replace(a1111="Euler", comfyui="euler")
        told = {"s_churn": self.churn, "s_tmin": self.churn_from, "s_tmax": self.churn_to, "s_noise": self.noise_scale}
        near = "its model has been asked at the level before the noise is added"
        known = tuple(Scheduler(name, step=told, near=near) for name in ("EulerDiscreteScheduler", "EDMEulerScheduler"))
        return Called(known, call("sample_euler", told), "Euler, churn set", "euler, churn in SamplerCustom")

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: int, rng: Rng) -> tuple[Tensor, int]:
        if self.churn:
            z, _, t = self._raised(problem, z, t, carry, rng)
        scale, k, _ = heun(problem.scalar, t, s)
        return torch.add(z * (scale * k), problem.x0(z, t), alpha=problem.at(s).alpha * (1 - k)), carry
