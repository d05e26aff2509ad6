"""Many steps, single precision and the last step: what a run of a thousand steps, or one that starts at α = 0.001, must not lose."""

import itertools

import pytest
import torch

import playground as pg
from playground.core.legal import why_illegal
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Ending
from playground.core.spec import registry
from playground.engine import simulate
from playground.exact import oracle_for
from playground.metrics.flow import exact_flow
from playground.processes.polynomial_path import PolynomialPath
from tests.named import mixture_of
from tests.real import real
from tests.samplers.family import home

MULTISTEP = [
    pg.LMS(),
    pg.LMS(order=3),
    pg.DEIS(),
    pg.DEIS(space="t"),
    pg.PNDM(),
    pg.PLMS(),
    pg.UniPC(),
    pg.UniPC(order=3),
    pg.UniPC(predicts="noise"),
    pg.DPMSolverPP2M(),
    pg.DPMSolverPP3M(),
    pg.DPMSolver(order=3, variant="multistep"),
    pg.SDEDPMSolverPP(order=3, eta=0.0),
]


@pytest.mark.parametrize("sampler", MULTISTEP, ids=str)
@pytest.mark.parametrize("process", [pg.VP(), pg.Flow()], ids=lambda p: p.info.key)
def test_more_steps_are_never_worse(sampler, process):
    """Up to 1000 steps in float32, against the exact flow of the same start. Mutant killed: LMS's cubic extrapolated to σ = 0."""
    errors = []
    for steps in (20, 100, 300, 1000):
        trace = simulate(
            pg.Experiment(process=process, sampler=sampler, grid={"kind": "UniformLogSNR", "steps": steps}, particles=48), max_frames=2
        )
        end = float(trace.grid[-2])
        if not errors:
            low = exact_flow(oracle_for(mixture_of("moons"), process), trace.states[0].double(), float(trace.grid[0]), end)
            want = Problem(process, oracle_for(mixture_of("moons"), process)).denoise(low, end)
        errors.append(float((trace.states[-1].double() - want).square().mean().sqrt()))
    assert all(b < 1.1 * a + 1e-5 for a, b in itertools.pairwise(errors)), errors
    assert errors[-1] < 2e-5 or (isinstance(sampler, (pg.PNDM, pg.PLMS)) and errors[-1] < 1e-4), errors


PROCESSES = [
    pg.VP(),
    pg.SubVP(),
    pg.VE(),
    pg.EDM(),
    pg.Flow(),
    pg.CosinePath(),
    PolynomialPath(),
    PolynomialPath(noise="convex"),
    pg.VP(schedule=pg.Cosine()),
]


@pytest.mark.parametrize("process", PROCESSES, ids=str)
@pytest.mark.parametrize("key", real("samplers"))
def test_float32_keeps_its_digits(key, process):
    """float32 against float64 over 10 uniform steps from α = 0.001: 99 % of the particles to 2e-5 of their size (DEIS on cosine 1.2e-5, the others below 1e-5).

    Mutants killed: ε-forms with (α_s/α_t) x and (α_s/α_t) σ_t ε̂ apart (1e-3 to 1e-2 on flow, cosine and polynomial paths); score from z − α x̂_0.
    """
    sampler = registry("samplers")[key]()
    if why_illegal(sampler, process):
        pytest.skip("does not fit")
    ends = [
        simulate(
            pg.Experiment(process=process, sampler=sampler, grid={"kind": "UniformTime", "steps": 10}, particles=200, dtype=dtype),
            max_frames=2,
        )
        .x[-1]
        .double()
        for dtype in ("float32", "float64")
    ]
    gap = ((ends[0] - ends[1]).abs().amax(-1) / (1 + ends[1].abs().amax(-1))).quantile(0.99)
    assert float(gap) < sampler.rounding[isinstance(process, (PolynomialPath, pg.SubVP))]


ENDINGS = (
    pg.EDMHeun(churn=20.0),
    pg.EDMEuler(churn=20.0),
    pg.PredictorCorrector(corrector_steps=0),
    pg.PredictorCorrector(corrector_steps=3),
)


@pytest.mark.parametrize("key", real("samplers"))
def test_last_step(key):
    """x̂_0 of the state and no draw, but for those whose ``last`` says otherwise."""
    sampler = registry("samplers")[key]()
    process = home(sampler)
    for variant in [sampler, *(s for s in ENDINGS if s.info.key == key)]:
        problem = Problem(process, oracle_for(mixture_of("moons"), process))
        times = [0.5, 0.3, 0.1, 0.0]
        shapes = []

        def noise(shape, shapes=shapes):
            shapes.append(shape)
            return torch.randn(shape, generator=torch.Generator().manual_seed(len(shapes)), dtype=torch.float64)

        rng = Rng(0, dtype=torch.float64, noise=noise)
        z = torch.randn(process.state_shape(32, (2,)), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        carry = variant.init(problem, z, times)
        for t, s in ((0.5, 0.3), (0.3, 0.1)):
            z, carry = variant.step(problem, z, t, s, carry, rng)
        before = len(shapes)
        got = variant.last(problem, z, 0.1, carry, rng)
        assert len(shapes) - before == variant.ending.draws
        assert (float((got - problem.denoise(z, 0.1)).abs().max()) < 1e-12) == variant.ending.denoised
        assert (variant.ending.words == Ending().words) == variant.ending.denoised  # who ends otherwise says how


@pytest.mark.parametrize("process", [pg.VP(), pg.SubVP(), pg.Flow(), pg.CLD()], ids=lambda p: p.info.key)
def test_exact_score(process):
    """The oracle's own score is −Σ⁻¹ (z − ψ x̂_0) in float64, and is right in float32 where that has no digit left."""
    oracle = oracle_for(mixture_of("moons"), process)
    problem = Problem(process, oracle)
    for t in (0.9, 0.3, 0.05):
        z = torch.randn(process.state_shape(16, (2,)), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        torch.testing.assert_close(oracle.exact_score(z, t), problem.score_from(z, problem.x0(z, t), t), rtol=1e-7, atol=1e-7)
    calls = problem.calls
    near = oracle.marginal(process.t_min).sample(
        torch.rand(64, dtype=torch.float64), torch.randn(64, oracle.state_dim, dtype=torch.float64)
    )[0]
    near = near.reshape(process.state_shape(64, (2,))).float()
    want, got = (problem.score(z, process.t_min) for z in (near.double(), near))
    assert problem.calls == calls + 2
    assert float((got - want).norm() / want.norm()) < 1e-4


@pytest.mark.parametrize("process", [pg.VE(), pg.VP()], ids=lambda p: p.info.key)
def test_annealed_langevin_reaches_its_levels(process):
    """With the defaults the spread of the samples is the data's to a tenth; with NCSN's c and as few repeats it is half as large again."""
    spread = float(mixture_of("moons").cov().trace())
    for sampler, near in ((pg.AnnealedLangevin(), True), (pg.AnnealedLangevin(size=0.2), False)):
        x = simulate(pg.Experiment(process=process, sampler=sampler, particles=2000), max_frames=2).x[-1].double()
        assert (abs(float(torch.cov(x.T).trace()) / spread - 1) < 0.15) == near
