"""What a notebook asks: each answer against an independent one, in the form that the points had; and every mistake in words."""

import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.problem import Prediction, Problem
from playground.exact import oracle_for
from tests.told import check_told

LINE = pg.GaussianMixture([0.3, 0.7], [-1.0, 1.0], [0.05, 0.1])
PLANE = pg.GaussianMixture([0.4, 0.6], [[-1.0, 0.0], [1.0, 0.5]], [[[0.2, 0.05], [0.05, 0.1]], [[0.1, 0.0], [0.0, 0.3]]])
ONE = pg.Experiment(data=LINE, particles=64, sampler="DDIM", grid=pg.UniformLogSNR(steps=60))
TWO = pg.Experiment(data=PLANE, particles=64, sampler="DDIM", grid=pg.UniformLogSNR(steps=60))
CLD = pg.Experiment(data=LINE, process="CLD", particles=64)


def autograd(log_prob, x):
    x = torch.as_tensor(x, dtype=torch.float64).requires_grad_()
    return torch.autograd.grad(log_prob(x).sum(), x)[0]


def test_score_is_the_slope_of_the_density():
    """Against automatic differentiation of a log-density that is written here: α m, α² C + σ² I."""
    at = TWO.process.at(0.3)

    def by_hand(x):
        cov = at.alpha**2 * PLANE.covs + at.sigma**2 * torch.eye(2, dtype=torch.float64)
        normal = torch.distributions.MultivariateNormal(at.alpha * PLANE.means, cov)
        return torch.logsumexp(PLANE.weights.log() + normal.log_prob(x[..., None, :]), -1)

    x = np.stack(np.meshgrid(np.linspace(-2, 2, 5), np.linspace(-1, 1, 4)), -1)
    found = pg.score(TWO, x, 0.3)
    assert isinstance(found, np.ndarray)
    assert found.shape == (4, 5, 2)
    np.testing.assert_allclose(found, autograd(by_hand, x).numpy(), atol=1e-9)
    np.testing.assert_allclose(pg.log_prob(TWO, x, 0.3), by_hand(torch.as_tensor(x)).numpy(), atol=1e-9)
    np.testing.assert_allclose(pg.density(TWO, x, 0.3), by_hand(torch.as_tensor(x)).exp().numpy(), atol=1e-12)
    assert isinstance(pg.density(TWO, torch.as_tensor(x), 0.3), torch.Tensor)


def test_densities_are_densities():
    """They integrate to one: of data, of p_t, of CLD's (x, v), of PFGM++'s tail nearly."""
    x = np.linspace(-8, 8, 4001)
    for density in (pg.density(LINE, x), pg.density("two_modes", x), pg.density(ONE, x, 0.5), pg.density(ONE, x)):
        assert density.sum() * (x[1] - x[0]) == pytest.approx(1, abs=1e-6)
    xv = np.stack(np.meshgrid(np.linspace(-6, 6, 301), np.linspace(-3, 3, 301), indexing="ij"), -1)
    assert pg.density(CLD, xv, 0.4).sum() * 12 / 300 * 6 / 300 == pytest.approx(1, abs=1e-6)
    guided = ONE.replace(data=pg.GaussianMixture([0.5, 0.5], [-1.0, 1.0], [0.1, 0.1], [0, 1]), guidance=pg.ClassifierFree(label=1))
    np.testing.assert_allclose(pg.density(guided, x), pg.density(pg.GaussianMixture([1.0], [1.0], [0.1]), x), atol=1e-12)


def test_forms_of_points():
    """(n,), (n, 1), a number, a list, integers, float32 and tensors are one thing; answers have the form that was given."""
    want = pg.score(ONE, np.array([[0.0], [1.0]]), 0.2)
    assert want.shape == (2, 1)
    for given in (np.array([0.0, 1.0]), [0.0, 1.0], (0, 1), np.array([0, 1])):
        found = pg.score(ONE, given, 0.2)
        assert isinstance(found, np.ndarray)
        assert found.shape == (2,)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, want[:, 0])
    single = pg.score(ONE, 1.0, 0.2)
    assert single.shape == ()
    assert single == want[1, 0]
    fine = pg.score(ONE, torch.tensor([0.0, 1.0], dtype=torch.float32), 0.2)
    assert fine.dtype == torch.float32
    np.testing.assert_allclose(fine.numpy(), want[:, 0], rtol=1e-5)
    assert pg.score(ONE, np.zeros((3, 4, 5)), 0.2).shape == (3, 4, 5)
    for shape in ((7, 2), (7, 2, 1), (3, 7, 2)):
        assert pg.score(CLD, np.ones(shape), 0.2).shape == shape
    assert pg.denoised(CLD, np.ones((7, 2)), 0.2).shape == (7,)
    assert pg.denoised(CLD, np.ones((7, 2, 1)), 0.2).shape == (7, 1)
    assert pg.log_prob(CLD, np.ones((3, 7, 2)), 0.2).shape == (3, 7)
    leaf = torch.zeros(3, 2, requires_grad=True)
    assert not pg.score(TWO, leaf, 0.2).requires_grad


