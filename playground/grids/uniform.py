from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.grid import Grid
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class UniformTime(Grid):
    """t_i = t_max + (t_min − t_max) i/n."""

    info = Info("UniformTime", "uniform t", "equal steps in the process's own time", rank=10)

    def place(self, process: Process, u: Tensor) -> Tensor:
        return process.t_max + (process.t_min - process.t_max) * u
