"""Cosine and polynomial paths, the anisotropic process, CLD's two training kernels, and every new combination at least once."""

import itertools
import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.experiment import Experiment
from playground.core.process import t64
from playground.core.rng import Rng
from playground.exact import oracle_for
from playground.views.distances import metrics_packet
from playground.views.fields import fields_packet
from playground.views.sights import sight_of, whole
from playground.views.stage import run_packet
from tests.named import mixture_of

CLOCK = t64([0.02, 0.3, 0.7, 1.0])


def test_paths_are_what_they_say():
    t = CLOCK * 0.999
    p = pg.CosinePath()
    torch.testing.assert_close(p.alpha(t).square() + p.sigma(t).square(), torch.ones(4, dtype=torch.float64))
    torch.testing.assert_close(p.alpha(t), torch.cos(math.pi * t / 2))
    for power, noise, gentle in itertools.product((1.0, 2.0, 3.5), ("preserving", "convex"), ("data", "noise")):
        q = pg.PolynomialPath(power, noise, gentle)
        t = CLOCK * q.t_max
        torch.testing.assert_close(q.alpha(t), 1 - t**power if gentle == "data" else (1 - t) ** power)
        assert q.t_max == pytest.approx(0.999 if gentle == "data" else 1 - 0.001 ** (1 / power))
        total = q.alpha(t).square() + q.sigma(t).square() if noise == "preserving" else q.alpha(t) + q.sigma(t)
        torch.testing.assert_close(total, torch.ones(4, dtype=torch.float64))
        torch.testing.assert_close(q.time_at(q.half_log_snr(t)), t, rtol=1e-9, atol=0)
        u = t.clone().requires_grad_()
        for f, d in ((q.alpha, q.dalpha), (q.sigma, q.dsigma)):
            torch.testing.assert_close(torch.autograd.grad(f(u).sum(), u)[0], d(t), rtol=1e-10, atol=0)
        variance = torch.autograd.grad(q.sigma(u).square().sum(), u)[0]
        torch.testing.assert_close(q.g2(t), variance - 2 * q.dalpha(t) / q.alpha(t) * q.sigma(t).square(), rtol=1e-8, atol=0)
    t, flow = CLOCK * 0.999, pg.Flow()
    for gentle in ("data", "noise"):
        convex = pg.PolynomialPath(1.0, "convex", gentle)
        torch.testing.assert_close(convex.alpha(t), flow.alpha(t), rtol=1e-14, atol=0)
        torch.testing.assert_close(convex.sigma(t), flow.sigma(t), rtol=1e-14, atol=0)
    cosine = pg.VP(pg.Cosine(0.0))
    torch.testing.assert_close(cosine.alpha(t64([0.3, 0.8])), p.alpha(t64([0.3, 0.8])), rtol=1e-12, atol=0)


def test_same_snr_same_ends(five):
    """math 1.7: in y = x/α at equal SNR the flows of VP, linear flow, cosine and polynomial path coincide (RK45)."""
    levels = [-3.0, 0.0, 6.0]
    start = torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = []
    for p in (
        pg.VP(),
        pg.Flow(),
        pg.CosinePath(),
        pg.PolynomialPath(),
        pg.PolynomialPath(3.0, "convex"),
        pg.PolynomialPath(3.0, "preserving", "noise"),
        pg.VP(pg.SigmoidAlpha()),
        pg.VP(pg.DDPMTable()),
    ):
        alpha = [float(p.alpha(p.time_at(t64(v / 2)))) for v in (levels[0], levels[-1])]
        e = Experiment(process=p, sampler=pg.RK45(log_tol=-10), grid="UniformTime", dtype="float64")
        ends.append(pg.simulate(e, data=five, initial=start * alpha[0], log_snr=levels).states[-1] / alpha[1])
    for other in ends[1:-1]:
        torch.testing.assert_close(other, ends[0], rtol=0, atol=1e-9)
    # the table's ln α has 999 kinks: the fifth order of RK45 ends there, and its error control with it
    torch.testing.assert_close(ends[-1], ends[0], rtol=0, atol=1e-6)


