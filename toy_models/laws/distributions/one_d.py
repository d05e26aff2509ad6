"""The one-dimensional toys."""

from __future__ import annotations

import numpy as np

from .base import Toy, distribution, make

UNIFORM_HALF_WIDTH = 1.7  # std 1.7 / sqrt(3) = 0.98
T_SCALE = 0.6  # heavy_tails: 0.6 times a Student t with 4 degrees of freedom, std 0.6 sqrt(2) = 0.85


@distribution(10)
def two_modes() -> Toy:
    return make(
        "two modes",
        "Exactly a mixture of 2 Gaussians, at -1 and 1, each of std 0.2.",
        means=[-1, 1],
        std=0.2,
        labels=[0, 1],
        class_names=("left", "right"),
    )


@distribution(11)
def three_modes() -> Toy:
    """G3, the reference distribution of our numerical checks: do not change its numbers."""
    return make(
        "three modes",
        "Exactly a mixture of 3 Gaussians of unequal mass (0.5, 0.3, 0.2) and width (0.1, 0.15, 0.05).",
        weights=[0.5, 0.3, 0.2],
        means=[-1, 0.2, 1.2],
        std=[0.1, 0.15, 0.05],
        labels=[0, 1, 2],
        class_names=("left", "middle", "right"),
    )


@distribution(12)
def narrow_wide() -> Toy:
    return make(
        "narrow and wide",
        "Exactly a mixture of 2 Gaussians, a wide one (std 0.6) and one ten times narrower, of equal mass.",
        means=[-0.6, 0.9],
        std=[0.6, 0.06],
        labels=[0, 1],
        class_names=("wide", "narrow"),
    )


@distribution(13)
def skewed() -> Toy:
    """Marron & Wand (1992) density 3, "strongly skewed", with 6 of its 8 terms, brought to mean 0 and std 1:
    components N(3 (r^l - 1), r^(2l)), r = 2/3, l = 0..5, of equal weight."""
    r = (2 / 3) ** np.arange(6)
    m = 3 * (r - 1)
    scale = np.sqrt(np.mean(r**2) + np.var(m))
    return make(
        "skewed",
        "Exactly a mixture of 6 Gaussians that narrow towards the left: a sharp edge and a long right tail.",
        means=(m - m.mean()) / scale,
        std=r / scale,
    )


@distribution(14)
def comb() -> Toy:
    return make(
        "comb",
        "Exactly a mixture of 8 Gaussians: evenly spaced teeth 0.5 apart, each of std 0.06.",
        means=0.5 * np.arange(8) - 1.75,
        std=0.06,
        labels=np.arange(8) % 2,
        class_names=("odd teeth", "even teeth"),
    )


@distribution(15)
def uniform() -> Toy:
    """Midpoints of 24 equal cells; a std of 0.6 cells leaves a ripple of 2 exp(-2 (0.6 pi)^2) = 0.2 %."""
    cell = 2 * UNIFORM_HALF_WIDTH / 24
    return make(
        "uniform",
        "the uniform density on [-1.7, 1.7]",
        means=cell * (np.arange(24) - 11.5),
        std=0.6 * cell,
        shape=lambda n, rng: UNIFORM_HALF_WIDTH * (2 * rng.random((n, 1)) - 1),
    )


@distribution(16)
def heavy_tails() -> Toy:
    """A Student t is N(0, V) with random V. For 4 degrees of freedom P(V < v) = (1 + 2/v) exp(-2/v); the
    law of V is cut into 10 geometric bins; each becomes one Gaussian, V at the bin's geometric midpoint."""
    edges = np.geomspace(0.2, 200, 11)
    cdf = (1 + 2 / edges) * np.exp(-2 / edges)
    cdf[0], cdf[-1] = 0, 1  # the ends take the mass beyond them, 0.05 % and 0.005 %
    return make(
        "heavy tails",
        "0.6 times a Student t with 4 degrees of freedom",
        weights=np.diff(cdf),
        means=np.zeros(10),
        std=T_SCALE * (edges[1:] * edges[:-1]) ** 0.25,
        shape=lambda n, rng: T_SCALE * rng.standard_t(4, size=(n, 1)),
    )
