"""The whole engine: every legal combination, reproducibility, what a run reports, and what it refuses."""

import itertools
import math

import pytest
import torch

import playground as pg
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, params
from playground.core.legal import why_illegal
from playground.core.sampler import Sampler
from playground.core.spec import registry
from playground.engine import grid_times, simulate
from playground.grids.quadratic import Quadratic
from playground.guidance.none import NoGuidance
from playground.processes.cld import CLD
from playground.processes.edm import EDM
from playground.processes.vp import VP
from playground.samplers.exact import ExactAncestral
from playground.samplers.ode import Euler
from tests.named import mixture_of
from tests.real import real
from toy_models.laws.distributions import TOYS

SAMPLERS = real("samplers")


def processes():
    for cls in real("processes").values():
        if "schedule" in params(cls):
            yield from (cls(schedule=s()) for s in registry("schedules").values())
        else:
            yield cls()


def legal():
    """Every process × grid × sampler that fits; the schedules take turns."""
    schedules = itertools.cycle(registry("schedules").values())
    for cls in real("processes").values():
        fits = lambda choice, p=cls: not why_illegal(choice, p)  # noqa: E731
        for grid, sampler in itertools.product(filter(fits, registry("grids").values()), filter(fits, SAMPLERS.values())):
            yield cls(schedule=next(schedules)()) if "schedule" in params(cls) else cls(), grid, sampler


def fits_data(choice, key):
    return choice.misfit(mixture_of(key)) is None and choice.info.key not in ("EachClass", "Prompt")


