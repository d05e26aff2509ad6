"""Distances that take a while, against other libraries on the same points, and what perfect samples show of them."""

from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import scipy.stats
import torch
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors

import playground as pg
from playground.core.mixture import GaussianMixture
from playground.engine import Run
from playground.measures.mmd import MMD, WIDTH
from playground.measures.panel import distances, measures, why_not
from playground.measures.sinkhorn import EPSILON
from playground.measures.two_samples import distance
from playground.metrics import transport
from playground.metrics.classifier import told_apart
from playground.metrics.fidelity import precision_recall
from playground.metrics.kernels import embedding, mmd_of_masks, mmd_to_mixture, null_sd, pairs_of, self_similarity

RNG = np.random.default_rng(11)
X, Y = RNG.standard_normal((60, 2)), RNG.normal((0.4, 0.0), (1.0, 0.5), (45, 2))
G3 = GaussianMixture([0.5, 0.3, 0.2], [[-1.0], [0.2], [1.2]], [0.01, 0.0225, 0.0025])


def ring(n, seed, modes=8, weights=None):
    """Eight equal modes on a circle of radius 2, standard deviation 0.05."""
    g = np.random.default_rng(seed)
    a = 2 * np.pi * g.choice(modes, n, p=weights) / 8
    return 2 * np.stack([np.cos(a), np.sin(a)], 1) + 0.05 * g.standard_normal((n, 2))


# against other libraries ----------------------------------------------------------------------------------------------------------


def test_transport_of_as_many_points_is_an_assignment():
    """POT's network simplex against scipy's assignment. Mutants killed: squared costs for W₁, no root for W₂."""
    y = Y[np.arange(60) % 45] + 0.01 * np.arange(60)[:, None]
    for key, cost in (("ExactW1", cdist(X, y)), ("ExactW2", cdist(X, y, "sqeuclidean"))):
        mean = cost[linear_sum_assignment(cost)].mean()
        told = distance(X, y, measure=key)
        assert told.value == pytest.approx(mean if key == "ExactW1" else math.sqrt(mean), rel=1e-9)
        assert told.floor > 0
        assert told.error > 0


def test_transport_of_unequal_numbers_is_a_linear_programme():
    x, y = X[:7], Y[:5]
    cost = cdist(x, y, "sqeuclidean")
    rows = np.kron(np.eye(7), np.ones(5)), np.kron(np.ones(7), np.eye(5))
    told = linprog(cost.ravel(), A_eq=np.concatenate(rows), b_eq=np.concatenate([np.full(7, 1 / 7), np.full(5, 1 / 5)]))
    assert distance(x, y, measure="ExactW2").value == pytest.approx(math.sqrt(told.fun), rel=1e-9)
    weights = np.full(60, 1 / 60), np.full(45, 1 / 45)
    assert transport.wasserstein(X, Y, 2) == pytest.approx(math.sqrt(ot.emd2(*weights, ot.dist(X, Y))), rel=1e-9)
    assert distance(X[:, 0], Y[:, 0], measure="ExactW1").value == pytest.approx(
        scipy.stats.wasserstein_distance(X[:, 0], Y[:, 0]), rel=1e-9
    )
    two = ot.wasserstein_1d(X[:, 0], Y[:, 0], p=2) ** 0.5
    assert distance(X[:, 0], Y[:, 0], measure="ExactW2").value == pytest.approx(two, rel=1e-9)
    with pytest.raises(pg.BadValue):
        transport.wasserstein(np.zeros((2001, 2)), Y, 2)


def test_energy_distance_of_scipy():
    assert distance(X[:, 0], Y[:, 0], measure="Energy").value == pytest.approx(scipy.stats.energy_distance(X[:, 0], Y[:, 0]), rel=1e-9)
    plane = math.sqrt(2 * cdist(X, Y).mean() - cdist(X, X).mean() - cdist(Y, Y).mean())
    assert distance(X, Y, measure="Energy").value == pytest.approx(plane, rel=1e-9)


