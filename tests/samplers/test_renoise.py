"""Full renoising: its first step from the printed formula, its exact law for Gaussian data, and that a consistency function makes it exact."""

import itertools

import pytest
import torch

import playground as pg
from playground.core.problem import Problem
from playground.core.rng import Rng
from tests.samplers.family import F64, propagate


def printed_step(sampler, problem, z, t, s, k, n):
    return k[r"\alpha_s"] * problem.x0(z, t) + k[r"\sigma_s"] * n[0]


@pytest.mark.parametrize("process", [pg.VP(), pg.EDM(), pg.Flow()], ids=lambda p: p.info.key)
def test_its_law_for_a_gaussian(process):
    """N(m, c) data: D has the variance (αc/v)² v_t with v = α²c + σ², so that v_s = (α_s α_t c/v)² v_t + σ_s² in a run, and the mean stays: spread is lost.

    Mutants killed: √(1 − α²) for σ_s off VP; the old noise kept.
    """
    c, mean = 0.25, 0.7
    times = [float(t) for t in process.time_at(torch.linspace(-3, 2, 6, dtype=F64))]
    found = propagate(pg.Renoise(), process, c, times, mean)
    now = process.at(times[0])
    held = now.alpha**2 * c + now.sigma**2
    for t, s in itertools.pairwise(times):
        a, b = process.at(t), process.at(s)
        held = (b.alpha * a.alpha * c / (a.alpha**2 * c + a.sigma**2)) ** 2 * held + b.sigma**2
    end = process.at(times[-1])
    assert found == (pytest.approx(end.alpha * mean), pytest.approx(held, rel=1e-12))
    assert held < 0.5 * (end.alpha**2 * c + end.sigma**2)


@pytest.mark.parametrize("process", [pg.VP(), pg.EDM(), pg.Flow()], ids=lambda p: p.info.key)
def test_exact_with_a_consistency_function(process):
    """N(m, c) data have the consistency function f(z, t) = m + √(c/v)(z − α m): with it a step of any length takes p_t to p_s."""
    c, mean = 0.25, 0.7
    t, s = (float(u) for u in process.time_at(torch.tensor([-3.0, 1.0], dtype=F64)))
    now, then = process.at(t), process.at(s)
    v = now.alpha**2 * c + now.sigma**2
    problem = Problem(process, lambda z, t: mean + (c / v) ** 0.5 * (z - now.alpha * mean))
    z = torch.tensor([[now.alpha * mean], [now.alpha * mean + 1], [now.alpha * mean]], dtype=F64)
    draw = torch.tensor([[0.0], [0.0], [1.0]], dtype=F64)
    out, _ = pg.Renoise().step(problem, z, t, s, None, Rng(0, dtype=F64, noise=lambda shape: draw))
    gain, push = float(out[1] - out[0]), float(out[2] - out[0])
    assert float(out[0]) == pytest.approx(then.alpha * mean)
    assert gain**2 * v + push**2 == pytest.approx(then.alpha**2 * c + then.sigma**2)
