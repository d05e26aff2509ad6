from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.panels import Geometry, Looks, Panel
from playground.core.space import SUBSCRIPTS, Space

TURN = 2 * math.pi


def wrap(angle: Tensor) -> Tensor:
    """The same angle in [−π, π), also where rounding would give π itself (float32 has numbers above π)."""
    turned = torch.remainder(angle + math.pi, TURN) - math.pi
    return torch.where((turned < -math.pi) | (turned >= math.pi), torch.full_like(turned, -math.pi), turned)


@dataclass(frozen=True)
class Torus(Space):
    """d angles, (batch, d), each in [−π, π): the circle (d = 1) and its products, flat and without an end.

    Tangent vectors are angles that are not wrapped; parallel transport does nothing. Distances are √Σ of squared shortest arcs.
    """

    d: int

    caps: ClassVar[frozenset[str]] = frozenset({"tangent"})
    embedded: ClassVar[bool] = True
    unit: ClassVar[str] = "chord lengths"

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.d,)

    @property
    def axes(self) -> tuple[str, ...]:
        return ("θ",) if self.d == 1 else tuple(f"θ{i}" for i in SUBSCRIPTS[: self.d]) if self.d < 4 else ()

    def panels(self, looks: Looks) -> Geometry:
        """The square of two angles, whose opposite edges are one."""
        turn, names = (-math.pi, math.pi), self.axes
        square = Panel("torus", "torus", 0, 1, "", 1.0, (turn, turn), True, pins=False)
        return Geometry(names, names, (-math.pi,) * 2, (math.pi,) * 2, (square,))

    def move(self, z: Tensor, u: Tensor) -> Tensor:
        return wrap(z + u)

    def difference(self, a: Tensor, b: Tensor) -> Tensor:
        return wrap(a - b)

    def size(self, z: Tensor) -> Tensor:
        """0: nothing is far out; NaN where an angle is none."""
        return torch.where(torch.isfinite(z).all(-1), 0.0, torch.nan).double()

    def embed(self, z: Tensor) -> Tensor:
        """(cos, sin) of every angle, (batch, 2d): points of a Euclidean space whose distances are chords.

        Energy distances are taken there: arcs on two circles, √(d₁² + d₂²), are not of negative type, and an "energy distance" of theirs may be negative.
        """
        return torch.cat([z.cos(), z.sin()], -1)

    def apart(self, a: Tensor, b: Tensor) -> Tensor:
        """Chords."""
        return torch.cdist(self.embed(a), self.embed(b))
