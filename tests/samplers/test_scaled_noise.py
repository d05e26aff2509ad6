"""S_noise of the samplers that k-diffusion has with it: every draw scaled, and nothing else."""

import pytest
import torch

import playground as pg
from playground.core.scaled import SYMBOL
from tests.samplers.family import EDM_, F64, FIVE, START, draws

SAMPLERS = [
    pg.EulerAncestral(noise_scale=1.05),
    pg.EulerAncestral(eta=0.5, noise_scale=0.95),
    pg.KDPM2(eta=1.0, noise_scale=1.05),
    pg.DPMSolverPP2S(eta=1.0, noise_scale=1.05),
    pg.DPMSolverPPSDE(noise_scale=1.05),
    pg.SDEDPMSolverPP(noise_scale=1.05),
    pg.SDEDPMSolverPP(order=3, eta=0.5, noise_scale=1.05),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: f"{s.info.key} {s.eta:g}")
def test_every_draw_is_scaled(sampler):
    """The run with noise S z in the place of z, by the sampler without a scale; the formula and k-diffusion's call say it. Mutants killed: a draw left out, the mean scaled."""
    times = [80.0, 20.0, 6.0, 2.0, 0.5, 0.1, 0.0]
    z = draws()
    exp = pg.Experiment(process=EDM_, sampler=sampler)
    own = pg.simulate(exp, data=FIVE, initial=START, times=times, dtype=F64, noise=draws()).states[-1]
    plain = exp.replace(sampler={**sampler.to_dict(), "noise_scale": 1.0})
    given = pg.simulate(plain, data=FIVE, initial=START, times=times, dtype=F64, noise=lambda shape: sampler.noise_scale * z(shape)).states[
        -1
    ]
    torch.testing.assert_close(own, given, rtol=0, atol=1e-12)
    assert not torch.allclose(
        own, pg.simulate(plain, data=FIVE, initial=START, times=times, dtype=F64, noise=draws()).states[-1], atol=1e-4
    )
    assert SYMBOL in sampler.printed
    assert SYMBOL not in plain.sampler.printed
    assert f"s_noise={sampler.noise_scale:g}" in sampler.called(EDM_).k_diffusion
