"""Fits the shapes that are no Gaussian mixtures, and measures how far each fit is from its shape.

    python -m toy_models.distributions.fit

writes tables/components.json (pinwheel and word: EM) and tables/errors.json (every fitted shape). Takes about a
minute; needs matplotlib for the letters. Nothing here runs when the app does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from . import two_d
from .base import FIT_POINTS, TABLES, Toy
from .one_d import T_SCALE, UNIFORM_HALF_WIDTH

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


def pinwheel_arm(n: int, rng: np.random.Generator) -> np.ndarray:
    """One arm: radial std 0.3, tangential std 0.1, bent by 0.25 exp(radius), times 1.35 (to std 1)."""
    r, s = 1 + 0.3 * rng.standard_normal(n), 0.1 * rng.standard_normal(n)
    a = 0.25 * np.exp(r)
    return 1.35 * np.stack([r * np.cos(a) - s * np.sin(a), r * np.sin(a) + s * np.cos(a)], -1)


def sample_pinwheel(n: int, rng: np.random.Generator) -> np.ndarray:
    turns = np.array([two_d.rotation(2 * np.pi * i / two_d.PINWHEEL_ARMS) for i in range(two_d.PINWHEEL_ARMS)])
    return np.einsum("ni,nij->nj", pinwheel_arm(n, rng), turns[rng.integers(two_d.PINWHEEL_ARMS, size=n)])


@cache
def letter_points(step: float = 0.0125) -> tuple[np.ndarray, ...]:
    """Centres of the grid cells of that step inside each letter of the word, (n_letter, 2) each, on the stage."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    def outline(text: str) -> Path:
        return TextPath((0, 0), text, size=1, prop=FontProperties(family="DejaVu Sans", weight="bold"))

    whole = outline(two_d.WORD).get_extents()
    scale = np.array([4.3 / whole.width, 2.9 / whole.height])
    letters = []
    for i, letter in enumerate(two_d.WORD):
        end = outline(two_d.WORD[: i + 1]).get_extents().x1  # from the right end: the advance includes kerning
        path = outline(letter)
        box = path.get_extents()
        verts = (path.vertices + [end - box.x1 - whole.x0, -whole.y0]) * scale
        path = Path(verts, path.codes)
        lo, hi = path.get_extents().min, path.get_extents().max
        grid = np.stack(np.meshgrid(*(np.arange(a, b, step) + step / 2 for a, b in zip(lo, hi, strict=True))), -1)
        grid = grid.reshape(-1, 2)
        inside = [Path(p).contains_points(grid) for p in path.to_polygons()]
        letters.append(grid[np.logical_xor.reduce(inside)])  # even-odd: the hole of the o stays empty
    centre = np.concatenate(letters).mean(0)
    return tuple(points - centre for points in letters)


def sample_word(n: int, rng: np.random.Generator, step: float = 0.0125) -> np.ndarray:
    points = np.concatenate(letter_points(step))
    return points[rng.integers(len(points), size=n)] + step * (rng.random((n, 2)) - 0.5)


SHAPES: dict[str, Sampler] = {
    "uniform": lambda n, rng: UNIFORM_HALF_WIDTH * (2 * rng.random((n, 1)) - 1),
    "heavy_tails": lambda n, rng: T_SCALE * rng.standard_t(4, size=(n, 1)),
    **{key: partial(sample_strokes, key) for key in two_d.STROKES},
    "checkerboard": sample_checkerboard,
    "pinwheel": sample_pinwheel,
    "word": sample_word,
}


# ---------------------------------------------------------------- fitting


