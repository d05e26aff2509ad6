"""Every legal process × sampler, guidance and model on a second device that is not there (second.py): the states of the CPU to the bit, no mixing of
devices, and bounds on what a step more and a run cost in trips to the host and copies to the device.

What a step more costs is the difference of runs of MANY and of FEW steps, so that what is copied once is not shared out over the steps.
"""

from typing import NamedTuple

import pytest
import torch

import playground as pg
from playground import engine
from playground.core import catalog
from playground.core.legal import legal
from playground.core.spec import from_dict, registry
from playground.engine import Run
from tests.device.second import DEVICE, SecondDevice
from tests.real import home

FEW, MANY, PARTICLES = 3, 7, 16
TRIPS, COPIES, LAUNCHES = 0, 3, 60  # of a step more; launches of a model call
ONCE_TRIPS, ONCE_COPIES = 2, 12  # of a run, whatever its length: start, tables, sets; whether it can be believed

ADAPTIVE = {
    "RK45",
    "DPMSolverAdaptive",
}  # by the error of each step they decide on the host whether the step is taken, and which times come next: test_adaptive
MORE_LAUNCHES = {
    "WrappedAncestral": 110,  # no model call is made: a component and a turn of each angle are drawn, each by inverting a distribution
    "PredictorCorrector": 70,  # the norms of score and noise, and the step's size, which stays on the device
}


class Cost(NamedTuple):
    trips: float
    copies: float
    launches: float


@pytest.fixture(autouse=True)
def _there(monkeypatch):
    """The engine takes the device for one of this machine."""
    monkeypatch.setattr(engine, "check_device", lambda device: torch.device(device or "cpu"))


def seen(exp: pg.Experiment, check: bool = True, within: float = 0.0) -> tuple[Run, Cost]:
    """A run there: nothing is mixed, and the states are those of the CPU, to the bit or ``within`` so much."""
    with SecondDevice() as device:
        run = Run(exp, device=DEVICE).finish()
        run.diverged  # one look, as ``simulate`` takes it
    assert not device.mixes, dict(device.mixes)
    if check:
        near = pg.simulate(exp, device="cpu").states
        there = torch.stack([f.z.near for f in run.frames])
        assert bool(((near - there).abs() <= within * (1 + near.abs()))[near.isfinite()].all())
        assert torch.equal(near.isfinite(), there.isfinite())
    return run, Cost(*device.counts())


def a_step_more(exp: pg.Experiment) -> Cost:
    """The cost of a step; that of the rest of the run is checked."""
    few, many = (seen(exp.replace(grid={"kind": "UniformTime", "steps": n}), n == FEW)[1] for n in (FEW, MANY))
    each = Cost(*((b - a) / (MANY - FEW) for a, b in zip(few, many, strict=True)))
    assert few.trips - FEW * each.trips <= ONCE_TRIPS, (few, each)
    assert few.copies - FEW * each.copies <= ONCE_COPIES, (few, each)
    return each


def samplers(data: str, process) -> list:
    """The legal ones."""
    reasons = legal({"data": data, "process": process})["sampler"]
    return [registry("samplers")[key]() for key, reason in reasons.items() if not reason]


def held(data: str, process, sampler) -> None:
    """A sampler's bounds."""
    exp = pg.Experiment(data=data, process=process, sampler=sampler, particles=PARTICLES, seed=3)
    cost, key = a_step_more(exp), sampler.info.key
    calls = max(1, ((sampler.calls(MANY) or 1) - (sampler.calls(FEW) or 0)) / (MANY - FEW))
    assert cost.trips <= TRIPS, (key, cost)
    assert cost.copies <= COPIES, (key, cost)
    assert cost.launches <= MORE_LAUNCHES.get(key, LAUNCHES) * calls, (key, cost)


@pytest.mark.parametrize("key", registry("processes"))
def test_every_sampler(key):
    """Mutants killed: a table's ``.to`` in a step, ``float`` of a norm in the corrector, a CPU tensor indexed by one of the device (all were there)."""
    process = registry("processes")[key]()
    fit = [s for s in samplers(home(type(process)), process) if s.info.key not in ADAPTIVE]
    assert len(fit) >= 2
    for sampler in fit:
        held(home(type(process)), process, sampler)


def test_every_sampler_has_been_met():
    met = {s.info.key for cls in registry("processes").values() for s in samplers(home(cls), cls())}
    assert met == set(registry("samplers"))


def test_parameters():
    """Under VP at all parameters that the samplers' own tests try."""
    tried = [(s, told) for s in samplers("moons", pg.VP()) for told in (*s.fine, *s.tried, *(v.parameters for v in s.variants)) if told]
    chosen = dict.fromkeys(from_dict("samplers", "sampler", {"kind": s.info.key, **told}) for s, told in tried)
    assert len(chosen) > 30
    for sampler in chosen:
        held("moons", pg.VP(), sampler)


