"""PFGM++: the Student-t kernel, its quadrature against independent integration, transport, and the limits D → ∞ (EDM) and D = 1 (PFGM)."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import beta as beta_law
from scipy.stats import kstest, multivariate_t
from scipy.stats import t as student_t

import playground as pg
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.core.rng import Rng
from playground.exact import oracle_for
from playground.exact.mixture import MixtureOracle
from playground.exact.student import LIVE, scale_nodes
from playground.metrics.distances import wasserstein_1d
from tests.named import mixture_of
from tests.real import real

FREEDOMS = [1.0, 2.0, 3.5, 8.0, 128.0, 2048.0, 1e6]


@pytest.mark.parametrize("D", FREEDOMS)
def test_kernel_is_student_t(D):
    """p(x | y) ∝ (|x − y|² + r²)^{−(d + D)/2}, r = σ√D, is y + σ · Student-t(D): SciPy's density, in logarithms. Mutant killed: r = σ D."""
    p, x = pg.PFGMPP(D=D), t64([[0.3, -0.4], [5.0, 1.0], [40.0, 3.0]])
    want = multivariate_t(shape=1.7**2 * np.eye(2), df=D).logpdf(x.numpy())
    np.testing.assert_allclose(p.kernel.log_prob(x, 1.7), want, rtol=1e-7, atol=1e-8)
    ratio = p.kernel.log_prob(x, 1.7) + 0.5 * (2 + D) * torch.log1p(x.square().sum(-1) / (1.7**2 * D))
    torch.testing.assert_close(ratio, ratio[0].expand(3), rtol=1e-9, atol=1e-9)


def test_draws_have_the_kernels_law():
    """The radius against the paper's own recipe b ~ Beta(d/2, D/2), R = r√(b/(1 − b)) (KS), and the variance σ² D/(D − 2).

    Mutant killed: one χ² for all particles, or one a coordinate.
    """
    for D in (1.0, 4.0, 128.0):
        p = pg.PFGMPP(D=D)
        x = p.marginal(torch.zeros(20_000, 2, dtype=torch.float64), 3.0, Rng(1, dtype=torch.float64))
        r2 = x.square().sum(-1).numpy()
        b = r2 / (r2 + 9 * D)
        assert kstest(b, beta_law(1, D / 2).cdf).statistic < 0.012  # 95 % point at n = 20,000: 0.0096
    p = pg.PFGMPP(D=8)
    x = p.marginal(torch.zeros(200_000, 1, dtype=torch.float64), 3.0, Rng(1, dtype=torch.float64))
    assert float(x.var()) == pytest.approx(9 * 8 / 6, rel=0.02)
    z = p.source(20_000, (1,), Rng(2, dtype=torch.float64))
    assert kstest(z[:, 0].numpy() / 80, student_t(8).cdf).statistic < 0.012


