"""Singlestep solvers whose stages lie on the grid: DPM-Solver's repository and `diffusers` have them so."""

import math
from typing import cast

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.rng import Rng
from playground.core.stages import orders
from playground.metrics.flow import exact_flow
from playground.metrics.local import step_error
from tests.samplers.family import FIVE, START, VP_, error, ours
from tests.samplers.parity.shared import on_vp, singlestep_scheduler, states_of

OFFICIAL = {  # groups of orders by model calls, as the paper counts them (K = ⌊n/3⌋ + 1)
    3: {3: [2, 1], 4: [3, 1], 5: [3, 2], 6: [3, 2, 1], 7: [3, 3, 1], 8: [3, 3, 2], 9: [3, 3, 2, 1], 12: [3, 3, 3, 2, 1]},
    2: {3: [2, 1], 4: [2, 2], 5: [2, 2, 1], 8: [2, 2, 2, 2], 9: [2, 2, 2, 2, 1]},
}
SAMPLERS = {
    "2S": (lambda **more: pg.DPMSolverPP2S(stages="grid"), 2, False),
    "3S": (lambda **more: pg.DPMSolverPP3S(stages="grid", **more), 3, False),
    "DPM-Solver 2": (lambda **more: pg.DPMSolver(order=2, stages="grid"), 2, True),
    "DPM-Solver 3": (lambda **more: pg.DPMSolver(order=3, stages="grid", **more), 3, True),
}


@pytest.mark.parametrize("order", OFFICIAL)
def test_the_official_pattern(order):
    """Mutants killed: 3, 3 in place of 3, 2, 1 where the calls are a multiple of three; a last group of 1 and 2."""
    assert {n: orders(n, order, lowered=True) for n in OFFICIAL[order]} == OFFICIAL[order]
    assert orders(6, 3, lowered=False) == [3, 3]
    assert all(sum(orders(n, k, low)) == n for n in range(1, 30) for k in (2, 3) for low in (False, True))


def by_hand(levels, order, in_noise, pattern):
    """The run in float64 from the paper's own formulas in λ = ln(α/σ), group by group, with general r_1, r_2 (algorithms 1 and 2 of 2206.00927, 2211.01095)."""
    x, states, i = START.double(), [], 0
    lam = -levels.log()
    sigma = torch.sigmoid(-2 * lam).sqrt()
    alpha = torch.sigmoid(2 * lam).sqrt()

    def told(z, j):
        x0 = on_vp(z, levels[j]).double()
        return (z - alpha[j] * x0) / sigma[j] if in_noise else x0

    for k in pattern:
        first, z0 = told(x, i), x
        for n in range(1, k + 1):
            j = i + n
            h = lam[j] - lam[i]
            if in_noise:
                z = alpha[j] / alpha[i] * z0 - sigma[j] * torch.expm1(h) * first
            else:
                z = sigma[j] / sigma[i] * z0 - alpha[j] * torch.expm1(-h) * first
            if n > 1:
                r = (lam[j - 1] - lam[i]) / h
                gap = told(x, j - 1) - first
                if k == 2:
                    z = z - (sigma[j] * torch.expm1(h) if in_noise else alpha[j] * torch.expm1(-h)) / (2 * r) * gap
                elif in_noise:
                    z = z - sigma[j] / r * (torch.expm1(h) / h - 1) * gap
                else:
                    z = z + alpha[j] / r * (torch.expm1(-h) / h + 1) * gap
            x = z
            states.append(x)
        i += k
    return torch.stack([START.double(), *states])


@pytest.mark.parametrize("steps", [5, 6, 7, 9, 12])
@pytest.mark.parametrize("name", SAMPLERS)
def test_runs_are_the_papers(name, steps):
    """On levels that are uneven in log-SNR, every state. Mutants killed: r = ½ or ⅓; a stage that begins at the state before instead of where the group began; the wrong difference in the last step of a group."""
    sampler, order, in_noise = SAMPLERS[name]
    u = torch.linspace(0, 1, steps + 1, dtype=torch.float64) ** 1.4
    levels = (math.log(80) + (math.log(0.02) - math.log(80)) * u).exp()
    run = ours(sampler(), VP_, FIVE, START, levels)
    assert error(run.states, by_hand(levels, order, in_noise, orders(steps, order, lowered=True))) < 1e-9
    assert run.model_calls == steps