def test_mmd_of_sklearns_kernel():
    """The U-statistic by hand from sklearn's kernel. Mutants killed: pairs of a point with itself, ℓ² for 2ℓ², the first sample's width."""
    width = WIDTH * math.sqrt(Y.var(0, ddof=1).mean())

    def k(a, b):
        return rbf_kernel(a, b, gamma=1 / (2 * width**2))

    u = (k(X, X).sum() - 60) / (60 * 59) + (k(Y, Y).sum() - 45) / (45 * 44) - 2 * k(X, Y).mean()
    assert distance(X, Y, measure="MMD").value == pytest.approx(u, abs=1e-12)


@pytest.mark.parametrize("share", [EPSILON, 1.0])
def test_sinkhorn_of_pot(share):
    """OT_ε from POT's plan, cost and entropy written out. Mutants killed: the entropy left out, |x − y| for its square, no debiasing."""
    epsilon = share * Y.var(0, ddof=1).mean()

    def cost(a, b):
        c = cdist(a, b, "sqeuclidean")
        p, q = np.full(len(a), 1 / len(a)), np.full(len(b), 1 / len(b))
        plan = ot.sinkhorn(p, q, c, epsilon, numItermax=100_000, stopThr=1e-13)
        return (plan * c).sum() + epsilon * (plan * np.log(plan / np.outer(p, q))).sum()

    want = cost(X, Y) - 0.5 * (cost(X, X) + cost(Y, Y))
    assert transport.sinkhorn_divergence(X, Y, epsilon) == pytest.approx(want, abs=1e-9)
    if share == EPSILON:
        assert distance(X, Y, measure="Sinkhorn").value == pytest.approx(want, abs=1e-9)


def test_sinkhorn_settles_where_its_iteration_alone_does_not():
    """Far clusters with unlike numbers of points; and a shift by v costs |v|² whatever ε."""
    x, y = ring(60, 0), ring(60, 1, modes=7)
    near = transport.sinkhorn_divergence(x, y, 0.2)
    assert near == pytest.approx(transport.wasserstein(x, y, 2) ** 2, rel=0.2)
    assert transport.sinkhorn_divergence(x, x + np.array([3.0, 4.0]), 0.7) == pytest.approx(25, rel=1e-9)
    assert transport.sinkhorn_divergence(x, x, 0.7) == pytest.approx(0, abs=1e-9)


def test_precision_and_recall_of_sklearns_neighbours():
    """Mutants killed: precision for recall; the point itself counted as its first neighbour."""

    def share(points, ground):
        radius = NearestNeighbors(n_neighbors=4).fit(ground).kneighbors(ground)[0][:, 3]
        return (cdist(points, ground) <= radius).any(1).mean()

    assert distance(X, Y, measure="Precision").value == pytest.approx(share(X, Y), abs=1e-7)
    assert distance(X, Y, measure="Recall").value == pytest.approx(share(Y, X), abs=1e-7)
    assert share(X, Y) != share(Y, X)


# a sample and a mixture on the line -----------------------------------------------------------------------------------------------


def test_w2_and_w1_to_a_mixture():
    """Against 10⁵ quantile points; the same 1,000 units away, where moments about the origin would cancel; and quantile points are nearly at zero."""
    x = G3.draw(50, pg.Rng(4, dtype=torch.float64))[0][:, 0].numpy()
    fine = transport.quantiles(G3, 200_000)[::2]
    cell = np.sort(x)[(np.arange(len(fine)) * 50) // len(fine)]
    assert transport.w2_to_mixture(x, G3) == pytest.approx(np.sqrt(np.mean((cell - fine) ** 2)), rel=1e-4)
    assert transport.w1_to_mixture(x, G3) == pytest.approx(np.mean(np.abs(cell - fine)), rel=1e-4)
    far = GaussianMixture(G3.weights, G3.means + 1000, G3.covs)
    assert transport.w2_to_mixture(x + 1000, far) == pytest.approx(transport.w2_to_mixture(x, G3), rel=1e-9)
    assert transport.w1_to_mixture(x + 1000, far) == pytest.approx(transport.w1_to_mixture(x, G3), rel=1e-9)
    assert transport.w2_to_mixture(transport.quantiles(G3, 20_000)[::2], G3) == pytest.approx(0.0007, abs=5e-5)
    one = GaussianMixture([1.0], [[0.0]], [1.0])
    assert transport.w2_to_mixture(np.zeros(1), one) == pytest.approx(1, rel=1e-12)
    assert transport.w1_to_mixture(np.zeros(1), one) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-12)
    assert distance(x, G3, measure="ExactW2").value == pytest.approx(transport.w2_to_mixture(x, G3), rel=1e-9)


