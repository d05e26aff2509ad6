"""Guidance on class-conditional mixtures: math 2.21's numbers, two roads to one field, honest counts."""

import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.guidance import Blend
from playground.core.legal import why_illegal
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.run import run
from playground.core.spec import registry
from playground.exact import oracle_for
from playground.exact.models import exact
from playground.guidance.classifier import ClassifierGuided
from tests.named import mixture_of
from tests.real import real

SCALARS = ["VP", "EDM", "Flow", "CosinePath"]


def gaussian(mean, std):
    return pg.GaussianMixture([1.0], [[mean]], [std**2])


def ends(process, main, weak, weight, sampler, steps, n=20_000, seed=0):
    """Final states of a guided run from the prior, whose draws are standardised."""
    blend = Blend(oracle_for(main, process), oracle_for(weak, process), weight)
    rng = Rng(seed, dtype=torch.float64)
    z = process.source(n, (1,), rng.stream("prior"))
    z = (z - z.mean()) / z.std() * float(process.prior_cov()) ** 0.5
    with torch.inference_mode():
        *_, last = run(Problem(process, blend), sampler, z, pg.UniformLogSNR(steps=steps).times(process), rng.stream("path"))
    return last.z[:, 0]


@pytest.mark.parametrize("key", SCALARS)
def test_ode_and_sde_of_two_gaussians(key):
    """s_c of N(0, 1), s_u of N(0, 4), W = 2: ODE std .5 = 1²/2, reverse SDE √7/4 = .661, the tilt p(x)p(c|x)^W has .756.

    Mutants killed: W − 1 for W, guidance applied to σ-scaled ε of one model only.
    """
    process = getattr(pg, key)()
    ode = float(ends(process, gaussian(0, 1), gaussian(0, 2), 2.0, pg.RK4(), 80, n=500).std())
    assert ode == pytest.approx(0.5, abs=3e-3)
    sde = ends(process, gaussian(0, 1), gaussian(0, 2), 2.0, pg.DDPM(), 900, n=8000)  # small variance shrinks: many steps
    assert float(sde.std()) == pytest.approx(math.sqrt(7) / 4, abs=0.02)
    tilt = (2 / 1 - 1 / 4) ** -0.5
    assert tilt == pytest.approx(0.756, abs=5e-4)
    assert abs(float(sde.std()) - tilt) > 0.05
    assert abs(ode - tilt) > 0.2


def test_bimodal_numbers():
    """±1, std .5, W = 3: the ODE ends at mean 1.513, std .313; the tilt p_u^{1−W} p_c^W at 1.051, .457 (math 2.21)."""
    both = pg.GaussianMixture([0.5, 0.5], [[-1.0], [1.0]], [0.25, 0.25], [0, 1])
    x = ends(pg.EDM(), both.only(1), both, 3.0, pg.EDMHeun(), 120)
    assert float(x.mean()) == pytest.approx(1.513, abs=0.01)
    assert float(x.std()) == pytest.approx(0.313, abs=0.01)
    grid = torch.linspace(-4, 6, 20_001, dtype=torch.float64)[:, None]
    w = (3 * both.only(1).log_prob(grid) - 2 * both.log_prob(grid)).exp()
    w = w / w.sum()
    mean = float((w * grid[:, 0]).sum())
    std = float((w * (grid[:, 0] - mean) ** 2).sum().sqrt())
    assert mean == pytest.approx(1.051, abs=2e-3)
    assert std == pytest.approx(0.457, abs=2e-3)


