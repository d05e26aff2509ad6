"""The only sampling loop of the project."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .exact import Exact
from .fields import BadValue
from .predictor import Predictor
from .problem import Problem
from .process import Process
from .rng import Rng
from .sampler import AnySampler
from .space import Space


@dataclass(frozen=True)
class Frame:
    """One state of a run: ``step`` counts from 0 (the start), ``calls`` the model calls made so far, ``draws`` the draws of noise since the
    start: where two states have the same, nothing random happened between them."""

    step: int
    t: float
    z: Tensor
    calls: int
    draws: int = 0


@dataclass
class Trace:
    """A run, frame by frame.

    ``states`` (frames, particles, *state), ``times`` (frames,), ``steps`` (frames,), ``calls`` (frames,), ``x`` the data part.
    ``grid`` holds all times that the sampler visited; ``frames`` may be thinned. ``diverged``: first kept step whose
    states are not finite or far larger than the exact p_t's, or None.

    ``calls`` and ``model_calls`` count models, not questions: a guided question asks two of them (one where guidance is off, W = 1 or W = 0),
    so that 20 guided steps of DDIM are 40 calls. ``oracle``: the exact model that the run is compared with; ``model``: what the sampler asked
    (reverse); ``calls_by``: model calls made by each time of ``grid`` (reverse); ``origin`` (particles,): the mixture component that each point
    came from (forward). ``facts`` has those that there are by name.
    """

    process: Process
    frames: list[Frame]
    grid: Tensor
    diverged: int | None = None
    oracle: Exact | None = None
    model: Predictor | None = None
    calls_by: list[int] = field(default_factory=list[int])
    origin: Tensor | None = None

    @property
    def exact(self) -> Exact:
        """``oracle``. Raises BadValue where the run was compared with none."""
        if self.oracle is None:
            raise BadValue("run", "a run without an exact model", "a run of data with a closed form")
        return self.oracle

    @property
    def facts(self) -> dict[str, object]:
        """``oracle``, ``model`` and ``calls`` (by each time of the grid) of a sampled run, ``oracle`` and ``origin`` of noised data."""
        told = {"oracle": self.oracle, "model": self.model, "calls": self.calls_by or None, "origin": self.origin}
        return {name: value for name, value in told.items() if value is not None}

    @property
    def states(self) -> Tensor:
        """(frames, particles, *state): *state is the data's shape, with (2, …) before it for CLD's position and velocity."""
        return torch.stack([f.z for f in self.frames])

    @property
    def x(self) -> Tensor:
        """The data part of the states, (frames, particles, *event)."""
        return torch.stack([self.process.project(f.z) for f in self.frames])

    @property
    def times(self) -> Tensor:
        """The process's own time of each frame, (frames,), float64."""
        return torch.tensor([f.t for f in self.frames], dtype=torch.float64)

    @property
    def steps(self) -> Tensor:
        """How many steps led to each frame, (frames,)."""
        return torch.tensor([f.step for f in self.frames])

    @property
    def calls(self) -> Tensor:
        """Model calls made up to each frame, (frames,)."""
        return torch.tensor([f.calls for f in self.frames])

    @property
    def model_calls(self) -> int:
        """Model calls of the whole run."""
        return self.frames[-1].calls


def check_times(times: Sequence[float] | Tensor, process: Process, walk: bool = False, order: str = "falling") -> list[float]:
    """Strictly falling (``order`` 'rising': rising) times within the process's range, or BadValue; those of a ``walk`` may also rise while above
    0 (inversion, RePaint)."""
    try:
        values = [float(t) for t in times]
    except (TypeError, ValueError, RuntimeError):
        raise BadValue("times", times, "a list of times") from None
    if len(values) < 2:
        raise BadValue("times", values, "at least two times")
    for before, after in itertools.pairwise(values):
        fits = after > before if order == "rising" else before > after or (walk and after > before > 0)
        if not fits:
            words = "times that never rest" if walk else f"strictly {'increasing' if order == 'rising' else 'decreasing'} times"
            raise BadValue("times", f"…, {before:g}, {after:g}, …", words)
    process.check_time("times", max(values))
    process.check_time("times", min(values))
    return values


def run(problem: Problem, sampler: AnySampler, z: Tensor, times: Sequence[float] | Tensor, rng: Rng, walk: bool = False) -> Iterator[Frame]:
    """Steps z (batch, *state) from times[0] down to times[-1], on a ``walk`` also up; yields the start and the state after every step."""
    grid = check_times(times, problem.process, walk)
    problem.prepare(grid)
    carry, before = sampler.init(problem, z, grid), rng.draws
    yield Frame(0, grid[0], z, problem.calls)
    for index, (t, s) in enumerate(itertools.pairwise(grid), start=1):
        rng.between(t, s)
        if s == 0:
            z = sampler.last(problem, z, t, carry, rng)
        else:
            z, carry = sampler.step(problem, z, t, s, carry, rng)
        yield Frame(index, s, z, problem.calls, rng.draws - before)


def forward(process: Process, space: Space, x0: Tensor, times: Sequence[float] | Tensor, rng: Rng) -> Iterator[Frame]:
    """Noised data of a ``space`` at increasing times, each with its exact marginal (linear processes: paths of the forward SDE)."""
    grid = [float(t) for t in times]
    for index, (t, z) in enumerate(zip(grid, process.noising(space, x0, grid, rng), strict=True)):
        yield Frame(index, t, z, 0, rng.draws)
