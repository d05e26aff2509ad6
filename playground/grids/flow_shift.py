from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.fields import slider
from playground.core.grid import Grid
from playground.core.names import Spaced
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class FlowShift(Grid):
    """t = k u/(1 + (k − 1) u) on times as fractions of t_max, u even: k > 1 spends more steps on noise. Ends stay at t_max and t_min.

    For the linear flow this adds −ln k to ln(α/σ): the shift that suits k² times as many pixels. k = 1 is uniform t; inverse: k → 1/k.
    Esser et al. 2024 (Stable Diffusion 3), 2403.03206.
    """

    info = Info(
        "FlowShift",
        "flow shift",
        "bends uniform times towards the noise end, as Stable Diffusion 3 does",
        "Esser et al. 2024",
        "2403.03206",
        rank=50,
    )
    shift: float = slider(3.0, 0.1, 12.0, 0.1, label="shift", help="1: uniform t; larger: more steps at the noise end")

    def spaced(self, process: Process) -> Spaced:
        if process.noise_elsewhere.time != "flow":
            return Spaced()
        return Spaced(
            {},
            "",
            f"Shift {self.shift:g}",
            f"ModelSamplingSD3(shift={self.shift:g})",
            near="their shifted times begin at t = 1, in diffusers shift is an argument of the scheduler",
        )

    def place(self, process: Process, u: Tensor) -> Tensor:
        low = process.t_min / process.t_max
        low = low / (self.shift - (self.shift - 1) * low)  # where an even grid must end for the shifted one to end at t_min
        even = 1 + (low - 1) * u
        return process.t_max * shifted(even, self.shift)


def shifted(u: Tensor, shift: float) -> Tensor:
    """k u/(1 + (k − 1) u)."""
    return shift * u / (1 + (shift - 1) * u)
