"""How other programs' runs end: the solver's own step to t = 0, and runs that end above it, replayed by formulas that are written down here once more, and by `diffusers`."""

import itertools
import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.ending import LowersAbove, ToZero
from playground.core.fields import BadValue
from playground.core.spec import registry
from playground.exact.mixture import MixtureOracle
from tests.samplers.family import F64, FIVE, START, VP_, draws, error, make, ours
from tests.samplers.parity.shared import DPM, on_vp, states_of

# `diffusers` calls np.array on tensors, of which this numpy complains
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*sde-dpmsolver.* is deprecated:FutureWarning"),
]
OWN = [key for key, cls in registry("samplers").items() if issubclass(cls, ToZero)]
TIMES = (0.999 * (1 - np.linspace(0, 1, 12) ** 1.2)).tolist()  # twelve uneven times, the last one 0
TIMES[-1] = 0.0


def mean(process):
    """x̂_0 (numpy) of the exact model, from states and times."""
    model = MixtureOracle(FIVE, process)
    return lambda x, t: model(torch.as_tensor(x), float(t)).x0_hat.numpy()


def flow_velocity():
    """(x − x̂_0)/t: the linear flow's."""
    told = mean(pg.Flow())
    return lambda x, t: (x - told(x, t)) / t


def vp_numbers(t):
    """β, α, σ of VP with β from 0.1 to 20."""
    b = 0.1 * t + 0.5 * 19.9 * t * t
    return 0.1 + 19.9 * t, math.exp(-0.5 * b), math.sqrt(-math.expm1(-b))


def vp_score():
    told = mean(pg.VP())
    return lambda x, t: (vp_numbers(t)[1] * told(x, t) - x) / vp_numbers(t)[2] ** 2


def simulated(sampler, process, noise=None):
    exp = pg.Experiment(process=process, sampler=sampler)
    return pg.simulate(exp, data=FIVE, initial=START, times=TIMES, dtype=F64, noise=noise)


def stepped(step):
    """All states of a loop over TIMES."""
    out = [START.numpy()]
    for t, s in itertools.pairwise(TIMES):
        out.append(step(out[-1], t, s))
    return torch.as_tensor(np.stack(out))


def test_flow_matching_by_the_midpoint_rule():
    """As a library of ODE solvers does it, from noise to t = 0 without a denoiser."""
    u = flow_velocity()

    def step(x, t, s):
        k = x + 0.5 * (s - t) * u(x, t)
        return x + (s - t) * u(k, 0.5 * (t + s))

    run = simulated(pg.Midpoint(own_last=True), pg.Flow())
    assert error(run.states, stepped(step)) < 1e-12
    assert run.model_calls == 2 * 11
    assert error(simulated(pg.Midpoint(), pg.Flow()).states, stepped(step)) > 1e-3  # the denoiser is not that step


def test_flow_matching_by_heuns_third_order():
    u = flow_velocity()

    def step(x, t, s):
        h = s - t
        k1 = u(x, t)
        k3 = u(x + 2 * h / 3 * u(x + h / 3 * k1, t + h / 3), t + 2 * h / 3)
        return x + h / 4 * (k1 + 3 * k3)

    assert error(simulated(pg.Heun3(own_last=True), pg.Flow()).states, stepped(step)) < 1e-12


def test_probability_flow_by_euler():
    """dx = −½β(x + score) dt on VP; on the linear flow the step is the denoiser."""
    score = vp_score()

    def step(x, t, s):
        return x - 0.5 * (s - t) * vp_numbers(t)[0] * (x + score(x, t))

    assert error(simulated(pg.Euler(own_last=True), pg.VP()).states, stepped(step)) < 1e-11
    torch.testing.assert_close(simulated(pg.Euler(own_last=True), pg.Flow()).states, simulated(pg.Euler(), pg.Flow()).states)


@pytest.mark.parametrize("strength", [0.0, 0.6, 1.0])
def test_reverse_sde_by_euler_maruyama(strength):
    """score_sde's Euler–Maruyama: of its last step, the mean."""
    score, noise = vp_score(), draws()

    def step(x, t, s):
        beta = vp_numbers(t)[0]
        x = x + (s - t) * (-0.5 * beta * x - 0.5 * (1 + strength**2) * beta * score(x, t))
        if s == 0 or not strength:
            return x
        return x + strength * math.sqrt(beta * (t - s)) * noise(x.shape).numpy()

    run = simulated(pg.EulerMaruyama(strength=strength, own_last=True), pg.VP(), draws())
    assert error(run.states, stepped(step)) < 1e-11
    assert run.model_calls == 11


def test_reverse_diffusion():
    """score_sde's predictor: x ← (2 − √(1 − β_i)) x + β_i score + √β_i z; its last step's mean is what "denoise" gives there, and not x̂_0."""
    score, noise = vp_score(), draws()

    def step(x, t, s):
        ratio = vp_numbers(t)[1] / vp_numbers(s)[1]
        beta = 1 - ratio**2
        x = (2 - ratio) * x + beta * score(x, t)
        return x if s == 0 else x + math.sqrt(beta) * noise(x.shape).numpy()

    assert error(simulated(pg.ReverseDiffusion(own_last=True), pg.VP(), draws()).states, stepped(step)) < 1e-11


