"""How far each fitted mixture is from the shape it stands for.

    python -m toy_models.laws.distributions.fit

writes tables/errors.json, which the tooltips quote (a few seconds). Run it after changing or adding a shape.
Nothing here runs when the app does.
"""

from __future__ import annotations

import json

import numpy as np

from playground.core.distance import distance

from . import TOYS
from .base import FIT_POINTS, TABLES, Toy

STATED_REPEATS = 80  # pairs of samples behind every stated number, which is their mean
SHAPES = [t.key for t in TOYS.values() if t.shape]  # of those that are fitted


def measure(toy: Toy, seed: int = 0, repeats: int = STATED_REPEATS) -> dict[str, np.ndarray]:
    """Distances at FIT_POINTS points, (repeats,) each. error: shape to mixture; floor: shape to shape. ValueError for a toy that is no fit."""
    rng, shape = np.random.default_rng(seed), toy.shape
    if shape is None:
        raise ValueError(f"toy: {toy.key} is not allowed; allowed are {', '.join(SHAPES)}, which are fitted to a shape")
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
