"""What the samplers of the family turn into, model calls, truncated starts and early stops, encoding and DDIB, bad input."""

import itertools
import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import playground as pg
from playground.core.fields import params
from playground.core.legal import why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.spec import Spec, from_dict, registry
from playground.editing import bridge_ddib, decode, invert
from playground.engine import grid_times, simulate
from playground.exact.mixture import MixtureOracle
from tests.real import real
from tests.samplers.family import F64, FIVE, START, TILTED, draws, gaussian_flow

SCALAR = {"VP": pg.VP(), "VE": pg.VE(sigma_max=60.0), "EDM": pg.EDM(), "Flow": pg.Flow(), "SubVP": pg.SubVP()}
LEVELS = torch.linspace(-8, 8, 13, dtype=F64)


def path(sampler, process=pg.VP(), steps_to_zero=True):
    levels = torch.cat([LEVELS, torch.tensor([math.inf])]) if steps_to_zero else LEVELS
    exp = pg.Experiment(process=process, sampler=sampler)
    at = process.at(float(process.time_at(LEVELS[0] / 2)))
    start = START * math.hypot(at.alpha, at.sigma)
    return simulate(exp, data=FIVE, initial=start, log_snr=levels, dtype=F64, noise=draws()).states


SAME = [
    (f"{key} {' '.join(f'{k}={v}' for k, v in twin.parameters.items())} is {twin.other}", key, twin)
    for key, cls in registry("samplers").items()
    for twin in cls.twins
]


@pytest.mark.parametrize(("name", "key", "twin"), SAME, ids=[s[0] for s in SAME])
def test_same_sampler(name, key, twin):
    """What a sampler declares to be another one gives its states. Mutants killed: any coefficient of one of the two; a wrapper that loses its predictor's history."""
    one, other = (
        from_dict("samplers", "sampler", {"kind": kind, **parameters})
        for kind, parameters in ((key, twin.parameters), (twin.other, twin.of_other))
    )
    a, b = path(one), path(other)
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_twins_are_declared():
    """No pair is lost: as many as there were in one table, and DDIM with η = 1."""
    assert len(SAME) >= 17


def test_analytic_with_point_data_is_ddpm():
    """Cov(x_0|x_t) → 0 for one data point: Analytic-DPM is then DDPM with the small variance, or DDIM. Mutant killed: l² left out."""
    point = GaussianMixture([1.0], [[0.4, -0.7]], 1e-10 * torch.eye(2)[None])
    for mean, other in (("DDPM", pg.DDPM()), ("DDIM", pg.DDIM())):
        runs = [
            simulate(pg.Experiment(sampler=s, particles=8), data=point, dtype=F64, noise=draws()).states[:15]
            for s in (pg.AnalyticDPM(mean=mean, covariance="full"), other)
        ]
        torch.testing.assert_close(*runs, rtol=1e-3, atol=1e-3)


# what needs no noise level integrates in t or draws by the process's own kernel; of the others some use α, or draw in a way of their own
ONE_WAY = [key for key, cls in real("samplers").items() if "snr" in cls().needs and cls.level_only]


@pytest.mark.parametrize("key", ONE_WAY)
def test_same_path_in_every_process(key):
    """Samplers that see ρ = σ/α only give the same y = x/α on every process with one noise level (math 1.7); reverse diffusion sees α too.

    Mutant killed: α_t for α_s anywhere.
    """
    sampler = registry("samplers")[key]()
    want = path(sampler, SCALAR["VP"])[-1]
    for name, process in SCALAR.items():
        levels = torch.cat([LEVELS, torch.tensor([math.inf])])
        t, v = (p.at(float(p.time_at(LEVELS[0] / 2))) for p in (process, SCALAR["VP"]))
        start = START * math.hypot(v.alpha, v.sigma) / v.alpha * t.alpha
        got = simulate(
            pg.Experiment(process=process, sampler=sampler), data=FIVE, initial=start, log_snr=levels, dtype=F64, noise=draws()
        ).states[-1]
        torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-6, msg=name)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 12])
