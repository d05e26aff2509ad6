"""Means, orders and fronts against closed forms and scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from playground.sweeps.statistics import ABOVE, SENSES, Mean, beyond, fitted_order, front, over_seeds


def test_interval_is_scipys():
    x = np.random.default_rng(0).normal(3, 2, 7)
    told = over_seeds(x.tolist())
    low, high = stats.t.interval(0.95, 6, loc=x.mean(), scale=stats.sem(x))
    assert (told.mean, told.low, told.high, told.n) == pytest.approx((x.mean(), low, high, 7), rel=1e-12)
    half = over_seeds([0.0, 1.0, 2.0]).high - 1
    assert half == pytest.approx(0.95 / math.sqrt(2 * 0.975 * 0.025) / math.sqrt(3), rel=1e-9)  # t_2 in closed form


def test_interval_covers():
    """19 of 20. Mutant killed: the normal's 1.96 for five seeds covers 88 %."""
    x = np.random.default_rng(1).normal(0, 1, (4000, 5))
    inside = np.mean([(m := over_seeds(row.tolist())).low <= 0 <= m.high for row in x])
    assert 0.94 < inside < 0.96


def test_few_and_lost():
    assert over_seeds([2.0]) == Mean(2.0, -math.inf, math.inf, 1)
    assert math.isnan(over_seeds([]).mean)
    assert over_seeds([1.0, math.inf]).mean == math.inf
    assert over_seeds([1.0, math.nan]).high == math.inf


def test_order_is_linregress():
    rng = np.random.default_rng(2)
    n = np.array([8, 16, 32, 64, 128])
    e = 3 * n**-2.0 * np.exp(0.05 * rng.standard_normal(5))
    told, by = fitted_order(n, e, np.zeros(5)), stats.linregress(np.log(n), np.log(e))
    half = stats.t.ppf(0.975, 3) * by.stderr
    assert told == pytest.approx((-by.slope, -by.slope - half, -by.slope + half, 5), rel=1e-10)
    assert told.low < 2 < told.high


def test_order_of_a_power_is_exact():
    n = [10, 20, 40, 80]
    told = fitted_order(n, [5 * k**-3.0 for k in n], [0.0] * 4)
    assert told[:3] == pytest.approx((3, 3, 3), abs=1e-12)


def test_order_only_above_the_floor():
    """What has come to the floor does not bend the line. Mutant killed: floors that are passed over."""
    n = [4, 8, 16, 32, 64, 128]
    e = [max(1 / k, 0.02) for k in n]
    told = fitted_order(n, e, [0.005] * 6)
    assert told.n == 6
    assert told.order < 0.95
    assert fitted_order(n, e, [0.02 / ABOVE] * 6)[0] == pytest.approx(1, abs=1e-12)
    assert fitted_order(n[:3], e[:3], [0.0] * 3) is None
    assert fitted_order([4, 4, 4, 4], [1, 1, 1, 1], [0.0] * 4) is None
    assert fitted_order(n, [math.nan, math.inf, 0.0, 1, 1, 1], [0.0] * 6) is None


def test_beyond_the_floor():
    assert beyond(5.0, 3.0, True) == 4.0
    assert beyond(5.0, 3.0, False) == 2.0
    assert beyond(1.0, 3.0, True) == beyond(1.0, 3.0, False) == 0.0


def slow_front(costs, values):
    """The definition, pair by pair."""
    pairs = list(zip(costs, values, strict=True))
    there = [math.isfinite(c) and math.isfinite(v.mean) for c, v in pairs]
    return [
        on and not any(other and c <= costs[i] and v.high < values[i].low for other, (c, v) in zip(there, pairs, strict=True))
        for i, on in enumerate(there)
    ]


def test_front_is_the_definition():
    rng = np.random.default_rng(3)
    for _ in range(200):
        costs = rng.integers(1, 6, 12).astype(float).tolist()
        mean, half = rng.uniform(0, 1, 12), rng.uniform(0, 0.3, 12)
        values = [Mean(m, m - h, m + h, 5) for m, h in zip(mean.tolist(), half.tolist(), strict=True)]
        assert front(costs, values) == slow_front(costs, values)


def test_front_wants_significance():
    """At equal cost and overlapping intervals both stay; a lower mean at a lower cost beats only with its whole interval."""
    good, near, bad = Mean(1.0, 0.9, 1.1, 5), Mean(1.1, 1.0, 1.2, 5), Mean(2.0, 1.9, 2.1, 5)
    assert front([10, 10, 10], [good, near, bad]) == [True, True, False]
    assert front([20, 10], [good, bad]) == [True, True]
    assert front([10, 20], [good, bad]) == [True, False]
    assert front([10, 20], [over_seeds([1.0]), bad]) == [True, True]  # one seed beats nobody
    assert front([10, math.nan, 5], [good, good, over_seeds([])]) == [True, False, False]


def test_fronts_know_which_numbers_are_better():
    """Recall: the higher; a share that exact samples have too: the nearer to theirs."""
    few, many = Mean(0.5, 0.45, 0.55, 4), Mean(0.9, 0.85, 0.95, 4)
    for better, best in (("lower", few), ("higher", many), ("floor", many)):
        losses = [SENSES[better].loss(value, 0.92) for value in (few, many)]
        assert front([1.0, 1.0], losses) == [value is best for value in (few, many)], better
    assert SENSES["floor"].loss(many, 0.9) == pytest.approx((0, 0, 0.05, 4))
    assert SENSES["floor"].loss(few, 0.9) == pytest.approx((0.4, 0.35, 0.45, 4))
