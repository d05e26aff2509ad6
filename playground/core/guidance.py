"""Guidance: predictors that wrap predictors. A guided prediction is a prediction, so every sampler takes it as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from .algebra import wholes
from .fields import slider, unless
from .predictor import BasePredictor, Prediction, complete
from .process import Process
from .spec import Misfit, Spec

if TYPE_CHECKING:
    from .mixture import GaussianMixture
    from .model import Model


@dataclass(frozen=True)
class Guidance(Spec):
    """``guide(predictor, …)`` puts the guidance around a predictor; ``target`` is the law that the result is compared with.

    A guided field is in general not the score field of any noised distribution: samplers that need the exact mixture do not apply.
    """

    family: ClassVar[str] = "guidance"
    formula: ClassVar[str] = ""
    gives: ClassVar[frozenset[str]] = frozenset({"mean"})
    by_place: ClassVar[bool] = False
    """Does the class that an image is asked to be follow from its place in the batch?"""
    is_none: ClassVar[bool] = False
    """Is it no guidance at all?"""
    tilt: ClassVar[str] = "p{at}(x) p{at}(c | x)^{w}"
    """The tilt of its ``pair`` in words: ``{at}`` is "_t" at a time above 0, ``{w}`` W."""

    @property
    def weight(self) -> float:
        """W: a field of the guidances that blend two models, 1 of the others."""
        return 1.0

    @property
    def asks(self) -> int | None:
        """The one class that it asks for; None: no class, or all."""
        return None

    def classes(self, labels: list[int], count: int) -> list[int]:
        """The class that each of ``count`` images of a batch is asked to be, −1 for all classes: without a condition, or where W = 0 leaves none of it.

        ``labels``: the classes of the model.
        """
        return [-1 if self.asks is None or self.weight == 0 else self.asks] * count

    def misfit(self, law: Model) -> Misfit | None:
        """Why a model cannot be guided so: it has no such class. For the judge (core/legal.py)."""
        label = self.asks
        if label is None or bool((law.labels == label).any()):
            return None
        known = sorted(set(wholes(law.labels)))
        if not known:
            return Misfit("needs a model with classes", field="label", value=label, allowed="a model with classes: these data have none")
        words = f"{known[0]} to {known[-1]}" if len(known) > 25 else ", ".join(map(str, known))
        return Misfit(field="label", value=label, allowed=f"a class of these data: {words}")

    def unserved(self, process: Process) -> Misfit | None:
        """Why a model of its own does not serve a process. For the judge (core/legal.py)."""
        return None

    def target(self, model: Model) -> Model:
        """The model of the law that distances compare with: of the class that is asked for."""
        return model if self.asks is None else model.only(self.asks)

    def pair(self, data: GaussianMixture) -> tuple[GaussianMixture, GaussianMixture] | None:
        """The laws (main, weak) of mixture data whose tilt p_main^W p_weak^{1−W} is what this guidance is often taken to sample; None: there is none.

        At time t the guided score is that of the tilt of both *noised* laws; that of the data's tilt, noised, is another. At t = 0 they agree.
        """
        return None

    def model(self, model: Model, process: Process) -> BasePredictor:
        """The guided predictor of an exact (or trained) model."""
        return self.guide(complete(model.predictor(process)), model, process)

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        """This guidance around a predictor of all classes, z_t, t ↦ x̂_0, in the place of ``model``'s own.

        What else it must give: classifier-free guidance ``only(label)``, the predictor of one class; autoguidance that and ``weaker(inflate)`` of
        the result; a prompt ``told(words)``. The exact and the trained models have these. Raises: BadValue naming what is missing.
        """
        raise NotImplementedError


class Blend(BasePredictor):
    """D_w + W (D_m − D_w) of a main and a weaker model while ``active(t)``, the main one alone otherwise.

    x̂_0, score, ε̂ and velocity of one process are affine in each other at fixed z and t, so this is the same rule in all of them.
    One call costs two models, or one where one of them has no weight: D_m where W = 1 or guidance is off, D_w where W = 0.
    """

    def __init__(self, main: BasePredictor, weak: BasePredictor, weight: float, active: Callable[[float], bool] = lambda t: True):
        self.main, self.weak, self.weight, self.active = main, weak, weight, active

    def cost(self, t: float) -> int:
        """Models asked in one call at time t."""
        return 2 if self.weight not in (0, 1) and self.active(t) else 1

    def prepare(self, times: list[float]) -> None:
        for model in (self.main, self.weak):
            model.prepare(times)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        """The guided x̂_0, and the velocity where both models tell one."""
        if self.weight == 1 or not self.active(t):
            return self.main(z_t, t)
        if self.weight == 0:
            return self.weak(z_t, t)
        good, bad = self.main(z_t, t), self.weak(z_t, t)
        return Prediction(*(b + self.weight * (g - b) if g is not None and b is not None else None for g, b in zip(good, bad, strict=True)))  # type: ignore[arg-type]


def on_from(neutral: float) -> float:
    """The field ``start`` of a guidance: where on the clock its interval begins; idle at the weight ``neutral``, which guides nowhere."""
    return slider(
        1.0,
        0.0,
        1.0,
        0.01,
        label="on from",
        help="guidance interval on the clock (1 noise, 0 data): where it starts",
        when=unless("weight", neutral),
    )


def off_at(neutral: float) -> float:
    """The field ``stop``: where that interval ends."""
    return slider(0.0, 0.0, 1.0, 0.01, label="off at", help="guidance interval: where it ends", when=unless("weight", neutral))


def interval(process: Process, start: float, stop: float) -> Callable[[float], bool]:
    """Is guidance on at time t: the stage's clock between ``stop`` and ``start``. Kynkäänniemi et al. 2024, 2404.07724."""
    first, last = (float(process.unclock(c)) for c in (start, stop))  # type: ignore[arg-type]
    return lambda t: last <= t <= first * (1 + 1e-12)