def test_calls(steps):
    """``calls(N)`` is the count of every run to t = 0. Mutants killed: UniPC with a corrector in the last step; PLMS's extra call left out."""
    for key, cls in real("samplers").items():
        sampler = cls()
        if sampler.calls(steps) is None or why_illegal(sampler, pg.VP()):
            continue
        trace = simulate(pg.Experiment(sampler=sampler, grid={"kind": "UniformTime", "steps": steps}, particles=2))
        assert trace.model_calls == sampler.calls(steps), key
    for sampler in (
        pg.DPMSolver(order=3),
        pg.PredictorCorrector(predictor=pg.PNDM()),
        pg.PredictorCorrector(predictor=pg.DPMSolver(), corrector_steps=3),
    ):
        trace = simulate(pg.Experiment(sampler=sampler, grid={"kind": "UniformTime", "steps": steps}, particles=2))
        assert trace.model_calls == sampler.calls(steps)


def test_unipc_ends_without_a_corrector():
    """A run that ends above t = 0 costs N calls too: the last step has no corrector."""
    exp = pg.Experiment(sampler=pg.UniPC(), grid={"kind": "UniformLogSNR", "steps": 7, "denoise": False}, particles=4)
    assert simulate(exp).model_calls == 7


def test_linear_reverse_diffusion():
    """VP and VE forms of Song's code, written out. Mutant killed: √(1 − β) for 2 − √(1 − β)."""
    z, t, s = START, 0.6, 0.45
    for process in (pg.VP(), pg.VE(), pg.CLD()):
        shape = process.state_shape(16, (2,))
        z = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=F64)
        xi = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=F64)
        exp = pg.Experiment(process=process, sampler=pg.ReverseDiffusion(), grid="UniformTime")
        got = simulate(exp, data=FIVE, initial=z, times=[t, s], dtype=F64, noise=lambda _, xi=xi: xi).states[-1]
        score = pg.core.problem.Problem(process, MixtureOracle(FIVE, process)).score(z, t)
        if process.info.key == "VP":
            beta = 1 - (process.at(t).alpha / process.at(s).alpha) ** 2
            want = (2 - math.sqrt(1 - beta)) * z + beta * score + math.sqrt(beta) * xi
        elif process.info.key == "VE":
            gap = process.at(t).sigma ** 2 - process.at(s).sigma ** 2
            want = z + gap * score + math.sqrt(gap) * xi
        else:
            a, q = process.transition(torch.tensor(s, dtype=F64), torch.tensor(t, dtype=F64))
            want = torch.einsum("ij,bjd->bid", 2 * torch.eye(2, dtype=F64) - a, z) + torch.einsum("ij,bjd->bid", q, score)
            want = want + torch.einsum("ij,bjd->bid", torch.linalg.cholesky(q), xi)
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


# truncated starts and early stops ------------------------------------------------------------------------------------------------


def test_truncated_grid():
    """start_at skips the steps above it, stop_at ends the run there, without the denoiser. Mutant killed: clock for time on EDM."""
    for process in (pg.VP(), pg.EDM(), pg.CLD()):
        grid = {"kind": "UniformTime", "steps": 20}
        exp = pg.Experiment(process=process, grid=grid, sampler="EulerMaruyama")
        whole = grid_times(exp)
        cut = grid_times(exp.replace(start_at=0.5, stop_at=0.2))
        top, low = (float(process.unclock(torch.tensor(c))) for c in (0.5, 0.2))
        assert cut[0] == pytest.approx(top)
        assert cut[-1] == pytest.approx(low)
        assert cut[1:-1] == [t for t in whole if low < t < top]
    with pytest.raises(ValueError, match=r"stop_at = 0.5 cannot be used; allowed: less than start_at = 0.4"):
        pg.Experiment(start_at=0.4, stop_at=0.5)
    exp = pg.Experiment(start_at=0.4, start="gaussian", stop_at=0.1)
    assert pg.Experiment.from_query(exp.to_query()) == exp == pg.Experiment.from_json(exp.to_json())


def test_exact_truncated_start_is_exact():
    """From the exact p_t' the exact ancestral sampler gives p_0: moments within five standard errors; from N(0, I) it does not."""
    exp = pg.Experiment(sampler="ExactAncestral", start_at=0.4, particles=20_000, grid={"kind": "UniformTime", "steps": 6})
    data = GaussianMixture([0.7, 0.3], [[2.0, 0.0], [-1.0, 1.0]], 0.05 * torch.eye(2).expand(2, 2, 2))
    error = {}
    for start in ("exact", "gaussian", "prior"):
        x = simulate(exp.replace(start=start), data=data).x[-1].double()
        error[start] = float(((x.mean(0) - data.mean()) / (data.cov().diagonal() / len(x)).sqrt()).abs().max())
    assert error["exact"] < 5 < error["prior"]


