from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.names import NoiseElsewhere
from playground.core.process import RUNAWAY, TAME, Curve, ScalarGaussian
from playground.core.schedule import Schedule
from playground.core.spec import Info, nested
from playground.schedules.linear import LinearBeta


@dataclass(frozen=True)
class BetaProcess(ScalarGaussian):
    """What VP and sub-VP share: dx = −β/2 x dt + g dw, α = e^{−B/2}."""

    schedule: Schedule = nested(LinearBeta(), "schedules", help="noise schedule β(t)")

    @property
    def drawn(self) -> Schedule:
        return self.schedule

    @property
    def t_max(self) -> float:
        return self.schedule.t_max

    def alpha(self, t: Tensor) -> Tensor:
        return torch.exp(-0.5 * self.schedule.integral(t))

    def dalpha(self, t: Tensor) -> Tensor:
        return -0.5 * self.schedule.beta(t) * self.alpha(t)

    def curves(self, t: Tensor) -> list[Curve]:
        beta = self.schedule.beta(t)
        top, tame = float(beta.max()), float(beta[self.clock(t) <= TAME].max())
        # β of cosine or at zero terminal SNR runs away at the noise end: drawn to its scale, the rest would be a flat line at 0
        scale = tame if top > RUNAWAY * tame else top
        return [*super().curves(t), ("beta", f"β / {scale:.3g}", "learned", beta / scale)]


@dataclass(frozen=True)
class VP(BetaProcess):
    """Variance preserving: dx = −β/2 x dt + √β dw; α = e^{−B/2}, σ² = 1 − e^{−B}. Ho et al. 2020; Song et al. 2021, 2011.13456."""

    info = Info(
        "VP", "VP", "variance preserving: α² + σ² = 1, dx = −β/2 x dt + √β dw", "Ho et al. 2020; Song et al. 2021", "2011.13456", rank=10
    )

    formula = r"\mathrm dx = -\tfrac12\beta x\,\mathrm dt + \sqrt{\beta}\,\mathrm dw,\quad x_t = \alpha x_0 + \sigma\varepsilon,\ \alpha^2+\sigma^2=1"

    @property
    def noise_elsewhere(self) -> NoiseElsewhere:
        table = self.schedule.beta_table
        reads = ("table", "whole", "ancestral", "sigmas", "steps", "unipc", "stages") if table.arguments else ()
        return NoiseElsewhere(
            {name: (name, table.arguments) for name in reads}, table.near, ("EulerDiscreteScheduler", self.ratio), "table"
        )

    def sigma(self, t: Tensor) -> Tensor:
        return torch.sqrt(-torch.expm1(-self.schedule.integral(t)))

    def dsigma(self, t: Tensor) -> Tensor:
        return 0.5 * self.schedule.beta(t) * self.alpha(t).square() / self.sigma(t)

    def half_log_snr(self, t: Tensor) -> Tensor:
        return -0.5 * torch.log(torch.expm1(self.schedule.integral(t)))

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        return self.schedule.time_at(torch.log1p(torch.exp(-2 * half_log_snr)))

    def g2(self, t: Tensor) -> Tensor:
        return self.schedule.beta(t)
