"""Training on toys: every target is x̂_0 in other units, every loss has its floor, and a network of points is a model like another."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
import torch

import playground as pg
from playground.core.catalog import law_of, model_named, models_of
from playground.core.fields import BadValue
from playground.core.process import t64
from playground.core.rng import Rng
from playground.server.jobs import name_of
from playground.sweeps.kept import Kept
from toy_models.models import toys
from toy_models.networks.mlp import network
from toy_models.networks.points import PointModel
from toy_models.training import command
from toy_models.training.exam import Exam
from toy_models.training.regression import Regression, clock_of, pairs
from toy_models.training.toys import ToyLearner, Training, train

SMALL: dict[str, Any] = {"width": 16, "depth": 1, "batch": 32, "steps": 70}
T = torch.tensor([0.05, 0.3, 0.7], dtype=torch.float64)


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_TRAINED", str(tmp_path / "kept"))
    return tmp_path / "kept"


def drawn(process, n=3, dim=2):
    rng = Rng(0, dtype=torch.float64)
    return rng.normal((n, dim)), rng.normal((n, len(process.parts) + 1, dim))


WANTED = {  # what the network says where it is right, by the definitions of its target (math 1.6)
    "x0": lambda x0, e, a, s, da, ds: x0,
    "eps": lambda x0, e, a, s, da, ds: e,
    "v": lambda x0, e, a, s, da, ds: (a * e - s * x0) / (a * a + s * s).sqrt(),
    "score": lambda x0, e, a, s, da, ds: -e / s,
    "velocity": lambda x0, e, a, s, da, ds: da * x0 + ds * e,
}


@pytest.mark.parametrize("process", [pg.VP(), pg.SubVP(), pg.VE(), pg.Flow()], ids=lambda p: p.info.key)
@pytest.mark.parametrize("target", WANTED)
def test_each_target_is_x0_in_other_units(process, target):
    """The answer that the literature defines, put through the map, is x_0; "simple" is then its plain square error. Mutants killed: σ for τ, the sign of ε, a weight that is b² instead of 1/b²."""
    x0, noise = drawn(process)
    a, s, da, ds = (f(T)[:, None] for f in (process.alpha, process.sigma, process.dalpha, process.dsigma))
    z, wanted = pairs(Regression(process, target, "simple", 0.8), x0, T, noise)
    frame = Regression(process, target, "simple", 0.8).at(T)
    right = WANTED[target](x0, noise[:, 0], a, s, da, ds)
    told = (frame.own[..., None] * z).sum(1) + frame.gain[:, None] * right
    torch.testing.assert_close(told, x0, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(wanted, x0)
    off = (frame.own[..., None] * z).sum(1) + frame.gain[:, None] * (right + 0.1)
    torch.testing.assert_close(frame.weight[:, None] * (off - x0).square(), torch.full_like(x0, 0.01), rtol=1e-9, atol=1e-9)


def test_edm_is_karras():
    """c_skip, c_out, c_in, c_noise and the weight of math 2.6 at σ = t. Mutant killed: c_in of unit data."""
    frame, sd = Regression(pg.EDM(), "edm", "edm", 0.5).at(T), 0.5
    total = T.square() + sd**2
    torch.testing.assert_close(frame.own[:, 0], sd**2 / total)
    torch.testing.assert_close(frame.gain, T * sd / total.sqrt())
    torch.testing.assert_close(frame.inlet[:, 0], total.rsqrt())
    torch.testing.assert_close(frame.noise, T.log() / 4)
    torch.testing.assert_close(frame.weight, total / (T * sd).square())


@pytest.mark.parametrize(("target", "mixed"), [("edm", True), ("eps", False)])
def test_clds_loss_is_hybrid_score_matching(target, mixed):
    """‖ε_v − v/(ℓΣ_vv) − α'‖² of math 3, from Σ = LLᵀ by its own Cholesky. Mutants killed: the mixed score left out; ℓ of Σ_vv; x for v."""
    process = pg.CLD()
    x0, noise = drawn(process)
    regression = Regression(process, target, "simple", 1.0)
    z, _ = pairs(regression, x0, T, noise)
    frame = regression.at(T)
    answer = torch.full_like(x0, 0.3)
    psi, cov = process.mean_and_cov(T)
    root = torch.linalg.cholesky(cov)
    ell = 1 / root[:, 1, 1]
    eps_v = (root.inverse() @ (z - psi[..., None] * x0[:, None]))[:, 1]
    want = (eps_v - mixed * z[:, 1] / (ell * cov[:, 1, 1])[:, None] - answer).square()
    got = frame.weight[:, None] * ((frame.own[..., None] * z).sum(1) + frame.gain[:, None] * answer - x0).square()
    torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-9)


