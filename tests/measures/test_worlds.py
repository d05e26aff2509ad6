"""Distances of runs on symbols and angles: by the space's own distance, never by numbers that stand for symbols or angles."""

import pytest
import torch

import playground as pg
from playground.measures.two_samples import distance
from playground.views.distances import metrics_packet
from playground.views.sights import whole


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


@pytest.mark.parametrize(
    ("data", "sampler", "steps"), [("torus_backbone", "GeodesicHeun", 3), ("torus_winding", "GeodesicEulerMaruyama", 3)]
)
def test_energy_of_angles_is_that_of_all_pairs(data, sampler, steps):
    """Against chords of all pairs, by hand. Mutant killed: |v| in R^4 read off eight random directions, 14 % too large and 13 % too small here."""
    exp = pg.Experiment(data=data, sampler=sampler, particles=1000, grid={"kind": "UniformTime", "steps": steps})
    run = pg.simulate(exp)
    told = pg.distance(run)
    chords = lambda a, b: torch.cdist(*(torch.cat([z.double().cos(), z.double().sin()], 1) for z in (a, b))).mean()  # noqa: E731
    x, found = run.frames[-1].z, []
    for seed in range(6):
        y = exp.law.sample(1000, seed)[0]
        found.append(float((2 * chords(x, y) - chords(x, x) - chords(y, y)).sqrt()))
    spread = torch.tensor(found).std() / 6**0.5
    assert abs(told.value - sum(found) / 6) < 4 * float(spread) + 4 * told.error


@pytest.mark.parametrize(("data", "count"), [("letters", 2000), ("torus_peaks", 1000), ("moons", 2000)])
def test_the_page_tells_of_how_many_particles(data, count):
    """Total variation is taken of all, energy of angles of a thousand, since it needs all pairs."""
    header = metrics_packet(whole(pg.Experiment(data=data, particles=2000, grid={"kind": "UniformTime", "steps": 3}))).header
    assert header["points"] == count
