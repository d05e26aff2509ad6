from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.grid import Grid
from playground.core.names import Spaced
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class TimeQuadratic(Grid):
    """√t_i = √t_max + (√t_min − √t_max) i/n: equal steps in the root of t. Where t_min is 0 this is the quadratic grid; else its steps near the data are as long as
    the root says, not as short as its distance from t_min. Lu et al. 2022, 2206.00927 ("time_quadratic" of its code)."""

    info = Info("TimeQuadratic", "time-quadratic", "equal steps in the root of t", "Lu et al. 2022", "2206.00927", rank=22)

    def spaced(self, process: Process) -> Spaced:
        return Spaced(dpm_solver='skip_type="time_quadratic"') if process.noise_elsewhere.time == "table" else Spaced()

    def place(self, process: Process, u: Tensor) -> Tensor:
        return (process.t_max**0.5 + (process.t_min**0.5 - process.t_max**0.5) * u) ** 2
