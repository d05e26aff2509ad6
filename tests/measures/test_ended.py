"""Numbers of the last particles beside the law's own: modes, weights, classes, likelihood, cells, and the exact flow; against scipy and by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats
import torch
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon

import playground as pg
from playground.core.mixture import GaussianMixture
from playground.core.run import Frame
from playground.engine import Run
from playground.measures.class_entropy import ClassEntropy
from playground.measures.ended import component_log_prob, on_components
from playground.measures.image_precision import ImagePrecision
from playground.measures.image_recall import ImageRecall
from playground.measures.js_cells import JSCells
from playground.measures.kl_cells import KLCells
from playground.measures.likelihood_gap import LikelihoodGap
from playground.measures.mode_recall import ModeRecall
from playground.measures.on_modes import OnModes
from playground.measures.panel import measures, why_not
from playground.measures.path_error import PathError
from playground.measures.strong_error import StrongError
from playground.measures.weight_error import WeightError
from playground.metrics.cells import cells_of, js, kl

CENTRES = [[-2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [0.0, -2.0]]
LAW = GaussianMixture([0.1, 0.2, 0.3, 0.4], CENTRES, [[[0.04, 0.01], [0.01, 0.02]]] * 4, [0, 0, 1, 2])
CHEAP = [ModeRecall(), OnModes(), WeightError(), ClassEntropy(), LikelihoodGap(), KLCells(), JSCells()]


def ended(x, law=LAW, seed=0):
    """A run that ended in x."""
    process = pg.VP()
    told = SimpleNamespace(seed=seed)
    return SimpleNamespace(exp=told, process=process, oracle=SimpleNamespace(data=law), frames=[Frame(0, 0.0, torch.as_tensor(x), 0)])


def exact(n, seed, law=LAW):
    return law.draw(n, pg.Rng(seed, dtype=torch.float64))[0]


@pytest.mark.parametrize("measure", CHEAP, ids=lambda m: m.info.key)
def test_exact_samples_are_at_the_floor(measure):
    """Mean and spread over 60 exact samples are the stated ones, and of most the stated error is of that size. Mutants killed: a floor of other numbers of points, the spread of one
    component, an error without (G − 1)."""
    told = [measure.of(ended(exact(400, seed), seed=seed)) for seed in range(60)]
    values = np.array([e.value for e in told])
    sd = max(told[0].floor_sd, values.std()) / math.sqrt(16) + values.std() / math.sqrt(60)
    assert values.mean() == pytest.approx(told[0].floor, abs=4 * sd + 1e-9)
    if values.std() > 0:
        assert told[0].floor_sd == pytest.approx(values.std(), rel=0.6)
        assert np.median([e.error for e in told]) == pytest.approx(values.std(), rel=0.6)
    assert measure.cheap


def test_a_mode_that_is_missing():
    """Three of four: the share that is found, the weight that must move, the entropy of what is left."""
    x = exact(4000, 1)
    x = x[(x - torch.tensor(CENTRES[3])).norm(dim=1) > 1]
    told = {m.info.key: m.of(ended(x)) for m in CHEAP}
    assert told["ModeRecall"].value == 0.75
    assert told["ModeRecall"].floor == 1
    assert told["WeightError"].value == pytest.approx(0.4, abs=0.02)
    three = np.array([0.3, 0.3]) / 0.6
    assert told["ClassEntropy"].value == pytest.approx(-(three * np.log(three)).sum(), abs=0.01)
    assert told["KLCells"].value == pytest.approx(-math.log(0.6), abs=0.15)  # ln 1/0.6, and cells that few points fill
    assert told["JSCells"].value < told["KLCells"].value


def test_collapse_to_the_centres_and_points_between():
    """Copies of the centres: all found, nothing between, more likely than exact points by half a number a dimension. Points between the modes: lost."""
    centres = torch.tensor(CENTRES).double().repeat_interleave(torch.tensor([10, 20, 30, 40]), 0)
    told = {m.info.key: m.of(ended(centres)) for m in CHEAP}
    assert told["ModeRecall"].value == told["OnModes"].value == 1
    assert told["WeightError"].value == pytest.approx(0, abs=1e-9)
    assert told["LikelihoodGap"].value == pytest.approx(-1, abs=0.03)  # E ½ χ²₂ = 1
    assert told["LikelihoodGap"].floor == pytest.approx(0, abs=0.2)
    middle = torch.zeros(50, 2, dtype=torch.float64)
    assert OnModes().of(ended(middle)).value == ModeRecall().of(ended(middle)).value == 0
    assert LikelihoodGap().of(ended(middle)).value > 50
    lost = torch.full((50, 2), math.nan)
    assert OnModes().of(ended(lost)).value == 0
    assert KLCells().of(ended(lost)).value > 5


def test_three_standard_deviations():
    """By scipy's Mahalanobis distance: in the plane 1 − e^{−9/2} of a component's own points. Mutants killed: two of them, the box in place of the ellipse."""
    x = exact(3000, 2)
    inverse = np.linalg.inv(LAW.covs[0].numpy())
    off = x.numpy()[:, None] - np.array(CENTRES)
    far = np.sqrt(np.einsum("nki,ij,nkj->nk", off, inverse, off))
    assert np.array_equal(on_components(LAW, component_log_prob(LAW, x)).numpy(), far <= 3)
    assert OnModes().of(ended(x)).value == pytest.approx(1 - math.exp(-4.5), abs=0.01)


# cells ----------------------------------------------------------------------------------------------------------------------------


def test_cells_have_their_exact_probabilities():
    """Of correlated Gaussians against scipy's distribution function, on the line by Φ; all cells together are one. Mutants killed: the density in a cell's middle, a
    correlation that is passed over."""
    cells = cells_of(LAW)
    assert cells.shares.sum() == pytest.approx(1, abs=1e-12)
    assert len(cells.shares) == 32 * 32 + 1
    a, b = cells.edges
    for i, j in ((1, 15), (3, 17), (15, 2), (17, 30), (30, 16)):
        box = [(a[i + 1], b[j + 1], 1), (a[i], b[j + 1], -1), (a[i + 1], b[j], -1), (a[i], b[j], 1)]
        want = sum(
            w * sign * scipy.stats.multivariate_normal(m, LAW.covs[0].numpy()).cdf([x, y])
            for w, m in zip(LAW.weights.tolist(), CENTRES, strict=True)
            for x, y, sign in box
        )
        assert cells.shares[32 * i + j] == pytest.approx(want, abs=2e-7)
    line = cells_of(GaussianMixture([0.5, 0.5], [[-1.0], [1.0]], [0.01, 0.04]))
    assert line.shares[:64] == pytest.approx(
        np.diff(0.5 * scipy.stats.norm(-1, 0.1).cdf(line.edges[0]) + 0.5 * scipy.stats.norm(1, 0.2).cdf(line.edges[0])), abs=1e-9
    )
    with pytest.raises(pg.BadValue):
        cells_of(GaussianMixture([1.0], [[0.0, 0.0, 0.0]], [1.0]))


def test_divergences_of_scipy():
    g = np.random.default_rng(0)
    p, q = (v / v.sum() for v in (g.random(20), g.random(20)))
    p[3] = 0
    p /= p.sum()
    assert float(kl(p, q)) == pytest.approx(scipy.stats.entropy(p, q), rel=1e-12)
    assert float(js(p, q)) == pytest.approx(jensenshannon(p, q) ** 2, rel=1e-12)
    apart = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert float(js(*apart)) == pytest.approx(math.log(2), rel=1e-12)


def test_counts_of_cells():
    """Each point in the cell that it lies in; what is outside or not finite in the last."""
    cells = cells_of(LAW)
    a, b = cells.edges
    x = np.array([[0.5 * (a[4] + a[5]), 0.5 * (b[7] + b[8])], [a[0] - 1, 0.0], [0.0, b[-1] + 1], [math.nan, 0.0], [math.inf, 0.0]])
    counts = cells.counts(x)
    assert counts[32 * 4 + 7] == 1
    assert counts[-1] == 4
    assert counts.sum() == 5


# likelihood, flow, images ---------------------------------------------------------------------------------------------------------


def test_the_laws_own_likelihood():
    """E ln p by quadrature on the line."""
    law = GaussianMixture([0.4, 0.6], [[-1.0], [1.5]], [0.09, 0.25])

    def density(y):
        return 0.4 * scipy.stats.norm(-1, 0.3).pdf(y) + 0.6 * scipy.stats.norm(1.5, 0.5).pdf(y)

    want = quad(lambda y: density(y) * math.log(density(y)), -3, 5, limit=200)[0]
    x = torch.linspace(-1, 2, 50, dtype=torch.float64)[:, None]
    told = LikelihoodGap().of(ended(x, law))
    assert told.value == pytest.approx(want - np.log(density(x[:, 0].numpy())).mean(), abs=0.02)


@pytest.mark.parametrize("sampler", ["DDIM", "Heun"])
def test_strong_error_of_a_gaussian(sampler):
    """Of one Gaussian the flow is a scaling about the mean: the error by hand from the run's own start. It falls with the steps, and has no floor."""
    m, c = np.array([0.5, -1.0]), np.array([0.25, 1.0])
    data = {"weights": [1.0], "means": [m.tolist()], "covs": [np.diag(c).tolist()]}
    found = []
    for steps in (8, 32):
        exp = pg.Experiment(
            data=data, particles=200, sampler=sampler, grid={"kind": "UniformLogSNR", "steps": steps}, dtype="float64", seed=4
        )
        run = Run(exp).finish()
        first = run.frames[0]
        at = exp.process.at(first.t)
        want = m + (first.z.numpy() - at.alpha * m) * np.sqrt(c / (at.alpha**2 * c + at.sigma**2))
        apart = np.linalg.norm(run.frames[-1].z.numpy() - want, axis=1)
        told = StrongError().of(run)
        assert told.value == pytest.approx(apart.mean(), abs=2e-5)
        assert told.error == pytest.approx(apart.std(ddof=1) / math.sqrt(200), abs=2e-5)
        assert (told.floor, told.floor_sd) == (0, 0)
        found.append(told.value)
    assert found[1] < 0.4 * found[0]


