"""The training command and the card that it writes."""

import argparse
import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
import torch

import toy_models.train as cli
from tests.named import images_of
from toy_models.networks.checkpoint import FOLDER, read_card
from toy_models.training.configs import CONFIGS
from toy_models.training.data import KNOWN, Images, told_of
from toy_models.training.loop import Trainer


def digits():
    told = images_of("digits")
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


# -- what cannot be trained on, and states of other trainings -----------------------------------------------------------------------


def data_file(path, shape=(200, 8, 8), labels=None, seed=0, **more):
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 256, shape, dtype=np.uint8)
    labels = np.arange(shape[0]) % 10 if labels is None else labels
    np.savez(
        path, allow_pickle=False, **{"train_images": images, "train_labels": labels, "test_images": images, "test_labels": labels, **more}
    )
    return str(path)


def refused(capsys, argv):
    """The words of a command that ends with 2, which are one line without a traceback."""
    capsys.readouterr()
    try:
        code = cli.main(argv)
    except SystemExit as error:
        code = error.code
    words = capsys.readouterr().err
    assert code == 2
    assert "Traceback" not in words
    return words


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.arange(200) % 10 + 1, "labels 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"),
        (np.arange(200) % 26, "labels 0, 1,"),
        (np.arange(200) % 10 - 1, "labels -1, 0,"),
        (np.where(np.arange(200) % 10 == 7, 6, np.arange(200) % 10), "there is no image of 7"),
        ((np.arange(200) % 10).astype(np.float32), "labels float32"),
        (np.arange(200) % 10 * 1000, "labels 0, 1000,"),
        ((np.arange(200) % 10 + 250).astype(np.uint8), "labels 0, 1, 2, 3, 250"),
    ],
    ids=["from 1", "letters", "minus one", "a gap", "floats", "thousands", "wrapped"],
)
@pytest.mark.parametrize("name", ["digits-unet", "mnist-classifier"])
def test_labels_that_are_no_classes_are_refused_before_training(name, labels, words, tmp_path, capsys):
    """Label 10 of 0 … 9 is the null label, and a class without images is not learned. Mutants killed: an embedding that takes what fits."""
    if name == "mnist-classifier" and words == "labels 0, 1,":
        return  # a classifier has as many classes as its data
    told = refused(capsys, [name, "--data", data_file(tmp_path / "l.npz", labels=labels), "--steps", "1", "--out", str(tmp_path / "o")])
    assert words in told
    assert "labels from 0 to" in told or "whole number as its label" in told
    assert not (tmp_path / "o").exists()


def test_a_classifier_takes_as_many_classes_as_there_are(tmp_path):
    data = data_file(tmp_path / "l.npz", (260, 12, 12), np.arange(260) % 26)
    assert cli.main(["mnist-classifier", "--data", data, "--export", str(tmp_path / "m")]) == 0
    assert read_card("mnist-classifier", tmp_path / "m")["network"]["classes"] == 26


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("digits-unet", (200, 8, 8, 3), "grey images"),
        ("digits-unet", (200, 1, 8, 8), "(count, height, width, 1 or 3)"),
        ("digits-unet", (200, 3, 8, 8), "(count, height, width, 1 or 3)"),
        ("digits-unet", (200, 9, 8), "multiples of 2"),
        ("digits-unet", (200, 8), "(count, height, width)"),
        ("mnist-unet", (200, 30, 32), "multiples of 4"),
        ("mnist-cld", (200, 26, 26), "multiples of 4"),
        ("mnist-classifier", (127, 28, 28), "at least 128 images"),
        ("mnist-classifier", (200, 28, 20), "square"),
    ],
)
def test_images_that_a_network_cannot_take_are_refused(name, shape, words, tmp_path, capsys):
    told = refused(capsys, [name, "--data", data_file(tmp_path / "x.npz", shape), "--steps", "1", "--out", str(tmp_path / "o")])
    assert words in told
    assert told.startswith("error: data")


