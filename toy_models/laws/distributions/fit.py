"""How far each fitted mixture is from the shape it stands for: the true shapes, and the distance to them.

    python -m toy_models.laws.distributions.fit

writes tables/errors.json, which the tooltips quote (a few seconds). Run it after changing or adding a shape.
Nothing here runs when the app does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import numpy as np

from playground.core.distance import distance

from . import TOYS, two_d
from .base import FIT_POINTS, TABLES, Toy
from .one_d import T_SCALE, UNIFORM_HALF_WIDTH

STATED_REPEATS = 80  # pairs of samples behind every stated number, which is their mean
Sampler = Callable[[int, np.random.Generator], np.ndarray]  # (n, rng) -> points (n, d)
# ---------------------------------------------------------------- the true shapes


def sample_strokes(key: str, n: int, rng: np.random.Generator) -> np.ndarray:
    strokes = two_d.STROKES[key]
    which = rng.choice(len(strokes), size=n, p=[s.weight for s in strokes])
    u, noise = rng.random(n), rng.standard_normal((n, 2))
    return np.concatenate([s.curve(u[which == i]) + s.std * noise[which == i] for i, s in enumerate(strokes)])


def sample_checkerboard(n: int, rng: np.random.Generator) -> np.ndarray:
    column, half = rng.integers(4, size=n), rng.integers(2, size=n)
    return np.stack([column, 2 * half + column % 2], -1) + rng.random((n, 2)) - 2


def sample_pinwheel(n: int, rng: np.random.Generator) -> np.ndarray:
    r, arm = 1 + two_d.PINWHEEL_SPREAD * rng.standard_normal(n), rng.integers(two_d.PINWHEEL_ARMS, size=n)
    return two_d.pinwheel_arm(r, arm) + two_d.PINWHEEL_PEN * rng.standard_normal((n, 2))


SHAPES: dict[str, Sampler] = {
    "uniform": lambda n, rng: UNIFORM_HALF_WIDTH * (2 * rng.random((n, 1)) - 1),
    "heavy_tails": lambda n, rng: T_SCALE * rng.standard_t(4, size=(n, 1)),
    **{key: partial(sample_strokes, key) for key in two_d.STROKES},
    "checkerboard": sample_checkerboard,
    "pinwheel": sample_pinwheel,
}


# ---------------------------------------------------------------- measuring


def measure(toy: Toy, seed: int = 0, repeats: int = STATED_REPEATS) -> dict[str, np.ndarray]:
    """Distances at FIT_POINTS points, (repeats,) each. error: shape to mixture; floor: shape to shape."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[toy.key]
    error, floor = [], []
    for _ in range(repeats):
        x = shape(FIT_POINTS, rng)
        error.append(distance(x, toy.sample(FIT_POINTS, rng)[0]))
        floor.append(distance(x, shape(FIT_POINTS, rng)))
    return {"error": np.array(error), "floor": np.array(floor)}


def main() -> None:
    """Measure every fitted shape and write the table."""
    stated = {k: {m: round(float(v.mean()), 4) for m, v in measure(TOYS[k]).items()} for k in SHAPES}
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(e)}" for k, e in stated.items())
    TABLES.mkdir(exist_ok=True)
    (TABLES / "errors.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    for key, e in stated.items():
        print(f"{key:14s} K={len(TOYS[key].weights):3d}  error {e['error']:.4f}  floor {e['floor']:.4f}")


if __name__ == "__main__":
    main()
