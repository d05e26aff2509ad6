"""The exact probability flow from one time to another: what an ODE sampler's step is measured against."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from playground.core.exact import Exact, mixture_at
from playground.core.mixture import GaussianMixture
from playground.core.problem import Problem
from playground.core.process import t64
from playground.core.rng import Rng
from playground.samplers.ode import RK4, RK45

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


def exact_flow(oracle: Exact, z: Tensor, t: float, s: float, step: float = STEP) -> Tensor:
    """z_s of the probability-flow ODE through z at time t, s < t or s > t > 0; z (batch, *state), s = 0 is the data end.

    Scalar processes: in l = ln ρ, ρ = σ/α, and w = x/√(α² + σ²), c = 1/√(1 + ρ²), the flow is dw/dl = c² w − c E[x_0 | x], smooth and of unit
    size at every noise level; classical RK4 in l, and where ρ is small against every component, x_0 = (x/α + E[x_0 | x])/2, whose error is
    O(ρ⁴). Other processes: adaptive RK45 at tolerance 1e-7.
    """
    process = oracle.process
    if t == s:
        return z
    problem = Problem(process, oracle)
    if "snr" in process.caps and math.isfinite(process.scalar().at(t).half_log_snr):
        return _scalar(problem, oracle, z, t, s, step)
    if s > 0:
        return _adaptive(problem, z, t, s)
    near = 1e-2 * process.t_min
    z = _adaptive(problem, z, t, near) if t > near else z
    return problem.denoise(z, min(t, near))


def _scalar(problem: Problem, oracle: Exact, z: Tensor, t: float, s: float, step: float) -> Tensor:
    process = problem.scalar
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
    size = [math.hypot(process.at(u).alpha, process.at(u).sigma) for u in ts]
    c = [process.at(u).alpha / r for u, r in zip(ts, size, strict=True)]
    w = z / size[0]

    def slope(w: Tensor, i: int) -> Tensor:
        return c[i] ** 2 * w - c[i] * problem.x0(size[i] * w, ts[i])

    for i in range(0, 2 * count, 2):
        k1 = slope(w, i)
        k2 = slope(w + 0.5 * h * k1, i + 1)
        k3 = slope(w + 0.5 * h * k2, i + 1)
        k4 = slope(w + h * k3, i + 2)
        w = w + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    z = size[-1] * w
    # at the data end dy = −½ score d(ρ²) for y = x/α, and E[x_0 | x] = y + ρ² score: half-way to the denoiser
    return z if s > 0 else 0.5 * (z / process.at(ts[-1]).alpha + problem.x0(z, ts[-1]))


def _adaptive(problem: Problem, z: Tensor, t: float, s: float) -> Tensor:
    solver = RK45(log_tol=-7.0)
    if s < t:
        return solver.step(problem, z, t, s, solver.init(problem, z, [t, s]), Rng(0))[0]
    # upwards (only for the history of multistep samplers, a few steps): RK4 on a fine even grid
    count = 16
    ts = torch.linspace(t, s, 2 * count + 1, dtype=torch.float64).tolist()
    problem.prepare(ts)
    for i in range(0, 2 * count, 2):
        z = RK4().step(problem, z, ts[i], ts[i + 2], None, Rng(0))[0]
    return z


def on_the_line(oracle: Exact) -> bool:
    """Is the exact flow the quantile map of closed-form mixtures? (1D state, linear process.)"""
    return oracle.flow_is_quantiles and oracle.state_dim == 1


def any_flow(oracle: Exact, z: Tensor, t: float, s: float, step: float = STEP) -> Tensor:
    """The exact flow, by the quantile map where there is one and by ``exact_flow`` elsewhere; z (batch, *state) in float64."""
    if not on_the_line(oracle):
        return exact_flow(oracle, z, t, s, step)
    return quantile_map(mixture_at(oracle, t), mixture_at(oracle, s), z.reshape(-1).to(t64(0).dtype)).reshape(z.shape)
