from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.exponential import ancestral, time_of
from playground.core.fields import slider
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Variant
from playground.core.scaled import ScalesNoise
from playground.core.spec import Info

MIDDLES = "A1111 leaves out the last σ but one; early versions of k-diffusion had the middle at the mean of cube roots"


@dataclass(frozen=True)
class KDPM2(ScalesNoise[None]):
    """Midpoint rule in the noise level ρ = σ/α on y = x/α, the middle being geometric: m = √(ρ_t d).

        y_m = y_t + (m − ρ_t)(y_t − D)/ρ_t,  y_s = y_t + (d − ρ_t)(y_m − D_m)/m + u z,  u = η ρ_s √(1 − ρ_s²/ρ_t²), d = √(ρ_s² − u²)

    η = 0: KDPM2, order 2; η = 1: its ancestral variant. Two model calls a step. Karras et al. 2022, 2206.00364; Crowson, k-diffusion.
    """

    info = Info(
        "KDPM2",
        "KDPM2",
        "the slope from the geometric middle of the noise levels; η adds ancestral noise",
        "Karras et al. 2022; Crowson 2022",
        "2206.00364",
        group="second order",
        rank=92,
        order=2,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"y_s = y_t + (d-\rho_t)\,\frac{y_m-D(y_m)}{m} + u\,z,\quad m=\sqrt{\rho_t d},\ d^2+u^2=\rho_s^2"
    matches = ("KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler")
    tried = ({}, {"eta": 1.0})
    named = ({}, {"eta": 1.0})
    fine = ({"eta": 1.0},)
    rounding = (1e-4, 1e-4)
    variants = (
        Variant(""),
        Variant("ancestral", {"eta": 1.0}, weak=2),
    )
    eta: float = slider(0.0, 0.0, 1.0, 0.05, label="η noise", help="0: deterministic, 1: ancestral")

    @property
    def declared_order(self) -> float | None:
        return 2 if self.eta == 0 else None

    def called(self, process: Process) -> Called:
        eta = f", eta {self.eta:g}" if 0 < self.eta < 1 else ""
        if self.eta == 0:
            return Called((Scheduler("KDPM2DiscreteScheduler"),), "sample_dpm_2", "DPM2", "dpm_2", near=MIDDLES)
        known = (Scheduler("KDPM2AncestralDiscreteScheduler", near="" if self.eta == 1 else "its η is 1"),)
        return Called(
            known, f"sample_dpm_2_ancestral(eta={self.eta:g}{self.s_noise})", f"DPM2 a{eta}", f"dpm_2_ancestral{eta}", near=MIDDLES
        )

    def noise_clock(self, process: Process) -> Clock | None:
        return exponential(self.eta**2) if self.eta else None

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        process = problem.scalar
        now, then = process.at(t), process.at(s)
        rho, down, up = ancestral(math.exp(-now.half_log_snr), math.exp(-then.half_log_snr), self.eta)
        mid = math.sqrt(rho * down)
        t_mid = time_of(process, -math.log(mid))
        alpha_mid = process.at(t_mid).alpha
        d = (1 - mid / rho) * problem.x0(z, t)
        guess = alpha_mid * mid / rho / now.alpha * z + alpha_mid * d
        # y_s with y_m put in: (d/ρ_t) y + (ρ_t − d)/m · (D_m − (1 − m/ρ_t) D), without y, which is large where α is small
        out = then.alpha * down / rho / now.alpha * z + then.alpha * (rho - down) / mid * (problem.x0(guess, t_mid) - d)
        if up > 0:
            out = out + then.alpha * up * self.noise_scale * rng.normal(tuple(z.shape))
        return out, None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        rho, low = (math.exp(-problem.at(u).half_log_snr) for u in (t, s))
        step = ancestral(rho, low, self.eta)
        return {r"\rho_t": step.rho, "m": math.sqrt(step.rho * step.down), "d": step.down, "u": step.up, **self.scale_terms}
