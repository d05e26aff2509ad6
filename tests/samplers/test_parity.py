"""The same noise and the same exact model through Hugging Face's `diffusers`: an independent implementation of six samplers.

In float64, as family.py says; the noise levels of our runs are read from the scheduler's own tables, so that what is compared is the update rule.
"""

import importlib

import numpy as np
import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.problem import Problem
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle
from playground.processes.flow import Flow
from playground.samplers.ddim import DDIM
from playground.samplers.ddpm import DDPM
from playground.samplers.dpmpp_2m import DPMSolverPP2M
from playground.samplers.edm_heun import EDMHeun
from playground.samplers.ode import Euler
from tests.samplers.family import EDM_, VP_, draws, make, x0_at

INF = float("inf")
# `diffusers` calls np.array on tensors, of which this numpy complains
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def scheduler(monkeypatch):
    """scheduler(module, class, **config): a scheduler that computes in float64."""
    torch.set_default_dtype(torch.float64)

    yield lambda where, name, **config: make(monkeypatch, where, name, **config)[0]
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def start():
    return torch.randn(16, 2, generator=torch.Generator().manual_seed(11), dtype=torch.float64)


def ours(sampler, process, data, z, levels, noise=None):
    exp = Experiment(process=process, sampler=sampler)
    return simulate(exp, data=data, initial=z, log_snr=levels, dtype=torch.float64, noise=noise).states


def same(got, want, tol=1e-9):
    """Every state of the run within tol·(1 + |x|); the issue asks for 1e-6."""
    assert got.shape == want.shape
    error = float(((got - want).abs() / (1 + want.abs())).max())
    assert error <= tol, error


def vp_levels(bars):
    """log-SNR of ᾱ, exactly and in the order given; ᾱ = 1 is the end."""
    return [INF if b == 1 else float(np.log(b) - np.log1p(-b)) for b in np.asarray(bars, dtype=np.float64)]


def eps_at(data, bar, x):
    """ε̂ of the exact model under VP at ᾱ."""
    problem = Problem(VP_, MixtureOracle(data, VP_))
    t = float(VP_.time_at(torch.tensor(vp_levels([bar])[0] / 2, dtype=torch.float64)))
    return problem.eps(x, t)


@pytest.mark.parametrize("variance", ["small", "large"])
def test_ddpm(scheduler, start, five, variance, monkeypatch):
    """Ancestral sampling at 20 of 1000 steps.

    Mutants killed: β̃ and β exchanged; e^{−h} left out of the posterior mean; noise in the last step.
    """
    other = scheduler("scheduling_ddpm", "DDPMScheduler", variance_type=f"fixed_{variance}", clip_sample=False)
    other.set_timesteps(20)
    noise = draws()
    module = importlib.import_module("diffusers.schedulers.scheduling_ddpm")
    monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(shape))
    x, states = start, [start]
    for t in other.timesteps:
        x = other.step(eps_at(five, float(other.alphas_cumprod[t]), x), t, x).prev_sample
        states.append(x)
    levels = vp_levels([*other.alphas_cumprod[other.timesteps], 1.0])
    same(ours(DDPM(variance=variance), VP_, five, start, levels, draws()), torch.stack(states))


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_ddim(scheduler, start, five, eta):
    """Mutants killed: c² = η β̃ in place of η² β̃; √(σ_s² − c²) without c."""
    other = scheduler("scheduling_ddim", "DDIMScheduler", clip_sample=False, steps_offset=1)
    other.set_timesteps(20)
    noise = draws()
    x, states = start, [start]
    for t in other.timesteps.tolist():
        xi = noise(x.shape) if eta and t > 50 else torch.zeros_like(x)
        x = other.step(eps_at(five, float(other.alphas_cumprod[t]), x), t, x, eta=eta, variance_noise=xi).prev_sample
        states.append(x)
    levels = vp_levels([*other.alphas_cumprod[other.timesteps], 1.0])
    same(ours(DDIM(eta=eta), VP_, five, start, levels, draws()), torch.stack(states))


def edm_levels(sigmas):
    return [INF if s == 0 else -2 * float(torch.log(s)) for s in sigmas]


def test_edm_heun(scheduler, start, five):
    """Deterministic Heun on the Karras grid, 18 steps, 35 model calls: HeunDiscreteScheduler with Karras levels.

    Mutants killed: d' at the old noise level; average of d and d' replaced by d' alone.
    """
    other = scheduler("scheduling_heun_discrete", "HeunDiscreteScheduler", use_karras_sigmas=True, prediction_type="sample")
    other.set_timesteps(18)
    sigmas = torch.cat([other.sigmas[:1], other.sigmas[1:-1:2], other.sigmas[-1:]])  # the scheduler lists inner levels twice
    x = start * sigmas[0]
    states = [x]
    for i, t in enumerate(other.timesteps):
        level = other.sigmas[i]
        x = other.step(x0_at(five, level, x), t, x).prev_sample
        if i % 2 == 1 or i == len(other.timesteps) - 1:
            states.append(x)
    assert len(other.timesteps) == 35
    same(ours(EDMHeun(), EDM_, five, start * sigmas[0], edm_levels(sigmas)), torch.stack(states))


