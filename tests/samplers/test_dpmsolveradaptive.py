"""Adaptive DPM-Solver-12 and -23 against the published algorithm, written down again, and that its tolerance is what it says."""

import math

import pytest
import torch

import playground as pg
from playground.core.experiment import Experiment
from playground.core.problem import Problem
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle
from tests.samplers.family import F64, FIVE, START, TILTED, error, gaussian_flow


def published(process, order, x, t, end, rtol, atol):
    """Lu et al. 2022, appendix C: x at the end, and how many steps were taken and refused; ε-form in α, σ and λ = ln(α/σ)."""
    model = Problem(process, MixtureOracle(FIVE, process))

    def time(lam):
        return float(process.time_at(torch.tensor(lam, dtype=F64)))

    lam, stop, h, before, taken, refused = process.at(t).half_log_snr, process.at(end).half_log_snr, 0.05, x, 0, 0
    while lam < stop - 1e-12:
        h = min(h, stop - lam)
        now, far = process.at(t), process.at(time(lam + h))
        e = model.eps(x, t)

        def reached(share, *more, now=now, h=h, lam=lam, x=x, e=e):
            c = process.at(time(lam + share * h))
            return c.alpha / now.alpha * x - c.sigma * math.expm1(share * h) * e - sum(c.sigma * a * b for a, b in more)

        if order == 2:
            inner = model.eps(reached(0.5), time(lam + h / 2))
            low, high = reached(1.0), far.alpha / now.alpha * x - far.sigma * math.expm1(h) * inner
        else:
            d1 = model.eps(reached(1 / 3), time(lam + h / 3)) - e
            low = reached(1.0, (1.5 * math.expm1(h), d1))
            bend = 2 * (math.expm1(2 * h / 3) / (2 * h / 3) - 1)
            d2 = model.eps(reached(2 / 3, (bend, d1)), time(lam + 2 * h / 3)) - e
            high = reached(1.0, (1.5 * (math.expm1(h) / h - 1), d2))
        delta = torch.maximum(torch.full_like(x, atol), rtol * torch.maximum(low.abs(), before.abs()))
        off = float(((high - low) / delta).square().mean(-1).sqrt().max())
        if off <= 1:
            x, before, lam, taken = high, low, lam + h, taken + 1
            t = time(lam)
        else:
            refused += 1
        h = 0.9 * h * off ** (-1 / order)
    return x, taken, refused


@pytest.mark.parametrize("process", [pg.VP(), pg.Flow(), pg.EDM()], ids=lambda p: p.info.key)
@pytest.mark.parametrize(("order", "rtol", "atol"), [(2, 0.05, 0.0078), (3, 0.05, 0.0078), (3, 0.005, 0.001)])
def test_the_published_algorithm(process, order, rtol, atol):
    """The same state after the same steps. Mutants killed: the last lower solution not kept for δ; h^{−1/(p + 1)}; a mean over particles; the first of the two taken."""
    t, end = (float(u) for u in process.time_at(torch.tensor([-4.0, 3.0], dtype=F64)))
    start = START * math.hypot(process.at(t).alpha, process.at(t).sigma)
    sampler = pg.DPMSolverAdaptive(order=order, rtol=rtol, atol=atol)
    run = simulate(Experiment(process=process, sampler=sampler), data=FIVE, initial=start, times=[t, end], dtype=F64)
    want, taken, refused = published(process, order, start, t, end, rtol, atol)
    assert error(run.states[-1], want) < 1e-9
    assert run.model_calls == order * taken + (order - 1) * refused
    assert taken >= 8


@pytest.mark.parametrize("order", [2, 3])
def test_tolerance(order):
    """The error against the exact flow falls with the tolerance, and calls grow; with times of the grid between as well."""
    process = pg.EDM(sigma_max=160.0)
    start = START * 100.0
    exact = gaussian_flow(TILTED, process, start, 100.0, 0.1)
    errors, calls = [], []
    for tol in (0.1, 0.01, 0.001):
        sampler = pg.DPMSolverAdaptive(order=order, rtol=tol, atol=tol / 10)
        for times in ([100.0, 0.1], [100.0, 3.0, 0.7, 0.1]):
            run = simulate(Experiment(process=process, sampler=sampler), data=TILTED, initial=start, times=times, dtype=F64)
            errors.append(float((run.states[-1] - exact).abs().max()))
            calls.append(run.model_calls)
    assert errors[4] < 0.1 * errors[0]
    assert errors[5] < 0.1 * errors[1]
    assert calls[0] < calls[2] < calls[4]
    assert calls[1] < calls[3] < calls[5]


def test_too_small_a_tolerance_is_named():
    with pytest.raises(pg.BadValue, match="rtol"):
        pg.DPMSolverAdaptive(rtol=0.0)
