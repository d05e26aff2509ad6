"""Time grids: which times a sampler visits, from t_max (noise) down to t_min and, by a last denoising step, to 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from .fields import flag, integer, unless
from .names import Spaced
from .process import Process
from .spec import Misfit, Spec

if TYPE_CHECKING:
    from .problem import Problem
    from .sampler import AnySampler


@dataclass(frozen=True)
class Grid(Spec):
    """``steps`` intervals; with ``denoise`` the last one goes from t_min to 0 by x̂_0, without it the run ends at t_min.

    In the grids' formulas n is the number of intervals down to t_min: steps − 1 with ``denoise``, steps without.
    ``own_ends``: this grid starts or ends elsewhere, as it says in its docstring.
    """

    family: ClassVar[str] = "grids"
    own_ends: ClassVar[bool] = False
    steps: int = integer(20, 1, 1000, help="number of steps, the last (denoising) one included", when=unless("kind", "Custom"))
    denoise: bool = flag(True, label="denoise at end", help="last step: t_min → 0 by the denoiser; off: the run ends early, at t_min")

    def times(self, process: Process, problem: Problem | None = None, sampler: AnySampler | None = None) -> Tensor:
        """Decreasing float64 times (steps + 1,). ``problem`` and ``sampler`` are for grids that measure (Auto); without them it takes stand-ins."""
        intervals = self.steps - 1 if self.denoise else self.steps
        if intervals == 0:
            return torch.tensor([process.t_max, 0.0], dtype=torch.float64)
        inner = self.place(process, torch.linspace(0, 1, intervals + 1, dtype=torch.float64))
        inner[0], inner[-1] = process.t_max, process.t_min
        return torch.cat([inner, torch.zeros(1, dtype=torch.float64)]) if self.denoise else inner

    def place(self, process: Process, u: Tensor) -> Tensor:
        """Times for u from 0 (t_max) to 1 (t_min)."""
        raise NotImplementedError

    def spaced(self, process: Process) -> Spaced:
        """What it is called elsewhere, for this process and at this number of steps."""
        return Spaced()

    def misfit(self, process: Process) -> Misfit | None:
        """Why these numbers do not fit a process. For the judge (core/legal.py)."""
        return None
