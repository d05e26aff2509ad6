from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.grid import Grid
from playground.core.names import COUNTS, EXPONENTIAL, Spaced
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class Exponential(Grid):
    """t_i = t_max (t_min/t_max)^{i/n}: every step divides the time by the same number. On EDM's time (σ = t) this is uniform log-SNR."""

    info = Info("Exponential", "exponential", "every step divides the time by the same number", "Crowson 2022 (k-diffusion)", rank=35)

    def spaced(self, process: Process) -> Spaced:
        if process.noise_elsewhere.time != "sigma":  # elsewhere it is σ that falls so
            return Spaced()
        return Spaced(EXPONENTIAL if self.steps in COUNTS else {}, "get_sigmas_exponential", "Exponential", "exponential")

    def place(self, process: Process, u: Tensor) -> Tensor:
        return process.t_max * (process.t_min / process.t_max) ** u