def test_strong_error_says_where_it_is_none():
    """A sampler that draws noise has no flow of its own start; a guided field has none in closed form."""
    noisy = Run(pg.Experiment(particles=20, sampler="DDPM", grid={"kind": "UniformLogSNR", "steps": 4})).finish()
    assert "deterministic sampler" in why_not(StrongError(), noisy)
    guided = pg.Experiment(particles=20, sampler="DDIM", guidance={"kind": "ClassifierFree"}, grid={"kind": "UniformLogSNR", "steps": 4})
    with pytest.raises(pg.BadValue, match="guidance"):
        StrongError().of(Run(guided).finish())


@pytest.mark.parametrize("sampler", ["EulerMaruyama", "SDEDPMSolverPP"])
def test_strong_error_on_one_path(sampler):
    """It is the distance to the same path's fine run, made here by hand; it falls with the steps and is above its floor. Draws of their own have none.

    Mutants killed: another seed's path; a fine run from another start or with another last step.
    """
    found = []
    for steps in (8, 32):
        grid = {"kind": "UniformLogSNR", "steps": steps}
        exp = pg.Experiment(data="two_modes", particles=300, sampler=sampler, grid=grid, dtype="float64", seed=4, noise="path")
        run = Run(exp).finish()
        t = [exp.process.evened(u) for u in run.grid[:-1]]
        inner = np.interp(np.arange(16 * steps - 15) / 16, np.arange(steps), t)
        fine = pg.simulate(exp, times=[*exp.process.unevened(torch.from_numpy(inner)).clamp_max(1.0).tolist(), 0.0], max_frames=2)
        apart = np.abs(run.frames[-1].z.numpy() - fine.states[-1].numpy()).mean()
        told = PathError().of(run)
        assert told.value == pytest.approx(apart, rel=1e-3)
        assert told.value > 5 * told.floor > 0
        found.append(told.value)
    assert found[1] < 0.5 * found[0]
    assert "one Brownian path" in why_not(PathError(), Run(exp.replace(noise="steps", particles=2)).finish())


