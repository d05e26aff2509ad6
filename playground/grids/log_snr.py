from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.grid import Grid
from playground.core.names import COUNTS, EXPONENTIAL, Spaced
from playground.core.process import Process, t64
from playground.core.spec import Info


@dataclass(frozen=True)
class UniformLogSNR(Grid):
    """Equal steps in log-SNR: the natural grid of exponential integrators. Lu et al. 2022, 2206.00927."""

    info = Info(
        "UniformLogSNR", "uniform log-SNR", "equal steps in log-SNR", "Lu et al. 2022", "2206.00927", rank=30, needs=frozenset({"snr"})
    )

    def spaced(self, process: Process) -> Spaced:
        return Spaced(
            EXPONENTIAL if self.steps in COUNTS else {}, "get_sigmas_exponential", "Exponential", "exponential", 'skip_type="logSNR"'
        )

    def place(self, process: Process, u: Tensor) -> Tensor:
        scalar = process.scalar()
        start, end = (scalar.half_log_snr(t64(t)) for t in (process.t_level, process.t_min))
        return scalar.time_at(start + (end - start) * u)
