"""Schedules against quadrature, tables of the papers' own code, and their limits."""

import math

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

import playground as pg
from playground.core.curve import Curve
from playground.core.process import t64
from playground.core.spec import registry
from playground.schedules.ddpm_table import betas

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
VARIANTS = {key: cls() for key, cls in registry("schedules").items()} | {
    "table-cosine": pg.DDPMTable("cosine"),
    "table-sigmoid": pg.DDPMTable("sigmoid"),
    "table-scaled": pg.DDPMTable("scaled linear"),
    "zero-cosine": pg.ZeroTerminalSNR(pg.Cosine()),
    "zero-table": pg.ZeroTerminalSNR(pg.DDPMTable()),
    "drawn-beta": pg.Drawn("β", ((0, 0.1), (0.3, 2.0), (0.5, 30.0), (1, 12.0))),
    "sigmoid-tau": pg.SigmoidAlpha(-3, 3, 0.5),
}


@pytest.mark.parametrize("key", VARIANTS)
def test_integral_is_the_integral_of_beta(key):
    """B(t) − B(s) by Gauss–Legendre piece by piece (pieces end at the tables' joints).

    Mutants killed: B = ln ᾱ without the minus, the pieces' area without the width, the cut log-SNR without its constant-β start.
    """
    s = VARIANTS[key]
    joints = np.unique(np.concatenate([np.linspace(0, 1, 1001), np.array([k[0] for k in getattr(s, "knots", ())])]))
    joints = joints[joints <= 0.97 * s.t_max]
    a, b = joints[:-1], joints[1:]
    t = (a + b)[:, None] / 2 + (b - a)[:, None] / 2 * NODES
    area = (s.beta(t64(t.ravel())).reshape(t.shape).numpy() * WEIGHTS).sum(1) * (b - a) / 2
    np.testing.assert_allclose(area.cumsum(), s.integral(t64(b)), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("key", VARIANTS)
def test_snr_falls(key):
    """SNR strictly falls all the way to t_max, β is finite and not negative."""
    s = VARIANTS[key]
    t = torch.linspace(1e-4, 1, 2001, dtype=torch.float64) * s.t_max
    snr = pg.VP(s).log_snr(t)
    assert bool((snr.diff() < 0).all())
    assert bool(torch.isfinite(s.beta(t)).all())
    assert float(s.beta(t).min()) >= 0


def test_two_sigmoids_are_two():
    """Jabri's formula as written, and that GeoDiff's β sigmoid is another schedule."""
    t, sg = t64([0.1, 0.5, 0.9]), torch.sigmoid
    bar = (sg(t64(3.0)) - sg(-3 + 6 * t)) / (sg(t64(3.0)) - sg(t64(-3.0)))
    torch.testing.assert_close(torch.exp(-pg.SigmoidAlpha().integral(t)), bar, rtol=1e-12, atol=0)
    assert not torch.allclose(torch.exp(-pg.SigmoidBeta().integral(t)), bar, rtol=0.05)


@pytest.mark.parametrize(
    ("law", "theirs"), [("linear", "linear"), ("cosine", "squaredcos_cap_v2"), ("sigmoid", "sigmoid"), ("scaled linear", "scaled_linear")]
)
def test_table_is_diffusers(law, theirs):
    """All 1000 ᾱ of diffusers (float32 there), and ᾱ_1000 of math 2.1. Mutant killed: t = i/1000 for timestep i instead of (i + 1)/1000."""
    bar = DDPMScheduler(num_train_timesteps=1000, beta_schedule=theirs).alphas_cumprod.double()
    mine = torch.exp(-pg.DDPMTable(law).integral((torch.arange(1000, dtype=torch.float64) + 1) / 1000))
    torch.testing.assert_close(mine, bar, rtol=2e-4 if law == "cosine" else 2e-5, atol=1e-9)
    exact = np.cumprod(1 - np.array(betas(law, 1e-4, 0.02)))
    np.testing.assert_allclose(mine, exact, rtol=1e-12)
    ends = {"linear": 4.036e-5, "cosine": 2.43e-9}
    if law in ends:
        assert float(mine[-1]) == pytest.approx(ends[law], rel=2e-3)


def test_zero_terminal_snr():
    """√ᾱ is shifted and scaled as in Lin et al.'s code, to the same numbers; α ends where the base would have ended, at (next to) nothing."""
    base = pg.DDPMTable()
    zero = pg.ZeroTerminalSNR(base)
    beta = torch.tensor(betas("linear", 1e-4, 0.02), dtype=torch.float64)
    theirs = torch.cumprod(1 - rescale_zero_terminal_snr(beta), 0)
    t = (torch.arange(1000, dtype=torch.float64) + 1) / 1000
    root = torch.exp(-0.5 * zero.integral(t[:-1]))
    # their α is normalised at the first of 1000 steps, ours at t = 0: one common factor
    ratio = root / theirs[:-1].sqrt()
    torch.testing.assert_close(ratio, ratio[0].expand_as(ratio), rtol=1e-4, atol=0)
    assert abs(float(ratio[0]) - 1) < 1e-4
    process = pg.VP(zero)
    assert process.at(process.t_max).half_log_snr == pytest.approx(-10, abs=1e-6)
    assert process.t_max > 0.999
    assert pg.VP().at(1.0).alpha > 100 * process.at(process.t_max).alpha
    with pytest.raises(pg.BadValue, match="base"):
        pg.ZeroTerminalSNR(zero)
    e = pg.Experiment(process=process)
    assert pg.Experiment.from_query(e.to_query()) == e
    assert bool(torch.isfinite(pg.simulate(e.replace(particles=50)).states).all())


def test_zero_terminal_snr_does_not_leak_the_mean():
    """From the prior N(0, I), data at mean 3: the linear schedule is off in the mean, the rescaled one is not. One Gaussian: exact by RK4."""
    data = pg.GaussianMixture([1.0], [[3.0]], [0.25])
    z = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z = (z - z.mean()) / z.std()

    def mean(schedule):
        e = pg.Experiment(process=pg.VP(schedule), sampler="RK4", grid=pg.UniformLogSNR(steps=200), dtype="float64")
        return float(pg.simulate(e, data=data, initial=z).states[-1].mean())

    assert abs(mean(pg.ZeroTerminalSNR()) - 3) < 1e-3
    assert abs(mean(pg.LinearBeta()) - 3) > 5e-3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.02, 1), st.floats(0.05, 4)), min_size=2, max_size=12))
