"""The two-dimensional toys. All are scaled to fill the stage [-2.2, 2.2]^2, with a mean near 0 and a std near 1 along each axis."""

from __future__ import annotations

from functools import partial

import numpy as np

from .base import Toy, distribution, make
from .pen import TURN, Curve, Stroke, arc, drawn, line, point


def spiral(u: np.ndarray) -> np.ndarray:
    """0.148 t (cos t, sin t) for t from 1.5 pi to 4.5 pi (scikit-learn's make_swiss_roll, from the side),
    but uniform in t^2, very nearly the arc length, instead of t: the roll is as dense outside as inside."""
    t = np.pi * np.sqrt(1.5**2 + (4.5**2 - 1.5**2) * u)
    return 0.148 * np.stack([t * np.cos(t), t * np.sin(t)], -1) + [-0.36, -0.06]  # centred


def written(pen: float = 0.08) -> tuple[Stroke, ...]:
    """The word "flow", tall enough for a std near 1 along both axes. Every stroke gets pieces 2 pens apart,
    and a mass in proportion to its pieces."""
    curves: list[tuple[int, Curve]] = [  # (letter, curve)
        (0, partial(line, x0=-1.7, y0=-1.3, x1=-1.7, y1=1.4)),  # f: stem, hook, bar
        (0, partial(arc, rx=0.28, ry=0.42, start=np.pi, stop=0.25 * np.pi, cx=-1.42, cy=1.4)),
        (0, partial(line, x0=-2.0, y0=0.65, x1=-1.3, y1=0.65)),
        (1, partial(line, x0=-0.8, y0=-1.3, x1=-0.8, y1=1.85)),
        (2, partial(arc, rx=0.48, ry=0.98, start=0, stop=TURN, cy=-0.33)),
        (3, partial(line, x0=0.8, y0=0.65, x1=1.1, y1=-1.3)),  # w: four lines
        (3, partial(line, x0=1.1, y0=-1.3, x1=1.4, y1=0.65)),
        (3, partial(line, x0=1.4, y0=0.65, x1=1.7, y1=-1.3)),
        (3, partial(line, x0=1.7, y0=-1.3, x1=2.0, y1=0.65)),
    ]
    lengths = [np.linalg.norm(np.diff(c(np.linspace(0, 1, 200)), axis=0), axis=1).sum() for _, c in curves]
    pieces = [round(float(length) / (2 * pen)) for length in lengths]
    return tuple(Stroke(c, n, n / sum(pieces), pen, letter) for (letter, c), n in zip(curves, pieces, strict=True))


@distribution(20)
def moons() -> Toy:
    """scikit-learn's make_moons around 0, stretched by 1.25 and 1.65 to a std near 1 along both axes."""
    return drawn(
        "two moons",
        "two half-circles drawn with a pen of std 0.11",
        ("upper moon", "lower moon"),
        (
            Stroke(partial(arc, rx=1.25, ry=1.65, start=0, stop=np.pi, cx=-0.625, cy=-0.4125), 24, 0.5, 0.11, 0),
            Stroke(partial(arc, rx=1.25, ry=-1.65, start=0, stop=np.pi, cx=0.625, cy=0.4125), 24, 0.5, 0.11, 1),
        ),
    )


@distribution(21)
def eight_gaussians() -> Toy:
    a = TURN * np.arange(8) / 8
    return make(
        "eight Gaussians",
        "Exactly a mixture of 8 Gaussians of std 0.15 on a circle of radius 1.5.",
        means=1.5 * np.stack([np.cos(a), np.sin(a)], -1),
        std=0.15,
        labels=np.arange(8) % 2,
        class_names=("on the axes", "on the diagonals"),
    )


@distribution(22)
def swiss_roll() -> Toy:
    return drawn(
        "Swiss roll",
        "a spiral drawn with a pen of std 0.1",
        ("inner half", "outer half"),
        (
            Stroke(lambda u: spiral(u / 2), 32, 0.5, 0.1, 0),
            Stroke(lambda u: spiral((1 + u) / 2), 32, 0.5, 0.1, 1),
        ),
    )


def board(n: int, rng: np.random.Generator) -> np.ndarray:
    column, half = rng.integers(4, size=n), rng.integers(2, size=n)
    return np.stack([column, 2 * half + column % 2], -1) + rng.random((n, 2)) - 2


@distribution(23)
def checkerboard() -> Toy:
    """The dark cells of a 4 x 4 board on [-2, 2]^2; each is 4 x 4 round Gaussians, 0.25 apart. The std is a
    compromise: at 0.48 spacings the edges are still sharp, and the ripple 2 exp(-2 (0.48 pi)^2) = 2 %."""
    one = np.array([-0.375, -0.125, 0.125, 0.375])
    cell = np.stack(np.meshgrid(one, one, indexing="ij"), -1).reshape(-1, 2)
    corners = np.array([(i, j) for i in range(4) for j in range(4) if (i + j) % 2 == 0])  # column i, row j
    return make(
        "checkerboard",
        "the dark cells of a 4 x 4 board on [-2, 2]^2",
        means=(corners[:, None, :] - 1.5 + cell).reshape(-1, 2),
        std=0.12,
        labels=np.repeat(corners[:, 1] % 2, len(cell)),
        class_names=("rows 1 and 3", "rows 2 and 4"),
        shape=board,
    )


