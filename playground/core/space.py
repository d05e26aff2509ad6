"""Where states live: their shape, how one moves and measures distances there, and the parts in which they are seen.

R^n is the special case of this, not the rule that others break: the loop, the checks and the measures ask a space and never assume that states can be
added. ``caps`` says what samplers may do there:

    "vector"    z + h u makes sense for numbers h and vectors u of z's shape
    "tangent"   one moves along a tangent vector by ``move`` only (circles, spheres)
    "discrete"  states are symbols: they jump
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .algebra import norm
from .fields import BadValue
from .panels import Geometry, Looks, Panel

HALF_WIDTH, HALF_HEIGHT = 4.2, 3.0  # the plane of 2D data: 1.4 : 1, holds N(0, I) and every toy
SIDE = 3.2  # of each of the two planes of a phase space
SPAN_1D = 3.4
BEYOND = 2.4  # so many times a line's span is sent


@dataclass(frozen=True)
class Space:
    """A space of states of one shape; batches stand before it: z is (batch, *shape)."""

    caps: ClassVar[frozenset[str]] = frozenset()
    integral: ClassVar[bool] = False
    """Are states whole numbers (int64)? Else they have the experiment's dtype."""
    pictures: ClassVar[bool] = False
    """Are its points seen as pictures? Then nothing is seen of what a process adds to them (CLD's velocities)."""

    unit: ClassVar[str] = "data units"
    """Of distances (``apart``)."""

    embedded: ClassVar[bool] = False
    """Are distances those of points ``embed(z)`` of a Euclidean space? Then they can be read off projections."""

    def embed(self, z: Tensor) -> Tensor:
        """States (batch, *shape) as points (batch, n) of a Euclidean space, where they are ``embedded``."""
        return z.flatten(1)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one state."""
        raise NotImplementedError

    @property
    def dim(self) -> int:
        """How many numbers one state has."""
        return math.prod(self.shape)

    @property
    def axes(self) -> tuple[str, ...]:
        """What the numbers of a state are called, where each has an axis of its own ("x", "v"); () where there are too many to be drawn so."""
        return ()

    def panels(self, looks: Looks) -> Geometry:
        """The panels in which states are seen, and their axes. Raises BadValue where states are too many numbers for that."""
        raise BadValue("data", self.dim, "states of a few numbers, which have axes")

    def move(self, z: Tensor, u: Tensor) -> Tensor:
        """Where one comes from z (batch, *shape) along the tangent vector u (batch, *shape): the exponential map."""
        raise NotImplementedError

    def difference(self, a: Tensor, b: Tensor) -> Tensor:
        """The tangent vector at b that leads to a, the shortest one: move(b, difference(a, b)) = a."""
        raise NotImplementedError

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Of states a, b (batch, *shape), which broadcast: the length of the shortest way, (batch,)."""
        d = self.difference(a, b)
        return norm(d.flatten(d.ndim - len(self.shape)), -1)

    def apart(self, a: Tensor, b: Tensor) -> Tensor:
        """From all states a (n, *shape) to all b (m, *shape), (n, m): ``distance``, or another one where that is not of negative type. Energy distances
        are made of it: only then are they never negative (Székely & Rizzo 2013)."""
        return self.distance(a[:, None].expand(-1, len(b), *self.shape), b.expand(len(a), *b.shape))

    def size(self, z: Tensor) -> Tensor:
        """How far out states z (batch, *shape) are, (batch,), NaN or infinite where they are no states: a run whose states are far larger than the exact
        law's has diverged. 0 in a bounded space."""
        raise NotImplementedError

    def states(self, field: str, z: Tensor) -> Tensor:
        """Numbers (batch, *shape) of a caller as states. Raises BadValue naming ``field`` where they are none."""
        return z

    def check(self, field: str, z: object) -> Tensor:
        """z if it is a tensor (batch, *shape) of this space. Raises BadValue naming ``field``."""
        if isinstance(z, Tensor) and tuple(z.shape[1:]) == self.shape and z.ndim == 1 + len(self.shape):
            return z
        wanted = ("batch", *self.shape)
        raise BadValue(field, tuple(z.shape) if isinstance(z, Tensor) else z, f"a tensor of shape ({', '.join(map(str, wanted))})")


