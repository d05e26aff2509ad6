"""The optimal trajectory of Analytic-DPM: the shortest way against all ways, its costs against closed forms."""

import itertools
import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.process import t64
from playground.engine import Run
from playground.exact.mixture import MixtureOracle
from playground.grids.optimal_trajectory import losses, measured, shortest
from tests.named import mixture_of


def test_shortest_way():
    cost = np.random.default_rng(0).uniform(0.1, 1.0, (9, 9))
    cost[np.tril_indices(9)] = np.inf
    for steps in (1, 2, 4, 8):
        ways = [(0, *inner, 8) for inner in itertools.combinations(range(1, 8), steps - 1)]
        best = min(ways, key=lambda way: sum(cost[a, b] for a, b in itertools.pairwise(way)))
        assert tuple(shortest(cost, steps)) == best


@pytest.mark.parametrize("process", [pg.VP(), pg.EDM(), pg.Flow()], ids=lambda p: p.info.key)
def test_losses_of_a_gaussian(process):
    """Of Gaussian data σ*² is the variance of q(x_s | x_t) itself: v_s − (α_t/α_s)² v_s²/v_t of the forward chain. Mutants killed: V of the end of a step, β for β̃."""
    levels, c = np.array([-2.0, -0.5, 0.3, 2.0]), 0.4
    t = process.time_at(t64(levels.tolist()))
    alpha, sigma = process.alpha(t).numpy(), process.sigma(t).numpy()
    told = losses(process, levels, 1 / (1 / c + (alpha / sigma) ** 2))
    for i, j in itertools.product(range(4), repeat=2):
        if j <= i:
            assert told[i, j] == math.inf
            continue
        v = [alpha[k] ** 2 * c + sigma[k] ** 2 for k in (i, j)]
        ratio = alpha[i] / alpha[j]
        least = sigma[j] ** 2 * (sigma[i] ** 2 - ratio**2 * sigma[j] ** 2) / sigma[i] ** 2
        assert told[i, j] == pytest.approx(0.5 * math.log((v[1] - ratio**2 * v[1] ** 2 / v[0]) / least), rel=1e-9)


def test_it_loses_least():
    """Less than the even grid at any number of steps; Analytic-DPM ends nearer to the data with it; ends, steps and refusals are a grid's."""
    exp = pg.Experiment(data="two_modes", grid=pg.OptimalTrajectory(steps=9), sampler="AnalyticDPM", particles=2000, dtype="float64")
    oracle, process = MixtureOracle(mixture_of("two_modes"), pg.VP()), pg.VP()
    found = []
    for grid in (exp.grid, pg.UniformLogSNR(steps=9)):
        times = grid.times(process, Run(exp).problem)
        levels = process.half_log_snr(times[:-1]).numpy()
        cost = losses(process, levels, np.array([oracle.mean_posterior_variance(float(u)) for u in times[:-1]]))
        found.append(sum(cost[i, i + 1] for i in range(len(levels) - 1)))
        assert (len(times), float(times[0]), float(times[-2]), float(times[-1])) == (10, process.t_max, process.t_min, 0.0)
        assert bool((times.diff() < 0).all())
    assert found[0] < 0.95 * found[1]
    told = measured(Run(exp).problem, [0.9, 0.5, 0.2, 0.05])
    np.testing.assert_allclose(told, [oracle.mean_posterior_variance(t) for t in (0.9, 0.5, 0.2, 0.05)], rtol=0.1)
    with pytest.raises(pg.BadValue, match="at most 200"):
        exp.replace(grid=pg.OptimalTrajectory(steps=300))
    with pytest.raises(pg.BadValue, match="exact mixture"):
        pg.Experiment(data="mnist", model="mnist-unet", grid=pg.OptimalTrajectory())


def test_bounds_of_the_variance():
    """Theorem 2: β̃ ≤ σ*² ≤ β̃ + c σ²/α², and with data in [−r, r] at most β̃ + c r², where ``half_range`` clips it. Mutant killed: c clipped with it."""
    law = mixture_of("two_modes")
    process = pg.VP()
    problem = pg.core.problem.Problem(process, MixtureOracle(law, process))
    for t, s in ((0.9, 0.7), (0.5, 0.3), (0.1, 0.02)):
        told = pg.AnalyticDPM().terms(problem, t, s)
        at = process.at(t)
        assert told["l^2"] <= told[r"\sigma^{*2}"] <= told["l^2"] + told["c"] * (at.sigma / at.alpha) ** 2
        clipped = pg.AnalyticDPM(half_range=0.05).terms(problem, t, s)
        assert clipped[r"\sigma^{*2}"] == pytest.approx(min(told[r"\sigma^{*2}"], told["l^2"] + told["c"] * 0.0025), rel=1e-12)
    z = torch.linspace(-2, 2, 5, dtype=torch.float64)[:, None]
    cov = problem.predictor.posterior_cov(z, 0.5)[:, 0]
    noise = torch.ones_like(z)
    step = [
        pg.AnalyticDPM(covariance="diagonal", half_range=r).step(
            problem, z, 0.5, 0.3, None, pg.core.rng.Rng(0, dtype=z.dtype, noise=lambda _: noise)
        )[0]
        for r in (0.0, 0.1)
    ]
    k = pg.AnalyticDPM(covariance="diagonal").terms(problem, 0.5, 0.3)
    want = (k["l^2"] + k["c"] * cov.clamp_max(0.01)).sqrt() - (k["l^2"] + k["c"] * cov).sqrt()
    torch.testing.assert_close(step[1] - step[0], want, rtol=0, atol=1e-12)