def test_sscs():
    """Two exact half steps and a kick; of data in the plane 92 launches a step before tables were kept."""
    assert a_step_more(pg.Experiment(process=pg.CLD(), sampler=pg.SSCS(), particles=PARTICLES)).launches <= 45


@pytest.mark.parametrize("key", ["VP", "CLD", "Interpolant", "PFGMPP"])
def test_adaptive(key):
    """RK45: one trip an attempted step, for the error; one copy for each that keeps tables (the model; CLD besides)."""
    exp = pg.Experiment(process=registry("processes")[key](), sampler=pg.RK45(), grid={"steps": MANY}, particles=PARTICLES)
    run, cost = seen(exp)
    attempts = (run.problem.calls - 2) / 6  # the first velocity, and the last step
    assert attempts >= MANY - 1
    assert cost.trips <= attempts + ONCE_TRIPS
    assert cost.copies <= (2 if key == "CLD" else 1) * attempts + ONCE_COPIES


@pytest.mark.parametrize("order", [2, 3])
def test_adaptive_dpm_solver(order):
    """One trip an attempt, for the error; one copy for the model's tables. A step taken has ``order`` calls, one that is not one less."""
    run, cost = seen(pg.Experiment(sampler=pg.DPMSolverAdaptive(order=order), grid={"steps": MANY}, particles=PARTICLES))
    attempts = (run.problem.calls - 1) / (order - 1)  # at most
    assert attempts >= MANY - 1
    assert cost.trips <= attempts + ONCE_TRIPS
    assert cost.copies <= attempts + ONCE_COPIES


@pytest.mark.parametrize("key", registry("processes"))
def test_every_guidance_start_and_direction(key):
    process, data = registry("processes")[key](), home(registry("processes")[key])
    told = legal({"data": data, "process": process})
    exps = [pg.Experiment(data=data, process=process, guidance=registry("guidance")[g]()) for g, no in told["guidance"].items() if not no]
    assert exps
    for exp in exps:
        cost = a_step_more(exp.replace(particles=PARTICLES))
        assert cost.trips <= TRIPS, (exp.guidance.info.key, cost)
        assert cost.copies <= COPIES, (exp.guidance.info.key, cost)
    for start in (s for s, no in told["start"].items() if not no):
        seen(pg.Experiment(data=data, process=process, start=start, start_at=0.6, stop_at=0.1, particles=PARTICLES, grid={"steps": FEW}))
    seen(pg.Experiment(data=data, process=process, mode="forward", particles=PARTICLES))


def models() -> list:
    """Every model of images with every process that it serves, of those that differ for it: one number, two."""
    of = [(data, m) for data in ("digits", "mnist") for m in catalog.models_of(catalog.law_of(data)) if data == "digits" or m.trained]
    return [
        pytest.param(data, m.key, p, id=f"{m.key}-{p}")
        for data, m in of
        for p in ("VP", "CLD")
        if not m.unserved(registry("processes")[p]())
    ]


@pytest.mark.parametrize(("data", "model", "process"), models())
def test_every_model(data, model, process):
    """A second run copies no set, no network and no table of labels again."""
    judged = legal({"data": data, "model": model, "process": {"kind": process}})["guidance"]
    fit = [registry("guidance")[key]() for key, reason in judged.items() if not reason]
    assert fit
    for guidance in fit:
        exp = pg.Experiment(data=data, model=model, process=registry("processes")[process](), guidance=guidance, particles=2)
        exp = exp.replace(grid={"steps": FEW})
        _, first = seen(exp, within=1e-3)  # images: products of many numbers round by how those lie in memory
        _, again = seen(exp, check=False)
        assert again.trips <= ONCE_TRIPS, guidance
        own = ONCE_COPIES if model == "gaussian" else 0  # an exact model's tables are the run's
        assert again.copies <= COPIES * FEW + own, (guidance, first, again)


def test_what_it_sees():
    """The second device itself: what CUDA would refuse, and each kind of trip and copy."""
    near, index = torch.arange(6.0).view(3, 2), torch.tensor([0, 2])
    with SecondDevice() as device:
        far = near.to(DEVICE)
        assert device.counts() == (0, 1, 0)
        there = index.to(DEVICE)
        assert far.device.type == DEVICE.type
        assert (far + 1).device.type == DEVICE.type
        float(far.sum())
        far[far > 2]
        far.tolist()
        torch.equal(far, far)
        torch.linalg.cholesky(torch.eye(2).to(DEVICE))
        assert device.to_host.total() == 5
        assert not device.mixes
        before = device.to_device.total()
        far[index]
        assert device.to_device.total() == before + 1
        near[there]
        far + near
        torch.cat([far, near])
        assert device.mixes.total() == 3
        far * torch.tensor(2.0)  # a number
        assert device.mixes.total() == 3
        launched = device.counts()[2]
        far.view(2, 3)[:, 1:].mT
        assert device.counts()[2] == launched
