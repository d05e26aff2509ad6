from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.process import t64
from playground.core.spec import Info
from playground.processes.path import Path

QUARTER = 0.5 * math.pi


@dataclass(frozen=True)
class CosinePath(Path):
    """Trigonometric path: x_t = cos(πt/2) x_0 + sin(πt/2) ε, an even turn from data to noise; α² + σ² = 1, L = −ln tan(πt/2).

    f = −(π/2) tan(πt/2), g² = π tan(πt/2): both infinite at t = 1, therefore cut at t = 0.999 (L = −6.46), unless it starts from pure noise.
    In SNR it is VP with the cosine schedule at offset 0. Salimans & Ho 2022, 2202.00512; Albergo et al. 2023, 2303.08797.
    """

    info = Info(
        "CosinePath",
        "cosine path",
        "an even turn from data to noise: α = cos(πt/2), σ = sin(πt/2); starts at t = 0.999, or at 1",
        "Salimans & Ho 2022; Albergo et al. 2023",
        "2202.00512",
        rank=52,
    )

    formula = r"x_t = \cos\tfrac{\pi t}{2}\,x_0 + \sin\tfrac{\pi t}{2}\,\varepsilon"

    def alpha(self, t: Tensor) -> Tensor:
        return torch.cos(QUARTER * t64(t)).where(t64(t) < 1, 0.0)  # to the last digit

    def dalpha(self, t: Tensor) -> Tensor:
        return -QUARTER * torch.sin(QUARTER * t64(t))

    def sigma(self, t: Tensor) -> Tensor:
        return torch.sin(QUARTER * t64(t))

    def dsigma(self, t: Tensor) -> Tensor:
        return QUARTER * torch.cos(QUARTER * t64(t))

    def half_log_snr(self, t: Tensor) -> Tensor:
        return -torch.log(torch.tan(QUARTER * t64(t))).where(t64(t) < 1, math.inf)

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        return torch.atan(torch.exp(-t64(half_log_snr))) / QUARTER

    def g2(self, t: Tensor) -> Tensor:
        return 2 * QUARTER * torch.tan(QUARTER * t64(t)).where(t64(t) < 1, math.inf)
