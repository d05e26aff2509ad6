"""Declared orders of convergence, from slopes over five grids against exact flows of an anisotropic Gaussian."""

import functools
import itertools

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from playground.core.experiment import Experiment
from playground.core.legal import why_illegal
from playground.core.process import ScalarGaussian, t64
from playground.core.spec import registry
from playground.engine import simulate
from playground.processes.cld import CLD
from playground.processes.edm import EDM
from playground.processes.flow import Flow
from playground.processes.sub_vp import SubVP
from playground.processes.ve import VE
from playground.processes.vp import VP
from playground.schedules.cosine import Cosine
from tests.real import real

PROCESSES = {
    "VP": VP(),
    "VP-cosine": VP(Cosine()),
    "SubVP": SubVP(),
    "VE": VE(),
    "EDM": EDM(),
    "Flow": Flow(),
    "CLD": CLD(),
    "CLD-under": CLD(friction=0.4),
}
# RK45 chooses its own steps. A cold start's first step shows from a finite noise level as here: test_family_orders fits these from pure noise, and its
# test_cold_start holds that fact
SOLVERS = {
    key: cls() for key, cls in real("samplers").items() if cls.info.order is not None and cls.info.nfe is not None and not cls.cold_start
}
PAIRS = [(s, p) for s, p in itertools.product(SOLVERS, PROCESSES) if not why_illegal(SOLVERS[s], PROCESSES[p])]


def levels(process, n, lo, hi):
    """n steps even in L = ln(α/σ), stretched a little so that step ratios differ from one."""
    u = torch.linspace(0, 1, n + 1, dtype=torch.float64)
    return process.time_at(lo + (hi - lo) * (0.7 * u + 0.3 * u**2))


def gaussian_flow(data, process, z, t, s):
    """math 1.8: along every eigenvector √(variance) scales, (x_s − α_s m) = (x_t − α_t m) √(v_s/v_t)."""
    values, vectors = torch.linalg.eigh(data.covs[0])
    now, then = process.at(t), process.at(s)
    stretch = ((then.alpha**2 * values + then.sigma**2) / (now.alpha**2 * values + now.sigma**2)).sqrt()
    return then.alpha * data.means[0] + (z - now.alpha * data.means[0]) @ vectors * stretch @ vectors.T


@functools.cache
def cld_flow(process, c, t, s):
    """Φ and centre of the linear ODE dz/dt = F z + ½ GGᵀ S⁻¹(z − ψm) of one coordinate with data N(·, c): (2, 2) map of z − ψm."""

    def rhs(time, flat):
        psi, sigma = process.mean_and_cov(t64(time))
        f, g = process.sde(t64(time))
        m = f + 0.5 * g @ torch.linalg.inv(c * torch.outer(psi, psi) + sigma)
        return (m.numpy() @ flat.reshape(2, 2)).ravel()

    out = solve_ivp(rhs, (t, s), np.eye(2).ravel(), method="DOP853", rtol=1e-13, atol=1e-14)
    return torch.as_tensor(out.y[:, -1].reshape(2, 2))


def exact(data, process, z, t, s):
    if isinstance(process, ScalarGaussian):
        return gaussian_flow(data, process, z, t, s)
    values, vectors = torch.linalg.eigh(data.covs[0])
    psi_t, psi_s = (process.kernel.at(u).psi for u in (t, s))
    y = (z - psi_t[:, None] * data.means[0]) @ vectors
    y = torch.stack([y[:, :, i] @ cld_flow(process, float(c), t, s).T for i, c in enumerate(values)], -1)
    return psi_s[:, None] * data.means[0] + y @ vectors.T


def errors(sampler, process, data, steps):
    shape = process.state_shape(8, (2,))
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    out = []
    for n in steps:
        if isinstance(process, ScalarGaussian):
            times = levels(process, n, -2.0, 2.0)
        else:
            times = torch.linspace(0.9, 0.15, n + 1, dtype=torch.float64)
        t, s = float(times[0]), float(times[-1])
        start = noise * (float(process.kernel.at(t).cov[0, 0]) ** 0.5)
        trace = simulate(
            Experiment(process=process, sampler=sampler, grid="UniformTime"), data=data, initial=start, times=times, dtype=torch.float64
        )
        out.append(float((trace.states[-1] - exact(data, process, start, t, s)).abs().max()))
    return out


def fitted(steps, errors_):
    return -np.polyfit(np.log(steps), np.log(errors_), 1)[0]


@pytest.mark.parametrize(("key", "name"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_declared_order(key, name, tilted):
    """|slope − info.order| ≤ 0.15.

    Mutants killed: DDIM with ε̂ over σ_s; 2M without its history (D̃ = D); EDM Heun and Heun with d' at the old time; RK4 with
    weights 1 1 1 1 (/4); CLD's drift with 2 + λ² for 1 + λ².
    """
    solver = SOLVERS[key]
    steps = [32, 48, 64, 96, 128] if solver.info.order >= 3 else [64, 96, 128, 192, 256]
    slope = fitted(steps, errors(solver, PROCESSES[name], tilted, steps))
    # the midpoint rule's leading error vanishes for Gaussian data where time is the noise level: it is of order 3 there, as it declares
    more = PROCESSES[name].info.key in solver.superconvergent
    assert abs(slope - solver.info.order - more) <= 0.15, slope


@pytest.mark.parametrize("name", PROCESSES)
def test_rk45_meets_its_tolerance(name, tilted):
    """The error stays within a hundred tolerances and falls with it, calls grow slowly; the answer does not depend on the grid.

    Mutants killed: a wrong sign in the error weights, a wrong digit in the last stage or in the fifth-order weights.
    """
    process, rk = PROCESSES[name], registry("samplers")["RK45"]
    found = [errors(rk(log_tol=tol), process, tilted, [1])[0] for tol in (-3, -5, -7, -9)]
    for tol, error in zip((1e-3, 1e-5, 1e-7, 1e-9), found, strict=True):
        assert error <= 100 * tol, found
    assert found[0] > 100 * found[3]
    assert errors(rk(log_tol=-8), process, tilted, [5])[0] <= 100e-8


def test_orders_are_declared():
    """Every deterministic solver declares its order, so that a new one is met by the test above; NFE are as declared."""
    assert {key: cls.info.order for key, cls in real("samplers").items() if key in {"Euler", "Heun", "RK4", "RK45", "DDIM", "EDMHeun", "DPMSolverPP2M"}} == {
        "Euler": 1, "Heun": 2, "RK4": 4, "RK45": 5, "DDIM": 1, "EDMHeun": 2, "DPMSolverPP2M": 2,
    }  # fmt: skip
