from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.fields import integer, slider, unless
from playground.core.guidance import Blend, Guidance, interval, off_at, on_from
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.predictor import BasePredictor
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class Autoguidance(Guidance):
    """D = D_0 + W (D_1 − D_0): the model of a class, pushed away from a weaker model of the same class (here: covariances inflated).

    Sharpens without moving mass to the class's far side, as classifier-free guidance does. Two model calls, one where it is off, W = 1 or W = 0.
    Karras et al. 2024, 2406.02507.
    """

    info = Info(
        "Autoguidance",
        "autoguidance",
        "pushes a model away from a weaker version of itself",
        "Karras et al. 2024",
        "2406.02507",
        rank=40,
        needs=frozenset({"mixture"}),
    )
    tilt: ClassVar[str] = "p{at}(x | c)^{w} p_weak(x)^(1−{w})"
    formula = r"\hat x_0 = D_{\mathrm{weak}} + W\,(D_c - D_{\mathrm{weak}})"
    label: int = integer(0, 0, 24, label="class", help="which class, counted from 0")
    weight: float = slider(2.0, 0.0, 15.0, 0.1, label="W weight", help="1: the model itself, more: away from the weak one")  # pyright: ignore[reportIncompatibleMethodOverride] - a field in the place of a constant
    inflate: float = slider(
        3.0, 1.1, 20.0, 0.1, label="weakness", help="the weak model's covariances are this many times as large", when=unless("weight", 1)
    )
    start: float = on_from(1)
    stop: float = off_at(1)

    @property
    def asks(self) -> int:
        return self.label

    def pair(self, data: GaussianMixture) -> tuple[GaussianMixture, GaussianMixture]:
        """The class and the class with inflated covariances."""
        one = data.only(self.label)
        return one, GaussianMixture(one.weights, one.means, one.covs * self.inflate, one.labels)

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        main = predictor.only(self.label)
        return Blend(main, main.weaker(self.inflate), self.weight, interval(process, self.start, self.stop))
