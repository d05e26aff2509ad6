"""Distances against closed forms."""

import numpy as np
import pytest
import torch

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
