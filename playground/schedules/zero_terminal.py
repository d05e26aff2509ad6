from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info, nested
from playground.schedules.linear import LinearBeta

L_END = -10.0  # ln(α/σ) where sampling starts: SNR = 2e-9. At SNR 0 itself β, ln(α/σ) and x̂₀ from ε̂ do not exist


@dataclass(frozen=True)
class ZeroTerminalSNR(Schedule):
    """Any schedule, rescaled so that α vanishes at its end: α' = (α − α_T)/(1 − α_T), T the base's t_max; B' = −2 ln α'.

    α'(0) = 1 stays and α'(T) = 0, where β is infinite: cut at ln(α/σ) = −10, an SNR of 2e-9, so that the prior N(0, I) has nothing
    left of the data's mean (plain schedules leak it: linear β leaves α_T = 0.0066). Predictions here are x̂_0, which stays finite; ε̂ → x̂_0
    would divide by α. Lin et al. 2023, 2305.08891.
    """

    info = Info(
        "ZeroTerminalSNR",
        "zero terminal SNR",
        "another schedule, rescaled so that nothing of the data is left at the end",
        "Lin et al. 2023",
        "2305.08891",
        rank=60,
    )
    rescales: ClassVar[bool] = True
    base: Schedule = nested(LinearBeta(), "schedules", label="based on", help="the schedule that is rescaled")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.base.rescales:
            raise BadValue("base", self.base.info.key, "any other schedule: this one is rescaled already")

    @property
    def _left(self) -> float:
        """α_T of the base."""
        return math.exp(-0.5 * float(self.base.integral(t64(self.base.t_max))))

    @property
    def t_max(self) -> float:
        return float(self.time_at(t64(math.log1p(math.exp(-2 * L_END)))))

    def beta(self, t: Tensor) -> Tensor:
        alpha = torch.exp(-0.5 * self.base.integral(t))
        # −2 α̇'/α' with α̇ = −β α/2
        return self.base.beta(t) * alpha / (alpha - self._left)

    def integral(self, t: Tensor) -> Tensor:
        fall = -torch.expm1(-0.5 * self.base.integral(t)) / (1 - self._left)  # 1 − α'
        return -2 * torch.log1p(-fall.clamp_max(1.0))

    def time_at(self, integral: Tensor) -> Tensor:
        fall = -torch.expm1(-0.5 * t64(integral)) * (1 - self._left)
        return self.base.time_at(-2 * torch.log1p(-fall))
