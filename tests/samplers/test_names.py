"""What samplers and grids are called elsewhere: every class and argument is there in `diffusers`, and a line that claims to be exact gives our levels and our states.

The line is run as it stands (``exec``), with `diffusers`' own float32 tables: levels agree to their rounding, states to 1e-3 of 1 + |x| (measured: about 1e-4 and better).
"""

import inspect
import itertools
import sys
import types
from dataclasses import dataclass

import numpy as np
import pytest
import torch

import playground as pg
from docs import names
from playground.core.legal import why_illegal
from playground.core.names import LISTED, PLACES, READS, Elsewhere, Unsaid, elsewhere, line_of, untold
from playground.core.spec import registry
from playground.engine import grid_times, simulate
from playground.samplers.ddim import STRAIGHT
from tests.samplers.family import F64, FIVE, draws, error, x0_at
from tests.samplers.parity.shared import brownian, stage_level

diffusers = pytest.importorskip("diffusers")

pytestmark = pytest.mark.filterwarnings("ignore")  # of `diffusers`: np.array on tensors, deprecated arguments
TABLES = [pg.VP(pg.DDPMTable(law=law)) for law in ("linear", "scaled linear", "cosine")]
PROCESSES = [*TABLES, pg.VP(), pg.EDM(), pg.Flow(), pg.VE()]
GRIDS = [
    {"kind": "Karras"},
    {"kind": "Karras", "rho": 5.0},
    {"kind": "UniformLogSNR"},
    {"kind": "Exponential"},
    {"kind": "UniformTime"},
    {"kind": "Quadratic"},
    {"kind": "FlowShift"},
    *({"kind": "Subsequence", "spacing": spacing} for spacing in ("leading", "trailing", "linspace")),
]
NAMED = [cls(**chosen) for cls in registry("samplers").values() for chosen in cls.named]
SHARE = 5e-4  # of float32 tables: levels of ᾱ near 1 lose more than those of σ


@pytest.fixture
def torchsde(monkeypatch):
    """DPMSolverSDEScheduler imports it for its noise, which the tests replace."""
    monkeypatch.setitem(sys.modules, "torchsde", types.ModuleType("torchsde"))
    from diffusers.schedulers import scheduling_dpmsolver_sde

    monkeypatch.setattr(diffusers, "DPMSolverSDEScheduler", scheduling_dpmsolver_sde.DPMSolverSDEScheduler)


def told(exp) -> Elsewhere:
    return elsewhere(exp, grid_times(exp))


def made(code: str):
    """What the line makes."""
    names: dict[str, object] = {}
    exec(code, names)
    return names["scheduler"]


def legal(sampler, process, grid) -> bool:
    return not why_illegal(sampler, process) and not why_illegal(grid, process)


def experiments(steps, once=False, processes=PROCESSES, grids=GRIDS):
    """Every named choice under every process and grid; ``once``: one for every choice of schedulers."""
    for process, grid, n in itertools.product(processes, grids, steps):
        chosen = registry("grids")[grid["kind"]](steps=n, **{k: v for k, v in grid.items() if k != "kind"})
        seen = set()
        for sampler in NAMED:
            schedulers = tuple((s.name, s.near) for s in sampler.called(process).diffusers)
            if schedulers and legal(sampler, process, chosen) and not (once and schedulers in seen):
                seen.add(schedulers)
                yield pg.Experiment(process=process, sampler=sampler, grid=chosen)


def ours_of(exp):
    """σ/α of every level, 0 at the end; of the flow's own schedulers its times."""
    return np.array([0.0 if t == 0 else exp.process.ratio(t) for t in grid_times(exp)])


