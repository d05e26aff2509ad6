from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from playground.core.guidance import Guidance
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class NoGuidance(Guidance):
    """The model as it is: samples of all classes."""

    info = Info("NoGuidance", "none", "no guidance: all classes", rank=10)
    gives: ClassVar[frozenset[str]] = frozenset({"mean", "mixture"})

    def guide(self, predictor: Any, data: Any, process: Process, oracle_for: Callable[[Any, Process], Any]) -> Any:
        return predictor
