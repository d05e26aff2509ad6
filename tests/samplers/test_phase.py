"""Samplers of CLD: SSCS and Euler–Maruyama by exact propagation of mean and covariance, tiny times, and the sheet's table."""

import itertools
import math

import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.mixture import GaussianMixture
from playground.core.problem import Problem
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle
from playground.processes.cld import CLD
from playground.samplers.euler_maruyama import EulerMaruyama
from playground.samplers.sscs import SSCS
from playground.schedules.linear import LinearBeta

ONE = GaussianMixture([1.0], [0.6], [0.25])


def affine(sampler, problem, t, s):
    """One step as z_s = centre + gain z_t + roots ξ, ξ the (up to two) draws: Gaussian data make it affine, so nothing is random."""
    z = torch.zeros(7, 2, 1, dtype=torch.float64)  # rows: origin, two states, two unit vectors in each of two draws
    first, second = z.clone(), z.clone()
    z[1, 0], z[2, 1] = 1, 1
    first[3, 0], first[4, 1], second[5, 0], second[6, 1] = 1, 1, 1, 1
    draws = iter((first, second))
    out = sampler.step(problem, z, t, s, None, Rng(0, dtype=torch.float64, noise=lambda _: next(draws)))[0][..., 0]
    return out[0], (out[1:3] - out[0]).T, (out[3:] - out[0]).T


def propagated(sampler, process, times):
    """Mean and covariance after a run on Gaussian data from the true p_T."""
    problem = Problem(process, MixtureOracle(ONE, process))
    problem.predictor.prepare(times)
    law = problem.predictor.marginal(times[0])
    mean, cov = law.means[0], law.covs[0]
    for t, s in itertools.pairwise(times):
        centre, gain, roots = affine(sampler, problem, t, s)
        mean, cov = gain @ mean + centre, gain @ cov @ gain.T + roots @ roots.T
    return mean, cov


def grid(process, n):
    return registry("grids")["Quadratic"](steps=n, denoise=False).times(process).tolist()


@pytest.mark.parametrize(
    "process", [CLD(), CLD(friction=0.3), CLD(friction=3.0), CLD(schedule=LinearBeta())], ids=["critical", "under", "over", "linear"]
)
@pytest.mark.parametrize("sampler", [SSCS(), EulerMaruyama()], ids=["SSCS", "EM"])
def test_first_order_in_mean_and_covariance(process, sampler):
    """Global order 1 on quadratic spacing (math 3), mean and covariance both.

    Mutants killed: J A J without the mirror; Γ∫β for 2Γ∫β in the kick; +M⁻¹v left out; EM's noise without (t − s).
    """
    steps = (160, 320)
    exact = MixtureOracle(ONE, process).marginal(process.t_min)
    mean_error, cov_error = [], []
    for n in steps:
        mean, cov = propagated(sampler, process, grid(process, n))
        mean_error.append(float((mean - exact.means[0]).norm()))
        cov_error.append(float((cov - exact.covs[0]).norm()))
    assert math.log2(mean_error[-2] / mean_error[-1]) == pytest.approx(1, abs=0.15)
    assert math.log2(cov_error[-2] / cov_error[-1]) == pytest.approx(1, abs=0.15)


def test_sscs_is_exact_where_the_kick_vanishes():
    """Data N(0, 1) with γ = 1 are stationary: score_v + v/M = 0, and a step is the Ornstein–Uhlenbeck flow over the whole ∫β.

    Mutant killed: the first half's ∫β used for both halves, which a constant β (and the order of convergence) hides.
    """
    process = CLD(gamma=1.0, schedule=LinearBeta())
    problem = Problem(process, MixtureOracle(GaussianMixture([1.0], [0.0], [1.0]), process))
    mirror = t64([[1, -1], [-1, 1]])
    a, q = (m * mirror for m in process.transition(t64(0.3), t64(0.6)))
    centre, gain, roots = affine(SSCS(), problem, 0.6, 0.3)
    torch.testing.assert_close(centre, torch.zeros_like(centre), rtol=0, atol=1e-13)
    torch.testing.assert_close(gain, a, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(roots @ roots.T, q, rtol=1e-10, atol=1e-12)


def test_sscs_beats_em_at_few_steps(g3):
    """math 3's table, W1 of the data part, quadratic spacing: .098/.037 (SSCS) and .172/.053 (EM) at 10 and 20 steps, ± .01."""
    n = 20_000
    g = torch.Generator().manual_seed(0)
    fresh = (
        g3.sample(torch.rand(n, generator=g, dtype=torch.float64), torch.randn(n, 1, generator=g, dtype=torch.float64))[0].sort(0).values
    )
    for sampler, want in ((SSCS(), {10: 0.098, 20: 0.037}), (EulerMaruyama(), {10: 0.172, 20: 0.053})):
        for steps, w1 in want.items():
            exp = Experiment(process=CLD(), sampler=sampler, grid={"kind": "Quadratic", "steps": steps}, particles=n)
            x = simulate(exp, data=g3).x[-1].double().sort(0).values
            assert float((x - fresh).abs().mean()) == pytest.approx(w1, abs=0.01), (sampler.info.key, steps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("friction", [1.0, 0.3])
def test_tiny_times(g3, friction, dtype):
    """Down to t = 1e-6 every sampler's states stay finite, and close to the data at the end."""
    process = CLD(friction=friction)
    times = torch.cat([torch.linspace(1, 0.1, 40), torch.logspace(-1, -6, 60)[1:], torch.zeros(1)]).double()
    for key in ("SSCS", "EulerMaruyama", "Euler", "Heun", "RK4", "RK45", "ExactAncestral"):
        exp = Experiment(process=process, sampler=key, grid="UniformTime", particles=64, dtype=dtype)
        trace = simulate(exp, data=g3, times=times)
        assert bool(torch.isfinite(trace.states).all()), key
        assert trace.diverged is None, key
        assert float(trace.x[-1].abs().max()) < 3, key


def test_sscs_draws_twice_a_step_and_calls_once():
    """Two normals a step, one model call (the last, denoising one draws none)."""
    seen = []

    def noise(shape):
        seen.append(tuple(shape))
        return torch.zeros(shape)

    trace = simulate(Experiment(process=CLD(), sampler=SSCS(), grid={"kind": "Quadratic", "steps": 5}, particles=3), data=ONE, noise=noise)
    assert seen == [(3, 2, 1)] * (1 + 2 * 4)
    assert trace.model_calls == 5
    assert t64(0.0) == trace.times[-1]
