"""What the parity tests of several samplers share: `diffusers` run from the same noise and the same exact model.

Conventions of the other side that matter:
- Tables are float32 there; ``family.make`` rebuilds them in float64, and our levels ρ = σ/α are read from the scheduler.
- Multistep DPM-Solver of order 3 (all three algorithms) halves the second difference: compared with ``released=True``.
- Singlestep schedulers take one model call a step: our step of order k is k of theirs. Their table is set to levels at which the stages lie (thirds
  or halves of a step in L). Order 3 mixes two of their options: the second stage is their 'heun' form, the last their 'midpoint' form.
- UniPC and PNDM correct a state at the next call: our state is their corrected one.
"""

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.experiment import Experiment
from playground.core.problem import Problem
from playground.core.process import ScalarGaussian, t64
from playground.core.spec import Info
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle
from tests.samplers.family import EDM_, F64, FIVE, START, VP_, draws, error, make, ours, vp_x0, x0_at

Runner = Callable[[pytest.MonkeyPatch, int], float]
"""(monkeypatch, steps) → the largest error of our states, of |x| + 1."""

DPM = ("scheduling_dpmsolver_multistep", "DPMSolverMultistepScheduler")
ENDS = {"final_sigmas_type": "sigma_min", "lower_order_final": False}
KARRAS = {"use_karras_sigmas": True}


def states_of(other, model, x, noise=None, **kwargs):
    """All states of a scheduler run whose model is ``model(x, ρ)``."""
    out = [x]
    for i, t in enumerate(other.timesteps):
        if noise is not None:
            kwargs["variance_noise"] = noise(x.shape)
        x = other.step(model(x, other.sigmas[i]), t, x, **kwargs).prev_sample
        out.append(x)
    return torch.stack(out)


def on_vp(x, rho):
    return vp_x0(FIVE, rho, x)


def multistep(where, name, sampler, noisy=False, **config):
    """A multistep scheduler on VP's table, model in x_0 form."""

    def run(monkeypatch, steps):
        other, _ = make(monkeypatch, where, name, prediction_type="sample", **config)
        other.set_timesteps(steps)
        want = states_of(other, on_vp, START, draws() if noisy else None)
        return error(ours(sampler, VP_, FIVE, START, other.sigmas, draws()).states, want)

    return run


def singlestep_scheduler(monkeypatch, order, algorithm, **config):
    """A singlestep scheduler that ends at its table's first level, model in x_0 form."""
    where, name = "scheduling_dpmsolver_singlestep", "DPMSolverSinglestepScheduler"
    told = {"prediction_type": "sample", "solver_order": order, "algorithm_type": algorithm, **ENDS, **config}
    return make(monkeypatch, where, name, **told)[0]


def singlestep(sampler, order, algorithm):
    def run(monkeypatch, steps):
        other = singlestep_scheduler(monkeypatch, order, algorithm)
        other.set_timesteps(order * steps)
        high, low = float(other.sigmas[0]), 0.02
        u = torch.linspace(0, 1, steps + 1, dtype=F64) ** 1.3  # our levels, uneven in L, with the stages between them
        coarse = np.log(high) + (np.log(low) - np.log(high)) * u
        fine = torch.cat(
            [coarse[:-1, None] + (coarse[1:] - coarse[:-1])[:, None] * torch.arange(order) / order, coarse[-1:, None].expand(1, order)]
        )
        other.sigmas = fine.flatten()[: order * steps + 1].exp()
        other.timesteps = torch.arange(order * steps, 0, -1)
        other.order_list = list(range(1, order + 1)) * steps
        x, want = START, [START]
        for i, t in enumerate(other.timesteps):
            if order == 3:
                other.register_to_config(solver_type="heun" if i % 3 == 1 else "midpoint")
            x = other.step(on_vp(x, other.sigmas[i]), t, x).prev_sample
            if i % order == order - 1:
                want.append(x)
        return error(ours(sampler, VP_, FIVE, START, coarse.exp()).states, torch.stack(want))

    return run


@dataclass(frozen=True)
class Table(ScalarGaussian):
    """VP whose time is the index of a table of ᾱ, log-SNR linear between its entries; not in the registry."""

    info = Info("Table", "table")
    knots: tuple[float, ...] = ()

    @property
    def t_max(self) -> float:
        return float(len(self.knots) - 1)

    def half_log_snr(self, t):
        k = t64(self.knots)
        low = t64(t).floor().clamp(0, len(k) - 2).long()
        return k[low] + (t64(t) - low) * (k[low + 1] - k[low])

    def time_at(self, half_log_snr):
        return t64(np.interp(-t64(half_log_snr).numpy(), -np.array(self.knots), np.arange(float(len(self.knots)))))

    def alpha(self, t):
        return torch.sigmoid(2 * self.half_log_snr(t)).sqrt()

    def sigma(self, t):
        return torch.sigmoid(-2 * self.half_log_snr(t)).sqrt()

    def _rate(self, t):
        k = t64(self.knots)
        low = t64(t).floor().clamp(0, len(k) - 2).long()
        return k[low + 1] - k[low]

    def dalpha(self, t):
        return self.alpha(t) * self.sigma(t) ** 2 * self._rate(t)

    def dsigma(self, t):
        return -self.sigma(t) * self.alpha(t) ** 2 * self._rate(t)


