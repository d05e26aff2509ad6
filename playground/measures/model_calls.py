from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.measure import Curve, Estimate, Measure, Measured
from playground.core.spec import Info


@dataclass(frozen=True)
class ModelCalls(Measure):
    """Evaluations of a model, counted as they were made: a guided question asks two."""

    info: ClassVar[Info] = Info(
        key="ModelCalls",
        title="model calls",
        tip="how often a model was evaluated: what a run costs, whatever the machine",
        rank=300,
    )
    unit: ClassVar[str] = "calls"
    degree: ClassVar[int] = 0

    def of(self, run: Measured) -> Estimate:
        return Estimate(float(run.frames[-1].calls), 0.0)

    def along(self, run: Measured) -> Curve:
        return Curve(list(range(len(run.frames))), [Estimate(float(frame.calls), 0.0) for frame in run.frames])
