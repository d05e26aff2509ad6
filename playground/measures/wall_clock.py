from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.measure import Estimate, Measure, Measured
from playground.core.spec import Info


@dataclass(frozen=True)
class WallClock(Measure):
    """Milliseconds that the steps of a run took on this machine; of runs that were made in one pass the share of one."""

    info: ClassVar[Info] = Info(
        key="WallClock",
        title="wall-clock",
        tip="milliseconds that the steps took here; other programs on the machine make them longer, and model calls compare everywhere",
        rank=301,
    )
    unit: ClassVar[str] = "ms"
    in_squares: ClassVar[bool] = False
    degree: ClassVar[int] = 0
    cheap: ClassVar[bool] = False

    def of(self, run: Measured) -> Estimate:
        return Estimate(run.compute_ms, 0.0)
