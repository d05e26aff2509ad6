"""Stochastic samplers: exact propagation of mean and variance for Gaussian data, mixtures against the measured two-sample floor, known facts."""

import dataclasses
import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.legal import why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.spec import from_dict
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle
from playground.metrics.distances import sliced_w2
from tests.named import mixture_of
from tests.real import real
from tests.samplers.family import F64, FIVE, TILTED, draws, propagate, slope, uniform_levels
from tests.samplers.family_orders import WEAK, WEAK_STEPS, variance_error

VP = pg.VP()


@pytest.mark.parametrize("label", WEAK)
def test_variance_of_gaussian_data(label):
    """Mean and variance of the linear sampler, propagated exactly: the error falls with the weak order; Analytic-DPM has none.

    Mutants killed: σ_s √(1 − e^{−h}) for e^{−2h} (SDE, ancestral); e^{−ηh} left out; the two draws of DPM++ SDE independent (order 1, below);
    Q and A of reverse diffusion from s to s; c without the square and l² with σ_t in Analytic-DPM; v and 1 − v exchanged.
    """
    sampler, order = WEAK[label]
    found = [abs(variance_error(sampler, n)) for n in WEAK_STEPS]
    if order is None:
        assert max(found) < 1e-12
        assert abs(variance_error(sampler, 1)) < 1e-12
    else:
        assert abs(slope(WEAK_STEPS, found) - order) <= 0.15, (slope(WEAK_STEPS, found), found)


def test_means():
    """Every sampler above but Euler–Maruyama and reverse diffusion carries the mean exactly when started from the true p_T; those two with order 1."""
    times = uniform_levels(VP, 16, -4.5, 2.0)
    want = VP.at(float(times[-1])).alpha * 0.7
    for label, (sampler, _) in WEAK.items():
        found = propagate(sampler, VP, 0.25, times, mean=0.7)[0]
        assert abs(found - want) < (0.1 if label in ("EulerMaruyama", "ReverseDiffusion") else 1e-12), label


@dataclasses.dataclass(frozen=True)
class TwoPaths(pg.DPMSolverPPSDE):
    """The mutant: independent draws in the two stages."""

    def correlation(self, high, mid, low):
        return 0.0


def test_two_draws_on_one_path():
    """c is the correlation of the reverse SDE's own noises N(ρ′) = ρ′² ∫ √(2ρ)/ρ² dW; with independent draws the weak order falls to 1."""
    high, mid, low = 7.0, 2.0, 0.6

    def inner(a, b):  # ∫ 2ρ/ρ⁴ dρ from b to a
        grid = torch.linspace(math.log(b), math.log(a), 20001, dtype=F64)
        return float(torch.trapezoid(2 * torch.exp(-2 * grid), grid))

    c = mid**2 * low**2 * inner(high, mid) / math.sqrt(mid**4 * inner(high, mid) * low**4 * inner(high, low))
    assert pg.DPMSolverPPSDE().correlation(high, mid, low) == pytest.approx(c, rel=1e-7)
    assert pg.DPMSolverPPSDE(path="sigma").correlation(high, mid, low) == pytest.approx(math.sqrt(5 / 6.4))
    steps = [64, 128, 256]
    assert slope(steps, [abs(variance_error(TwoPaths(), n)) for n in steps]) < 1.3


def test_analytic_covariances():
    """One step, tilted Gaussian data: full covariance turns p_t into p_s exactly, diagonal and isotropic do not; the trace is right for all.

    Mutants killed: Cov of the marginal for Cov(x_0|x_t); the isotropic variance not divided by d; c applied to l² too.
    """
    t, s = 0.8, 0.3
    oracle = MixtureOracle(TILTED, VP)
    at_t, at_s = oracle.marginal(t).covs[0], oracle.marginal(s).covs[0]
    start = torch.zeros(5, 2, dtype=F64)
    start[1:3] = torch.eye(2, dtype=F64)
    pushes = torch.zeros(5, 2, dtype=F64)
    pushes[3:5] = torch.eye(2, dtype=F64)
    for covariance in ("full", "diagonal", "isotropic"):
        for mean in ("DDPM", "DDIM"):
            exp = pg.Experiment(process=VP, sampler=pg.AnalyticDPM(covariance=covariance, mean=mean))
            out = simulate(exp, data=TILTED, initial=start, times=[t, s], dtype=F64, noise=lambda _: pushes).states[-1]
            gain, push = (out[1:3] - out[0]).T, (out[3:5] - out[0]).T
            cov = gain @ at_t @ gain.T + push @ push.T
            assert float(cov.trace()) == pytest.approx(float(at_s.trace()), rel=1e-12)
            assert torch.allclose(cov, at_s, rtol=1e-10) == (covariance == "full")


