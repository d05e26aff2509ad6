from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info


@dataclass(frozen=True)
class ConstantBeta(Schedule):
    """β(t) = β, B(t) = β t: an Ornstein–Uhlenbeck process for VP; CLD's own default (β = 4). Dockhorn et al. 2022, 2112.07068."""

    info = Info("ConstantBeta", "constant β", "β does not change: B(t) = β t", "Dockhorn et al. 2022", "2112.07068", rank=40)
    rate: float = slider(10.0, 0.5, 40.0, 0.5, label="β rate", help="the constant rate; below about 8 VP's end is not yet noise")

    def beta(self, t: Tensor) -> Tensor:
        return torch.full_like(t64(t), self.rate)

    def integral(self, t: Tensor) -> Tensor:
        return self.rate * t64(t)

    def time_at(self, integral: Tensor) -> Tensor:
        return integral / self.rate