def test_images_all_alike_and_too_few_are_refused(tmp_path, capsys):
    """σ_data = 0 divides by zero: 445 of 557 tensors were NaN, with exit status 0."""
    for images, words in (
        (np.zeros((50, 8, 8), np.uint8), "all alike"),
        (np.tile(np.arange(64, dtype=np.uint8).reshape(1, 8, 8), (50, 1, 1)), "all alike"),
        (np.arange(64, dtype=np.uint8).reshape(1, 8, 8), "at least 2"),
    ):
        data = data_file(tmp_path / "x.npz", train_images=images, train_labels=np.arange(len(images)) % 10)
        told = refused(capsys, ["digits-unet", "--data", data, "--steps", "1", "--out", str(tmp_path / "o")])
        assert words in told or len(images) == 1


def test_a_loss_that_is_not_finite_stops_before_the_weights(tmp_path, capsys, monkeypatch):
    """With the step and what may help; the state before is whole. Mutants killed: NaN weights saved; exit status 0."""
    usual = CONFIGS["digits-unet"]
    argv = ["digits-unet", "--no-bf16", "--device", "cpu", "--every", "2", "--out", str(tmp_path / "o")]
    monkeypatch.setitem(CONFIGS, "digits-unet", replace(usual, rate=1e25, warm=1))
    told = refused(capsys, [*argv, "--steps", "50"])
    assert "no finite number at step" in told
    assert "learning rate below 1e+25" in told
    trainer = Trainer(replace(usual, rate=1e25, warm=1, steps=50), digits(), bf16=False)
    monkeypatch.setattr(
        trainer.model,
        "loss",
        lambda x, clock, noise, label: (x * torch.nan).flatten(1).mean(1) + trainer.model.network.outlet[-1].weight.sum(),
    )
    with pytest.raises(ValueError, match="no finite number at step 1"):
        trainer.step()
    assert all(bool(torch.isfinite(p).all()) for p in trainer.model.parameters())


def test_a_state_of_another_training_is_refused_with_what_differs(tmp_path, capsys):
    """Other images, other settings, another seed; and nothing is written. Mutants killed: the configuration alone is compared."""
    out, other = str(tmp_path / "o"), data_file(tmp_path / "other.npz", seed=1)
    more = ["--device", "cpu", "--out", out]
    assert cli.main(["digits-unet", "--data", data_file(tmp_path / "first.npz"), "--steps", "2", *more]) == 0
    for argv in (["--steps", "2"], ["--steps", "2", "--data", other], ["--steps", "2", "--export", str(tmp_path / "e")]):
        told = refused(capsys, ["digits-unet", *argv, *more])
        assert "200 images" in told
        assert "scikit-learn's digits" in told or "--data" in argv
    assert "steps 2 and here 3" in refused(capsys, ["digits-unet", "--data", str(tmp_path / "first.npz"), "--steps", "3", *more])
    assert not (tmp_path / "e").exists()
    images = digits()
    Trainer(replace(CONFIGS["digits-unet"], seed=1), images, bf16=False).save(tmp_path / "seed")
    with pytest.raises(ValueError, match="seed 1 and here 0"):
        Trainer(CONFIGS["digits-unet"], images, bf16=False).resume(tmp_path / "seed")