def theirs(scheduler):
    """σ/α of every level of a scheduler after ``set_timesteps``, 0 at the end."""
    reads = READS[type(scheduler).__name__]
    if not hasattr(scheduler, "sigmas"):
        steps = [int(t) for t in scheduler.timesteps]
        if type(scheduler).__name__ == "PNDMScheduler":
            steps = list(dict.fromkeys(steps))
        bars = scheduler.alphas_cumprod.double()[steps].numpy()
        return np.append(np.sqrt((1 - bars) / bars), 0.0)
    levels = torch.unique_consecutive(scheduler.sigmas).double().numpy()
    flow = reads == "flow" or scheduler.config.get("use_flow_sigmas")
    return levels / (1 - levels) if flow else levels


def test_places_are_told():
    e = told(pg.Experiment(process=TABLES[0], sampler=pg.DPMSolverPP2M(), grid=pg.Karras()))
    assert [name.where for name in e.names] == list(PLACES)
    assert [str(name) for name in e.names][:4] == [
        "DPMSolverMultistepScheduler(solver_order=2) · use_karras_sigmas=True",
        "sample_dpmpp_2m · get_sigmas_karras(rho=7)",
        "DPM++ 2M · Karras",
        "dpmpp_2m · karras",
    ]
    assert e.exact
    assert not e.near
    assert told(pg.Experiment(mode="forward")) == Elsewhere()


def test_names_follow_the_choice():
    """Mutant killed: names of the class, whatever is chosen."""
    table = TABLES[0]

    def name(sampler, where="k_diffusion", process=table):
        return next(
            (n.sampler for n in told(pg.Experiment(process=process, sampler=sampler, grid=pg.Karras())).names if n.where == where), ""
        )

    assert name(pg.SDEDPMSolverPP(order=3, eta=0.5)) == "sample_dpmpp_3m_sde(eta=0.5)"
    assert name(pg.SDEDPMSolverPP(eta=0.0)) == "sample_dpmpp_2m"
    assert name(pg.KDPM2(eta=1.0), "a1111") == "DPM2 a"
    assert name(pg.UniPC(variant="bh1"), "comfyui") == "uni_pc"
    assert name(pg.DDIM(eta=1.0), "diffusers").startswith("DPMSolverMultistepScheduler")  # DDIMScheduler has no Karras levels
    assert name(pg.Euler()) == ""  # in t; theirs is Euler in σ/α
    assert name(pg.Euler(), process=pg.EDM()) == "sample_euler"
    assert name(pg.PredictorCorrector(predictor=pg.DPMSolverPP2M(), corrector_steps=0), "a1111") == "DPM++ 2M"


def test_every_class_and_argument_is_there(torchsde):
    """By name, by signature, and by making one."""
    seen = set()
    for process, sampler in itertools.product(PROCESSES, NAMED):
        for scheduler in () if why_illegal(sampler, process) else sampler.called(process).diffusers:
            cls = getattr(diffusers, scheduler.name)
            seen.add(scheduler.name)
            step = getattr(cls, "step", None) or cls.step_pred
            assert set(scheduler.arguments) <= set(inspect.signature(cls.__init__).parameters), scheduler
            assert set(scheduler.step) <= set(inspect.signature(step).parameters), scheduler
            cls(**scheduler.arguments)
    assert seen == set(READS)


def test_every_line_runs(torchsde):
    """Near ones too, and these say so."""
    known = set()
    for exp in experiments((20,), once=True):
        e = told(exp)
        assert e.exact == (bool(e.code) and "# near" not in e.code)
        _, _, line = e.code.rpartition("from diffusers")
        if line and line not in known:
            known.add(line)
            assert READS[type(made(e.code)).__name__]
    assert len(known) > 100


