"""The exact Gaussian of images: its score in the eigenbasis of the covariance."""

from __future__ import annotations

import pytest
import torch

import playground as pg
from playground.exact.mixture import MixtureOracle
from playground.exact.models import MatchedOracle


@pytest.mark.parametrize("process", [pg.VP(), pg.VE(), pg.EDM(), pg.Flow(), pg.CLD()], ids=lambda p: p.info.key)
@pytest.mark.parametrize("clock", [0.003, 0.1, 0.5, 1.0])
def test_score_is_that_of_the_mixture(process, clock):
    """Against the features of a mixture, which know no eigenbasis, and against −S⁻¹ (z − μ) of the marginal's own mean and covariance.
    Kills: a velocity that is left out of Σ, a mean that is not scaled by ψ, a rotation to the wrong side."""
    exp = pg.Experiment(data="digits", model="gaussian", process=process)
    oracle = exp.who.denoiser(process)
    assert isinstance(oracle, MatchedOracle)
    t = float(process.unclock(clock))
    law = oracle.marginal(t)
    z = (
        law.mean()
        + torch.randn(9, law.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) @ torch.linalg.cholesky(law.cov()).mT
    )
    state = z.reshape(process.state_shape(9, (1, 8, 8)))
    told = oracle.exact_score(state, t)
    assert told.shape == state.shape
    scale = float(told.abs().max())
    torch.testing.assert_close(told, MixtureOracle.exact_score(oracle, state, t), rtol=0, atol=1e-10 * scale)
    direct = -torch.linalg.solve(law.cov(), (z - law.mean()).mT).mT
    torch.testing.assert_close(told.flatten(1), direct, rtol=0, atol=1e-10 * scale)
    single = oracle.exact_score(state.float(), t)
    assert single.dtype == torch.float32
    assert float((single.double() - told).abs().max()) < 1e-5 * scale
