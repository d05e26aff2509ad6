"""One Brownian path for all grids and samplers: the law of its increments, that they belong together, and strong convergence on it."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from playground.core.brownian import CELLS, UNIT, BrownianPath, place
from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.legal import legal
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import AnySampler
from playground.core.spec import registry
from playground.engine import simulate
from playground.processes.cld import CLD
from playground.processes.edm import EDM
from playground.processes.vp import VP
from playground.samplers.ddim import DDIM
from playground.samplers.ddpm import DDPM
from playground.samplers.dpmpp_sde import DPMSolverPPSDE
from playground.samplers.edm_heun import EDMHeun
from playground.samplers.euler_maruyama import EulerMaruyama
from playground.samplers.reverse_diffusion import ReverseDiffusion
from playground.samplers.sde_dpmpp import SDEDPMSolverPP
from playground.sweeps.compute import together

TWO = {"weights": [0.5, 0.5], "means": [[-1.0], [1.0]], "covs": [[[0.09]], [[0.09]]]}


def path(sampler: AnySampler, process: Process = VP(), seed: int = 3) -> BrownianPath:
    return BrownianPath(Rng(seed, dtype=torch.float64).stream("path"), process, sampler)


def over(rng: BrownianPath, times: Sequence[float], shape: tuple[int, ...]) -> list[Tensor]:
    out = []
    for t, s in itertools.pairwise(times):
        rng.between(t, s)
        out.append(rng.normal(shape))
    return out


def variances(rng: BrownianPath, times: Sequence[float]) -> np.ndarray:
    """The clock's differences, read off its lattice by straight lines: written down again, in NumPy."""
    u = np.array([place(rng.process, t) for t in times]) / UNIT
    edges = np.arange(math.floor(u.min() * CELLS), math.ceil(u.max() * CELLS) + 1) / CELLS
    assert rng.clock is not None
    return np.abs(np.diff(np.interp(u, edges, rng.clock(torch.from_numpy(edges)).numpy())))


CASES = [
    (DDPM(), VP()),
    (DDPM(variance="large"), EDM()),
    (DDPM(variance="interpolated"), VP()),
    (EulerMaruyama(), VP()),
    (EulerMaruyama(), CLD()),
    (SDEDPMSolverPP(eta=0.5), VP()),
    (ReverseDiffusion(), VP()),
]


@pytest.mark.parametrize(("sampler", "process"), CASES, ids=lambda x: type(x).__name__)
def test_increments_belong_together(sampler: AnySampler, process: Process) -> None:
    """z is standard normal, independent over disjoint steps, and √V z of a long step is the sum over the short ones that it is divided into, wherever.

    Mutants killed: cells cut without the bridge, or weighed by the share of the step instead of the cell's; a step's V of its ends alone; draws that depend on the grid.
    """
    end = process.t_max
    times = [end, 0.83 * end, 0.8299 * end, 0.41 * end, 0.1003 * end, 0.02 * end]
    shape = (4000, 2) if len(process.parts) == 1 else (4000, 2, 1)
    short = torch.stack(over(path(sampler, process), times, shape)).flatten(1)
    cov = torch.cov(short)
    assert float(short.mean(1).abs().max()) < 4 / math.sqrt(short.shape[1])
    assert float((cov - torch.eye(len(short))).abs().max()) < 4 * math.sqrt(2 / short.shape[1])
    (long,) = over(path(sampler, process), [times[0], times[-1]], shape)
    v = torch.from_numpy(variances(path(sampler, process), times)).sqrt()
    assert float(((v[:, None] * short).sum(0) / v.norm() - long.flatten()).abs().max()) < 1e-9


def test_the_same_for_every_number_of_particles_process_and_coupled_samplers() -> None:
    times = [0.9, 0.5, 0.1]
    many, few = (torch.stack(over(path(DDPM()), times, (n, 2))) for n in (40, 5))
    assert torch.equal(many[:, :5], few)
    assert not torch.equal(few, torch.stack(over(path(DDPM(), seed=4), times, (5, 2))))
    levels = [VP().ratio(t) for t in times]  # EDM's times are its levels
    assert torch.allclose(
        few, torch.stack(over(path(DDPM(), EDM()), levels, (5, 2))), atol=1e-3
    )  # a level's last digits are told apart to 1e-6
    em, dpm = (torch.stack(over(path(s), times, (4000,))) for s in (EulerMaruyama(), DDPM()))
    assert float((em * dpm).mean()) > 0.8  # one path through two clocks