def table(bars):
    """Time 0 of our table is a level of its own (the data); index i of theirs is time i + 1."""
    b = np.asarray(bars, dtype=np.float64)
    knots = 0.5 * (np.log(b) - np.log1p(-b))
    return Table((float(2 * knots[0] - knots[1]) + 5.0, *map(float, knots)))


def pndm(skip):
    def run(monkeypatch, steps):
        other, _ = make(monkeypatch, "scheduling_pndm", "PNDMScheduler", skip_prk_steps=skip, steps_offset=1, timestep_spacing="leading")
        other.set_timesteps(steps)
        process = table(other.alphas_cumprod)
        model = Problem(process, MixtureOracle(FIVE, process))
        x, seen = START, {}
        for t in other.timesteps.tolist():
            x = other.step(model.eps(x, float(t + 1)), t, x).prev_sample
            seen[t] = x
        ratio = 1000 // steps
        times = [float(t + 1) for t in other._timesteps[::-1]] + [1.0]
        sampler = pg.PLMS(released=True) if skip else pg.PNDM(released=True)
        exp = Experiment(process=process, sampler=sampler, grid="UniformTime")
        got = simulate(exp, data=FIVE, initial=START, times=times, dtype=F64)
        assert times[0] - times[1] == ratio
        return error(got.states[-1], x)

    return run


def in_y(where, name, sampler, stride=1, noisy=False, **config):
    """Schedulers in y = x/α with Karras levels, the model in ε form; ``stride`` of their calls are one step of ours."""

    def run(monkeypatch, steps):
        if where.endswith("solver_sde"):
            monkeypatch.setitem(sys.modules, "torchsde", types.ModuleType("torchsde"))  # only its Brownian tree is used: replaced below
        other, module = make(monkeypatch, where, name, **config)
        other.set_timesteps(steps)
        noise = draws()
        if noisy and hasattr(module, "randn_tensor"):
            monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(tuple(shape)))
        if where.endswith("solver_sde"):
            other.noise_sampler = brownian(noise)
        rhos = torch.unique_consecutive(other.sigmas)  # levels of two-call steps are listed twice
        y = START * rhos[0]
        want = [y]
        other.is_scale_input_called = True
        for i, t in enumerate(other.timesteps):
            if other.step_index is None:
                other._init_step_index(t)
            level = other.sigmas[i]
            if stride == 2 and i % 2 == 1:
                level = stage_level(other, i)
            e = (y - x0_at(FIVE, level, y)) / level
            y = other.step(e, t, y).prev_sample
            if stride == 1 or i % 2 == 1 or i == len(other.timesteps) - 1:
                want.append(y)
        return error(ours(sampler, EDM_, FIVE, START * rhos[0], rhos, draws()).states, torch.stack(want))

    return run


def stage_level(other, i):
    """The noise level of the second model call of a two-call step."""
    if hasattr(other, "mid_point_sigma"):
        return other.mid_point_sigma
    if hasattr(other, "sigmas_interpol"):
        return other.sigmas_interpol[i if "Ancestral" not in type(other).__name__ else i - 1]
    return other.sigmas[i]


def brownian(noise):
    """The scheduler's noise on a Brownian path in σ: W(mid) − W(σ), then W(next) − W(σ), normalised."""
    kept = {}

    def draw(sigma, after):
        if "mid" not in kept:
            kept["mid"], kept["n"] = float(after), noise(tuple(START.shape))
            return kept["n"]
        mid, n = kept.pop("mid"), kept.pop("n")
        c2 = (float(sigma) - mid) / (float(sigma) - float(after))
        return c2**0.5 * n + (1 - c2) ** 0.5 * noise(tuple(START.shape))

    return draw


def score_sde(corrector):
    """ScoreSdeVeScheduler: Song's reverse diffusion predictor and Langevin corrector for VE; up to its last positive level."""

    def run(monkeypatch, steps):
        other, module = make(monkeypatch, "scheduling_sde_ve", "ScoreSdeVeScheduler", sigma_min=0.02, sigma_max=50.0, snr=0.16)
        other.set_timesteps(steps)
        other.set_sigmas(steps)
        noise = draws()
        monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(tuple(shape)))
        rhos = torch.exp(torch.linspace(np.log(0.02), np.log(50.0), steps, dtype=F64))
        other.discrete_sigmas = rhos
        y = START * rhos[-1]
        want = [y]
        for i in range(steps - 1, 0, -1):
            for _ in range(corrector):
                y = other.step_correct((x0_at(FIVE, rhos[i], y) - y) / rhos[i] ** 2, y).prev_sample
            # the time is the middle of the table's cell, of which the scheduler takes the floor
            y = other.step_pred((x0_at(FIVE, rhos[i], y) - y) / rhos[i] ** 2, torch.tensor((i + 0.5) / (steps - 1)), y).prev_sample
            want.append(y)
        sampler = pg.PredictorCorrector(corrector_steps=corrector) if corrector else pg.ReverseDiffusion()
        return error(ours(sampler, EDM_, FIVE, START * rhos[-1], rhos.flip(0), draws()).states, torch.stack(want))

    return run