def test_model_and_problem():
    """The model of a run, guidance included; its conversions are those of Problem."""
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    exact = oracle_for(PLANE, TWO.process)
    assert torch.equal(pg.model(TWO)(z, 0.4).x0_hat, exact(z, 0.4).x0_hat)
    assert torch.equal(pg.problem(TWO).eps(z, 0.4), Problem(TWO.process, exact).eps(z, 0.4))
    halved = pg.model(TWO, lambda z, t: z / 2)
    assert torch.equal(halved(z, 0.4).x0_hat, z / 2)
    np.testing.assert_allclose(pg.denoised(TWO, z.numpy(), 0.4, predictor=lambda z, t: Prediction(z / 2)), z.numpy() / 2)
    moons = pg.Experiment(data="moons", guidance=pg.ClassifierFree(label=1, weight=3.0))
    main, weak = (oracle_for(m, moons.process)(z, 0.3).x0_hat for m in (pg.law("moons").mixture.only(1), pg.law("moons").mixture))
    torch.testing.assert_close(pg.model(moons)(z, 0.3).x0_hat, weak + 3 * (main - weak))
    whole = pg.problem(moons.replace(start_at=0.5, stop_at=0.2, mode="reverse", grid=pg.Custom()))
    assert whole.score(z, 0.9).shape == z.shape


def test_samples():
    """Of a name, a mixture, a law, an experiment: the law's own moments, seeded, the first n the same for every n."""
    x = pg.sample(LINE, 200_000, seed=1)
    assert x.shape == (200_000, 1)
    assert float(x.mean()) == pytest.approx(float(LINE.mean()), abs=0.01)
    assert float(x.var()) == pytest.approx(float(LINE.cov()), abs=0.01)
    for what in (pg.law(LINE), ONE, LINE.to_dict()):
        assert torch.equal(pg.sample(what, 100, seed=1), x[:100])
    assert not torch.equal(pg.sample(LINE, 100, seed=2), x[:100])
    assert pg.sample("moons", 3).shape == (3, 2)


def test_distances():
    """A run and a law, points and a law, points and points: none is far where nothing is wrong, and a shift by a is a."""
    run = pg.simulate(pg.Experiment(data=PLANE, particles=2000, grid=pg.UniformLogSNR(steps=100)))
    x = pg.sample(PLANE, 2000, seed=3)
    for told in (pg.distance(run), pg.distance(run.x[-1], PLANE), pg.distance(x.numpy(), PLANE), pg.distance(x, pg.sample(PLANE, 1500, 4))):
        assert abs(told.value - told.floor) < 4 * told.floor_sd
        assert 0 < told.error < told.value
    assert pg.distance(x + torch.tensor([3.0, 4.0]), x).value == pytest.approx(5 / math.sqrt(2), rel=1e-3)
    line = pg.sample(LINE, 2000, seed=3)[:, 0]
    for y in (LINE, pg.law(LINE), pg.Experiment(data=LINE), pg.sample(LINE, 2000)):
        assert pg.distance(line.numpy() + 3, y).value == pytest.approx(3, abs=0.1)
    assert pg.distance(line, "two_modes", measure="energy").value > 0
    engine = pg.Run(pg.Experiment(data=LINE, particles=200)).finish()
    assert pg.distance(engine) == pg.distance(engine.trace)