@pytest.mark.parametrize("key", OWN)
@pytest.mark.parametrize("process", ["VP", "EDM", "Flow", "CLD", "SubVP"])
def test_its_last_step_costs_what_others_cost(key, process):
    """Counts that are known beforehand are what is counted; nothing is drawn; from a fine grid both ends agree, where the step is short enough for the formula."""
    sampler = registry("samplers")[key](own_last=True)
    exp = pg.Experiment(data="two_modes", process=process, sampler=sampler, particles=40, dtype="float64")
    run = pg.simulate(exp)
    times = run.grid.tolist()
    assert run.model_calls == sampler.calls(20) == sampler.calls_on(exp.process, times) == sampler.calls_afresh(20)
    assert run.calls_by[1] == sampler.calls_first(exp.process, times)
    assert run.frames[-1].draws == run.frames[-2].draws
    assert sampler.calls_on(exp.process, times[:-1]) == sampler.info.nfe * 19
    plain = pg.simulate(exp.replace(sampler=key))
    assert torch.equal(run.states[:-1], plain.states[:-1])
    assert (run.x[-1] - plain.x[-1]).abs().max() < 0.05
    assert pg.Experiment.from_query(exp.to_query()) == exp == pg.Experiment.from_json(exp.to_json())


def test_who_has_it():
    """Those whose formula asks the model at t = 0 have no such step."""
    assert set(OWN) == {"Euler", "Midpoint", "Heun3", "EulerMaruyama", "ReverseDiffusion"}
    with pytest.raises(BadValue, match="own_last"):
        pg.Experiment.from_dict({"sampler": {"kind": "Heun", "own_last": True}})


# runs that end above t = 0 ---------------------------------------------------------------------------------------------------------

ABOVE = {
    "2M": (pg.DPMSolverPP2M(lower_above=True), {"solver_order": 2}),
    "2M heun": (pg.DPMSolverPP2M(lower_above=True, form="heun"), {"solver_order": 2, "solver_type": "heun"}),
    "3M": (pg.DPMSolverPP3M(lower_above=True, released=True), {"solver_order": 3}),
    "SDE 1": (pg.SDEDPMSolverPP(lower_above=True, order=1), {"solver_order": 1, "algorithm_type": "sde-dpmsolver++"}),
    "SDE 2": (pg.SDEDPMSolverPP(lower_above=True), {"solver_order": 2, "algorithm_type": "sde-dpmsolver++"}),
    "SDE in ε": (pg.SDEDPMSolver(lower_above=True), {"solver_order": 2, "algorithm_type": "sde-dpmsolver"}),
}


@pytest.mark.parametrize("steps", [3, 10, 14, 15, 20])
@pytest.mark.parametrize("key", ABOVE)
def test_runs_to_sigma_min(monkeypatch, key, steps):
    """`diffusers` as it is by default, its lower order at the end too, but for final_sigmas_type. Mutants killed: an order that is lowered in longer runs; that of the last step alone."""
    sampler, config = ABOVE[key]
    other, _ = make(monkeypatch, *DPM, prediction_type="sample", final_sigmas_type="sigma_min", **config)
    other.set_timesteps(steps)
    assert float(other.sigmas[-1]) > 0
    want = states_of(other, on_vp, START, draws() if "algorithm_type" in config else None)
    assert error(ours(sampler, VP_, FIVE, START, other.sigmas, draws()).states, want) < 1e-10


@pytest.mark.parametrize("steps", [5, 20])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_unipc_to_sigma_min(monkeypatch, order, steps):
    """There the order falls with the steps to go in runs of any length."""
    config = {"prediction_type": "sample", "solver_order": order, "final_sigmas_type": "sigma_min"}
    other, _ = make(monkeypatch, "scheduling_unipc_multistep", "UniPCMultistepScheduler", **config)
    other.set_timesteps(steps)
    x, want = START, [START]
    for i, t in enumerate(other.timesteps):
        x = other.step(on_vp(x, other.sigmas[i]), t, x).prev_sample
        if i:
            want.append(other.last_sample)
    got = ours(pg.UniPC(order=order, lower_above=True), VP_, FIVE, START, other.sigmas).states
    assert error(got, torch.stack([*want, x])) < 1e-10


@pytest.mark.parametrize("key", [key for key, cls in registry("samplers").items() if issubclass(cls, LowersAbove)])
def test_runs_to_zero_do_not_see_it(key):
    cls = registry("samplers")[key]
    exp = pg.Experiment(sampler=cls(), particles=30, grid=pg.UniformLogSNR(steps=9))
    assert torch.equal(pg.simulate(exp).states, pg.simulate(exp.replace(sampler=cls(lower_above=True))).states)
    above = exp.replace(grid=pg.UniformLogSNR(steps=9, denoise=False))
    lowered = pg.simulate(above.replace(sampler=cls(lower_above=True))).states
    assert torch.equal(pg.simulate(above).states[:-2], lowered[:-2])
    assert not torch.equal(pg.simulate(above).states[-1], lowered[-1])
