from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.names import NoiseElsewhere
from playground.core.process import ScalarGaussian, t64
from playground.core.spec import Info
from playground.processes.ve import ExplodingNoise

PACE = 0.05  # the stage's clock runs in ln(1 + σ/0.05): evenly in log σ above this level, linearly below


@dataclass(frozen=True)
class NoiseTime(ExplodingNoise):
    """Time is the noise level: α = 1, σ = t, g² = 2t. What EDM and PFGM++ share."""

    sigma_min: float = slider(0.002, 0.0005, 0.1, 0.0005, label="σ min", help="where sampling stops before the last step")
    sigma_max: float = slider(80.0, 1.0, 160.0, 1.0, label="σ max", help="where sampling starts")

    @property
    def t_min(self) -> float:  # type: ignore[override]
        return self.sigma_min

    @property
    def t_max(self) -> float:
        return self.sigma_max

    @property
    def noise_elsewhere(self) -> NoiseElsewhere:
        return NoiseElsewhere(time="sigma")

    def clock(self, t: Tensor) -> Tensor:
        return torch.log1p(t64(t) / PACE) / math.log1p(self.sigma_max / PACE)

    def unclock(self, c: Tensor) -> Tensor:
        return PACE * torch.expm1(t64(c) * math.log1p(self.sigma_max / PACE))

    def sigma(self, t: Tensor) -> Tensor:
        return t64(t)

    def dsigma(self, t: Tensor) -> Tensor:
        return torch.ones_like(t64(t))

    def half_log_snr(self, t: Tensor) -> Tensor:
        return -torch.log(t64(t))

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        return torch.exp(-t64(half_log_snr))

    def g2(self, t: Tensor) -> Tensor:
        return 2 * t64(t)


@dataclass(frozen=True)
class EDM(NoiseTime, ScalarGaussian):  # pyright: ignore[reportIncompatibleVariableOverride] - t_min follows from sigma_min
    """x_t = x_0 + t ε: time is the noise level, α = 1, σ = t, g² = 2t. Karras et al. 2022, 2206.00364."""

    info = Info("EDM", "EDM", "time is the noise level: x_t = x_0 + σ ε with σ = t", "Karras et al. 2022", "2206.00364", rank=40)

    formula = r"\mathrm dx = \sqrt{2t}\,\mathrm dw,\quad x_t = x_0 + \sigma\varepsilon,\ \sigma = t"

    @property
    def noise_elsewhere(self) -> NoiseElsewhere:
        return NoiseElsewhere({"edm": ("edm", {"sigma_min": self.sigma_min, "sigma_max": self.sigma_max})}, time="sigma")