def test_a_state_of_before_is_told_apart_by_its_deviation(tmp_path):
    """States that do not yet say their images' digest."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    images = digits()
    Trainer(CONFIGS["digits-unet"], images, bf16=False).save(tmp_path)
    file = tmp_path / "state.safetensors"
    with safe_open(file, "pt") as opened:
        told = json.loads(opened.metadata()["state"])
    save_file(load_file(file), file, metadata={"state": json.dumps({k: v for k, v in told.items() if k not in ("data", "images")})})
    assert Trainer(CONFIGS["digits-unet"], images, bf16=False).resume(tmp_path)
    with pytest.raises(ValueError, match="same images"):
        Trainer(CONFIGS["digits-unet"], Images(images.x / 2, images.labels), bf16=False).resume(tmp_path)


def test_an_export_without_a_state_is_refused(tmp_path, capsys):
    told = refused(capsys, ["digits-unet", "--out", str(tmp_path / "nothing"), "--export", str(tmp_path / "e")])
    assert "train first" in told
    assert not (tmp_path / "e").exists()


def test_shipped_models_are_not_written_over_unless_told(tmp_path, capsys, monkeypatch):
    """--export without a folder, of other images, of other settings, half-way; the classifier likewise, before it is trained."""
    models = tmp_path / "models"
    monkeypatch.setattr(cli, "FOLDER", models)
    monkeypatch.setattr(cli, "train_classifier", lambda *a, **k: pytest.fail("trained first"))
    models.mkdir()
    for name in ("digits-unet", "mnist-classifier"):
        (models / f"{name}.json").write_text((FOLDER / f"{name}.json").read_text())
    before = {p.name: p.read_bytes() for p in models.iterdir()}
    data, out = data_file(tmp_path / "x.npz"), ["--out", str(tmp_path / "o"), "--device", "cpu"]
    assert cli.main(["digits-unet", "--data", data, "--steps", "1", *out]) == 0
    assert "--export FOLDER" in refused(capsys, ["digits-unet", "--data", data, "--steps", "1", *out, "--export"])
    assert "--export FOLDER" in refused(capsys, ["mnist-classifier", "--data", data])
    half = ["digits-unet", "--out", str(tmp_path / "p"), "--device", "cpu", "--no-bf16"]
    trainer = Trainer(CONFIGS["digits-unet"], digits(), bf16=False)
    trainer.save(tmp_path / "p")
    assert "not at its end" in refused(capsys, [*half, "--export"])
    assert {p.name: p.read_bytes() for p in models.iterdir()} == before
    trainer.at = trainer.config.steps
    trainer.save(tmp_path / "p")
    assert cli.main([*half, "--export"]) == 0  # the same training: made again
    assert cli.main(["digits-unet", "--data", data, "--steps", "1", *out, "--export", str(models)]) == 0  # told


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda raw: b"", "is empty"),
        (lambda raw: raw[: len(raw) // 2], "cut off"),
        (lambda raw: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (lambda raw: b"<!doctype html><title>404</title>" * 9, "another kind"),
        (lambda raw: raw.replace(b"average.", b"averagf."), "lacks something"),
        (lambda raw: raw.replace(b'"state"', b'"stale"'), "another kind"),
    ],
)
def test_a_damaged_state_is_one_sentence_with_its_file(damage, words, tmp_path, capsys):
    Trainer(CONFIGS["digits-unet"], digits(), bf16=False).save(tmp_path)
    file = tmp_path / "state.safetensors"
    file.write_bytes(damage(file.read_bytes()))
    told = refused(capsys, ["digits-unet", "--device", "cpu", "--out", str(tmp_path)])
    assert words in told
    assert "state.safetensors" in told


@pytest.mark.parametrize(
    "option",
    [
        *(
            "--steps 0",
            "--steps -3",
            "--steps 1.5",
            "--steps ²",
            "--threads -1",
            "--threads 0",
            "--every 0",
            "--minutes nan",
            "--minutes -1",
        ),
        *("--minutes 0", "--min-snr -1", "--min-snr inf", "--device gpu", "--device cuda:99", "--device cuda --no-bf16", "--out {file}"),
    ],
)
def test_options_out_of_range_are_refused_in_words(option, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "file").write_text("")
    argv = option.format(file=tmp_path / "file").split()
    told = refused(capsys, ["digits-unet", "--steps", "1", *argv])
    assert argv[0].lstrip("-") in told
    assert "allowed" in told
