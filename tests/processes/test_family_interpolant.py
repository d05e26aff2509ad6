"""Stochastic interpolants between any two mixtures: marginals, velocity, alpha-blending, the monotone map, minibatch OT."""

import itertools

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

import playground as pg
from playground.core.coupling import minibatch_ot
from playground.core.problem import Problem
from playground.core.process import t64
from playground.core.rng import Rng
from playground.exact import oracle_for
from playground.exact.mixture import MixtureOracle
from playground.metrics.likelihood import log_likelihood
from tests.named import mixture_of

JSON = pg.GaussianMixture([0.3, 0.7], [[-1.5], [0.5]], [0.09, 0.04])


def one_d(gamma, coupling="independent"):
    import json

    return pg.Interpolant(origin=json.dumps({k: v for k, v in JSON.to_dict().items() if k != "labels"}), gamma=gamma, coupling=coupling)


@pytest.mark.parametrize("gamma", [0.0, 0.6])
@pytest.mark.parametrize("t", [0.1, 0.5, 0.85])
def test_velocity_and_x0_against_monte_carlo(gamma, t, g3):
    """E[x_1 − x_0 + γ̇ z | x_t ∈ bin], E[x_0 | bin] and the bin's mass from 4 million draws of the definition itself, within 5 standard errors.

    Mutants killed: γ̇ for γ γ̇, x_0 and x_1 swapped, weights of one end only.
    """
    g = torch.Generator().manual_seed(7)
    n = 4_000_000

    def draw(law):
        return law.sample(torch.rand(n, generator=g, dtype=torch.float64), torch.randn(n, 1, generator=g, dtype=torch.float64))[0][:, 0]

    x0, x1, z = draw(g3), draw(JSON), torch.randn(n, generator=g, dtype=torch.float64)
    p = one_d(gamma)
    root = (2 * t * (1 - t)) ** 0.5
    x = (1 - t) * x0 + t * x1 + gamma * root * z
    u = x1 - x0 + gamma * (1 - 2 * t) / root * z
    oracle = oracle_for(g3, p)
    for centre in (-0.9, 0.1, 0.6):
        near = (x - centre).abs() < 0.004
        k = int(near.sum())
        if k < 400:
            continue
        law = oracle.log_prob(t64([[centre]]), t).exp() * 0.008
        assert abs(k / n - float(law)) < 5 * (float(law) / n) ** 0.5 + 2e-3 * float(law)
        found = oracle(t64([[centre]]), t)
        for have, draws in ((found.velocity, u[near]), (found.x0_hat, x0[near])):
            assert abs(float(have) - float(draws.mean())) < 5 * float(draws.std()) / k**0.5 + 0.01


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_marginals_satisfy_continuity(gamma, five):
    """The likelihood through the flow, with an exact divergence, equals the exact density of the data: velocity and marginals belong together. 2D."""
    p = pg.Interpolant(origin="eight_gaussians", gamma=gamma)
    oracle = oracle_for(five, p)
    x, _ = five.sample(torch.rand(5, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64))
    out = log_likelihood(p, oracle, x, end="exact", tol=1e-8)
    torch.testing.assert_close(out.log_p, oracle.log_prob(x, 1e-5), rtol=0, atol=1e-5)
    # ends: the data at 0, the source at 1
    grid = torch.randn(20, 2, dtype=torch.float64)
    torch.testing.assert_close(oracle.log_prob(grid, 1.0), mixture_of("eight_gaussians").log_prob(grid), rtol=1e-8, atol=1e-7)
    torch.testing.assert_close(oracle.lifted().log_prob(grid), five.log_prob(grid), rtol=1e-8, atol=1e-7)


def test_euler_without_noise_is_alpha_blending(five):
    """Heitz et al.'s loop x ← x + Δa · E[x_1 − x_0 | x], written with posterior means of both ends by brute force over all pairs. To the last digits.

    Mutant killed: velocity at the step's end.
    """
    source = mixture_of("eight_gaussians")
    start, _ = source.sample(torch.rand(50, dtype=torch.float64), torch.randn(50, 2, dtype=torch.float64))
    times = np.linspace(1, 0.1, 10)
    e = pg.Experiment(process=pg.Interpolant(origin="eight_gaussians"), sampler="Euler", grid="UniformTime", dtype="float64")
    mine = pg.simulate(e, data=five, initial=start, times=times).states[-1]
    x = start.clone()
    for t, s in itertools.pairwise(times):
        logs, drifts = [], []
        for i, j in itertools.product(range(5), range(8)):
            cov = (1 - t) ** 2 * five.covs[i] + t**2 * source.covs[j]
            mean = (1 - t) * five.means[i] + t * source.means[j]
            law = torch.distributions.MultivariateNormal(mean, cov)
            pull = torch.linalg.solve(cov, (x - mean).T).T
            x0, x1 = five.means[i] + (1 - t) * pull @ five.covs[i], source.means[j] + t * pull @ source.covs[j]
            logs.append(law.log_prob(x) + (five.weights[i] * source.weights[j]).log())
            drifts.append(x1 - x0)
        w = torch.softmax(torch.stack(logs), 0)
        x = x + (s - t) * (w[..., None] * torch.stack(drifts)).sum(0)
    torch.testing.assert_close(mine, x, rtol=0, atol=1e-10)