def em(
    x: np.ndarray, count: int, min_std: float = 0.02, seed: int = 0, steps: int = 200
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Round-Gaussian mixture of maximal likelihood for the points x (n, d): weights (K,), means (K, d), stds (K,).

    EM from a k-means++ start (Arthur & Vassilvitskii, 2007). Deterministic given the seed up to rounding.
    """
    rng = np.random.default_rng(seed)
    n, d = x.shape
    means = x[rng.integers(n)][None]
    for _ in range(count - 1):
        gap = ((x[:, None] - means) ** 2).sum(-1).min(1)
        means = np.concatenate([means, x[rng.choice(n, p=gap / gap.sum())][None]])
    weights = np.full(count, 1 / count)
    var = np.full(count, x.var(0).mean() / count)
    for _ in range(steps):
        square = (x**2).sum(1)[:, None] - 2 * x @ means.T + (means**2).sum(1)
        log = np.log(weights) - 0.5 * d * np.log(var) - 0.5 * square / var
        share = np.exp(log - log.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        mass = share.sum(0)
        weights, means = mass / n, share.T @ x / mass[:, None]
        var = np.maximum((share.T @ (x**2).sum(1) / mass - (means**2).sum(1)) / d, min_std**2)
    return weights, means, np.sqrt(var)


def near_uniform() -> tuple[float, float, float]:
    """(inner mean, outer mean, std) of the 4 equal Gaussians at +-inner, +-outer closest in L2 to the uniform
    density on [-0.5, 0.5]; two_d.CELL_MEANS and CELL_STD hold its rounded result."""
    from scipy.optimize import minimize

    grid = np.linspace(-1, 1, 2001)
    target = (np.abs(grid) <= 0.5).astype(float)

    def miss(p: np.ndarray) -> float:
        means = np.array([-p[1], -p[0], p[0], p[1]])
        density = np.exp(-0.5 * ((grid[:, None] - means) / p[2]) ** 2).sum(1) / (4 * p[2] * np.sqrt(2 * np.pi))
        return float(((density - target) ** 2).mean())

    best = minimize(miss, [0.125, 0.375, 0.1], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-12})
    return tuple(best.x)


def table(weights: np.ndarray, means: np.ndarray, stds: np.ndarray, share: float = 1.0) -> dict[str, Any]:
    """Components as JSON, to 5 digits, ordered from left to right so that a refit gives a readable diff."""
    order = np.lexsort((means[:, 1], means[:, 0]))
    return {
        "weights": [round(float(w) * share, 6) for w in weights[order]],
        "means": [[round(float(v), 4) for v in m] for m in means[order]],
        "stds": [round(float(s), 4) for s in stds[order]],
    }


def fit_components(arm_pieces: int = 12, word_pieces: int = 124) -> dict[str, Any]:
    """The two EM fits: one pinwheel arm, and every letter with components in proportion to its area."""
    arm = em(pinwheel_arm(20_000, np.random.default_rng(0)), arm_pieces)
    letters = letter_points(0.025)
    area = np.array([len(points) for points in letters]) / sum(map(len, letters))
    return {
        "pinwheel": table(*arm),
        "word": [table(*em(p, round(word_pieces * a)), share=a) for p, a in zip(letters, area, strict=True)],
    }


# ---------------------------------------------------------------- measuring


def distance(x: np.ndarray, y: np.ndarray, directions: int = 32) -> float:
    """Between two samples (n, d) of equal size: W1 in 1D; in 2D the sliced W2, the root mean over evenly spaced
    directions of the squared W2 of the projections. Data units."""
    if x.shape[1] == 1:
        return float(np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean())
    a = np.pi * (np.arange(directions) + 0.5) / directions
    axes = np.stack([np.cos(a), np.sin(a)])
    return float(np.sqrt(((np.sort(x @ axes, axis=0) - np.sort(y @ axes, axis=0)) ** 2).mean()))


def measure(toy: Toy, seed: int = 0, repeats: int = 40) -> dict[str, np.ndarray]:
    """Distances at FIT_POINTS points, (repeats,) each. error: shape to mixture; floor: shape to shape."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[toy.key]
    error, floor = [], []
    for _ in range(repeats):
        x = shape(FIT_POINTS, rng)
        error.append(distance(x, toy.sample(FIT_POINTS, rng)[0]))
        floor.append(distance(x, shape(FIT_POINTS, rng)))
    return {"error": np.array(error), "floor": np.array(floor)}


def write(name: str, content: dict[str, Any]) -> None:
    TABLES.mkdir(exist_ok=True)
    text = json.dumps(content, separators=(", ", ": ")).replace('"weights"', '\n"weights"')
    (TABLES / f"{name}.json").write_text(text.replace('}, "', '},\n"') + "\n", encoding="utf-8")


def main() -> None:
    from . import TOYS  # after the tables: building the toys reads them

    write("components", fit_components())
    stated = {k: {m: round(float(v.mean()), 4) for m, v in measure(TOYS[k]).items()} for k in SHAPES}
    write("errors", stated)
    for key, e in stated.items():
        print(f"{key:14s} K={len(TOYS[key].weights):3d}  error {e['error']:.4f}  floor {e['floor']:.4f}")


if __name__ == "__main__":
    main()
