from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.spec import Info
from playground.processes.vp import BetaProcess


@dataclass(frozen=True)
class SubVP(BetaProcess):
    """dx = −β/2 x dt + √(β(1 − e^{−2B})) dw; α = e^{−B/2}, σ = 1 − e^{−B}. Song et al. 2021, 2011.13456."""

    info = Info("SubVP", "sub-VP", "variance below VP's at every t: σ = 1 − e^{−B}", "Song et al. 2021", "2011.13456", rank=20)
    suits: ClassVar[str] = "Subsequence"

    formula = r"\mathrm dx = -\tfrac12\beta x\,\mathrm dt + \sqrt{\beta(1-e^{-2B})}\,\mathrm dw,\quad \sigma = 1-\alpha^2"

    def sigma(self, t: Tensor) -> Tensor:
        return -torch.expm1(-self.schedule.integral(t))

    def dsigma(self, t: Tensor) -> Tensor:
        return self.schedule.beta(t) * torch.exp(-self.schedule.integral(t))

    def half_log_snr(self, t: Tensor) -> Tensor:
        return -torch.log(2 * torch.sinh(0.5 * self.schedule.integral(t)))

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        return self.schedule.time_at(2 * torch.asinh(0.5 * torch.exp(-half_log_snr)))

    def g2(self, t: Tensor) -> Tensor:
        return -self.schedule.beta(t) * torch.expm1(-2 * self.schedule.integral(t))