def test_gaussian_start_has_the_true_moments():
    """Exactly, through the injected draws. Mutant killed: the mean, or the cross covariance, left out."""
    shape, law = (2, 2), MixtureOracle(FIVE, pg.VP()).marginal(0.3)
    for z, want in ((torch.zeros(shape, dtype=F64), law.mean().expand(shape)), (torch.eye(2, dtype=F64), None)):
        exp = pg.Experiment(start="gaussian", start_at=0.3, particles=2, dtype="float64")
        first = simulate(exp, data=FIVE, noise=lambda _, z=z: z).states[0]
        if want is not None:
            torch.testing.assert_close(first, want)
        else:
            root = (first - law.mean()).T
            torch.testing.assert_close(root @ root.T, law.cov())


def test_prior_mismatch_falls_with_time():
    """KL(p_t ‖ N(0, I)) under VP never rises with t (math 2.12), G3 by quadrature; and W₂(p_δ, p_0)² ≤ (1 − α)² E‖x_0‖² + d σ_δ² for a Gaussian."""
    g3 = GaussianMixture([0.5, 0.3, 0.2], [-1.0, 0.2, 1.2], [0.1**2, 0.15**2, 0.05**2])
    oracle, x = MixtureOracle(g3, pg.VP()), torch.linspace(-9, 9, 40_001, dtype=F64)[:, None]
    kl = []
    for t in torch.linspace(0.02, 1, 15).tolist():
        p = oracle.marginal(t).log_prob(x)
        q = -0.5 * (x[:, 0] ** 2 + math.log(2 * math.pi))
        kl.append(float(torch.trapezoid(p.exp() * (p - q), x[:, 0])))
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(kl))
    for t in (0.02, 0.1, 0.3):
        at = pg.VP().at(t)
        c = torch.linalg.eigvalsh(TILTED.covs[0])
        spread = (at.alpha**2 * c + at.sigma**2).sqrt()
        w2 = (1 - at.alpha) ** 2 * TILTED.means.square().sum() + (spread - c.sqrt()).square().sum()
        bound = (1 - at.alpha) ** 2 * (TILTED.means.square().sum() + c.sum()) + 2 * at.sigma**2
        assert float(w2) <= float(bound)


# encoding ------------------------------------------------------------------------------------------------------------------------


def test_inversion_finds_the_latent():
    """Gaussian data: the latent is that of the exact flow with an error of first (DDIM) and higher order; encode then decode comes back.

    Mutants killed: σ_t and σ_s exchanged on the way up; x_0 not scaled to α x_0.
    """
    x0 = TILTED.means + START[:8] @ torch.linalg.cholesky(TILTED.covs[0]).T
    for sampler, order in ((pg.DDIM(), 1), (pg.DPMSolverPP2M(), 2), (pg.Heun(), 2), (pg.UniPC(order=2), 2)):
        latent, back = [], []
        for n in (80, 160, 320):
            exp = pg.Experiment(sampler=sampler, grid={"kind": "Quadratic" if sampler.info.key == "Heun" else "UniformLogSNR", "steps": n})
            up = invert(exp, x0, data=TILTED)
            low, high = float(up.times[0]), float(up.times[-1])
            exact = gaussian_flow(TILTED, exp.process, exp.process.at(low).alpha * x0, low, high)
            latent.append(float((up.states[-1] - exact).abs().max()))
            back.append(float((decode(exp, up.states[-1], data=TILTED)[0] - x0).abs().max()))
        for errors in (latent, back):
            assert math.log2(errors[1] / errors[2]) > order - 0.25, (sampler.info.key, errors)
        assert back[-1] < 0.05


def test_ddib_between_gaussians():
    """With common axes DDIB is x ↦ b + √(E/C)(x − a), the optimal transport (VP to EDM), up to p_T's distance from the prior."""
    a = GaussianMixture([1.0], [[1.0, 0.0]], [[[0.5, 0.0], [0.0, 0.1]]])
    b = GaussianMixture([1.0], [[-1.0, 2.0]], [[[0.2, 0.0], [0.0, 0.4]]])
    x0 = a.means + START[:8] @ torch.linalg.cholesky(a.covs[0]).T
    one = pg.Experiment(sampler=pg.DPMSolverPP3M(), grid={"kind": "UniformLogSNR", "steps": 300})
    for other in (one, one.replace(process=pg.EDM(sigma_max=160.0))):
        out = bridge_ddib(one, other, x0, data_a=a, data_b=b)
        want = b.means + (x0 - a.means) * (b.covs[0].diagonal() / a.covs[0].diagonal()).sqrt()
        assert float((out.x0 - want).abs().max()) < 0.03
    assert out.encode.model_calls > 0


