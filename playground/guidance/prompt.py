from __future__ import annotations

from dataclasses import dataclass

from playground.core.fields import BadValue, free, slider, unless
from playground.core.guidance import Blend, Guidance, interval, off_at, on_from
from playground.core.model import Model
from playground.core.predictor import BasePredictor
from playground.core.process import Process
from playground.core.spec import Info

LONGEST = 1000


def _words(name: str, value: object) -> str:
    """At most LONGEST printable characters."""
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise BadValue(name, value, f"words of at most {LONGEST:,} printable characters")
    return value


@dataclass(frozen=True)
class Prompt(Guidance):
    """D = D_neg + W (D_prompt − D_neg): classifier-free guidance by words, the negative prompt (or none) in the place of the unconditional model.

    Two model calls, one where it is off, W = 1 or W = 0. Ho & Salimans 2022, 2207.12598; Rombach et al. 2022, 2112.10752.
    """

    info = Info(
        "Prompt",
        "prompt",
        "pushes a text-to-image model towards words, and away from others",
        "Ho & Salimans 2022",
        "2207.12598",
        rank=50,
        needs=frozenset({"text"}),
    )
    formula = r"\hat x_0 = D_{\mathrm{neg}} + W\,(D_{\mathrm{prompt}} - D_{\mathrm{neg}})"
    prompt: str = free("", _words, help="what the picture should show, at most 1,000 characters")
    negative: str = free(
        "",
        _words,
        label="not",
        help="what it should not show (negative prompt), at most 1,000 characters; empty: no words",
        when=unless("weight", 1),
    )
    weight: float = slider(5.0, 0.0, 15.0, 0.1, label="W weight", help="0: the negative prompt, 1: the prompt alone, more: exaggerated")  # pyright: ignore[reportIncompatibleMethodOverride] - a field in the place of a constant
    start: float = on_from(1)
    stop: float = off_at(1)

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        return Blend(predictor.told(self.prompt), predictor.told(self.negative), self.weight, interval(process, self.start, self.stop))
