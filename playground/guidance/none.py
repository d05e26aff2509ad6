from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.guidance import Guidance
from playground.core.model import Model
from playground.core.predictor import BasePredictor
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class NoGuidance(Guidance):
    """The model as it is: samples of all classes."""

    info = Info("NoGuidance", "none", "no guidance: all classes", rank=10)
    gives: ClassVar[frozenset[str]] = frozenset({"mean", "mixture"})
    is_none: ClassVar[bool] = True

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        return predictor
