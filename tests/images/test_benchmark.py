"""The command behind the cards' figures: it resumes, and what it writes onto a card says how many samples it is of."""

import json

import numpy as np
import pytest
import torch

import benchmarks.images as bench
import playground as pg
import toy_models.models.trained as trained
import toy_models.networks.checkpoint as checkpoint
from playground.sweeps import Sweep
from tests.named import images_of
from toy_models.laws.digits import held_out
from toy_models.networks.checkpoint import read_card, save_model, save_network
from toy_models.networks.classifier import Classifier, ClassifierConfig
from toy_models.networks.denoiser import Denoiser
from toy_models.networks.unet import UNet, UNetConfig


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """An untrained 8×8 model of ten classes with its classifier, and 24 random images; runs and results lie in a folder of the test's own."""
    torch.manual_seed(0)
    save_network("judge", Classifier(ClassifierConfig(size=8, width=4, features=5)), {}, tmp_path)
    save_model("tiny", Denoiser(UNet(UNetConfig(width=(8, 8))), 0.5), (1, 8, 8), {"classifier": "judge"}, tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 8, 8), dtype=np.uint8)
    arrays = {
        f"{split}_{kind}": a
        for split in ("train", "test")
        for kind, a in (("images", pixels), ("labels", np.arange(24, dtype=np.uint8) % 10))
    }
    np.savez(tmp_path / "data.npz", allow_pickle=False, **arrays)
    monkeypatch.setattr(checkpoint, "FOLDER", tmp_path)
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    for cache in (trained.network_of, trained._classifier):
        cache.cache_clear()
    yield tmp_path
    for cache in (trained.network_of, trained._classifier):
        cache.cache_clear()


def run(monkeypatch, samples, *more):
    argv = ["images", "--model", "tiny", "--data", "data.npz", "--samples", str(samples), "--evaluations", "3"]
    argv += ["--unconditional", "3", "--guided", "8", "--bits", "2"]
    monkeypatch.setattr("sys.argv", [*argv, "--solvers", "DDIM (VP)", "SSCS (CLD)", *more])
    bench.main()


def test_figures_are_computed_once_and_written_with_their_size(tiny, monkeypatch, capsys):
    """A second call computes nothing, more samples keep those that are there, other weights begin anew; the card tells the largest sample.

    Mutants killed: a row found by its run alone, batches drawn again, the smallest sample on the card, the floor of another size.
    """
    run(monkeypatch, 10)
    rows = json.loads((tiny / "results" / "images.json").read_text())["figures"]
    told = {row["run"]: row for row in rows}
    assert len(rows) == len(told) == 9
    assert told["SSCS (CLD)"]["model calls"] == told["SSCS (CLD), by class"]["model calls"] == 3
    assert told["DDIM (VP), by class, guidance 1.5"]["model calls"] == 8
    assert len(told["DDIM (VP), by class"]["accuracy of each class"]) == 10
    assert told["bits per dimension, test images (VP)"]["bits per dimension"] > 0
    with monkeypatch.context() as still:
        still.setattr("playground.simulate", None)
        still.setattr(bench, "bits_per_dim", None)
        run(still, 10)  # nothing is simulated
    assert json.loads((tiny / "results" / "images.json").read_text())["figures"] == rows
    run(monkeypatch, 20, "--write-card")
    card = read_card("tiny")["metrics"]
    assert "judge" in card["frechet"]
    assert card["DDIM (VP), 3 evaluations"]["samples"] == 20
    assert card["bits per dimension, test images (VP)"] == {
        k: v for k, v in told["bits per dimension, test images (VP)"].items() if k not in ("model", "sha256", "run")
    }
    assert [v for k, v in card.items() if k.startswith("floor")] == [{"samples": 20, "frechet": 0.0, "precision": 1.0, "recall": 1.0}]
    ledger = bench.Ledger(tiny / "results" / "images.json")
    assert bench.Bench("tiny", "data.npz", 10, ledger).known(run=bench.FLOOR, samples=10)
    torch.manual_seed(5)
    other = UNet(UNetConfig(width=(8, 8)))
    torch.nn.init.normal_(other.outlet[-1].weight)
    save_model("tiny", Denoiser(other, 0.5), (1, 8, 8), {"classifier": "judge"}, tiny)
    assert not bench.Bench("tiny", "data.npz", 10, ledger).known(run=bench.FLOOR, samples=10)


def command(monkeypatch, capsys, *argv):
    monkeypatch.setattr("sys.argv", ["images", *argv])
    status = bench.main()
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--model", "nothing"], "one of broken, judge, plain, tiny"),
        (["--model", "judge"], "a model that makes images"),
        (["--model", "broken"], "broken.json"),
        (["--model", "plain"], "plain has no built-in images"),
        (["--model", "tiny", "--data", "none.npz"], "a file .npz"),
        (["--model", "tiny", "--data", "bad.npz"], "a whole .npz"),
        (["--model", "tiny", "--data", "large.npz"], "(1, 8, 8)"),
        (["--model", "tiny", "--data", "data.npz", "--samples", "2"], "5 or more"),
    ],
    ids=lambda v: v if isinstance(v, str) else v[-1],
)
def test_what_cannot_be_measured_is_told_in_one_line(tiny, monkeypatch, capsys, argv, told):
    """Exit status 2 and one line, for a wrong model, card or file. Mutants killed: a traceback (KeyError 'classifier'), status 0."""
    (tiny / "broken.json").write_text("{}")
    (tiny / "bad.npz").write_bytes(b"PK")
    save_model("plain", Denoiser(UNet(UNetConfig(width=(8, 8))), 0.5), (1, 8, 8), {}, tiny)
    pixels, labels = np.zeros((9, 28, 28), np.uint8), np.zeros(9, int)
    np.savez(tiny / "large.npz", train_images=pixels, train_labels=labels, test_images=pixels, test_labels=labels)
    status, err = command(monkeypatch, capsys, *argv)
    assert status == 2
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert told in err