# anisotropic --------------------------------------------------------------------------------------------------------------------


def test_reinsertion_kl():
    """Stds (1, .05): the law of the dropped direction just below T_drop against the noise that stands there, by quadrature = the closed form
    = (α_2² c/σ²)²/4 for small ratios (math 2.13), and it falls when the drop comes later. Mutant killed: α_2 for α_2², variance for its root.
    """
    before = math.inf
    for drop in (0.15, 0.3, 0.5):
        p = pg.Anisotropic(ratio=3.0, drop=drop)
        data = pg.GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 0.0025]]])
        oracle = oracle_for(data, p)
        below = oracle.moments(t64([p.t_drop * (1 - 1e-12)]))[1][0, 0]
        above = oracle.moments(t64([p.t_drop]))[1][0, 0]
        assert float(above[1, 1]) == pytest.approx(float(p.sigma2(t64(p.t_drop))), rel=1e-12)
        torch.testing.assert_close(below[0, 0], above[0, 0], rtol=1e-9, atol=0)
        r = float(below[1, 1] / above[1, 1])
        x = np.linspace(-12, 12, 100_001) * math.sqrt(float(below[1, 1]))
        logs = [-0.5 * x**2 / v - 0.5 * math.log(2 * math.pi * v) for v in (float(below[1, 1]), float(above[1, 1]))]
        kl = np.trapezoid(np.exp(logs[0]) * (logs[0] - logs[1]), x)
        assert p.reinsertion_kl(0.0025) == pytest.approx(kl, rel=1e-3, abs=1e-13)
        assert p.reinsertion_kl(0.0025) == pytest.approx((r - 1) ** 2 / 4, rel=0.02, abs=1e-13)
        assert kl < before
        before = kl


