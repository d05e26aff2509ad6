"""``distance`` of two samples: values against definitions, the floor against samples of one law, errors against repetition, mistakes as BadValue."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.space import Euclidean
from playground.measures.energy import Energy
from playground.measures.middle import Middle
from playground.measures.sampled import apart
from playground.measures.two_samples import distance
from playground.measures.w1 import W1
from playground.measures.w2 import W2
from playground.metrics.distances import energy_distance, sliced_w2, wasserstein_1d
from playground.metrics.truth import compare, read
from playground.spaces.tokens import Tokens
from playground.spaces.torus import Torus
from playground.views.distances import metrics_packet
from playground.views.sights import whole

RNG = np.random.default_rng(5)
X, Y = RNG.standard_normal((300, 2)), RNG.normal((0.4, 0.0), 1.0, (170, 2))


def test_values_are_the_definitions():
    """Torch, arrays and lists, of unequal numbers, in one dimension and two."""
    assert distance(X, torch.from_numpy(Y)).value == pytest.approx(sliced_w2(X, Y), rel=1e-12)
    assert distance(X, Y, measure="energy").value == pytest.approx(energy_distance(torch.from_numpy(X), torch.from_numpy(Y)), rel=1e-9)
    assert distance(X[:, 0], Y[:, 0], measure="w1").value == pytest.approx(float(wasserstein_1d(X[:, 0], Y[:, 0])), rel=1e-12)
    assert distance([0.0, 1.0], [0.5, 1.5, 1.0], measure="W2").value == pytest.approx(
        float(wasserstein_1d(np.array([0.0, 1.0]), np.array([0.5, 1.5, 1.0]), 2))
    )
    assert distance(X, Y, measure="Energy", space=Euclidean(2)).value == pytest.approx(distance(X, Y, measure="Energy").value)


@pytest.mark.parametrize("measure", ["W2", "Energy"])
def test_floor_and_error_are_what_they_say(measure):
    """Two samples of one law have the floor on average, and scatter by floor_sd. Far apart, repetition scatters by error. Mutants killed: splits of
    equal size, an error without (G − 1)."""
    g = np.random.default_rng(1)
    same = [distance(g.standard_normal((200, 2)), g.standard_normal((80, 2)), measure=measure) for _ in range(40)]
    assert np.mean([e.floor for e in same]) == pytest.approx(np.mean([e.value for e in same]), rel=0.1)
    assert np.mean([e.floor_sd for e in same]) == pytest.approx(np.std([e.value for e in same]), rel=0.35)
    apart = [distance(g.standard_normal((200, 2)), g.standard_normal((80, 2)) + 1.0, measure=measure) for _ in range(40)]
    assert math.sqrt(np.mean([e.error**2 for e in apart])) == pytest.approx(np.std([e.value for e in apart]), rel=0.35)


def test_a_run_is_compared_with_its_own_law():
    """The number of the panel, to the bit, of the Trace that a notebook has; a mixture's own samples are at their floor."""
    exp = pg.Experiment(seed=2, particles=500)
    run = whole(exp, device="cpu")
    of_page = metrics_packet(run).header["metrics"][0]
    assert distance(run, seed=2)[:3] == (of_page["final"], of_page["final_se"], of_page["floor"])
    assert distance(pg.simulate(exp, max_frames=200), seed=2).value == pytest.approx(of_page["final"], rel=0.3)
    mixture = pg.GaussianMixture([0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [0.1, 0.1])
    x = mixture.draw(400, pg.core.rng.Rng(9))[0]
    told = distance(x, mixture)
    assert abs(told.value - told.floor) < 4 * told.floor_sd
    assert distance(x + 1, mixture).value == pytest.approx(1, rel=0.1)  # √(mean over directions of (θ · (1, 1))²)


@pytest.mark.parametrize("dim", [1, 2])
def test_pairs_of_points_and_projections_agree(dim):
    """What a measure tells between two samples is what it reads off sorted projections of samples as large."""
    g = torch.Generator().manual_seed(3)
    samples = torch.randn(6, 300, dim, generator=g) + torch.tensor([0.3, *5 * [0.0]])[:, None, None]
    for measure in (W1() if dim == 1 else W2(), Energy(), Middle()):
        lines = compare(samples[0].numpy(), samples[1:].numpy(), [measure.projected(dim)])[0]
        pairs = read(apart(measure, Euclidean(dim), samples.double()))
        assert pairs == pytest.approx(lines, rel=0.02), measure


def test_other_spaces():
    """On the circle the energy distance of chords, blind to where angles are cut; of one token the L2 distance of the tables."""
    g = torch.Generator().manual_seed(0)
    a, b = (0.3 * torch.randn(400, 1, generator=g, dtype=torch.float64) for _ in range(2))
    wrap = lambda z: torch.remainder(z + math.pi, 2 * math.pi) - math.pi  # noqa: E731
    there, turned = (distance(wrap(a + s), wrap(b + s + 0.5), measure="Energy", space=Torus(1)) for s in (0.0, math.pi))
    assert there.value == pytest.approx(turned.value, rel=1e-9)
    assert there.value > there.floor + 5 * there.floor_sd
    tokens = Tokens(("a", "b", "c"))
    p, q = torch.tensor([0, 0, 1, 2])[:, None], torch.tensor([0, 1, 1, 1, 2])[:, None]
    share = torch.tensor([2 / 4, 1 / 4, 1 / 4]) - torch.tensor([1 / 5, 3 / 5, 1 / 5])
    assert distance(p, q, measure="Energy", space=tokens).value == pytest.approx(float(share.norm()))


@pytest.mark.parametrize(
    ("x", "y", "more", "field"),
    [
        (X, Y[:, :1], {}, "y"),
        (X, None, {}, "y"),
        (X, Y, {"measure": "w3"}, "measure"),
        (X, Y, {"measure": "W1"}, "measure"),
        (X, Y, {"seed": -1}, "seed"),
        ("moons", Y, {}, "x"),
        (X, [[math.nan, 0.0]], {}, "y"),
        (np.zeros((0, 2)), Y, {}, "x"),
        (X[:, :1], Y[:, :1], {"space": Torus(1), "measure": "W2"}, "measure"),
        (X, Y, {"space": Torus(1), "measure": "Energy"}, "x"),
        (X[:, 0], pg.GaussianMixture([1.0], [[0.0, 0.0]], [1.0]), {}, "x"),
        (pg.simulate(pg.Experiment(particles=3)), Y, {}, "y"),
    ],
)
def test_mistakes_are_told(x, y, more, field):
    with pytest.raises(pg.BadValue) as told:
        distance(x, y, **more)
    assert told.value.field == field