def test_gaussian_source_is_the_flow(five):
    """γ = 0 from N(0, I): velocity and x̂_0 of the linear flow; γ adds 2 g² t(1 − t) to the variance."""
    flow = pg.Flow()
    oracle, theirs = oracle_for(five, pg.Interpolant()), Problem(flow, MixtureOracle(five, flow))
    x = torch.randn(30, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for t in (0.05, 0.5, 0.95):
        got = oracle(x, t)
        torch.testing.assert_close(got.velocity, theirs.velocity(x, t), rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(got.x0_hat, theirs.x0(x, t), rtol=1e-9, atol=1e-9)
    noisy = oracle_for(five, pg.Interpolant(gamma=0.7)).moments(t64([0.5]))[1] - oracle.moments(t64([0.5]))[1]
    torch.testing.assert_close(noisy[0, 0], 0.49 * 0.5 * torch.eye(2, dtype=torch.float64))


def quantile(law, u):
    lo, hi = np.full(len(u), -10.0), np.full(len(u), 10.0)
    for _ in range(80):
        mid = (lo + hi) / 2
        below = (torch.special.ndtr((t64(mid)[:, None] - law.means[:, 0]) / law.covs[:, 0, 0].sqrt()) @ law.weights).numpy() < u
        lo, hi = np.where(below, mid, lo), np.where(below, hi, mid)
    return lo


@pytest.mark.parametrize("gamma", [0.0, 0.4])
def test_one_dimension_is_the_monotone_map(gamma, g3):
    """In 1D the flow from source to data is F_0⁻¹ ∘ F_1, whatever γ."""
    u = np.linspace(0.01, 0.99, 99)
    start = t64(quantile(JSON, u))[:, None]
    e = pg.Experiment(
        data="three_modes", process=one_d(gamma), sampler=pg.RK45(log_tol=-9), grid=pg.UniformTime(steps=4, denoise=False), dtype="float64"
    )
    x = pg.simulate(e, data=g3, initial=start, times=[1.0, 0.5, 0.01, 1e-9]).states[-1][:, 0]
    # compared as probabilities: between the modes the map itself is steeper than 1e6
    back = torch.special.ndtr((x[:, None] - g3.means[:, 0]) / g3.covs[:, 0, 0].sqrt()) @ g3.weights
    np.testing.assert_allclose(back, u, atol=1e-7)


def test_minibatch_ot_pairs_and_straightens():
    """Inside a batch the pairing is the assignment of least squared distance; the flow's paths get straighter, and the note says what is approximate."""
    g = torch.Generator().manual_seed(0)
    a, b = (torch.randn(300, 2, generator=g, dtype=torch.float64) for _ in range(2))
    paired = minibatch_ot(a, b, 300)
    rows, cols = linear_sum_assignment(torch.cdist(a, b).square().numpy())
    assert torch.equal(paired[rows], b[cols])
    one = minibatch_ot(a[:, :1], b[:, :1], 300)
    assert torch.equal(one[a[:, 0].argsort()][:, 0], b[:, 0].sort().values)

    def bend(coupling):
        e = pg.Experiment(
            data="moons", process=pg.Interpolant(coupling=coupling), sampler="Heun", grid=pg.UniformTime(steps=60), particles=300
        )
        x = pg.simulate(e).states
        return float((x.diff(dim=0).norm(dim=-1).sum(0) / (x[-1] - x[0]).norm(dim=-1)).median())

    assert bend("minibatch OT") - 1 < 0.5 * (bend("independent") - 1)
    p = pg.Interpolant(coupling="minibatch OT")
    assert "approximation" in p.note
    assert pg.Interpolant().note == ""
    # the smoothed, finite set is an interpolant of its own: its flow and its marginals belong together
    oracle = oracle_for(mixture_of("moons"), pg.Interpolant(coupling="minibatch OT", gamma=0.3))
    x = oracle.x0[:3] + 0.05
    out = log_likelihood(oracle.process, oracle, x, end="exact", tol=1e-6)
    torch.testing.assert_close(out.log_p, oracle.log_prob(x, 1e-5), rtol=0, atol=1e-3)


def test_forward_paths_have_the_marginals():
    """Forward mode at the clock's middle against the exact law: mean and covariance of 20,000 paths."""
    p = pg.Interpolant(origin="pinwheel", gamma=0.5)
    data = mixture_of("moons")
    x0, _ = data.sample(torch.rand(20_000, dtype=torch.float64), torch.randn(20_000, 2, dtype=torch.float64))
    half = list(p.paths(x0, [0.0, 0.5, 1.0], Rng(0, dtype=torch.float64)))
    law = oracle_for(data, p).marginal(0.5)
    torch.testing.assert_close(half[1].mean(0), law.mean(), rtol=0, atol=0.03)
    torch.testing.assert_close(half[1].T.cov(), law.cov(), rtol=0, atol=0.03)
    assert torch.equal(half[0], x0)


def test_bad_sources_are_named():
    for process, data, words in (
        (pg.Interpolant(origin="comb"), "moons", "2D"),
        (pg.Interpolant(origin="checkerboard"), "rings", "at most 64 components"),
    ):
        with pytest.raises(pg.BadValue, match=words) as told:
            pg.Experiment(data=data, process=process, sampler="Euler", grid="UniformTime")
        assert told.value.field == "process.origin"
    with pytest.raises(pg.BadValue):
        pg.Interpolant(origin="nowhere")
    with pytest.raises(pg.BadValue, match="noise level"):
        pg.Experiment(process="Interpolant", sampler="DDIM", grid="UniformTime")
    e = pg.Experiment(process=one_d(0.5), data="comb", sampler="Heun", grid="Quadratic")
    assert pg.Experiment.from_query(e.to_query()) == e
    assert pg.Experiment.from_json(e.to_json()) == e