def test_dropped_direction_is_reinserted_noise():
    """Above T_drop the velocity rescales the second coordinate to exactly √σ² times what it was, whatever the data: N(0, σ²) stands there at T_drop."""
    p = pg.Anisotropic(drop=0.5)
    start = torch.randn(30, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    e = Experiment(process=p, sampler=pg.RK45(log_tol=-10), grid="UniformTime", dtype="float64")
    x = pg.simulate(e, initial=start, times=[1.0, 0.7, 0.5]).states[-1]
    scale = (p.sigma2(t64(0.5)) / p.sigma2(t64(1.0))).sqrt()
    torch.testing.assert_close(x[:, 1], start[:, 1] * scale, rtol=1e-7, atol=1e-8)
    turned = pg.simulate(e.replace(process=pg.Anisotropic(drop=0.5, angle=90)), initial=start, times=[1.0, 0.7, 0.5]).states[-1]
    torch.testing.assert_close(turned[:, 0], start[:, 0] * scale, rtol=1e-7, atol=1e-8)


def test_anisotropic_limits_and_paths(five):
    """κ = 1, never dropped: VP's x̂_0 and velocity. Forward paths have the exact marginals on both sides of T_drop."""
    from playground.core.problem import Problem
    from playground.exact.mixture import MixtureOracle

    vp = pg.VP()
    theirs, oracle = Problem(vp, MixtureOracle(five, vp)), oracle_for(five, pg.Anisotropic(ratio=1.0, drop=1.0))
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for t in (0.05, 0.4, 1.0):
        torch.testing.assert_close(oracle(x, t).x0_hat, theirs.x0(x, t), rtol=1e-8, atol=1e-9)
        torch.testing.assert_close(oracle(x, t).velocity, theirs.velocity(x, t), rtol=1e-8, atol=1e-9)
    p = pg.Anisotropic(ratio=3.0, drop=0.4, angle=30)
    x0, _ = five.sample(torch.rand(30_000, dtype=torch.float64), torch.randn(30_000, 2, dtype=torch.float64))
    times = [0.0, 0.1, 0.3, 0.5, 0.8]
    for t, z in zip(times, p.paths(x0, times, Rng(0, dtype=torch.float64)), strict=True):
        law = oracle_for(five, p).marginal(t)
        torch.testing.assert_close(z.mean(0), law.mean(), rtol=0, atol=0.05)
        torch.testing.assert_close(z.T.cov(), law.cov(), rtol=0, atol=0.06)
    with pytest.raises(pg.BadValue, match="2D") as told:
        Experiment(data="comb", process=p, sampler="Heun", grid="Quadratic")
    assert told.value.field == "data"


# CLD's training kernels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("friction", [0.3, 1.0, 3.0])
def test_hsm_is_dsm_averaged_over_the_start(friction):
    """Σ_HSM = A diag(0, γM) Aᵀ + Q; both ℓ diverge as √(2/(ΓB)) (DSM) and √(3/(2ΓB))·… (HSM); sampling does not depend on the choice."""
    hsm, dsm = pg.CLD(friction=friction), pg.CLD(friction=friction, target="DSM")
    t = t64([0.01, 0.3, 1.0])
    a, q = dsm.kernel_dsm(t)
    psi, cov = hsm.mean_and_cov(t)
    torch.testing.assert_close(a[..., 0], psi)
    torch.testing.assert_close(a @ hsm.start_cov() @ a.mT + q, cov)
    small = t64(1e-7)
    b = float(hsm.schedule.integral(small))
    assert float(dsm.target_scale(small)) == pytest.approx(math.sqrt(2 / (friction * b)), rel=1e-3)
    assert float(hsm.target_scale(small)) == pytest.approx(math.sqrt(3 / (2 * friction * b)), rel=1e-3)
    e = Experiment(process=hsm, sampler="SSCS", grid="Quadratic", particles=20)
    assert torch.equal(pg.simulate(e).states, pg.simulate(e.replace(process=dsm)).states)


# on the stage -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", ["moons", "three_modes"])
@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize(
    "process",
    [
        pg.PFGMPP(D=1.0),
        pg.PFGMPP(),
        pg.Interpolant(gamma=0.5),
        pg.Interpolant(coupling="minibatch OT"),
        pg.Anisotropic(),
        pg.CosinePath(),
        pg.PolynomialPath(),
    ],
    ids=lambda p: p.info.key,
)
def test_the_stage_draws_it(process, data, mode):
    """Run, fields (density, score, velocity) and metrics packets of every new process, in 1D and 2D, both directions; densities are of the run's p_t."""
    if isinstance(process, pg.Anisotropic) and data == "three_modes":
        return
    exp = Experiment(data=data, process=process, sampler="Heun", grid=pg.Quadratic(steps=8), mode=mode, particles=60)
    run = whole(exp)
    packet = run_packet(run, frozenset({"x0"}))
    assert np.isfinite(packet["z"]).all()
    assert len(packet.header["curves"]) >= 2
    for name in packet.arrays:
        if name.startswith("curves/"):
            assert np.isfinite(packet[name]).all(), name
    fields = fields_packet(exp, frozenset({"density", "score", "velocity"}))
    assert metrics_packet(run).header["metrics"][0]["floor"] > 0
    density = fields["density:x"]
    if data == "three_modes":
        (lo, hi) = sight_of(run).geometry.panels[0].ranges[0]
        x = hi - (np.arange(density.shape[0]) + 0.5) * (hi - lo) / density.shape[0]  # row 0 is the top
        paired = "OT" in getattr(process, "coupling", "")  # 2048 draws, smoothed by 0.05
        truth = mixture_of(data).affine(torch.eye(1), 0.05**2 if paired else 0.0)
        want = truth.log_prob(t64(x)[:, None]).exp().numpy()
        np.testing.assert_allclose(density[:, -1] / 255, want / want.max(), atol=0.12 if paired else 0.01)