def test_exact_levels(torchsde):
    """Wherever a line claims to be exact, its levels are the run's. Mutants killed: a grid's flag for another reader's class, "linspace" of the multistep schedulers,
    an odd number of steps with DDIMScheduler's "trailing", Karras with another ρ."""
    claims, classes = 0, set()
    for exp in experiments((2, 20, 37), once=True, processes=[*TABLES[:2], pg.EDM(), pg.Flow()]):
        e = told(exp)
        if e.exact:
            scheduler = made(e.code)
            levels = theirs(scheduler)
            want = ours_of(exp)
            assert levels.shape == want.shape, (exp, e.code)
            assert np.abs(levels - want).max() <= SHARE * want.max(), (exp, e.code)
            inner = slice(0, -1)
            assert (np.abs(levels - want)[inner] / want[inner]).max() <= 0.02, (exp, e.code)
            if READS[type(scheduler).__name__] == "table":  # these go down by 1000 // n, whatever the next timestep is
                gaps = -np.diff([int(t) for t in dict.fromkeys(scheduler.timesteps.tolist())])
                assert (gaps == 1000 // exp.grid.steps).all(), exp
            claims, classes = claims + 1, classes | {type(scheduler).__name__}
    assert claims > 150
    assert len(classes) >= 12, classes


def test_what_is_not_claimed_differs():
    """The reasons are real: where a line is near because of its levels, these are others."""
    t = TABLES[0]
    for sampler, grid in [
        (pg.DPMSolverPP2M(), pg.Subsequence(spacing="leading")),
        (pg.DPMSolverPP2M(), pg.Subsequence(spacing="linspace")),
        (pg.DPMSolverPP2M(), pg.UniformTime()),
        (pg.DDPM(variance="large"), pg.UniformLogSNR()),
    ]:
        exp = pg.Experiment(process=t, sampler=sampler, grid=grid)
        e = told(exp)
        assert e.code
        assert not e.exact
        scheduler = made(e.code)
        if spacing := grid.to_dict().get("spacing"):
            scheduler.register_to_config(timestep_spacing=spacing)
            scheduler.set_timesteps(20)
        levels, want = theirs(scheduler), ours_of(exp)
        assert levels.shape != want.shape or (np.abs(levels - want)[:-1] / want[:-1]).max() > 1e-3, exp


@dataclass(frozen=True)
class Halved(pg.DDIM):
    """A sampler gets an option, and nobody thinks of its names."""

    info = pg.Info("Halved", "halved", "an option more")
    halved: bool = pg.flag(False, label="half")


def test_an_option_without_a_name():
    """What a name does not tell makes its line near, by itself. Mutants killed: ``untold`` that finds nothing; one that finds what is told, or what does nothing."""
    table = TABLES[0]
    assert untold(Halved(halved=True, eta=0.5), lambda choice: choice.called(table)) == ("here half is True",)
    assert untold(pg.EDMHeun(churn_from=5.0), lambda choice: choice.called(table)) == ()
    line = (STRAIGHT, pg.Subsequence().spaced(table), table.noise_elsewhere, [1.0, 0.0], "grid", True)
    assert not line_of(*line, Unsaid()).near
    assert line_of(*line, Unsaid(("here half is True",))).near == ("here half is True",)
    for exp in experiments((20,), processes=[table, pg.EDM(), pg.Flow()]):  # what is listed is told
        assert "here" not in told(exp).near.replace("(here:", "")


def test_limits_of_the_line():
    table = TABLES[0]
    many = told(pg.Experiment(process=table, sampler=pg.DDIM(), grid=pg.Quadratic(steps=LISTED + 1)))
    assert not many.exact
    assert "quadratic" in many.near
    early = told(pg.Experiment(process=table, sampler=pg.DPMSolverPP2M(), grid=pg.Karras(), stop_at=0.1))
    assert not early.exact
    assert "σ = 0" in early.near
    assert not told(pg.Experiment(process=table, sampler=pg.DPMSolverPP2M(), grid=pg.Karras(denoise=False))).exact
    truncated = told(pg.Experiment(process=table, sampler=pg.DDIM(), grid=pg.Karras(), start_at=0.6))
    assert truncated.exact
    assert "sigmas=" in truncated.code
    assert told(pg.Experiment(process=pg.CLD(), sampler=pg.SSCS())).names == ()
    continuous = told(pg.Experiment(process=pg.VP(), sampler=pg.DPMSolverPP2M(), grid=pg.Karras()))
    assert not continuous.exact
    assert "table of 1000" in continuous.near
    assert continuous.code.startswith("# near")


def output(scheduler, x, rho, x0):
    """What the scheduler's default prediction type expects of the exact model at x; ``rho``: σ/α there."""
    reads = READS[type(scheduler).__name__]
    if reads == "edm":
        d = scheduler.config.sigma_data
        c_skip, c_out = d**2 / (rho**2 + d**2), rho * d / (rho**2 + d**2) ** 0.5
        return (x0(x) - c_skip * x) / c_out
    if reads == "flow" or scheduler.config.get("use_flow_sigmas"):
        t = rho / (1 + rho)
        d = x0(x / (1 - t))
        return (x - (1 - t) * d) / t - d
    if reads == "sigmas" or "Ancestral" in type(scheduler).__name__:
        return (x - x0(x)) / rho
    alpha = (1 + rho**2) ** -0.5
    return (x - alpha * x0(x / alpha)) / (rho * alpha)


def end_of(scheduler, exp, start, noise, monkeypatch, step):
    """The last state of their run, from x_T = α start: in x_0's own scale, since σ is 0 there."""
    module = sys.modules[type(scheduler).__module__]
    if hasattr(module, "randn_tensor"):
        monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(tuple(shape)))
    if type(scheduler).__name__ == "DPMSolverSDEScheduler":
        scheduler.noise_sampler = brownian(noise)
    scheduler.is_scale_input_called = True
    x, alone = start, type(scheduler).__name__ == "DDIMScheduler"
    for i, t in enumerate(scheduler.timesteps):
        if hasattr(scheduler, "sigmas"):
            if scheduler.step_index is None:
                scheduler._init_step_index(t)
            two = hasattr(scheduler, "state_in_first_order") and i % 2 == 1
            level = float(stage_level(scheduler, i) if two else scheduler.sigmas[i])
            flow = READS[type(scheduler).__name__] == "flow" or scheduler.config.get("use_flow_sigmas")
            rho = level / (1 - level) if flow else level
        else:
            bar = float(scheduler.alphas_cumprod.double()[int(t)])
            rho = ((1 - bar) / bar) ** 0.5
        out = output(scheduler, x, rho, lambda y, rho=rho: x0_at(FIVE, rho, y))
        more = dict(step)
        if alone and step:
            more["variance_noise"] = torch.zeros_like(x) if t == scheduler.timesteps[-1] else noise(x.shape)
        x = scheduler.step(out, t, x, **more).prev_sample.to(F64)
    return x


