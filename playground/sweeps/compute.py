"""Cells computed: all seeds of a place in one pass of the engine, the exact samples of cells that share law, process and time made once.

Nothing differs by a bit from ``pg.measure`` of each cell's own Experiment on one thread: every seed's draws are those of its own streams, row for row, exact models treat particles one by
one (it is looked at, ``agrees``), and the distances are read off the same samples. One thread, as the page's workers have: with another number of them the last digits of a matrix product
differ, and a cell would depend on who computed it.
"""

from __future__ import annotations

import contextlib
import functools
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, params
from playground.core.measure import Estimate, Measure
from playground.core.predictor import BasePredictor
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.run import Frame
from playground.core.space import Space
from playground.engine import DTYPES, Run, check_device
from playground.measures.panel import distances, why_not
from playground.measures.panel import measures as all_measures
from playground.measures.panel import named as measure_named
from playground.measures.sampled import Sampled, Truth, courses
from playground.metrics.truth import Projected, compare, lined_up
from playground.sweeps.picture import picture_of
from playground.sweeps.results import Result

SAMPLES = 96_000_000  # bytes of exact samples, and their sorted projections, that are kept
CHECKED = 3  # steps at which a batch is compared with runs of their own
POINTS = 50_000  # particles of one pass: beyond, batches leave the cache and gain nothing


class Streams(Rng):
    """The draws of several seeds, one below the other: rows i n … (i + 1) n of every draw are those of the stream of seed i."""

    def __init__(self, seeds: Sequence[int], device: torch.device, dtype: torch.dtype, name: str = ""):
        super().__init__(seeds[0], device, dtype, name=name)
        self.seeds = tuple(seeds)
        self.each = [Rng(seed, dtype=dtype, name=name) for seed in seeds]

    def stream(self, name: str) -> Streams:
        return Streams(self.seeds, self.device, self.dtype, name)

    @property
    def identity(self) -> Hashable:
        return self.seeds

    def _draw(self, law: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        rows, rest = divmod(shape[0], len(self.each))
        if rest:
            raise BadValue("seeds", shape, "draws of as many rows for each seed")
        self.draws += 1
        return torch.cat([one._draw(law, (rows, *shape[1:])) for one in self.each])


@dataclass(frozen=True)
class Seen:
    """A seed's part of a run, as measures ask for it."""

    exp: Experiment
    process: Process
    space: Space
    frames: Sequence[Frame]
    oracle: Exact
    predictor: BasePredictor
    compute_ms: float


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Numbers as they are everywhere: on one thread, and with those below 1e-38, which a server's workers take for 0."""
    before, flushed = torch.get_num_threads(), float(torch.tensor(5e-324, dtype=torch.float64) * 1.0) == 0
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_flush_denormal(flushed)


class Samples:
    """Exact samples and their sorted projections, by what they depend on; the least recently used go first."""

    def __init__(self, most: int = SAMPLES):
        self.most, self.size, self.made = most, 0, 0
        self.kept: OrderedDict[Hashable, np.ndarray] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], np.ndarray]) -> np.ndarray:
        found = self.kept.pop(key, None)
        if found is None:
            found = make()
            self.made += 1
            self.size += found.nbytes
        self.kept[key] = found
        while self.size > self.most and len(self.kept) > 1:
            self.size -= self.kept.popitem(last=False)[1].nbytes
        return found