def test_analytic_dpm_numbers():
    """math 2.8, steps 199 → 99 of the linear table, G3: σ*² = .2315, β̃ = .080, β = .265; and V = (σ²/α²)(1 − E‖ε̂‖²/d) where that does not cancel."""
    g3 = GaussianMixture([0.5, 0.3, 0.2], [-1.0, 0.2, 1.2], [0.1**2, 0.15**2, 0.05**2])
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=F64)
    bars = torch.cumprod(1 - betas, 0)
    t, s = (float(VP.time_at(0.5 * (b.log() - torch.log1p(-b)))) for b in (bars[199], bars[99]))
    oracle = MixtureOracle(g3, VP)
    problem = pg.core.problem.Problem(VP, oracle)
    terms = pg.AnalyticDPM().terms(problem, t, s)
    assert terms[r"\sigma^{*2}"] == pytest.approx(0.2315, abs=1e-4)  # .231 in the sheet, cut
    assert terms["l^2"] == pytest.approx(0.080, abs=5e-4)
    assert 1 - float(bars[199] / bars[99]) == pytest.approx(0.265, abs=5e-4)
    x = torch.linspace(-12, 12, 200_001, dtype=F64)[:, None]
    density = oracle.marginal(t).log_prob(x).exp()
    eps2 = float(torch.trapezoid(density * problem.eps(x, t)[:, 0] ** 2, x[:, 0]))
    at = VP.at(t)
    assert oracle.mean_posterior_variance(t) == pytest.approx((at.sigma / at.alpha) ** 2 * (1 - eps2), rel=1e-6)


def test_posterior_cov():
    """Against the moments of the oracle's own q(x_0 | z_t), for VP and for CLD. Mutant killed: V_k without the spread of the means."""
    for process in (VP, pg.CLD()):
        oracle = MixtureOracle(FIVE, process)
        z = torch.randn(7, oracle.state_dim, generator=torch.Generator().manual_seed(0), dtype=F64)
        log_r, mean, cov = oracle.denoising(z, 0.4, 0.0)
        r, mean, cov = log_r.exp(), mean[..., :2], cov[:, :2, :2]
        centre = torch.einsum("bk,bki->bi", r, mean)
        want = torch.einsum("bk,kij->bij", r, cov) + torch.einsum("bk,bki,bkj->bij", r, mean, mean) - centre[:, :, None] * centre[:, None]
        got = oracle.posterior_cov(z.reshape(process.state_shape(7, (2,))), 0.4)
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)


def test_mean_posterior_variance():
    """E tr Cov/d against a plain average over draws of p_t (within four standard errors), one and two dimensions and CLD."""
    for data, process in ((FIVE, VP), (FIVE, pg.CLD()), (pg.GaussianMixture([0.7, 0.3], [-1.0, 1.0], [0.04, 0.09]), VP)):
        oracle = MixtureOracle(data, process)
        for t in (0.15, 0.5):
            law = oracle.marginal(t)
            rng = Rng(3, dtype=F64)
            z, _ = law.sample(rng.uniform((40_000,)), rng.normal((40_000, law.dim)))
            each = oracle.posterior_cov(z.reshape(process.state_shape(40_000, (data.dim,))), t).diagonal(dim1=-2, dim2=-1).mean(-1)
            assert abs(oracle.mean_posterior_variance(t) - float(each.mean())) < 4 * float(each.std()) / 200


NARROW = GaussianMixture(
    [0.5, 0.3, 0.2], [[0.0, 0.0], [0.3, 0.1], [-0.4, 0.5]], [[[0.3, 0.1], [0.1, 0.2]], [[2e-3, 0], [0, 1e-3]], [[0.05, 0], [0, 4e-4]]]
)


