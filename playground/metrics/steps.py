"""The law from which one step of a sampler draws, read off the sampler itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Sampler

DRAWS = 512  # shown where a step's law is not Gaussian
SAME = 1e-9


class StepLaw(NamedTuple):
    """``kind``: point (no noise), gaussian (the law is N(mean, cov)), other (samples are from it, mean and cov are theirs), batch (a step
    depends on the other particles: there is no law of one)."""

    kind: str
    mean: Tensor  # (n,)
    cov: Tensor  # (n, n)
    samples: Tensor | None = None  # (DRAWS, n)
    note: str = ""
    """What must be said of it."""
    alone: bool = True
    """Has one particle a law?"""
    draws: bool = True
    """Is anything drawn?"""

    @property
    def gaussian(self) -> bool:
        """Are its mean and covariance all of it, so that a divergence from them means something?"""
        return self.samples is None


class _Recorder:
    """A noise source that hands out prepared rows and remembers what was asked for."""

    def __init__(self, rows: list[Tensor] | None = None):
        self.rows, self.shapes = rows, []

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        i = len(self.shapes)
        self.shapes.append(shape)
        if self.rows is not None and i < len(self.rows):
            return self.rows[i].reshape(shape)
        return torch.zeros(shape, dtype=torch.float64)


def step_law(problem: Problem, sampler: Sampler, z: Tensor, t: float, s: float, seed: int = 0, grid: Sequence[float] = ()) -> StepLaw:
    """The law of z_s after one step of ``sampler`` from z_t = z, its first one (multistep methods have no history yet).

    The step is run with the noise as an argument: with zeros it gives the mean, with unit vectors the columns of the matrix B of
    z_s = mean + B ξ, and with random ξ the proof that this is so. A step that is not linear in its noise is drawn from instead.

    Args: z (1, *state) float64; ``grid``: times of the run around the step, over all of whose steps EDM Heun shares out its churn; s = 0 is the sampler's last step, which most samplers make without noise (not exact ancestral, predictor–corrector, EDM Heun with churn).
    """
    n = z[0].numel()
    above = [u for u in grid if u > t]
    whole = [*above, t, s, *(u for u in grid if u < s)]

    def take(states: Tensor, noise: _Recorder) -> Tensor:
        rng = Rng(seed, dtype=torch.float64, noise=noise)
        carry = sampler.resume(problem, states, whole, len(above))
        out = sampler.last(problem, states, t, carry, rng) if s == 0 else sampler.step(problem, states, t, s, carry, rng)[0]
        return out.reshape(len(states), n)

    probe = _Recorder()
    base = take(z, probe)[0]
    zero = torch.zeros(n, n, dtype=torch.float64)
    if not probe.shapes:
        return StepLaw("point", base, zero, draws=False)
    if sampler.couples_particles:
        return StepLaw("batch", base, zero, note="its step depends on all particles together: there is no law of one", alone=False)
    sizes = [torch.Size(shape).numel() for shape in probe.shapes]
    total = sum(sizes)

    def answer(noise: Tensor) -> Tensor:
        """z_s (rows, n) for rows of all the step's noise at once."""
        parts = noise.split(sizes, dim=1)
        return take(z.expand(len(noise), *z.shape[1:]), _Recorder([p.contiguous() for p in parts]))

    random = Rng(seed, dtype=torch.float64).stream("step").normal((DRAWS, total))
    columns = answer(torch.cat([torch.eye(total, dtype=torch.float64), random[:2]])) - base
    b = columns[:total]
    if float((columns[total:] - random[:2] @ b).abs().max()) <= SAME * (1 + float(columns.abs().max())):
        cov = b.mT @ b
        drawn = float(cov.trace()) > 0
        return StepLaw("gaussian" if drawn else "point", base, cov, draws=drawn)
    draws = answer(random)
    return StepLaw("other", draws.mean(0), torch.cov(draws.mT).reshape(n, n), draws, f"not Gaussian: mean and covariance of {DRAWS} draws")
