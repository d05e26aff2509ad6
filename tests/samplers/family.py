"""What the tests of the sampler family share: exact flows, linear propagation, and `diffusers` in float64.

`diffusers` keeps tables in float32 and casts states to it. Its modules see float64 under that name here (``scheduler``); the noise levels of
our runs are read from the scheduler's own table, so that what is compared is the update rule alone.
"""

import importlib
import types

import numpy as np
import torch

from playground.core.experiment import Experiment
from playground.core.legal import why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.core.spec import registry
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle
from playground.processes.edm import EDM
from playground.processes.vp import VP
from playground.schedules.linear import LinearBeta

torch.set_num_threads(1)
F64 = torch.float64
VP_ = VP(LinearBeta(beta_max=20.5))  # the 1000-step table ends at ᾱ = 4.036e-5, a little below that of β_max = 20
EDM_ = EDM(sigma_max=160.0)
TILTED = GaussianMixture([1.0], [[0.4, -0.7]], [[[1.1, 0.55], [0.55, 0.4]]])


def five():
    """Five tilted 2D modes of unequal weight (conftest's fixture of that name)."""
    g = torch.Generator().manual_seed(5)
    root = 0.25 * torch.randn(5, 2, 2, generator=g, dtype=F64)
    means = 1.2 * torch.randn(5, 2, generator=g, dtype=F64)
    return GaussianMixture([0.1, 0.15, 0.2, 0.25, 0.3], means, root @ root.mT + 0.01 * torch.eye(2, dtype=F64))


FIVE = five()
START = torch.randn(16, 2, generator=torch.Generator().manual_seed(11), dtype=F64)


def draws(seed=7):
    """An endless source of standard normals, the same one for both libraries."""
    g = torch.Generator().manual_seed(seed)
    return lambda shape: torch.randn(tuple(shape), generator=g, dtype=F64)


class In64(types.ModuleType):
    """A module that answers float32 with float64."""

    def __init__(self, module):
        super().__init__(module.__name__)
        self.__dict__.update(vars(module) | {"float32": module.float64})
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, name)


def make(monkeypatch, where, name, **config):
    """A scheduler of `diffusers` that computes in float64, with its module."""
    module = importlib.import_module(f"diffusers.schedulers.{where}")
    monkeypatch.setattr(module, "torch", In64(torch))
    monkeypatch.setattr(module, "np", In64(np), raising=False)
    return getattr(module, name)(**config), module


def vp(sigma):
    """(α, σ) of VP at ρ = σ/α, in `diffusers`' own formula."""
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return alpha, sigma * alpha


def x0_at(data, rho, x, process=EDM_):
    """x̂_0 of the exact model where x = x_0 + ρ ε."""
    return MixtureOracle(data, process)(x, float(rho)).x0_hat


def vp_x0(data, rho, x):
    """x̂_0 of the exact model of VP at ρ: the same as EDM's at x/α (math 1.7)."""
    return x0_at(data, rho, x / vp(rho)[0])


def levels(rhos):
    """log-SNR of noise levels ρ, +inf for 0."""
    return [float("inf") if r == 0 else -2 * float(np.log(float(r))) for r in rhos]


def ours(sampler, process, data, z, rhos, noise=None):
    exp = Experiment(process=process, sampler=sampler)
    return simulate(exp, data=data, initial=z, log_snr=levels(rhos), dtype=F64, noise=noise)


def error(got, want):
    """max |got − want| / (1 + |want|)."""
    assert got.shape == want.shape
    return float(((got - want).abs() / (1 + want.abs())).max())


def gaussian_flow(data, process, z, t, s):
    """math 1.8: along every eigenvector (x_s − α_s m) = (x_t − α_t m) √(v_s/v_t)."""
    values, vectors = torch.linalg.eigh(data.covs[0])
    now, then = process.at(t), process.at(s)
    stretch = ((then.alpha**2 * values + then.sigma**2) / (now.alpha**2 * values + now.sigma**2)).sqrt()
    return then.alpha * data.means[0] + (z - now.alpha * data.means[0]) @ vectors * stretch @ vectors.T


def flow_errors(sampler, process, steps, lo=-5.0, hi=2.0):
    """Largest error at L = hi from a start at L = lo, which is where sampling starts: pure noise, for every number of steps.

    Steps are uneven in L (stretched by a quadratic), so that step ratios differ from one.
    """
    noise = torch.randn(8, 2, generator=torch.Generator().manual_seed(3), dtype=F64)
    out = []
    for n in steps:
        u = torch.linspace(0, 1, n + 1, dtype=F64)
        times = process.time_at(lo + (hi - lo) * (0.7 * u + 0.3 * u**2))
        t, s = float(times[0]), float(times[-1])
        start = noise * process.at(t).sigma
        trace = simulate(
            Experiment(process=process, sampler=sampler, grid="UniformTime"), data=TILTED, initial=start, times=times, dtype=F64
        )
        out.append(float((trace.states[-1] - gaussian_flow(TILTED, process, start, t, s)).abs().max()))
    return out


def slope(steps, errors):
    return -float(np.polyfit(np.log(steps), np.log(errors), 1)[0])


def propagate(sampler, process, c, times, mean=0.0):
    """Mean and variance of a sampler that is linear in state and draws, for N(mean, c) data in 1D, from the exact p at times[0].

    One run of basis particles: particle 0 starts at 0 with zero noise, particle 1 at 1, particle 2 + j at 0 with a one as its j-th draw.
    """
    data = GaussianMixture([1.0], [mean], [c])
    most = 4 * len(times) + 64
    start = torch.zeros(most + 2, 1, dtype=F64)
    start[1] = 1.0
    used = [0]

    def noise(shape):
        z = torch.zeros(shape, dtype=F64)
        z[2 + used[0]] = 1.0
        used[0] += 1
        return z

    times = [float(t) for t in times]
    trace = simulate(Experiment(process=process, sampler=sampler), data=data, initial=start, times=times, dtype=F64, noise=noise)
    end = trace.states[-1, :, 0]
    now = process.at(times[0])
    gain, pushes = end[1] - end[0], end[2 : 2 + used[0]] - end[0]
    start_var = now.alpha**2 * c + now.sigma**2
    return float(end[0] + gain * now.alpha * mean), float(gain**2 * start_var + (pushes**2).sum())


def uniform_levels(process, n, lo=-5.0, hi=2.0):
    u = torch.linspace(0, 1, n + 1, dtype=F64)
    return process.time_at(t64(lo) + (hi - lo) * u)


def home(sampler):
    """A process that the sampler fits: VP where it does."""
    return next(p for p in (VP(), *(cls() for cls in registry("processes").values())) if not why_illegal(sampler, p))
