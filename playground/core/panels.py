"""The panels in which states are seen, and their axes, which never depend on a run. A space says which they are (``Space.panels``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .fields import Json


class Looks(NamedTuple):
    """What axes depend on besides the space: ``scaled``, words after a label where the view is scaled; ``speed``, the standard deviation of velocities;
    ``top``, the largest probability that a symbol of the data has."""

    scaled: str = ""
    speed: float = 1.0
    top: float = 1.0


@dataclass(frozen=True)
class Panel:
    """``kind``: who draws it (docs/packet.md). ``a`` and ``b``: indices of the state components on the horizontal and vertical axis (a = None: the clock)."""

    id: str
    kind: str
    a: int | None
    b: int
    title: str
    weight: float
    ranges: tuple[tuple[float, float], ...]  # (a's range, b's range) or (b's range,)
    flat: bool
    """Does it show two components against each other (and not one over the clock, or how often each symbol is)?"""
    names: tuple[str, ...] = ()
    """Of the symbols along its first axis."""
    pins: bool = True
    """Can a point be pinned, of which is told what is known there?"""

    def describe(self, labels: tuple[str, ...]) -> dict[str, Json]:
        """The panel in the packet's form; ``labels``: of all components."""
        sides = [("b", self.b)] if self.a is None else [("a", self.a), ("b", self.b)]
        axes: dict[str, dict[str, Json]] = {
            side: {"component": index, "label": labels[index], "lo": lo, "hi": hi}
            for (side, index), (lo, hi) in zip(sides, self.ranges, strict=True)
        }
        if self.names:
            axes[sides[0][0]]["names"] = self.names
        return {"id": self.id, "kind": self.kind, "title": self.title, "weight": self.weight, "pins": self.pins, **axes}


@dataclass(frozen=True)
class Geometry:
    """Panels and what they have in common: names and labels of all components, and the range (``lo``, ``hi``) in which each is sent."""

    components: tuple[str, ...]
    labels: tuple[str, ...]
    lo: tuple[float, ...]
    hi: tuple[float, ...]
    panels: tuple[Panel, ...]

    def describe(self) -> list[dict[str, Json]]:
        """Panels in the packet's form."""
        return [panel.describe(self.labels) for panel in self.panels]