@pytest.mark.parametrize("name", SAMPLERS)
def test_as_many_calls_as_the_grid_has_steps(name):
    """With the denoiser at the end it asks once more than the groups do. Mutant killed: order × steps."""
    sampler, *_ = SAMPLERS[name]
    for steps in range(2, 13):
        exp = pg.Experiment(sampler=sampler(), grid=pg.UniformTime(steps=steps), particles=3)
        assert pg.simulate(exp).model_calls == steps == exp.sampler.calls(steps)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_order_is_kept(name):
    """Over whole groups, in a grid even in time: the slope of the mean error over three doublings is its order. Mutant killed: r of the whole step."""
    sampler, order, _ = SAMPLERS[name]
    errors, counts = [], (24, 48, 96, 192)
    for steps in counts:
        u = torch.linspace(0, 1, steps + 1, dtype=torch.float64) ** 1.2
        levels = (math.log(5) + (math.log(0.05) - math.log(5)) * u).exp()
        fine = (math.log(5) + (math.log(0.05) - math.log(5)) * torch.linspace(0, 1, 2001, dtype=torch.float64)).exp()
        want = ours(pg.DPMSolverPP3S(), VP_, FIVE, START, fine).states[-1]
        errors.append(
            float((ours(sampler(**({"lower_last": False} if order == 3 else {})), VP_, FIVE, START, levels).states[-1] - want).abs().mean())
        )
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.35)


@pytest.mark.parametrize("name", SAMPLERS)
def test_local_errors_know_where_in_a_group_a_step_is(name):
    """Read off the last few exact states they are those of a run from the first one. Mutant killed: a carry that counts from where it was picked up (``ahead``)."""
    sampler = SAMPLERS[name][0]()
    exp = pg.Experiment(sampler=sampler, grid=pg.UniformTime(steps=10), dtype="float64")
    oracle = exp.who.exact(exp.process)
    problem = pg.Problem(exp.process, oracle, oracle)
    grid = exp.grid.times(exp.process, problem, sampler).tolist()
    states = [oracle.marginal(grid[0]).sample(torch.rand(6, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64))[0]]
    states += [exact_flow(oracle, states[0], grid[0], t) for t in grid[1:-1]]
    carry, rng = sampler.init(problem, states[0], grid), Rng(0)
    for i in range(len(grid) - 2):
        made, carry = sampler.step(problem, states[i], grid[i], grid[i + 1], carry, rng)
        if i > 3:
            want = (made - exact_flow(oracle, states[i], grid[i], grid[i + 1])).norm(dim=1)
            torch.testing.assert_close(step_error(oracle, sampler, grid, i, states[i], states[:i]).mean, want, rtol=1e-6, atol=1e-9)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*dpmsolver.* is deprecated:FutureWarning")
@pytest.mark.parametrize(("name", "algorithm"), [("2S", "dpmsolver++"), ("DPM-Solver 2", "dpmsolver")])
@pytest.mark.parametrize("steps", [5, 9])
def test_diffusers_singlestep_runs_state_by_state(monkeypatch, name, algorithm, steps):
    """DPMSolverSinglestepScheduler of order 2 on its own table, one call a step, stages and all. Mutant killed: a step that is not one of theirs."""
    sampler, order, _ = SAMPLERS[name]
    other = singlestep_scheduler(monkeypatch, order, algorithm, lower_order_final=True)
    other.set_timesteps(steps)
    want = states_of(other, on_vp, START)
    assert error(ours(sampler(), VP_, FIVE, START, other.sigmas).states, want) < 1e-6


def test_what_the_page_prints_of_a_step_is_the_step():
    """The formula's numbers, put together by hand at each step of a group, give the states. Mutant killed: terms of a step from the state before."""
    exp = pg.Experiment(sampler=pg.DPMSolverPP3S(stages="grid"), grid=pg.UniformTime(steps=8), particles=4, dtype="float64")
    run = pg.simulate(exp)
    problem = cast("pg.Problem", pg.Problem(exp.process, exp.who.predictor(exp.process)))
    plan = [(k, n) for n in orders(7, 3, lowered=True) for k in range(1, n + 1)]
    told = {}
    for i, (number, _) in enumerate(plan):
        began = i + 1 - number
        told[i] = problem.x0(run.states[i], float(run.times[i]))
        terms = exp.sampler.terms_on(problem, [float(t) for t in run.times], i)
        alpha = problem.at(float(run.times[i + 1])).alpha
        x = terms[r"\frac{\sigma_s}{\sigma_0}"] * run.states[began] + terms[r"\alpha_s(1-e^{-h})"] * told[began]
        torch.testing.assert_close(x + alpha * terms["c"] * (told[i] - told[began]), run.states[i + 1], rtol=1e-9, atol=1e-9)
