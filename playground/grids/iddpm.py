from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.grid import Grid
from playground.core.problem import Problem
from playground.core.process import Process, t64
from playground.core.sampler import AnySampler
from playground.core.spec import Info, Misfit

TABLE, LEAST, OFFSET = 1000, 0.001, 0.008


@functools.cache
def levels() -> tuple[float, ...]:
    """u_0 > u_1 > … > u_999: noise levels σ/α of iDDPM's cosine table of 1000 steps, each step's β at most 1 − C_1."""
    u, found = 0.0, []
    bar = [math.sin(math.pi / 2 * j / (TABLE * (OFFSET + 1))) ** 2 for j in range(TABLE + 1)]
    for j in range(TABLE, 0, -1):
        u = math.sqrt((u * u + 1) / max(bar[j - 1] / bar[j], LEAST) - 1)
        found.append(u)
    return tuple(reversed(found))


@dataclass(frozen=True)
class IDDPM(Grid):
    """Noise levels σ/α out of iDDPM's cosine table of 1000: u_{j−1} = √((u_j² + 1)/max(ᾱ_{j−1}/ᾱ_j, C_1) − 1), u_1000 = 0, ᾱ_j = sin²(π/2 · j/(1000 (C_2 + 1))),
    C_1 = 0.001, C_2 = 0.008. Of the m that lie between the process's first and last level, those at round((m − 1) i/n); it starts and ends at levels of the table,
    not at t_max and t_min. There are no more steps than levels.

    Nichol & Dhariwal 2021, 2102.09672, as Karras et al. 2022, 2206.00364 (table 1) write it in σ.
    """

    info = Info(
        "IDDPM",
        "iDDPM",
        "noise levels out of improved DDPM’s cosine table",
        "Nichol & Dhariwal 2021; Karras et al. 2022",
        "2206.00364",
        rank=62,
        needs=frozenset({"snr"}),
    )
    own_ends: ClassVar[bool] = True

    def times(self, process: Process, problem: Problem | None = None, sampler: AnySampler | None = None) -> Tensor:
        inside = self._inside(process)
        count = self.steps if self.denoise else self.steps + 1
        index = [math.floor((len(inside) - 1) * i / max(count - 1, 1) + 0.5) for i in range(count)]
        times = process.scalar().time_at(-torch.log(t64([inside[k] for k in index])))
        return torch.cat([times, torch.zeros(1, dtype=torch.float64)]) if self.denoise else times

    def misfit(self, process: Process) -> Misfit | None:
        most = len(self._inside(process)) - (not self.denoise)
        return (
            None
            if self.steps <= most
            else Misfit(field="steps", value=self.steps, allowed=f"at most {most}: as many levels of the table {process.info.title} has")
        )

    def _inside(self, process: Process) -> list[float]:
        scalar = process.scalar()
        high, low = (math.exp(-float(scalar.half_log_snr(t64(t)))) for t in (process.t_level, process.t_min))
        return [u for u in levels() if low <= u <= high]