@distribution(24)
def rings() -> Toy:
    return drawn(
        "rings",
        "two circles drawn with a pen of std 0.12",
        ("inner ring", "outer ring"),
        (
            Stroke(partial(arc, rx=0.8, ry=0.8, start=0, stop=TURN), 20, 0.4, 0.12, 0),
            Stroke(partial(arc, rx=1.75, ry=1.75, start=0, stop=TURN), 44, 0.6, 0.12, 1),
        ),
    )


PINWHEEL_ARMS, PINWHEEL_SPREAD, PINWHEEL_PEN = 5, 0.27, 0.12  # arms, std of r, std of the pen


def pinwheel_arm(r: np.ndarray, arm: np.ndarray | int) -> np.ndarray:
    """Points (n, 2) at radius 1.3 r on the given arms, bent by the angle exp(r) / 4."""
    a = np.exp(r) / 4 + TURN * arm / PINWHEEL_ARMS
    return 1.3 * r[:, None] * np.stack([np.cos(a), np.sin(a)], -1)


def wheel(n: int, rng: np.random.Generator) -> np.ndarray:
    r, arm = 1 + PINWHEEL_SPREAD * rng.standard_normal(n), rng.integers(PINWHEEL_ARMS, size=n)
    return pinwheel_arm(r, arm) + PINWHEEL_PEN * rng.standard_normal((n, 2))


@distribution(25)
def pinwheel() -> Toy:
    """After Johnson et al. (2016, structured VAEs): r ~ N(1, 0.27^2) along each arm, and a round pen.
    The integral over r is a sum over 12 points at equal arc length."""
    fine = np.linspace(0.25, 1.75, 1000)
    length = np.cumsum(np.linalg.norm(np.gradient(pinwheel_arm(fine, 0), axis=0), axis=1))
    r = np.interp(length[-1] * (np.arange(12) + 0.5) / 12, length, fine)
    mass = np.exp(-0.5 * ((r - 1) / PINWHEEL_SPREAD) ** 2) * np.gradient(r)
    return make(
        "pinwheel",
        "a pinwheel of five bent, fading arms",
        weights=np.tile(mass, PINWHEEL_ARMS),
        means=np.concatenate([pinwheel_arm(r, i) for i in range(PINWHEEL_ARMS)]),
        std=PINWHEEL_PEN,
        labels=np.repeat(np.arange(PINWHEEL_ARMS), 12),
        class_names=tuple(f"arm {i + 1}" for i in range(PINWHEEL_ARMS)),
        shape=wheel,
    )


@distribution(26)
def diamond() -> Toy:
    """Dockhorn et al. (2022, critically-damped Langevin diffusion), "diamond", times 2: there the means
    are {-0.5, 0, 0.5}^2 turned by [[1, -1], [1, 1]] / sqrt(2), and the std is 0.04."""
    grid = np.array([(x, y) for x in (-0.5, 0.0, 0.5) for y in (-0.5, 0.0, 0.5)])
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    return make(
        "diamond",
        "Exactly a mixture of 9 Gaussians: the diamond of the CLD paper, enlarged by 2 (std 0.08, not 0.04).",
        means=2 * grid @ turn.T,
        std=2 * 0.04,
        labels=np.arange(9) % 2,
        class_names=("corners and centre", "sides"),
    )


@distribution(27)
def cross() -> Toy:
    return make(
        "cross",
        "Exactly a mixture of 2 Gaussians, one lying and one standing, of std 1.15 along and 0.08 across.",
        means=np.zeros((2, 2)),
        std=[[1.15, 0.08], [0.08, 1.15]],
        labels=[0, 1],
        class_names=("horizontal", "vertical"),
    )


@distribution(28)
def grid25() -> Toy:
    """Weights 1..5 (over 75) in a Latin square: unequal modes, but every row and column has the same mass."""
    i, j = np.divmod(np.arange(25), 5)
    level = (i + 2 * j) % 5 + 1
    return make(
        "5 x 5 grid",
        "Exactly a mixture of 25 Gaussians of std 0.08, the rarest a fifth of the mass of the largest.",
        weights=level,
        means=0.75 * np.stack([i - 2, j - 2], -1),
        std=0.08,
        labels=level >= 3,
        class_names=("rare modes", "common modes"),
    )


@distribution(29)
def smiley() -> Toy:
    return drawn(
        "smiley",
        "a face drawn with a pen of std 0.11",
        ("face", "eyes", "mouth"),
        (
            Stroke(partial(arc, rx=1.8, ry=1.8, start=0, stop=TURN), 48, 0.62, 0.11, 0),
            Stroke(partial(point, x=-0.62, y=0.6), 1, 0.08, 0.17, 1),
            Stroke(partial(point, x=0.62, y=0.6), 1, 0.08, 0.17, 1),
            Stroke(partial(arc, rx=1.0, ry=1.0, start=1.12 * np.pi, stop=1.88 * np.pi, cy=-0.05), 14, 0.22, 0.11, 2),
        ),
    )


@distribution(30)
def word() -> Toy:
    return drawn("the word “flow”", "the word “flow” written with a pen of std 0.08", tuple("flow"), written())
