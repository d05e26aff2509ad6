"""The two-dimensional toys. To add one: write a function that returns make(...), and list it in TWO_D.

A shape drawn with a pen needs only its curves: list them as Strokes in STROKES and call drawn(...) (see moons).
All are scaled to fill the stage [-2.2, 2.2]^2, with a mean near 0 and a std near 1 along each axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .base import Toy, make, read_table

Curve = Callable[[np.ndarray], np.ndarray]  # u (n,) in [0, 1] -> points (n, 2)


@dataclass(frozen=True)
class Stroke:
    """One pen stroke: the shape is curve(u) + std * noise with u uniform on [0, 1].

    Its mixture is the midpoint rule in u: `pieces` round Gaussians of that very std, so the only error is that of
    the rule. Spacing <= 2 std keeps the ripple along the stroke below 2 exp(-pi^2 / 2) = 1.4 %.
    """

    curve: Curve
    pieces: int
    weight: float
    std: float
    label: int = 0


def arc(
    u: np.ndarray, rx: float, ry: float, start: float, stop: float, cx: float = 0.0, cy: float = 0.0
) -> np.ndarray:
    """Elliptic arc around (cx, cy), uniform in the angle from start to stop (radians)."""
    a = start + (stop - start) * u
    return np.stack([cx + rx * np.cos(a), cy + ry * np.sin(a)], -1)


def spiral(u: np.ndarray) -> np.ndarray:
    """0.148 t (cos t, sin t) for t from 1.5 pi to 4.5 pi (scikit-learn's make_swiss_roll, seen from the side), but
    uniform in t^2, very nearly the arc length, instead of t: the roll is as dense outside as inside."""
    t = np.pi * np.sqrt(1.5**2 + (4.5**2 - 1.5**2) * u)
    return 0.148 * np.stack([t * np.cos(t), t * np.sin(t)], -1) + [-0.36, -0.06]  # centred


def point(u: np.ndarray, x: float, y: float) -> np.ndarray:
    return np.broadcast_to([x, y], (len(u), 2))


TURN = 2 * np.pi
STROKES: dict[str, tuple[Stroke, ...]] = {
    # scikit-learn's make_moons around 0, stretched by 1.25 and 1.65 to a std near 1 along both axes
    "moons": (
        Stroke(partial(arc, rx=1.25, ry=1.65, start=0, stop=np.pi, cx=-0.625, cy=-0.4125), 24, 0.5, 0.11, 0),
        Stroke(partial(arc, rx=1.25, ry=-1.65, start=0, stop=np.pi, cx=0.625, cy=0.4125), 24, 0.5, 0.11, 1),
    ),
    "swiss_roll": (
        Stroke(lambda u: spiral(u / 2), 32, 0.5, 0.1, 0),
        Stroke(lambda u: spiral((1 + u) / 2), 32, 0.5, 0.1, 1),
    ),
    "rings": (
        Stroke(partial(arc, rx=0.8, ry=0.8, start=0, stop=TURN), 20, 0.4, 0.12, 0),
        Stroke(partial(arc, rx=1.75, ry=1.75, start=0, stop=TURN), 44, 0.6, 0.12, 1),
    ),
    "smiley": (
        Stroke(partial(arc, rx=1.8, ry=1.8, start=0, stop=TURN), 48, 0.62, 0.11, 0),
        Stroke(partial(point, x=-0.62, y=0.6), 1, 0.08, 0.17, 1),
        Stroke(partial(point, x=0.62, y=0.6), 1, 0.08, 0.17, 1),
        Stroke(partial(arc, rx=1.0, ry=1.0, start=1.12 * np.pi, stop=1.88 * np.pi, cy=-0.05), 14, 0.22, 0.11, 2),
    ),
}


def drawn(key: str, title: str, shape: str, class_names: tuple[str, ...]) -> Toy:
    """The mixture of STROKES[key]."""
    strokes = STROKES[key]
    pieces = [s.pieces for s in strokes]
    return make(
        key,
        title,
        shape,
        weights=np.repeat([s.weight / s.pieces for s in strokes], pieces),
        means=np.concatenate([s.curve((np.arange(s.pieces) + 0.5) / s.pieces) for s in strokes]),
        std=np.repeat([s.std for s in strokes], pieces),
        labels=np.repeat([s.label for s in strokes], pieces),
        class_names=class_names,
        fitted=True,
    )


def moons() -> Toy:
    return drawn("moons", "two moons", "two half-circles drawn with a pen of std 0.11", ("upper moon", "lower moon"))


def eight_gaussians() -> Toy:
    a = TURN * np.arange(8) / 8
    return make(
        "eight_gaussians",
        "eight Gaussians",
        "Exactly a mixture of 8 Gaussians of std 0.15 on a circle of radius 1.5.",
        means=1.5 * np.stack([np.cos(a), np.sin(a)], -1),
        std=0.15,
        labels=np.arange(8) % 2,
        class_names=("on the axes", "on the diagonals"),
    )


def swiss_roll() -> Toy:
    return drawn("swiss_roll", "Swiss roll", "a spiral drawn with a pen of std 0.1", ("inner half", "outer half"))


# Four Gaussians closest in L2 to the uniform density on [-0.5, 0.5] (fit.near_uniform): +-CELL_MEANS, one std.
CELL_MEANS, CELL_STD = (0.125, 0.375), 0.1


def checkerboard() -> Toy:
    """The dark cells of a 4 x 4 board on [-2, 2]^2; each is the product of two near-uniform mixtures of 4."""
    one = np.array([-CELL_MEANS[1], -CELL_MEANS[0], CELL_MEANS[0], CELL_MEANS[1]])
    cell = np.stack(np.meshgrid(one, one, indexing="ij"), -1).reshape(-1, 2)
    corners = np.array([(i, j) for i in range(4) for j in range(4) if (i + j) % 2 == 0])  # column i, row j
    return make(
        "checkerboard",
        "checkerboard",
        "the dark cells of a 4 x 4 board on [-2, 2]^2",
        means=(corners[:, None, :] - 1.5 + cell).reshape(-1, 2),
        std=CELL_STD,
        labels=np.repeat(corners[:, 1] % 2, len(cell)),
        class_names=("rows 1 and 3", "rows 2 and 4"),
        fitted=True,
    )


def rings() -> Toy:
    return drawn(
        "rings", "rings", "two circles of radius 0.8 and 1.75 drawn with a pen of std 0.12", ("inner ring", "outer ring")
    )


PINWHEEL_ARMS = 5


def rotation(angle: float) -> np.ndarray:
    """(2, 2), to multiply row vectors from the right."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s], [-s, c]])


def pinwheel() -> Toy:
    """Johnson et al. (2016, structured VAEs): one arm fitted by EM (fit.pinwheel_arm), turned five times."""
    arm = read_table("components")["pinwheel"]
    m = np.array(arm["means"])
    return make(
        "pinwheel",
        "pinwheel",
        "Johnson's pinwheel of five bent arms",
        weights=np.tile(arm["weights"], PINWHEEL_ARMS),
        means=np.concatenate([m @ rotation(TURN * i / PINWHEEL_ARMS) for i in range(PINWHEEL_ARMS)]),
        std=np.tile(arm["stds"], PINWHEEL_ARMS),
        labels=np.repeat(np.arange(PINWHEEL_ARMS), len(m)),
        class_names=tuple(f"arm {i + 1}" for i in range(PINWHEEL_ARMS)),
        fitted=True,
    )


def diamond() -> Toy:
    """Dockhorn et al. (2022, critically-damped Langevin diffusion), toy "diamond", times 2: there the means are
    {-0.5, 0, 0.5}^2 turned by [[1, -1], [1, 1]] / sqrt(2), and the std is 0.04."""
    grid = np.array([(x, y) for x in (-0.5, 0.0, 0.5) for y in (-0.5, 0.0, 0.5)])
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    return make(
        "diamond",
        "diamond",
        "Exactly a mixture of 9 Gaussians: the diamond of the CLD paper enlarged by 2, so std 0.08 instead of 0.04.",
        means=2 * grid @ turn.T,
        std=2 * 0.04,
        labels=np.arange(9) % 2,
        class_names=("corners and centre", "sides"),
    )


def cross() -> Toy:
    return make(
        "cross",
        "cross",
        "Exactly a mixture of 2 Gaussians, one lying and one standing, each of std 1.15 along and 0.08 across.",
        means=np.zeros((2, 2)),
        std=[[1.15, 0.08], [0.08, 1.15]],
        labels=[0, 1],
        class_names=("horizontal", "vertical"),
    )


def grid25() -> Toy:
    """Weights 1..5 (over 75) in a Latin square: unequal modes whose every row and column has the same mass."""
    i, j = np.divmod(np.arange(25), 5)
    level = (i + 2 * j) % 5 + 1
    return make(
        "grid25",
        "5 x 5 grid",
        "Exactly a mixture of 25 Gaussians of std 0.08 and of five different masses, the rarest a fifth of the largest.",
        weights=level,
        means=0.75 * np.stack([i - 2, j - 2], -1),
        std=0.08,
        labels=level >= 3,
        class_names=("rare modes", "common modes"),
    )


def smiley() -> Toy:
    return drawn("smiley", "smiley", "a face drawn with a pen of std 0.11", ("face", "eyes", "mouth"))


WORD = "flow"


def word() -> Toy:
    """Each letter's filled outline (DejaVu Sans Bold, stretched upwards) fitted by EM (fit.word_letter)."""
    letters = read_table("components")["word"]
    return make(
        "word",
        f"the word “{WORD}”",
        f"the filled letters of “{WORD}”",
        weights=np.concatenate([part["weights"] for part in letters]),
        means=np.concatenate([part["means"] for part in letters]),
        std=np.concatenate([part["stds"] for part in letters]),
        labels=np.repeat(np.arange(len(WORD)), [len(part["weights"]) for part in letters]),
        class_names=tuple(WORD),
        fitted=True,
    )


TWO_D: dict[str, Callable[[], Toy]] = {  # in display order
    f.__name__: f
    for f in (
        moons,
        eight_gaussians,
        swiss_roll,
        checkerboard,
        rings,
        pinwheel,
        diamond,
        cross,
        grid25,
        smiley,
        word,
    )
}
