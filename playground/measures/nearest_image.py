from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, cast

from playground.core.examples import ExamplesLaw
from playground.core.measure import Estimate, Measure, Measured, mean_of
from playground.core.spec import Info
from playground.metrics.images import nearest, to_another


@dataclass(frozen=True)
class NearestImage(Measure):
    """Mean over the last images of the Euclidean distance over pixels to the nearest image of the set. ``floor``: of its own images to the nearest other
    one, which is what new images of the same kind show; far below it the model copies (near 0: to the pixel)."""

    info: ClassVar[Info] = Info(
        key="NearestImage",
        title="distance to the nearest image",
        tip="how far new images are from the nearest one that the model may have learnt from; far below that of the set's own images, they are copies",
        rank=200,
        needs=frozenset({"examples"}),
    )
    unit: ClassVar[str] = "√(sum of squares over pixels)"
    degree: ClassVar[int] = 0

    def of(self, run: Measured) -> Estimate:
        known = cast("ExamplesLaw", run.exp.law).examples.x  # what ``needs`` has promised
        far = nearest(run.process.project(run.frames[-1].z).float().cpu(), known).double()
        own = to_another(known).double()
        return Estimate(*mean_of(far), float(own.mean()), float(own.std()) / math.sqrt(len(far)))