def test_every_legal_combination_is_finite():
    """process × grid × sampler, all of them, at one step and at four in turn; schedules, data sets, guidance and precision take turns too, so that every
    data set meets every process and every sampler, and every guidance every process that it fits."""
    dtypes = ("float32", "float64")
    data, guides, seen = itertools.cycle(TOYS), itertools.cycle(registry("guidance").values()), set()
    count = 0

    def meet(process, grid, sampler, key):
        solver = sampler(log_tol=-2) if sampler.info.key == "RK45" else sampler()
        guidance = next(guides)()
        unfit = why_illegal(solver, process, guidance.gives) or why_illegal(grid, process, guidance.gives)
        if not fits_data(guidance, key) or why_illegal(guidance, process) or unfit:
            guidance = NoGuidance()
        exp = Experiment(
            data=key, process=process, grid=grid, sampler=solver, guidance=guidance, particles=3, seed=count, dtype=dtypes[count // 2 % 2]
        )
        trace = simulate(exp)
        assert trace.states.shape == (grid.steps + 1, *process.state_shape(3, (mixture_of(key).dim,))), exp
        # textbook solvers may leave the axes at four steps of a stiff problem, but stay finite
        assert bool(torch.isfinite(trace.states).all()), exp
        met = (process.info.key, sampler.info.key, guidance.info.key, getattr(process, "schedule", process).info.key)
        seen.update((key, name) for name in met)
        seen.update(itertools.permutations(met, 2))

    for process, grid, sampler in legal():
        key = next(k for k in data if fits_data(process, k))
        # a list of one's own has its own number of steps
        meet(process, grid() if grid.info.key == "Custom" else grid(steps=(1, 4)[count % 2]), sampler, key)
        count += 1
    assert count > 2000
    for key, name in itertools.product(TOYS, [*real("processes"), *SAMPLERS]):
        process = real("processes").get(name, VP)()
        if name in SAMPLERS and why_illegal(SAMPLERS[name], process):
            process = CLD()
        if (key, name) not in seen and fits_data(process, key):  # the rotation left this pair out: SSCS has few combinations
            meet(process, Quadratic(steps=4), SAMPLERS.get(name, Euler), key)
    for process, schedule in itertools.product(real("processes").values(), registry("schedules")):
        assert (process.info.key, schedule) in seen or "schedule" not in params(process)
    for process, guidance in itertools.product(real("processes").values(), registry("guidance").values()):
        assert (process.info.key, guidance.info.key) in seen or why_illegal(guidance, process)


def test_illegal_combinations_are_refused():
    """What is not legal cannot be made, and says why."""
    refused = 0
    for process, family in itertools.product(processes(), ("samplers", "grids")):
        for key, cls in registry(family).items():
            if why_illegal(cls, process):
                rest = {"sampler": "Euler", "grid": "UniformTime"} | {family[:-1]: key}
                with pytest.raises(BadValue, match=f"^{family[:-1]} = '{key}' cannot be used; allowed: one that fits "):
                    Experiment(process=process, **rest)
                refused += 1
    assert refused >= 4 * 6 + 7


@pytest.mark.parametrize("key", SAMPLERS)
@pytest.mark.parametrize("process", [VP(), EDM(), CLD()], ids=["VP", "EDM", "CLD"])
def test_reproducible(key, process):
    """Same seed: the same run, bit for bit, and the same start for all samplers; other seeds differ; fewer particles are the first ones
    (their starts always; their paths unless the sampler says that it couples particles)."""
    if why_illegal(SAMPLERS[key], process):
        return
    exp = Experiment(data="moons", process=process, sampler=key, grid={"kind": "Quadratic", "steps": 6}, particles=40, seed=4)
    one, two = simulate(exp), simulate(exp)
    assert torch.equal(one.states, two.states)
    assert torch.equal(one.times, two.times)
    assert torch.equal(one.states[0], simulate(exp.replace(sampler="Euler")).states[0])
    assert not torch.equal(one.states[0], simulate(exp.replace(seed=5)).states[0])
    few = simulate(exp.replace(particles=5)).states
    assert torch.equal(few[0], one.states[0, :5])
    if not exp.sampler.couples_particles:
        scale = float(one.states.abs().max())
        torch.testing.assert_close(few, one.states[:, :5], rtol=1e-4, atol=1e-4 * min(scale, 10))
    double = simulate(exp, dtype=torch.float64)
    assert double.states.dtype == torch.float64
    torch.testing.assert_close(double.states[0], one.states[0].double(), rtol=1e-6, atol=0)


def test_coupling_is_declared():
    """Three samplers look at the whole batch; a corrector without steps is its predictor."""
    assert {key for key, cls in SAMPLERS.items() if cls().couples_particles} == {"RK45", "DPMSolverAdaptive", "PredictorCorrector"}
    assert not pg.PredictorCorrector(corrector_steps=0).couples_particles
    assert pg.PredictorCorrector(corrector_steps=0, predictor=pg.RK45()).couples_particles


@pytest.mark.parametrize("key", [k for k, cls in SAMPLERS.items() if cls().calls(2) is not None])
def test_model_calls_are_as_declared(key):
    """A run makes sampler.calls(steps) calls; most samplers info.nfe a step and one in the last: EDM Heun's 18 steps are 35."""
    cls = SAMPLERS[key]
    process = VP() if not why_illegal(cls, VP()) else CLD()
    for steps in (1, 2, 3, 4, 5, 18):
        trace = simulate(Experiment(process=process, sampler=key, grid={"kind": "Quadratic", "steps": steps}, particles=2))
        assert trace.model_calls == cls().calls(steps), steps
        if cls.calls is Sampler.calls:
            assert trace.calls.tolist() == [int(i * cls.info.nfe) for i in range(steps)] + [trace.model_calls]


@pytest.mark.parametrize("corrector", [0, 1, 3])
@pytest.mark.parametrize("predictor", [k for k in SAMPLERS if k != "PredictorCorrector"])
def test_model_calls_of_nested_samplers(predictor, corrector):
    sampler = pg.PredictorCorrector(predictor=SAMPLERS[predictor](), corrector_steps=corrector)
    if why_illegal(sampler, VP()) or sampler.calls(6) is None:
        return
    trace = simulate(Experiment(sampler=sampler, grid={"kind": "Quadratic", "steps": 6}, particles=2))
    assert trace.model_calls == sampler.calls(6)


def test_trace():
    """Frames, times, steps and thinning; the last frame of a thinned run is the last of the full one."""
    exp = Experiment(data="moons", grid={"kind": "UniformTime", "steps": 50}, particles=7)
    full, thin = simulate(exp), simulate(exp, max_frames=10)
    assert full.states.shape == full.x.shape == (51, 7, 2)
    assert full.steps.tolist() == list(range(51))
    assert full.grid.tolist() == full.times.tolist() == grid_times(exp)
    assert full.diverged is None
    assert len(thin.frames) <= 11
    assert thin.steps[0] == 0
    assert thin.steps[-1] == 50
    assert len(thin.grid) == 51
    assert torch.equal(thin.states[-1], full.states[-1])
    assert thin.model_calls == full.model_calls == 50
    phase = simulate(Experiment(data="moons", process=CLD(), sampler="SSCS", grid="Quadratic", particles=7))
    assert phase.states.shape == (21, 7, 2, 2)
    assert torch.equal(phase.x, phase.states[:, :, 0])


def test_early_stop_and_exact_start(g3):
    """Without the denoising step a run ends at t_min; start='exact' draws from p_T, whose mean N(0, σ²) has lost."""
    exp = Experiment(grid={"kind": "UniformTime", "steps": 5, "denoise": False}, particles=50_000)
    assert simulate(exp.replace(particles=3)).times[-1] == VP().t_min
    shifted = pg.GaussianMixture([1.0], [300.0], [1.0])
    law = simulate(exp.replace(start="exact"), data=shifted, times=[1.0, 0.9]).states[0]
    alpha = VP().at(1.0).alpha
    assert float(law.mean()) == pytest.approx(300 * alpha, abs=0.03)
    assert abs(float(simulate(exp, data=shifted, times=[1.0, 0.9]).states[0].mean())) < 0.03


@pytest.mark.parametrize("process", list(processes()), ids=lambda p: p.info.key + getattr(p, "schedule", p).info.key)
def test_forward_mode(process, g3, five):
    """Noising, each time with its exact marginal: mean and variance at the end are those of p_T, within five standard errors."""
    n, data = 20_000, g3
    if process.misfit(g3):
        data = five  # a process of the plane
    made = {"mode": "forward", "particles": n, "dtype": "float64"}
    trace = simulate(Experiment(data=data, process=process, sampler="Euler", grid="UniformTime", **made))
    assert trace.times[0] == 0
    assert trace.times[-1] == process.t_max
    assert trace.model_calls == 0
    law = trace.facts["oracle"].marginal(process.t_max)
    z = trace.states[-1].reshape(n, -1) - law.mean()
    assert float((z.mean(0) / (law.cov().diagonal() / n).sqrt()).abs().max()) < 5
    assert float(((z.square().mean(0) - law.cov().diagonal()) / (z.square().std(0) / math.sqrt(n))).abs().max()) < 5
    assert torch.equal(trace.x[0], simulate(Experiment(data=data, **made)).x[0])


def test_divergence_is_reported():
    """A run that leaves the finite range says at which step, and does not raise."""

    class Wild:
        gives = frozenset({"mean"})

        def __call__(self, z, t):
            return type("Prediction", (), {"x0_hat": z * 1e30})()

    trace = simulate(Experiment(sampler="Euler", particles=4), predictor=Wild())
    assert trace.diverged == 1
    assert not bool(torch.isfinite(trace.states[-1]).all())


def test_own_predictor():
    """A predictor of one's own takes the exact one's place: a constant guess is where DDIM ends."""

    class Point:
        gives = frozenset({"mean"})

        def __call__(self, z, t):
            return type("Prediction", (), {"x0_hat": torch.full_like(z, 0.25)})()

    end = simulate(Experiment(sampler="DDIM", particles=4), predictor=Point()).states[-1]
    assert torch.equal(end, torch.full_like(end, 0.25))
    with pytest.raises(BadValue, match=r"^sampler = .* exact mixture model"):
        simulate(Experiment(sampler=ExactAncestral(), particles=4), predictor=Point())


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"times": [0.1, 0.5]}, "times"),
        ({"times": [0.5, 0.5]}, "times"),
        ({"times": [0.5]}, "times"),
        ({"times": []}, "times"),
        ({"times": [1.2, 0.5]}, "times"),
        ({"times": [0.5, -0.1]}, "times"),
        ({"times": [1.0, math.nan, 0.0]}, "times"),
        ({"times": [math.inf, 0.0]}, "times"),
        ({"times": [1.0, 0.0], "log_snr": [0.0, 1.0]}, "log_snr"),
        ({"log_snr": [3.0, 1.0]}, "log_snr"),
        ({"log_snr": [-100.0, 1.0]}, "log_snr"),
        ({"log_snr": [-math.inf, 1.0]}, "log_snr"),
        ({"noise": lambda shape: torch.zeros(1)}, "noise"),
        ({"initial": torch.zeros(3)}, "initial"),
        ({"initial": torch.zeros(3, 1)}, "initial"),
        ({"initial": torch.zeros(3, 2, 2)}, "initial"),
        ({"initial": torch.full((3, 2), math.nan)}, "initial"),
    ],
    ids=range(17),  # stable names: pytest-xdist compares them between its workers
)  # fmt: skip
def test_bad_arguments(arguments, field):
    with pytest.raises(BadValue, match=f"^{field} = .* allowed: ") as caught:
        simulate(Experiment(data="moons", particles=3), **arguments)
    assert caught.value.field == field


