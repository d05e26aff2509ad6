"""Statistics of a board, as functions of numbers alone: means over seeds, fitted orders, Pareto fronts, each with its interval."""

from __future__ import annotations

import bisect
import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95
ABOVE = 2.0  # times the floor, from which an error counts in the fit of an order
FEWEST = 4  # grids of a fit: with n − 2 = 1 degree of freedom the interval says nothing


class Mean(NamedTuple):
    """A mean of ``n`` numbers and its interval (t, 95 %); of one number there is none: −inf to inf; of none it is NaN."""

    mean: float
    low: float
    high: float
    n: int


@functools.cache
def student(freedom: int) -> float:
    """The quantile of Student's t that LEVEL of the law lies within, on both sides."""
    return float(stats.t.ppf((1 + LEVEL) / 2, freedom))


def over_seeds(values: Sequence[float]) -> Mean:
    """m ± t_{n−1} s/√n. What is not finite makes mean and upper end infinite: a seed that is lost is not passed over."""
    n = len(values)
    if n == 0:
        return Mean(math.nan, math.nan, math.nan, 0)
    x = np.asarray(values, dtype=np.float64)
    if not np.isfinite(x).all():
        return Mean(math.inf, -math.inf, math.inf, n)
    mean = float(x.mean())
    if n == 1:
        return Mean(mean, -math.inf, math.inf, 1)
    half = float(student(n - 1) * x.std(ddof=1) / math.sqrt(n))
    return Mean(mean, mean - half, mean + half, n)


class Sense(NamedTuple):
    """Which numbers of a measure are better. loss: a mean, and the mean floor, as a mean of which the lower is the better; ordered: do they fall to their floor as errors do, and
    stand on a logarithmic axis?"""

    words: str
    loss: Callable[[Mean, float], Mean]
    ordered: bool

    @property
    def scale(self) -> str:
        """Of an axis: "log", or "linear" where a number may be 0 or below."""
        return "log" if self.ordered else "linear"

    @property
    def floor(self) -> str:
        """What stands beside the numbers that exact samples show."""
        return "floor: two exact samples" if self.ordered else "exact samples"


def _from_floor(value: Mean, floor: float) -> Mean:
    low, high = value.low - floor, value.high - floor
    far = max(abs(low), abs(high))
    return Mean(abs(value.mean - floor), 0.0 if low <= 0 <= high else min(abs(low), abs(high)), far, value.n)


SENSES = {
    "lower": Sense("lower is better", lambda value, floor: value, True),
    "higher": Sense("higher is better", lambda value, floor: Mean(-value.mean, -value.high, -value.low, value.n), False),
    "floor": Sense("nearer to its floor is better", _from_floor, False),
}
"""By a measure's ``better``."""


def beyond(value: float, floor: float, in_squares: bool) -> float:
    """What of a distance is beyond its floor: √(d² − f²) where noise and error add in squares, else d − f; 0 below it."""
    return math.sqrt(max(0.0, value**2 - floor**2)) if in_squares else max(0.0, value - floor)


class Fit(NamedTuple):
    """An order p, its interval (t with n − 2 degrees of freedom, 95 %), and how many grids are in the fit."""

    order: float
    low: float
    high: float
    n: int


def fitted_order(steps: Sequence[float], errors: Sequence[float], floors: Sequence[float], degree: int = 1) -> Fit | None:
    """e = c n^{−p·degree}: least squares of ln e over ln n, p with its interval, over the grids whose error is above ABOVE times the floor; None where these are
    fewer than four different ones. A bend (steps too few for the order to show) widens the interval."""
    told = [(n, e) for n, e, floor in zip(steps, errors, floors, strict=True) if math.isfinite(e) and e > 0 and e > ABOVE * floor and n > 0]
    if len({n for n, _ in told}) < FEWEST:
        return None
    x, y = np.log(np.asarray(told, dtype=np.float64)).T
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y / (x @ x))
    rest = y - slope * x
    half = float(student(len(x) - 2) * math.sqrt(rest @ rest / (len(x) - 2) / (x @ x)))
    return Fit(-slope / degree, (-slope - half) / degree, (-slope + half) / degree, len(x))


def front(costs: Sequence[float], values: Sequence[Mean]) -> list[bool]:
    """Who is on the Pareto front of low cost and low value: all but those that another one beats with significance, at a cost no higher and with the upper end of its interval
    below their lower end. What has no mean is not on it."""
    return [
        math.isfinite(cost) and math.isfinite(value.mean) and by is None
        for cost, value, by in zip(costs, values, beaten(costs, values), strict=True)
    ]


def beaten(costs: Sequence[float], values: Sequence[Mean]) -> list[int | None]:
    """Of those that are not on the front by whom: of all that cost no more the one whose interval ends lowest; None: by nobody, or there is no mean."""
    there = [i for i, (cost, value) in enumerate(zip(costs, values, strict=True)) if math.isfinite(cost) and math.isfinite(value.mean)]
    best: dict[float, int] = {}
    lowest: int | None = None
    for i in sorted(there, key=lambda i: costs[i]):
        lowest = best[costs[i]] = i if lowest is None or values[i].high < values[lowest].high else lowest
    out: list[int | None] = [None] * len(costs)
    for i in there:
        one = best[costs[i]]
        out[i] = one if values[one].high < values[i].low else None
    return out


def front_of_both(costs: Sequence[float], one: Sequence[Mean], other: Sequence[Mean]) -> list[bool]:
    """The same of two values: out is who costs no less than another that beats it with significance in both."""
    whole = zip(costs, one, other, strict=True)
    there = [i for i, (cost, a, b) in enumerate(whole) if math.isfinite(cost) and math.isfinite(a.mean) and math.isfinite(b.mean)]
    firsts, seconds = list[float](), list[float]()  # a staircase of upper ends: those of `one` rise, those of `other` fall
    out = [False] * len(costs)
    for _, group in itertools.groupby(sorted(there, key=lambda i: costs[i]), key=lambda i: costs[i]):
        same = list(group)
        for i in same:
            a, b = one[i].high, other[i].high
            at = bisect.bisect_right(firsts, a)
            if at and seconds[at - 1] <= b:
                continue
            end = at
            while end < len(firsts) and seconds[end] >= b:
                end += 1
            firsts[at:end], seconds[at:end] = [a], [b]
        for i in same:
            at = bisect.bisect_left(firsts, one[i].low)
            out[i] = not (at and seconds[at - 1] < other[i].low)
    return out