@dataclass(frozen=True)
class Flat(Space):
    """R^n in any shape."""

    caps: ClassVar[frozenset[str]] = frozenset({"vector"})
    embedded: ClassVar[bool] = True

    def move(self, z: Tensor, u: Tensor) -> Tensor:
        return z + u

    def difference(self, a: Tensor, b: Tensor) -> Tensor:
        return a - b

    def apart(self, a: Tensor, b: Tensor) -> Tensor:
        """Euclidean distances."""
        return torch.cdist(a.flatten(1), b.flatten(1))

    def size(self, z: Tensor) -> Tensor:
        """The Euclidean norm, (batch,)."""
        return norm(z.flatten(1), 1)


SUBSCRIPTS = "₁₂₃₄₅₆₇₈₉"


@dataclass(frozen=True)
class Euclidean(Flat):
    """Points of R^d."""

    d: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.d,)

    @property
    def axes(self) -> tuple[str, ...]:
        return ("x",) if self.d == 1 else tuple(f"x{i}" for i in SUBSCRIPTS[: self.d]) if self.d < 4 else ()

    def panels(self, looks: Looks) -> Geometry:
        """Over the clock on the line, a plane otherwise."""
        if self.d == 1:
            span = BEYOND * SPAN_1D
            line = Panel("x", "spacetime", None, 0, "", 1.0, ((-SPAN_1D, SPAN_1D),), False)
            return Geometry(("x",), ("x" + looks.scaled,), (-span,), (span,), (line,))
        names = tuple(f"x{i}" for i in SUBSCRIPTS[:2])
        plane = Panel("x", "plane", 0, 1, "", 1.0, ((-HALF_WIDTH, HALF_WIDTH), (-HALF_HEIGHT, HALF_HEIGHT)), True)
        return Geometry(names, tuple(n + looks.scaled for n in names), (-9.0, -9.0), (9.0, 9.0), (plane,))


@dataclass(frozen=True)
class Pixels(Flat):
    """Images (or latents), values about [−1, 1]."""

    pictures: ClassVar[bool] = True

    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, self.height, self.width)


@dataclass(frozen=True)
class Phase(Flat):
    """Data and their velocity, (2, *event): CLD's (x, v)."""

    inner: Space

    @property
    def shape(self) -> tuple[int, ...]:
        return (2, *self.inner.shape)

    @property
    def axes(self) -> tuple[str, ...]:
        return (*self.inner.axes, *(name.replace("x", "v") for name in self.inner.axes))

    def panels(self, looks: Looks) -> Geometry:
        """Position against velocity and both over the clock; in the plane one plane of each."""
        v = round(3.4 * looks.speed, 2)  # velocities live on the scale of the stationary law N(0, M)
        if self.inner.dim == 1:
            x_range, v_range = (-SPAN_1D, SPAN_1D), (-v, v)
            panels = (
                Panel("xv", "plane", 0, 1, "phase plane", 0.56, (x_range, v_range), True),
                Panel("x", "spacetime", None, 0, "position", 0.22, (x_range,), False),
                Panel("v", "spacetime", None, 1, "velocity", 0.22, (v_range,), False),
            )
            reach = (BEYOND * SPAN_1D, BEYOND * v)
            return Geometry(("x", "v"), ("x", "v"), (-reach[0], -reach[1]), reach, panels)
        panels = (
            Panel("x", "plane", 0, 1, "position", 0.5, ((-SIDE, SIDE), (-SIDE, SIDE)), True),
            Panel("v", "plane", 2, 3, "velocity", 0.5, ((-v, v), (-v, v)), True),
        )
        names, reach = ("x₁", "x₂", "v₁", "v₂"), (8.0, 8.0, BEYOND * v, BEYOND * v)
        return Geometry(names, names, (-8.0, -8.0, -BEYOND * v, -BEYOND * v), reach, panels)


@dataclass(frozen=True)
class Numbers(Flat):
    """R^n in any other shape."""

    sizes: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.sizes


def flat(shape: tuple[int, ...]) -> Flat:
    """R^n in a shape: points (d,), images (channels, height, width)."""
    return Euclidean(*shape) if len(shape) == 1 else Pixels(*shape) if len(shape) == 3 else Numbers(shape)
