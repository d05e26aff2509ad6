from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.names import Table
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info


@dataclass(frozen=True)
class LinearBeta(Schedule):
    """β(t) = β_min + (β_max − β_min) t, B(t) = β_min t + (β_max − β_min) t²/2. Song et al. 2021, 2011.13456."""

    info = Info(
        "LinearBeta",
        "linear β",
        "β grows linearly: β(t) = β_min + (β_max − β_min) t",
        "Ho et al. 2020; Song et al. 2021",
        "2011.13456",
        rank=10,
    )
    beta_min: float = slider(0.1, 0.0, 2.0, 0.05, label="β min", help="β at the data end, t = 0")
    beta_max: float = slider(20.0, 2.0, 40.0, 0.5, label="β max", help="β at the noise end, t = 1")

    @property
    def beta_table(self) -> Table:
        ends = {"beta_start": self.beta_min / 1000, "beta_end": self.beta_max / 1000}
        return Table({"beta_schedule": "linear", **ends}, "their β is a table of 1000 entries, of which this schedule is the limit")

    def beta(self, t: Tensor) -> Tensor:
        return self.beta_min + (self.beta_max - self.beta_min) * t64(t)

    def integral(self, t: Tensor) -> Tensor:
        t = t64(t)
        return self.beta_min * t + 0.5 * (self.beta_max - self.beta_min) * t * t

    def time_at(self, integral: Tensor) -> Tensor:
        slope = self.beta_max - self.beta_min
        if slope == 0:
            return integral / self.beta_max
        # the root of the quadratic in the form that does not cancel for small B
        return 2 * integral / (self.beta_min + torch.sqrt(self.beta_min**2 + 2 * slope * integral))