@pytest.mark.parametrize(("n", "mean", "sd", "runs"), [(100, 0.203, 0.08, 200), (1000, 0.095, 0.03, 200), (10_000, 0.044, 0.017, 60)])
def test_floors_of_w2_on_the_line(n, mean, sd, runs):
    """What exact samples of three modes show: almost all of it is random numbers of points a mode."""
    told = [transport.w2_to_mixture(G3.draw(n, pg.Rng(seed, dtype=torch.float64))[0][:, 0].numpy(), G3) for seed in range(runs)]
    assert np.mean(told) == pytest.approx(mean, abs=4 * sd / math.sqrt(runs) + 0.001)
    assert np.std(told) == pytest.approx(sd, rel=0.35)


# what perfect samples show --------------------------------------------------------------------------------------------------------


def test_floors_of_w2_in_the_plane():
    """Two samples of the eight modes: 0.48 at 500 points and less at 1,000; sliced W₂ is far below."""
    few = [transport.wasserstein(ring(500, 2 * s), ring(500, 2 * s + 1), 2) for s in range(12)]
    assert np.mean(few) == pytest.approx(0.48, abs=4 * 0.17 / math.sqrt(12))
    sliced = [distance(ring(1000, 2 * s), ring(1000, 2 * s + 1)).value for s in range(8)]
    assert np.mean(sliced) == pytest.approx(0.183, abs=0.1)
    assert np.mean(sliced) < 0.6 * np.mean(few)


def test_sixteen_angles_are_enough_in_the_plane():
    """Mean over evenly spaced directions: of smooth laws 16 give what 512 do; the page takes 32."""
    a = np.pi * np.arange(512) / 512
    exact = (np.sqrt(np.cos(a) ** 2 + 0.25 * np.sin(a) ** 2) - 1) ** 2  # of N(0, diag(1, ¼)) and N(0, I), by directions
    few = np.pi * np.arange(16) / 16
    told = (np.sqrt(np.cos(few) ** 2 + 0.25 * np.sin(few) ** 2) - 1) ** 2
    assert math.sqrt(told.mean()) == pytest.approx(math.sqrt(exact.mean()), abs=1e-8)
    assert math.sqrt(exact.mean()) == pytest.approx(0.288159, abs=1e-6)


def test_mmd_is_unbiased_and_goes_below_zero():
    """Of exact samples the mean is 0, its spread the formula's, and about half are negative. Mutants killed: a V-statistic; half the variance."""
    width = WIDTH * float(G3.cov().diagonal().mean().sqrt())
    draws = [G3.draw(200, pg.Rng(seed, dtype=torch.float64))[0] for seed in range(300)]
    told = np.array([mmd_to_mixture(x, G3, width) for x in draws])
    sd = null_sd(G3, G3.draw(5000, pg.Rng(999, dtype=torch.float64))[0], 200, width)
    assert abs(told.mean()) < 4 * sd / math.sqrt(300)
    assert told.std() == pytest.approx(sd, rel=0.25)
    assert 0.45 < (told < 0).mean() < 0.75
    many = G3.draw(4000, pg.Rng(5, dtype=torch.float64))[0]
    assert self_similarity(G3, width) == pytest.approx(pairs_of(many, width), rel=0.02)
    assert float(embedding(G3, draws[0][:1], width)[0]) == pytest.approx(
        np.exp(-((draws[0][0, 0].numpy() - many[:, 0].numpy()) ** 2) / 2 / width**2).mean(), rel=0.05
    )
    a = torch.zeros(1, 40, dtype=torch.bool)
    a[0, :20] = True
    x = draws[0][:40]
    assert float(mmd_of_masks(x, a, ~a, width)[0]) == pytest.approx(
        pairs_of(x[:20], width) + pairs_of(x[20:], width) - 2 * np.exp(-cdist(x[:20], x[20:], "sqeuclidean") / 2 / width**2).mean()
    )


