from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import BadValue, all_numbers, choice, free, increasing, number_list
from playground.core.grid import Grid
from playground.core.problem import Problem
from playground.core.process import Process, t64
from playground.core.sampler import Sampler
from playground.core.spec import Info, Misfit

MOST = 1000


def _check(name: str, value: object) -> tuple[float, ...]:
    levels = number_list(value)
    if not all_numbers(levels) or not 1 <= len(levels) <= MOST:
        raise BadValue(name, value, f"1 to {MOST} numbers")
    return tuple(float(v) for v in levels)


@dataclass(frozen=True)
class Custom(Grid):
    """Your own list: times, log-SNR levels ln(α²/σ²), or the stage's clock (1 noise, 0 data), from noise to data.

    Times and clock fall strictly, log-SNR rises strictly, all within the process's range. With ``denoise`` a last step to 0 is added.
    ``steps`` follows from the list.
    """

    info = Info("Custom", "custom", "your own list of times, of log-SNR levels or of clock readings", rank=80)
    own_ends: ClassVar[bool] = True
    unit: str = choice("clock", ("clock", "times", "log-SNR"), label="list of", help="clock: 1 noise to 0 data; times; log-SNR = ln(α²/σ²)")
    levels: tuple[float, ...] = free(
        (1.0, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15, 0.05), _check, help="from noise to data: times and clock fall, log-SNR rises"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        rising = self.unit == "log-SNR"
        if not increasing(self.levels if rising else self.levels[::-1]):
            raise BadValue(
                "levels",
                self.levels,
                "log-SNR levels that rise strictly"
                if rising
                else f"{'clock readings' if self.unit == 'clock' else self.unit} that fall strictly",
            )
        intervals = len(self.levels) - (0 if self.denoise else 1)
        if intervals < 1:
            raise BadValue("levels", self.levels, "at least two numbers when there is no denoising step")
        object.__setattr__(self, "steps", intervals)

    @property
    def needs(self) -> frozenset[str]:
        return self.info.needs | {"snr"} if self.unit == "log-SNR" else self.info.needs

    def misfit(self, process: Process) -> Misfit | None:
        values = self._inner(process)
        low, high = 0.0, process.t_max * (1 + 1e-9)
        if low < float(values.min()) and float(values.max()) <= high:
            return None
        if self.unit == "log-SNR":
            allowed = f"log-SNR from {float(process.log_snr(t64([process.t_max, process.t_min]))[0]):.6g} up"
        else:
            allowed = f"{self.unit} above 0 and up to {1 if self.unit == 'clock' else process.t_max:g}"
        return Misfit(field="levels", value=self.levels, allowed=f"{allowed} for {process.info.title}")

    def _inner(self, process: Process) -> Tensor:
        levels = t64(list(self.levels))
        if self.unit == "times":
            return levels
        if self.unit == "clock":
            return process.unclock(levels)
        return process.scalar().time_at(levels / 2)

    def times(self, process: Process, problem: Problem | None = None, sampler: Sampler | None = None) -> Tensor:
        if no := self.misfit(process):
            raise BadValue(no.field, no.value, no.allowed)
        times = self._inner(process).clamp_max(process.t_max)
        return torch.cat([times, torch.zeros(1, dtype=torch.float64)]) if self.denoise else times
