"""Measures: what can be said of a run in one number, with its error and what a perfect run would show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

from torch import Tensor

from .exact import Exact
from .experiment import Experiment
from .predictor import BasePredictor
from .process import Process
from .run import Frame
from .space import Space
from .spec import Spec


class Estimate(NamedTuple):
    """A number of a run, in its measure's unit.

    ``value``; ``error``: its standard error, the run being what it is (0: it is exact; NaN: not known); ``floor``: what a perfect run of this size would show on
    average, and ``floor_sd``: the standard deviation of that (0: a perfect run shows 0).
    """

    value: float
    error: float
    floor: float = 0.0
    floor_sd: float = 0.0


def mean_of(values: Tensor) -> tuple[float, float]:
    """The mean of values (n,) and its standard error, NaN of a single one."""
    return float(values.mean()), float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else math.nan


class Curve(NamedTuple):
    """A measure over the time of a run: ``frames``, indices of the frames that it was taken at, the last one always among them."""

    frames: list[int]
    estimates: list[Estimate]


class Measured(Protocol):
    """What a measure may ask of a run."""

    @property
    def exp(self) -> Experiment: ...

    @property
    def process(self) -> Process: ...

    @property
    def space(self) -> Space:
        """Where its data live."""
        ...

    @property
    def frames(self) -> Sequence[Frame]: ...

    @property
    def oracle(self) -> Exact:
        """The exact model that it is compared with: asked only by measures that need "marginals"."""
        ...

    @property
    def predictor(self) -> BasePredictor:
        """What the sampler asked."""
        ...

    @property
    def compute_ms(self) -> float:
        """Milliseconds that its steps took; of runs that were made in one pass the share of one."""
        ...


@dataclass(frozen=True)
class Measure(Spec):
    """A declared number of a run. ``info.needs`` are words of the judge (``playground.core.legal``): what law, process and space must give.

    ``of`` and ``along`` are functions of the run alone: asked by a page, a board or a worker process, they give the same numbers.
    """

    family: ClassVar[str] = "measures"
    unit: ClassVar[str] = "data units"
    how: ClassVar[str] = (
        "mean over {draws} exact samples as large, new ones at each time, at the last twice as many; ± the standard error of that mean"
    )
    """How a distance on the page is taken, in words, with {draws} and {points} for their numbers; measures of one column are taken in the same way."""
    floor_of: ClassVar[str] = "two exact samples of {points} points"
    """What its floor is the distance of, in words."""
    in_squares: ClassVar[bool] = True
    """Do sampling noise and error add in squares, so that √(d² − floor²) is what is beyond the floor?"""
    better: ClassVar[str] = "lower"
    """Which of two runs is the better one: the one with the "lower" or the "higher" number, or the one that is nearer to its "floor"."""
    degree: ClassVar[int] = 1
    """With which power of a small error of the law it grows: 1, a distance; 2, a square of one, so that a solver's order is half its slope; 0: it is no error that falls to its floor
    with more steps, and no order is fitted."""
    cheap: ClassVar[bool] = True
    """Is it quick enough for every cell of a sweep that names no measures, about 20 ms of 2,000 particles? Others are taken where they are asked for by name."""
    column: ClassVar[str] = ""
    """Its place among the distances over time on the page, "" for none. Of measures with one column the first that the run allows is shown."""
    instead_of: ClassVar[str] = ""
    """The column that it stands in for where no measure of that column exists."""

    def unit_in(self, space: Space) -> str:
        """Its unit for points of a space."""
        return self.unit

    def short(self, dim: int) -> str:
        """What it is called on a button, for data of ``dim`` numbers."""
        return self.info.title

    def name(self, dim: int) -> str:
        """In full."""
        return self.short(dim)

    def particles(self, run: Measured) -> int:
        """How many of its particles it is taken of."""
        return len(run.frames[-1].z)

    def of(self, run: Measured) -> Estimate:
        """The number at the end of the run. Raises: BadValue where what it needs is not there."""
        raise NotImplementedError

    def along(self, run: Measured) -> Curve:
        """The number over time; of what has no course in time, the last alone."""
        return Curve([len(run.frames) - 1], [self.of(run)])