TABLE = TABLES[0]
RUNS = {
    "DDIM": pg.Experiment(process=TABLE, sampler=pg.DDIM(), grid=pg.Subsequence()),
    "DDIM, leading, 30 steps": pg.Experiment(process=TABLE, sampler=pg.DDIM(), grid=pg.Subsequence(spacing="leading", steps=30)),
    "DDIM η": pg.Experiment(process=TABLE, sampler=pg.DDIM(eta=0.5), grid=pg.Subsequence()),
    "DDIM, Karras": pg.Experiment(process=TABLE, sampler=pg.DDIM(), grid=pg.Karras()),
    "DDIM, quadratic": pg.Experiment(process=TABLE, sampler=pg.DDIM(), grid=pg.Quadratic()),
    "DDPM": pg.Experiment(process=TABLE, sampler=pg.DDPM(), grid=pg.Subsequence()),
    "Euler a": pg.Experiment(process=TABLE, sampler=pg.EulerAncestral(), grid=pg.Subsequence()),
    "Euler a, Karras": pg.Experiment(process=TABLE, sampler=pg.EulerAncestral(), grid=pg.Karras()),
    "Heun": pg.Experiment(process=TABLE, sampler=pg.EDMHeun(), grid=pg.Karras()),
    "DPM2": pg.Experiment(process=TABLE, sampler=pg.KDPM2(), grid=pg.Karras()),
    "DPM2 a": pg.Experiment(process=TABLE, sampler=pg.KDPM2(eta=1.0), grid=pg.Karras()),
    "LMS": pg.Experiment(process=TABLE, sampler=pg.LMS(released=True), grid=pg.Karras(steps=10)),
    "PLMS": pg.Experiment(process=TABLE, sampler=pg.PLMS(released=True), grid=pg.Subsequence(spacing="leading")),
    "DPM++ 2M": pg.Experiment(process=TABLE, sampler=pg.DPMSolverPP2M(), grid=pg.Karras()),
    "DPM++ 2M, latent diffusion's table": pg.Experiment(process=TABLES[1], sampler=pg.DPMSolverPP2M(), grid=pg.UniformLogSNR(steps=400)),
    "DPM++ 2M heun": pg.Experiment(process=TABLE, sampler=pg.DPMSolverPP2M(form="heun"), grid=pg.Karras()),
    "DPM++ 2M SDE heun": pg.Experiment(process=TABLE, sampler=pg.SDEDPMSolverPP(form="heun"), grid=pg.UniformLogSNR()),
    "DPM++ 3M": pg.Experiment(process=TABLE, sampler=pg.DPMSolverPP3M(released=True), grid=pg.UniformLogSNR()),
    "DPM++ 2M SDE": pg.Experiment(process=TABLE, sampler=pg.SDEDPMSolverPP(), grid=pg.Karras()),
    "DPM++ SDE": pg.Experiment(process=TABLE, sampler=pg.DPMSolverPPSDE(path="sigma"), grid=pg.Karras()),
    "UniPC": pg.Experiment(process=TABLE, sampler=pg.UniPC(), grid=pg.Karras()),
    "UniPC 3": pg.Experiment(process=TABLE, sampler=pg.UniPC(order=3), grid=pg.Subsequence()),
    "EDM Euler": pg.Experiment(process=pg.EDM(), sampler=pg.Euler(), grid=pg.Karras(rho=5.0)),
    "EDM ancestral": pg.Experiment(process=pg.EDM(), sampler=pg.DDPM(), grid=pg.UniformLogSNR()),
    "EDM 2M": pg.Experiment(process=pg.EDM(), sampler=pg.DPMSolverPP2M(), grid=pg.Karras()),
    "EDM 2M SDE": pg.Experiment(process=pg.EDM(), sampler=pg.SDEDPMSolverPP(), grid=pg.Exponential()),
    "flow": pg.Experiment(process=pg.Flow(), sampler=pg.Euler(), grid=pg.FlowShift()),
    "flow 2M": pg.Experiment(process=pg.Flow(), sampler=pg.DPMSolverPP2M(), grid=pg.Subsequence()),
    "flow 2M SDE": pg.Experiment(process=pg.Flow(), sampler=pg.SDEDPMSolverPP(), grid=pg.Subsequence(steps=10)),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_line_is_the_run(name, monkeypatch, torchsde):
    """From the same start, the same draws and the same exact model the scheduler of the line ends where our run ends."""
    exp = RUNS[name]
    e = told(exp)
    assert e.exact, e
    scheduler = made(e.code)
    times = grid_times(exp)
    alpha = exp.process.at(times[0]).alpha
    reads = READS[type(scheduler).__name__]
    sample = torch.randn(16, 2, generator=torch.Generator().manual_seed(11), dtype=F64)
    start = exp.process.at(times[0]).sigma * sample
    scaled = reads in ("sigmas", "edm") or "Ancestral" in type(scheduler).__name__  # their state is x/α
    step = next(s.step for s in exp.sampler.called(exp.process).diffusers if s.name == type(scheduler).__name__)
    got = end_of(scheduler, exp, start / alpha if scaled else start, draws(), monkeypatch, step)
    want = simulate(exp, data=FIVE, initial=start, dtype=F64, noise=draws()).states[-1]
    assert error(got, want) <= 1e-3, (name, error(got, want))


def test_the_page_is_current():
    """Run ``python -m docs.names`` after a change."""
    assert names.TARGET.read_text(encoding="utf-8") == names.document()