def test_likelihoods():
    """ln p of the flow is ln p_t0 of the mixture, end="exact"; the form is that of the points."""
    x = np.array([[-1.0, 0.2], [0.3, 0.4]])
    told = pg.likelihood(TWO, x, end="exact")
    assert isinstance(told.log_p, np.ndarray)
    np.testing.assert_allclose(told.log_p, pg.log_prob(TWO, x, 1e-5), atol=1e-5)
    assert told.latent.shape == (2, 2)
    assert isinstance(pg.likelihood(ONE, torch.tensor([0.5])).log_p, torch.Tensor)
    assert pg.likelihood(ONE, 0.5, predictor=lambda z, t: z / 2).log_p.shape == ()


def test_there_and_back():
    """Encoding a Gaussian under many steps is (x − α m)'s own scale, decoding takes it back, and a bridge between Gaussians is optimal transport."""
    a, b = (pg.Experiment(data=pg.GaussianMixture([1.0], [m], [c]), sampler="DDIM", grid=pg.UniformLogSNR(steps=400)) for m, c in ((0.5, 0.2), (-1.0, 0.8)))  # fmt: skip
    x = np.array([0.1, 0.5, 1.2])
    trace = pg.invert(a, x)
    assert bool((trace.times[1:] > trace.times[:-1]).all())
    back, _ = pg.decode(a, trace.states[-1][:, 0].numpy())
    assert isinstance(back, np.ndarray)
    np.testing.assert_allclose(back, x, atol=2e-2)
    told = pg.bridge(a, b, x)
    assert isinstance(told.x0, np.ndarray)
    np.testing.assert_allclose(told.x0, -1 + math.sqrt(0.8 / 0.2) * (x - 0.5), atol=3e-2)
    assert pg.bridge(a, b, torch.as_tensor(x)[:, None]).x0.shape == (3, 1)


def test_budgets():
    """The notebook's is that of the page: parts that add up to the whole."""
    told = pg.budget(ONE.replace(grid=pg.UniformLogSNR(steps=10)))
    assert sum(part.share for part in told.parts) == pytest.approx(told.total)
    assert {p.name for p in pg.budget(ONE.replace(grid=pg.UniformLogSNR(steps=10)), lambda z, t: z / 2).parts} >= {"score"}


@pytest.mark.parametrize(("sampler", "order"), [("DDIM", 1), ("Heun", 2), ("DPMSolverPP2M", 2), ("DPMSolverPP3M", 3), ("RK4", 4)])
def test_orders(sampler, order):
    """The slope of a method of known order, on a mixture in the plane. Mutants killed: an error against the data, a start that differs."""
    told = pg.order(TWO.replace(sampler=sampler), (20, 40, 80))
    assert told.value == pytest.approx(order, abs=0.15)
    assert told.steps == (20, 40, 80)
    assert list(told.errors) == sorted(told.errors, reverse=True)
    assert told.calls[0] == 20 * pg.registry("samplers")[sampler].info.nfe


def test_mixtures_are_compared_and_drawn():
    """``==`` gives a bool, equal ones have one hash; ``sample(n, seed=)`` draws points and their components."""
    same = pg.GaussianMixture(LINE.weights.tolist(), LINE.means.tolist(), LINE.covs.tolist())
    assert (same == LINE) is True
    assert (LINE == PLANE) is False
    assert (LINE == "LINE") is False
    assert same != pg.GaussianMixture([0.3, 0.7], [-1.0, 1.0], [0.05, 0.1], [0, 1])
    assert hash(same) == hash(LINE)
    assert len({same, LINE, PLANE}) == 2
    x, component = LINE.sample(100, seed=0)
    assert x.shape == (100, 1)
    assert component.shape == (100,)
    assert torch.equal(x, LINE.sample(200, seed=0)[0][:100])
    assert not torch.equal(x, LINE.sample(100, seed=1)[0])


@pytest.mark.parametrize("name", ["moons", "letters", "torus_peaks", "digits"])
def test_every_law_is_drawn_from(name):
    """``law.sample(n, seed)``: points and classes, the first ones the same for every n; ``pg.sample`` gives the points."""
    law = pg.law(name)
    x, label = law.sample(50, seed=3)
    assert x.shape == (50, *law.space.shape)
    assert x.dtype == (torch.int64 if law.space.integral else torch.float64)
    assert set(label.tolist()) <= set(law.labels.tolist())
    assert torch.equal(x, law.sample(80, seed=3)[0][:50])
    assert torch.equal(x, pg.sample(name, 50, seed=3))
    assert not torch.equal(x, law.sample(50, seed=4)[0])