def test_denoising_score_matching_has_the_same_answer_and_a_higher_floor():
    """Given z, what stands for x_0 has the mean E[x_0 | z_t] with v_0 known as with v_0 averaged out, and a larger spread. Mutant killed: the kernel of HSM in both; a v_0 that the state does not contain."""
    law, n, floors = law_of("eight_gaussians"), 40_000, []
    for target in ("HSM", "DSM"):
        process = pg.CLD(target=target, gamma=1.0)
        rng, t = Rng(1, dtype=torch.float64), t64(0.1).expand(n)
        x0, _ = law.draw(n, rng)
        z, wanted = pairs(Regression(process, "edm", "simple", 1.0), x0, t, rng.normal((n, 3, 2)))
        exact = model_named(law, "exact").predictor(process)(z, 0.1).mean
        gap = wanted - exact
        for of in (torch.ones_like(exact), exact, z[:, 1]):  # no moment with what is known of z
            told = (gap * of).mean(0)
            assert float(told.abs().max()) < 5 * float((gap * of).std(0).max()) / math.sqrt(n)
        floors.append(float(gap.square().mean()))
    assert floors[1] > 1.05 * floors[0]


def test_the_floor_is_the_posterior_variance():
    """On a Gaussian of variance c the least loss of x̂_0 is c σ²/(α² c + σ²); an untrained EDM network of these data has it exactly (it is the Wiener filter). Mutant killed: marks of another time."""
    mixture = pg.GaussianMixture([1.0], torch.zeros(1, 2), 0.49 * torch.eye(2)[None])
    law = law_of(pg.Experiment(data=mixture).data)
    regression = Regression(pg.VP(), "edm", "edm", 0.7)
    marks = Exam(regression, law, 0).of(
        PointModel(network(Training(data=pg.Experiment(data=mixture).data, **SMALL).net), regression).eval()
    )
    a, s = pg.VP().alpha(marks.t), pg.VP().sigma(marks.t)
    want = 0.49 * s**2 / (a * a * 0.49 + s * s) * regression.at(marks.t).weight
    torch.testing.assert_close(marks.floor, want, rtol=0.12, atol=0)  # 2,048 numbers: 3 % of standard error
    assert float(marks.excess.max()) < 1e-4


@pytest.mark.parametrize("process", [pg.VP(), pg.VE(), pg.Flow(), pg.PFGMPP()], ids=lambda p: p.info.key)
def test_levels_are_drawn_by_their_law(process):
    """Quantiles rise from t_min to the largest level, evenly in time or log-normal: the median of ln σ/α is near ln σ_d − ½. Mutant killed: α/σ for σ/α."""
    u = torch.linspace(1e-6, 1 - 1e-6, 4001, dtype=torch.float64)
    for times in ("uniform", "log_normal"):
        t = clock_of(process, times, 0.7, u)
        assert float(t.min()) == pytest.approx(process.t_min, rel=0.05)
        assert float(t.max()) <= process.t_level
        assert bool((t.diff() >= 0).all())
    level = -process.scalar().half_log_snr(clock_of(process, "log_normal", 0.7, u))
    assert float(level.median()) == pytest.approx(math.log(0.7) - 0.5, abs=0.15)


@pytest.mark.parametrize(
    "settings",
    [
        Training(**SMALL),
        Training(**SMALL, process=pg.CLD(), importance=True),
        Training(**SMALL, data="two_modes", classes=True, points=50, stratified=True),
    ],
)
def test_an_interrupted_training_ends_the_same(tmp_path, settings):
    """Bit for bit, stopped within a block of batches. Mutants killed: batches of a block that depend on when they are drawn; losses of importance sampling forgotten."""
    whole = ToyLearner(settings)
    for _ in range(70):
        whole.step()
    first = ToyLearner(settings)
    for _ in range(45):
        first.step()
    first.save(tmp_path)
    again = ToyLearner(settings)
    assert again.resume(tmp_path)
    for _ in range(25):
        again.step()
    assert all(torch.equal(whole.average[k], again.average[k]) for k in whole.average)


def test_training_comes_nearer_to_the_truth():
    """The excess over the floor falls by two fifths in 400 steps; checkpoints are yielded at the first step, on the way, and at the end."""
    told = list(train(Training(batch=256, steps=400, rate=1e-2), every=100))
    assert [c.step for c in told] == [1, 100, 200, 300, 400]
    assert told[-1].marks.mean_excess < 0.6 * told[0].marks.mean_excess
    assert all(bool(torch.isfinite(c.marks.loss).all()) for c in told)


