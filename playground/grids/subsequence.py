from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import choice
from playground.core.grid import Grid
from playground.core.names import Arguments, Spaced
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.sampler import Sampler
from playground.core.spec import Info

TABLE = 1000


def timesteps(spacing: str, count: int, offset: int = 0) -> list[int]:
    """``count`` of the table's indices 0 … 999, falling, as DDPM's libraries choose them.

    leading: i·⌊1000/n⌋ + offset; trailing: round(1000 − i·1000/n) − 1; linspace: round(i·999/(n − 1)). A single one is the last of the table,
    999: the libraries' own index 0 would take pure noise for data with next to none.
    """
    if count == 1:
        return [TABLE - 1]
    if spacing == "leading":
        return [i * (TABLE // count) + offset for i in reversed(range(count))]
    if spacing == "trailing":
        return [int(k) - 1 for k in np.round(np.arange(TABLE, 0, -TABLE / count))][:count]
    return [int(k) for k in np.linspace(0, TABLE - 1, count).round()[::-1]]


@dataclass(frozen=True)
class Subsequence(Grid):
    """Indices τ out of a table of 1000, t = t_max (τ + 1)/1000: with the DDPM table these are exactly its ᾱ_τ.

    leading starts below t_max (its known flaw: at 20 steps from index 950, where the state is not yet noise; the prior drawn there is that of a
    truncated start); trailing and linspace start at it, and so does a single step of any. n is steps + 1 without the denoising step, at most
    1000. The run ends at the smallest index, or at 0 with the denoising step: never at t_min.
    Song et al. 2020, 2010.02502; Lin et al. 2023, 2305.08891 (table 2).
    """

    info = Info(
        "Subsequence", "DDPM subsequence", "some of DDPM's 1000 timesteps: leading, trailing or linspace", "Song et al. 2020; Lin et al. 2023", "2305.08891",
        rank=60,
    )  # fmt: skip
    own_ends: ClassVar[bool] = True
    spacing: str = choice(
        "trailing", ("leading", "trailing", "linspace"), help="leading: multiples from 0; trailing: from the last; linspace: both ends"
    )

    def spaced(self, process: Process) -> Spaced:
        time, even = process.noise_elsewhere.time, TABLE % self.steps == 0
        if time == "flow":
            return Spaced({"flow steps": {}} if self.spacing == "trailing" and even else {})
        if time != "table" or self.steps == 1:  # a single step of any is the table's last, theirs is its first
            return Spaced()
        told: Arguments = {"timestep_spacing": self.spacing}
        reads = {
            "leading": ("table", "whole", "ancestral", "sigmas"),
            "linspace": ("whole",),
            "trailing": ("whole", "ancestral", "sigmas", "steps", "unipc"),
        }[self.spacing]
        reads = ("table", *reads) if self.spacing == "trailing" and even else reads
        where = {"leading": ("DDIM", "ddim_uniform"), "trailing": ("Simple", "simple"), "linspace": ("Normal", "normal")}[self.spacing]
        near = {
            "leading": "A1111's and ComfyUI's begin with the table's entry 1, not 0",
            "trailing": "" if even else "A1111 and ComfyUI round down",
            "linspace": "A1111 and ComfyUI do not round",
        }
        return Spaced(dict.fromkeys(reads, told), "", *where, near=near[self.spacing])

    def times(self, process: Process, problem: Problem | None = None, sampler: Sampler | None = None) -> Tensor:
        count = self.steps if self.denoise else min(self.steps + 1, TABLE)
        index = torch.tensor(timesteps(self.spacing, count), dtype=torch.float64)
        times = process.t_max * (index + 1) / TABLE
        return torch.cat([times, torch.zeros(1, dtype=torch.float64)]) if self.denoise else times
