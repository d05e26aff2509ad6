"""Distances against closed forms."""

import math

import numpy as np
import pytest
import torch

from playground.metrics import distances
from playground.metrics.distances import energy_distance, sliced_w2, wasserstein_1d


def test_wasserstein_of_a_shift_and_a_scale():
    x = np.random.default_rng(0).standard_normal(20_000)
    assert wasserstein_1d(x, x + 0.3) == pytest.approx(0.3)
    # W₂ between N(0, 1) and N(0, 4) is 1
    assert wasserstein_1d(x, 2 * x, 2) == pytest.approx(1, abs=0.02)


def test_sliced_w2_of_a_shift():
    """A shift by m projects to |m·θ|: the mean square over directions in 2D is |m|²/2."""
    x = np.random.default_rng(1).standard_normal((500, 2)).astype(np.float32)
    assert sliced_w2(x, x + np.float32([0.6, -0.8])) == pytest.approx(np.sqrt(0.5), abs=1e-4)


def test_energy_distance_of_gaussians():
    """2E|X−Y| − 2E|X−X'| with E|N(m, 2)| in closed form: D² for N(0,1) against N(1,1)."""
    from math import erf, exp, pi, sqrt

    def mean_abs(m, s):
        return s * sqrt(2 / pi) * exp(-(m**2) / 2 / s**2) + m * erf(m / s / sqrt(2))

    exact = sqrt(2 * mean_abs(1, sqrt(2)) - 2 * mean_abs(0, sqrt(2)))
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(4000, 1, generator=g), 1 + torch.randn(4000, 1, generator=g)
    assert energy_distance(x, y) == pytest.approx(exact, abs=0.03)
    assert energy_distance(x, torch.randn(4000, 1, generator=g)) < 0.05
    assert energy_distance(x, x) == 0


@pytest.mark.parametrize("n", [1, 7, 400])
def test_energy_on_the_line_is_that_of_all_pairs(n):
    """One sort gives −wᵀ D w of all pairs, also of points that coincide; and blocks give what one matrix gives.

    Mutants killed: 2 left out; the last point's weight counted; the off-diagonal blocks counted once.
    """
    g = torch.Generator().manual_seed(n)
    x = torch.randn(2 * n, 1, generator=g, dtype=torch.float64).mul(5).round().div(5)  # with ties
    w = torch.randn(3, 2 * n, generator=g, dtype=torch.float64)
    w -= w.mean(1, keepdim=True)
    whole = -((w @ (x - x.T).abs()) * w).sum(1)
    torch.testing.assert_close(distances.energy_on_line(w, x[:, 0]), whole, rtol=1e-9, atol=1e-11)
    plane = torch.randn(2 * n, 2, generator=g, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distances, "PAIRS", 90 * n)
        blocks = distances.energy_of_pairs(w, lambda i, j: torch.cdist(plane[i], plane[j]))
    torch.testing.assert_close(blocks, -((w @ torch.cdist(plane, plane)) * w).sum(1), rtol=1e-9, atol=1e-11)


def test_energy_of_many_points_on_the_line():
    """100,000 points a side, for which all pairs would take minutes, against the closed form of two normals: E|X − Y| = s √(2/π) e^{−m²/2s²} + m erf(m/s√2)."""
    g = torch.Generator().manual_seed(2)
    x, y = (torch.randn(100_000, 1, generator=g, dtype=torch.float64) + m for m in (0.0, 1.0))

    def apart(m):
        return 2 / math.sqrt(math.pi) * math.exp(-m * m / 4) + m * math.erf(m / 2)

    assert energy_distance(x, y) == pytest.approx(math.sqrt(2 * apart(1.0) - 2 * apart(0.0)), abs=0.01)
