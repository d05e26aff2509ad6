"""Angles: the exact score under Brownian motion, the exact reverse law, geodesic steps and their orders."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.exact.wrapped import WrappedOracle
from playground.processes.torus import TorusBrownian
from playground.samplers.geodesic_euler_maruyama import GeodesicEulerMaruyama
from playground.samplers.geodesic_heun import GeodesicHeun
from playground.samplers.wrapped_ancestral import WrappedAncestral
from playground.spaces.torus import wrap
from playground.spaces.wrapped import WrappedMixture, wrapped_normal
from tests.samplers.geodesic import flow, flow_errors
from toy_models.laws.torus import circle_two

F = torch.float64
LATTICE = -math.pi + 2 * math.pi * (torch.arange(2048, dtype=F) + 0.5) / 2048


def test_brownian_motion_is_the_heat_equation():
    """∂p/∂t = ½ g² ∂²p/∂θ² by central differences on the circle; velocity = −½ g² score."""
    process, law = TorusBrownian(), circle_two()
    oracle, theta = WrappedOracle(law, process), LATTICE[::64, None]
    for t in (0.2, 0.5, 0.8, 0.97):
        h, k = 1e-5, 1e-3
        p = lambda u, x: oracle.marginal(u).log_prob(x).exp()  # noqa: E731
        rate = (p(t + h, theta) - p(t - h, theta)) / (2 * h)
        bend = (p(t, theta + k) - 2 * p(t, theta) + p(t, theta - k)) / k**2
        g2 = float(process.g2(torch.tensor(t, dtype=F)))
        torch.testing.assert_close(rate, 0.5 * g2 * bend, rtol=2e-3, atol=2e-3 * float(rate.abs().max()))
        told = oracle(theta, t)
        torch.testing.assert_close(told.velocity, -0.5 * g2 * told.score)


def test_the_end_is_uniform():
    """At t = 1 the density is 1/2π to 2 e^{−σ²/2}/2π, which the parameter's help promises; the prior is uniform (KS)."""
    process = TorusBrownian()
    p = WrappedOracle(circle_two(), process).marginal(1.0).log_prob(LATTICE[:, None]).exp()
    assert float((2 * math.pi * p - 1).abs().max()) < 2.1 * math.exp(-18)
    z = process.prior(circle_two().space, 20_000, Rng(0, dtype=F))
    assert stats.kstest((z[:, 0].numpy() + math.pi) / (2 * math.pi), "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("s", "t"), [(0.0, 0.4), (0.5, 0.7), (0.0, 1.0), (0.9, 1.0)])
def test_exact_ancestral_draws_the_true_reverse_law(s, t):
    """Of 40,000 draws from one θ_t: KS against p_s(θ_s) p(θ_t | θ_s) by quadrature, p > 0.001; also where the start is wide (many turns)."""
    process, law, theta = TorusBrownian(), circle_two(), 2.9
    oracle, count = WrappedOracle(law, process), 40_000
    z = torch.full((count, 1), theta, dtype=F)
    sampler, problem, rng = WrappedAncestral(), Problem(process, oracle), Rng(7, dtype=F)
    made = sampler.last(problem, z, t, None, rng) if s == 0 else sampler.step(problem, z, t, s, None, rng)[0]
    gap = process.kernel.at(t)[0] - process.kernel.at(s)[0]
    step = WrappedMixture(torch.ones(1), torch.tensor([[theta]]), torch.tensor([[math.sqrt(gap)]]), torch.zeros(1))
    density = (oracle.marginal(s).log_prob(LATTICE[:, None]) + step.log_prob(LATTICE[:, None])).exp()
    cdf = np.concatenate([[0], np.cumsum(density.numpy())]) / float(density.sum())
    u = np.interp(made[:, 0].numpy(), np.linspace(-math.pi, math.pi, len(cdf)), cdf)
    assert stats.kstest(u, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("sampler", "order"), [(GeodesicEulerMaruyama(strength=0), 1), (GeodesicHeun(), 2)])
def test_orders_on_the_probability_flow(sampler, order):
    """Slope of the distance to 1,024 Heun steps, from points all over the torus, also those that cross the seam; mutant: a step that does not wrap."""
    errors, z, truth = flow_errors(sampler, (64, 128, 256))
    assert bool(((truth - z).abs() > 3).any())  # some did cross
    slopes = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert all(order - 0.15 < slope < order + 0.35 for slope in slopes), (errors, slopes)


def test_the_flow_on_the_circle_is_the_quantile_map_of_moving_mass():
    """Mass between two particles is kept along the probability flow: F_t(b) − F_t(a) around the circle."""
    process, law = TorusBrownian(), circle_two()
    oracle = WrappedOracle(law, process)
    problem = Problem(process, oracle)
    a = torch.tensor([[-2.0], [-0.4], [0.9], [2.6]], dtype=F)
    b = flow(problem, a, 0.9, 0.3, 600, GeodesicHeun())

    def between(t, x):
        turns = torch.remainder(torch.roll(x, -1, 0) - x, 2 * math.pi)
        u = (torch.arange(4000, dtype=F) + 0.5) / 4000
        at = wrap(x + turns * u)
        return oracle.marginal(t).log_prob(at.reshape(-1, 1)).exp().view_as(at).mean(1) * turns[:, 0]

    torch.testing.assert_close(between(0.3, b), between(0.9, a), atol=1e-5, rtol=0)


def test_geodesic_euler_maruyama_is_of_weak_order_one():
    """Its law after n steps by quadrature (each step's wrapped normal as a matrix): total variation to p_t halves with the step; and 100,000 particles
    follow that law (KS, p > 0.001)."""
    process, law = TorusBrownian(), circle_two()
    oracle, theta = WrappedOracle(law, process), LATTICE[::4, None]
    cell = 2 * math.pi / len(theta)
    times = lambda n: [0.9 - 0.5 * i / n for i in range(n + 1)]  # noqa: E731

    def after(n):
        p = oracle.marginal(0.9).log_prob(theta).exp() * cell
        for t, s in itertools.pairwise(times(n)):
            gap = process.kernel.at(t)[0] - process.kernel.at(s)[0]
            centre = theta + gap * oracle(theta, t).score
            log_p, _ = wrapped_normal(wrap(theta.T - centre), torch.tensor([gap], dtype=F))
            p = p @ (log_p.exp() * cell)
        return p

    exact = oracle.marginal(0.4).log_prob(theta).exp() * cell
    laws = {n: after(n) for n in (16, 32, 64)}
    errors = [0.5 * float((p - exact).abs().sum()) for p in laws.values()]
    assert all(0.8 < math.log2(a / b) < 1.2 for a, b in itertools.pairwise(errors)), errors
    count = 100_000
    z = oracle.marginal(0.9).sample(Rng(0, dtype=F).uniform((count,)), Rng(1, dtype=F).normal((count, 1)))[0]
    problem, rng, sampler = Problem(process, oracle), Rng(2, dtype=F), GeodesicEulerMaruyama()
    for t, s in itertools.pairwise(times(16)):
        z, _ = sampler.step(problem, z, t, s, None, rng)
    assert problem.calls == 16
    cdf = np.concatenate([[0], np.cumsum(laws[16].numpy())]) / float(laws[16].sum())
    u = np.interp(z[:, 0].numpy(), np.linspace(-math.pi, math.pi, len(cdf)), cdf)
    assert stats.kstest(u, "uniform").pvalue > 1e-3


def test_the_last_step_is_the_unrolled_mean():
    """Of a single narrow peak it is the posterior's mean, s²/(s² + σ²) of the way from the peak; across the seam too."""
    process = TorusBrownian()
    law = WrappedMixture(torch.ones(1), torch.tensor([[3.1]]), torch.tensor([[0.1]]), torch.zeros(1))
    problem, t = Problem(process, WrappedOracle(law, process)), 0.4
    var = process.kernel.at(t)[0]
    z = torch.tensor([[-3.0]], dtype=F)
    made = GeodesicHeun().last(problem, z, t, None, Rng(0))
    away = float(wrap(z - law.means)) * 0.01 / (0.01 + var)
    assert float(wrap(made - law.means)) == pytest.approx(away, abs=1e-9)
