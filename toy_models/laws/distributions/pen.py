"""Shapes drawn with a pen: along curves, with a round nib. ``drawn`` makes the mixture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .base import Draw, Toy, make

TURN = 2 * np.pi
Curve = Callable[[np.ndarray], np.ndarray]  # u (n,) in [0, 1] -> points (n, 2)


@dataclass(frozen=True)
class Stroke:
    """One pen stroke: the shape is curve(u) + std * noise with u uniform on [0, 1].

    Its mixture is the midpoint rule in u: `pieces` round Gaussians of that very std, so the only error is
    that of the rule. Spacing <= 2 std keeps the ripple along the stroke below 2 exp(-pi^2 / 2) = 1.4 %.
    """

    curve: Curve
    pieces: int
    weight: float
    std: float
    label: int = 0


def arc(u: np.ndarray, rx: float, ry: float, start: float, stop: float, cx: float = 0.0, cy: float = 0.0) -> np.ndarray:
    """Elliptic arc around (cx, cy), uniform in the angle from start to stop (radians)."""
    a = start + (stop - start) * u
    return np.stack([cx + rx * np.cos(a), cy + ry * np.sin(a)], -1)


def line(u: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.stack([x0 + (x1 - x0) * u, y0 + (y1 - y0) * u], -1)


def point(u: np.ndarray, x: float, y: float) -> np.ndarray:
    return np.broadcast_to([x, y], (len(u), 2))


def drawn(title: str, about: str, class_names: tuple[str, ...], strokes: tuple[Stroke, ...]) -> Toy:
    """The mixture of the strokes, and their shape."""
    pieces = [s.pieces for s in strokes]
    return make(
        title,
        about,
        weights=np.repeat([s.weight / s.pieces for s in strokes], pieces),
        means=np.concatenate([s.curve((np.arange(s.pieces) + 0.5) / s.pieces) for s in strokes]),
        std=np.repeat([s.std for s in strokes], pieces),
        labels=np.repeat([s.label for s in strokes], pieces),
        class_names=class_names,
        shape=inked(strokes),
    )


def inked(strokes: tuple[Stroke, ...]) -> Draw:
    """Draws of curve(u) + std * noise, the stroke by its weight."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        which = rng.choice(len(strokes), size=n, p=[s.weight for s in strokes])
        u, noise = rng.random(n), rng.standard_normal((n, 2))
        return np.concatenate([s.curve(u[which == i]) + s.std * noise[which == i] for i, s in enumerate(strokes)])

    return draw
