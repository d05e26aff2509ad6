"""Roughness of paths against simulated paths and against its limit."""

import pytest
import torch

from playground.core.rng import Rng
from playground.processes.cld import CLD
from playground.processes.vp import VP
from playground.views.phase import roughness


@pytest.mark.parametrize("process", [VP(), CLD(), CLD(friction=0.3), CLD(friction=3.0)], ids=str)
def test_roughness_is_that_of_simulated_paths(process):
    """Kills: a forgotten mean in the second moment, A in place of A − I, S_t in place of S_s."""
    n = 40_000
    times = torch.linspace(1e-3, 1.0, 9, dtype=torch.float64)
    rng = Rng(3)
    x0 = 0.7 + 0.5 * rng.normal((n, 1)).double()
    z = process.marginal(x0, float(times[0]), rng)
    exact = roughness(process, 0.7**2 + 0.5**2, times)
    for j in range(8):
        after = process.diffuse(z, float(times[j]), float(times[j + 1]), rng)
        square = (process.project(after) - process.project(z)).square().double()
        assert abs(square.mean() - exact[j]) < 5 * square.std() / n**0.5
        z = after


def test_dense_times_vp_tends_to_the_integral_of_beta_and_cld_to_zero():
    times = torch.linspace(0.0, 1.0, 20_001, dtype=torch.float64)
    vp = VP()
    middle = (times[1:] + times[:-1]) / 2
    assert roughness(vp, 1.0, times).sum() == pytest.approx(float((vp.sde(middle)[1][..., 0, 0]).mean()), rel=2e-3)
    coarse, fine = (float(roughness(CLD(), 1.0, times[::k]).sum()) for k in (20, 10))
    assert fine == pytest.approx(coarse / 2, rel=0.02)