@pytest.mark.parametrize("key", [*SCALARS, "SubVP", "VE", "CLD"])
@pytest.mark.parametrize("data", ["moons", "three_modes"])
def test_classifier_is_classifier_free(key, data):
    """With the exact classifier p_t(c|x) = Σ_{k∈c} r_k both are one field, though one takes a gradient and the other two models; W = 0 and 1 are the models.

    Mutant killed: responsibilities inside the class not normalised; ψᵀΣ for CLD without the covariance.
    """
    process, mixture = getattr(pg, key)(), mixture_of(data)
    if int(mixture.labels.max()) == 0:
        mixture = pg.GaussianMixture(mixture.weights, mixture.means, mixture.covs, (torch.arange(mixture.components) > 0).long())
    for clock in (0.3, 0.6, 0.9):
        t = float(process.unclock(torch.tensor(clock, dtype=torch.float64)))
        law = oracle_for(mixture, process).marginal(t)
        rng = Rng(1, dtype=torch.float64)
        z = law.sample(rng.uniform((40,)), rng.normal((40, law.dim)))[0].reshape(process.state_shape(40, (mixture.dim,)))
        for weight in (0.0, 1.0, 3.0):
            a = pg.Classifier(label=1, weight=weight).model(exact(mixture), process)(z, t).x0_hat
            b = pg.ClassifierFree(label=1, weight=weight).model(exact(mixture), process)(z, t).x0_hat
            torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7 * float(b.abs().max()))


