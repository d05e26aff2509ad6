from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.fields import slider
from playground.core.guidance import Blend, Guidance, interval, off_at, on_from
from playground.core.model import Model
from playground.core.predictor import BasePredictor
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class EachClass(Guidance):
    """D = D_u + W (D_c − D_u) with c = i mod K for image i of the batch: all K classes side by side, from one seed.

    Classifier-free guidance (Ho & Salimans 2022, 2207.12598) with another class for every image. W = 1: samples of each class's own model, so
    that the batch is drawn with equal shares of the classes, whatever their shares in the data. Two model calls, one where it is off, W = 1 or
    W = 0.
    """

    info = Info(
        "EachClass",
        "each class",
        "all classes of an image model side by side: image i is of class i mod K",
        "Ho & Salimans 2022",
        "2207.12598",
        rank=15,
        needs=frozenset({"classes"}),
    )
    by_place: ClassVar[bool] = True
    formula = r"\hat x_0 = D_\varnothing + W\,(D_{c_i} - D_\varnothing),\quad c_i = i \bmod K"
    weight: float = slider(1.5, 0.0, 15.0, 0.1, label="W weight", help="0: no condition, 1: the condition, more: exaggerated")  # pyright: ignore[reportIncompatibleMethodOverride] - a field in the place of a constant
    start: float = on_from(1)
    stop: float = off_at(1)

    def classes(self, labels: list[int], count: int) -> list[int]:
        return [-1 if self.weight == 0 else labels[i % len(labels)] for i in range(count)]

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        return Blend(
            predictor.turns([int(label) for label in model.labels]), predictor, self.weight, interval(process, self.start, self.stop)
        )