def test_a_loss_that_is_no_number_ends_the_training():
    """It says at which step, and what may help; what was yielded before is good. Mutant killed: weights of nan yielded."""
    run = train(Training(**{**SMALL, "steps": 2000}, rate=1.0, clip=1e6, optimiser="sgd", target="score"), every=1)
    told = [next(run)]
    with pytest.raises(BadValue, match=r"no finite number at step .*learning rate below 1"):
        told.extend(run)
    assert all(bool(torch.isfinite(w).all()) for w in told[-1].weights.values())


@pytest.mark.parametrize(
    ("field", "choices"),
    [
        ("weight", {"process": pg.CLD(), "weight": "edm"}),
        ("times", {"process": pg.CLD(), "times": "log_normal"}),
        ("target", {"process": pg.CLD(), "target": "velocity"}),
        ("weight", {"process": pg.PFGMPP(), "weight": "likelihood"}),
        ("process", {"process": pg.Interpolant()}),
        ("data", {"data": "digits"}),
        ("data", {"data": "letters"}),
        ("rotate", {"data": "two_modes", "rotate": True}),
        ("classes", {"data": "three_modes" if len(law_of("three_modes").labels) < 2 else "skewed", "classes": True}),
        ("width", {"width": 0}),
        ("network", {"network": "transformer"}),
    ],
)
def test_settings_that_do_not_fit_are_refused(field, choices):
    """By the name of the field, with what is allowed. Mutant killed: a training that begins and fails."""
    with pytest.raises(BadValue) as caught:
        Training(**choices)
    assert caught.value.field == field
    assert caught.value.allowed


def test_settings_come_back():
    """As JSON, with their process; an unknown name is refused by it. Mutant killed: a process of default numbers."""
    settings = Training(process=pg.VE(sigma_max=20.0), target="score", points=64, importance=True)
    assert Training.from_dict(json.loads(json.dumps(settings.told()))) == settings
    with pytest.raises(BadValue, match="epochs"):
        Training.from_dict({"epochs": 3})


@pytest.mark.parametrize("kind", ["residual", "plain", "fourier", "energy"])
def test_a_kept_model_is_a_choice_of_its_law(own_folder, kind):
    """It is there beside the exact one, its run is compared with the exact law, and it is the network that was trained. Mutants killed: weights before averaging; another network's card."""
    *_, last = train(Training(**SMALL, network=kind), every=35)
    toys.keep(last, "tiny", "a tiny one")
    assert [m.key for m in models_of(law_of("moons")) if m.key in ("exact", "tiny")] == ["exact", "tiny"]
    exp = pg.Experiment(model="tiny", particles=50, grid=pg.UniformLogSNR(steps=4))
    run = pg.simulate(exp)
    z = torch.randn(5, 2)
    told = exp.who.predictor(exp.process)(z, 0.3).mean
    torch.testing.assert_close(told, last.model()(z[:, None], t64([0.3])).detach(), rtol=0, atol=2e-2)  # weights are kept as float16
    assert run.x.shape[1:] == (50, 2)
    assert pg.measure(exp, "W2").floor is not None


def test_one_network_serves_every_process_of_gaussian_noise(own_folder):
    """E[x_0 | x_0 + τ ε] is one function: under VE, the flow and CLD it is what it is under VP, at the same τ. Mutant killed: t of one process given to another."""
    *_, last = train(Training(**SMALL), every=70)
    toys.keep(last, "tiny")
    who = model_named(law_of("moons"), "tiny")
    y = torch.randn(6, 2, dtype=torch.float64)
    vp = pg.VP()
    t = float(vp.time_at(-t64(0.6).log()))
    want = who.predictor(vp)(vp.alpha(t64(t)) * y, t).mean
    for process in (pg.VE(), pg.EDM(), pg.Flow(), pg.SubVP()):
        t = float(process.time_at(-t64(0.6).log()))
        torch.testing.assert_close(who.predictor(process)(process.alpha(t64(t)) * y, t).mean, want, rtol=0, atol=1e-5)
    cld = pg.CLD()
    z = torch.randn(6, 2, 2, dtype=torch.float64)
    k = cld.kernel.at(0.5)
    pull = k.precision @ k.psi
    y, tau = (pull[:, None] * z).sum(1) / (k.psi @ pull), float((k.psi @ pull) ** -0.5)
    t = float(vp.time_at(-t64(tau).log()))
    torch.testing.assert_close(who.predictor(cld)(z, 0.5).mean, who.predictor(vp)(vp.alpha(t64(t)) * y, t).mean, rtol=0, atol=1e-5)
    with pytest.raises(BadValue, match="trained for"):
        pg.Experiment(model="tiny", process=pg.PFGMPP())


