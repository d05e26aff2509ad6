"""Wrapped normals: two series against each other, against quadrature, and their draws against their law."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from playground.core.fields import BadValue
from playground.spaces.wrapped import WrappedMixture, by_harmonics, by_windings, wrapped_normal
from toy_models.laws.torus import circle_two, torus_backbone, torus_peaks, torus_winding

LAWS = (circle_two, torus_peaks, torus_winding, torus_backbone)
POINTS = 4096


def ring(n=POINTS):
    return -math.pi + 2 * math.pi * torch.arange(n, dtype=torch.float64) / n


def test_both_series_agree():
    """To 1e-12, density and slope, over the variances where either might be used; mutant killed: one winding less."""
    delta = ring(721)
    for var in torch.linspace(1.0, 4.0, 25, dtype=torch.float64):
        v = var.expand(1)
        many = delta[:, None] + 2 * math.pi * torch.arange(-12, 13, dtype=torch.float64)
        truth = torch.exp(-0.5 * many.square() / var).sum(-1) / torch.sqrt(2 * math.pi * var)
        for log_p, slope in (wrapped_normal(delta, v), (by_windings if var <= 2 else by_harmonics)(delta, v)):
            torch.testing.assert_close(log_p.exp(), truth, rtol=1e-12, atol=0)
            exact = -(many / var * torch.exp(-0.5 * many.square() / var)).sum(-1) / torch.exp(-0.5 * many.square() / var).sum(-1)
            torch.testing.assert_close(slope, exact, rtol=0, atol=1e-12)
    two = torch.tensor([2.0], dtype=torch.float64)
    for one, other in zip(by_windings(delta, two), by_harmonics(delta, two), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_mixed_variances_take_the_series_that_holds():
    var = torch.tensor([[1e-4, 30.0], [1.9, 2.1]], dtype=torch.float64)
    delta = torch.tensor([[0.01, 3.0], [-3.1, 1.0]], dtype=torch.float64)
    log_p, slope = wrapped_normal(delta, var)
    for i in range(2):
        for j in range(2):
            alone = wrapped_normal(delta[i, j : j + 1], var[i, j : j + 1])
            assert (float(log_p[i, j]), float(slope[i, j])) == pytest.approx((float(alone[0]), float(alone[1])), abs=1e-13)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("var", [0.0, 0.3, 2.5, 40.0])
def test_a_law_sums_to_one_and_its_score_is_its_slope(law, var):
    """Quadrature on an even lattice (spectrally exact on the torus), central differences, and Brownian motion as a convolution: E e^{inθ} shrinks by
    e^{−n² var/2}."""
    p = law().widened(var)
    side = ring(POINTS if p.dim == 1 else 256)
    points = side[:, None] if p.dim == 1 else torch.cartesian_prod(side, side)
    cell = (2 * math.pi / len(side)) ** p.dim
    density = p.log_prob(points).exp()
    assert float(density.sum() * cell) == pytest.approx(1, abs=1e-10)
    for n in (1, 3):
        moment = (torch.exp(1j * n * points) * density[:, None]).sum(0) * cell
        torch.testing.assert_close(moment, p.moment(n), rtol=0, atol=1e-10)
        torch.testing.assert_close(p.moment(n), law().moment(n) * math.exp(-0.5 * n * n * var), rtol=0, atol=1e-13)
    some = points[:: max(1, len(points) // 500)]
    for i in range(p.dim):
        step = torch.zeros(p.dim, dtype=torch.float64)
        step[i] = 1e-5
        slope = (p.log_prob(some + step) - p.log_prob(some - step)) / 2e-5
        torch.testing.assert_close(p.score(some)[:, i], slope, rtol=1e-5, atol=1e-4)


def test_float32_follows_float64():
    p, points = torus_peaks(), torch.rand(2000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 6.2 - 3.1
    torch.testing.assert_close(p.score(points.float()).double(), p.score(points), rtol=2e-4, atol=2e-3)


@pytest.mark.parametrize("law", LAWS)
def test_draws_follow_the_law(law):
    """Kolmogorov–Smirnov of each angle against the quadrature's distribution function, p > 0.001."""
    p, g = law(), torch.Generator().manual_seed(3)
    x, k = p.sample(torch.rand(20_000, generator=g, dtype=torch.float64), torch.randn(20_000, p.dim, generator=g, dtype=torch.float64))
    side = ring()
    for i in range(p.dim):
        alone = WrappedMixture(p.weights, p.means[:, i], p.stds[:, i], p.labels)
        cdf = torch.cumsum(alone.log_prob(side[:, None] + math.pi / POINTS).exp(), 0) * 2 * math.pi / POINTS
        u = np.interp(x[:, i].numpy(), (side + 2 * math.pi / POINTS).numpy(), cdf.numpy())
        assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert set(k.tolist()) == set(range(len(p.weights)))


def test_what_is_refused():
    ones = torch.ones(2)
    for field, parts in {
        "weights": (-ones, torch.zeros(2, 1), torch.ones(2, 1)),
        "means": (ones, torch.full((2, 1), math.nan), torch.ones(2, 1)),
        "stds": (ones, torch.zeros(2, 1), torch.zeros(2, 1)),
    }.items():
        with pytest.raises(BadValue, match=f"^{field} = "):
            WrappedMixture(*parts, torch.zeros(2))
    with pytest.raises(BadValue, match=r"^label = 7.*one of 0, 1"):
        circle_two().only(7)
    assert circle_two().only(1).means.tolist() == [[2.0]]
