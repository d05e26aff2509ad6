from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from playground.core.measure import Estimate, Measure, Measured
from playground.core.spec import Info


@dataclass(frozen=True)
class MemorisedShare(Measure):
    """Share of the last images that are closer to an image of the set than a third of the median distance between its nearest images (root mean squares over
    pixels; ``Examples.close``, as the lab "training-free" counts). ``floor``: the same share of the set's own images and the nearest other one, which is what
    new images of the same kind show. ``error``: binomial, of (k + ½)/(n + 1), so that it is not 0 where none or all of n are."""

    info: ClassVar[Info] = Info(
        key="MemorisedShare",
        title="memorised share",
        tip="share of new images that are all but copies of one that the model may have learnt from",
        rank=201,
        needs=frozenset({"examples", "data at the end"}),
    )
    unit: ClassVar[str] = ""
    degree: ClassVar[int] = 0

    def of(self, run: Measured) -> Estimate:
        known, x = run.exp.law.examples, run.process.project(run.frames[-1].z)
        n, copies = len(x), int((known.nearest(x)[1] < known.close).sum())
        own = float((known.neighbours < known.close).double().mean())
        likely = (copies + 0.5) / (n + 1)
        return Estimate(copies / n, math.sqrt(likely * (1 - likely) / n), own, math.sqrt(own * (1 - own) / n))
