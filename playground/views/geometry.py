"""Which panels a run has, and their fixed axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from playground.core.experiment import Experiment
from playground.core.process import LinearProcess, Process
from playground.spaces.tokens import Tokens
from playground.spaces.torus import Torus

HALF_WIDTH, HALF_HEIGHT = 4.2, 3.0  # the plane of 2D data: 1.4 : 1, holds N(0, I) and every toy
SPAN_1D = 3.4
SUBSCRIPTS = "₁₂₃"


@dataclass(frozen=True)
class Panel:
    """``a`` and ``b``: indices of the state components on the horizontal and vertical axis (a = None: the clock)."""

    id: str
    kind: str
    a: int | None
    b: int
    title: str
    weight: float
    ranges: tuple[tuple[float, float], ...]  # (a's range, b's range) or (b's range,)
    names: tuple[str, ...] = ()  # of the symbols along its axis
    pins: bool = True  # can a point be pinned, of which is told what is known there?

    @property
    def flat(self) -> bool:
        """Does it show two components against each other (and not one over the clock, or how often each symbol is)?"""
        return self.kind in ("plane", "torus")


@dataclass(frozen=True)
class Geometry:
    components: tuple[str, ...]
    labels: tuple[str, ...]
    lo: tuple[float, ...]
    hi: tuple[float, ...]
    panels: tuple[Panel, ...]

    def describe(self) -> list[dict[str, Any]]:
        """Panels in the packet's form."""
        out = []
        for p in self.panels:
            axes = [p.b] if p.a is None else [p.a, p.b]
            record: dict[str, Any] = {"id": p.id, "kind": p.kind, "title": p.title, "weight": p.weight, "pins": p.pins}
            for name, index, (lo, hi) in zip("b" if p.a is None else "ab", axes, p.ranges, strict=True):
                record[name] = {"component": index, "label": self.labels[index], "lo": lo, "hi": hi}
            if p.names:
                record["a" if p.flat or p.kind == "shares" else "b"]["names"] = list(p.names)
            out.append(record)
        return out


def symbols(space: Tokens, most: float) -> Geometry:
    """A bar chart at the cursor's time, beside the paths of one token over the clock; ``most``: the largest probability that a symbol of the data has."""
    last = space.count - 0.5
    panels = (
        Panel("shares", "shares", 0, 1, "at this moment", 0.46, ((-0.5, last), (0.0, 1.3 * most)), space.names, False),
        Panel("symbols", "symbols", None, 0, "", 0.54, ((-0.5, last),), space.names, False),
    )
    return Geometry(("symbol",), ("symbol", "probability"), (0.0,), (space.count - 1.0,), panels)


def angles(space: Torus) -> Geometry:
    """The square of two angles, whose opposite edges are one."""
    turn = (-math.pi, math.pi)
    return Geometry(
        space.axes, space.axes, (-math.pi,) * 2, (math.pi,) * 2, (Panel("torus", "torus", 0, 1, "", 1.0, (turn, turn), pins=False),)
    )


def geometry_of(exp: Experiment) -> Geometry:
    """The panels of an experiment: by where its states live."""
    process, space = exp.process, exp.law.space
    match process.states(space):
        case Tokens() as states:
            law = exp.who.predictor(process).lifted().table  # type: ignore[attr-defined] - the exact model of symbols
            return symbols(states, max(float(law.max()), 1 / states.count))
        case Torus() as states:
            return angles(states)
    return geometry(process, space.dim)


def geometry(process: Process, dim: int) -> Geometry:
    """Panels of a process and data dimension: plane, space–time, or both for phase space. Axes never depend on the run."""
    scale = f" {process.view_scale_label}" if process.view_scale_label else ""
    if len(process.parts) == 1 and dim == 1:
        panels = (Panel("x", "spacetime", None, 0, "", 1.0, ((-SPAN_1D, SPAN_1D),)),)
        return Geometry(("x",), ("x" + scale,), (-2.4 * SPAN_1D,), (2.4 * SPAN_1D,), panels)
    if len(process.parts) == 1:
        names = tuple("x" + SUBSCRIPTS[i] for i in range(2))
        panels = (Panel("x", "plane", 0, 1, "", 1.0, ((-HALF_WIDTH, HALF_WIDTH), (-HALF_HEIGHT, HALF_HEIGHT))),)
        return Geometry(names, tuple(n + scale for n in names), (-9.0, -9.0), (9.0, 9.0), panels)
    # velocities live on the scale of the stationary law N(0, M)
    assert isinstance(process, LinearProcess)
    v = round(3.4 * float(process.prior_cov()[1, 1]) ** 0.5, 2)
    if dim == 1:
        x_range, v_range = (-SPAN_1D, SPAN_1D), (-v, v)
        panels = (
            Panel("xv", "plane", 0, 1, "phase plane", 0.56, (x_range, v_range)),
            Panel("x", "spacetime", None, 0, "position", 0.22, (x_range,)),
            Panel("v", "spacetime", None, 1, "velocity", 0.22, (v_range,)),
        )
        return Geometry(("x", "v"), ("x", "v"), (-2.4 * SPAN_1D, -2.4 * v), (2.4 * SPAN_1D, 2.4 * v), panels)
    side = ((-3.2, 3.2), (-3.2, 3.2))
    panels = (
        Panel("x", "plane", 0, 1, "position", 0.5, side),
        Panel("v", "plane", 2, 3, "velocity", 0.5, ((-v, v), (-v, v))),
    )
    names = ("x₁", "x₂", "v₁", "v₂")
    return Geometry(names, names, (-8.0, -8.0, -2.4 * v, -2.4 * v), (8.0, 8.0, 2.4 * v, 2.4 * v), panels)