def test_a_model_of_a_built_in_set(tiny, monkeypatch, capsys):
    """Without data file and classifier: distances of samples and of the held-out digits, and their bits per dimension, onto the card.

    Mutants killed: a file asked for; grey values of 8 bits for the digits' 17; the set's own images as test images.
    """
    save_model("small", Denoiser(UNet(UNetConfig(width=(8, 8))), 0.75), (1, 8, 8), {"set": "digits"}, tiny)
    argv = ["--model", "small", "--samples", "6", "--evaluations", "3", "--bits", "2", "--write-card"]
    assert command(monkeypatch, capsys, *argv) == (0, "")
    found = read_card("small")["metrics"]
    name = "nearest training image, DPM-Solver++ 2M (VP), {}, 3 evaluations"
    assert set(found) == {name.format("by class"), name.format("unguided"), "bits per dimension, test images (VP)"}
    bits = found["bits per dimension, test images (VP)"]
    train = images_of("digits").x.flatten(1)
    for kind, guidance in (("by class", {"kind": "EachClass", "weight": 1.0}), ("unguided", {"kind": "NoGuidance"})):
        record = {"data": "small", "grid": {"kind": "UniformLogSNR", "steps": 3}, "particles": 6, "guidance": guidance}
        x = ((pg.simulate(pg.Experiment.from_dict(record)).x[-1].clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
        far = torch.cdist(x.flatten(1).double(), train.double()).amin(1)
        near = found[name.format(kind)]
        assert near["samples"] == near["test images"] == 6
        assert near["distance of samples: 0.5 quantile"] == pytest.approx(float(far.quantile(0.5)), abs=2e-3)
        assert near["distance of test images: 0.01 quantile"] > 0.5
    square = float(held_out()[0][:2].square().mean()) + (1 / 8) ** 2 / 12  # the untrained network's law is N(0, σ_d²) in each pixel
    want = np.log2(8 * 0.75 * np.sqrt(2 * np.pi)) + square / (2 * 0.75**2 * np.log(2))
    assert bits["bits per dimension"] == pytest.approx(want, abs=0.05)


def test_figures_belong_to_the_images_they_are_of(tiny, monkeypatch, capsys):
    """Other images, other rows, and other test images too; a card takes figures of no images but those that it names.

    Mutants killed: a row found whatever the data (1.267 for 4.897), figures of a stranger's file on the card, only the training images looked at.
    """
    save_model("small", Denoiser(UNet(UNetConfig(width=(8, 8))), 0.75), (1, 8, 8), {"set": "digits"}, tiny)
    argv = ["--model", "small", "--samples", "6", "--evaluations", "2", "--bits", "0", "--unconditional", "--guided", "0"]
    draw = np.random.default_rng(1)
    first = {f"{split}_{kind}": a for split in ("train", "test") for kind, a in (
        ("images", draw.integers(0, 256, (40, 8, 8), dtype=np.uint8)), ("labels", np.arange(40, dtype=np.uint8) % 10))}  # fmt: skip
    np.savez(tiny / "other.npz", **first)
    np.savez(tiny / "third.npz", **{**first, "test_images": first["test_images"][::-1]})

    def figures():
        rows = json.loads((tiny / "results" / "images.json").read_text())["figures"]
        return [row for row in rows if row["run"].endswith("unguided")]

    files = [[], ["--data", "other.npz"], ["--data", "third.npz"]]
    for data in files:
        assert command(monkeypatch, capsys, *argv, *data)[0] == 0
    built_in, other, third = figures()
    assert len({row["data"] for row in (built_in, other, third)}) == 3
    assert built_in["distance of test images: 0.5 quantile"] < 3 < other["distance of test images: 0.5 quantile"]
    before = (tiny / "small.json").read_text()
    for data in files[1:]:
        status, err = command(monkeypatch, capsys, *argv, *data, "--write-card")
        assert status == 2
        assert "figures of others stay in the file of results" in err
        assert (tiny / "small.json").read_text() == before
    assert command(monkeypatch, capsys, *argv, "--write-card") == (0, "")
    told = read_card("small")["metrics"]["nearest training image, DPM-Solver++ 2M (VP), unguided, 2 evaluations"]
    assert told["distance of test images: 0.5 quantile"] == built_in["distance of test images: 0.5 quantile"]
    assert figures() == [built_in, other, third]  # nothing was computed twice


def test_its_experiments_are_places_of_a_sweep(monkeypatch, capsys):
    """Mutant killed: figures of other runs than those that the sweep makes."""
    argv = ["--model", "mnist-unet", "--samples", "40", "--evaluations", "9", "3", "--solvers", "DDIM (VP)", "EDM Heun", "--sweep"]
    monkeypatch.setattr("sys.argv", ["images", *argv])
    assert bench.main() == 0
    sweep = Sweep.from_json(capsys.readouterr().out)
    assert sweep.measures == ("Frechet", "ImageRecall", "ImagePrecision")
    assert [place.exp for place in sweep.places()] == [
        bench.experiment("mnist-unet", name, n, 0, 40) for name in ("DDIM (VP)", "EDM Heun") for n in (9, 3)
    ]
    assert [place.exp.grid.steps for place in sweep.places()] == [9, 3, 5, 2]  # Heun's second order pays double, but for its last step
