"""What a sampler tells of itself before and beside a run: its model calls, and the numbers of its formula."""

import itertools
import math

import pytest
import torch

import playground as pg
from playground.core.experiment import Experiment, why_illegal
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.engine import simulate
from toy_models.data import law_of
from toy_models.oracles import oracle_for

VARIANTS = [
    *[cls() for cls in registry("samplers").values()],
    pg.Restart(low=0.5, high=3.0, times=3, inner=2),
    pg.Restart(low=4.0, high=0.5 + 4),
    pg.DPMSolver(order=3),
    pg.DPMSolver(order=3, variant="multistep"),
    pg.UniPC(order=3),
    pg.LMS(released=True),
    pg.PLMS(released=True),
    pg.EDMHeun(churn=20.0),
    pg.KDPM2(eta=1.0),
    pg.DEIS(space="t"),
    pg.AnalyticDPM(covariance="full"),
    *[pg.PredictorCorrector(predictor=p, corrector_steps=n) for p in (pg.UniPC(), pg.PNDM(), pg.Restart(), pg.Heun()) for n in (0, 2)],
]


@pytest.mark.parametrize("sampler", VARIANTS, ids=str)
def test_calls_on_are_the_calls_made(sampler):
    """Of every grid, whether it passes Restart's level or not, ends at 0 or not. Mutant killed: Restart's 2Kn counted where it is not made."""
    process = pg.CLD() if sampler.info.key == "SSCS" else pg.VP()
    for times in (
        [1.0, 0.0],
        [1.0, 0.4, 0.0],
        [1.0, 0.6],
        [1.0, 0.5, 0.01, 0.001, 0.0],
        [0.9, 0.7, 0.5, 0.3, 0.2],
        [0.03, 0.01, 0.005, 0.001],
    ):
        told = sampler.calls_on(process, times)
        made = simulate(Experiment(process=process, sampler=sampler, particles=2), times=times).model_calls
        assert told is None if sampler.info.nfe is None else made == told, times


PROCESSES = [
    pg.VP(),
    pg.SubVP(),
    pg.VE(),
    pg.EDM(),
    pg.Flow(),
    pg.CosinePath(),
    pg.PolynomialPath(),
    pg.CLD(),
    pg.PFGMPP(),
    pg.Interpolant(),
]


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: p.info.key)
def test_terms_are_finite_or_absent(process):
    """At every step of a grid, the last included; {} there, where x̂_0 is taken. Mutants killed: ZeroDivisionError, log of 0, h = ∞ at s = 0."""
    problem = Problem(process, oracle_for(law_of("moons"), process))
    times = registry("grids")["UniformTime"](steps=6).times(process).tolist()
    for sampler in VARIANTS:
        if why_illegal(sampler, process):
            continue
        for t, s in itertools.pairwise(times):
            terms = sampler.terms(problem, t, s)
            assert all(isinstance(v, float) and math.isfinite(v) for v in terms.values())
            assert bool(terms) == (s > 0), sampler


def test_terms_of_a_sampler_of_ones_own_are_filtered():
    class Mine(pg.core.sampler.Sampler):
        def terms(self, problem, t, s):
            return {"a": 1.0, "b": math.inf, "c": math.nan}

    assert Mine.terms(object(), None, 0.5, 0.2) == {"a": 1.0}


def step(sampler, problem, z, t, s):
    """One first step with prepared draws, and the draws."""
    draws = []

    def noise(shape):
        draws.append(torch.randn(shape, generator=torch.Generator().manual_seed(len(draws)), dtype=torch.float64))
        return draws[-1]

    return sampler.step(problem, z, t, s, sampler.init(problem, z, [t, s, 0.5 * s, 0.0]), Rng(0, dtype=torch.float64, noise=noise))[
        0
    ], draws


@pytest.mark.parametrize("process", [pg.VP(), pg.SubVP(), pg.VE(), pg.Flow(), pg.EDM()], ids=lambda p: p.info.key)
def test_printed_formulas_are_the_steps(process):
    """Formula and terms, put together here again, give the step. Mutants killed: annealed Langevin without (α_s/α_t) x; 3M's 1 − e^{−h}."""
    problem = Problem(process, oracle_for(law_of("moons"), process))
    t, s = (float(process.unclock(torch.tensor(c))) for c in (0.6, 0.4))
    z = problem.predictor.marginal(t).sample(torch.rand(8, dtype=torch.float64), torch.randn(8, 2, dtype=torch.float64))[0]
    d, e = problem.x0(z, t), problem.eps(z, t)

    def check(sampler, formula):
        got, draws = step(sampler, problem, z, t, s)
        torch.testing.assert_close(got, formula(sampler.terms(problem, t, s), draws), rtol=1e-9, atol=1e-9, msg=str(sampler))

    now, then = process.at(t), process.at(s)
    check(pg.DDPM(), lambda k, n: k["a"] * z + k["b"] * d + k[r"\sqrt{v}"] * n[0])
    check(pg.DDIM(eta=0.5), lambda k, n: k[r"\alpha_s"] * d + k[r"\sqrt{\sigma_s^2-c^2}"] * e + k["c"] * n[0])
    check(pg.DPMSolverPP2M(), lambda k, n: k[r"\frac{\sigma_s}{\sigma_t}"] * z + k[r"\alpha_s(1-e^{-h})"] * d)
    check(pg.DPMSolverPP3M(), lambda k, n: k[r"\frac{\sigma_s}{\sigma_t}"] * z + k[r"\alpha_s h"] * k[r"\varphi_1"] * d)
    check(pg.DPMSolver(order=1), lambda k, n: k[r"\frac{\alpha_s}{\alpha_t}"] * z - k[r"\sigma_s(e^{h}-1)"] * e)
    check(pg.LMS(), lambda k, n: then.alpha * (z / now.alpha + k[r"\textstyle\sum_j C_j"] * e))
    check(pg.DEIS(), lambda k, n: then.alpha * (z / now.alpha + k[r"\textstyle\sum_j C_j"] * e))
    check(pg.Euler(), lambda k, n: z + k["s-t"] * problem.velocity(z, t))

    def langevin(k, n):
        x = k[r"\tfrac{\alpha_s}{\alpha_t}"] * z
        return x + 0.5 * k["a"] * problem.score(x, s) + math.sqrt(k["a"]) * n[0]

    check(pg.AnnealedLangevin(repeats=1), langevin)

    def restart(k, n):
        heun = step(pg.EDMHeun(), problem, z, t, s)[0]
        rho = k[r"\rho_s"]
        raised = float(process.time_at(torch.tensor(-math.log(k[r"\rho_{\max}"]), dtype=torch.float64)))
        y = heun / then.alpha + math.sqrt(k[r"\rho_{\max}"] ** 2 - rho**2) * k[r"S_{\mathrm{noise}}"] * n[0]
        return step(pg.EDMHeun(), problem, process.at(raised).alpha * y, raised, s)[0]

    low = math.exp(-then.half_log_snr)
    if 0.011 < low < 4.9:
        check(pg.Restart(low=low * 1.0001, high=low * 1.5, times=1, inner=1), restart)
