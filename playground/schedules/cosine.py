from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.names import Table
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info

L_MIN = -5.1  # ln(α/σ) at which the schedule is cut: ᾱ reaches 0 at t = 1, where β is infinite


@dataclass(frozen=True)
class Cosine(Schedule):
    """ᾱ(t) = cos²(π/2 · (t + c)/(1 + c)) / cos²(π/2 · c/(1 + c)), B = −ln ᾱ.

    Cut at ln(α/σ) = −5.1 (t_max ≈ 0.996), since β is infinite at t = 1. Nichol & Dhariwal 2021, 2102.09672;
    the cut follows Lu et al. 2022, 2211.01095.
    """

    info = Info(
        "Cosine",
        "cosine",
        "ᾱ falls like a squared cosine: gentle at both ends; cut where ln(α/σ) = −5.1",
        "Nichol & Dhariwal 2021",
        "2102.09672",
        rank=20,
    )
    offset: float = slider(0.008, 0.0, 0.1, 0.001, help="c, keeps β away from 0 at the data end")

    def _angle(self, t: Tensor) -> Tensor:
        return 0.5 * math.pi * (t64(t) + self.offset) / (1 + self.offset)

    @property
    def beta_table(self) -> Table:
        return Table(
            {"beta_schedule": "squaredcos_cap_v2"},
            "their β is a table of 1000 entries with c = 0.008, of which the last ones are cut at 0.999",
        )

    @property
    def _start(self) -> float:
        return 0.5 * math.pi * self.offset / (1 + self.offset)

    @property
    def t_max(self) -> float:
        return float(self.time_at(t64(math.log1p(math.exp(-2 * L_MIN)))))

    def beta(self, t: Tensor) -> Tensor:
        return math.pi / (1 + self.offset) * torch.tan(self._angle(t))

    def integral(self, t: Tensor) -> Tensor:
        # ln cos b − ln cos a through the difference of sin², which does not cancel for small t
        a, b = self._start, self._angle(t)
        ratio = torch.sin(b - a) * torch.sin(b + a) / math.cos(a) ** 2
        return -torch.log1p(-ratio)

    def time_at(self, integral: Tensor) -> Tensor:
        a = self._start
        cos2 = math.cos(a) ** 2 * torch.exp(-t64(integral))
        # sin² b = sin² a + cos² a (1 − e^{−B}): no cancellation near b = a, unlike arccos
        sin2 = math.sin(a) ** 2 - math.cos(a) ** 2 * torch.expm1(-t64(integral))
        b = torch.atan2(sin2.sqrt(), cos2.sqrt())
        return b * (1 + self.offset) / (0.5 * math.pi) - self.offset