def test_angles_and_symbols_have_densities():
    """``pg.density`` of laws that are no mixtures of Gaussians: a circle's integrates to 1, a table's is the table; noised by an experiment as its exact model says.

    Mutants killed: radians for turns; the mask's probability left out.
    """
    at = -math.pi + 2 * math.pi * (np.arange(128) + 0.5) / 128
    plane = np.stack(np.meshgrid(at, at), -1)
    assert pg.density("torus_backbone", plane).mean() * (2 * math.pi) ** 2 == pytest.approx(1, abs=1e-9)
    noised = pg.density(pg.Experiment(data="torus_backbone"), plane, 0.4)
    assert noised.shape == (128, 128)
    assert noised.mean() * (2 * math.pi) ** 2 == pytest.approx(1, abs=1e-9)
    assert noised.max() < 0.5 * pg.density("torus_backbone", plane).max()
    letters, masked = np.arange(26), np.arange(27)
    np.testing.assert_allclose(pg.density("letters", letters), pg.law("letters").table.table.numpy(), rtol=1e-12)
    exp = pg.Experiment(data="letters", process="Absorbing")
    assert pg.density(exp, masked, 0.5).sum() == pytest.approx(1)
    assert pg.log_prob(exp, [26]) == -math.inf  # no datum is masked
    with pytest.raises(pg.BadValue, match="whole numbers from 0 to 25"):
        pg.density("letters", [0.5])
    with pytest.raises(pg.BadValue, match="letters of English are symbols"):
        pg.score(exp, torch.zeros(3, 1, dtype=torch.long), 0.5)


@pytest.mark.parametrize(("name", "measure"), [("torus_peaks", "Energy"), ("letters", "Energy"), ("digits", "W2"), ("moons", "W2")])
def test_points_are_compared_with_a_law_of_any_space(name, measure):
    """Exact draws are within the floor, and draws of one class are not."""
    law = pg.law(name)
    x, label = law.sample(600, seed=5)
    good = pg.distance(x[:200], name, measure=measure)
    bad = pg.distance(x[label == law.labels[0]][:200], name, measure=measure)
    assert good.value < good.floor + 4 * good.floor_sd
    assert bad.value > bad.floor + 8 * bad.floor_sd


X = np.zeros((3, 2))


def registered_twice():
    pg.register(pg.DDIM)