def test_classifier_gradient_is_autograd(five):
    """∇ log p_t(c | z) and p_t(c | z) itself against autograd and Bayes' rule, where the covariances differ."""
    data = pg.GaussianMixture(five.weights, five.means, five.covs, [0, 1, 1, 0, 1])
    process, t = pg.VP(), 0.3
    model = ClassifierGuided(oracle_for(data, process), 1, 2.0, lambda t: True)
    z = torch.randn(30, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    bayes = math.log(0.15 + 0.2 + 0.3) + oracle_for(data.only(1), process).log_prob(z, t) - oracle_for(data, process).log_prob(z, t)
    torch.testing.assert_close(model.log_class(z, t), bayes, rtol=1e-9, atol=1e-9)
    (slope,) = torch.autograd.grad(bayes.sum(), z)
    torch.testing.assert_close(model.gradient(z.detach(), t), slope, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("key", ["ClassifierFree", "Classifier", "Autoguidance"])
def test_calls_are_counted_honestly(key):
    """Two models a call while guidance is on; inside half of the clock about half as many extra calls; W = 1 of two models costs one."""
    base = pg.Experiment(guidance={"kind": key, "weight": 3.0}, sampler="DDIM", grid=pg.UniformTime(steps=10), particles=20)
    assert pg.simulate(base).model_calls == 20
    half = pg.simulate(base.replace(guidance={"kind": key, "weight": 3.0, "start": 0.7, "stop": 0.25}))
    on = int(((half.grid[:-1] <= 0.7) & (half.grid[:-1] >= 0.25)).sum())
    assert 0 < on < 10
    assert half.model_calls == 10 + on
    if key != "Classifier":
        assert pg.simulate(base.replace(guidance={"kind": key, "weight": 1.0})).model_calls == 10
    assert pg.simulate(base.replace(guidance={"kind": key, "weight": 0.0})).model_calls == 10


class Counted:
    """A model and the models beside it, each of which tells how often it was asked."""

    def __init__(self, model, asked=None, name="all"):
        self.model, self.asked, self.name = model, {} if asked is None else asked, name

    def __call__(self, z, t):
        self.asked[self.name] = self.asked.get(self.name, 0) + 1
        return self.model(z, t).x0_hat  # a bare tensor is a prediction too

    def only(self, label):
        return Counted(self.model.only(label), self.asked, f"class {label}")

    def weaker(self, inflate):
        return Counted(self.model.weaker(inflate), self.asked, "weak")


OFF = {"ClassifierFree": ("class 1", "all"), "Autoguidance": ("class 1", "weak"), "Classifier": (None, "all")}


@pytest.mark.parametrize("process", ["VP", "CLD", "EDM", "Flow"])
@pytest.mark.parametrize("key", OFF)
def test_a_predictor_of_ones_own_is_guided(key, process):
    """simulate(guided, predictor=the exact model) is simulate(guided), number for number, under every guidance; at W = 0 and W = 1 only the model
    that has a weight is asked, and the count says so. Mutants killed: the guidance dropped; 0 · (D_c − D_u) computed."""
    base = pg.Experiment(process=process, sampler="Euler", grid=pg.Quadratic(steps=8), particles=30)
    every = oracle_for(mixture_of("moons"), base.process)
    for weight in (0.0, 1.0, 3.0):
        exp = base.replace(guidance={"kind": key, "weight": weight, "label": 1})
        given = Counted(every)
        own, other = pg.simulate(exp), pg.simulate(exp, predictor=given)
        assert torch.equal(own.states, other.states)
        assert own.model_calls == other.model_calls == 8 * (2 if weight == 3 or (weight == 1 and key == "Classifier") else 1)
        if weight in (0, 1) and key != "Classifier":
            assert given.asked == {OFF[key][weight == 0]: 8}
    guided, plain = (pg.simulate(e).states[-1] for e in (exp, base))
    assert float((guided - plain).abs().max()) > 0.1


def test_weight_zero_is_the_model_without_a_condition():
    """W = 0: the unconditional model (the weak one of autoguidance), to the last digit."""
    for process in ("VP", "CLD"):
        base = pg.Experiment(process=process, sampler="Euler", grid=pg.Quadratic(steps=8), particles=30)
        plain = pg.simulate(base)
        for key in ("ClassifierFree", "Classifier"):
            assert torch.equal(pg.simulate(base.replace(guidance={"kind": key, "weight": 0.0, "label": 1})).states, plain.states)
        one = mixture_of("moons").only(1)
        weak = pg.GaussianMixture(one.weights, one.means, one.covs * 3.0)
        blurred = pg.simulate(base, data=weak)
        assert torch.equal(pg.simulate(base.replace(guidance=pg.Autoguidance(label=1, weight=0.0))).states, blurred.states)


@pytest.mark.parametrize("data", ["digits-wiener", "digits-unet"])
def test_each_class_of_a_predictor_of_ones_own(data):
    """An image model given as a predictor is guided by class as the data's own; W = 0 costs one evaluation a step."""
    exp = pg.Experiment.from_dict({"data": data, "particles": 11, "grid": {"steps": 3}, "guidance": {"kind": "EachClass", "weight": 2.0}})
    model = exp.who.predictor(exp.process)
    assert torch.equal(pg.simulate(exp).states, pg.simulate(exp, predictor=model).states)
    free = pg.simulate(exp.replace(guidance=pg.EachClass(weight=0.0)))
    assert free.model_calls == 3
    assert torch.equal(free.states, pg.simulate(exp.replace(guidance=pg.NoGuidance())).states)


def test_what_guidance_needs_of_a_predictor_is_told():
    """A function has no class-conditional form: refused with what is missing. Classifier guidance brings its own classifier."""
    exp = pg.Experiment(particles=4, grid=pg.UniformTime(steps=3), sampler="DDIM")
    for guidance, words in ((pg.ClassifierFree(), r"only\(label\)"), (pg.Autoguidance(), r"only\(label\)")):
        with pytest.raises(pg.BadValue, match=rf"^predictor = '<lambda>' .*{words}"):
            pg.simulate(exp.replace(guidance=guidance), predictor=lambda z, t: 0 * z)
    assert pg.simulate(exp.replace(guidance=pg.Classifier()), predictor=lambda z, t: 0 * z).model_calls == 6


def test_classes_are_those_of_the_data_that_are_sampled():
    """simulate(…, data=mixture) checks the label against that mixture."""
    mixture = pg.GaussianMixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], [0.1, 0.1], [0, 7])
    exp = pg.Experiment(guidance=pg.ClassifierFree(label=1), particles=3)
    with pytest.raises(pg.BadValue, match=r"^guidance\.label = 1 .*: 0, 7"):
        pg.simulate(exp, data=mixture)
    kept = pg.Experiment(data=mixture, guidance=pg.ClassifierFree(label=7), particles=3)
    assert torch.equal(pg.simulate(kept).states, pg.simulate(kept, data=mixture).states)


def test_interval_outside_is_the_condition():
    """With the interval closed, classifier-free guidance of any W is the conditional model, to the last digit."""
    base = pg.Experiment(sampler="DDIM", particles=50, dtype="float64")
    closed = pg.simulate(base.replace(guidance=pg.ClassifierFree(label=1, weight=9, start=0, stop=0))).states[-1]
    plain = pg.simulate(base.replace(guidance=pg.ClassifierFree(label=1, weight=1))).states[-1]
    assert torch.equal(closed, plain)


