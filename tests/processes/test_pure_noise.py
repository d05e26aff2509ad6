"""Paths that start at t = 1, where nothing of the data is left: first steps are finite, and those of the formulas; who has no such step says why."""

import itertools
import math

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

import playground as pg
from playground.core.fields import BadValue
from playground.core.legal import legal
from playground.core.spec import registry
from playground.exact.mixture import MixtureOracle
from playground.processes.path import Path
from playground.server import jobs
from playground.views.packet import Packet
from tests.samplers.family import F64, FIVE, START, TILTED, draws, slope

PATHS = [
    pg.Flow(pure=True),
    pg.CosinePath(pure=True),
    pg.PolynomialPath(pure=True),
    pg.PolynomialPath(pure=True, power=3.0, noise="convex"),
]
CUT = [pg.Flow(), pg.CosinePath(), pg.PolynomialPath(), pg.PolynomialPath(power=3.0, noise="convex")]


def run(process, sampler, times, data=FIVE, noise=None):
    return pg.simulate(
        pg.Experiment(process=process, sampler=sampler), data=data, initial=START, times=times, dtype=F64, noise=noise
    ).states


def from_one(n, end=0.05):
    return (1 - (1 - end) * torch.linspace(0, 1, n + 1, dtype=F64) ** 1.1).tolist()


@pytest.mark.parametrize(("pure", "cut"), list(zip(PATHS, CUT, strict=True)), ids=str)
def test_only_the_start_differs(pure, cut):
    assert (pure.t_max, cut.t_max) == (1.0, 0.999)
    t = torch.linspace(0.001, 0.999, 50, dtype=F64)
    for name in ("alpha", "sigma", "dalpha", "dsigma", "half_log_snr", "g2"):
        assert torch.equal(getattr(pure, name)(t), getattr(cut, name)(t)), name
    end = pure.at(1.0)
    assert (end.alpha, end.sigma, end.half_log_snr) == (0.0, 1.0, -math.inf)
    assert math.isfinite(end.dalpha)
    assert math.isfinite(end.dsigma)
    assert float(pure.time_at(torch.tensor(-math.inf, dtype=F64))) == 1.0
    assert torch.equal(pure.prior_cov(), torch.eye(1, dtype=F64))
    exp = pg.Experiment(process=pure)
    assert pg.Experiment.from_query(exp.to_query()) == exp == pg.Experiment.from_json(exp.to_json())
    assert exp.to_query()["process.pure"] == "true"


def test_the_other_end_of_the_polynomial_path():
    """α = (1 − t)^p: cut where α = 0.001, from pure noise at t = 1; at the levels of the linear flow DDIM has its very states in x/α."""
    path = pg.PolynomialPath(3.0, "convex", "noise", pure=True)
    assert path.at(1.0)[:3] == (0.0, 1.0, -math.inf)
    assert float(path.time_at(torch.tensor(-math.inf, dtype=F64))) == 1.0
    assert path.at(pg.PolynomialPath(3.0, "convex", "noise").t_max).alpha == pytest.approx(1e-3)
    flow, times = pg.Flow(pure=True), from_one(6)
    own = [1 - (1 - t) ** (1 / 3) for t in times]  # α = 1 − t there
    torch.testing.assert_close(run(path, pg.DDIM(), own), run(flow, pg.DDIM(), times), rtol=0, atol=1e-12)


@pytest.mark.parametrize("process", PATHS, ids=str)
def test_what_is_drawn_there_is_the_law(process):
    """Nothing of the data is left: no mismatch of the prior, whatever they are."""
    exp = pg.Experiment(process=process, particles=500)
    found = pg.measure(exp, "PriorMismatch")
    assert found.value == pytest.approx(0, abs=1e-12)
    assert pg.measure(exp.replace(process=type(process)()), "PriorMismatch").value > 1e-8


@pytest.mark.parametrize("grid", [key for key in registry("grids") if key not in ("Custom", "IDDPM")])
@pytest.mark.parametrize("process", PATHS[:3], ids=str)
def test_every_grid_begins_there(process, grid):
    """And goes on at times whose log-SNR is a number. Even levels: those of the path that is cut, but for the first."""
    made = registry("grids")[grid](steps=12)
    times = made.times(process)
    assert torch.isfinite(times).all()
    assert float(times[0]) == (0.917 if getattr(made, "spacing", "") == "leading" else 1.0)
    assert all(a > b for a, b in itertools.pairwise(times.tolist()))
    assert float(times[1]) < 0.9995
    if "snr" in made.needs:
        torch.testing.assert_close(times[1:], made.times(type(process)())[1:], rtol=0, atol=0)


