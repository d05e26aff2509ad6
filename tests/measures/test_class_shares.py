"""Shares of classes against closed forms."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import playground as pg
from playground.core.run import Frame
from playground.measures.class_shares import ClassShares
from playground.measures.panel import offers, why_not
from playground.views.sights import whole


def ended(name, x, seed=0):
    """A run of a law that ended in x."""
    exp = pg.Experiment(data=name, seed=seed, particles=len(x))
    return SimpleNamespace(exp=exp, process=exp.process, space=exp.law.space, frames=[Frame(0, 0.0, x, 0)])


@pytest.mark.parametrize("name", ["two_modes", "grid25", "letters", "torus_backbone"])
def test_exact_draws_are_at_the_floor(name):
    """Over 150 exact samples the mean of the value is the floor, which is stated in closed form, and its spread the stated one.

    Mutants killed: each point by its most likely class; the floor of n − 1 draws; the floor's spread of one class.
    """
    told = [ClassShares().of(ended(name, pg.sample(name, 200, seed), seed)) for seed in range(150)]
    values = np.array([e.value for e in told])
    assert abs(values.mean() - told[0].floor) < 4 * values.std() / math.sqrt(len(values))
    assert values.std() == pytest.approx(np.mean([e.floor_sd for e in told]), rel=0.2)
    assert np.mean([e.error for e in told]) == pytest.approx(values.std(), rel=0.6)


def test_two_classes_have_de_moivre_s_floor():
    """E|B/n − p| of a binomial, summed term by term."""
    n, p = 60, float(pg.law("narrow_wide").mixture.weights[0])
    law = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    told = ClassShares().of(ended("narrow_wide", pg.sample("narrow_wide", n, 1)))
    assert told.floor == pytest.approx(sum(w * abs(k / n - p) for k, w in enumerate(law)), rel=1e-9)


@pytest.mark.parametrize("name", ["two_modes", "torus_backbone", "letters"])
def test_a_lost_class_is_its_share(name):
    """Draws of the first class alone lack the others' shares; points that are none are lost too. Mutants killed: ½ left out, NaN counted as the last class."""
    law = pg.law(name)
    closed = law.closed
    first = float(closed.weights[closed.labels == law.labels[0]].sum())
    x = law.only(int(law.labels[0])).sample(4000, 3)[0]
    told = ClassShares().of(ended(name, x))
    assert told.value == pytest.approx(1 - first, abs=0.01)
    if not law.space.integral:
        gone = law.sample(4000, 3)[0]
        gone[:1000] = math.nan
        assert ClassShares().of(ended(name, gone)).value == pytest.approx(0.25, abs=0.03)


def test_it_needs_a_run_that_came_to_the_data_unguided():
    """What a run lacks is said, and asked for it refuses."""
    there = {"particles": 60, "grid": {"kind": "UniformLogSNR", "steps": 5}}
    good = pg.Experiment(**there)
    assert ClassShares().needs <= offers(whole(good))
    assert pg.measure(good, "classshares") == ClassShares().of(whole(good))
    for changes in (
        {"stop_at": 0.2},
        {"mode": "forward"},
        {"data": "uniform"},
        {"guidance": pg.ClassifierFree(label=1)},
        {"data": "digits", "model": "gaussian", "particles": 4},
    ):
        exp = pg.Experiment(**{**there, **changes})
        assert why_not(ClassShares(), whole(exp))
        with pytest.raises(pg.BadValue, match="measure = 'ClassShares'"):
            pg.measure(exp, "ClassShares")