def test_log_snr_needs_a_scalar_process():
    with pytest.raises(BadValue, match=r"^log_snr = .*CLD"):
        simulate(Experiment(process=CLD(), sampler="Euler", grid="Quadratic", particles=3), log_snr=[0.0, 1.0])


def test_too_much_work_is_refused_at_once():
    """Particles × steps × calls × components beyond the limit, and how many particles would do."""
    many = pg.GaussianMixture(torch.ones(4096), torch.linspace(-1, 1, 4096), torch.full((4096,), 0.01))
    exp = Experiment(particles=200_000, sampler="RK4", grid={"kind": "UniformTime", "steps": 1000})
    with pytest.raises(BadValue, match=r"^particles = 200000 cannot be used; allowed: at most [0-9,]+ particles"):
        simulate(exp, data=many)
    small = exp.replace(particles=10, grid="UniformTime")
    with pytest.raises(BadValue, match=r"^particles = 10 cannot be used; allowed: at most 2 particles"):
        simulate(small, most_work=2 * 20 * 4 * mixture_of("moons").components)


def test_api_offers_every_choice():
    """What the registry has, a notebook has."""
    for family in ("processes", "schedules", "grids", "samplers"):
        for key, cls in registry(family).items():
            assert getattr(pg, key) is cls
            assert key in pg.__all__
