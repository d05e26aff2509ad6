"""Noise schedules: a rate β(t) ≥ 0 on [0, t_max] and its integral B(t) = ∫₀ᵗ β, nested in a process (VP, sub-VP, CLD)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .names import Table
from .spec import Spec


@dataclass(frozen=True)
class Schedule(Spec):
    """β(t) ≥ 0 and B(t) = ∫₀ᵗ β on [0, t_max], in 1/units of t and without units; for VP ln α = −B/2. Song et al. 2021, 2011.13456.

    Methods take float64 times of any shape and answer in that shape.
    """

    family: ClassVar[str] = "schedules"
    rescales: ClassVar[bool] = False
    """Is it another schedule, rescaled? Such schedules do not stand in each other."""

    @property
    def t_max(self) -> float:
        return 1.0

    @property
    def beta_table(self) -> Table:
        """Its β table in `diffusers` (core/names.py)."""
        return Table()

    def beta(self, t: Tensor) -> Tensor:
        """β(t) = dB/dt."""
        raise NotImplementedError

    def integral(self, t: Tensor) -> Tensor:
        """B(t) = ∫₀ᵗ β, increasing, B(0) = 0; for VP ᾱ = e^{−B}."""
        raise NotImplementedError

    def time_at(self, integral: Tensor) -> Tensor:
        """The t with B(t) = integral, by bisection; override where a closed form exists.

        Searches to 2 t_max: churn raises the noise level at t_max by up to √2, which lies a little beyond.
        """
        lo, hi = torch.zeros_like(integral), torch.full_like(integral, 2 * self.t_max)
        for _ in range(60):
            mid = (lo + hi) / 2
            below = self.integral(mid) < integral
            lo, hi = torch.where(below, mid, lo), torch.where(below, hi, mid)
        return (lo + hi) / 2
