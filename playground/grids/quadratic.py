from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.grid import Grid
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class Quadratic(Grid):
    """t_i = t_min + (t_max − t_min)(1 − i/n)²: small steps near the data. Dockhorn et al. 2022, 2112.07068."""

    info = Info(
        "Quadratic",
        "quadratic",
        "t falls like a square: small steps near the data",
        "Song et al. 2020; Dockhorn et al. 2022",
        "2112.07068",
        rank=20,
    )

    def place(self, process: Process, u: Tensor) -> Tensor:
        return process.t_min + (process.t_max - process.t_min) * (1 - u) ** 2
