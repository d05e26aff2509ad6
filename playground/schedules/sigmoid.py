from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from playground.core.fields import slider
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info


@dataclass(frozen=True)
class SigmoidBeta(Schedule):
    """β(t) = β_min + (β_max − β_min) sigmoid(12 t − 6); B in closed form through softplus.

    The name "sigmoid schedule" also stands for a sigmoid ᾱ (Jabri et al. 2022): that is another schedule.
    Xu et al. 2022 (GeoDiff), 2203.02923.
    """

    info = Info(
        "SigmoidBeta",
        "sigmoid β",
        "β follows a sigmoid: slow, steep, slow (GeoDiff's meaning of 'sigmoid')",
        "Xu et al. 2022",
        "2203.02923",
        rank=30,
    )
    beta_min: float = slider(0.1, 0.0, 2.0, 0.05, label="β min", help="β before the rise")
    beta_max: float = slider(20.0, 2.0, 40.0, 0.5, label="β max", help="β after the rise")

    def beta(self, t: Tensor) -> Tensor:
        return self.beta_min + (self.beta_max - self.beta_min) * torch.sigmoid(12 * t64(t) - 6)

    def integral(self, t: Tensor) -> Tensor:
        t = t64(t)
        rise = (softplus(12 * t - 6, threshold=1e3) - softplus(t64(-6.0), threshold=1e3)) / 12
        return self.beta_min * t + (self.beta_max - self.beta_min) * rise