def test_wall_clock_is_the_runs_own():
    run = Run(pg.Experiment(particles=20)).finish()
    told = {m.info.key: m for m in measures()}["WallClock"].of(run)
    assert told.value == run.compute_ms > 0


def test_precision_and_recall_of_images():
    """Draws of the set are at the floor; of one digit alone recall is lost, far noise has no precision. Mutants killed: one for the other."""
    law = pg.law("digits")
    known, labels = law.examples.x, law.examples.labels
    exp = pg.Experiment(data="digits", particles=200)

    def told(x):
        run = SimpleNamespace(exp=exp, process=exp.process, space=exp.law.space, frames=[Frame(0, 0.0, x, 0)])
        return ImagePrecision().of(run), ImageRecall().of(run)

    for e in told(known[torch.randperm(len(known), generator=torch.Generator().manual_seed(3))[:200]]):
        assert e.value > e.floor - 5 * e.floor_sd
    precision, recall = told(known[labels == 0][:140])
    assert precision.value > 0.7
    assert recall.value < 0.35
    noise = torch.randn(200, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 5
    assert [e.value for e in told(noise)] == pytest.approx(
        [0, 1], abs=0.01
    )  # balls so wide hold everything: recall says nothing without precision
    assert ImagePrecision().better == ImageRecall().better == "higher"


def test_nothing_new_is_on_the_page():
    """What takes a while has no column: the page asks none of it."""
    shown = {m.info.key for m in measures() if m.column}
    assert shown == {"W1", "W2", "Energy", "Middle", "TotalVariation", "RelativeEntropy"}
    assert {m.info.key for m in measures() if not m.cheap} == {
        "ExactW1", "ExactW2", "MMD", "Sinkhorn", "Precision", "Recall", "C2ST", "StrongError", "PathError", "WallClock", "ImagePrecision", "ImageRecall",
    }  # fmt: skip
    assert {m.better for m in measures()} == {"lower", "higher", "floor"}