def test_precision_and_recall_see_what_is_lost():
    """Of the eight modes: .96 to .97 for perfect samples; one mode missing .97/.85; copies of the centres 1/0."""
    exact = torch.from_numpy(ring(1000, 1))
    for points, precision, recall in (
        (ring(1000, 2), 0.970, 0.970),
        (ring(1000, 3, modes=7), 0.97, 0.85),
        (np.repeat(ring(8, 4) * 0 + 2 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], 1), 125, 0), 1, 0),
    ):
        told = precision_recall(exact, torch.from_numpy(points))
        assert told.precision == pytest.approx(precision, abs=0.015)
        assert told.recall == pytest.approx(recall, abs=0.035)


def test_a_classifier_cannot_tell_equal_laws_apart():
    """½ within its spread; of unlike ones more, at most ½ (1 + TV). Mutants killed: accuracy on what it has learnt; the majority's share of unequal samples."""
    null = [told_apart(ring(1000, 2 * s), ring(1000, 2 * s + 1)) for s in range(4)]
    assert np.mean(null) == pytest.approx(0.5, abs=0.03)
    assert told_apart(ring(900, 1), ring(100, 2)) == pytest.approx(0.5, abs=0.05)
    weights = np.array([0.5, *7 * [0.5 / 7]])  # total variation of the modes' weights: 3/8
    assert 0.6 < told_apart(ring(1000, 1, weights=weights), ring(1000, 2)) < 0.5 * (1 + 0.375) + 0.04
    assert told_apart(ring(200, 1), ring(200, 2) + 5) == 1
    assert math.isnan(told_apart(X[:3], Y))


# of a run -------------------------------------------------------------------------------------------------------------------------

HEAVY = ["ExactW1", "ExactW2", "MMD", "Sinkhorn", "Precision", "Recall", "C2ST"]


@pytest.mark.parametrize("key", HEAVY)
def test_heavy_measures_of_a_run(key):
    """At the floor for a good run, beyond it for one of few steps; asked for by name, at the end only, never on the page."""
    measure = distances()[key]
    assert not measure.cheap
    assert not measure.column
    assert measure in [m for m in measures() if not m.cheap]
    good, bad = (
        Run(
            pg.Experiment(data="eight_gaussians", particles=200, sampler="DDIM", grid={"kind": "UniformLogSNR", "steps": n}, seed=3)
        ).finish()
        for n in (60, 3)
    )
    assert not why_not(measure, good)
    fine, rough = measure.of(good), measure.of(bad)
    assert not measure.over_time
    assert fine.floor == rough.floor  # the same exact samples, whatever the steps
    spread = 6 * (fine.floor_sd + fine.error) + 0.02
    assert abs(fine.value - fine.floor) < spread
    sign = -1 if measure.better == "higher" else 1
    assert sign * (rough.value - rough.floor) > sign * (fine.value - fine.floor)


def test_on_the_line_the_law_itself_is_there():
    """Without exact samples in between: no error, and the floor is that of exact samples of as many points."""
    run = Run(pg.Experiment(data="two_modes", particles=500, sampler="DDIM", grid={"kind": "UniformLogSNR", "steps": 50})).finish()
    told = pg.measure(run.exp, "ExactW2")
    law = pg.law("two_modes").mixture
    assert told.error == 0
    assert told.value == pytest.approx(transport.w2_to_mixture(run.frames[-1].z[:, 0].double().numpy(), law), rel=1e-6)
    assert told.value < told.floor + 5 * told.floor_sd
    curve = distances()["ExactW2"].along(run)
    assert (curve.frames, curve.estimates) == ([len(run.frames) - 1], [told])
    early = pg.measure(run.exp.replace(stop_at=0.1), "ExactW2")
    assert early.error > 0


def test_many_components_have_no_formula():
    """Then MMD is taken between samples."""
    law = GaussianMixture(torch.ones(300), torch.zeros(300, 2), torch.ones(300))
    assert MMD().exactly(law, X, X[None]) is None