@pytest.mark.parametrize("t", [0.9, 0.3, 0.1, 0.05, 0.02, 0.005])
@pytest.mark.parametrize("name", ["line", "five", "narrow", "eight_gaussians", "moons"])
def test_mean_posterior_variance_to_1e_8(name, t):
    """Against V = τ(1 − E|ε|²/d)-free brute force: E tr Cov over one fine grid of the whole plane, p_t and Cov from the law of each component.

    Mutants killed: Gauss–Hermite over the components (7e-4 of V at low noise); one halving of the step less.
    """
    line = GaussianMixture([0.6, 0.3, 0.1], [-1.0, 0.4, 0.5], [0.04, 0.01, 1e-3])
    data = {"line": line, "five": FIVE, "narrow": NARROW}.get(name) or mixture_of(name)
    oracle, law = MixtureOracle(data, VP), MixtureOracle(data, VP).marginal(t)
    psi, tau = VP.at(t).alpha, (VP.at(t).sigma / VP.at(t).alpha) ** 2
    narrow = float(torch.linalg.eigvalsh(law.covs).min() ** 0.5)
    reach = 8 * law.covs.diagonal(dim1=-2, dim2=-1).sqrt()
    axes = [
        torch.arange(a, b, narrow / (24 if data.dim == 1 else 9), dtype=F64)
        for a, b in zip((law.means - reach).amin(0).tolist(), (law.means + reach).amax(0).tolist(), strict=True)
    ]
    cell = math.prod(float(a[1] - a[0]) for a in axes)
    gain = psi * data.covs @ torch.linalg.inv(law.covs)
    inside = tau * psi * gain.diagonal(dim1=-2, dim2=-1).sum(-1)
    total = 0.0
    for rows in axes[0].split(max(1, 40_000 // (len(axes[1]) if data.dim == 2 else 1))):
        z = rows[:, None] if data.dim == 1 else torch.cartesian_prod(rows, axes[1])
        p = law.component_log_prob(z).exp()
        means = data.means + torch.einsum("kij,qkj->qki", gain, z[:, None] - law.means)
        centre = (p[..., None] * means).sum(1) / p.sum(1, keepdim=True).clamp_min(1e-300)
        total += float((p * (inside + (means - centre[:, None]).square().sum(-1))).sum()) * cell
    assert oracle.mean_posterior_variance(t) == pytest.approx(total / data.dim, rel=3e-8, abs=1e-9)


def test_annealed_langevin_step():
    """NCSN: √a/(2σ) = .2236 on every level (a = 2·10⁻⁵ σ²/0.01²); on pure noise the stationary variance is σ²/(1 − c/4).

    Mutants killed: a/2 for a in the noise; the score of the old level; σ for σ² in a.
    """
    sampler = pg.AnnealedLangevin(repeats=200, size=0.2)
    problem = pg.core.problem.Problem(pg.VE(), MixtureOracle(FIVE, pg.VE()))
    for s in (0.9, 0.5, 0.2):
        terms = sampler.terms(problem, 1.0, s)
        assert terms[r"\sqrt{a}/2\sigma"] == pytest.approx(0.2236, abs=5e-5)
        assert terms["a"] == pytest.approx(2e-5 * problem.at(s).sigma ** 2 / 1e-4)
    edm = pg.EDM(sigma_max=160.0)
    data = GaussianMixture([1.0], [0.0], [1e-6])
    start, pushes, used = torch.zeros(202, 1, dtype=F64), torch.eye(200, dtype=F64), [0]

    def noise(shape):
        z = torch.zeros(shape, dtype=F64)
        z[2:, 0] = pushes[used[0]]
        used[0] += 1
        return z

    exp = pg.Experiment(process=edm, sampler=sampler)
    end = simulate(exp, data=data, initial=start, times=[20.0, 2.0], dtype=F64, noise=noise).states[-1, :, 0]
    assert used[0] == 200
    assert float((end[2:] ** 2).sum()) == pytest.approx(4 / (1 - 0.2 / 4), rel=1e-4)


def test_why_annealing_is_needed():
    """Modes of weight .8 and .2, far apart: Langevin on one level keeps the start's split, annealing comes near .8 (math 2.2).

    Mutant killed: Langevin at the grid's own level, which anneals.
    """
    data = GaussianMixture([0.8, 0.2], [[4.0, 0.0], [-4.0, 0.0]], 0.05 * torch.eye(2).expand(2, 2, 2))
    exp = pg.Experiment(process=pg.VE(), grid={"kind": "UniformLogSNR", "steps": 30}, particles=4000, seed=1)
    share = {}
    for key, repeats in (("Langevin", 20), ("AnnealedLangevin", 100)):
        x = simulate(exp.replace(sampler={"kind": key, "repeats": repeats}), data=data).x[-1]
        share[key] = float((x[:, 0] > 0).float().mean())
        assert bool((x[:, 0].abs() > 2).all())  # both find the modes
    assert abs(share["Langevin"] - 0.5) < 0.1
    assert abs(share["AnnealedLangevin"] - 0.8) < 0.04


def test_restart_keeps_the_law():
    """Gaussian data: noise up and ODE down keep p_t, so that the variance is right for every K once the ODE steps are fine.

    Mutants killed: noise of variance (ρ_max − ρ_min)² for ρ_max² − ρ_min²; the way down started from ρ_s; α of the wrong level.
    """
    for process in (VP, pg.EDM(sigma_max=160.0)):
        times = uniform_levels(process, 128, -4.0, 3.0)
        end = process.at(float(times[-1]))
        for k in (1, 3):
            sampler = pg.Restart(low=0.2, high=3.0, times=k, inner=30, noise_scale=1.0)
            found = propagate(sampler, process, 0.25, times)[1]
            assert found == pytest.approx(end.alpha**2 * 0.25 + end.sigma**2, rel=5e-3)
    calls = simulate(pg.Experiment(process=VP, sampler=pg.Restart(), particles=2)).model_calls
    assert calls == pg.Restart().calls(20) == 2 * 20 - 1 + 2 * 2 * 4


def test_corrector():
    """The Langevin corrector contracts a wrong start: 200 steps at one level bring a shifted cloud to p_t's mean. r = ‖·‖ means.

    Mutant killed: e = a (r …)² without the 2; score with the wrong sign.
    """
    oracle = MixtureOracle(TILTED, VP)
    problem = pg.core.problem.Problem(VP, oracle)
    z = torch.randn(4000, 2, generator=torch.Generator().manual_seed(0), dtype=F64) + 2.0
    sampler = pg.PredictorCorrector(corrector_steps=20, snr=0.3)
    rng, moved = Rng(1, dtype=F64), z
    for _ in range(10):
        moved = sampler.correct(problem, moved, 0.6, 0.55, rng)
    mean = oracle.marginal(0.6).mean()
    assert float((moved.mean(0) - mean).norm()) < 0.1 * float((z.mean(0) - mean).norm())
    one = pg.PredictorCorrector(corrector_steps=1, snr=0.3).correct(
        problem, z, 0.6, 0.55, Rng(1, noise=lambda shape: torch.ones(shape, dtype=F64), dtype=F64)
    )
    score = problem.score(z, 0.6)
    a = (VP.at(0.6).alpha / VP.at(0.55).alpha) ** 2
    e = 2 * a * (0.3 * math.sqrt(2) / float(score.norm(dim=1).mean())) ** 2
    torch.testing.assert_close(one, z + e * score + math.sqrt(2 * e))


FINE = {
    f"{key} {' '.join(map(str, parameters.values()))}".strip(): sampler
    for key, cls in real("samplers").items()
    for parameters in cls.fine
    if (sampler := from_dict("samplers", "sampler", {"kind": key, **parameters})).declared_order is None and not why_illegal(sampler, VP)
}
assert len(FINE) >= 18


@pytest.fixture(scope="module")
def floor():
    """Sliced W₂ of an exact sample of the five modes to seven others, averaged: mean and standard deviation over eight samples."""
    rng = Rng(100, dtype=F64)
    sets = [FIVE.sample(rng.uniform((4000,)), rng.normal((4000, 2)))[0].numpy() for _ in range(8)]
    means = [np.mean([sliced_w2(a, b) for b in sets if b is not a]) for a in sets]
    return sets, float(np.mean(means)), float(np.std(means, ddof=1))


@pytest.mark.parametrize("label", FINE)
def test_mixture_within_the_floor(label, floor):
    """150 fine steps from the exact p_T on five modes: sliced W₂ to fresh samples is the two-sample floor's, up to four of its deviations.

    Mutant killed: any of the above that leaves a bias of more than a few hundredths.
    """
    sets, mean, sd = floor
    exp = pg.Experiment(
        process=VP, sampler=FINE[label], grid={"kind": "UniformLogSNR", "steps": 150}, start="exact", particles=4000, seed=5
    )
    x = simulate(exp, data=FIVE).x[-1].double().numpy()
    found = float(np.mean([sliced_w2(x, s) for s in sets]))
    assert found < mean + 4 * sd, (found, mean, sd)


def test_draws_are_used_in_order():
    """A source of the wrong shape is refused, in the field's words."""
    exp = pg.Experiment(sampler=pg.DPMSolverPPSDE(), particles=8)
    with pytest.raises(ValueError, match="noise"):
        simulate(exp, noise=lambda shape: torch.zeros(3))
    one = simulate(exp.replace(dtype="float64"), data=FIVE, noise=draws(1)).states
    assert torch.equal(one, simulate(exp.replace(dtype="float64"), data=FIVE, noise=draws(1)).states)


def test_prior_of_a_time_is_the_vp_identity():
    """Where sampling starts late the prior is that of unit-variance data: N(0, I) for VP."""
    psi, cov = VP.mean_and_cov(t64(0.4))
    assert float(cov + psi**2) == pytest.approx(1.0)
