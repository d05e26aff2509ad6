"""Image models on the engine: the same Experiment and simulate as the toys."""

import pytest
import torch

import playground as pg
import toy_models.networks.checkpoint as checkpoint
from playground.core.fields import BadValue
from toy_models.models import trained
from toy_models.networks.checkpoint import save_model
from toy_models.networks.denoiser import Denoiser, PhaseDenoiser
from toy_models.networks.unet import UNet, UNetConfig


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """An untrained 8×8 model with random weights, installed as 'tiny'."""
    torch.manual_seed(1)
    net = UNet(UNetConfig(width=(8, 8), classes=3))
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.05)
    save_model("tiny", Denoiser(net, 0.5), (1, 8, 8), {}, tmp_path)
    monkeypatch.setattr(checkpoint, "FOLDER", tmp_path)
    trained.network_of.cache_clear()
    yield "tiny"
    trained.network_of.cache_clear()


@pytest.mark.parametrize("process", ["VP", "SubVP", "VE", "EDM", "Flow", "CLD"])
def test_every_linear_process_samples_images(tiny, process):
    exp = pg.Experiment.from_dict({"data": tiny, "process": {"kind": process}, "particles": 3, "grid": {"steps": 4}})
    trace = pg.simulate(exp)
    assert trace.x.shape[1:] == (3, 1, 8, 8)
    assert bool(torch.isfinite(trace.x).all())
    assert trace.model_calls >= 4
    assert pg.Experiment.from_query(exp.to_query()) == exp


def test_vp_flow_and_edm_give_the_same_images(tiny):
    """One network, three parameterisations of one ODE: equal ends at equal SNR from the same noise (math 1.7). Mutant killed: y = z for z/α."""
    levels = torch.linspace(-4, 4, 8, dtype=torch.float64)
    ends = []
    for process in (pg.VP(), pg.Flow(), pg.EDM()):
        t = float(process.time_at(levels[0] / 2))
        noise = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        exp = pg.Experiment(data=tiny, process=process, sampler=pg.DDIM(eta=0.0), particles=2, dtype="float64")
        trace = pg.simulate(exp, initial=process.at(t).sigma * noise, log_snr=[*levels.tolist(), float("inf")])
        ends.append(trace.x[-1])
    torch.testing.assert_close(ends[1], ends[0], rtol=0, atol=2e-5)  # the network computes in float32
    torch.testing.assert_close(ends[2], ends[0], rtol=0, atol=2e-5)


def test_guidance_counts_two_calls(tiny):
    """Classifier-free guidance between the class and the null label; another class gives another image."""
    base = pg.Experiment.from_dict({"data": tiny, "particles": 2, "grid": {"steps": 3}})
    guided = [base.replace(guidance=pg.ClassifierFree(label=c, weight=2.0)) for c in (0, 1)]
    runs = [pg.simulate(e) for e in guided]
    assert runs[0].model_calls == 2 * pg.simulate(base).model_calls
    assert not torch.allclose(runs[0].x[-1], runs[1].x[-1])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": "exact"}, "start"),
        ({"mode": "forward"}, "mode"),
        ({"process": {"kind": "PFGMPP"}}, "process"),
        ({"sampler": {"kind": "ExactAncestral"}}, "sampler"),
        ({"guidance": {"kind": "ClassifierFree", "label": 7}}, "label"),
    ],
)
def test_what_a_learned_model_cannot_do_is_named(tiny, change, field):
    with pytest.raises(BadValue) as caught:
        pg.simulate(pg.Experiment.from_dict({"data": tiny, "particles": 2, "grid": {"steps": 3}, **change}))
    assert field in caught.value.field


def test_a_damaged_card_hides_its_model_only(tiny, tmp_path):
    """The other models are still there; asked for by name, the damaged one says what is wrong. Mutant killed: every card must be whole."""
    (tmp_path / "cut.json").write_text('{"name": "cut", "arch')
    assert pg.Experiment(data=tiny, particles=1).data == tiny
    with pytest.raises(BadValue, match=r"cut\.json that is whole JSON"):
        pg.Experiment(data="cut")


