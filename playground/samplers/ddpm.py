from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.fields import choice, only, slider
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler, Twin, Variant
from playground.core.spec import Info
from playground.samplers.ddim import ANCESTRAL


@dataclass(frozen=True)
class DDPM(Sampler[None]):
    """x_s = α_s x̂_0 + (σ_s/σ_t) e^{−h} (x_t − α_t x̂_0) + √v z, h = L_s − L_t.

    The mean of q(x_s | x_t, x_0 = x̂_0). v small: σ_s² (1 − e^{−2h}), that law's own variance (right for one data point);
    large: σ_t² (1 − e^{−2h}), the forward step's variance (right for N(0, I) data); interpolated: log-linear between them with weight v,
    the range of improved DDPM's learned variance (v = 0 small, 1 large). No noise in the last step.
    One model call a step. Limits: small = DDIM(η = 1). Ho et al. 2020, 2006.11239; Nichol & Dhariwal 2021, 2102.09672.
    """

    info = Info(
        "DDPM",
        "DDPM ancestral",
        "posterior mean given x̂₀, plus noise of a fixed variance",
        "Ho et al. 2020",
        "2006.11239",
        group="ancestral",
        rank=20,
        nfe=1,
        needs=frozenset({"snr", "linear", "mean"}),
    )
    formula = r"x_s = a\,x_t + b\,\hat x_0 + \sqrt{v}\,z"
    from_noise: ClassVar[bool] = True
    matches = ("DDPMScheduler",)
    named = ({}, {"variance": "large"}, {"variance": "interpolated"})
    fine = ({}, {"variance": "interpolated"})
    twins = (
        Twin({"variance": "interpolated", "weight": 0.0}, "DDPM"),
        Twin({"variance": "interpolated", "weight": 1.0}, "DDPM", {"variance": "large"}),
    )
    variants = (
        Variant("small", {}, weak=1),
        Variant("interpolated", {"variance": "interpolated", "weight": 0.3}, weak=1),
    )
    variance: str = choice("small", ("small", "large", "interpolated"), help="β̃ (small), β (large), or between them")
    weight: float = slider(
        0.5,
        0.0,
        1.0,
        0.05,
        label="weight w",
        help="interpolated variance e^{w ln β + (1 − w) ln β̃}: 0 small, 1 large",
        when=only("variance", "interpolated"),
    )

    def _coefficients(self, problem: Problem, t: float, s: float) -> tuple[float, float, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        a = then.sigma / now.sigma * math.exp(-h)
        v = {"small": 0.0, "large": 1.0}.get(self.variance, self.weight)
        spread = then.sigma ** (1 - v) * now.sigma**v
        return a, then.alpha - a * now.alpha, spread * math.sqrt(-math.expm1(-2 * h))

    def called(self, process: Process) -> Called:
        if self.variance == "small":
            return Called(ANCESTRAL, "sample_euler_ancestral", "Euler a", "ddpm")
        if self.variance == "large":
            return Called(
                (
                    Scheduler(
                        "DDPMScheduler",
                        {"clip_sample": False, "variance_type": "fixed_large"},
                        near="it draws noise in its last step too, unless that one is timestep 0",
                    ),
                )
            )
        given = "the weight w is what the network tells beside its prediction, 2w − 1"
        return Called((Scheduler("DDPMScheduler", {"clip_sample": False, "variance_type": "learned_range"}, near=given),))

    def noise_clock(self, process: Process) -> Clock | None:
        """√v ∝ σ_s^{1−w} σ_t^w √(1 − e^{−2h}): of the integral that is damped like σ_s^{1−w} σ_t^w."""
        return exponential({"small": 1.0, "large": -1.0}.get(self.variance, 1 - 2 * self.weight))

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        a, b, sd = self._coefficients(problem, t, s)
        return a * z + b * problem.x0(z, t) + sd * rng.normal(tuple(z.shape)), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        a, b, sd = self._coefficients(problem, t, s)
        return {"a": a, "b": b, r"\sqrt{v}": sd}