def test_autoguidance_sharpens_inside_its_class():
    """One Gaussian, weak = covariance × f: ODE std = std^W (std √f)^{1−W}, the mean stays (classifier-free guidance moves it)."""
    both = pg.GaussianMixture([0.5, 0.5], [[-1.0], [1.0]], [0.25, 0.25], [0, 1])
    g = pg.Autoguidance(label=1, weight=2.0, inflate=4.0)
    e = pg.Experiment(process="EDM", guidance=g, sampler="EDMHeun", grid=pg.UniformLogSNR(steps=120), particles=4000, dtype="float64")
    x = pg.simulate(e, data=both).states[-1]
    assert float(x.mean()) == pytest.approx(1, abs=0.02)
    assert float(x.std()) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("process", real("processes"))
@pytest.mark.parametrize("key", ["ClassifierFree", "Autoguidance", "Classifier"])
def test_every_legal_combination_is_finite_and_moves_into_the_class(process, key):
    choices = {"process": process, "sampler": "Heun", "grid": pg.Quadratic(steps=40), "particles": 200}
    guidance = registry("guidance")[key](label=1, weight=1.5)
    if why_illegal(guidance, registry("processes")[process]):
        assert key == "Classifier"
        with pytest.raises(pg.BadValue, match="Gaussian"):
            pg.Experiment(guidance=guidance, **choices)
        return
    e = pg.Experiment(guidance=guidance, **choices)
    data = mixture_of("moons")
    x = pg.simulate(e).x[-1].double()
    assert bool(torch.isfinite(x).all())
    if process != "CLD" and process not in ("EDM", "VE", "PFGMPP"):  # those need other grids for a good picture
        mine = data.labels[data.component_log_prob(x).argmax(-1)] == 1
        assert float(mine.double().mean()) > 0.95


def test_bad_choices_are_named():
    for choices, field in (
        ({"guidance": pg.ClassifierFree(label=7)}, "guidance.label"),
        ({"guidance": {"kind": "ClassifierFree", "weight": -1}}, "guidance.weight"),
        ({"guidance": pg.ClassifierFree(), "sampler": "ExactAncestral"}, "sampler"),
        ({"guidance": pg.Classifier(), "process": "Interpolant", "sampler": "Euler", "grid": "Quadratic"}, "guidance"),
    ):
        with pytest.raises(pg.BadValue) as told:
            pg.Experiment(**choices)
        assert told.value.field == field


def test_links_and_files_bring_guidance_back():
    e = pg.Experiment(guidance=pg.ClassifierFree(label=1, weight=4, start=0.8))
    assert pg.Experiment.from_query(e.to_query()) == e
    assert pg.Experiment.from_json(e.to_json()) == e
    assert "guidance" not in pg.Experiment().to_query()
    assert np.isfinite(pg.simulate(e.replace(particles=10)).states.numpy()).all()


@pytest.mark.parametrize("data", ["digits-wiener", "digits-unet", "mnist-cld"])
def test_each_class_in_turn(data):
    """Image i is what classifier-free guidance of class i mod K makes of it, noise for noise; two calls a step. Mutant killed: i // K for i mod K."""
    exp = pg.Experiment.from_dict({"data": data, "particles": 43, "grid": {"steps": 4}, "guidance": {"kind": "EachClass", "weight": 2.0}})
    trace = pg.simulate(exp)
    assert trace.model_calls == 8
    for label in (0, 2, 9):
        one = pg.simulate(exp.replace(guidance=pg.ClassifierFree(label=label, weight=2.0)))
        torch.testing.assert_close(trace.x[-1, label::10], one.x[-1, label::10], rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="image model with classes"):
        pg.Experiment(guidance=pg.EachClass())
    few = pg.simulate(exp.replace(particles=3))
    torch.testing.assert_close(few.x[-1], trace.x[-1, :3], rtol=1e-3, atol=1e-3)