class Shared(Truth):
    """The exact samples beside a run, made once for all runs that have the same ones."""

    def __init__(self, run: Seen, samples: Samples):
        exp = run.exp
        super().__init__(run.process, run.frames, run.oracle, run.space, exp.seed)
        self.all, self.law = samples, (exp.data, exp.model, exp.process, exp.guidance, exp.seed, self.count, self.draws)
        self.drawn: Hashable = None

    def samples(self, index: int) -> np.ndarray:
        self.drawn = (*self.law, self.frames[index].t, self.draws_at(index))
        return self.all.get(self.drawn, lambda: super(Shared, self).samples(index))

    def kept(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        return self.all.get((name, self.drawn), make)

    def projected(self, x: np.ndarray, exact: np.ndarray, by: Sequence[Projected]) -> list[Estimate]:
        return compare(x, exact, by, self.all.get(("sorted", self.drawn), lambda: lined_up(exact)))


def passes(exp: Experiment, seeds: Sequence[int]) -> Iterator[Sequence[int]]:
    """The seeds that one pass takes at a time: one alone where a particle's path depends on the others, or on its place in the batch; and where a batch gives other bits, by the
    rounding of networks or, for some numbers of particles, of a matrix product."""
    alone = exp.sampler.couples_particles or exp.guidance.by_place or not {"mixture", "marginals"} <= exp.who.gives or exp.mode != "reverse"
    most = 1 if alone else max(1, int(min(POINTS, params(Experiment)["particles"].hi) // exp.particles))
    for start in range(0, len(seeds), most):
        some = seeds[start : start + most]
        if len(some) == 1 or agrees(exp.replace(seed=0, grid=replace(exp.grid, steps=CHECKED)), len(some)):
            yield some
        else:
            yield from ([seed] for seed in some)


@functools.lru_cache(maxsize=1024)
def agrees(exp: Experiment, count: int) -> bool:
    """Are so many seeds in one pass what they are one by one, to the bit? Seen at the first steps."""
    seeds, n = range(count), exp.particles
    with one_thread():
        batch = list(together(exp, seeds))
        alone = [Run(exp.replace(seed=seed)).finish() for seed in seeds]
    return all(torch.equal(f.z, b.z[i * n : (i + 1) * n]) for i, run in enumerate(alone) for f, b in zip(run, batch, strict=True))


def together(exp: Experiment, seeds: Sequence[int]) -> Run:
    """A run of several seeds, one below the other."""
    rng = Streams(seeds, check_device(None), DTYPES[exp.dtype])
    return Run(exp.replace(particles=exp.particles * len(seeds), seed=seeds[0]), rng=rng)


def parts(run: Run, exp: Experiment, seeds: Sequence[int]) -> Iterator[Seen]:
    """The seeds' parts of a run of all of them."""
    n = exp.particles
    for i, seed in enumerate(seeds):
        frames = run.frames if len(seeds) == 1 else [replace(frame, z=frame.z[i * n : (i + 1) * n]) for frame in run.frames]
        yield Seen(exp.replace(seed=seed), run.process, run.space, frames, run.oracle, run.predictor, run.compute_ms / len(seeds))


def measurable(exp: Experiment) -> dict[str, str]:
    """Every measure by its key, and why a run of ``exp`` would not have it ('': it has). Nothing is run. Raises BadValue where there is no such run."""
    run = Run(exp.replace(particles=1))
    last = Frame(run.steps, run.grid[-1], torch.zeros(1, *exp.process.states(run.space).shape), 0)
    one = Seen(exp, run.process, run.space, [last], run.oracle, run.predictor, 0.0)
    return {m.info.key: why_not(m, one) for m in all_measures()}


class Computer:
    """Computes cells; keeps what several of them need."""

    def __init__(self) -> None:
        self.samples = Samples()

    def cells(self, at: tuple[int, ...], exp: Experiment, seeds: Sequence[int], measures: Sequence[str]) -> Iterator[Result]:
        """The cells of one place, as they are there. What cannot be computed says why in its place."""
        return (cell for cell in self.steps(at, exp, seeds, measures) if cell is not None)

    def steps(self, at: tuple[int, ...], exp: Experiment, seeds: Sequence[int], measures: Sequence[str]) -> Iterator[Result | None]:
        """The same, and None after every step of a run, where something more urgent may be computed first."""
        asked = [measure_named(key) for key in measures]
        for some in passes(exp, seeds):
            try:
                yield from self._pass(at, exp, some, asked)
            except (BadValue, ArithmeticError, RuntimeError, MemoryError, np.linalg.LinAlgError) as error:
                if len(some) == 1:
                    yield Result(at, some[0], failed=_reason(error))
                    continue
                for seed in some:  # one of them may be to blame
                    yield from self.steps(at, exp, [seed], measures)

    def _pass(self, at: tuple[int, ...], exp: Experiment, seeds: Sequence[int], asked: Sequence[Measure]) -> Iterator[Result | None]:
        """None after every step, then the cells."""
        with one_thread():
            run = Run(exp.replace(seed=seeds[0])) if len(seeds) == 1 else together(exp, seeds)
        while True:
            with one_thread():
                if run.advance() is None:
                    break
            yield None
        ms = round(run.compute_ms / len(seeds), 3)
        for part in parts(run, exp, seeds):
            with one_thread():
                values, refused = self.measured(part, asked)
                last, lost = part.frames[-1], run.first_lost(part.frames) if run.samples else None
                picture = picture_of(exp.law, run.process.project(last.z))
            yield Result(at, part.exp.seed, values, refused, run.steps, last.calls, ms, len(seeds), lost, picture=picture)

    def measured(self, run: Seen, asked: Sequence[Measure]) -> tuple[dict[str, Estimate], dict[str, str]]:
        """What is measured of a run, and why not the rest, by the measures' keys."""
        refused = {m.info.key: f"{m.info.title} {why}" for m in asked if (why := why_not(m, run))}
        by = distances()
        sampled: list[Sampled] = [by[m.info.key] for m in asked if m.info.key in by and m.info.key not in refused]
        values: dict[str, Estimate] = {}
        often = [m for m in sampled if m.over_time]
        for some in [often, *([m] for m in sampled if not m.over_time)]:
            if some:
                try:
                    told = courses(Shared(run, self.samples), some, last=True)
                except ArithmeticError as error:  # one that does not settle takes no other with it
                    refused |= {m.info.key: _reason(error) for m in some}
                else:
                    values |= {m.info.key: curve.estimates[-1] for m, curve in zip(some, told, strict=True)}
        for m in asked:
            key = m.info.key
            if key not in refused and key not in values:
                try:
                    values[key] = m.of(run)
                except BadValue as error:
                    refused[key] = str(error)
        return {m.info.key: values[m.info.key] for m in asked if m.info.key in values}, refused


def _reason(error: Exception) -> str:
    return str(error)[:500] if isinstance(error, BadValue) else f"{type(error).__name__}: {error}"[:500]