@pytest.mark.parametrize("D", FREEDOMS)
def test_density_and_x0_against_adaptive_quadrature(D, g3):
    """1D: p_t(x) and E[x_0 | x] from SciPy's quad over the data with the kernel in closed form; float64 to 1e-8, float32 to 1e-3.

    Mutants killed: quadrature weights without the Jacobian of ln τ, τ for 1/τ, a range that misses the tails.
    """
    p = pg.PFGMPP(D=D)
    oracle = oracle_for(g3, p)
    sd = g3.covs[:, 0, 0].sqrt().tolist()

    def moment(k, x, t):
        def f(y):
            prior = sum(
                w * math.exp(-0.5 * ((y - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))
                for w, m, s in zip(g3.weights.tolist(), g3.means[:, 0].tolist(), sd, strict=True)
            )
            return y**k * prior * math.exp(float(p.kernel.log_prob(t64([[x - y]]), t)))

        edges = sorted(
            {-2.0, -1.3, -1.0, -0.7, -0.2, 0.2, 0.6, 1.0, 1.2, 1.4, 2.0} | {min(2, max(-2, x + k * t)) for k in (-8, -2, 0, 2, 8)}
        )
        return sum(quad(f, a, b, epsabs=0, epsrel=1e-10, limit=200)[0] for a, b in itertools.pairwise(edges))

    for t, x in ((0.05, 0.3), (0.05, -1.6), (0.5, 0.9), (20.0, 25.0)):
        if D > 100 and x == -1.6:
            continue  # 12 σ outside: no draw of this kernel lands there, and the nodes do not reach it
        p0 = moment(0, x, t)
        z = t64([[x]])
        assert float(oracle.log_prob(z, t)) == pytest.approx(math.log(p0), abs=1e-7)
        want = moment(1, x, t) / p0
        assert float(oracle(z, t).x0_hat) == pytest.approx(want, abs=1e-7)
        assert float(oracle(z.float(), t).x0_hat) == pytest.approx(want, abs=2e-3)


def test_score_is_the_gradient_of_log_p(five):
    """2D, through Problem: −(x − x̂_0)/σ² is not the score here; the velocity is (x − x̂_0)/σ, and d log p along it satisfies continuity."""
    from playground.metrics.likelihood import log_likelihood

    p = pg.PFGMPP(D=3.0)
    oracle = oracle_for(five, p)
    x, _ = five.sample(torch.rand(6, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64))
    out = log_likelihood(p, oracle, x, t0=1e-5, end="exact")
    torch.testing.assert_close(out.log_p, oracle.log_prob(x, 1e-5 * p.t_max), rtol=0, atol=1e-5)


def test_many_dimensions_are_edm(five):
    """D = 1e6: x̂_0 within O(1/D) of EDM's, and DDIM and Heun end within 1e-4 of EDM's ends from the same start. Mutant killed: σ² D/(D − 2) for σ²."""
    p, edm = pg.PFGMPP(D=1e6), pg.EDM()
    oracle, theirs = oracle_for(five, p), MixtureOracle(five, edm)
    for t in (0.01, 0.3, 5.0, 80.0):
        x = five.means.repeat(4, 1) + t * torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        torch.testing.assert_close(oracle(x, t).x0_hat, theirs(x, t).x0_hat, rtol=0, atol=1e-4)
    start = 80 * torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for sampler in ("DDIM", "EDMHeun", "DPMSolverPP2M", "Heun"):
        a, b = (
            pg.simulate(
                pg.Experiment(process=q, sampler=sampler, grid=pg.Karras(steps=30), dtype="float64"), data=five, initial=start
            ).states[-1]
            for q in (p, edm)
        )
        torch.testing.assert_close(a, b, rtol=0, atol=2e-4)
    small = oracle_for(five, pg.PFGMPP(D=8))
    assert float((small(x, 1.0).x0_hat - theirs(x, 1.0).x0_hat).abs().max()) > 1e-2  # and a small D is not


@pytest.mark.parametrize(("D", "most"), [(8.0, 1e-3), (128.0, 1e-3), (1e6, 1e-3), (1.0, 0.012)])
def test_transport(D, most, g3):
    """math 2.15: Heun on 120 Karras steps carries the quantiles of p_80 to G3, W₁ < 1e-3 for D = 8, 128, 1e6 and .012 for D = 1 (whose far tail needs
    more steps). In 1D the exact flow is monotone, so quantiles of p_80 at the middles of 2000 equal cells are a start without sampling noise.
    """
    p = pg.PFGMPP(D=D)
    oracle = oracle_for(g3, p)
    u = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    if D < 1e5:
        # quantiles of p_80 by inverting its distribution function, integrated from the density on a fine grid of the kernel's quantiles
        ys = 80 * torch.as_tensor(student_t(D).ppf(np.linspace(1e-7, 1 - 1e-7, 200_001)))
        pdf = oracle.log_prob(ys[:, None], 80.0).exp()
        cdf = torch.cat([torch.zeros(1), torch.cumsum((pdf[1:] + pdf[:-1]) / 2 * ys.diff(), 0)]).numpy()
        cdf = cdf / cdf[-1]
        start = torch.as_tensor(np.interp(u.numpy(), cdf, ys.numpy()))
    else:
        start = 80 * torch.special.ndtri(u) + float(g3.mean())
    e = pg.Experiment(process=p, sampler="EDMHeun", grid=pg.Karras(steps=120), dtype="float64")
    x = pg.simulate(e, data=g3, initial=start[:, None]).states[-1][:, 0].numpy()
    lo, hi = np.full(2000, -3.0), np.full(2000, 3.0)
    sd = g3.covs[:, 0, 0].sqrt()
    for _ in range(60):
        mid = (lo + hi) / 2
        below = (torch.special.ndtr((t64(mid)[:, None] - g3.means[:, 0]) / sd) @ g3.weights).numpy() < u.numpy()
        lo, hi = np.where(below, mid, lo), np.where(below, hi, mid)
    assert wasserstein_1d(x, lo) < most


def test_few_nodes_stay_live():
    """Nodes of the float32 quadrature: a handful for many dimensions. The weights are a probability."""
    counts = {D: len(scale_nodes(D, 2, LIVE)[0]) for D in FREEDOMS}
    assert counts[1e6] <= 3
    assert counts[2048.0] <= 5
    assert counts[128.0] <= 10
    assert counts[1.0] <= 48
    for D in FREEDOMS:
        assert float(scale_nodes(D, 2, LIVE)[1].sum()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("D", [1.0, 3.5, 8.0])
@pytest.mark.parametrize("data", ["moons", "skewed", "far outlier"])
def test_wide_nodes_see_one_gaussian_within_the_quadratures_error(D, data):
    """x̂_0 of the float32 tables against the float64 ones at 500 draws of p_t: within 1e-4 of the data's standard deviation, and fewer columns.

    Mutants killed: a threshold in variances alone (the outlier's skewness then shows, 1e-3), the data's covariance left out of a wide node,
    all components of a wide node kept.
    """
    outlier = GaussianMixture([0.02, 0.98], [[6.0, 0.0], [0.0, 0.0]], [[[0.01, 0.0], [0.0, 0.01]], [[0.02, 0.01], [0.01, 0.05]]])
    mixture = outlier if data == "far outlier" else mixture_of(data)
    oracle, rng = oracle_for(mixture, pg.PFGMPP(D=D)), Rng(3, dtype=torch.float64)
    size = mixture.cov().diagonal().max().sqrt()
    for t in (80.0, 20.0, 3.0, 0.5, 0.05):
        z, _ = oracle.marginal(t).sample(rng.uniform((500,)), rng.normal((500, mixture.dim)))
        exact, live = oracle(z, t).x0_hat, oracle(z.float(), t).x0_hat
        assert float((live - exact).abs().max() / size) < 1.5e-4
    nodes = len(scale_nodes(D, mixture.dim, LIVE)[0])
    kept = [oracle.tables(t, z.float())[0].shape[1] for t in (80.0, 0.05)]
    assert kept[0] < kept[1] <= nodes * mixture.components
    if data == "moons":
        assert kept[0] < 0.25 * nodes * mixture.components


def test_what_needs_a_gaussian_is_illegal():
    """Noise-adding samplers and exact ancestral are refused with the reason; so are DDIM and EDM Heun once they add noise."""
    for sampler in ("ExactAncestral", "DDPM", "EulerMaruyama", pg.DDIM(eta=0.5), pg.EDMHeun(churn=10.0)):
        with pytest.raises(pg.BadValue, match="Gaussian") as told:
            pg.Experiment(process="PFGMPP", sampler=sampler)
        assert told.value.field == "sampler"
    for key, cls in real("samplers").items():
        if "linear" not in cls.info.needs and cls().declared_order is None:  # noise in every step
            with pytest.raises(pg.BadValue, match=r"Gaussian|phase-space") as told:
                pg.Experiment(process="PFGMPP", sampler=key)
            assert told.value.field == "sampler"
    for sampler in (
        "DDIM",
        "EDMHeun",
        "DPMSolverPP2M",
        "Heun",
        "Midpoint",
        "RK4",
        "RK45",
        pg.EulerAncestral(eta=0),
        pg.DPMSolverPPSDE(eta=0),
    ):
        pg.Experiment(process="PFGMPP", sampler=sampler)
