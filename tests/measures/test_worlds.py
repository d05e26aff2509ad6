"""Distances of runs on symbols and angles: by the space's own distance, never by numbers that stand for symbols or angles."""

import pytest

import playground as pg
from playground.measures.two_samples import distance


@pytest.mark.parametrize("data", ["letters", "torus_peaks"])
@pytest.mark.parametrize("measure", ["W2", "W1", "Middle"])
def test_nothing_is_projected_where_nothing_can_be(data, measure):
    """Mutant killed: the space of a run taken as R^d, so that W₂ is between indices of symbols."""
    ran = pg.simulate(pg.Experiment(data=data, particles=50, grid={"kind": "UniformTime", "steps": 3}))
    with pytest.raises(pg.BadValue, match="Energy: in "):
        distance(ran, measure=measure)


@pytest.mark.parametrize("data", ["letters", "torus_peaks"])
def test_energy_is_everywhere(data):
    """A run of an exact sampler is as far from its law as exact samples are."""
    sampler = {"letters": "TokenAncestral", "torus_peaks": "WrappedAncestral"}[data]
    told = distance(pg.simulate(pg.Experiment(data=data, sampler=sampler, particles=400)), measure="Energy")
    assert abs(told.value - told.floor) < 4 * told.floor_sd


@pytest.mark.parametrize("data", ["letters", "torus_peaks"])
def test_plots_of_them_are_refused_in_words(data):
    with pytest.raises(pg.BadValue, match="what = "):
        pg.plot(pg.simulate(pg.Experiment(data=data, particles=20)))


@pytest.mark.parametrize("data", ["letters", "torus_peaks"])
def test_a_distance_needs_no_name(data):
    """Where nothing can be projected it is the energy distance, of a run and of points beside a law."""
    ran = pg.simulate(pg.Experiment(data=data, particles=100, grid={"kind": "UniformTime", "steps": 3}))
    assert pg.distance(ran) == pg.distance(ran, measure="Energy")
    law = pg.law(data)
    assert pg.distance(law.sample(100)[0], law) == pg.distance(law.sample(100)[0], law, measure="Energy")
