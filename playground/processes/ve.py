from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.names import NoiseElsewhere
from playground.core.process import ScalarGaussian, ScalarProcess, t64
from playground.core.spec import Info


@dataclass(frozen=True)
class ExplodingNoise(ScalarProcess):
    """What VE, EDM and PFGM++ share: α = 1; views are scaled to stay on fixed axes."""

    def alpha(self, t: Tensor) -> Tensor:
        return torch.ones_like(t64(t))

    def dalpha(self, t: Tensor) -> Tensor:
        return torch.zeros_like(t64(t))

    view_scale_label = "/ √(1+σ²)"

    def view_scale(self, t: Tensor) -> Tensor:
        return torch.rsqrt(1 + self.sigma(t).square())


@dataclass(frozen=True)
class VE(ExplodingNoise, ScalarGaussian):
    """Variance exploding: dx = g dw, α = 1, σ² = σ_min² ((σ_max/σ_min)^{2t} − 1).

    The subtracted 1 makes σ(0) = 0, as the SDE's own integral is; the kernel in the paper's code, σ_min (σ_max/σ_min)^t,
    does not vanish at t = 0. Song et al. 2021, 2011.13456.
    """

    info = Info(
        "VE",
        "VE",
        "variance exploding: data kept, noise added: x_t = x_0 + σ(t) ε, σ geometric",
        "Song & Ermon 2019; Song et al. 2021",
        "2011.13456",
        rank=30,
    )
    suits: ClassVar[str] = "Subsequence"
    sigma_min: float = slider(0.01, 0.001, 0.1, 0.001, label="σ min", help="smallest noise level of the geometric series")
    sigma_max: float = slider(50.0, 1.0, 100.0, 1.0, label="σ max", help="noise level at t = 1")

    formula = r"\mathrm dx = g\,\mathrm dw,\quad x_t = x_0 + \sigma(t)\,\varepsilon,\ \sigma^2 = \int g^2"

    @property
    def noise_elsewhere(self) -> NoiseElsewhere:
        known = {"ve": ("ve", {"sigma_min": self.sigma_min, "sigma_max": self.sigma_max})}
        return NoiseElsewhere(known, "their σ = σ_min (σ_max/σ_min)^t does not vanish at t = 0")

    @property
    def _rate(self) -> float:
        return math.log(self.sigma_max / self.sigma_min)

    def sigma(self, t: Tensor) -> Tensor:
        return self.sigma_min * torch.sqrt(torch.expm1(2 * self._rate * t64(t)))

    def dsigma(self, t: Tensor) -> Tensor:
        return self.sigma_min**2 * self._rate * torch.exp(2 * self._rate * t64(t)) / self.sigma(t)

    def half_log_snr(self, t: Tensor) -> Tensor:
        return -torch.log(self.sigma(t))

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        return torch.log1p(torch.exp(-2 * half_log_snr) / self.sigma_min**2) / (2 * self._rate)

    def g2(self, t: Tensor) -> Tensor:
        return 2 * self.sigma_min**2 * self._rate * torch.exp(2 * self._rate * t64(t))
