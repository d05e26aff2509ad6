from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.grid import Grid
from playground.core.names import Arguments, Spaced
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class UniformTime(Grid):
    """t_i = t_max + (t_min − t_max) i/n."""

    info = Info("UniformTime", "uniform t", "equal steps in the process's own time", rank=10)

    def spaced(self, process: Process) -> Spaced:
        time = process.noise_elsewhere.time
        whole = self.steps > 1 and 999 % (self.steps - 1) == 0  # else they interpolate between a table's entries in another way
        known: dict[str, Arguments] = (
            {key: {"timestep_spacing": "linspace"} for key in ("sigmas", "ancestral")} if time == "table" and whole else {}
        )
        own = time in ("table", "flow")
        return Spaced(known, "", "Normal" if own else "", "normal" if own else "", 'skip_type="time_uniform"' if time == "table" else "")

    def place(self, process: Process, u: Tensor) -> Tensor:
        return process.t_max + (process.t_min - process.t_max) * u