def test_encoding_refuses():
    exp = pg.Experiment(sampler=pg.DDPM())
    with pytest.raises(ValueError, match="sampler = 'DDPM' cannot be used"):
        invert(exp, START)
    with pytest.raises(ValueError, match="process = 'CLD'"):
        invert(pg.Experiment(process=pg.CLD(), sampler="Heun", grid="Quadratic"), START)
    with pytest.raises(ValueError, match="x0"):
        invert(pg.Experiment(sampler=pg.DDIM()), START[:, :1])


# choices -------------------------------------------------------------------------------------------------------------------------


def test_corrector_wraps_any_predictor():
    """Legal as its predictor and itself are; not around itself; links and JSON keep the nested choice."""
    with pytest.raises(ValueError, match="predictor = 'PredictorCorrector' cannot be used; allowed: any other sampler"):
        pg.PredictorCorrector(predictor=pg.PredictorCorrector())
    with pytest.raises(ValueError, match="velocity"):
        pg.Experiment(sampler=pg.PredictorCorrector(predictor=pg.SSCS()))
    assert "mixture" in pg.PredictorCorrector(predictor=pg.ExactAncestral()).needs
    assert why_illegal(pg.PredictorCorrector, pg.CLD)
    exp = pg.Experiment(sampler=pg.PredictorCorrector(predictor=pg.DDIM(eta=0.3), snr=0.2))
    assert pg.Experiment.from_query(exp.to_query()) == exp == pg.Experiment.from_json(exp.to_json())
    assert json.loads(exp.to_json())["sampler"]["predictor"]["eta"] == 0.3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pg.DPMSolver(order=4), "order = 4 cannot be used; allowed: a whole number from 1 to 3"),
        (lambda: pg.UniPC(variant="bh3"), "one of bh1, bh2"),
        (lambda: pg.DEIS(space="rho"), "one of log rho, t"),
        (lambda: pg.Restart(low=1.0, high=0.5), "more than low = 1"),
        (lambda: pg.AnalyticDPM(covariance="none"), "isotropic, diagonal, full"),
        (lambda: pg.DDPM(weight=1.5), "weight = 1.5"),
        (lambda: pg.PredictorCorrector(predictor="DDIM"), "predictor = 'DDIM'"),
        (lambda: pg.Experiment(start="nowhere"), "prior, gaussian, exact"),
    ],
)
def test_bad_input(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def choices(cls):
    """Any values inside the declared bounds of a sampler."""
    found = {}
    for name, p in params(cls).items():
        if p.kind == "float":
            found[name] = st.floats(p.lo, p.hi)
        elif p.kind == "int":
            found[name] = st.integers(p.lo, min(p.hi, 6))
        elif p.kind == "choice":
            found[name] = st.sampled_from(p.options)
        elif p.kind == "flag":
            found[name] = st.booleans()
    return st.fixed_dictionaries(found)


@pytest.mark.parametrize("key", list(real("samplers")))
def test_any_allowed_values_run(key):
    """Every sampler with any values inside their bounds, on four processes and grids of 1 to 6 steps: finite states."""
    cls = registry("samplers")[key]

    @settings(max_examples=12, deadline=None, database=None, derandomize=True)
    @given(values=choices(cls), steps=st.integers(1, 6), process=st.sampled_from([*SCALAR.values(), pg.CLD()]))
    def check(values, steps, process):
        if key == "RK45" or (key == "Restart" and values["low"] >= values["high"]):
            return
        sampler = cls(**values)
        assert isinstance(sampler, Spec)
        if why_illegal(sampler, process):
            return
        trace = simulate(
            pg.Experiment(process=process, sampler=sampler, grid={"kind": "Quadratic", "steps": steps}, particles=4), data=FIVE
        )
        assert bool(torch.isfinite(trace.states).all())
        if steps > 1:
            assert all(
                math.isfinite(v) for v in sampler.terms(pg.core.problem.Problem(process, MixtureOracle(FIVE, process)), 0.5, 0.4).values()
            )

    check()