def strong(sampler: AnySampler, steps: int, **more: object) -> Tensor:
    exp = Experiment(data=TWO, process=VP(), sampler=sampler, noise="path", particles=400, dtype="float64").replace(**more)
    return simulate(exp, times=np.linspace(1, 0.02, steps + 1).tolist(), max_frames=2).x[-1]


@pytest.mark.parametrize(
    ("sampler", "slope"), [(EulerMaruyama(), 1.05), (SDEDPMSolverPP(order=1), 0.94), (SDEDPMSolverPP(), 1.1)], ids=["EM", "1", "2M"]
)
def test_strong_convergence(sampler: AnySampler, slope: float) -> None:
    """Steps of one path end near each other, path by path, of the strong order (math2 12; the mean distance, since paths that change mode bend the root mean square)."""
    fine = strong(sampler, 1024)
    errors = [float((strong(sampler, n) - fine).abs().mean()) for n in (32, 64, 128)]
    assert -np.polyfit(np.log([32, 64, 128]), np.log(errors), 1)[0] == pytest.approx(slope, abs=0.25)
    assert errors[-1] < 0.05
    own = strong(sampler, 128, noise="steps") - fine  # draws of their own: another mode half of the time
    assert float(own.abs().mean()) > 10 * errors[-1]


def test_samplers_of_one_sde_end_on_one_path() -> None:
    ends = [strong(s, 256) for s in (EulerMaruyama(), SDEDPMSolverPP(), DPMSolverPPSDE(), DDIM(eta=1.0), ReverseDiffusion())]
    assert max(float((a - ends[1]).abs().median()) for a in ends) < 0.03


def test_seeds_in_one_pass_are_those_of_their_own() -> None:
    exp = Experiment(data="moons", sampler=EulerMaruyama(), noise="path", particles=48).replace(grid={"steps": 4})
    both, alone = together(exp, [0, 7]).finish(), simulate(exp.replace(seed=7))
    assert torch.allclose(both.frames[-1].z[48:], alone.states[-1], atol=1e-6)


def test_who_can_be_driven_by_a_path() -> None:
    """Every sampler draws increments, draws nothing, or is refused with its reason; nobody draws what no path has."""
    for key, cls in registry("samplers").items():
        sampler = cls()
        home = next((p() for p in registry("processes").values() if not legal({"process": p()})["sampler"][key]), None)
        if home is None:
            continue
        why = sampler.off_path(home)
        told = legal({"process": home, "sampler": sampler})["noise"]["path"]
        assert (why in told) if why else told == "", key
        if why:
            with pytest.raises(BadValue, match="noise = 'path' cannot be used; allowed: steps: "):
                Experiment(process=home, sampler=sampler, noise="path")
        else:
            exp = Experiment(process=home, sampler=sampler, noise="path", particles=8)
            assert torch.isfinite(simulate(exp.replace(grid=dataclasses.replace(exp.grid, steps=3))).states).all(), key


def test_bad_paths() -> None:
    exp = Experiment(sampler=DDPM(), noise="path", particles=4)
    assert Experiment.from_query(exp.to_query()) == exp
    assert exp.to_query()["noise"] == "path"
    assert "noise" not in Experiment().to_query()
    with pytest.raises(BadValue, match="noise = 'ways' cannot be used; allowed: one of steps, path"):
        Experiment(noise="ways")
    with pytest.raises(BadValue, match="none in an experiment with noise = path"):
        simulate(exp, noise=torch.randn)
    with pytest.raises(BadValue, match="particles = 200000 cannot be used; allowed: at most"):
        simulate(exp.replace(particles=200_000, process=EDM()))
    with pytest.raises(BadValue, match="more than 1e-06 of"):
        simulate(exp, times=[1.0, 0.5, 0.5 - 1e-9])
    with pytest.raises(BadValue, match="EDM Heun adds its noise"):
        exp.replace(sampler=EDMHeun(churn=5.0))
    exp.replace(sampler=EDMHeun(churn=5.0), mode="forward")  # does nothing there