@pytest.mark.parametrize(("sampler", "order"), [("Euler", 1), ("Heun", 2), ("Midpoint", 2), ("Heun3", 3), ("RK4", 4), ("RK38", 4)])
@pytest.mark.parametrize("process", PATHS[:3], ids=str)
def test_orders_from_pure_noise(process, sampler, order):
    """Against the exact flow of a Gaussian, x_s = α_s m + √(α_s² C + σ_s²) z. In t, where the velocity is smooth at t = 1 too: √(1 − α²) is not, nor need it be."""
    values, vectors = torch.linalg.eigh(TILTED.covs[0])

    def wrong(n):
        times = from_one(n)
        there = process.at(times[-1])
        want = there.alpha * TILTED.means[0] + START @ vectors * (there.alpha**2 * values + there.sigma**2).sqrt() @ vectors.T
        return float((run(process, sampler, times, TILTED)[-1] - want).abs().max())

    steps = [20, 40, 80, 160]
    # one order more at most: the leading error of some vanishes for Gaussian data (``superconvergent``)
    assert order - 0.2 < slope(steps, [wrong(n) for n in steps]) < order + 1.3


@pytest.mark.parametrize("process", PATHS, ids=str)
def test_first_steps(process):
    """DDIM: α_s E[x_0] + σ_s x; DDPM, full renoising and exact ancestral: α_s E[x_0] (or a draw) + σ_s z; the multistep solvers begin as DDIM or DDPM. There is no more to know at t = 1 than the data's mean."""
    mean = (FIVE.weights[:, None] * FIVE.means).sum(0)
    for s in (0.998, 0.6):
        there = process.at(s)
        ddim = there.alpha * mean + there.sigma * START
        for sampler in (pg.DDIM(), pg.DPMSolverPP2M(), pg.DPMSolverPP2M(form="heun"), pg.DPMSolverPP3M(), pg.SDEDPMSolverPP(eta=0.0)):
            torch.testing.assert_close(run(process, sampler, [1.0, s])[-1], ddim)
        ddpm = there.alpha * mean + there.sigma * draws()(START.shape)
        for sampler in (pg.DDPM(), pg.DDIM(eta=1.0), pg.SDEDPMSolverPP(), pg.SDEDPMSolverPP(order=3), pg.Renoise()):
            torch.testing.assert_close(run(process, sampler, [1.0, s], noise=draws())[-1], ddpm)


