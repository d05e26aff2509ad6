from __future__ import annotations

from dataclasses import dataclass

from playground.core.fields import integer, slider
from playground.core.guidance import Blend, Guidance, interval, off_at, on_from
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.predictor import BasePredictor
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class ClassifierFree(Guidance):
    """D = D_u + W (D_c − D_u): the model of one class, pushed away from the model of all. Two model calls, one where it is off, W = 1 or W = 0.

    W = 1 samples p(x | c); W > 1 does not sample p(x) p(c | x)^W: the noised tilt is not the tilt of the noised law. The paper's w is W − 1.
    Outside of the interval the conditional model alone (W = 1). Ho & Salimans 2022, 2207.12598; Kynkäänniemi et al. 2024, 2404.07724 (interval).
    """

    info = Info(
        "ClassifierFree",
        "classifier-free",
        "pushes the model of one class away from the model of all",
        "Ho & Salimans 2022",
        "2207.12598",
        rank=20,
        needs=frozenset({"mean"}),
    )
    formula = r"\hat x_0 = D_\varnothing + W\,(D_c - D_\varnothing)"
    label: int = integer(0, 0, 999, label="class", help="which class, counted from 0")
    weight: float = slider(2.0, 0.0, 15.0, 0.1, label="W weight", help="0: no condition, 1: the condition, more: exaggerated")  # pyright: ignore[reportIncompatibleMethodOverride] - a field in the place of a constant
    start: float = on_from(1)
    stop: float = off_at(1)

    @property
    def asks(self) -> int:
        return self.label

    def pair(self, data: GaussianMixture) -> tuple[GaussianMixture, GaussianMixture]:
        """p(x | c) and p(x): p(x | c)^W p(x)^{1−W} ∝ p(x) p(c | x)^W."""
        return data.only(self.label), data

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        return Blend(predictor.only(self.label), predictor, self.weight, interval(process, self.start, self.stop))
