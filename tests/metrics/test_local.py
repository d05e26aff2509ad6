"""Local truncation errors against closed forms and Monte Carlo."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from playground.core.exact import law_at
from playground.core.experiment import Experiment
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.engine import grid_times
from playground.metrics.budget import exact_model
from playground.metrics.flow import exact_flow, quantile_map
from playground.metrics.local import bures, exact_moments, step_error

MEAN, VAR = 0.8, 0.3
GAUSSIAN = {"weights": [1.0], "means": [[MEAN]], "covs": [[[VAR]]]}


def setting(query: str, data: Any = None) -> tuple[Any, Any, list[float]]:
    exp = Experiment.from_query(dict(parse_qsl(query)))
    exp = exp.replace(data=data) if data is not None else exp
    oracle = exact_model(exp)
    return exp.sampler, oracle, grid_times(exp, None, None, Problem(exp.process, oracle, oracle))


@pytest.mark.parametrize("process", ["VP", "VE", "Flow"])
def test_euler_on_a_gaussian(process: str) -> None:
    """u = μ̇ + (v̇/2v)(x − μ) with μ = αm, v = α²c + σ²; the flow is μ_s + √(v_s/v_t)(x − μ_t)."""
    sampler, oracle, grid = setting(f"process={process}&sampler=Euler&grid.steps=12", GAUSSIAN)
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    for i in (1, 5, 9):
        now, then = oracle.process.at(grid[i]), oracle.process.at(grid[i + 1])
        v, v_s = (c.alpha**2 * VAR + c.sigma**2 for c in (now, then))
        dv = 2 * (now.alpha * now.dalpha * VAR + now.sigma * now.dsigma)
        away = x - now.alpha * MEAN
        euler = x + (grid[i + 1] - grid[i]) * (now.dalpha * MEAN + dv / (2 * v) * away)
        exact = then.alpha * MEAN + math.sqrt(v_s / v) * away
        got = step_error(oracle, sampler, grid, i, x)
        assert torch.allclose(got.mean, (euler - exact).abs()[:, 0], atol=3e-7 * max(1.0, now.sigma))
        assert float(got.mean.max()) > 1e-5  # far above the tolerance
        assert not got.spread.any()


@pytest.mark.parametrize("query", ["data=two_modes", "data=comb&process=Flow", "data=narrow_wide&process=VE"])
def test_the_flow_is_the_quantile_map_on_the_line(query: str) -> None:
    """Two implementations that share nothing: Runge–Kutta in ln(σ/α), and F_s⁻¹ ∘ F_t."""
    _, oracle, _ = setting(query)
    t, s = (float(oracle.process.unclock(torch.tensor(c, dtype=torch.float64))) for c in (0.7, 0.3))
    law = law_at(oracle, t)
    x = law.sample(torch.rand(200, generator=torch.Generator().manual_seed(0)), torch.linspace(-2, 2, 200, dtype=torch.float64)[:, None])[0]
    for end in (s, 0.0):
        mapped = quantile_map(law, law_at(oracle, end), x[:, 0])
        assert torch.allclose(exact_flow(oracle, x, t, end, 0.05)[:, 0], mapped, atol=2e-4)
    back = exact_flow(oracle, exact_flow(oracle, x, t, s), s, t)
    assert torch.allclose(back, x, atol=1e-4 * float(x.abs().max()))


def test_ddpm_has_the_exact_mean_and_a_variance_in_closed_form() -> None:
    """E[x_s | x_t] is linear in E[x_0 | x_t]: DDPM's mean is exact for any data. On a Gaussian: |√small − √(1/(1/small + …))|."""
    sampler, oracle, grid = setting("data=comb&sampler=DDPM&grid.steps=10")
    x = torch.linspace(-2.5, 2.5, 21, dtype=torch.float64)[:, None]
    assert max(float(step_error(oracle, sampler, grid, i, x).mean.max()) for i in range(10)) < 1e-12
    sampler, oracle, grid = setting("sampler=DDPM&grid.steps=10", GAUSSIAN)
    i = 4
    t, s = grid[i], grid[i + 1]
    now, then = oracle.process.at(t), oracle.process.at(s)
    # x_s | x_t for Gaussian data: prior N(·, v_s), observation x_t = a x_s + N(0, q)
    a = now.alpha / then.alpha
    q = now.sigma**2 - a**2 * then.sigma**2
    v_s = then.alpha**2 * VAR + then.sigma**2
    exact = v_s * q / (a * a * v_s + q)
    small = then.sigma**2 * q / now.sigma**2
    got = step_error(oracle, sampler, grid, i, x)
    assert torch.allclose(got.spread, torch.full_like(got.spread, abs(math.sqrt(small) - math.sqrt(exact))), atol=1e-10)


@pytest.mark.parametrize(
    "query", ["sampler=DPMSolverPPSDE&grid.steps=16", "sampler=EulerMaruyama&grid.steps=16", "process=CLD&sampler=SSCS&data=two_modes"]
)
def test_unscented_moments_against_monte_carlo(query: str) -> None:
    sampler, oracle, grid = setting(query)
    i, count = len(grid) // 2, 40_000
    law = oracle.marginal(grid[i])
    one = law.sample(torch.tensor([0.3]), torch.full((1, law.dim), 0.5, dtype=torch.float64))[0]
    z = one.reshape(oracle.process.state_shape(1, (oracle.dim,)))
    got = step_error(oracle, sampler, grid, i, z)
    problem = Problem(oracle.process, oracle, oracle)
    many = z.repeat(count, *[1] * (z.ndim - 1))
    out = sampler.step(problem, many, grid[i], grid[i + 1], sampler.init(problem, many, grid), Rng(1, dtype=torch.float64))[0].flatten(1)
    mean, cov = exact_moments(oracle, z, grid[i], grid[i + 1])
    drawn = torch.cov(out.T)[None]
    noise = float(drawn[0].diagonal().sum().sqrt()) / math.sqrt(count)
    assert float(got.mean) == pytest.approx(
        float((out.mean(0) - mean[0]).norm()), abs=6 * noise + 0.02 * float(drawn[0].diagonal().max().sqrt())
    )
    assert float(got.spread) == pytest.approx(float(bures(drawn, cov)), abs=6 * noise + 0.03 * float(drawn[0].diagonal().max().sqrt()))


def test_multistep_samplers_are_measured_with_their_history() -> None:
    """DPM-Solver++ 2M errs by h³ in one step with its history, by h² without: twice the steps, an eighth of the error."""
    errors = []
    for steps in (41, 81):
        sampler, oracle, grid = setting(f"data=two_modes&sampler=DPMSolverPP2M&grid=UniformLogSNR&grid.steps={steps}")
        i = (steps - 1) // 2
        x = torch.linspace(-1.5, 1.5, 31, dtype=torch.float64)[:, None]
        errors.append(float(step_error(oracle, sampler, grid, i, x).mean.median()))
    assert 6 < errors[0] / errors[1] < 11


def test_bures_distance() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 4):
        a, b = (m @ m.T for m in rng.standard_normal((2, n, n)))
        root = sqrtm(a)
        expected = math.sqrt(np.trace(a + b - 2 * np.real(sqrtm(root @ b @ root))))
        assert float(bures(torch.tensor(a)[None], torch.tensor(b)[None])) == pytest.approx(expected, abs=1e-7)
