"""The command behind the cards' figures: it resumes, and what it writes onto a card says how many samples it is of."""

import json

import numpy as np
import pytest
import torch

import benchmarks.images as bench
import toy_models.images as images
import toy_models.networks.checkpoint as checkpoint
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
    for cache in (images.denoiser, images._classifier):
        cache.cache_clear()
    yield tmp_path
    for cache in (images.denoiser, images._classifier):
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
    assert len(rows) == len(told) == 8
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
