from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.fields import flag
from playground.core.process import ScalarGaussian

CUT = 0.999


@dataclass(frozen=True, kw_only=True)
class Path(ScalarGaussian):
    """A path from the data at t = 0 to N(0, I) at t = 1, where α = 0 and f, g² and log-SNR are infinite. Sampling starts at t = 0.999, or at 1 itself with solvers whose first step
    is finite there. Grids that are even in levels have t = 1 and then those from 0.999 on."""

    suits: ClassVar[str] = "Subsequence"
    pure: bool = flag(
        False,
        label="from pure noise",
        help="sampling starts at t = 1, where nothing of the data is left, not at 0.999; log-SNR is −∞ there",
    )

    @property
    def t_max(self) -> float:
        return 1.0 if self.pure else CUT

    @property
    def from_noise(self) -> bool:
        return self.pure

    @property
    def t_level(self) -> float:
        return CUT