def test_a_model_of_one_process_brings_it(tmp_path, tiny):
    """An experiment that names no process has the model's own; another one, or another friction, is refused in words."""
    net = UNet(UNetConfig(width=(8, 8), classes=3, inputs=2))
    save_model("phase", PhaseDenoiser(net, pg.CLD()), (1, 8, 8), {}, tmp_path)
    exp = pg.Experiment(data="phase", particles=2)
    assert exp.process == pg.CLD()
    assert exp.sampler.info.key == "SSCS"
    assert pg.Experiment.from_query(exp.to_query()) == exp == pg.Experiment.from_query({"data": "phase", "particles": "2"})
    assert bool(torch.isfinite(pg.simulate(exp.replace(grid=pg.Quadratic(steps=3))).x).all())
    for process in (pg.VP(), pg.CLD(friction=0.5)):
        with pytest.raises(BadValue, match="differs from the only process that this network was trained for, CLD"):
            pg.Experiment(data="phase", process=process)


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (
            {"start": "exact"},
            "tiny: exact needs the law of the noised data, which a trained denoiser does not give; it starts from the prior",
        ),
        ({"mode": "forward"}, "tiny: forward is shown for the toys; a trained denoiser only samples (reverse)"),
        ({"sampler": "ExactAncestral"}, "tiny: exact ancestral needs an exact mixture model, which a trained denoiser is not"),
        ({"grid": "Auto"}, "tiny: automatic measures its errors against an exact mixture model, which a trained denoiser is not"),
        ({"guidance": "Autoguidance"}, "tiny: autoguidance needs an exact mixture model, which a trained denoiser is not"),
        ({"process": "PFGMPP"}, "tiny: PFGM++ needs data with a closed form; a trained denoiser serves processes with a Gaussian kernel"),
        ({"sampler": "SSCS"}, "VP: SSCS needs a phase-space process with a velocity (CLD)"),
    ],
    ids=lambda v: next(iter(v.values())) if isinstance(v, dict) else "",
)
def test_a_refusal_is_a_sentence(tiny, choice, told):
    """The choice's title and why, as the page's tooltips have it. Mutant killed: "this " before words that have a subject of their own."""
    with pytest.raises(BadValue) as caught:
        pg.Experiment.from_dict({"data": tiny, **choice})
    assert caught.value.allowed.lower() == f"one that fits {told}".lower()


@pytest.mark.parametrize(
    ("name", "first", "parts"),
    [
        ("mnist-unte", "mnist-unet, mnist-cld", []),
        ("Moons", "moons (closest)", ["1D: two_modes, three_modes, narrow_wide and 4 more"]),
        ("zzz", "1D: two_modes, three_modes, narrow_wide, skewed, comb, uniform, heavy_tails", ["; images: mnist, digits"]),
        ("digits-bes", "digits-", ["digits-equivariant"]),
        ("eight_gaussian", "eight_gaussians (closest); 1D: two_modes, three_modes, narrow_wide and 4 more; 2D: ", ["; images: mnist, "]),
        ("set:zzz", "a set's name: set: and eight of 0", []),
        ("set:12345678", "images that were given on this machine", []),
        ("set:12345678-best", "a set's name: set: and eight of 0", []),
        ("set:zzz-ideal", "a set's name: set: and eight of 0", []),
    ],
)
def test_a_wrong_name_of_data(name, first, parts):
    """The closest names first, then a few of each kind; all of them only where none is close. A set's name is told by its form.

    Mutants killed: one list of all names; compared with capitals; "a set-ideal".
    """
    with pytest.raises(BadValue) as caught:
        pg.Experiment(data=name)
    assert caught.value.field == "data"
    assert caught.value.allowed.startswith(first)
    assert all(part in caught.value.allowed for part in parts)


def test_a_run_says_what_its_network_has_hardly_seen():
    """VP starts at σ/α = 1/√4.3e-5 = 152, the network was trained up to about 37; EDM from σ = 20 is within. Mutant killed: τ of the last time."""
    from playground.views.sights import begin
    from playground.views.stage import run_packet

    def notes(**choices):
        run = begin(pg.Experiment(particles=1, grid=choices.pop("grid", pg.UniformLogSNR(steps=2)), **choices))
        list(run.told())
        return " ".join(run_packet(run).header["notes"])

    assert "starts at 152" in notes(data="mnist-unet")
    assert "hardly seen" not in notes(data="mnist-unet", process=pg.EDM(sigma_max=20.0))
    assert "small difference of large numbers" in notes(data="mnist-cld", grid=pg.Quadratic(steps=2))
