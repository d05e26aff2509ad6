"""The exact probability flow from one time to another: what an ODE sampler's step is measured against."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from playground.core.problem import Problem
from playground.core.process import ScalarGaussian, t64
from playground.core.rng import Rng
from playground.samplers.ode import RK45
from toy_models.mixture import GaussianMixture
from toy_models.oracles.mixture import MixtureOracle

STEP = 0.1  # length of a Runge–Kutta step in ln(σ/α)
SMALL = 0.05  # σ/α over the narrowest component's standard deviation from which the rest of the way to 0 is done in one step


def log_tails(law: GaussianMixture, x: Tensor) -> tuple[Tensor, Tensor]:
    """ln F(x) and ln(1 − F(x)) of a mixture on the line, x (n,), each without cancellation far out."""
    u = (x[:, None] - law.means[:, 0]) / law.covs[:, 0, 0].sqrt()
    w = law.weights.log()
    return torch.logsumexp(w + torch.special.log_ndtr(u), -1), torch.logsumexp(w + torch.special.log_ndtr(-u), -1)


def quantile_map(start: GaussianMixture, end: GaussianMixture, x: Tensor, halvings: int = 50) -> Tensor:
    """F_end⁻¹(F_start(x)), x (n,), by halving intervals on the smaller tail's logarithm.

    On the line the probability flow keeps the order of points, so that it is this map, whatever the process.
    """
    left, right = log_tails(start, x)
    spread = end.covs[:, 0, 0].sqrt()
    reach = float(((x[:, None] - start.means[:, 0]) / start.covs[:, 0, 0].sqrt()).abs().max()) + 9
    lo = torch.full_like(x, float((end.means[:, 0] - reach * spread).min()))
    hi = torch.full_like(x, float((end.means[:, 0] + reach * spread).max()))
    lower = left < right
    for _ in range(halvings):
        mid = 0.5 * (lo + hi)
        f, g = log_tails(end, mid)
        short = torch.where(lower, f < left, g > right)  # the quantile lies above mid
        lo, hi = torch.where(short, mid, lo), torch.where(short, hi, mid)
    return 0.5 * (lo + hi)


def exact_flow(oracle: Any, z: Tensor, t: float, s: float, step: float = STEP) -> Tensor:
    """z_s of the probability-flow ODE through z at time t, s < t or s > t > 0; z (batch, *state), s = 0 is the data end.

    Scalar processes: in y = x/α and l = ln(σ/α) the flow is dy/dl = y − E[x_0 | x], smooth at every noise level; classical RK4 in l, and where
    ρ = σ/α is small against every component, y_0 = (y + E[x_0 | x])/2, whose error is O(ρ⁴). Other processes: adaptive RK45 at tolerance 1e-7.
    """
    process = oracle.process
    if t == s:
        return z
    problem = Problem(process, oracle)
    if isinstance(process, ScalarGaussian) and math.isfinite(process.at(t).half_log_snr):
        return _scalar(problem, oracle, z, t, s, step)
    if s > 0:
        return _adaptive(problem, z, t, s)
    near = 1e-2 * process.t_min
    z = _adaptive(problem, z, t, near) if t > near else z
    return problem.denoise(z, min(t, near))


def _scalar(problem: Problem, oracle: Any, z: Tensor, t: float, s: float, step: float) -> Tensor:
    process = problem.process
    top = -process.at(t).half_log_snr
    narrow = 0.5 * math.log(float(torch.linalg.eigvalsh(oracle.data.covs).min()))
    end = -process.at(s).half_log_snr if s > 0 else min(top, narrow + math.log(SMALL))
    count = max(1, math.ceil(abs(end - top) / step)) if end != top else 0
    levels = torch.linspace(top, end, 2 * count + 1, dtype=torch.float64)
    times = process.time_at(-levels)
    times[0], times[-1] = t, (s if s > 0 else times[-1])
    ts = times.tolist()
    problem.prepare(ts)
    h = (end - top) / count if count else 0.0
    alpha = [process.at(u).alpha for u in ts]
    y = z / alpha[0]

    def slope(y: Tensor, i: int) -> Tensor:
        return y - problem.x0(alpha[i] * y, ts[i])

    for i in range(0, 2 * count, 2):
        k1 = slope(y, i)
        k2 = slope(y + 0.5 * h * k1, i + 1)
        k3 = slope(y + 0.5 * h * k2, i + 1)
        k4 = slope(y + h * k3, i + 2)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    if s > 0:
        return process.at(s).alpha * y
    # dy = −½ score d(ρ²) and E[x_0 | x] = y + ρ² score: half-way to the denoiser
    return 0.5 * (y + problem.x0(alpha[-1] * y, ts[-1]))


def _adaptive(problem: Problem, z: Tensor, t: float, s: float) -> Tensor:
    solver = RK45(log_tol=-7.0)
    if s < t:
        return solver.step(problem, z, t, s, solver.init(problem, z, [t, s]), Rng(0))[0]
    # upwards (only for the history of multistep samplers, a few steps): RK4 on a fine even grid
    count = 16
    ts = torch.linspace(t, s, 2 * count + 1, dtype=torch.float64).tolist()
    problem.prepare(ts)
    h = (s - t) / count
    for i in range(0, 2 * count, 2):
        k1 = problem.velocity(z, ts[i])
        k2 = problem.velocity(z + 0.5 * h * k1, ts[i + 1])
        k3 = problem.velocity(z + 0.5 * h * k2, ts[i + 1])
        k4 = problem.velocity(z + h * k3, ts[i + 2])
        z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return z


def law_at(oracle: Any, t: float) -> Any:
    """p_t as a law; at t = 0 that of the clean state."""
    return oracle.marginal(t) if t > 0 else oracle.lifted()


def on_the_line(oracle: Any) -> bool:
    """Is the exact flow the quantile map of closed-form mixtures? (1D state, linear process.)"""
    return isinstance(oracle, MixtureOracle) and oracle.state_dim == 1


def any_flow(oracle: Any, z: Tensor, t: float, s: float, step: float = STEP) -> Tensor:
    """The exact flow, by the quantile map where there is one and by ``exact_flow`` elsewhere; z (batch, *state) in float64."""
    if not on_the_line(oracle):
        return exact_flow(oracle, z, t, s, step)
    return quantile_map(law_at(oracle, t), law_at(oracle, s), z.reshape(-1).to(t64(0).dtype)).reshape(z.shape)
