from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.measure import Estimate, Measure, Measured
from playground.core.spec import Info
from playground.metrics.prior import prior_mismatch


@dataclass(frozen=True)
class PriorMismatch(Measure):
    """W₂ (sliced for states of more than one number) between the law that the start is drawn from and the exact law there: wrong before the first step.
    NaN where the source is of finitely many pairs."""

    info: ClassVar[Info] = Info(
        key="PriorMismatch",
        title="mismatch of the start",
        tip="distance between the law that sampling starts from and the exact law of the noised data at that time",
        rank=60,
        needs=frozenset({"marginals", "vector", "mixture"}),
    )
    degree: ClassVar[int] = 0

    def of(self, run: Measured) -> Estimate:
        return Estimate(prior_mismatch(run.exp, run.frames[0].t), 0.0)