MISTAKES = {
    # laws
    "a law of no name": (lambda: pg.law("moonz"), "data", "moons"),
    "a law of a number": (lambda: pg.law(3), "data", "name"),
    "a law of a class": (lambda: pg.law(pg.GaussianMixture), "data", "name"),
    "a law of a tensor": (lambda: pg.law(torch.zeros(5, 2)), "data", "name"),
    "no draws": (lambda: pg.sample("moons", 0), "n", "from 1"),
    "half a draw": (lambda: pg.sample("moons", 2.5), "n", "whole number"),
    "draws in words": (lambda: pg.sample("moons", "many"), "n", "whole number"),
    "a negative seed": (lambda: pg.sample("moons", 3, seed=-1), "seed", "from 0"),
    "a seed in words": (lambda: pg.sample("moons", 3, seed="one"), "seed", "whole number"),
    "no draws of a law": (lambda: pg.law("moons").sample(0), "n", "from 1"),
    "a seed of a law": (lambda: pg.law("letters").sample(3, seed=0.5), "seed", "whole number"),
    "draws of a name": (lambda: pg.law("mnist").sample(3), "data", "drawn from"),
    "a law of images": (lambda: pg.density("mnist-unet", X), "data", "closed form, such as moons"),
    "no draws of a mixture": (lambda: LINE.sample(0), "n", "from 1"),
    "a seed of a mixture": (lambda: LINE.sample(3, seed=0.5), "seed", "whole number"),
    "uniform numbers alone": (lambda: LINE.sample(torch.rand(3)), "normal", "(3, 1)"),
    # models and scores
    "a model of a name": (lambda: pg.model("moons"), "exp", "Experiment"),
    "a problem of nothing": (lambda: pg.problem(None), "exp", "Experiment"),
    "a score of a name": (lambda: pg.score("moons", X, 0.5), "exp", "Experiment"),
    "a score at 0": (lambda: pg.score(TWO, X, 0), "t", "above 0"),
    "a score at no time": (lambda: pg.score(TWO, X, None), "t", "above 0"),
    "a score in words": (lambda: pg.score(TWO, X, "late"), "t", "above 0"),
    "a score beyond t_max": (lambda: pg.score(TWO, X, 1.5), "t", "up to 1"),
    "a score before 0": (lambda: pg.score(TWO, X, -0.1), "t", "above 0"),
    "a score at not a number": (lambda: pg.score(TWO, X, math.nan), "t", "above 0"),
    "a score of other points": (lambda: pg.score(TWO, np.zeros((3, 5)), 0.5), "x", "(…, 2)"),
    "a score of too few axes": (lambda: pg.score(CLD.replace(data=PLANE), np.zeros(2), 0.5), "x", "(…, 2, 2)"),
    "a score of words": (lambda: pg.score(TWO, "here", 0.5), "x", "finite numbers"),
    "a score of ragged points": (lambda: pg.score(TWO, [[0.0, 1.0], [2.0]], 0.5), "x", "finite numbers"),
    "a score of no points": (lambda: pg.score(TWO, np.zeros((0, 2)), 0.5), "x", "at least one"),
    "a score of infinite points": (lambda: pg.score(TWO, [[0.0, math.inf]], 0.5), "x", "finite"),
    "a score of complex points": (lambda: pg.score(TWO, np.zeros((3, 2), complex), 0.5), "x", "finite"),
    "a score of nothing": (lambda: pg.score(TWO, None, 0.5), "x", "finite"),
    "a score by a class": (lambda: pg.score(TWO, X, 0.5, predictor=torch.nn.Linear), "predictor", "make one of it"),
    "a score by a wrong model": (lambda: pg.score(TWO, X, 0.5, predictor=lambda z, t: z[:, :1]), "predictor", "(3, 2)"),
    "a model of other classes": (lambda: pg.model(TWO.replace(guidance="ClassifierFree"), lambda z, t: z), "predictor", "only(label)"),
    # densities
    "a density of data at a time": (lambda: pg.density("moons", X, 0.5), "t", "an Experiment"),
    "a density beyond t_max": (lambda: pg.density(TWO, X, 1.5), "t", "up to 1"),
    "a density before 0": (lambda: pg.log_prob(TWO, X, -1), "t", "above 0"),
    "a density of other points": (lambda: pg.density("moons", np.zeros((3, 3))), "x", "(…, 2)"),
    "a density of a number": (lambda: pg.density(3, X), "data", "name"),
    # distances
    "a distance of one": (lambda: pg.distance(X), "y", "points or a GaussianMixture"),
    "a distance of a name": (lambda: pg.distance("moons", X), "x", "points"),
    "a distance to no name": (lambda: pg.distance(X, "moonz"), "data", "moons"),
    "a distance to other points": (lambda: pg.distance(X, np.zeros((3, 3))), "y", "(m, 2)"),
    "a distance to another law": (lambda: pg.distance(X, "two_modes"), "x", "1 numbers"),
    "a distance of no points": (lambda: pg.distance(np.zeros((0, 2)), X), "x", "at least one"),
    "a distance of infinite points": (lambda: pg.distance([math.inf], [0.0]), "x", "finite"),
    "a distance of no name": (lambda: pg.distance(X, X, measure="W3"), "measure", "W2"),
    "a distance by a class": (lambda: pg.distance(X, X, measure=pg.W2), "measure", "W2"),
    "a distance of a run and points": (lambda: pg.distance(pg.simulate(ONE), X), "y", "nothing beside a run"),
    "a distance by no seed": (lambda: pg.distance(X, X, seed="a"), "seed", "whole number"),
    "a distance of a run of images": (
        lambda: pg.distance(pg.simulate(pg.Experiment(data="digits", model="ideal", particles=4, grid=pg.UniformTime(steps=2)))), "x", "exact model"),
    "no draws of a name": (lambda: pg.sample("mnist", 3), "data", "can be drawn from"),
    "a distance without moments": (
        lambda: pg.distance(pg.simulate(pg.Experiment(process=pg.PFGMPP(D=1), particles=50))), "measure", "no finite variance"),
    "a distance on the line": (lambda: pg.distance(X, X, measure="W1"), "measure", "on the line"),
    # likelihoods
    "a likelihood of a name": (lambda: pg.likelihood("moons", X), "exp", "Experiment"),
    "a likelihood of other points": (lambda: pg.likelihood(TWO, np.zeros((3, 5))), "x", "(…, 2)"),
    "a likelihood at 0": (lambda: pg.likelihood(TWO, X, t0=0), "t0", "from 1e-09"),
    "a likelihood by another trace": (lambda: pg.likelihood(TWO, X, trace="all"), "trace", "hutchinson"),
    "a likelihood at another end": (lambda: pg.likelihood(TWO, X, end="true"), "end", "exact"),
    "a likelihood without probes": (lambda: pg.likelihood(TWO, X, probes=0), "probes", "from 1"),
    "a likelihood by no seed": (lambda: pg.likelihood(TWO, X, seed="a"), "seed", "whole number"),
    "a likelihood of no tolerance": (lambda: pg.likelihood(TWO, X, tol="tight"), "tol", "a number"),
    # there and back
    "encoding by noise": (lambda: pg.invert(TWO.replace(sampler="DDPM"), X), "sampler", "deterministic"),
    "encoding under CLD": (lambda: pg.invert(CLD, [0.0]), "process", "single noise level"),
    "encoding other points": (lambda: pg.invert(TWO, np.zeros((3, 5))), "x", "(…, 2)"),
    "encoding of a name": (lambda: pg.invert("moons", X), "exp", "Experiment"),
    "decoding other points": (lambda: pg.decode(TWO, np.zeros((3, 5))), "latent", "(…, 2)"),
    "decoding by noise": (lambda: pg.decode(TWO.replace(sampler="DDPM"), X), "sampler", "deterministic"),
    "a bridge to another dimension": (lambda: pg.bridge(TWO, ONE, X), "exp_b", "same shape"),
    "a bridge to nothing": (lambda: pg.bridge(TWO, None, X), "exp", "Experiment"),
    "a bridge of words": (lambda: pg.bridge(TWO, TWO, "here"), "x", "finite numbers"),
    # budgets and orders
    "a budget of a name": (lambda: pg.budget("moons"), "exp", "Experiment"),
    "a budget of images": (lambda: pg.budget(pg.Experiment(data="mnist-unet")), "data", "closed form, such as moons"),
    "a budget by a class": (lambda: pg.budget(TWO, torch.nn.Linear), "predictor", "make one of it"),
    "an order of a name": (lambda: pg.order("moons"), "exp", "Experiment"),
    "an order of noise": (lambda: pg.order(TWO.replace(sampler="DDPM")), "sampler", "deterministic"),
    "an order of own steps": (lambda: pg.order(TWO.replace(sampler="RK45")), "sampler", "deterministic"),
    "an order of one": (lambda: pg.order(TWO, (20,)), "steps", "two different"),
    "an order of a number": (lambda: pg.order(TWO, 20), "steps", "two different"),
    "an order of words": (lambda: pg.order(TWO, "20, 40"), "steps", "two different"),
    "an order of no steps": (lambda: pg.order(TWO, (0, 20)), "steps", "from 1"),
    "an order of half a step": (lambda: pg.order(TWO, (10.5, 20)), "steps", "whole number"),
    "an order of a list of times": (lambda: pg.order(TWO.replace(grid=pg.Custom())), "grid", "number of steps can be chosen"),
    "an order of guidance": (lambda: pg.order(TWO.replace(guidance="Autoguidance")), "guidance", "NoGuidance()"),
    "an order of no particles": (lambda: pg.order(TWO, particles=0), "particles", "from 1"),
    # choices of one's own
    "registered twice": (registered_twice, "key", "playground.samplers.ddim"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.filterwarnings("error")
def test_told_in_words(name):
    check_told(*MISTAKES[name])


def test_densities_and_scores_of_images_take_the_same_states() -> None:
    """(…, *state) for both: images of (channels, height, width). Mutant killed: one that wants them flat."""
    exp = pg.Experiment(data="digits", model="gaussian")
    x = pg.law("digits").sample(3)[0]
    assert pg.score(exp, x, 0.5).shape == x.shape
    assert pg.log_prob(exp, x, 0.5).shape == (3,)
    step = 1e-4 * torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    slope = (pg.score(exp, x.double(), 0.5) * step).flatten(1).sum(1)
    torch.testing.assert_close(
        (pg.log_prob(exp, x.double() + step, 0.5) - pg.log_prob(exp, x.double() - step, 0.5)) / 2, slope, rtol=1e-5, atol=1e-9
    )