@pytest.mark.parametrize("form", ["midpoint", "heun"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_an_infinite_step_is_no_history(order, form):
    """Later steps are those of a path that starts from a level of e^{−40}: a slope over an infinite step is none."""
    times = from_one(8)
    near = [1 - 1e-15, *times[1:]]
    exactly, nearly = 1e-9, 0.02
    for sampler, atol in (
        (pg.SDEDPMSolverPP(order=order, form=form), exactly if order == 1 else nearly),
        (pg.SDEDPMSolverPP(order=order, form=form, eta=0.0), exactly if order == 1 else nearly),
        (pg.DPMSolverPP2M(form=form), nearly),
    ):
        got, want = (
            run(pg.Flow(pure=True), sampler, grid, noise=draws() if sampler.declared_order is None else None) for grid in (times, near)
        )
        torch.testing.assert_close(got[1:], want[1:], rtol=0, atol=atol)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_flow_matching_as_diffusers_runs_it(shift):
    """From σ = 1 to 0: its table is a grid of ours."""
    other = FlowMatchEulerDiscreteScheduler(shift=shift)
    other.set_timesteps(12)
    sigmas = other.sigmas.double().tolist()
    assert sigmas[0] == 1.0
    process = pg.Flow(pure=True)
    oracle, states, want = MixtureOracle(FIVE, process), run(process, pg.Euler(), sigmas), START
    for i, t in enumerate(other.timesteps):
        velocity = (want - oracle(want, sigmas[i]).x0_hat) / sigmas[i]
        want = other.step(velocity.float(), t, want.float()).prev_sample.double()
    torch.testing.assert_close(states[-1], want, rtol=0, atol=1e-4)  # it computes in float32


@pytest.mark.parametrize("kind", ["Flow", "CosinePath", "PolynomialPath"])
def test_every_sampler_starts_there_or_says_why(kind):
    """Those that are let in end among the data, those that are not have a reason in every menu. Mutants killed: one that is let in and gives no numbers; one that is refused from 0.999."""
    process = registry("processes")[kind](pure=True)
    menu = legal({"data": "two_modes", "process": process})["sampler"]
    for key, cls in registry("samplers").items():
        whole = legal({"data": "two_modes", "process": kind})["sampler"][key]
        if menu[key]:
            assert whole or "finite log-SNR" in menu[key], key
            with pytest.raises(BadValue, match="sampler"):
                pg.Experiment(data="two_modes", process=process, sampler=cls())
            continue
        exp = pg.Experiment(data="two_modes", process=process, sampler=cls(), particles=400)
        told = pg.simulate(exp)
        assert told.diverged is None, key
        assert torch.isfinite(told.states).all(), key
        beside = pg.measure(exp.replace(process=kind), "W2").value
        assert pg.measure(exp, "W2").value < beside + 0.15, key


@pytest.mark.parametrize(
    "sampler",
    [pg.DDPM(variance="large"), pg.DDPM(variance="interpolated"), pg.UniPC(order=1), pg.UniPC(order=2), pg.DPMSolverPP3M(released=True)]
    + [pg.PredictorCorrector(predictor=p, corrector_steps=n) for p in (pg.DDIM(), pg.DPMSolverPP3M(), pg.Heun()) for n in (0, 2)],
    ids=str,
)
def test_other_parameters(sampler):
    for process, grid in itertools.product(PATHS, (pg.UniformTime(), pg.UniformLogSNR(), pg.Karras(steps=9))):
        assert pg.simulate(pg.Experiment(process=process, sampler=sampler, grid=grid, particles=100)).diverged is None


@pytest.mark.parametrize(
    "sampler",
    [pg.UniPC(order=3), pg.UniPC(variant="bh1"), pg.UniPC(predicts="noise"), pg.PredictorCorrector(predictor=pg.EDMHeun())],
    ids=str,
)
def test_parameters_that_have_no_first_step(sampler):
    with pytest.raises(BadValue, match="pure noise"):
        pg.Experiment(process=pg.Flow(pure=True), sampler=sampler)
    assert pg.Experiment(process=pg.Flow(), sampler=sampler).process.t_max == 0.999


def test_levels_from_minus_infinity():
    levels = [-math.inf, -3.0, 0.0, 4.0, math.inf]
    trace = pg.simulate(pg.Experiment(process=pg.Flow(pure=True), sampler="Euler", particles=20), log_snr=levels)
    assert float(trace.times[0]) == 1.0
    with pytest.raises(BadValue, match="no run starts at infinite noise"):
        pg.simulate(pg.Experiment(process=pg.Flow(), sampler="Euler", particles=20), log_snr=levels)


@pytest.mark.parametrize("query", [{}, {"sampler": "Heun"}, {"data": "digits", "model": "gaussian", "particles": "4"}])
def test_what_is_sent_are_numbers(query):
    """Where those of the path that is cut are: log-SNR of the start is shown at the level that grids begin with. (Numbers of a formula that are infinite are not printed.)"""

    def lost(layer, **more):
        want = {"want": "density,score,velocity"} if layer == "fields" else {}
        raw = jobs.packet({"process": "Flow", "particles": "50", "layer": layer, **want, **query, **more})
        return {
            name: np.argwhere(~np.isfinite(a)).tolist()
            for name, (a, _) in Packet.from_bytes(raw).arrays.items()
            if a.dtype.kind == "f" and name != "terms"
        }

    for layer in ("run", "fields") if "data" not in query else ("run",):
        assert lost(layer, **{"process.pure": "true"}) == lost(layer)


def test_who_has_the_option():
    assert {key for key, cls in registry("processes").items() if issubclass(cls, Path)} == {"Flow", "CosinePath", "PolynomialPath"}
