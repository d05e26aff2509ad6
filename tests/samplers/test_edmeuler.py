"""EDM Euler: its first step from the printed formula; churn keeps p_t where it is."""

import math

import pytest
import torch

import playground as pg
from tests.samplers.family import F64, propagate


def printed_step(sampler, problem, z, t, s, k, n):
    """Euler in ρ, after churn where there is a draw, with the numbers ``k`` printed beside the formula."""
    process = problem.process
    y = z / process.at(t).alpha
    high = k.get(r"\hat\rho", k[r"\rho_t"])
    if n:
        assert high == pytest.approx((1 + k[r"\gamma"]) * k[r"\rho_t"])
        y = y + math.sqrt(high**2 - k[r"\rho_t"] ** 2) * k[r"S_{\mathrm{noise}}"] * n[0]
    u = float(process.time_at(torch.tensor(-math.log(high), dtype=F64)))
    slope = (y - problem.x0(process.at(u).alpha * y, u)) / high
    return process.at(s).alpha * (y + (k[r"\rho_s"] - high) * slope)


def test_churn_keeps_the_law():
    """Gaussian data, fine steps: the variance is p_t's with churn as without, to first order in the step. Mutants killed: ρ̂² − ρ² without its root; S_churn
    not shared out over the steps."""
    process, c = pg.EDM(), 0.25
    for churn in (0.0, 10.0):
        gaps = []
        for n in (100, 200):
            times = (20.0 * (0.1 / 20.0) ** torch.linspace(0, 1, n + 1, dtype=F64)).tolist()
            gaps.append(abs(propagate(pg.EDMEuler(churn=churn), process, c, times)[1] - (c + 0.1**2)))
        assert gaps[1] < 0.02
        assert gaps[1] / gaps[0] == pytest.approx(0.5, abs=0.1)
