"""The training command and the card that it writes."""

import argparse
import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
import torch

import toy_models.train as cli
from toy_models.image_sets import image_set
from toy_models.networks.checkpoint import FOLDER, read_card
from toy_models.training.configs import CONFIGS
from toy_models.training.data import KNOWN, Images, told_of
from toy_models.training.loop import Trainer


def digits():
    told = image_set("digits")
    assert told.labels is not None
    return Images(told.x, told.labels)


def test_the_commands_of_a_card_make_its_file(tmp_path, monkeypatch):
    """What the card says is run in another folder and gives the same weights. Mutants killed: no --export, an option that is left out."""
    monkeypatch.setattr(cli, "FOLDER", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    argv = ["digits-unet", "--steps", "2", "--min-snr", "5", "--importance", "--device", "cpu", "--no-bf16", "--out", "elsewhere"]
    assert cli.main(argv) == 0
    assert cli.main([*argv, "--export", str(tmp_path / "first")]) == 0
    first = read_card("digits-unet", tmp_path / "first")
    for words in first["command"].split(" && "):
        assert cli.main(shlex.split(words)[3:]) == 0
    assert read_card("digits-unet", tmp_path / "models")["sha256"] == first["sha256"]


def test_the_card_of_the_digits_is_what_an_export_gives(tmp_path):
    """Entry by entry, but for what only the training knows. Mutant killed: cards that are made in another way than those that are there."""
    made = json.loads(cli.export(Trainer(CONFIGS["digits-unet"], digits(), bf16=False), "digits-unet", tmp_path).read_text())
    there = read_card("digits-unet", FOLDER)
    own = {"sha256", "bytes", "step", "seconds", "sigma_data", "metrics"}
    assert {k: v for k, v in made.items() if k not in own} == {k: v for k, v in there.items() if k not in own}
    assert made["sigma_data"] == pytest.approx(there["sigma_data"])


def test_data_are_named_by_their_pixels(tmp_path):
    """One pixel, or one label, other than the digits', and the card no longer says that they are. Mutant killed: named by the model's name."""
    images = digits()
    assert told_of(images) == "scikit-learn's digits (Alpaydin, Kaynak), 1,500 training images, 1 × 8 × 8, scaled to [−1, 1]"
    other, labels = images.x.clone(), images.labels.clone()
    other[3, 0, 0, 0] = 1.0  # a corner, which is −1
    labels[0] = 9
    for changed in (Images(other, images.labels), Images(images.x, labels)):
        assert told_of(changed) == "1,500 images, 1 × 8 × 8, scaled to [−1, 1]"
    assert cli.call_of("mnist-unet", Images(other, labels)).endswith("mnist-unet --data <file>.npz")
    changed = Trainer(CONFIGS["digits-unet"], Images(other, labels), bf16=False)
    assert "set" not in json.loads(cli.export(changed, "digits-unet", tmp_path).read_text())
    assert " --data fetch" in {found.option for found in KNOWN.values()}


def test_a_state_keeps_its_precision(tmp_path):
    """bf16 on a card is that of the training, not of the export. Mutants killed: the export's own flag; steps as 1e+06."""
    images = Images(torch.rand(8, 1, 8, 8) * 2 - 1, torch.arange(8))
    Trainer(CONFIGS["digits-unet"], images, bf16=False).save(tmp_path)
    again = Trainer(CONFIGS["digits-unet"], images, bf16=True)
    assert again.resume(tmp_path)
    assert again.bf16 is False
    assert "--no-bf16" in cli.command("digits-unet", again)
    again.config = replace(again.config, steps=1_000_000)
    assert "--steps 1000000 " in cli.command("digits-unet", again)


def test_a_classifiers_card(tmp_path, monkeypatch):
    """It says its data, its command and its precision as the others do."""
    arrays = {"images": np.zeros((300, 8, 8), np.uint8), "labels": np.arange(300) % 2}
    np.savez(tmp_path / "data.npz", allow_pickle=False, **{f"{split}_{k}": v for split in ("train", "test") for k, v in arrays.items()})
    assert cli.main(["mnist-classifier", "--data", str(tmp_path / "data.npz"), "--export", str(tmp_path)]) == 0
    card = read_card("mnist-classifier", tmp_path)
    assert card["data"] == "300 images, 1 × 8 × 8, scaled to [−1, 1]"
    assert card["command"] == "python -m toy_models.train mnist-classifier --data <file>.npz"
    assert card["bf16"] is False


def test_every_option_is_explained(monkeypatch):
    """Mutant killed: an option without a line of help."""
    seen = []
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", lambda parser, argv: seen.append(parser) or parser.exit())
    with pytest.raises(SystemExit):
        cli.main([])
    assert [action.dest for action in seen[0]._actions if not action.help] == []
    assert "--export [FOLDER]" in seen[0].format_help()
