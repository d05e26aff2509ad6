"""Guidance: predictors that wrap predictors. A guided prediction is a prediction, so every sampler takes it as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from .fields import BadValue
from .problem import Prediction
from .process import Process
from .spec import Spec


@dataclass(frozen=True)
class Guidance(Spec):
    """``model(data, process, oracle_for)`` makes the predictor; ``target`` the law that it is compared with.

    A guided field is in general not the score field of any noised distribution: samplers that need the exact mixture do not apply.
    """

    family: ClassVar[str] = "guidance"
    formula: ClassVar[str] = ""
    gives: ClassVar[frozenset[str]] = frozenset({"mean"})

    def check_data(self, data: Any) -> None:
        """Raises BadValue when the data have no such class."""
        label = getattr(self, "label", None)
        if label is not None and not bool((data.labels == label).any()):
            known = sorted(set(data.labels.tolist()))
            words = f"{known[0]} to {known[-1]}" if len(known) > 25 else ", ".join(map(str, known))
            raise BadValue("label", label, f"a class of these data: {words or 'they have none'}")

    def target(self, data: Any) -> Any:
        """The mixture that distances compare with: the class that is asked for."""
        label = getattr(self, "label", None)
        return data if label is None else data.only(label)

    def model(self, data: Any, process: Process, oracle_for: Callable[[Any, Process], Any]) -> Any:
        raise NotImplementedError


class Blend:
    """D_w + W (D_m − D_w) of a main and a weaker model while ``active(t)``, the main one alone otherwise.

    x̂_0, score, ε̂ and velocity of one process are affine in each other at fixed z and t, so this is the same rule in all of them.
    One call costs two models, or one where W = 1 or guidance is off.
    """

    gives = frozenset({"mean"})

    def __init__(self, main: Any, weak: Any, weight: float, active: Callable[[float], bool] = lambda t: True):
        self.main, self.weak, self.weight, self.active = main, weak, weight, active

    def _on(self, t: float) -> bool:
        return self.weight != 1 and self.active(t)

    def cost(self, t: float) -> int:
        return 2 if self._on(t) else 1

    def prepare(self, times: list[float]) -> None:
        self.main.prepare(times)
        self.weak.prepare(times)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        good = self.main(z_t, t)
        if not self._on(t):
            return good
        bad = self.weak(z_t, t)
        return Prediction(*(b + self.weight * (g - b) if g is not None and b is not None else None for g, b in zip(good, bad, strict=True)))  # type: ignore[arg-type]


def interval(process: Process, start: float, stop: float) -> Callable[[float], bool]:
    """Is guidance on at time t: the stage's clock between ``stop`` and ``start``. Kynkäänniemi et al. 2024, 2404.07724."""
    first, last = (float(process.unclock(c)) for c in (start, stop))  # type: ignore[arg-type]
    return lambda t: last <= t <= first * (1 + 1e-12)