def test_drawn_is_scipys_pchip_and_monotone(gaps):
    """Any falling knots: the curve is SciPy's, meets its knots, the SNR falls, and B(0) = 0."""
    t = np.concatenate([[0], np.cumsum([g for g, _ in gaps])])
    t = t / t[-1]
    v = 9 - np.concatenate([[0], np.cumsum([h for _, h in gaps])])
    if v[-1] < -39:
        return
    knots = tuple(zip(t.tolist(), v.tolist(), strict=True))
    s = pg.Drawn("log-SNR", knots)
    u = np.linspace(0.0011, 1, 301)
    want = PchipInterpolator(t, v)(u)
    np.testing.assert_allclose(-np.log(np.expm1(s.integral(t64(u)).numpy())), want, rtol=1e-9, atol=1e-9)
    assert bool((s.integral(t64(np.linspace(0, 1, 301))).diff() > 0).all())
    assert float(s.integral(t64(0.0))) == 0
    assert pg.Experiment.from_query(pg.Experiment(process=pg.VP(s)).to_query()).process.schedule == s


def test_curve_against_scipy():
    """Values, slope and integral, and the straight line through two knots. Mutant killed: coefficients in SciPy's (falling) order."""
    x, y = (0.0, 0.2, 0.5, 0.6, 1.0), (0.0, 1.0, 1.0, 3.0, 3.5)
    theirs, mine = PchipInterpolator(x, y), Curve(x, y)
    u = np.linspace(0, 1, 101)
    np.testing.assert_allclose(mine(t64(u)), theirs(u), atol=1e-14)
    np.testing.assert_allclose(mine.slope(t64(u)), theirs.derivative()(u), atol=1e-12)
    np.testing.assert_allclose(mine.integral(t64(u)), theirs.antiderivative()(u), atol=1e-14)
    assert float(Curve((0.0, 2.0), (1.0, 5.0))(t64(0.5))) == 2


@pytest.mark.parametrize(
    ("axis", "knots", "words"),
    [
        ("log-SNR", ((0, 5), (0.5, 6), (1, -5)), "fall"),
        ("log-SNR", ((0, 5), (1, 5)), "fall"),
        ("β", ((0, 1), (1, -1)), "0 to 1000"),
        ("β", ((0, 1), (0.5, 0), (1, 0)), "fall"),
        ("log-SNR", ((0, 5), (0.9, -5)), "0 to 1"),
        ("log-SNR", ((0, 5), (0.5, math.nan), (1, -5)), "pairs"),
        ("log-SNR", "hello", "pairs"),
        ("log-SNR", ((0, 5),), "pairs"),
    ],
)
def test_bad_knots_are_named(axis, knots, words):
    with pytest.raises(pg.BadValue, match=words) as told:
        pg.Drawn(axis, knots)
    assert told.value.field == "knots"
