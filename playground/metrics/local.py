"""Local truncation error: what one step of a sampler adds when it starts from an exact state and asks the exact model.

Deterministic samplers: |z_s − Φ_{t→s}(z_t)|, Φ the exact probability flow. Samplers that draw noise: their step from z_t has a mean m and a
covariance C, the exact q(z_s | z_t) has m* and C*. Errors are |m − m*| and the Bures distance of the covariances, √(tr C + tr C* − 2 tr
(C^½ C* C^½)^½); the root of the sum of their squares is W₂ of the two Gaussians with these moments. m and C are unscented moments: the mean
and covariance of the step over its noise at ±√N e_j, N all normal numbers that a step draws for a particle. Exact where the step is linear in
its noise, to second order elsewhere (Julier & Uhlmann 1997). A step without noise of such a sampler (Restart between restarts) is measured against the flow. Samplers that draw
less or more noise than the reverse of the forward process (η, λ, churn, Langevin) aim at other paths with the same p_t: their distance to
q(z_s | z_t) is no fault by itself.

Multistep samplers get a history: up to three steps before, made from exact states on the exact flow through z_t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from playground.core.exact import Exact, ExactLinear
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import AnySampler
from playground.metrics.flow import exact_flow

HISTORY = 3  # steps before the one that is measured: as far back as any sampler here remembers
MOST_NORMALS = 40  # normal numbers a particle and step beyond which the unscented moments' points lie too far out


@dataclass(frozen=True)
class StepError:
    """``mean``: |z_s − exact| or |m − m*|, (batch,); ``spread``: Bures distance of the covariances, (batch,), 0 for deterministic samplers."""

    mean: Tensor
    spread: Tensor


def why_no_local_error(sampler: AnySampler) -> str:
    """Why a sampler has no local error to be shown, or ''."""
    if sampler.exact_step:
        return "it draws from the exact q(x_s | x_t): its local error is zero"
    if sampler.declared_order is None and sampler.couples_particles:
        return "its step depends on all particles at once, so that a single point has no step of its own"
    return ""


class Noise:
    """Normals for one step of copies of a batch: zeros, or of copy 2j and 2j + 1 the number j at ±√N and the others at zero."""

    def __init__(self, batch: int, numbers: int = 0):
        self.batch, self.numbers, self.used = batch, numbers, 0

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        out = torch.zeros(shape, dtype=torch.float64)
        width = math.prod(shape[1:])
        if self.numbers:
            view = out.view(2 * self.numbers, self.batch, width)
            for j in range(width):
                n = self.used + j
                if n < self.numbers:
                    view[2 * n, :, j], view[2 * n + 1, :, j] = self.numbers**0.5, -(self.numbers**0.5)
        self.used += width
        return out


def step_error(oracle: Exact, sampler: AnySampler, grid: list[float], index: int, z: Tensor, past: list[Tensor] | None = None) -> StepError:
    """The local error of the step grid[index] → grid[index + 1] from exact states z (batch, *state), float64.

    past: exact states at the grid's times before, the nearest last; made by the exact flow where it is left out.
    Raises ValueError where a step draws more than MOST_NORMALS numbers a particle.
    """
    problem = Problem(oracle.process, oracle, oracle)
    t, s = grid[index], grid[index + 1]
    problem.prepare(grid[max(0, index - HISTORY) : index + 2])
    states = _states(problem, oracle, sampler, grid, index, z, past)

    def stepped(copies: int, noise: Noise) -> Tensor:
        many = [u.repeat(copies, *[1] * (u.ndim - 1)) for u in states]
        first = index - len(states) + 1
        carry = sampler.ahead(sampler.init(problem, many[0], grid), first)
        quiet = Rng(0, dtype=torch.float64, noise=Noise(len(z)))
        for k, u in enumerate(many[:-1]):
            carry = sampler.step(problem, u, grid[first + k], grid[first + k + 1], carry, quiet)[1]
        rng = Rng(0, dtype=torch.float64, noise=noise)
        return sampler.step(problem, many[-1], t, s, carry, rng)[0] if s > 0 else sampler.last(problem, many[-1], t, carry, rng)

    count = Noise(len(z))
    once = stepped(1, count)
    numbers = count.used
    if sampler.declared_order is not None or (numbers == 0 and s > 0):
        gap = once - exact_flow(oracle, z, t, s)
        return StepError(gap.flatten(1).norm(dim=1), torch.zeros(len(z), dtype=torch.float64))
    if numbers > MOST_NORMALS:
        raise ValueError(f"a step draws {numbers} normal numbers for each particle: too many for its moments (at most {MOST_NORMALS})")
    mean, cov = once.flatten(1), torch.zeros(len(z), oracle.state_dim, oracle.state_dim, dtype=torch.float64)
    if numbers:
        out = stepped(2 * numbers, Noise(len(z), numbers)).reshape(2 * numbers, len(z), -1)
        mean = out.mean(0)
        cov = torch.einsum("kbi,kbj->bij", out - mean, out - mean) / (2 * numbers)
    # a sampler that draws noise needs "linear", and so has such a model
    true_mean, true_cov = exact_moments(cast("ExactLinear", oracle), z, t, s)
    return StepError((mean - true_mean).norm(dim=1), bures(cov, true_cov))


def _states(
    problem: Problem, oracle: Exact, sampler: AnySampler, grid: list[float], index: int, z: Tensor, past: list[Tensor] | None
) -> list[Tensor]:
    """The exact states that the sampler's history needs, the last of them z."""
    if index == 0 or not _remembers(problem, sampler, grid, z[:1]):
        return [z]
    count = min(index, HISTORY)
    if past is not None:
        return [*past[-count:], z]
    states = [z]
    for k in range(index, index - count, -1):
        states.insert(0, exact_flow(oracle, states[0], grid[k], grid[k - 1]))
    return states


def _remembers(problem: Problem, sampler: AnySampler, grid: list[float], z: Tensor) -> bool:
    """Does a step leave something to the next one? Adaptive samplers keep only their step's length."""
    if sampler.info.nfe is None:
        return False
    carry = sampler.init(problem, z, grid)
    if carry is not None and not isinstance(carry, (int, tuple)):
        return True
    after = sampler.step(problem, z, grid[0], grid[1], carry, Rng(0, dtype=torch.float64, noise=Noise(1)))[1]
    return after is not None and after != () and not isinstance(after, int)


def exact_moments(oracle: ExactLinear, z: Tensor, t: float, s: float) -> tuple[Tensor, Tensor]:
    """Mean (batch, n) and covariance (batch, n, n) of q(z_s | z_t) at every particle, float64."""
    log_r, mean, cov = oracle.denoising(oracle.flatten(z), t, s)
    r = log_r.exp()
    middle = torch.einsum("bk,bki->bi", r, mean)
    gap = mean - middle[:, None]
    return middle, torch.einsum("bk,kij->bij", r, cov) + torch.einsum("bk,bki,bkj->bij", r, gap, gap)


def bures(a: Tensor, b: Tensor) -> Tensor:
    """W₂ of N(0, a) and N(0, b), (batch,), of positive semi-definite (batch, n, n): √(tr a + tr b − 2 tr (a^½ b a^½)^½)."""
    trace = (a + b).diagonal(dim1=-2, dim2=-1).sum(-1)
    if a.shape[-1] == 1:
        return (a[:, 0, 0].clamp_min(0).sqrt() - b[:, 0, 0].clamp_min(0).sqrt()).abs()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp_min(0).sqrt()[:, None, :] @ vectors.mT
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp_min(0).sqrt().sum(-1)
    return (trace - 2 * cross).clamp_min(0).sqrt()