def test_edm_heun_with_churn(scheduler, start, five, monkeypatch):
    """Algorithm 2 with churn, S_min, S_max and S_noise: the (deprecated, but only complete) KarrasVeScheduler.

    Mutants killed: γ added to σ instead of multiplied; model asked at σ instead of σ̂; S_noise left out; churn outside [S_min, S_max].
    """
    churn = {"s_churn": 6.0, "s_min": 0.3, "s_max": 20.0, "s_noise": 1.05}
    other = scheduler("deprecated.scheduling_karras_ve", "KarrasVeScheduler", sigma_min=0.02, sigma_max=40, **churn)
    noise = draws()
    module = importlib.import_module("diffusers.schedulers.deprecated.scheduling_karras_ve")
    # it draws also where γ = 0 and then multiplies by zero: draw only where the noise is used
    monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(shape) if churning else torch.zeros(shape))
    sigmas = EDM_.time_at(torch.linspace(-np.log(40.0), -np.log(0.02), 15, dtype=torch.float64))
    other.num_inference_steps = 15
    x = start * sigmas[0]
    states = [x]
    for i, sigma in enumerate(sigmas):
        after = sigmas[i + 1] if i < 14 else torch.zeros(())
        churning = 0.3 <= sigma <= 20
        hat, high = other.add_noise_to_input(x, sigma)
        model = (x0_at(five, high, hat) - hat) / high
        out = other.step(model, high, after, hat)
        x = out.prev_sample
        if after > 0:
            model = (x0_at(five, after, x) - x) / after
            x = other.step_correct(model, high, after, hat, x, out.derivative).prev_sample
        states.append(x)
    sampler = EDMHeun(churn=6.0, churn_from=0.3, churn_to=20.0, noise_scale=1.05)
    same(ours(sampler, EDM_, five, start * sigmas[0], edm_levels([*sigmas, torch.zeros(())]), draws()), torch.stack(states))


@pytest.mark.parametrize("steps", [10, 20])
def test_dpmpp_2m_on_vp(scheduler, start, five, steps):
    """DPMSolverMultistepScheduler, data prediction, midpoint form, with and without its low order ending.

    Mutants killed: r = h/h_prev inverted (still order 2!); 1/r in place of 1/2r; no history.
    """
    other = scheduler("scheduling_dpmsolver_multistep", "DPMSolverMultistepScheduler", prediction_type="sample")
    assert float(other.alphas_cumprod[-1]) == pytest.approx(4.036e-5, rel=1e-3)  # math 2.1
    other.set_timesteps(steps)
    bars = 1 / (1 + other.sigmas.square())
    x, states = start, [start]
    oracle = MixtureOracle(five, VP_)
    levels = vp_levels(bars)
    times = VP_.time_at(torch.tensor(levels[:-1]) / 2).tolist()
    for t, time in zip(other.timesteps, times, strict=True):
        x = other.step(oracle(x, time).x0_hat, t, x).prev_sample
        states.append(x)
    same(ours(DPMSolverPP2M(), VP_, five, start, levels), torch.stack(states))


def test_dpmpp_2m_on_edm(scheduler, start, five):
    """EDMDPMSolverMultistepScheduler on the Karras grid (uneven in log-SNR). Mutant killed: r inverted."""
    other = scheduler("scheduling_edm_dpmsolver_multistep", "EDMDPMSolverMultistepScheduler")
    other.set_timesteps(20)
    x = start * other.sigmas[0]
    states = [x]
    for i, t in enumerate(other.timesteps):
        sigma = other.sigmas[i]
        skip, out = 0.25 / (sigma**2 + 0.25), sigma * 0.5 / (sigma**2 + 0.25).sqrt()
        x = other.step((x0_at(five, sigma, x) - skip * x) / out, t, x).prev_sample
        states.append(x)
    same(ours(DPMSolverPP2M(), EDM_, five, start * other.sigmas[0], edm_levels(other.sigmas)), torch.stack(states))


def test_euler_on_edm(scheduler, start, five):
    """Euler in σ = t: EulerDiscreteScheduler. Mutant killed: velocity taken at s."""
    other = scheduler("scheduling_euler_discrete", "EulerDiscreteScheduler", prediction_type="sample", use_karras_sigmas=True)
    other.set_timesteps(20)
    x = start * other.sigmas[0]
    states = [x]
    for i, t in enumerate(other.timesteps):
        other.is_scale_input_called = True
        x = other.step(x0_at(five, other.sigmas[i], x), t, x).prev_sample
        states.append(x)
    same(ours(Euler(), EDM_, five, start * other.sigmas[0], edm_levels(other.sigmas)), torch.stack(states))


def test_euler_on_flow(scheduler, start, five):
    """Euler on the linear flow: FlowMatchEulerDiscreteScheduler with the velocity ε̂ − x̂_0. Mutant killed: sign of α̇."""
    other = scheduler("scheduling_flow_match_euler_discrete", "FlowMatchEulerDiscreteScheduler")
    other.set_timesteps(sigmas=np.linspace(0.99, 0.02, 20))
    x, states = start, [start]
    oracle = MixtureOracle(five, Flow())
    for i, t in enumerate(other.timesteps):
        s = float(other.sigmas[i])
        d = oracle(x, s).x0_hat
        x = other.step((x - d) / s, t, x).prev_sample
        states.append(x)
    exp = Experiment(process=Flow(), sampler=Euler())
    trace = simulate(exp, data=five, initial=start, times=other.sigmas, dtype=torch.float64)
    same(trace.states, torch.stack(states))