def test_a_card_that_is_not_its_networks_hides_its_model_only(own_folder, caplog):
    """A foreign or hostile card is named in the log and left out; nothing else is lost. Mutants killed: settings that are not checked; a network of another size."""
    *_, last = train(Training(**SMALL), every=70)
    card = toys.keep(last, "good")
    whole = json.loads(card.read_text())
    for i, wrong in enumerate(
        (
            {"training": whole["training"] | {"width": 99}},
            {"training": {"epochs": 3}},
            {"training": whole["training"] | {"width": 17}},
            {"network": whole["network"] | {"kind": "magic"}},
        )
    ):
        (own_folder / f"bad{i}.json").write_text(json.dumps(whole | {"name": f"bad{i}"} | wrong))
        (own_folder / f"bad{i}.safetensors").write_bytes((own_folder / "good.safetensors").read_bytes())
    names = [m.key for m in models_of(law_of("moons"))]
    assert "good" in names
    assert not [name for name in names if name.startswith("bad")]
    assert {f"bad{i}.json" in caplog.text for i in range(4)} == {True}
    (own_folder / "good.safetensors").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(BadValue, match="sha256"):
        pg.simulate(pg.Experiment(model="good", particles=5))


def test_a_kept_model_never_stands_for_a_bundled_one(own_folder):
    """By its name it cannot be kept; a file that got there all the same is left out, and its law is as it was. Mutant killed: a bundled card read for a kept model, which ends every look at the law."""
    *_, last = train(Training(**SMALL), every=70)
    with pytest.raises(BadValue, match="bundled"):
        toys.keep(last, "mnist-unet")
    toys.keep(last, "mine")
    for end in ("json", "safetensors"):
        (own_folder / f"mine.{end}").rename(own_folder / f"mnist-unet.{end}")
    assert [m.key for m in models_of(law_of("moons"))] == ["exact", "moons-mlp"]


def test_a_model_that_is_trained_again_has_runs_of_its_own(own_folder):
    """Under its old name it is another model: what a server or a sweep kept of the first is none of it. Mutants killed: runs by the experiment alone; a network that is read once."""
    first, *_, last = train(Training(**SMALL), every=35)
    names, ends = [], []
    for checkpoint in (first, last):
        toys.keep(checkpoint, "mine")
        exp = pg.Experiment(model="mine", particles=5, grid=pg.UniformLogSNR(steps=3))
        names.append((name_of(exp), Kept(own_folder).path(exp)))
        ends.append(pg.simulate(exp).x)
    assert names[0][0] != names[1][0]
    assert names[0][1] != names[1][1]
    assert not torch.equal(*ends)
    exact = pg.Experiment(particles=5)
    assert name_of(exact) == exact.key


def test_a_class_that_is_not_there_is_refused(own_folder):
    """Mutant killed: the null label for a class that the data lack."""
    *_, last = train(Training(**SMALL, classes=True), every=70)
    toys.keep(last, "told")
    who = model_named(law_of("moons"), "told")
    assert who.only(1).label == 1
    with pytest.raises(BadValue, match="a class of"):
        who.only(99)


def test_the_command_line(own_folder, tmp_path, capsys):
    """Trains, resumes at its end, keeps; a wrong setting is one line with what is allowed. Mutants killed: an option that is not read; a card with NaN."""
    argv = [
        "--data",
        "two_modes",
        "--process",
        "VE",
        "--set",
        "process.sigma_max=20",
        "--steps",
        "6",
        "--width",
        "16",
        "--batch",
        "16",
        "--out",
        str(tmp_path / "o"),
        "--name",
        "mine",
    ]
    assert command.main(argv) == 0
    assert "step 6 of 6" in capsys.readouterr().out
    first = (own_folder / "mine.json").read_text()
    assert command.main(argv) == 0
    assert (own_folder / "mine.json").read_text() == first
    assert "NaN" not in first
    assert json.loads(first)["training"]["process"]["sigma_max"] == 20
    capsys.readouterr()
    for wrong, word in (
        ("--width 3", "width"),
        ("--set process.sigma=1", "process.sigma"),
        ("--name a/b", "name"),
        ("--name mnist-unet", "bundled"),
        ("--weight likelihood --process PFGMPP", "weight"),
    ):
        assert command.main([*argv, *wrong.split()]) == 2
        assert word in capsys.readouterr().err
    with pytest.raises(BadValue, match="same configuration"):
        next(train(replace(Training(**SMALL), seed=9), folder=tmp_path / "o"))
