"""Log-likelihood through the probability-flow ODE beside the exact log p."""

import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.fields import BadValue
from playground.core.spec import registry
from playground.exact import oracle_for
from playground.exact.models import exact
from playground.metrics.likelihood import exact_log_likelihood, log_likelihood
from tests.named import mixture_of
from tests.real import real

LINEAR = [k for k, c in real("processes").items() if "linear" in c.caps]
OTHERS = [k for k in real("processes") if k not in LINEAR]


def draws(oracle, process, n, t):
    g = torch.Generator().manual_seed(0)
    law = oracle.marginal(t)
    z, _ = law.sample(torch.rand(n, generator=g, dtype=torch.float64), torch.randn(n, law.dim, generator=g, dtype=torch.float64))
    return z.reshape(process.state_shape(n, (oracle.dim,)))


@pytest.mark.parametrize("key", [*LINEAR, *OTHERS])
@pytest.mark.parametrize("data", ["three_modes", "diamond"])
def test_exact_log_p(key, data):
    """From the exact p_T: log p within 2e-5 at tolerance 1e-7, 1D and 2D; CLD's is the joint of position and velocity.

    Mutants killed: ½ g² s for g² s in the velocity, a divergence of the wrong sign, the trace of one coordinate only.
    """
    process = registry("processes")[key]()
    if key == "Anisotropic" and data == "three_modes":
        return
    oracle = oracle_for(mixture_of(data), process)
    t0 = 1e-5 * process.t_max
    z = draws(oracle, process, 5, t0)
    out = log_likelihood(process, oracle, z, end="exact")
    torch.testing.assert_close(out.log_p, exact_log_likelihood(oracle, z, t0), rtol=0, atol=2e-5)
    assert 50 < out.calls < 3000
    assert out.latent.shape == z.shape


def test_error_follows_the_tolerance():
    process = pg.VP()
    oracle = oracle_for(mixture_of("three_modes"), process)
    z = draws(oracle, process, 10, 1e-5)
    error = [
        float((log_likelihood(process, oracle, z, end="exact", tol=tol).log_p - oracle.log_prob(z, 1e-5)).abs().max())
        for tol in (1e-3, 1e-5, 1e-8)
    ]
    assert error[2] < 1e-6
    assert error[0] > 30 * error[2]


@pytest.mark.parametrize(
    ("method", "order", "steps"), [("Euler", 1, (100, 200, 400, 800)), ("Heun", 2, (50, 100, 200, 400)), ("RK4", 4, (40, 60, 90, 135))]
)
@pytest.mark.parametrize("process", [pg.VP(), pg.EDM(), pg.Flow(), pg.Flow(pure=True), pg.CLD()], ids=str)
def test_a_fixed_rule_converges_at_its_order(process, method, order, steps, tilted):
    """To the closed form, of a Gaussian: with a fixed number of calls, those of the rule. Mutants killed: log p by Euler beside a state by Heun; steps even in t."""
    oracle = oracle_for(tilted, process)
    t0 = 1e-3
    z = draws(oracle, process, 6, t0 * process.t_max)
    want, errors = exact_log_likelihood(oracle, z, t0 * process.t_max), []
    for n in steps:
        out = log_likelihood(process, oracle, z, t0=t0, end="exact", method=method, steps=n)
        assert out.calls == n * {"Euler": 1, "Heun": 2, "RK4": 4}[method]
        errors.append(float((out.log_p - want).abs().max()))
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.25)


def test_a_fixed_rule_of_a_mixture():
    """The adaptive solver's number, by 200 steps of RK4; probes give the same with their error."""
    process = pg.VP()
    oracle = oracle_for(mixture_of("three_modes"), process)
    z = draws(oracle, process, 10, 1e-4)
    want = log_likelihood(process, oracle, z, t0=1e-4, tol=1e-9)
    got = log_likelihood(process, oracle, z, t0=1e-4, method="RK4", steps=200)
    torch.testing.assert_close(got.log_p, want.log_p, rtol=0, atol=1e-5)
    torch.testing.assert_close(got.latent, want.latent, rtol=0, atol=1e-5)
    for name, value in {"method": "Midpoint", "steps": 0}.items():
        with pytest.raises(BadValue, match=name):
            log_likelihood(process, oracle, z, **{name: value})


def test_prior_end_is_the_models_likelihood(tilted):
    """With N(0, σ_T² I) at the end: one Gaussian is carried by the linear flow, so the model's law is Gaussian and known (math 1.8)."""
    process = pg.VP()
    oracle = oracle_for(tilted, process)
    z = draws(oracle, process, 6, 1e-5)
    out = log_likelihood(process, oracle, z, tol=1e-9)
    values, vectors = torch.linalg.eigh(tilted.covs[0])
    c0, c1 = process.at(1e-5), process.at(1.0)
    stretch = ((c1.alpha**2 * values + c1.sigma**2) / (c0.alpha**2 * values + c0.sigma**2)).sqrt()
    y = c1.alpha * tilted.means[0] @ vectors + (z - c0.alpha * tilted.means[0]) @ vectors * stretch
    want = -0.5 * (y.square().sum(-1) / c1.sigma**2 + 2 * math.log(2 * math.pi * c1.sigma**2)) + stretch.log().sum()
    torch.testing.assert_close(out.log_p, want, rtol=0, atol=1e-6)
    assert float((out.log_p - oracle.log_prob(z, 1e-5)).abs().max()) > 1e-4  # the prior is not p_T


def test_hutchinson_is_unbiased(five):
    """Rademacher probes: many of them give the exact trace's log p within their standard error, one of them does not. Mutant killed: probes drawn
    anew at every stage (the solver then never meets its tolerance), normal instead of ±1."""
    process = pg.Flow()
    oracle = oracle_for(five, process)
    z = draws(oracle, process, 1, 1e-5).repeat(400, 1)
    out = log_likelihood(process, oracle, z, trace="hutchinson", end="exact", tol=1e-5)
    exact = float(oracle.log_prob(z[:1], 1e-5 * process.t_max))
    spread = float(out.log_p.std())
    assert spread > 1e-3
    assert abs(float(out.log_p.mean()) - exact) < 4 * spread / 20 + 1e-3
    again = log_likelihood(process, oracle, z, trace="hutchinson", end="exact", tol=1e-5)
    assert torch.equal(out.log_p, again.log_p)


def test_guided_and_bad_requests():
    process, data = pg.VP(), mixture_of("moons")
    model = pg.ClassifierFree(label=1, weight=1.0).model(exact(data), process)
    z = draws(oracle_for(data.only(1), process), process, 3, 1e-5)
    out = log_likelihood(process, model, z)
    torch.testing.assert_close(out.log_p, oracle_for(data.only(1), process).log_prob(z, 1e-5), rtol=0, atol=0.05)  # the prior's leak
    for choices, field in (({"trace": "all"}, "trace"), ({"end": "start"}, "end")):
        with pytest.raises(pg.BadValue) as told:
            log_likelihood(process, model, z, **choices)
        assert told.value.field == field
    with pytest.raises(pg.BadValue, match="exact"):
        log_likelihood(pg.PFGMPP(), oracle_for(data, pg.PFGMPP()), z)
