"""Log-likelihood through the probability-flow ODE: log p_s(z_s) = log p_T(z_T) + ∫_s^T div u dt (math 1.5)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from playground.core.exact import Exact
from playground.core.fields import BadValue, Number, Whole
from playground.core.legal import sentence
from playground.core.problem import Predictor, Problem, check_model_time, check_state
from playground.core.process import Process, t64
from playground.core.rng import Rng

T0 = Number(1e-5, 1e-9, 0.999)
TOL = Number(1e-7, 1e-12, 1e-1)
PROBES = Whole(1, 1, 10_000)
STEPS = Whole(100, 1, 100_000)
EXACT_TRACE = 4  # state dimensions up to which the trace is exact


class Rule(NamedTuple):
    """An explicit Runge–Kutta rule: the share of the step at each stage, its row of the slopes before it, and the slopes' weights."""

    nodes: tuple[float, ...]
    stages: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]


RULES = {
    "Euler": Rule((0.0,), ((),), (1.0,)),
    "Heun": Rule((0.0, 1.0), ((), (1.0,)), (1 / 2, 1 / 2)),
    "RK4": Rule((0.0, 1 / 2, 1 / 2, 1.0), ((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}

Points = TypeVar("Points", Tensor, np.ndarray)


@dataclass(frozen=True)
class Likelihood(Generic[Points]):
    """log_p (batch,) in nats, latent: the states at t_max, calls: model calls of the solver (each also gives the divergence).

    probe_error (batch,): standard error of log_p from Hutchinson's probes, NaN for one probe, 0 for an exact trace.
    """

    log_p: Points
    latent: Points
    calls: int
    probe_error: Points


def log_likelihood(
    process: Process,
    predictor: Predictor,
    z: Tensor,
    *,
    t0: float = 1e-5,
    tol: float = 1e-7,
    trace: str = "auto",
    probes: int = 1,
    end: str = "prior",
    seed: int = 0,
    method: str = "adaptive",
    steps: int = 100,
) -> Likelihood[Tensor]:
    """log p_{t0}(z) of the model's flow, for states z (batch, *state); CLD: of the joint (x, v).

    Args:
        t0: where z lies in time, as a fraction of t_max above 0; p_{t0} is p_0 but for noise of that level.
        tol: relative and absolute tolerance of the solver (Dormand–Prince 8(5,3)) for states and log p.
        trace: 'exact' (one derivative a dimension), 'hutchinson' (E vᵀ(∂u/∂z)v over ``probes`` Rademacher v, fixed along the path), or 'auto':
            exact up to 4 state dimensions.
        end: 'prior': the law that sampling starts from, N(0, ·), as a model's likelihood is meant; 'exact': the true p_T, which shows
            the solver's error alone.
        method: 'adaptive' (to ``tol``), or a rule with ``steps`` steps, even in ln(α/σ) (in √t where there is no single noise level): 'Euler', 'Heun' or 'RK4', of order 1,
            2 and 4, with as many model calls a step. Log p is integrated by the same rule as the state.
    Returns: Likelihood. Raises: BadValue.
    """
    if missing := {"velocity"} - process.caps:
        raise BadValue("process", process.info.title, sentence(missing))
    for name, value, options in (
        ("trace", trace, ("auto", "exact", "hutchinson")),
        ("end", end, ("prior", "exact")),
        ("method", method, ("adaptive", *RULES)),
    ):
        if value not in options:
            raise BadValue(name, value, "one of " + ", ".join(options))
    probes, steps = PROBES.clean("probes", probes), STEPS.clean("steps", steps)
    t0, tol = T0.clean("t0", t0), TOL.clean("tol", tol)
    problem = Problem(process, predictor)
    if end == "prior" and "linear" not in process.caps:
        raise BadValue("end", end, "exact: only linear processes have a Gaussian prior")
    if end == "exact" and not problem.predictor.knows_density:  # a caller's own: asked for more than E[x_0 | z_t]
        raise BadValue("end", end, "prior: this model does not know p_T")
    check_state("z", z, process, problem.size)
    batch, shape = z.shape[0], tuple(z.shape)
    flat = z.detach().double().reshape(batch, -1)
    n = flat.shape[1]
    exact = trace == "exact" or (trace == "auto" and n <= EXACT_TRACE)
    rng = Rng(seed, dtype=torch.float64).stream("probes")
    vectors = [torch.sign(rng.normal((batch, n))) for _ in range(probes)] if not exact else []

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        with torch.inference_mode(False), torch.enable_grad():
            x = torch.tensor(y[: batch * n].reshape(batch, n), requires_grad=True)
            u = problem.velocity(x.reshape(shape), t).reshape(batch, n)
            if exact:
                div = sum(torch.autograd.grad(u[:, i].sum(), x, retain_graph=i < n - 1)[0][:, i] for i in range(n))
            else:
                rows = [(torch.autograd.grad((u * v).sum(), x, retain_graph=k < probes - 1)[0] * v).sum(-1) for k, v in enumerate(vectors)]
                div = torch.stack(rows)
        return np.concatenate([u.detach().numpy().ravel(), torch.as_tensor(div).detach().numpy().ravel()])

    start = np.concatenate([flat.numpy().ravel(), np.zeros(batch * max(1, len(vectors)))])  # each probe's integral is kept
    t_end = float(process.t_max)
    if method == "adaptive":
        out = solve_ivp(slope, (t0 * t_end, t_end), start, method="DOP853", rtol=tol, atol=tol, first_step=min(t0, 1e-3) * t_end)
        if not out.success:
            raise BadValue("tol", tol, f"a tolerance that the solver can meet ({out.message})")
        last = torch.as_tensor(out.y[:, -1])
    else:
        last = torch.as_tensor(stepped(slope, start, rising(process, t0 * t_end, steps), RULES[method]))
    latent, changes = last[: batch * n].reshape(batch, n), last[batch * n :].reshape(-1, batch)
    change = changes.mean(0)
    spread = changes.std(0) / math.sqrt(probes) if vectors and probes > 1 else torch.full_like(change, math.nan if vectors else 0.0)
    if end == "exact":
        log_end = problem.predictor.log_prob(latent.reshape(shape) if len(process.parts) == 1 else latent, t_end)
    else:
        cov = problem.linear.prior_cov()
        y = latent.reshape(batch, len(process.parts), -1)
        quad = torch.einsum("nbi,bc,nci->n", y, torch.linalg.inv(cov), y)
        log_end = -0.5 * (quad + y.shape[2] * torch.linalg.slogdet(cov).logabsdet + n * math.log(2 * math.pi))
    return Likelihood(log_end + change, latent.reshape(shape), problem.calls, spread)


Slope = Callable[[float, np.ndarray], np.ndarray]


def rising(process: Process, first: float, steps: int) -> list[float]:
    """Times (steps + 1) from ``first`` to t_max, even in the coordinate in which the errors of solvers vary slowly."""
    low, high = process.evened(first), process.evened(process.t_level)
    times = process.unevened(torch.linspace(low, high, steps + 1, dtype=torch.float64)).tolist()
    return [first, *times[1:-1], float(process.t_max)]


def stepped(slope: Slope, y: np.ndarray, times: Sequence[float], rule: Rule) -> np.ndarray:
    """dy/dt = slope(t, y) by an explicit Runge–Kutta rule."""
    for t, s in itertools.pairwise(times):
        h = s - t
        stages: list[np.ndarray] = []
        for node, row in zip(rule.nodes, rule.stages, strict=True):
            stages.append(slope(t + node * h, y + h * sum(a * k for a, k in zip(row, stages, strict=True)) if row else y))
        y = y + h * sum(b * k for b, k in zip(rule.weights, stages, strict=True))
    return y


def exact_log_likelihood(oracle: Exact, z: Tensor, t: float) -> Tensor:
    """log p_t(z) of an exact model in closed form, (batch,) in nats; z (batch, *state), 0 < t ≤ t_max. Raises: BadValue."""
    check_state("z", z, oracle.process, oracle.state_dim)
    check_model_time(oracle.process, float(t))
    return oracle.log_prob(z.double(), float(t64(t)))
