from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.catalog import law_of, model_named, resolve
from playground.core.fields import BadValue, free, integer, only, slider, unless
from playground.core.guidance import Blend, Guidance, interval, off_at, on_from
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.predictor import BasePredictor, complete
from playground.core.process import Process
from playground.core.spec import Info, Misfit

OWN = "inflated"
"""The weak model that every mixture has: itself with inflated covariances."""


def _named(name: str, value: object) -> str:
    """A model of the catalogue: its law's name, or law/model."""
    if not isinstance(value, str):
        raise BadValue(name, value, f"{OWN}, or a model's name: its data's, such as rings, or data/model, such as digits/wiener")
    if value != OWN:
        _model(value)
    return value


def _model(name: str) -> Model:
    data, _, key = name.partition("/")
    try:
        data, key = resolve("weak", data, key)
        return model_named(law_of(data), key)
    except BadValue as error:
        raise BadValue("weak", name, error.allowed) from None


@dataclass(frozen=True)
class Autoguidance(Guidance):
    """D = D_0 + W (D_1 − D_0): the model of a class, pushed away from a weaker one D_0: the same with its covariances inflated, or any model of points of the same shape, of that class
    where it has it.

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
        needs=frozenset({"mean"}),
    )
    tilt: ClassVar[str] = "p{at}(x | c)^{w} p_weak(x)^(1−{w})"
    formula = r"\hat x_0 = D_{\mathrm{weak}} + W\,(D_c - D_{\mathrm{weak}})"
    label: int = integer(0, 0, 24, label="class", help="which class, counted from 0")
    weight: float = slider(2.0, 0.0, 15.0, 0.1, label="W weight", help="1: the model itself, more: away from the weak one")  # pyright: ignore[reportIncompatibleMethodOverride] - a field in the place of a constant
    inflate: float = slider(
        3.0,
        1.1,
        20.0,
        0.1,
        label="weakness",
        help="the weak model's covariances are this many times as large",
        when=(unless("weight", 1), only("weak", OWN)),
    )
    start: float = on_from(1)
    stop: float = off_at(1)
    weak: str = free(
        OWN,
        _named,
        label="weak model",
        help="inflated: the same model with inflated covariances; or the name of another one: rings, digits/wiener",
        when=unless("weight", 1),
    )

    @property
    def needs(self) -> frozenset[str]:
        return super().needs | ({"mixture"} if self.weak == OWN else frozenset())

    @property
    def asks(self) -> int:
        return self.label

    def _other(self) -> Model | None:
        """The named weak model, of the class that is asked for where it has it; None: it is the inflated one."""
        if self.weak == OWN:
            return None
        model = _model(self.weak)
        return model.only(self.label) if bool((model.labels == self.label).any()) else model

    def misfit(self, law: Model) -> Misfit | None:
        other = None if self.weak == OWN else _model(self.weak).law.space
        if other is not None and (other.shape, other.caps) != (law.law.space.shape, law.law.space.caps):
            words = f"{OWN}, or a model of points of shape {law.law.space.shape}: those of {self.weak} have {other.shape}"
            return Misfit(field="weak", value=self.weak, allowed=words)
        return super().misfit(law)

    def unserved(self, process: Process) -> Misfit | None:
        why = "" if self.weak == OWN else _model(self.weak).unserved(process)
        return (
            Misfit(field="weak", value=self.weak, allowed=f"{OWN}, or a model that serves this process: {process.info.title} {why}")
            if why
            else None
        )

    def pair(self, data: GaussianMixture) -> tuple[GaussianMixture, GaussianMixture] | None:
        """The class and the weak model's law, where that is a mixture."""
        one, other = data.only(self.label), self._other()
        if other is not None:
            behind = other.law_behind()
            return None if behind is None else (one, behind)
        return one, GaussianMixture(one.weights, one.means, one.covs * self.inflate, one.labels)

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        main, other = predictor.only(self.label), self._other()
        weak = main.weaker(self.inflate) if other is None else complete(other.predictor(process))
        return Blend(main, weak, self.weight, interval(process, self.start, self.stop))
