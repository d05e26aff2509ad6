from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info

L_MIN = -5.1  # ln(α/σ) of the cut, as for the cosine schedule


@dataclass(frozen=True)
class SigmoidAlpha(Schedule):
    """ᾱ(t) = [sg(e/τ) − sg((a + t(e − a))/τ)] / [sg(e/τ) − sg(a/τ)], sg the logistic function, a < e; B = −ln ᾱ.

    ᾱ(1) = 0, where β is infinite: cut at ln(α/σ) = −5.1. Another thing than the sigmoid β of GeoDiff, which has the same name.
    Jabri, Fleet & Chen 2022, 2212.11972; Chen 2023, 2301.10972 (a = −3, e = 3, τ = 1).
    """

    info = Info(
        "SigmoidAlpha",
        "sigmoid ᾱ",
        "ᾱ itself falls like a sigmoid (Jabri's meaning of 'sigmoid'); cut where ln(α/σ) = −5.1",
        "Jabri et al. 2022; Chen 2023",
        "2212.11972",
        rank=32,
    )
    start: float = slider(-3.0, -8.0, -0.5, 0.5, label="a start", help="where on the sigmoid the data end lies")
    end: float = slider(3.0, 0.5, 8.0, 0.5, label="e end", help="where on the sigmoid the noise end lies")
    tau: float = slider(1.0, 0.3, 2.0, 0.05, label="τ slope", help="temperature: smaller is steeper in the middle")

    def _ends(self) -> tuple[float, float]:
        return self.start / self.tau, self.end / self.tau

    def _fall(self, t: Tensor) -> Tensor:
        """1 − ᾱ = [sg(y) − sg(a)]/[sg(e) − sg(a)] with y = a + t(e − a), as sg(y) − sg(a) = tanh-like product: no cancellation at t = 0."""
        a, e = self._ends()

        def rise(gap: Tensor, top: Tensor) -> Tensor:  # sg(top) − sg(a) = (1 − e^{−gap}) sg(top) sg(−a), gap = top − a
            return -torch.expm1(-gap) * torch.sigmoid(top)

        gap = t64(t) * (e - a)
        return rise(gap, a + gap) / rise(t64(e - a), t64(e))

    @property
    def t_max(self) -> float:
        return float(self.time_at(t64(math.log1p(math.exp(-2 * L_MIN)))))

    def beta(self, t: Tensor) -> Tensor:
        a, e = self._ends()
        gap = t64(t) * (e - a)
        y = a + gap
        # d(1 − ᾱ)/dt over ᾱ; ᾱ ∝ sg(e) − sg(y) = (1 − e^{−(e − y)}) sg(e) sg(−y)
        return (e - a) * torch.sigmoid(y) / (-torch.expm1(y - e) * torch.sigmoid(t64(e)))

    def integral(self, t: Tensor) -> Tensor:
        fall = self._fall(t)
        return -torch.log1p(-fall.clamp_max(1.0))

    def time_at(self, integral: Tensor) -> Tensor:
        a, e = self._ends()
        fall = -torch.expm1(-t64(integral))
        level = fall * (torch.sigmoid(t64(e)) - torch.sigmoid(t64(a)))  # sg(y) − sg(a)
        low = torch.sigmoid(t64(a))
        # y − a = ln[sg(y)(1 − sg(a)) / ((1 − sg(y)) sg(a))]
        return torch.log1p(level / (low * (1 - low - level))) / (e - a)
