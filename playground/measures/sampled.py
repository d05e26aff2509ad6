"""Distances of a run's particles to independent exact samples of p_t: their common course, so that all of one run are read off the same samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.measure import Curve, Estimate, Measure, Measured
from playground.core.mixture import GaussianMixture
from playground.core.process import Process, t64
from playground.core.rng import Rng
from playground.core.run import Frame
from playground.core.space import Space
from playground.metrics.truth import FAR, Projected, compare, exact_draws, read, steadied

FRAMES, FEW_FRAMES = 21, 9  # times at which distances are taken, of few and of many particles
DRAWS, FEW_DRAWS = 5, 4  # exact samples at each of them, each time new ones; at the last twice as many
MANY = 10_000  # particles from which there are fewer draws
SOME = (
    1000  # particles, and points of each exact sample, where states have no projections, so that distances are taken of all pairs of points
)
POINTS = 250_000  # particles × times from which there are fewer times: 200,000 particles take two seconds


@dataclass(frozen=True)
class Sampled(Measure):
    """The mean distance of the particles to exact samples of p_t as large; ``floor``: the mean distance between two such samples.

    A subclass says which distance (``between``, and for R^n the faster ``projected``); everything else follows.
    """

    over_time: ClassVar[bool] = True
    """Is it taken at many times of a run, or at its end only?"""
    splits: ClassVar[int] = 24
    """Random splits of two samples together, for their floor (``two_samples``)."""
    most: ClassVar[int] = 10_000_000
    """Points of each sample that it takes, at most."""

    def projected(self, dim: int) -> Projected | None:
        """The distance between samples of as many points of R^dim, read off their projections; None: it is not."""
        return None

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """The distances (K,) of K pairs of samples, parts of ``points`` (N, *shape): the rows that are True in ``first`` and in ``second``, (K, N) each."""
        raise NotImplementedError

    def told(self, truth: Truth, x: np.ndarray, exact: np.ndarray, law: GaussianMixture | None) -> Estimate:
        """From all pairs of points: x (n, d) against exact samples (K, n, d) of ``law``, where that is a mixture."""
        return read(apart(self, truth.space, torch.from_numpy(np.concatenate([x[None], exact])).unflatten(-1, truth.space.shape)))

    def exactly(self, law: GaussianMixture, x: np.ndarray, exact: np.ndarray) -> Estimate | None:
        """The distance of points x (n, d) to a mixture where there is a formula, with the floor of exact samples (K, n, d); None: there is none."""
        return None

    def particles(self, run: Measured) -> int:
        return min(self.most, Truth.of(run).count)

    def of(self, run: Measured) -> Estimate:
        """The last number of ``along``, in a fraction of its time."""
        return courses(Truth.of(run), [self], last=True)[0].estimates[-1]

    def along(self, run: Measured) -> Curve:
        """At up to FRAMES times, evenly over the steps."""
        return courses(Truth.of(run), [self])[0]


@dataclass(frozen=True)
class AtEnd(Sampled):
    """A distance that takes a while: of the last states alone, to ``draws`` exact samples of at most ``most`` points, unless a formula gives it (``exactly``)."""

    cheap: ClassVar[bool] = False
    over_time: ClassVar[bool] = False
    splits: ClassVar[int] = 6
    most: ClassVar[int] = 2000
    draws: ClassVar[int] = 3
    how: ClassVar[str] = "of the last states, mean over 3 exact samples as large; ± the standard error of that mean"

    def told(self, truth: Truth, x: np.ndarray, exact: np.ndarray, law: GaussianMixture | None) -> Estimate:
        x = np.nan_to_num(x, nan=FAR).clip(-FAR, FAR)
        found = None if law is None else self.exactly(law, x, exact)
        if found is not None:
            return found
        n, k = min(self.most, len(x)), min(self.draws, len(exact))
        samples = torch.from_numpy(np.concatenate([x[None, :n], exact[:k, :n]])).unflatten(-1, truth.space.shape)
        d = np.zeros((1 + k, 1 + k))
        d[1:, 1:] = truth.kept(self.info.key, lambda: apart(self, truth.space, samples[1:]))
        of, points = torch.arange(1 + k).repeat_interleave(n), samples.flatten(0, 1)
        others = torch.arange(1, 1 + k)[:, None]
        d[0, 1:] = self.between(truth.space, points, (of == 0).expand(k, -1), of == others).numpy()
        return read(d)


def of_formula(distance: Callable[[np.ndarray], float], x: np.ndarray, exact: np.ndarray) -> Estimate:
    """A distance of points (n, d) to the law itself, without error, and as floor its mean over exact samples (K, n, d)."""
    floors = np.array([distance(points) for points in exact.astype(np.float64)])
    return Estimate(distance(x.astype(np.float64)), 0.0, float(floors.mean()), float(floors.std(ddof=1)))


def evenly(frames: int, most: int) -> list[int]:
    """Up to ``most`` of so many frames, evenly, the last one among them."""
    return np.unique(np.linspace(0, frames - 1, most).round().astype(int)).tolist()


class Truth:
    """A run's particles and exact samples beside them, time by time. A stream of random numbers for each time: whatever is measured, and with whatever sampler and
    steps a run came there, the samples are the same."""

    def __init__(self, process: Process, frames: Sequence[Frame], exact: Exact, space: Space, seed: int):
        self.process, self.frames, self.exact, self.space, self.seed = process, frames, exact, space, seed
        self.flat = "vector" in space.caps
        self.count = frames[0].z.shape[0] if self.flat else min(SOME, frames[0].z.shape[0])
        self.draws = DRAWS if self.count < MANY else FEW_DRAWS
        self.picks = evenly(len(frames), min(FRAMES, max(FEW_FRAMES, POINTS // self.count)) if self.flat else FEW_FRAMES)

    @classmethod
    def of(cls, run: Measured) -> Truth:
        return cls(run.process, run.frames, run.oracle, run.space, run.exp.seed)

    def scale(self, index: int) -> float:
        """The factor of a frame's states on the fixed axes of the view."""
        return float(self.process.view_scale(t64(self.frames[index].t)))

    def particles(self, index: int) -> np.ndarray:
        """The data part of a frame's states, (n, d), in the view's units."""
        x = self.process.project(self.frames[index].z[: self.count]).flatten(1).cpu().numpy()
        return x * self.scale(index) if self.flat else x

    def samples(self, index: int) -> np.ndarray:
        """Exact samples of a frame's time, (draws there, n, d), in the view's units."""
        t = float(self.frames[index].t)
        drawn = exact_draws(self.exact, t, self.draws_at(index), self.count, Rng(self.seed).stream(f"truth at {t!r}"))
        return drawn * self.scale(index) if self.flat else drawn

    def draws_at(self, index: int) -> int:
        """How many exact samples there are. The last numbers are told by themselves, with spreads that no other time helps to know (``steadied``)."""
        return self.draws * (1 + (index == len(self.frames) - 1))

    def mixture(self, index: int) -> GaussianMixture | None:
        """The exact law of a frame's data as a mixture, at the data of R^n; None elsewhere."""
        return self.exact.data if self.flat and self.frames[index].t == 0 else None

    def compare(self, x: np.ndarray, exact: np.ndarray, by: Sequence[Sampled], law: GaussianMixture | None = None) -> list[Estimate]:
        """Points (n, d) against exact samples (K, n, d) of a law, one Estimate a measure: in R^n off the same sorted projections, elsewhere from pairs of points."""
        lines = [measure.projected(x.shape[1]) if self.flat else None for measure in by]
        read_off = iter(self.projected(x, exact, [line for line in lines if line is not None]) if any(lines) else [])
        return [next(read_off) if line else measure.told(self, x, exact, law) for measure, line in zip(by, lines, strict=True)]

    def kept(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """What depends on the last exact samples alone, by the name of what it is: made each time, but where runs that share them are measured together."""
        return make()

    def projected(self, x: np.ndarray, exact: np.ndarray, by: Sequence[Projected]) -> list[Estimate]:
        """Those that are read off projections."""
        return compare(x, exact, by)


def apart(measure: Sampled, space: Space, samples: Tensor) -> np.ndarray:
    """The distances between all samples (S, n, *shape), (S, S)."""
    count, n = samples.shape[:2]
    i, j = torch.triu_indices(count, count, 1)
    of = torch.arange(count).repeat_interleave(n)
    out = torch.zeros(count, count, dtype=torch.float64)
    out[i, j] = out[j, i] = measure.between(space, samples.flatten(0, 1), of == i[:, None], of == j[:, None])
    return out.numpy()


def courses(truth: Truth, by: Sequence[Sampled], last: bool = False) -> list[Curve]:
    """Several measures over time from the same samples, one Curve each. ``last``: the last number alone."""
    picks = truth.picks if not last and any(measure.over_time for measure in by) else truth.picks[-1:]
    told: list[list[Estimate]] = [[] for _ in by]
    for index in picks:
        now = [k for k, measure in enumerate(by) if measure.over_time or index == picks[-1]]
        read_off = truth.compare(truth.particles(index), truth.samples(index), [by[k] for k in now], truth.mixture(index))
        for k, estimate in zip(now, read_off, strict=True):
            told[k].append(estimate)
    return [Curve(picks[-len(row) :], [*steadied(row[:-1]), row[-1]]) for row in told]


def pairs(pool: np.ndarray, first: Tensor, second: Tensor) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The pairs of samples that ``first`` and ``second`` (K, N) make of rows of ``pool``."""
    for a, b in zip(first.numpy(), second.numpy(), strict=True):
        yield pool[a], pool[b]
